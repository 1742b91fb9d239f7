#!/usr/bin/python3
"""Real daemons under load that are killed, halted, cut off, given a full disk, a wrong clock and an old store; then all
is healed, and an independent checker (py/history.py) reads what happened and what every node has. The checker itself
is tried first, on histories with one thing wrong each. Usage: test_chaos.py READBACK READBACKD
READBACK_CHAOS_NODES (3, at most 11), READBACK_CHAOS_SECONDS (30: at least so long, and until each kind of event was
there once), READBACK_CHAOS_KILLS (30: at least so many), READBACK_CHAOS_PAUSE (mean ms between two events),
READBACK_CHAOS_MOST (300: at most so many seconds longer, then what is still missing fails it),
READBACK_CHAOS_SEED (the time), READBACK_CHAOS_KEEP (a folder that gets history, copies and logs)"""
import os
import shutil
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
import history  # noqa: E402
import peer  # noqa: E402
import swarm  # noqa: E402
from history import Copy, check  # noqa: E402
from test_cli import Tap  # noqa: E402


def setting(name, default):
    return int(os.environ.get("READBACK_CHAOS_" + name, default))


class Small:
    """three parties with feeds of their own, mirrored by each other, all of it made here; nothing is wrong with it"""

    def __init__(self):
        new = peer.nacl.signing.SigningKey.generate
        self.names, self.events = ("a", "b", "c"), []
        self.party, self.mirror, self.log = ({n: new() for n in self.names} for _ in range(3))
        hashes = {n: peer.sha256(peer.public_of(self.party[n])).hex() for n in self.names}
        cards = {n: peer.make_sign1({0: 1}, b"", self.party[n]) for n in self.names}
        charter = peer.make_sign1({1: 1, 2: None, 3: 0, 12: {3: [[i, n, 0, None, cards[n]] for i, n in enumerate(self.names)]}}, b"", self.party["a"])
        self.channel = peer.leaf_hash(charter)[:16]
        self.origins = {n: "readback/%s/%s/0" % (self.channel.hex(), hashes[n]) for n in self.names}
        self.leaves = {n: [self.delegated(n)] for n in self.names}
        self.leaves["a"].insert(0, charter)
        self.mirror_names = {n: "readback/%s/mirror" % hashes[n] for n in self.names}
        for n in self.names:
            self.put("party", node=n, party=peer.public_of(self.party[n]).hex(), mirror=peer.public_of(self.mirror[n]).hex())
        for i in range(12):
            for n in self.names:
                self.say(n, i)
        covered = {n: len(x) for n, x in self.leaves.items()}
        for n in self.names:  # and what all that was covered by
            lines = [[self.names.index(o), 0, covered[o], self.names.index(n), 7, self.cosigned(n, o, covered[o], 7)]
                     for o in self.names if o != n]
            self.leaves[n].append(self.record(n, 8, {1: lines}))
        for n in self.names:
            self.sign(n, n, len(self.leaves[n]))
            for o in self.names:
                if o != n:
                    self.sign(n, o, len(self.leaves[o]))
        self.copies = {n: {self.origins[o]: self.copy(n, o) for o in self.names} for n in self.names}

    def put(self, what, **more):
        self.events.append(dict(more, what=what))

    def delegated(self, n):
        body = {0: 2, 1: peer.public_of(self.party[n]), 2: self.origins[n], 3: peer.public_of(self.log[n]), 5: 1}
        return self.record(n, 26, {1: peer.make_sign1(body, b"readback/party/v1", self.party[n])})

    def record(self, n, kind, body):
        return peer.make_sign1({1: kind, 2: self.channel, 3: 1, 12: body}, self.origins[n].encode(), self.party[n])

    def say(self, n, i):
        leaf = self.record(n, 24, {1: "%s %d" % (n, i), 2: "x"})
        record = peer.leaf_hash(leaf).hex()
        self.leaves[n].append(leaf)
        self.put("submitted", node=n, record=record)
        self.put("acknowledged", node=n, record=record)
        self.sign(n, n, len(self.leaves[n]))
        for by in self.names:
            if by != n:
                self.sign(by, n, len(self.leaves[n]))
                self.put("held", node=n, by=by, record=record)

    def text(self, o, size):
        return peer.checkpoint_text(self.origins[o], size, peer.root_of([peer.leaf_hash(x) for x in self.leaves[o][:size]]))

    def cosigned(self, by, o, size, t):
        return self.mirror[by].sign(peer.cosigned_text(t, self.text(o, size))).signature

    def sign(self, by, o, size, text=None):
        """a line of its head file"""
        text = text or self.text(o, size)
        signature = self.log[by].sign(text.encode()).signature if by == o else self.mirror[by].sign(peer.cosigned_text(7, text)).signature
        self.put("signed", node=by, use="log" if by == o else "mirror", origin=self.origins[o], size=size, root=text.split("\n")[2],
                 time=0 if by == o else 7, signature=peer.b64(signature))

    def copy(self, n, o):
        text = self.text(o, len(self.leaves[o]))
        note = text + "\n" + peer.signature_line(self.origins[o], peer.LOG_KEY, peer.public_of(self.log[o]), self.log[o].sign(text.encode()).signature)
        if n != o:
            note += peer.cosignature(text, self.mirror_names[n], self.mirror[n], 7)
        return Copy(list(self.leaves[o]), note.encode())


def cut_off(copy, count):
    return Copy(copy.leaves[:-count], copy.note)


class Checker(unittest.TestCase):
    """each history with one thing wrong is found out, by the name of what is wrong with it"""

    def codes(self, s):
        return {code for code, _ in check(s.events, s.copies)}

    def test_nothing(self):
        s = Small()
        self.assertEqual(check(s.events, s.copies), [])
        folder = tempfile.mkdtemp(prefix="readback-history-")
        try:  # and the same from files
            w = history.Writer(os.path.join(folder, "history"))
            for e in s.events:
                w.put(**e)
            w.close()
            for node, feeds in s.copies.items():
                for origin, c in feeds.items():
                    history.write_copy(os.path.join(folder, "end"), node, origin, c.leaves, c.note)
            self.assertEqual(history.main(["", os.path.join(folder, "history"), os.path.join(folder, "end")]), 0)
        finally:
            shutil.rmtree(folder)

    def test_lost_leaf(self):
        s = Small()
        c = s.copies["b"][s.origins["a"]]
        s.copies["b"][s.origins["a"]] = cut_off(c, 3)
        self.assertLessEqual({"lost", "unheld", "receipt"}, self.codes(s))

    def test_lost_everywhere(self):
        s = Small()
        s.put("acknowledged", node="a", record="00" * 32)
        self.assertEqual(self.codes(s), {"lost"})

    def test_lost_feed(self):
        s = Small()
        del s.copies["c"][s.origins["a"]]
        self.assertLessEqual({"lost", "heads", "receipt"}, self.codes(s))

    def test_changed_leaf(self):
        for at in (0, 1, 5, 12):
            s = Small()
            c = s.copies["b"][s.origins["a"]]
            c.leaves[at] = c.leaves[at][:-1] + bytes([c.leaves[at][-1] ^ 1])
            s.copies["b"][s.origins["a"]] = Copy(c.leaves, c.note)
            self.assertLessEqual({"changed", "receipt"}, self.codes(s), at)

    def test_changed_everywhere(self):
        """all copies agree and none is what was cosigned"""
        s = Small()
        leaves = s.leaves["a"]
        leaves[5] = s.record("a", 24, {1: "other", 2: "words"})
        for n in s.names:
            s.copies[n][s.origins["a"]] = s.copy(n, "a")
        self.assertLessEqual({"fork", "lost", "receipt"}, self.codes(s))

    def test_forked_feed(self):
        s = Small()
        s.sign("a", "a", 9, peer.checkpoint_text(s.origins["a"], 9, peer.sha256(b"another history")))
        self.assertEqual(self.codes(s), {"fork"})
        s = Small()
        s.sign("a", "a", 99, peer.checkpoint_text(s.origins["a"], 99, peer.sha256(b"more of it")))
        self.assertEqual(self.codes(s), {"fork"})

    def test_taken_back(self):
        s = Small()
        s.sign("b", "a", 4)
        self.assertEqual(self.codes(s), {"taken-back"})
        s = Small()
        n = len(s.leaves["a"])
        s.sign("b", "a", n, peer.checkpoint_text(s.origins["a"], n, peer.sha256(b"another root")))
        self.assertLessEqual({"taken-back", "receipt"}, self.codes(s))

    def test_false_receipt(self):
        s = Small()
        line = [0, 0, 5, 1, 7, s.cosigned("b", "a", 6, 7)]
        s.leaves["c"].append(s.record("c", 8, {1: [line]}))
        for n in s.names:
            s.copies[n][s.origins["c"]] = s.copy(n, "c")
        self.assertEqual(self.codes(s), {"receipt"})

    def test_false_signature(self):
        s = Small()
        e = next(e for e in s.events if e["what"] == "signed" and e["use"] == "log")
        e["signature"] = peer.b64(bytes(64))
        self.assertEqual(self.codes(s), {"signature"})

    def test_other_heads(self):
        s = Small()
        leaves = list(s.leaves["a"])
        s.leaves["a"].append(s.record("a", 24, {1: "late", 2: "x"}))
        s.copies["b"][s.origins["a"]] = s.copy("b", "a")
        self.assertEqual(self.codes(s), {"heads"})
        self.assertLess(len(leaves), len(s.leaves["a"]))

    def test_old_store(self):
        """what was put away with the store may be gone, but not where another held it"""
        for held, wanted in ((False, set()), (True, {"lost", "unheld"})):
            s = Small()
            s.put("copied", node="a", copy="one")
            s.put("submitted", node="a", record="77" * 32)
            s.put("acknowledged", node="a", record="77" * 32)
            if held:
                s.put("held", node="a", by="b", record="77" * 32)
            s.put("restored", node="a", copy="one", heads=True)
            self.assertEqual(self.codes(s), wanted)
        for heads, wanted in ((True, set()), (False, {"fork"})):  # a head file that stayed says what was signed
            s = Small()
            s.put("copied", node="a", copy="one")
            s.sign("a", "a", 99, peer.checkpoint_text(s.origins["a"], 99, peer.sha256(b"seen by nobody")))
            s.put("restored", node="a", copy="one", heads=heads)
            self.assertEqual(self.codes(s), wanted)


class Chaos(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-chaos-")
        cls.seed = setting("SEED", int(time.time()))
        cls.path = os.path.join(cls.top, "history")
        cls.writer = history.Writer(cls.path)
        print("# seed %d, %d nodes" % (cls.seed, setting("NODES", 3)), flush=True)
        cls.swarm = swarm.Swarm(sys.argv[1:3], cls.top, setting("NODES", 3), cls.seed, cls.writer)

    @classmethod
    def tearDownClass(cls):
        keep = os.environ.get("READBACK_CHAOS_KEEP")
        if keep:
            os.makedirs(keep, exist_ok=True)
            for n in cls.swarm.nodes:
                shutil.copy(n.log, keep)
            shutil.copy(cls.path, keep)
            if os.path.exists(os.path.join(cls.top, "end")):
                shutil.copytree(os.path.join(cls.top, "end"), os.path.join(keep, "end"), dirs_exist_ok=True)
        cls.swarm.close()
        cls.writer.close()
        shutil.rmtree(cls.top)

    def test_1_channel(self):
        self.swarm.found()

    def test_2_chaos(self):
        s, began = self.swarm, time.monotonic()
        nodes = len(s.nodes)
        kills = setting("KILLS", 30)
        s.chaos(setting("SECONDS", 30), pause=setting("PAUSE", 350 if nodes < 6 else 250) / 1000,
                load_pause=0.25 if nodes < 6 else 0.8, kills=kills, most=setting("MOST", 300))
        print("# %.0f s: %s" % (time.monotonic() - began, s.summary()), flush=True)
        self.assertGreaterEqual(s.counts["kills"], kills)
        self.assertEqual(s.missing(), [], "of this there was nothing")
        for n in s.nodes:
            self.assertGreater(len(n.records), 0, n.handle)

    def test_3_all_the_same(self):
        began = time.monotonic()
        self.__class__.clients = self.swarm.settle(120 if len(self.swarm.nodes) < 6 else 600)
        print("# the same everywhere after %.0f s" % (time.monotonic() - began), flush=True)

    def test_4_history(self):
        """nothing that was acknowledged or receipted is gone, no feed forked, no cosignature was taken back"""
        s, folder = self.swarm, os.path.join(self.top, "end")
        s.collect(self.clients, folder)
        for n in s.nodes:
            s.sample(n)
            self.assertEqual([p for p in n.api.get("/v1/doctor")["problems"] if p["code"] == "fork"], [])
        events, copies = history.read_history(self.path), history.read_copies(folder)
        c = history.Check(events, copies)
        self.assertEqual(c.all(), [])
        self.assertGreater(len(c.receipts), 20)
        self.assertGreater(sum(e["what"] == "held" for e in events), 0)
        print("# %d events, %d leaves, %d cosignatures" % (len(events), sum(len(x.leaves) for x in c.longest.values()), len(set(c.receipts))))
        self.found_out(events, copies)

    def found_out(self, events, copies):
        """and were it otherwise, it would be found: the same history with one thing wrong"""
        node, author = self.swarm.nodes[0].handle, self.swarm.nodes[1]
        origin = next(o for o in copies[node] if author.card.hash in o)
        good = copies[node][origin]
        copies[node][origin] = cut_off(good, len(good.leaves) // 2)
        self.assertTrue({"lost", "receipt"} <= {c for c, _ in check(events, copies)})
        leaves = list(good.leaves)
        leaves[len(leaves) // 2] = leaves[len(leaves) // 2][:-1] + b"?"
        copies[node][origin] = Copy(leaves, good.note)
        self.assertTrue({"changed", "receipt"} <= {c for c, _ in check(events, copies)})
        copies[node][origin] = good
        first = next(e for e in events if e["what"] == "signed" and e["use"] == "mirror" and e["size"] > 3)
        again = dict(first, size=first["size"] - 1)
        self.assertIn("taken-back", {c for c, _ in check(events + [again], copies)})

    def test_5_end(self):
        """they end as they should, and no sanitizer had a word to say"""
        for n in self.swarm.nodes:
            n.stop()
            text = swarm.read(n.log)
            for word in (b"runtime error", b"AddressSanitizer", b"Assertion"):
                self.assertNotIn(word, text, n.handle)


if __name__ == "__main__":
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite([load(Checker), load(Chaos)])
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
