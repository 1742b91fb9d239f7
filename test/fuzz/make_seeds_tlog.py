#!/usr/bin/python3
"""Writes the seeds of the log's fuzz targets: valid inputs and near misses, made with python3-nacl
and hashlib alone. Run it in this folder; the result is the same every time."""
import base64
import hashlib
import os
import struct

import nacl.signing

ORIGIN = "readback/fuzz"
KEY = nacl.signing.SigningKey(bytes([7]) + bytes(31))


def b64(b):
    return base64.b64encode(b).decode()


def leaf(i):
    return hashlib.sha256(b"\0" + bytes([i])).digest()


def node(a, b):
    return hashlib.sha256(b"\1" + a + b).digest()


def vkey(kind, name=ORIGIN, key=KEY):
    pub = bytes([kind]) + bytes(key.verify_key)
    kid = hashlib.sha256(name.encode() + b"\n" + pub).digest()[:4]
    return kid, f"{name}+{kid.hex()}+{b64(pub)}"


def text(size, root, more=""):
    return f"{ORIGIN}\n{size}\n{b64(root)}\n{more}"


def note(body, sigs=1):
    kid, _ = vkey(1)
    line = "\u2014 " + ORIGIN + " " + b64(kid + KEY.sign(body.encode()).signature) + "\n"
    kid4, _ = vkey(4)
    t = 1700000000
    msg = f"cosignature/v1\ntime {t}\n{body}".encode()
    timed = "\u2014 " + ORIGIN + " " + b64(kid4 + struct.pack(">Q", t) + KEY.sign(msg).signature) + "\n"
    return body + "\n" + line + timed * (sigs - 1)


def save(target, name, data):
    folder = os.path.join("corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)


def notes():
    root = node(leaf(0), leaf(1))
    good = note(text(2, root), 3)
    save("fuzz_note", "note", good)
    save("fuzz_note", "note-empty-tree", note(text(0, hashlib.sha256(b"").digest())))
    save("fuzz_note", "note-extension", note(text(2, root, "extension line\n")))
    save("fuzz_note", "note-empty-lines", note("a\n\nb\n"))
    save("fuzz_note", "note-cut", good[:-1])
    save("fuzz_note", "note-tab", good.replace("2\n", "2\t\n", 1))
    save("fuzz_note", "checkpoint", text(2, root))
    save("fuzz_note", "checkpoint-leading-zero", text("02", root))
    save("fuzz_note", "signature-long", "\u2014 someone " + b64(bytes(2432)) + "\n")
    save("fuzz_note", "vkey", vkey(1)[1])
    save("fuzz_note", "vkey-cosignature", vkey(4)[1] + "\n")
    save("fuzz_note", "vkey-other-id", ORIGIN + "+00000000+" + vkey(1)[1].rsplit("+", 1)[1])
    save("fuzz_note", "tile", "tile/0/x001/x234/067")
    save("fuzz_note", "tile-partial", "tile/entries/000.p/12")
    save("fuzz_note", "tile-x000", "tile/0/x000/067")


def requests():
    root = node(leaf(0), leaf(1))
    cp = note(text(2, root))
    save("fuzz_tlog_requests", "add-checkpoint", "\0old 1\n" + b64(leaf(1)) + "\n\n" + cp)
    save("fuzz_tlog_requests", "add-checkpoint-63", "\0old 1\n" + (b64(leaf(1)) + "\n") * 63 + "\n" + cp)
    save("fuzz_tlog_requests", "add-checkpoint-64", "\0old 1\n" + (b64(leaf(1)) + "\n") * 64 + "\n" + cp)
    o = ORIGIN.encode()
    head = b"\1" + struct.pack(">H", len(o)) + o
    entries = b"".join(struct.pack(">H", n) + bytes(n) for n in (3, 0))
    save("fuzz_tlog_requests", "add-entries-none", head + struct.pack(">QQH", 0, 0, 0))
    full = head + struct.pack(">QQH", 254, 257, 2) + b"tk" + entries + b"\1" + leaf(0)
    full += struct.pack(">H", 1) + b"x" + b"\2" + leaf(1) + leaf(2)
    save("fuzz_tlog_requests", "add-entries", full)
    save("fuzz_tlog_requests", "add-entries-cut", full[:-40])
    save("fuzz_tlog_requests", "add-entries-more", full + b"\0")
    save("fuzz_tlog_requests", "mirror-info", "\x02257\n12\ndGlja2V0\n")
    save("fuzz_tlog_requests", "mirror-info-empty", "\x02257\n12\n\n")
    p = "c2sp.org/tlog-proof@v1\n%sindex 0\n" + b64(leaf(1)) + "\n\n" + cp
    save("fuzz_tlog_requests", "tlog-proof", "\3" + p % "")
    save("fuzz_tlog_requests", "tlog-proof-extra", "\3" + p % "extra AAEC\n")
    save("fuzz_tlog_requests", "tlog-proof-no-data", "\3" + p % "extra \n")


def evidence(a, b, other, proof):
    lines = "".join(b64(h) + "\n" for h in proof)
    out = f"readback/fork/v1\nother {b64(other)}\n{lines}\n"
    for n in (a, b):
        out += f"note {len(n.encode())}\n{n}"
    return out


def compact(heads, tail):
    out = b"\1\1"
    for size, root in heads:
        sig = KEY.sign(text(size, root).encode()).signature
        out += struct.pack(">Q", size) + root + sig
    return out + tail


def forks():
    one, two = node(leaf(0), leaf(1)), node(leaf(0), leaf(9))
    four = node(two, node(leaf(2), leaf(3)))
    rest = node(leaf(2), leaf(3))
    save("fuzz_fork", "text-equal", "\0" + evidence(note(text(2, one)), note(text(2, two)), two, []))
    save("fuzz_fork", "text", "\0" + evidence(note(text(2, one)), note(text(4, four)), two, [rest]))
    save("fuzz_fork", "text-no-fork", "\0" + evidence(note(text(2, two)), note(text(4, four)), two, [rest]))
    save("fuzz_fork", "text-extension",
         "\0" + evidence(note(text(2, one, "x\n")), note(text(2, two)), two, []))
    save("fuzz_fork", "compact-equal", compact([(2, one), (2, two)], b""))
    save("fuzz_fork", "compact", compact([(2, one), (4, four)], two + b"\1" + rest))
    save("fuzz_fork", "compact-no-fork", compact([(2, two), (4, four)], two + b"\1" + rest))
    numbers = struct.pack(">QQQ", 0, 2, 4)
    save("fuzz_fork", "proof", b"\2" + numbers + two + four + rest)
    save("fuzz_fork", "proof-huge", b"\2" + struct.pack(">QQQ", 0, 2**63 + 1, 2**64 - 1) + two + four + rest * 63)
    save("fuzz_fork", "proof-single", b"\2" + struct.pack(">QQQ", 2**63, 2**63 + 1, 2**64 - 1) + two + four + rest * 63)
    save("fuzz_fork", "proof-empty", b"\2" + struct.pack(">QQQ", 5, 5, 9) + hashlib.sha256(b"").digest() + four)


notes()
requests()
forks()
