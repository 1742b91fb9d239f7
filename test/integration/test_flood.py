#!/usr/bin/python3
"""A member that floods, beside FLASH of honest ones. charlie, from the files of its home, pushes and asks as fast as it
is let, over many connections, at alfa and bravo both, while each of these says FLASH and shows that the other
holds it. Usage: test_flood.py READBACK READBACKD"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
import hostile  # noqa: E402
import peer  # noqa: E402
import swarm  # noqa: E402
from hostile import PUSH, get, post  # noqa: E402
from test_cli import Tap  # noqa: E402

TRIES = int(os.environ.get("READBACK_FLOOD_TRIES", "7"))
LEAVES = int(os.environ.get("READBACK_FLOOD_LEAVES", "10000"))


class Flood:
    """the same plan at each of these ports, by a process of its own"""

    def __init__(self, m, folder, ports, ways):
        self.plan = os.path.join(folder, "plan.json")
        with open(self.plan, "w", encoding="utf-8") as f:
            json.dump([dict(w, port=p) for p in ports for w in ways], f)
        self.words = [sys.executable, os.path.join(HERE, "py", "flood.py"), m.me.certificate,
                      m.me.tls_key, hostile.SOURCE, self.plan]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(19))
        return self

    def __exit__(self, *why):
        self.process.terminate()
        self.told = json.loads(self.process.communicate(timeout=30)[0])


class Flooded(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-flood-")
        handles = ("alfa", "bravo", "charlie")
        cls.nodes = dict(zip(handles, (swarm.Node(sys.argv[1:3], cls.top, h, p)
                                       for h, p in zip(handles, swarm.free_ports(3)))))
        cls.alfa, cls.bravo, cls.charlie = cls.nodes.values()

    @classmethod
    def tearDownClass(cls):
        for n in cls.nodes.values():
            n.kill()
        if not os.environ.get("KEEP"):
            shutil.rmtree(cls.top)

    def keep(self, **what):
        for name, value in what.items():
            setattr(Flooded, name, value)

    def flash(self, n, other):
        """seconds until n shows that the other holds a FLASH record that n's officer releases now"""
        begun = time.monotonic()
        record = n.officer.release(n.api, swarm.statement(self.channel, "stop", precedence="FLASH"))
        self.assertTrue(record)
        swarm.until(lambda: other.handle in swarm.held_by(n, record), "FLASH of %s is held" % n.handle, 120, 0.002)
        return time.monotonic() - begun

    def measure(self, words):
        took = []
        for _ in range(TRIES):
            for pair in ((self.alfa, self.bravo), (self.bravo, self.alfa)):
                took.append(self.flash(*pair))
                time.sleep(0.1)
        print("# FLASH %s: median %.0f ms, at most %.0f ms" % (words, 1000 * statistics.median(took), 1000 * max(took)), flush=True)
        return took

    def file(self, name, data):
        path = os.path.join(self.top, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def test_1_at_rest(self):
        for n in self.nodes.values():
            n.start()
        swarm.introduce(list(self.nodes.values()), self.top)
        channel = swarm.found_channel(self.alfa, [self.bravo, self.charlie], "--receipt-every", "1s")
        self.keep(channel=channel)
        time.sleep(3)
        self.charlie.stop()
        m = hostile.Member(self.charlie, self.top, {n.handle: n.card for n in (self.alfa, self.bravo)},
                           {n.handle: n.port for n in (self.alfa, self.bravo)}, "alfa")
        m.enter(channel, "alfa")
        self.keep(m=m)
        self.flash(self.alfa, self.bravo)
        self.keep(rest=self.measure("at rest"))

    def pushes(self, leaves):
        """files of one push each that bring all of them, of 8,192 leaves at most"""
        m, out = self.m, []
        old = len(m.own.leaves)
        m.own.append(leaves)
        size, hashes = len(m.own.leaves), m.own.hashes
        note = m.checkpoint()
        start, at = old, old
        while start < size:
            add = peer.make_add_checkpoint(at, peer.subtree_proof(0, at, hashes) if at < size else [], note)
            body = peer.make_push(b"", add, peer.make_entries(m.origin, start, m.own.leaves, hashes, limit=32))
            out.append(self.file("push-%d" % start, post(PUSH, body)))
            start, at = min((start // 256 + 32) * 256, size), size
        return out

    def test_2_leaves(self):
        m = self.m
        leaves = [m.me.test_record(self.channel, m.origin, 1000 + i) for i in range(LEAVES)]
        pushes = self.pushes(leaves)
        with Flood(m, self.top, [self.alfa.port, self.bravo.port], [{"requests": pushes, "again": True}] * 8) as f:
            self.measure("beside %d leaves" % LEAVES)
        print("#", f.told)

    def test_3_large(self):
        m = self.m
        leaves = [os.urandom(60000) for i in range(256 - len(m.own.leaves) % 256 + 256 * 6)]
        pushes = []
        for i in range(0, len(leaves), 256):
            pushes += self.pushes(leaves[i:i + 256])
        with Flood(m, self.top, [self.alfa.port, self.bravo.port], [{"requests": pushes, "again": True}] * 8) as f:
            self.measure("beside packages of 15 MB")
        print("#", f.told)

    def test_4_reading(self):
        m = self.m
        h = peer.sha256(m.origin.encode()).hex()
        asks = [self.file("feed", get("/rb/v1/feed?origin=%s&from=0" % h)), self.file("tile", get("/mirror/%s/tile/entries/041" % h))]
        with Flood(m, self.top, [self.alfa.port, self.bravo.port], [{"requests": asks[:1], "again": True}] * 8) as f:
            self.measure("beside reading feed")
        print("#", f.told)
        with Flood(m, self.top, [self.alfa.port, self.bravo.port], [{"requests": asks[1:], "again": True}] * 8) as f:
            self.measure("beside reading tile")
        print("#", f.told)

    def test_5_small(self):
        m = self.m
        asks = [self.file("heads", get("/rb/v1/heads?channel=" + self.channel))]
        with Flood(m, self.top, [self.alfa.port, self.bravo.port], [{"requests": asks, "again": True}] * 30) as f:
            self.measure("beside heads")
        print("#", f.told)
        asks = [self.file("nothing", get("/nothing"))]
        with Flood(m, self.top, [self.alfa.port, self.bravo.port], [{"requests": asks, "again": True}] * 30) as f:
            self.measure("beside 404s")
        print("#", f.told)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Flooded)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
