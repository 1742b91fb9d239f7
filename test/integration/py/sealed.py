#!/usr/bin/python3
"""Reads what was sealed of a closed record with code that shares nothing with Readback: python3-cbor2
and hashlib. LEAF is the record's leaf byte for byte; PLAINTEXT is what the `age` program makes of the
body's ciphertext; CIPHERTEXT, where given, is that ciphertext. Checks
  the leaf        canonical CBOR, a COSE message, closed: recipients, a detached body, no open one
  the ciphertext  length and SHA-256 as the leaf says
  the head        [[+ salt], body, padding], canonical, a multiple of 256 bytes, at most 98304,
                  padding zeros and the fewest that do
  the content     of an attachment: as long as its body says; else nothing after the head
  commitments     one for each part, each SHA-256(salt, plaintext of the part)
and prints the body. Signatures are not looked at: records.py does that.
Usage: sealed.py LEAF PLAINTEXT [CIPHERTEXT]
Exit: 0 all holds, 1 something does not (the reason, no content), 2 usage.
"""
import hashlib
import io
import json
import sys
import cbor2

KINDS = {10: "notice", 13: "position", 19: "text", 24: "statement", 25: "roster", 29: "attachment"}
TEXT, ATTACHMENT = 19, 29
STEP, MOST = 256, 98304


class Wrong(Exception):
    pass


def want(condition, reason):
    if not condition:
        raise Wrong(reason)


def is_bytes(v, n=None):
    return type(v) is bytes and (n is None or len(v) == n)


def is_map(v):
    return type(v) is dict and all(type(k) is int and k >= 0 for k in v)


def plain(v):
    """only what the profile has: integers, strings, arrays, maps, true, false, null"""
    if type(v) is list:
        return all(plain(x) for x in v)
    if type(v) is dict:
        return all(plain(x) for x in v) and all(plain(x) for x in v.values())
    return v is None or type(v) in (int, bytes, str, bool)


def ordered(v):
    """the same value with map keys in bytewise order of their encoding, at every depth"""
    if isinstance(v, cbor2.CBORTag):
        return cbor2.CBORTag(v.tag, ordered(v.value))
    if type(v) is list:
        return [ordered(x) for x in v]
    if type(v) is dict:
        return {k: ordered(v[k]) for k in sorted(v, key=cbor2.dumps)}
    return v


def encode(v):
    return cbor2.dumps(ordered(v))


def first_item(data, what):
    """the item that data begins with and its length; refused unless it encodes to the same bytes"""
    try:
        value = cbor2.CBORDecoder(io.BytesIO(data)).decode()
        again = encode(value)
    except Exception as e:
        raise Wrong("%s: not CBOR: %s" % (what, type(e).__name__))
    inner = value.value if isinstance(value, cbor2.CBORTag) else value
    want(plain(inner), what + ": a type that the profile does not have")
    want(data.startswith(again), what + ": not deterministic, encoded again it differs")
    return value, len(again)


def one_item(data, what):
    value, n = first_item(data, what)
    want(n == len(data), what + ": bytes after the end")
    return value


def closed_record(leaf):
    """kind, ciphertext hash, ciphertext size, commitments"""
    message = one_item(leaf, "leaf")
    want(isinstance(message, cbor2.CBORTag) and message.tag in (18, 98), "leaf: no COSE message")
    parts = message.value
    want(type(parts) is list and len(parts) == 4 and is_bytes(parts[2]), "leaf: no payload")
    record = one_item(parts[2], "payload")
    want(is_map(record) and record.get(1) in KINDS, "not of a kind that can be closed")
    want(12 not in record, "the body is open")
    readers, detached = record.get(6), record.get(13)
    want(type(readers) is list and readers and readers == sorted(set(readers)), "recipients")
    want(type(detached) is list and len(detached) == 3, "no detached body")
    digest, size, commitments = detached
    want(is_bytes(digest, 32) and type(size) is int and size > 0, "detached body's form")
    want(type(commitments) is list and all(is_bytes(c, 32) for c in commitments), "commitments' form")
    return record[1], digest, size, commitments


def padding_for(n):
    """the fewest zeros that, as a byte string, fill n bytes up to a multiple of STEP"""
    zeros = 0
    while (n + len(cbor2.dumps(bytes(zeros)))) % STEP:
        zeros += 1
    return zeros


def read_head(data):
    """salts, body, its bytes as they stand there, what follows the head"""
    head, n = first_item(data, "head")
    want(type(head) is list and len(head) == 3, "head: not three items")
    salts, body, padding = head
    want(n % STEP == 0 and n <= MOST, "head: its length")
    want(type(salts) is list and salts and all(is_bytes(s, 32) for s in salts), "head: salts")
    want(is_map(body), "head: the body is no map")
    raw = encode(body)
    before = cbor2.dumps(salts)
    want(data[1:1 + len(before) + len(raw)] == before + raw, "head: its order")
    want(is_bytes(padding) and padding.count(0) == len(padding), "head: padding is not zeros")
    want(len(padding) == padding_for(1 + len(before) + len(raw)), "head: padding is not the shortest")
    return salts, body, raw, data[n:]


def parts_of(kind, body, raw, content):
    if kind == TEXT:
        paragraphs = body.get(3)
        want(type(paragraphs) is list and paragraphs, "text without paragraphs")
        want(all(type(p) is str for p in paragraphs), "a paragraph that is no text")
        heading = encode({k: body[k] for k in body if k != 3})
        return [heading] + [p.encode("utf-8") for p in paragraphs]
    if kind == ATTACHMENT:
        want(body.get(3) == len(content), "content of another length than the body says")
        return [raw, content]
    return [raw]


def check(leaf, plaintext, ciphertext):
    kind, digest, size, commitments = closed_record(leaf)
    if ciphertext is not None:
        want(len(ciphertext) == size, "ciphertext of another length than the leaf says")
        want(hashlib.sha256(ciphertext).digest() == digest, "ciphertext of another hash than the leaf's")
    want(len(plaintext) < size, "longer than its ciphertext")
    salts, body, raw, content = read_head(plaintext)
    want(kind == ATTACHMENT or not content, "bytes after the head")
    parts = parts_of(kind, body, raw, content)
    want(len(salts) == len(parts), "%d salts for %d parts" % (len(salts), len(parts)))
    want(len(commitments) == len(parts), "%d commitments for %d parts" % (len(commitments), len(parts)))
    for i, (salt, part) in enumerate(zip(salts, parts)):
        want(hashlib.sha256(salt + part).digest() == commitments[i], "part %d: commitment" % i)
    return kind, body, len(parts)


def printable(v):
    if is_bytes(v):
        return v.hex()
    if type(v) is list:
        return [printable(x) for x in v]
    if type(v) is dict:
        return {str(k): printable(x) for k, x in v.items()}
    return v


def read(path):
    with open(path, "rb") as f:
        return f.read()


def main(argv):
    if len(argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        files = [read(p) for p in argv[1:]] + [None]
        kind, body, n = check(files[0], files[1], files[2])
    except Wrong as e:
        print("does not hold: %s" % e)
        return 1
    except OSError as e:
        print("%s: %s" % (e.filename, e.strerror))
        return 1
    sys.stdout.reconfigure(encoding="utf-8")
    print("%s, %d parts, all as committed" % (KINDS[kind], n))
    print(json.dumps(printable(body), ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
