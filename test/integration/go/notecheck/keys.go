package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const cosignatureV1 = 0x04

// A cosigner verifies signatures of type 4: eight bytes of POSIX seconds, then an Ed25519
// signature over a header, that time and the text of the note (c2sp.org/tlog-cosignature).
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	t := binary.BigEndian.Uint64(sig)
	signed := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", t)), msg...)
	return ed25519.Verify(c.key, signed, sig[8:])
}

// newCosigner reads NAME+HASH+BASE64 with a key of type 4; sumdb/note knows type 1 only.
func newCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 || parts[0] == "" {
		return nil, errors.New("malformed verifier key")
	}
	id, err := hex.DecodeString(parts[1])
	if err != nil || len(id) != 4 {
		return nil, errors.New("malformed key id")
	}
	key, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != cosignatureV1 {
		return nil, errors.New("not an Ed25519 cosignature key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if !bytes.Equal(sum[:4], id) {
		return nil, errors.New("key id is not that of the key")
	}
	return &cosigner{parts[0], binary.BigEndian.Uint32(id), ed25519.PublicKey(key[1:])}, nil
}

// keyLines returns the lines of a file of verifier keys: at least one, nothing else.
func keyLines(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text := string(data)
	if !strings.HasSuffix(text, "\n") || text == "\n" {
		return nil, fmt.Errorf("%s: does not end in a newline", filepath.Base(path))
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, l := range lines {
		if strings.IndexFunc(l, func(r rune) bool { return r < 0x20 }) >= 0 {
			return nil, fmt.Errorf("%s: control character", filepath.Base(path))
		}
	}
	return lines, nil
}

func readLogKey(path string) (note.Verifier, error) {
	lines, err := keyLines(path)
	if err != nil {
		return nil, err
	}
	if len(lines) != 1 {
		return nil, errors.New("log.vkey: one log, one key")
	}
	v, err := note.NewVerifier(lines[0])
	if err != nil {
		return nil, fmt.Errorf("log.vkey: %w", err)
	}
	return v, nil
}

// readMirrors collects the mirror keys of every party: folder name to keys.
func readMirrors(root string, dirs []os.DirEntry) (map[string][]note.Verifier, error) {
	mirrors := map[string][]note.Verifier{}
	for _, d := range dirs {
		if !d.IsDir() {
			continue
		}
		lines, err := keyLines(filepath.Join(root, d.Name(), "mirror.vkey"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name(), err)
		}
		for _, l := range lines {
			v, err := newCosigner(l)
			if err != nil {
				return nil, fmt.Errorf("%s: mirror.vkey: %w", d.Name(), err)
			}
			mirrors[d.Name()] = append(mirrors[d.Name()], v)
		}
	}
	return mirrors, nil
}

// openEach opens a note once for each of its signature lines, since note.Open looks at only one
// signature of a key and passes over unknown keys: here every line must be good. It returns the
// text and how often each key signed.
func openEach(data []byte, known note.Verifiers) (string, map[string]int, error) {
	s := string(data)
	i := strings.LastIndex(s, "\n\n")
	if i < 0 || !strings.HasSuffix(s, "\n") {
		return "", nil, errors.New("malformed note")
	}
	text, signed := s[:i+1], map[string]int{}
	if i+2 == len(s) {
		return "", nil, errors.New("no signature")
	}
	for _, line := range strings.Split(s[i+2:len(s)-1], "\n") {
		n, err := note.Open([]byte(text+"\n"+line+"\n"), known)
		if err != nil {
			return "", nil, err
		}
		sig := n.Sigs[0]
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return "", nil, errors.New("base64 is not canonical")
		}
		signed[keyName(sig.Name, sig.Hash)]++
	}
	return text, signed, nil
}

func keyName(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

func countOf(signed map[string]int, keys []note.Verifier) int {
	n := 0
	for _, k := range keys {
		n += signed[keyName(k.Name(), k.KeyHash())]
	}
	return n
}
