#!/usr/bin/python3
"""What happened to a few nodes, and whether anything that was promised is gone. Written from spec/ alone, on top of
peer.py; no code of Readback's is used.

The history is a file of JSON lines, in the order in which things were seen; `t`: seconds, for people.
  {"what": "party", "node", "party", "mirror"}         who is who: public keys in hex
  {"what": "submitted", "node", "record"}              about to be handed to the node; record: hex of its leaf hash
  {"what": "acknowledged", "node", "record"}           the node said that it is durable
  {"what": "held", "node", "by", "record"}             `node` shows that `by` holds it
  {"what": "signed", "node", "use", "origin", "size", "root", "time", "signature"}   a line of its head file (6.9)
  {"what": "copied", "node", "copy"}                   a copy of its home was begun
  {"what": "restored", "node", "copy", "heads"}        its home was put back from that; heads: the head file, too
  {"what": "killed" | "started" | "stopped" | "continued" | "clock" | "full" | "cut" | "healed", ...}   beside it
At the end every feed is read from every node into a folder: NODE/HASH.leaves, the leaves each with its length in two
bytes (4.5.3), and NODE/HASH.note, the checkpoint; HASH: hex SHA-256 of the origin.

`check` gives what does not hold, as (code, words):
  lost        a record that was acknowledged or shown as held is not in its author's feed, as some node has it
  unheld      a node was shown to hold a record, and its mirror has it no more
  changed     two nodes have different leaves at one place
  receipt     a cosignature covers what its cosigner's mirror has not, or has otherwise
  fork        a log key signed what is not a beginning of its feed
  taken-back  a cosigner signed a smaller size later, or two roots for one size
  signature   a signature that its node wrote down does not verify
  heads       the nodes did not end with the same heads
What was acknowledged after a copy was begun and before it was put back is asked for only if another held it before.
Usage: history.py HISTORY FOLDER. Exit: 0 nothing found, 1 something, 2 usage."""
import json
import os
import sys
import time
import peer

RECEIPT, DELEGATION = 8, 26


# ---- writing it ------------------------------------------------------------------------------------

class Writer:
    def __init__(self, path):
        self.file, self.began = open(path, "a", encoding="ascii"), time.monotonic()

    def put(self, what, **more):
        line = dict(more, what=what, t=round(time.monotonic() - self.began, 3))
        self.file.write(json.dumps(line, sort_keys=True) + "\n")
        self.file.flush()

    def close(self):
        self.file.close()


def write_copy(folder, node, origin, leaves, note):
    name = os.path.join(folder, node, peer.sha256(origin.encode()).hex())
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name + ".leaves", "wb") as f:
        f.write(b"".join(len(x).to_bytes(2, "big") + x for x in leaves))
    with open(name + ".note", "wb") as f:
        f.write(note)


# ---- reading it ------------------------------------------------------------------------------------

class Copy:
    """a feed as one node has it at the end"""

    def __init__(self, leaves, note):
        self.leaves, self.note = leaves, note
        self.hashes = [peer.leaf_hash(x) for x in leaves]

    @property
    def origin(self):
        return self.note.split(b"\n", 1)[0].decode()


def read_copies(folder):
    """{node: {origin: Copy}}"""
    copies = {}
    for node in sorted(os.listdir(folder)):
        copies[node] = {}
        for name in sorted(os.listdir(os.path.join(folder, node))):
            if not name.endswith(".note"):
                continue
            path = os.path.join(folder, node, name[:-5])
            with open(path + ".note", "rb") as f:
                note = f.read()
            with open(path + ".leaves", "rb") as f:
                r = peer.Reader(f.read())
            leaves = []
            while r.left():
                leaves.append(r.take(r.number(2)))
            copy = Copy(leaves, note)
            copies[node][copy.origin] = copy
    return copies


def read_history(path):
    with open(path, encoding="ascii") as f:
        return [json.loads(line) for line in f]


def roots_at(hashes, sizes):
    """{size: root of the first so many leaves}, in one pass"""
    wanted, found, stack = set(sizes), {0: peer.EMPTY}, []  # stack: (height, hash) of whole subtrees, left to right
    for i, h in enumerate(hashes):
        height = 0
        while stack and stack[-1][0] == height:
            h = peer.node_hash(stack.pop()[1], h)
            height += 1
        stack.append((height, h))
        if i + 1 in wanted:
            root = stack[-1][1]
            for _, left in stack[-2::-1]:
                root = peer.node_hash(left, root)
            found[i + 1] = root
    return found


def envelope(leaf):
    """None: not a record"""
    try:
        return peer.decode(peer.decode(leaf).value[2])
    except Exception:  # a leaf may be anything
        return None


def party_of(origin):
    return origin.split("/")[2]


# ---- judging it ------------------------------------------------------------------------------------

class Check:
    def __init__(self, events, copies):
        self.events, self.copies, self.found = events, copies, []
        self.parties = {e["node"]: e for e in events if e["what"] == "party"}
        self.by_hash = {peer.sha256(bytes.fromhex(p["party"])).hex(): n for n, p in self.parties.items()}
        self.author = {o: self.by_hash.get(party_of(o)) for c in copies.values() for o in c}
        self.longest = {o: max((c[o] for c in copies.values() if o in c), key=lambda x: len(x.leaves)) for o in self.author}
        self.sets = {n: {o: set(c.hashes) for o, c in feeds.items()} for n, feeds in copies.items()}
        self.log_keys = {o: self.log_key(o) for o in self.author}
        self.receipts = []  # (cosigner, origin, size, time, signature)
        self.said_by = {e["record"]: e["node"] for e in reversed(events) if e["what"] in ("submitted", "acknowledged")}
        begun = {e["copy"]: i for i, e in enumerate(events) if e["what"] == "copied"}
        self.put_back = [(i, begun[e["copy"]], e) for i, e in enumerate(events) if e["what"] == "restored"]

    def say(self, code, words):
        self.found.append((code, words))

    def log_key(self, origin):
        """what the party's own delegation says (3.8.5)"""
        public = bytes.fromhex(self.parties[self.author[origin]]["party"])
        for leaf in self.longest[origin].leaves:
            e = envelope(leaf)
            if e and e.get(1) == DELEGATION:
                body = peer.open_sign1(e[12][1], b"readback/party/v1", public)
                if body[2] == origin:
                    return body[3]
        raise peer.Wrong("no delegation in " + origin)

    def all(self):
        self.same_leaves()
        self.same_heads()
        self.records()
        self.gather_receipts()
        self.cosigned()
        self.signed_logs()
        self.in_order()
        return self.found

    def same_leaves(self):
        for origin, longest in self.longest.items():
            for node, feeds in self.copies.items():
                mine = feeds[origin].hashes if origin in feeds else []
                for i, (a, b) in enumerate(zip(mine, longest.hashes)):
                    if a != b:
                        self.say("changed", "%s: leaf %d of %s is another at %s" % (node, i, self.author[origin], node))
                        break

    def same_heads(self):
        for origin in self.author:
            ends = {}
            for node, feeds in self.copies.items():
                ends.setdefault(self.end_of(node, origin, feeds.get(origin)), []).append(node)
            if len(ends) > 1:
                self.say("heads", "%s: %s" % (self.author[origin], "; ".join("%s at %s" % (" ".join(n), e and e[0]) for e, n in ends.items())))

    def end_of(self, node, origin, copy):
        """(size, root), which the leaves and the log's own signature must bear out"""
        if copy is None:
            return None
        note = peer.Note(copy.note)
        try:
            note.log_signed(self.log_keys[origin])
        except peer.Wrong as error:
            self.say("signature", "%s: checkpoint of %s: %s" % (node, self.author[origin], error))
        if note.size != len(copy.leaves) or roots_at(copy.hashes, [note.size]).get(note.size) != note.root:
            self.say("changed", "%s: %d leaves of %s are not what its checkpoint of %d covers" % (
                node, len(copy.leaves), self.author[origin], note.size))
        return note.size, note.root

    # what was acknowledged, what was shown

    def void_at(self, node, position, also=lambda restored: True):
        """the first time it was put back to before that, or None"""
        for i, begun, e in self.put_back:
            if i > position > begun and e["node"] == node and also(e):
                return i
        return None

    def feeds_of(self, node):
        return [o for o, a in self.author.items() if a == node]

    def records(self):
        held = {}
        for i, e in enumerate(self.events):
            if e["what"] == "held" and e["by"] != self.said_by.get(e["record"]):
                held.setdefault(e["record"], i)
        for i, e in enumerate(self.events):
            if e["what"] == "acknowledged":
                back = self.void_at(e["node"], i)
                if back is not None and held.get(e["record"], back) >= back:
                    continue  # only the copy that was put away had it
                self.everywhere(e["node"], e["record"], "acknowledged")
            elif e["what"] == "held":
                self.still_held(e)

    def everywhere(self, author, record, why):
        for node in self.copies:
            if not any(bytes.fromhex(record) in self.sets[node].get(o, ()) for o in self.feeds_of(author)):
                self.say("lost", "%s: a record of %s, %s, is not in its feed: %s" % (node, author, why, record[:16]))

    def still_held(self, e):
        if not any(bytes.fromhex(e["record"]) in hashes for hashes in self.sets.get(e["by"], {}).values()):
            self.say("unheld", "%s: shown at %s as held by it: %s" % (e["by"], e["node"], e["record"][:16]))

    # signatures

    def gather_receipts(self):
        """every cosignature: those in receipts (3.6.8), those of the checkpoints at the end, those of the head files"""
        for origin, copy in self.longest.items():
            members = None
            for leaf in copy.leaves:
                e = envelope(leaf)
                if e and e.get(1) == RECEIPT and 1 in e.get(12, {}):
                    members = members or self.members(e[2].hex())
                    for member, epoch, size, cosigner, t, signature in e[12][1]:
                        of = self.origin(members.get(member), e[2].hex(), epoch)
                        self.receipts.append((members.get(cosigner), of, size, t, signature))
        for node, feeds in self.copies.items():
            for origin, copy in feeds.items():
                note, party = peer.Note(copy.note), self.parties[node]
                name = "readback/%s/mirror" % peer.sha256(bytes.fromhex(party["party"])).hex()
                for s in note.by(name, peer.MIRROR_KEY, bytes.fromhex(party["mirror"])):
                    self.receipts.append((node, origin, note.size, int.from_bytes(s[:8], "big"), s[8:]))
        self.receipts += [(e["node"], e["origin"], e["size"], e["time"], peer.unb64(e["signature"]))
                          for e in self.events if e["what"] == "signed" and e["use"] == "mirror"]

    def members(self, channel):
        """{index: node}, by the charter"""
        for copy in self.longest.values():
            if copy.leaves and peer.leaf_hash(copy.leaves[0])[:16].hex() == channel:
                return {m[0]: m[1] for m in envelope(copy.leaves[0])[12][3]}
        raise peer.Wrong("no charter of " + channel)

    def origin(self, node, channel, epoch):
        return next((o for o in self.feeds_of(node) if o.split("/")[1] == channel and o.endswith("/%d" % epoch)), None)

    def cosigned(self):
        """each verifies over the very leaves that its cosigner has now"""
        sizes, roots = {}, {}
        for node, origin, size, _, _ in self.receipts:
            sizes.setdefault((node, origin), set()).add(size)
        for (node, origin), wanted in sizes.items():
            copy = self.copies.get(node, {}).get(origin)
            roots[node, origin] = roots_at(copy.hashes, wanted) if copy else {}
        for node, origin, size, t, signature in set(self.receipts):
            root = roots[node, origin].get(size)
            if root is None:
                self.say("receipt", "%s cosigned %d leaves of %s and has fewer" % (node, size, self.author.get(origin)))
                continue
            text = peer.checkpoint_text(origin, size, root)
            if not peer.signed_by(bytes.fromhex(self.parties[node]["mirror"]), signature, peer.cosigned_text(t, text)):
                self.say("receipt", "%s cosigned other leaves of %s, up to %d" % (node, self.author.get(origin), size))

    def signed_logs(self):
        """all that a log key signed is a beginning of the feed as it is now"""
        signed = {}
        for i, e in enumerate(self.events):
            if e["what"] == "signed" and e["use"] == "log" and self.counts(i, e):
                signed.setdefault(e["origin"], []).append(e)
        for origin, entries in signed.items():
            if origin not in self.longest:
                self.say("fork", "%s signed a feed that nobody has: %s" % (entries[0]["node"], origin))
                continue
            roots = roots_at(self.longest[origin].hashes, [e["size"] for e in entries])
            for e in entries:
                text = peer.checkpoint_text(origin, e["size"], peer.unb64(e["root"]))
                if not peer.signed_by(self.log_keys[origin], peer.unb64(e["signature"]), text.encode()):
                    self.say("signature", "%s: its log's signature of %d" % (e["node"], e["size"]))
                elif e["size"] not in roots:
                    self.say("fork", "%s signed %d leaves, there are %d" % (e["node"], e["size"], len(self.longest[origin].leaves)))
                elif peer.b64(roots[e["size"]]) != e["root"]:
                    self.say("fork", "%s signed another history of %d leaves" % (e["node"], e["size"]))

    def counts(self, position, signed):
        """what was put away with the head file, and what nobody had seen, is as if it had never been signed"""
        back = self.void_at(signed["node"], position, lambda e: e["heads"])
        return back is None or any(
            e["what"] == "signed" and e["use"] == "mirror" and e["origin"] == signed["origin"] and e["size"] >= signed["size"]
            for e in self.events[:back])

    def in_order(self):
        """cosignatures as they were made (6.9.3): never smaller, never two roots for one size"""
        last = {}
        for e in self.events:
            if e["what"] != "signed" or e["use"] != "mirror":
                continue
            size, roots = last.setdefault((e["node"], e["origin"]), [0, {}])
            if e["size"] < size:
                self.say("taken-back", "%s cosigned %d of %s after %d" % (e["node"], e["size"], self.author.get(e["origin"]), size))
            if roots.setdefault(e["size"], e["root"]) != e["root"]:
                self.say("taken-back", "%s cosigned two roots of %s at %d" % (e["node"], self.author.get(e["origin"]), e["size"]))
            last[e["node"], e["origin"]][0] = max(size, e["size"])


def check(events, copies):
    return Check(events, copies).all()


def main(argv):
    if len(argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    events, copies = read_history(argv[1]), read_copies(argv[2])
    c = Check(events, copies)
    for code, words in c.all():
        print("%s: %s" % (code, words))
    print("%d events, %d nodes, %d leaves, %d cosignatures: %s" % (
        len(events), len(copies), sum(len(x.leaves) for x in c.longest.values()), len(set(c.receipts)),
        "%d findings" % len(c.found) if c.found else "nothing found"))
    return 1 if c.found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
