package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// A feed is one log's folder.
type feed struct {
	dir     string
	log     note.Verifier
	mirrors map[string][]note.Verifier
	known   note.Verifiers // the log's key and all mirrors'
	tree    tlog.Tree
	hashes  tlog.HashReader // proved against the tree
	entries [][]byte
}

func checkFeed(dir string, mirrors map[string][]note.Verifier) (string, error) {
	log, err := readLogKey(filepath.Join(dir, "log.vkey"))
	if err != nil {
		return "", err
	}
	all := []note.Verifier{log}
	for _, m := range mirrors {
		all = append(all, m...)
	}
	f := &feed{dir: dir, log: log, mirrors: mirrors, known: note.VerifierList(all...)}
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return "", err
	}
	tree, signed, err := f.openCheckpoint(data)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	f.tree = tree
	f.hashes = tlog.TileHashReader(tree, f)
	for _, check := range []func() error{f.checkTilesPresent, f.readEntries, f.checkTileFiles, f.checkRecords} {
		if err := check(); err != nil {
			return "", err
		}
	}
	receipts, err := f.checkReceipts()
	if err != nil {
		return "", err
	}
	total := 0
	for _, n := range signed {
		total += n
	}
	return fmt.Sprintf("%s size %d, %d cosignatures, %d receipts: ok", log.Name(), tree.N, total-1, receipts), nil
}

// openCheckpoint demands one signature by the log, and that every other one is by a known mirror.
func (f *feed) openCheckpoint(data []byte) (tlog.Tree, map[string]int, error) {
	var t tlog.Tree
	text, signed, err := openEach(data, f.known)
	if err != nil {
		return t, nil, err
	}
	if countOf(signed, []note.Verifier{f.log}) != 1 {
		return t, nil, errors.New("not signed once by the log")
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return t, nil, errors.New("not origin, size and root")
	}
	if lines[0] != f.log.Name() {
		return t, nil, errors.New("origin is not the name of the log's key")
	}
	t.N, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || t.N < 0 || strconv.FormatInt(t.N, 10) != lines[1] {
		return t, nil, errors.New("size")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return t, nil, errors.New("root")
	}
	copy(t.Hash[:], root)
	if t.N == 0 && t.Hash != sha256.Sum256(nil) {
		return t, nil, errors.New("root of an empty log")
	}
	return t, signed, nil
}

// ---- tiles ------------------------------------------------------------------------------------

// The interface tlog.TileReader, over files.
func (f *feed) Height() int                         { return tileHeight }
func (f *feed) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (f *feed) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(f.dir, tilePath(t)))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

// tilePath: sumdb names tile/HEIGHT/LEVEL/N, tlog-tiles leaves the height out.
func tilePath(t tlog.Tile) string {
	return filepath.FromSlash("tile/" + strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", tileHeight)))
}

func entriesPath(t tlog.Tile) string {
	t.L = 0
	return filepath.FromSlash("tile/entries/" + strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/0/", tileHeight)))
}

// checkTilesPresent: every full tile of every level, and the partial one where there is one.
func (f *feed) checkTilesPresent() error {
	for level, hashes := 0, f.tree.N; hashes > 0; level, hashes = level+1, hashes>>tileHeight {
		for first := int64(0); first < hashes; first += 1 << tileHeight {
			t := tlog.Tile{H: tileHeight, L: level, N: first >> tileHeight, W: width(hashes - first)}
			if !exists(filepath.Join(f.dir, tilePath(t))) {
				return fmt.Errorf("%s: missing", tilePath(t))
			}
		}
	}
	return nil
}

// width of a tile with so many hashes from its start on
func width(left int64) int {
	if left > 1<<tileHeight {
		return 1 << tileHeight
	}
	return int(left)
}

// checkTileFiles compares every file below tile/ with what the tree says it must be, partial
// tiles of earlier sizes included.
func (f *feed) checkTileFiles() error {
	top := filepath.Join(f.dir, "tile")
	if f.tree.N == 0 && !exists(top) {
		return nil
	}
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, err := f.wantTile(filepath.ToSlash(name))
		if err != nil {
			return fmt.Errorf("tile/%s: %w", name, err)
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("tile/%s: not as the checkpoint says", name)
		}
		return nil
	})
}

func (f *feed) wantTile(name string) ([]byte, error) {
	bundle := strings.HasPrefix(name, "entries/")
	if bundle {
		name = "0/" + strings.TrimPrefix(name, "entries/")
	}
	t, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", tileHeight, name))
	if err != nil {
		return nil, err
	}
	first := t.N << tileHeight
	last := first + int64(t.W)
	if last<<(uint(t.L)*tileHeight) > f.tree.N {
		return nil, errors.New("not in a log of this size")
	}
	if !bundle {
		return tlog.ReadTileData(t, f.hashes)
	}
	var out []byte
	for _, e := range f.entries[first:last] {
		out = binary.BigEndian.AppendUint16(out, uint16(len(e)))
		out = append(out, e...)
	}
	return out, nil
}

// ---- entries and records ----------------------------------------------------------------------

// readEntries reads the bundles of this size; each entry must hash to its leaf.
func (f *feed) readEntries() error {
	for first := int64(0); first < f.tree.N; first += 1 << tileHeight {
		t := tlog.Tile{H: tileHeight, L: 0, N: first >> tileHeight, W: width(f.tree.N - first)}
		data, err := os.ReadFile(filepath.Join(f.dir, entriesPath(t)))
		if err != nil {
			return err
		}
		if err := f.readBundle(data, first, t.W); err != nil {
			return fmt.Errorf("%s: %w", entriesPath(t), err)
		}
	}
	return nil
}

func (f *feed) readBundle(data []byte, first int64, width int) error {
	indexes := make([]int64, width)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
	}
	leaves, err := f.hashes.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i := range leaves {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return errors.New("too short")
		}
		n := int(binary.BigEndian.Uint16(data))
		entry := data[2 : 2+n]
		if tlog.RecordHash(entry) != leaves[i] {
			return fmt.Errorf("entry %d is not the leaf", first+int64(i))
		}
		f.entries = append(f.entries, entry)
		data = data[2+n:]
	}
	if len(data) != 0 {
		return errors.New("too long")
	}
	return nil
}

func (f *feed) checkRecords() error {
	for i, e := range f.entries {
		name := fmt.Sprintf("records/%06d.cose", i)
		data, err := os.ReadFile(filepath.Join(f.dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if !bytes.Equal(data, e) {
			return fmt.Errorf("%s: not the entry of that number", name)
		}
	}
	files, err := os.ReadDir(filepath.Join(f.dir, "records"))
	if err != nil && !(f.tree.N == 0 && errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	if int64(len(files)) != f.tree.N {
		return fmt.Errorf("records: %d files, %d leaves", len(files), f.tree.N)
	}
	return nil
}

// ---- receipts ---------------------------------------------------------------------------------

// checkReceipts: receipts/PEER/SIZE is a checkpoint of that size of this very tree, signed by the
// log and by the mirror of PEER.
func (f *feed) checkReceipts() (int, error) {
	top := filepath.Join(f.dir, "receipts")
	peers, err := os.ReadDir(top)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	count := 0
	for _, p := range peers {
		sizes, err := os.ReadDir(filepath.Join(top, p.Name()))
		if err != nil {
			return 0, err
		}
		for _, s := range sizes {
			if err := f.checkReceipt(p.Name(), s.Name()); err != nil {
				return 0, fmt.Errorf("receipts/%s/%s: %w", p.Name(), s.Name(), err)
			}
			count++
		}
	}
	return count, nil
}

func (f *feed) checkReceipt(peer, size string) error {
	data, err := os.ReadFile(filepath.Join(f.dir, "receipts", peer, size))
	if err != nil {
		return err
	}
	t, signed, err := f.openCheckpoint(data)
	if err != nil {
		return err
	}
	if strconv.FormatInt(t.N, 10) != size {
		return errors.New("not of that size")
	}
	if countOf(signed, f.mirrors[peer]) == 0 {
		return errors.New("not signed by the mirror of that peer")
	}
	if t.N > f.tree.N {
		return errors.New("larger than the log")
	}
	if t.N == 0 {
		return nil
	}
	root, err := tlog.TreeHash(t.N, f.hashes)
	if err != nil {
		return err
	}
	if root != t.Hash {
		return errors.New("another root than the log has at that size")
	}
	return nil
}
