#!/usr/bin/python3
"""Reads the records of an exported folder with code that shares nothing with Readback: python3-cbor2
and python3-nacl. Checks, for each feed HANDLE (or HANDLE.EPOCH) of the folder:
  HANDLE/card.cose        canonical, signed by the party key within, handle fits the folder's name
  HANDLE/keys/*.cose      canonical, signed by the same party key
  HANDLE/officers/*.pub   OpenSSH keys, each on some card of this party
  HANDLE/records/*.cose   000000 onwards without a gap; canonical CBOR, envelope, signatures over
                          Sig_structure with the feed's origin (checkpoint's first line) as
                          external_aad, key ids of this party's node or officer keys
Usage: records.py FOLDER     Exit: 0 all holds, 1 something does not (file and reason), 2 usage.
"""
import base64
import hashlib
import os
import re
import struct
import sys
import cbor2
import nacl.exceptions
import nacl.signing

MACHINE = {5, 6, 7, 8, 9}
ALWAYS_OPEN = MACHINE | {1, 2, 3, 4, 26, 27, 28}
PARTY_AAD = b"readback/party/v1"
PARTY_TYPES = {2, 3, 4}


class Wrong(Exception):
    pass


def want(condition, reason):
    if not condition:
        raise Wrong(reason)


def is_uint(v):
    return type(v) is int and v >= 0


def is_bytes(v, n=None):
    return type(v) is bytes and (n is None or len(v) == n)


def plain(v):
    """only what the profile has: integers, strings, arrays, maps, true, false, null"""
    if type(v) is list:
        return all(plain(x) for x in v)
    if type(v) is dict:
        return all(plain(x) for x in v) and all(plain(x) for x in v.values())
    return v is None or type(v) in (int, bytes, str, bool)


def bytewise(v):
    """the same value with map keys in bytewise order of their encoding, at every depth"""
    if type(v) is list:
        return [bytewise(x) for x in v]
    if type(v) is dict:
        return {k: bytewise(v[k]) for k in sorted(v, key=cbor2.dumps)}
    return v


def canonical(data):
    """decodes one item, or refuses it unless encoding it again gives the same bytes"""
    try:
        value = cbor2.loads(data)
    except Exception as e:
        raise Wrong("not CBOR: %s" % type(e).__name__)
    if isinstance(value, cbor2.CBORTag):
        want(plain(value.value), "a type that the profile does not have")
        again = cbor2.dumps(cbor2.CBORTag(value.tag, bytewise(value.value)))
    else:
        want(plain(value), "a type that the profile does not have")
        again = cbor2.dumps(bytewise(value))
    want(again == data, "not deterministic: encoded again it differs")
    return value


def kid_of(key):
    return hashlib.sha256(key).digest()[:8]


def header(data):
    """protected header: returns the key id"""
    want(is_bytes(data), "protected header is no byte string")
    h = canonical(data)
    want(type(h) is dict and sorted(h) == [1, 4], "protected header has other keys than alg and kid")
    want(h[1] in (-8, -19), "alg is not Ed25519")
    want(is_bytes(h[4], 8), "key id is not 8 bytes")
    return h[4]


def signers_of(data):
    """(payload, [(key id, signature, what goes before aad and payload)])"""
    msg = canonical(data)
    want(isinstance(msg, cbor2.CBORTag) and msg.tag in (18, 98), "not COSE_Sign1 or COSE_Sign")
    parts = msg.value
    want(type(parts) is list and len(parts) == 4, "COSE message without four parts")
    protected, unprotected, payload, last = parts
    want(unprotected == {}, "unprotected header is not empty")
    want(is_bytes(payload), "payload is no byte string")
    if msg.tag == 18:
        return payload, [(header(protected), last, ["Signature1", protected])]
    want(protected == b"", "body's protected header is not empty")
    want(type(last) is list and len(last) >= 2, "COSE_Sign with fewer than two signers")
    out = []
    for s in last:
        want(type(s) is list and len(s) == 3 and s[1] == {}, "signer's form")
        out.append((header(s[0]), s[2], ["Signature", b"", s[0]]))
    kids = [s[0] for s in out]
    want(kids == sorted(set(kids)), "signers are not sorted by key id")
    return payload, out


def verify(signer, aad, payload, keys):
    kid, sig, context = signer
    want(is_bytes(sig, 64), "signature is not 64 bytes")
    want(kid in keys, "key id %s is not on the card" % kid.hex())
    try:
        nacl.signing.VerifyKey(keys[kid]).verify(cbor2.dumps(context + [aad, payload]), sig)
    except nacl.exceptions.BadSignatureError:
        raise Wrong("signature does not verify")
    except Exception as e:
        raise Wrong("signature: %s" % type(e).__name__)


def party_message(data, party=None):
    """a message signed by the party key: its payload as a map"""
    payload, signers = signers_of(data)
    want(len(signers) == 1, "the party key signs alone")
    body = canonical(payload)
    want(type(body) is dict and is_uint(body.get(0)), "payload is no map with a type")
    key = body.get(2 if body[0] == 1 else 1)
    want(is_bytes(key, 32), "no party key in it")
    want(party is None or key == party, "of another party key than the card")
    verify(signers[0], PARTY_AAD, payload, {kid_of(key): key})
    return body


def card_keys(card):
    """(node keys, officer keys) by key id"""
    officers = {}
    for entry in card.get(11, []):
        want(type(entry) is list and len(entry) == 2 and is_bytes(entry[1], 32), "officer's form")
        officers[kid_of(entry[1])] = entry[1]
    want(is_bytes(card.get(8), 32), "no node key")
    return {kid_of(card[8]): card[8]}, officers


def members(v):
    return type(v) is list and all(is_uint(m) and m < 64 for m in v) and v == sorted(set(v))


def check_seen(seen):
    want(type(seen) is list and len(seen) == 2 and is_bytes(seen[1], 16), "seen: form")
    flat = seen[0]
    want(type(flat) is list and flat and len(flat) % 3 == 0 and all(is_uint(x) for x in flat),
         "seen: entries")
    feeds = [(flat[i], flat[i + 1]) for i in range(0, len(flat), 3)]
    want(feeds == sorted(set(feeds)), "seen: not ascending")
    want(all(size > 0 for size in flat[2::3]), "seen: size 0")


def check_detached(env):
    d = env[13]
    want(type(d) is list and len(d) == 3, "detached body: form")
    want(is_bytes(d[0], 32) and is_uint(d[1]) and d[1] > 0, "detached body: hash or size")
    want(type(d[2]) is list and d[2] and all(is_bytes(c, 32) for c in d[2]), "commitments")
    want(d[1] <= (67436544 if env[1] == 29 else 131072), "detached body: longer than can be")
    least, most = {19: (2, 513), 29: (2, 2)}.get(env[1], (1, 1))
    want(least <= len(d[2]) <= most, "another number of commitments than the kind has")


def check_envelope(env, channel):
    want(type(env) is dict and all(is_uint(k) and 1 <= k <= 16 for k in env), "envelope's keys")
    want(all(k in env for k in (1, 2, 3)), "kind, channel or created missing")
    want(is_uint(env[1]) and 1 <= env[1] <= 29, "kind")
    want(is_uint(env[3]), "created")
    want((env[2] is None) == (env[1] == 1), "channel null exactly in a charter")
    want(env[2] is None or env[2] == channel, "channel differs from the origin")
    if 4 in env:
        check_seen(env[4])
    want(5 not in env or (is_uint(env[5]) and env[5] < 3), "precedence")
    for key in (7, 8, 9, 10):
        refs = env.get(key)
        want(refs is None or (type(refs) is list and refs and all(is_bytes(h, 32) for h in refs)),
             "references")
    want((6 in env) == (13 in env), "recipients and detached body go together")
    want((12 in env) != (13 in env), "one of body and detached body")
    if 6 in env:
        want(members(env[6]) and env[6], "recipients")
        want(env[1] not in ALWAYS_OPEN, "this kind is always open")
        check_detached(env)
    else:
        want(type(env[12]) is dict and all(is_uint(k) for k in env[12]), "body is no map")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def origin_of(folder):
    first = read(os.path.join(folder, "checkpoint")).split(b"\n", 1)[0]
    m = re.fullmatch(rb"(readback(?:-exercise)?/)([0-9a-f]{32})(/([0-9a-f]{64})/[0-9]+)", first)
    want(m is not None, "the first line is no origin")
    return first, m.group(1) + m.group(3), bytes.fromhex(m.group(2).decode()), m.group(4).decode()


def check_officer(path, known):
    words = read(path).split()
    want(len(words) >= 2 and words[0] == b"ssh-ed25519", "not an OpenSSH Ed25519 key")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except ValueError:
        raise Wrong("not base64")
    want(len(blob) == 51 and blob[:19] == struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32),
         "not an OpenSSH Ed25519 key")
    want(blob[19:] in known.values(), "not on the party's card")


def check_record(data, node, officers, aads, channel):
    payload, signers = signers_of(data)
    env = canonical(payload)
    check_envelope(env, channel)
    keys = node if env[1] in MACHINE else officers
    for s in signers:
        verify(s, aads[1] if env[1] == 1 else aads[0], payload, keys)
    return env


def cards_in(env):
    """signed cards that a record carries: its own kind, or a charter's members"""
    body = env.get(12) if type(env) is dict else None
    if type(body) is not dict:
        return []
    if env.get(1) == 4:
        return [body.get(1)]
    charter = {1: body, 2: body.get(2)}.get(env.get(1))
    listed = charter.get(3) if type(charter) is dict else None
    return [m[4] for m in listed if type(m) is list and len(m) == 5] if type(listed) is list else []


def card_path(folder):
    """a further epoch HANDLE.EPOCH has its party's card in HANDLE"""
    top, name = os.path.split(folder)
    return os.path.join(top, name.split(".")[0], "card.cose")


def all_cards(feeds, at):
    """party key -> every version of its card in the folder: older keys signed older records"""
    cards = {}
    for folder in feeds:
        at[0] = card_path(folder)
        found = [read(at[0])]
        for name in sorted(os.listdir(os.path.join(folder, "records"))):
            at[0] = os.path.join(folder, "records", name)
            found += cards_in(canonical(signers_of(read(at[0]))[0]))
        for signed in found:
            want(is_bytes(signed), "a card that is no byte string")
            card = party_message(signed)
            want(card[0] == 1, "not a card")
            cards.setdefault(card[2], []).append(card)
    return cards


def check_feed(folder, cards, at):
    """at: where a complaint belongs, kept for the report"""
    at[0] = os.path.join(folder, "checkpoint")
    origin, founding, channel, party_hash = origin_of(folder)
    at[0] = card_path(folder)
    card = party_message(read(at[0]))
    want(card[0] == 1, "not a card")
    want(card.get(1) == os.path.basename(folder).split(".")[0], "handle differs from the folder's name")
    want(hashlib.sha256(card[2]).hexdigest() == party_hash, "party key differs from the origin's")
    node, officers = {}, {}
    for version in cards[card[2]]:
        more = card_keys(version)
        node.update(more[0])
        officers.update(more[1])
    records = sorted(os.listdir(os.path.join(folder, "records")))
    for i, name in enumerate(records):
        at[0] = os.path.join(folder, "records", name)
        want(name == "%06d.cose" % i, "a gap, or a strange name")
    for name in records:
        at[0] = os.path.join(folder, "records", name)
        check_record(read(at[0]), node, officers, (origin, founding), channel)
    for sub, check in (("keys", lambda p: want(party_message(read(p), card[2])[0] in PARTY_TYPES, "type")),
                       ("officers", lambda p: check_officer(p, officers))):
        path = os.path.join(folder, sub)
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else []:
            at[0] = os.path.join(path, name)
            check(at[0])
    return len(records)


def main(argv):
    if len(argv) != 2 or not os.path.isdir(argv[1]):
        print(__doc__, file=sys.stderr)
        return 2
    at = [argv[1]]
    try:
        folders = [os.path.join(argv[1], name) for name in sorted(os.listdir(argv[1]))]
        feeds = [f for f in folders if os.path.isfile(os.path.join(f, "checkpoint"))]
        want(feeds, "no feed in it")
        cards = all_cards(feeds, at)
        records = sum(check_feed(folder, cards, at) for folder in feeds)
    except Wrong as e:
        print("%s: %s" % (at[0], e))
        return 1
    except OSError as e:
        print("%s: %s" % (e.filename or at[0], e.strerror))
        return 1
    print("%d feeds, %d records hold" % (len(feeds), records))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
