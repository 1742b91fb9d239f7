#!/usr/bin/python3
"""Checks disclosures (spec 9.7), of one record or of a text with what was said of it, with code that shares nothing with Readback's programs: python3-cbor2,
python3-nacl and hashlib. Of each file: party cards, delegation and rotations are signed by the party
keys within; the checkpoint is signed by the delegated log key and cosigned by the witnesses and nobody
else; the inclusion proof places the leaf; officers of the author signed the leaf; each part is what its
commitment says, and the parts are those of the level. Of a text with what was said of it also that all belong together; what its
words come to is said by disclosure_words.py.
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
import disclosure_words
import records
from records import Wrong, canonical, kid_of, want

TEXT, ATTACHMENT, CHARTER, AMENDMENT, POSITION = 19, 29, 1, 2, 13
OFFICER, NODE, MIRROR = 4, 3, 2
INLINE = 8 << 20
MOST_CHARTERS, MOST_POSITIONS, MOST_WITNESSES, MOST_STATEMENTS, MOST_EPOCHS = 64, 256, 63, 64, 65536
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
    want(type(v["statements"]) is list and len(v["statements"]) <= MOST_STATEMENTS, "no list of statements")
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
    """size, root, and the T of each witness by its party's hash; each line is the log's, or one witness's"""
    body, sigs = note_of(text)
    lines = body.decode().split("\n")
    want(len(lines) == 4 and lines[3] == "", "checkpoint's lines")
    want(lines[0] == origin, "another origin")
    want(re.fullmatch("0|[1-9][0-9]*", lines[1]) is not None, "checkpoint's size")
    root = b64(lines[2])
    want(len(root) == 32, "root")
    todo = {("readback/%s/mirror" % party_hash(card)).encode(): keys for card, keys in witnesses}
    want(len(todo) == len(witnesses), "a witness twice")
    logs, times = 0, {}
    for name, kid, sig in sigs:
        if name == origin.encode() and kid == note_key(name, 1, log):
            signed(log, body, sig)
            logs += 1
            continue
        want(name in todo, "a line of nobody, or a second one")
        mirror = [k for (role, _), k in todo.pop(name).items()
                  if role == MIRROR and note_key(name, 4, k) == kid]
        want(len(mirror) == 1 and len(sig) == 72, "a line of no mirror key")
        t = times[name.decode().split("/")[1]] = int.from_bytes(sig[:8], "big")
        signed(mirror[0], b"cosignature/v1\ntime %d\n" % t + body, sig[8:])
    want(logs == 1 and not todo, "the log's line once, each witness's once")
    return int(lines[1]), root, times


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
    size, root, times = check_note(note, d["origin"], log, witnesses)
    want(size == number(d["size"]), "size")
    included(d["index"], size, hex32(d["leaf-hash"]), path, root)
    return root, times


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
    if 12 in env:
        check_body(env[1], env[12])
    return env, len(signers)


def ascending(v, least, most):
    return type(v) is list and v and all(type(x) is int and least <= x <= most for x in v) and v == sorted(set(v))


def check_rule(a):
    """3.6.31"""
    want(type(a) is dict and a and set(a) <= {1, 2, 3, 4, 5}, "adoption")
    rule = a.get(1, 0)
    want(type(rule) is int and (1 <= rule <= 4 if 1 in a else rule == 0), "rule")
    want((2 in a) == (rule in (1, 2)), "a quorum, and with its rules alone")
    want(5 not in a or ascending(a[5], 0, 63), "of")
    want(2 not in a or (type(a[2]) is int and 1 <= a[2] <= (len(a[5]) if 5 in a else 64)), "quorum")
    want((3 in a) == (rule == 2), "a veto, and with its rule alone")
    want(3 not in a or (ascending(a[3], 0, 63) and set(a[3]) <= set(a.get(5, a[3]))), "veto")
    want(4 in a or rule != 3, "silence until when")
    want(4 not in a or (type(a[4]) is int and 0 <= a[4] <= 253402300799999), "by")


def check_heading(body, paragraphs):
    """3.6.19, but for the paragraphs"""
    want(type(body) is dict and {1, 2} <= set(body) <= {1, 2, 4, 5, 6, 7, 8}, "a text's heading")
    want(type(body[1]) is str and body[1] and type(body[2]) is int and body[2] >= 0, "title and version")
    want(4 not in body or (type(body[4]) is bytes and len(body[4]) == 32), "previous")
    want(6 not in body or (type(body[6]) is str and body[6]), "explanation")
    want(7 not in body or (type(body[7]) is int and 0 <= body[7] <= 63), "pen")
    want(8 not in body or ascending(body[8], 1, paragraphs), "brackets around paragraphs of this text")
    if 5 in body:
        check_rule(body[5])


def check_position(body):
    """3.6.13"""
    want(1 in body and set(body) <= {1, 2, 3, 4, 5, 6, 7}, "a position's body")
    want(type(body[1]) is int and 1 <= body[1] <= 18, "a position's type")
    want(6 not in body or (body[1] == 13 and ascending(body[6], 1, 512)), "paragraphs to dissociate from")
    want((3 in body) == (body[1] == 2) and (7 not in body or body[1] == 3), "what its type has")


def check_body(kind, body):
    if kind == TEXT:
        want(type(body.get(3)) is list and 0 < len(body[3]) <= 512 and all(type(p) is str and p for p in body[3]), "paragraphs")
        check_heading({k: v for k, v in body.items() if k != 3}, len(body[3]))
    elif kind == POSITION:
        check_position(body)


def check_parts(d, env):
    """the body as far as it is shown, of a text its heading; None where it is not"""
    parts, level = d["parts"], d["level"]
    want(type(parts) is list, "parts")
    if 6 not in env or level == "fact":
        want(not parts, "parts where there are none")
        want(6 in env or level == "whole", "an open record is shown whole")
        return env.get(12)
    commitments = env[13][2]
    numbers = [number(p.get("part")) if type(p) is dict else want(False, "a part") for p in parts]
    if level == "whole":
        want(numbers == list(range(len(commitments))), "not all parts")
    want(numbers and numbers == sorted(set(numbers)) and numbers[-1] < len(commitments), "parts' numbers")
    want(level == "whole" or env[1] == TEXT, "paragraphs of no text")
    body = None
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
            want(type(body) is dict, "part 0 is no body")
            if env[1] == TEXT:
                check_heading(body, len(commitments) - 1)
            else:
                check_body(env[1], body)
        elif env[1] == TEXT:
            plain.decode("utf-8")
    return body


class Shown:
    """a disclosure that holds: where it stands, who said it, who held it since when, and what of it is shown"""

    def __init__(self, origin, index, size, root, hash_, cards, lines):
        self.exercise, self.channel, self.party, self.epoch = bool(origin.group(1)), origin.group(2), origin.group(3), int(origin.group(4))
        self.index, self.size, self.root, self.hash = index, size, root, hash_
        self.cards, self.handle, self.lines = cards, cards[0][1], lines
        self.env, self.signers, self.body = None, 0, None


def check_one(d):
    obj(d, NAMES - {"exercise", "leaf"}, NAMES)
    want(type(d["readback-disclosure"]) is int and d["readback-disclosure"] == 1, "version")
    want(d["level"] in ("whole", "paragraphs", "fact", "hash"), "level")
    want(type(d["origin"]) is str, "origin")
    m = re.fullmatch("readback(-exercise)?/([0-9a-f]{32})/([0-9a-f]{64})/(0|[1-9][0-9]*)", d["origin"])
    want(m is not None and int(m.group(4)) < MOST_EPOCHS, "no origin")
    want(d.get("exercise") is (True if m.group(1) else None), "exercise and origin differ")
    want("exercise" not in d or next(iter(d)) == "exercise", "exercise is not said first")
    card, keys = party(d["author"], (OFFICER, NODE), ("delegation",))
    want(party_hash(card) == m.group(3), "another party's card")
    word = records.party_message(b64(d["author"]["delegation"]), card[2])
    want(word[0] == 2 and word[2] == d["origin"], "another delegation")
    want(type(d["witnesses"]) is list and len(d["witnesses"]) <= MOST_WITNESSES, "witnesses")
    witnesses = [party(w, (MIRROR,)) for w in d["witnesses"]]
    parties = [card] + [w[0] for w in witnesses]
    want(len({c[2] for c in parties}) == len({c[1] for c in parties}) == len(parties), "a party twice")
    root, lines = check_proof(d, word[3], witnesses)
    want(("leaf" in d) == (d["level"] != "hash"), "a leaf at every level but hash")
    out = Shown(m, d["index"], d["size"], root, hex32(d["leaf-hash"]), parties, lines)
    if d["level"] == "hash":
        want(d["parts"] == [], "parts at level hash")
    else:
        out.env, out.signers = check_leaf(d, d["origin"].encode(), bytes.fromhex(m.group(2)), keys)
        out.body = check_parts(d, out.env)
    return out


def one_history(all_):
    """of each log: one record at a place, one tree of a size, and what was later stands later"""
    last, places, roots, hashes = {}, {}, {}, set()
    for s in all_:
        log, place = (s.party, s.epoch), (s.epoch, s.index)
        want(places.setdefault((log, s.index), s.hash) == s.hash, "two records at one place of a log")
        want(roots.setdefault((log, s.size), s.root) == s.root, "two trees of one size of a log")
        want(s.hash not in hashes, "a record twice")
        want(last.get(s.party, (-1, -1)) < place, "not in the order of its log")
        last[s.party] = place
        hashes.add(s.hash)


def check_charters(charters):
    """the last one, and who is listed there: {handle: party key}"""
    want(0 < len(charters) <= MOST_CHARTERS, "no charter, or too many")
    before = None
    for s in charters:
        want(s.env is not None and 12 in s.env, "a charter is shown whole")
        want(s.env[1] == (CHARTER if before is None else AMENDMENT), "a charter, then amendments")
        body = s.env[12]
        if before is not None:
            want(body[1] == before, "an amendment of another charter")
            body = body[2]
        before = s.hash
    members = {}
    for member in body[3]:
        card = records.party_message(member[4])
        want(card[1] == member[1] and card[1] not in members, "a member's card")
        members[card[1]] = card[2]
    index = {hashlib.sha256(members[m[1]]).hexdigest(): m[0] for m in body[3]}
    return disclosure_words.Charter(body, index), members


def check_positions(text, positions):
    want(len(positions) <= MOST_POSITIONS, "too many positions")
    known = {text.hash: text}
    for s in positions:
        s.on, s.on_more = [], False
        if s.env is not None:
            want(s.env[1] == POSITION, "no position")
            for h in s.env.get(8, []):
                if h in known and (known[h] is text or known[h].party == s.party):
                    s.on.append(known[h])
                else:
                    s.on_more = True
            want(s.on, "on something else")
        s.type = s.body[1] if s.body is not None else None
        s.paragraphs = s.body.get(6, []) if s.body is not None else []
        s.whole = s.type in (10, 11, 12) or (s.type == 13 and not s.paragraphs)
        known.setdefault(s.hash, s)


def check_adoption(d):
    """each by itself, and that they belong together: 9.7.10. Gives what disclosure_words says of it"""
    obj(d, ADOPTION, ("exercise",))
    want(type(d["readback-adoption"]) is int and d["readback-adoption"] == 1, "version")
    want("exercise" not in d or (d["exercise"] is True and next(iter(d)) == "exercise"), "exercise is not said first")
    want(type(d["charter"]) is list and type(d["positions"]) is list, "lists")
    want(len(d["charter"]) <= MOST_CHARTERS and len(d["positions"]) <= MOST_POSITIONS, "too many")
    charters, text, positions = [check_one(x) for x in d["charter"]], check_one(d["text"]), [check_one(x) for x in d["positions"]]
    all_ = charters + [text] + positions
    want(text.env is not None and text.env[1] == TEXT, "no text")
    want(("exercise" in d) == text.exercise, "exercise and the text's origin differ")
    charter, members = check_charters(charters)
    parties_of = dict(members)
    for s in all_:
        want(s.exercise == text.exercise and s.channel == text.channel, "of another channel")
        for card in s.cards:
            want(parties_of.setdefault(card[1], card[2]) == card[2], "two parties with one handle")
    one_history(all_)
    check_positions(text, positions)
    for s in all_:
        s.author = charter.index.get(s.party)
        s.held = {charter.index[p]: t for p, t in s.lines.items() if p in charter.index}
    return disclosure_words.judge(charter, text, positions)


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
