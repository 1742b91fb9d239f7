#!/usr/bin/python3
"""Seeds of the targets that read files: texts, keys, a home, JSON bodies, agents' answers, packed bodies, an
export. usage: make_seeds_files.py CORPUS HOME EXPORT (a home whose keys guard nothing, and an export of it)"""
import gzip
import json
import os
import struct
import sys

CORPUS, HOME, EXPORT = sys.argv[1:4]


def put(target, name, data):
    folder = os.path.join(CORPUS, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


for name, text in {"zero": "0", "largest": "18446744073709551615", "too-large": "18446744073709551616", "leading": "01", "hex": "00ff10",
                   "base64": "AAECAwQ=", "spare-bits": "AAECAwR=", "time": "2015-09-30T13:00:00Z", "offset": "2015-09-30T13:00:00.250+05:45",
                   "leap-day": "2024-02-29T23:59Z", "no-leap-day": "2023-02-29T00:00:00Z", "duration": "15m", "kind": "stop-fire",
                   "precedence": "FLASH", "position": "will-comply", "bidi": "a\u202eb", "handle": "north-1"}.items():
    put("fuzz_text", name, text)
put("fuzz_text", "surrogate", b"\xed\xa0\x80")
put("fuzz_keys", "pem", read(HOME, "keys", "node.pem"))
put("fuzz_keys", "openssh", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop duty\n")
put("fuzz_keys", "openssh-rsa", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7 x\n")
put("fuzz_keys", "age", [x for x in read(HOME, "keys", "age.txt").split(b"\n") if x.startswith(b"AGE-SECRET")][0])
sealed = read(HOME, "keys", "party.sealed")
put("fuzz_keys", "sealed", sealed)
put("fuzz_keys", "sealed-cheap", sealed.replace(b"65536", b"8"))
put("fuzz_home", "heads", b"\0" + read(HOME, "heads"))
put("fuzz_home", "heads-cut", b"\0" + read(HOME, "heads")[:-9])
put("fuzz_home", "heads-backwards", b"\0" + b"\n".join([*read(HOME, "heads").split(b"\n")[::-1]]))
put("fuzz_home", "heads-empty", b"\0readback heads 1\n")
put("fuzz_home", "settings", b"\1" + b"[peer]\nlisten = 127.0.0.1:7443\n[log]\nlevel = debug\nformat = json\n[limits]\nregion = 512\n")
put("fuzz_home", "settings-unknown", b"\1[peer]\nlisten = a\nnonsense = 1\n")
put("fuzz_home", "pem", b"\2" + read(HOME, "keys", "node.pem"))
put("fuzz_home", "age", b"\3" + read(HOME, "keys", "age.txt"))
put("fuzz_home", "age-many", b"\3" + b"".join(read(HOME, "keys", "age.txt") for _ in range(18)))
put("fuzz_home", "card", b"\4" + read(HOME, "card.cose"))
for kind, body in {13: {"title": "x", "text": "y"},
                   9: {"class": "operation", "title": "Area", "volumes": [{"circle": {"lat": "35.1", "lon": -36, "radius": "5km"},
                       "from": "2026-01-01T00:00:00Z", "to": "2026-01-01T03:00:00Z", "ceiling": {"fl": 250}}]},
                   11: {"what": "a list", "of": ["south"], "by": "2026-01-01T00:00:00Z"}}.items():
    for k in range(32):
        put("fuzz_body", "%d-as-%d" % (kind, k), bytes([k]) + json.dumps(body).encode())


def string(b):
    return struct.pack(">I", len(b)) + b


def answer(kind, body):
    return string(bytes([kind]) + body)


key = string(b"ssh-ed25519") + string(bytes(range(32)))
put("fuzz_agent", "none", answer(12, struct.pack(">I", 0)))
put("fuzz_agent", "one", answer(12, struct.pack(">I", 1) + string(key) + string(b"duty")) +
    answer(14, string(string(b"ssh-ed25519") + string(bytes(64)))))
put("fuzz_agent", "other-kinds", answer(12, struct.pack(">I", 3) + string(string(b"ssh-rsa") + string(b"x")) + string(b"a") +
    string(key) + string(b"b\xff") + string(string(b"sk-ssh-ed25519@openssh.com") + string(bytes(32))) + string(b"c")) + answer(5, b""))
put("fuzz_agent", "long", struct.pack(">I", 1 << 30) + b"\x0c")
put("fuzz_agent", "refused", answer(5, b""))
for name, bound in {"fits": 400, "exact": 300, "too-small": 299}.items():
    put("fuzz_gzip", name, struct.pack(">H", bound - 1) + gzip.compress(b"abc" * 100, mtime=0))
put("fuzz_gzip", "bomb", b"\xff\xff" + gzip.compress(bytes(1 << 20), mtime=0))
put("fuzz_gzip", "two", b"\xff\xff" + gzip.compress(b"a", mtime=0) * 2)
put("fuzz_gzip", "cut", b"\xff\xff" + gzip.compress(b"abc" * 100, mtime=0)[:-6])
put("fuzz_exercise", "small", b"\0" + json.dumps({"format": "readback-exercise/1", "id": "x", "title": "x"}).encode())

files = []
for top, _, names in os.walk(EXPORT):
    for name in sorted(names):
        path = os.path.relpath(os.path.join(top, name), EXPORT)
        files.append((path, read(EXPORT, path)))
files.sort()


def folder(chosen):
    return b"".join(bytes([len(p)]) + p.encode() + struct.pack(">H", len(b)) + b for p, b in chosen)


wanted = [x for x in files if x[0] not in ("README.txt", "channel.json")]
put("fuzz_export", "whole", folder(wanted))
put("fuzz_export", "empty", b"")
put("fuzz_export", "stranger", folder(wanted + [("stranger/card.cose", b"x"), ("a.txt", b"y")]))
for left_out in ("log.vkey", "checkpoint", "delegation.cose", "party.cose", "card.cose"):
    chosen = [x for x in wanted if not x[0].endswith(left_out)]
    if len(chosen) < len(wanted):
        put("fuzz_export", "without-" + left_out.split(".")[0], folder(chosen))
