#!/usr/bin/python3
"""Evidence of a fork (clause 4.10) checked by a program that shares no code with ours, nor with py/peer.py:
hashlib, python3-nacl and what the clause says.

    fork.py FILE --log-key NAME+12345678+BASE64     a file (4.10.2)
    fork.py FILE | readback-fork:...                the text of a QR code (4.10.5), in a file or as it is

Exit status: 0 it proves a fork, 1 it proves nothing, 2 usage."""
import argparse
import base64
import hashlib
import re
import struct
import sys
import nacl.exceptions
import nacl.signing

CODE = "readback-fork:"


class Nothing(Exception):
    """it proves nothing: the clause, and why"""


def demand(condition, why):
    if not condition:
        raise Nothing(why)


def base64_of(text, n=None):
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise Nothing("4 base64") from None
    demand(base64.b64encode(raw).decode() == text and n in (None, len(raw)), "4 base64")
    return raw


def decimal(text):
    demand(re.fullmatch("0|[1-9][0-9]*", text) and int(text) < 2**63, "4 decimal")
    return int(text)


class Lines:
    """a cursor over bytes"""

    def __init__(self, data):
        self.data, self.at = data, 0

    def line(self):
        end = self.data.find(b"\n", self.at)
        demand(end >= 0, "4.10.2 a line without an end")
        found, self.at = self.data[self.at:end].decode("ascii", "replace"), end + 1
        return found

    def take(self, n):
        demand(len(self.data) - self.at >= n, "4.10 cut short")
        self.at += n
        return self.data[self.at - n:self.at]

    def end(self):
        demand(self.at == len(self.data), "4.10 bytes behind the end")


class Key:
    """a log key: its name is the origin"""

    def __init__(self, origin, public):
        self.origin, self.public = origin, public
        self.id = hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4]

    @staticmethod
    def read(text):
        name, plus, rest = text.strip().partition("+")
        number, plus, key = rest.partition("+")
        raw = base64_of(key, 33)
        made = Key(name, raw[1:])
        demand(raw[0] == 1 and made.id.hex() == number, "4.2.5")
        return made

    def signed(self, signature, text):
        try:
            nacl.signing.VerifyKey(self.public).verify(text, signature)
        except (nacl.exceptions.BadSignatureError, ValueError):
            raise Nothing("4.3.5 signature of the log") from None


def checkpoint(raw, key):
    """size and root of a note that the log signed"""
    demand(b"\n\n" in raw and len(raw) <= 65536, "4.2.1")
    at = raw.rindex(b"\n\n")
    text, lines = raw[:at + 1], raw[at + 2:]
    demand(lines.endswith(b"\n") and not re.search(rb"[\0-\x09\x0b-\x1f]", raw), "4.2.1")
    demand(lines.count(b"\n") <= 128, "4.2.3")
    found = 0
    for line in lines.decode()[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        demand(match, "4.2.2")
        blob = base64_of(match[2])
        demand(len(blob) > 4, "4.2.2")
        if match[1] == key.origin and blob[:4] == key.id:
            demand(len(blob) == 68, "4.2.6")
            key.signed(blob[4:], text)
            found += 1
    demand(found, "4.3.5 not signed by this log")
    words = text.decode().split("\n")
    demand(len(words) >= 4 and words[0] == key.origin and all(words[:-1]), "4.3")
    size, root = decimal(words[1]), base64_of(words[2], 32)
    demand(size or root == hashlib.sha256().digest(), "4.3.3")
    return size, root


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def roots(m, n, start, proof):
    """Recursion of 4.1.3 backwards: the roots for m and for n that this proof stands for, where `start` is
    the root for m. It takes the proof from its end, as it is made from the top down."""
    proof = list(proof)

    def walk(m, n, whole):
        if m == n:
            if whole:
                return start, start
            demand(proof, "4.1.5 too few hashes")
            h = proof.pop()
            return h, h
        k = 1 << (n - 1).bit_length() - 1
        demand(proof, "4.1.5 too few hashes")
        beside = proof.pop()
        if m <= k:
            old, new = walk(m, k, whole)
            return old, node(new, beside)
        old, new = walk(m - k, n - k, False)
        return node(beside, old), node(beside, new)

    old, new = walk(m, n, True)
    demand(not proof, "4.1.5 too many hashes")
    return old, new


def contradict(first, second, other, proof):
    (m, root_m), (n, root_n) = first, second
    demand(m <= n, "4.10.3 the smaller one comes first")
    demand(other != root_m, "4.10.3 one history")
    demand(m > 0, "4.1.6 there is one empty tree")
    demand(len(proof) <= 63, "4.1.5")
    if m == n:
        demand(not proof and other == root_n, "4.1.6")
    else:
        demand(roots(m, n, other, proof) == (other, root_n), "4.10.3 the proof")
    return {"first": {"size": m, "root": root_m.hex()},
            "second": {"size": n, "root": root_n.hex(), "root_at_first_size": other.hex()}}


def check_file(data, key):
    r = Lines(data)
    demand(r.line() == "readback/fork/v1", "4.10.2 first line")
    word, space, text = r.line().partition(" ")
    demand(word == "other", "4.10.2")
    other, proof, notes = base64_of(text, 32), [], []
    for text in iter(r.line, ""):
        proof.append(base64_of(text, 32))
    for _ in range(2):
        word, space, text = r.line().partition(" ")
        demand(word == "note" and 0 < decimal(text) <= 65536, "4.10.2")
        notes.append(r.take(decimal(text)))
    r.end()
    found = contradict(checkpoint(notes[0], key), checkpoint(notes[1], key), other, proof)
    return {"origin": key.origin, "log_key": key.public.hex(), **found}


def check_code(text):
    demand(text.startswith(CODE) and re.fullmatch("[A-Za-z0-9_-]+", text[len(CODE):]), "4.10.5")
    url = text[len(CODE):].replace("-", "+").replace("_", "/")
    r = Lines(base64_of(url + "=" * (-len(url) % 4)))
    key = Key(r.take(r.take(1)[0]).decode("ascii", "replace"), r.take(32))
    demand(r.take(1) == b"\1", "4.10.4 version")
    heads = []
    for _ in range(2):
        size, root, signature = struct.unpack(">Q", r.take(8))[0], r.take(32), r.take(64)
        signed = "%s\n%d\n%s\n" % (key.origin, size, base64.b64encode(root).decode())
        key.signed(signature, signed.encode())
        heads.append((size, root))
    other, proof = heads[1][1], []
    if heads[0][0] < heads[1][0]:
        other = r.take(32)
        proof = [r.take(32) for _ in range(r.take(1)[0])]
    r.end()
    return {"origin": key.origin, "log_key": key.public.hex(), **contradict(*heads, other, proof)}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("evidence")
    p.add_argument("--log-key")
    given = p.parse_args()
    data = given.evidence.encode()
    if not given.evidence.startswith(CODE):
        with open(given.evidence, "rb") as f:
            data = f.read()
    try:
        if data.startswith(CODE.encode()):
            found = check_code(data.decode("ascii", "replace").rstrip("\r\n"))
        elif given.log_key:
            found = check_file(data, Key.read(given.log_key))
        else:
            p.error("--log-key is wanted")
    except Nothing as why:
        print("proves nothing:", why)
        return 1
    print("proves a fork:", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
