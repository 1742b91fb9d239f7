#!/usr/bin/python3
"""Checks disclosures (spec 9.7), of one record or of a text with what was said of it, with code that shares nothing with Readback's programs: python3-cbor2,
python3-nacl and hashlib. Of each file: party cards, delegation and rotations are signed by the party
keys within; the checkpoint is signed by the delegated log key and cosigned by the witnesses and nobody
else; the inclusion proof places the leaf; officers of the author signed the leaf; each part is what its
commitment says, and the parts are those of the level.
Usage: disclosure.py [--none] FILE...
Exit: 0 all hold (with --none: none does), 1 otherwise, 2 usage.
"""
import base64
import binascii
import hashlib
import json
import os
import re
import sys
import nacl.exceptions
import nacl.signing
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import records
from records import Wrong, canonical, kid_of, want

TEXT, ATTACHMENT, CHARTER, AMENDMENT, POSITION = 19, 29, 1, 2, 13
OFFICER, NODE, MIRROR = 4, 3, 2
INLINE = 8 << 20
NAMES = {"exercise", "readback-disclosure", "level", "origin", "index", "size", "leaf-hash", "leaf", "proof",
         "author", "witnesses", "parts"}
ADOPTION = {"readback-adoption", "charter", "text", "positions"}


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def once(pairs):
    out = {}
    for k, v in pairs:
        want(k not in out, "a name twice: %s" % k)
        out[k] = v
    return out


def number(v):
    want(type(v) is int and v >= 0, "no whole number")
    return v


def b64(v):
    want(type(v) is str, "no base64")
    try:
        out = base64.b64decode(v, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("no base64")
    want(base64.b64encode(out).decode() == v, "base64 in another spelling")
    return out


def hex32(v):
    want(type(v) is str and re.fullmatch("[0-9a-f]{64}", v) is not None, "not 64 hex digits")
    return bytes.fromhex(v)


def obj(v, must, may=()):
    want(type(v) is dict and set(must) <= set(v) <= set(must) | set(may), "names of an object")
    return v


def party(v, roles, more=()):
    """(card, {(role, key id): key}) after all rotations"""
    obj(v, ("card", "statements", *more))
    card = records.party_message(b64(v["card"]))
    want(card[0] == 1, "no card")
    node, officers = records.card_keys(card)
    keys = {(NODE, k): x for k, x in node.items()}
    keys.update({(OFFICER, k): x for k, x in officers.items()})
    keys[(MIRROR, kid_of(card[7]))] = card[7]
    want(type(v["statements"]) is list, "no list of statements")
    for s in v["statements"]:
        r = records.party_message(b64(s), card[2])
        want(r[0] == 3 and r[2] in roles, "no rotation that matters")
        want((r[2], kid_of(r[3])) in keys, "rotation of an unknown key")
        want(r[4] not in keys.values(), "rotation to a key that was there")
        keys[(r[2], kid_of(r[4]))] = r[4]
    return card, keys


def party_hash(card):
    return hashlib.sha256(card[2]).hexdigest()


def signed(key, message, sig):
    try:
        nacl.signing.VerifyKey(key).verify(message, sig)
    except nacl.exceptions.BadSignatureError:
        raise Wrong("a signature does not verify")


def note_key(name, kind, key):
    return sha(name, b"\n", bytes([kind]), key)[:4]


def note_of(text):
    """(text, [(name, key id, signature)])"""
    body, sep, sigs = text.rpartition("\n\n")
    want(sep and sigs.endswith("\n"), "no signed note")
    out = []
    for line in sigs[:-1].split("\n"):
        m = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
        want(m is not None, "a line that is no signature")
        blob = b64(m.group(2))
        out.append((m.group(1).encode(), blob[:4], blob[4:]))
    return (body + "\n").encode(), out


def check_note(text, origin, log, witnesses):
    """size and root; each line is the log's, or one witness's"""
    body, sigs = note_of(text)
    lines = body.decode().split("\n")
    want(len(lines) == 4 and lines[3] == "", "checkpoint's lines")
    want(lines[0] == origin, "another origin")
    want(re.fullmatch("0|[1-9][0-9]*", lines[1]) is not None, "checkpoint's size")
    root = b64(lines[2])
    want(len(root) == 32, "root")
    todo = {("readback/%s/mirror" % party_hash(card)).encode(): keys for card, keys in witnesses}
    want(len(todo) == len(witnesses), "a witness twice")
    logs = 0
    for name, kid, sig in sigs:
        if name == origin.encode() and kid == note_key(name, 1, log):
            signed(log, body, sig)
            logs += 1
            continue
        want(name in todo, "a line of nobody, or a second one")
        mirror = [k for (role, _), k in todo.pop(name).items()
                  if role == MIRROR and note_key(name, 4, k) == kid]
        want(len(mirror) == 1 and len(sig) == 72, "a line of no mirror key")
        t = int.from_bytes(sig[:8], "big")
        signed(mirror[0], b"cosignature/v1\ntime %d\n" % t + body, sig[8:])
    want(logs == 1 and not todo, "the log's line once, each witness's once")
    return int(lines[1]), root


def included(index, size, leaf, path, root):
    """RFC 9162, 2.1.3.2"""
    want(index < size, "index beyond the size")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        want(sn != 0, "proof too long")
        if fn & 1 or fn == sn:
            r = sha(b"\x01", p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha(b"\x01", r, p)
        fn, sn = fn >> 1, sn >> 1
    want(sn == 0 and r == root, "the proof does not hold")


def check_proof(d, log, witnesses):
    text = d["proof"]
    want(type(text) is str, "proof")
    head, sep, note = text.partition("\n\n")
    lines = head.split("\n")
    want(sep and lines[0] == "c2sp.org/tlog-proof@v1", "proof's first line")
    want(len(lines) >= 2 and lines[1] == "index %d" % number(d["index"]), "proof's index")
    path = [b64(x) for x in lines[2:]]
    want(all(len(x) == 32 for x in path), "proof's hashes")
    size, root = check_note(note, d["origin"], log, witnesses)
    want(size == number(d["size"]), "size")
    included(d["index"], size, hex32(d["leaf-hash"]), path, root)


def check_leaf(d, origin, channel, keys):
    leaf = b64(d["leaf"])
    want(sha(b"\x00", leaf) == hex32(d["leaf-hash"]), "leaf and its hash")
    payload, signers = records.signers_of(leaf)
    env = canonical(payload)
    records.check_envelope(env, channel)
    aad = origin
    if env[1] == CHARTER:
        want(hex32(d["leaf-hash"])[:16] == channel, "a charter of another channel")
        aad = re.sub(rb"/[0-9a-f]{32}/", b"//", origin)
    role = NODE if env[1] in records.MACHINE else OFFICER
    for s in signers:
        records.verify(s, aad, payload, {kid: k for (r, kid), k in keys.items() if r == role})
    return env


def check_parts(d, env):
    parts, level = d["parts"], d["level"]
    want(type(parts) is list, "parts")
    if 6 not in env or level == "fact":
        want(not parts, "parts where there are none")
        want(6 in env or level == "whole", "an open record is shown whole")
        return
    commitments = env[13][2]
    numbers = [number(p.get("part")) if type(p) is dict else want(False, "a part") for p in parts]
    if level == "whole":
        want(numbers == list(range(len(commitments))), "not all parts")
    want(numbers and numbers == sorted(set(numbers)) and numbers[-1] < len(commitments), "parts' numbers")
    want(level == "whole" or env[1] == TEXT, "paragraphs of no text")
    body = {}
    for p in parts:
        obj(p, ("part", "salt"), ("plaintext",))
        n, salt = p["part"], hex32(p["salt"])
        if env[1] == ATTACHMENT and n == 1:
            want(("plaintext" in p) == (body[3] <= INLINE), "content in the file up to 8 MiB")
            if "plaintext" not in p:
                continue
            want(len(b64(p["plaintext"])) == body[3], "length of the content")
        want("plaintext" in p, "no plaintext")
        plain = b64(p["plaintext"])
        want(sha(salt, plain) == commitments[n], "part %d is not what the leaf commits to" % n)
        if n == 0:
            body = canonical(plain)
            want(type(body) is dict and (env[1] != TEXT or 3 not in body), "part 0 is no body")
        elif env[1] == TEXT:
            plain.decode("utf-8")


def check_one(d):
    """(origin's parts, all cards in it, the envelope or None)"""
    obj(d, NAMES - {"exercise", "leaf"}, NAMES)
    want(type(d["readback-disclosure"]) is int and d["readback-disclosure"] == 1, "version")
    want(d["level"] in ("whole", "paragraphs", "fact", "hash"), "level")
    want(type(d["origin"]) is str, "origin")
    m = re.fullmatch("readback(-exercise)?/([0-9a-f]{32})/([0-9a-f]{64})/(0|[1-9][0-9]*)", d["origin"])
    want(m is not None, "no origin")
    want(d.get("exercise") is (True if m.group(1) else None), "exercise and origin differ")
    want("exercise" not in d or next(iter(d)) == "exercise", "exercise is not said first")
    card, keys = party(d["author"], (OFFICER, NODE), ("delegation",))
    want(party_hash(card) == m.group(3), "another party's card")
    word = records.party_message(b64(d["author"]["delegation"]), card[2])
    want(word[0] == 2 and word[2] == d["origin"], "another delegation")
    want(type(d["witnesses"]) is list, "witnesses")
    witnesses = [party(w, (MIRROR,)) for w in d["witnesses"]]
    parties = [card] + [w[0] for w in witnesses]
    want(len({c[2] for c in parties}) == len({c[1] for c in parties}) == len(parties), "a party twice")
    check_proof(d, word[3], witnesses)
    want(("leaf" in d) == (d["level"] != "hash"), "a leaf at every level but hash")
    env = None
    if d["level"] == "hash":
        want(d["parts"] == [], "parts at level hash")
    else:
        env = check_leaf(d, d["origin"].encode(), bytes.fromhex(m.group(2)), keys)
        check_parts(d, env)
    return m, parties, env


def check_charters(list_):
    """{handle: party key} of the members that the last charter lists"""
    want(type(list_) is list and list_, "no charter")
    before = None
    for d in list_:
        m, parties, env = check_one(d)
        want(env is not None and 12 in env, "a charter is shown whole")
        want(env[1] == (CHARTER if before is None else AMENDMENT), "a charter, then amendments")
        body = env[12]
        if before is not None:
            want(body[1] == before, "an amendment of another charter")
            body = body[2]
        before = hex32(d["leaf-hash"])
    out = {}
    for member in body[3]:
        card = records.party_message(member[4])
        want(card[1] == member[1] and card[1] not in out, "a member's card")
        out[card[1]] = card[2]
    return out


def word_of(d, env):
    if env is None or (6 in env and not d["parts"]):
        return None
    return (canonical(b64(d["parts"][0]["plaintext"])) if 6 in env else env[12])[1]


def check_adoption(d):
    """each by itself, and that they belong together: 9.7.10. Gives of each position its author and type,
    None where its content is not shown"""
    obj(d, ADOPTION, ("exercise",))
    want(type(d["readback-adoption"]) is int and d["readback-adoption"] == 1, "version")
    want("exercise" not in d or (d["exercise"] is True and next(iter(d)) == "exercise"), "exercise is not said first")
    members = check_charters(d["charter"])
    m, parties, env = check_one(d["text"])
    want(env is not None and env[1] == TEXT, "no text")
    want(("exercise" in d) == bool(m.group(1)), "exercise and the text's origin differ")
    known, places, parties_of = {hex32(d["text"]["leaf-hash"]): None}, {}, dict(members)
    want(type(d["positions"]) is list, "positions")
    said = []
    for one in d["charter"] + [d["text"]] + d["positions"]:
        n, cards, env = check_one(one)
        want(n.group(1) == m.group(1) and n.group(2) == m.group(2), "of another channel")
        for card in cards:
            want(parties_of.setdefault(card[1], card[2]) == card[2], "two parties with one handle")
        if not any(one is p for p in d["positions"]):
            continue
        place = (int(n.group(4)), one["index"])
        want(places.get(n.group(3), (-1, -1)) < place, "not in the order of its log")
        places[n.group(3)] = place
        if env is not None:
            want(env[1] == POSITION, "no position")
            want(any(x in known and known[x] in (None, n.group(3)) for x in env.get(8, [])), "on something else")
        said.append((cards[0][1], word_of(one, env)))
        known[hex32(one["leaf-hash"])] = n.group(3)
    return said


def check(data):
    want(len(data) <= 16 << 20, "too large")
    d = json.loads(data.decode("utf-8"), object_pairs_hook=once)
    want(type(d) is dict, "no object")
    if "readback-adoption" in d:
        return check_adoption(d)
    check_one(d)
    return None


def main(argv):
    none = argv[1:2] == ["--none"]
    files = argv[2 if none else 1:]
    failed = 0
    if not files:
        print(__doc__, file=sys.stderr)
        return 2
    for path in files:
        try:
            check(records.read(path))
            why = None
        except (Wrong, ValueError, KeyError, TypeError, RecursionError) as e:
            why = str(e) or type(e).__name__
        if (why is None) == none:
            failed += 1
            print("%s: %s" % (path, "holds" if why is None else why))
    print("%d of %d %s" % (len(files) - failed, len(files), "refused" if none else "hold"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
