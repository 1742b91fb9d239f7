"""Makes files of `disclose --adoption` (spec 9.7.9) by hand, with python3-nacl and python3-cbor2 and none of Readback's code: parties,
a charter, a text, and whatever is said of it, signed and logged as a node would, or as none would. For tests of readers.

    w = World([("alfa", PARTY), ("bravo", PARTY)])
    text = w.text("alfa")
    accepted = w.say("bravo", "accept", [text])
    data = w.file(text, [accepted])
"""
import hashlib
import json
import os
import cbor2
import nacl.signing
import peer
import closed

PARTY, GUARANTOR, MEDIATOR, MONITOR, OBSERVER = range(5)
RULES = ("all", "quorum", "quorum-veto", "silence", "guarantors")
POSITIONS = ("", "read", "passed-down", "query", "dispute-fact", "cannot-comply", "object", "will-comply", "complied", "declined", "accept",
             "reject", "abstain", "dissociate", "confirm", "dispute", "took-place", "withdraw", "correct")
CHARTER, AMENDMENT, POSITION, TEXT = 1, 2, 13, 19
HOUR = 1_700_000_000  # seconds: when all is said, and held


def encode(v):
    return cbor2.dumps(v, canonical=True)


def b64(data):
    return peer.b64(data)


def sign(body, aad, keys):
    """a leaf; with two keys or more a COSE_Sign, signers by key id"""
    if len(keys) == 1:
        return peer.make_sign1(body, aad, keys[0])
    payload, signers = encode(body), []
    for key in sorted(keys, key=lambda k: peer.key_id(peer.public_of(k))):
        protected = encode({1: -8, 4: peer.key_id(peer.public_of(key))})
        signers.append([protected, {}, key.sign(cbor2.dumps(["Signature", b"", protected, aad, payload])).signature])
    return cbor2.dumps(cbor2.CBORTag(98, [b"", {}, payload, signers]))


class Member:
    def __init__(self, handle, index, role=PARTY, affiliation=None):
        self.handle, self.index, self.role, self.affiliation = handle, index, role, affiliation
        self.key = {k: nacl.signing.SigningKey(hashlib.sha256(("%s %s" % (handle, k)).encode()).digest())
                    for k in ("party", "log", "mirror", "node", "tls", "duty", "chief")}
        public = {k: peer.public_of(v) for k, v in self.key.items()}
        self.card = peer.make_sign1({0: 1, 1: handle, 2: public["party"], 3: 1, 4: HOUR * 1000, 7: public["mirror"], 8: public["node"],
                                     9: public["tls"], 10: hashlib.sha256(handle.encode()).digest(),
                                     11: [["duty", public["duty"]], ["chief", public["chief"]]]}, b"readback/party/v1", self.key["party"])
        self.hash = hashlib.sha256(public["party"]).hexdigest()


class Record:
    def __init__(self, by, log, leaf, env, salts=(), plain=()):
        self.by, self.log, self.leaf, self.env, self.salts, self.plain = by, log, leaf, env, salts, plain
        self.hash = peer.leaf_hash(leaf)
        self.index = len(log)
        log.append(leaf)


class World:
    def __init__(self, members, charter=None, strangers=(), exercise=True):
        """members: (handle, role[, affiliation]), by index; charter: more keys of its body"""
        self.exercise, self.said = exercise, 0
        self.listed = [Member(m[0], i, *m[1:]) for i, m in enumerate(members)]
        self.all = {m.handle: m for m in self.listed}
        self.all.update({h: Member(h, None) for h in strangers})
        self.logs = {}
        first, everybody = self.listed[0], [m.index for m in self.listed]
        self.body = {1: "Line", 3: [[m.index, m.handle, m.role, m.affiliation, m.card] for m in self.listed], 5: everybody,
                     6: HOUR * 1000, 21: 1, **({2: True} if exercise else {}), **(charter or {})}
        env = {1: CHARTER, 2: None, 3: HOUR * 1000, 12: self.body}
        leaf = sign(env, self.origin(first.handle, channel=""), [first.key["duty"]])
        self.channel = peer.leaf_hash(leaf)[:16].hex()
        self.charters = [Record(first.handle, self.log(first.handle, empty=True), leaf, env)]

    def origin(self, handle, epoch=0, channel=None):
        kind = "readback-exercise" if self.exercise else "readback"
        return ("%s/%s/%s/%d" % (kind, self.channel if channel is None else channel, self.all[handle].hash, epoch)).encode()

    def log(self, handle, epoch=0, empty=False):
        """where nothing else is said, something that nobody shows stands first"""
        return self.logs.setdefault((handle, epoch), [] if empty else [b"%d first of " % epoch + handle.encode()])

    def release(self, by, env, officers=("duty",), epoch=0, log=None, salts=(), plain=()):
        m = self.all[by]
        self.said += 1  # no two records are the same bytes
        env = {2: bytes.fromhex(self.channel), 3: HOUR * 1000 + self.said, **env}
        leaf = sign(env, self.origin(by, epoch), [m.key[k] for k in officers])
        return Record(by, self.log(by, epoch) if log is None else log, leaf, env, salts, plain)

    def amend(self, by, **changes):
        self.body = {**self.body, **changes.pop("body", {})}
        env = {1: AMENDMENT, 12: {1: self.charters[-1].hash, 2: self.body}}
        self.charters.append(self.release(by, env, **changes))
        return self.charters[-1]

    def closed(self, kind, body, recipients, env):
        """what a closed record's leaf says, and its parts; nobody here opens the ciphertext"""
        plain = closed.parts(kind, body)
        salts = [os.urandom(32) for _ in plain]
        return {1: kind, 6: sorted(recipients), 13: [os.urandom(32), 768, closed.commit(salts, plain)], **env}, salts, plain

    def put(self, by, kind, body, recipients, env, how):
        if recipients == "open":
            return self.release(by, {1: kind, 12: body, **env}, **how)
        if recipients is None:
            recipients = [m.index for m in self.listed]
        env, salts, plain = self.closed(kind, body, recipients, env)
        return self.release(by, env, salts=salts, plain=plain, **how)

    def text(self, by, paragraphs=("One.", "Two.", "Three."), recipients=None, adoption=None, body=None, env=None, **how):
        """adoption by names: rule, quorum, veto, by (seconds), of; members by handle"""
        body = {1: "Elements", 2: 1, 3: list(paragraphs), **(body or {})}
        if adoption:
            body[5] = self.adoption(**adoption)
        return self.put(by, TEXT, body, recipients, env or {}, how)

    def adoption(self, rule="all", quorum=None, veto=None, by=None, of=None):
        out = {} if rule == "all" else {1: RULES.index(rule)}
        named = lambda handles: sorted(self.all[h].index for h in handles)
        out.update({} if quorum is None else {2: quorum})
        out.update({} if veto is None else {3: named(veto)})
        out.update({} if by is None else {4: by * 1000})
        out.update({} if of is None else {5: named(of)})
        return out

    def say(self, by, word, on, recipients=None, paragraphs=None, env=None, reported=False, emergency=False, **how):
        body = {1: POSITIONS.index(word), **({6: paragraphs} if paragraphs else {}), **({3: "all"} if word == "passed-down" else {})}
        env = {8: [r.hash for r in on], **(env or {}), **({15: ["who", "phone", None]} if reported else {}),
               **({16: "one officer on watch"} if emergency else {})}
        return self.put(by, POSITION, body, recipients, env, how)

    # ---- what is shown ----

    def proof(self, r, epoch, held, size):
        m, origin = self.all[r.by], self.origin(r.by, epoch).decode()
        hashes = [peer.leaf_hash(x) for x in r.log[:size]]
        text = peer.checkpoint_text(origin, size, peer.root_of(hashes))
        note = peer.make_checkpoint(origin, size, peer.root_of(hashes), m.key["log"])
        for h, t in held.items():
            w = self.all[h]
            note += peer.cosignature(text, "readback/%s/mirror" % w.hash, w.key["mirror"], t)
        path = peer.subtree_proof(r.index, r.index + 1, hashes)
        return "c2sp.org/tlog-proof@v1\nindex %d\n%s\n%s" % (r.index, "".join(b64(h) + "\n" for h in path), note)

    def show(self, r, level="whole", parts=None, held=None, epoch=0, size=None):
        """held: T by handle; else by all others, at HOUR"""
        m = self.all[r.by]
        if held is None:
            held = {x.handle: HOUR for x in self.listed if x.handle != r.by}
        size = len(r.log) if size is None else size
        origin = self.origin(r.by, epoch).decode()
        word = peer.make_sign1({0: 2, 1: peer.public_of(m.key["party"]), 2: origin, 3: peer.public_of(m.key["log"]), 5: HOUR * 1000},
                               b"readback/party/v1", m.key["party"])
        numbers = range(len(r.plain)) if level == "whole" else parts or ()
        out = {"exercise": True} if self.exercise else {}
        out.update({"readback-disclosure": 1, "level": level, "origin": origin, "index": r.index, "size": size, "leaf-hash": r.hash.hex()})
        if level != "hash":
            out["leaf"] = b64(r.leaf)
        out.update({"proof": self.proof(r, epoch, held, size),
                    "author": {"card": b64(m.card), "delegation": b64(word), "statements": []},
                    "witnesses": [{"card": b64(self.all[h].card), "statements": []} for h in held],
                    "parts": [{"part": n, "salt": r.salts[n].hex(), "plaintext": b64(r.plain[n])} for n in numbers]})
        return out

    def file(self, text, positions, **how):
        """of records, or of what `show` made of one"""
        shown = lambda r: self.show(r, **how) if isinstance(r, Record) else r
        out = {"exercise": True} if self.exercise else {}
        out.update({"readback-adoption": 1, "charter": [shown(c) for c in self.charters], "text": shown(text),
                    "positions": [shown(p) for p in positions]})
        return json.dumps(out, indent=1).encode()
