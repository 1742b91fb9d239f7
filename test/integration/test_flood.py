#!/usr/bin/python3
"""A member that floods, beside FLASH of honest ones. charlie, from the files of its home, pushes and asks as fast as it
is let, over many connections, at alfa and bravo both, while each of these says FLASH and shows that the other
holds it. Times are printed, beside those of a FLASH just before while charlie's process stood still, so that whatever
else the machine does is in both; and how much of each was waiting for a processor: time in which alfa, bravo or this
program could have run and another did, charlie's program among them, which elsewhere would have a machine of its own.
READBACK_FLOOD_TRIES of each (3), READBACK_FLOOD_LEAVES (10000). Usage: test_flood.py READBACK READBACKD"""
import json
import os
import shutil
import signal
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

TRIES = int(os.environ.get("READBACK_FLOOD_TRIES", "3"))
LEAVES = int(os.environ.get("READBACK_FLOOD_LEAVES", "10000"))


def waited(pids):
    """seconds in which these could have run and another did; 0 where the kernel does not count"""
    try:
        return sum(int(swarm.read("/proc/%d/schedstat" % p).split()[1]) for p in pids) / 1e9
    except OSError:
        return 0


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
        assert self.process.stdout.readline() == "going\n"
        return self

    def still(self, whether):
        """its program stands still, or goes on; a moment later what it did before is over"""
        self.process.send_signal(signal.SIGSTOP if whether else signal.SIGCONT)
        time.sleep(0.15)

    def __exit__(self, *why):
        self.process.terminate()
        self.told = json.loads(self.process.communicate(timeout=60)[0])


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
        shutil.rmtree(cls.top)

    def keep(self, **what):
        for name, value in what.items():
            setattr(Flooded, name, value)

    def flash(self, n, other):
        """seconds until n shows that the other holds a FLASH record that n's officer releases now, and how many of
        them were waiting for a processor, those that two of us waited at once counted twice"""
        pids = (n.daemon.pid, other.daemon.pid, os.getpid())
        before, begun = waited(pids), time.monotonic()
        record = n.officer.release(n.api, swarm.statement(self.channel, "stop", precedence="FLASH"))
        self.assertTrue(record)
        swarm.until(lambda: other.handle in swarm.held_by(n, record), "FLASH of %s is held" % n.handle, 120, 0.002)
        return time.monotonic() - begun, waited(pids) - before

    def measure(self, words, flood):
        """FLASH from each to the other in turn, while the flood stands still and while it goes: each is held,
        whatever else goes on. Times are printed alone."""
        rest, took = [], []
        for _ in range(TRIES):
            for pair in ((self.alfa, self.bravo), (self.bravo, self.alfa)):
                flood.still(True)
                rest.append(self.flash(*pair))
                flood.still(False)
                took.append(self.flash(*pair))
        middle, quiet = ([1000 * statistics.median(x) for x in zip(*times)] for times in (took, rest))
        print("# FLASH %s: median %.0f ms, of it %.0f waiting for a processor; at rest %.0f, %.0f; %.1f times; at most "
              "%.0f ms" % (words, *middle, *quiet, middle[0] / quiet[0], 1000 * max(took)[0]), flush=True)

    def beside(self, words, requests, ways, answers, least=True):
        """the same while charlie sends these over so many connections to each; what it is answered.
        least: some of it is as it should be"""
        ports = [self.alfa.port, self.bravo.port]
        with Flood(self.m, self.top, ports, [{"requests": requests, "again": True}] * ways) as f:
            self.measure(words, f)
        print("# it was answered", f.told, flush=True)
        if least:
            self.assertGreater(sum(n for status, n in f.told["answers"].items() if status in answers), 0)
        self.assertLessEqual(set(f.told["answers"]), set(answers) | {"ended", "503"})
        for n in (self.alfa, self.bravo):
            self.assertTrue(n.runs())
            self.assertNotIn(b"runtime error", swarm.read(n.log))

    def file(self, name, data):
        path = os.path.join(self.top, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def held(self):
        """leaves of charlie's that each says to hold"""
        heads = [peer.read_heads(self.m.clients[n.handle].get("/rb/v1/heads?channel=" + self.channel).body)
                 for n in (self.alfa, self.bravo)]
        return [size for told in heads for origin, size, _ in told if origin == self.m.origin]

    def test_1_enter(self):
        for n in self.nodes.values():
            n.start()
        swarm.introduce(list(self.nodes.values()), self.top)
        channel = swarm.found_channel(self.alfa, [self.bravo, self.charlie], "--receipt-every", "1s")
        self.keep(channel=channel)
        self.charlie.stop()
        m = hostile.Member(self.charlie, self.top, {n.handle: n.card for n in (self.alfa, self.bravo)},
                           {n.handle: n.port for n in (self.alfa, self.bravo)}, "alfa")
        m.enter(channel, "alfa")
        self.keep(m=m)
        swarm.until(lambda: self.held() == [len(m.own.leaves)] * 2, "both hold what charlie said", 60)
        self.flash(self.alfa, self.bravo)

    def pushes(self, leaves, packages):
        """files of one push each, of so many packages at most, that bring all of these"""
        m, out = self.m, []
        start = at = len(m.own.leaves)
        m.own.append(leaves)
        size, hashes = len(m.own.leaves), m.own.hashes
        note = m.checkpoint()
        while start < size:
            add = peer.make_add_checkpoint(at, peer.subtree_proof(0, at, hashes) if at < size else [], note)
            body = peer.make_push(b"", add, peer.make_entries(m.origin, start, m.own.leaves, hashes, limit=packages))
            out.append(self.file("push-%d" % start, post(PUSH, body)))
            start, at = min((start // 256 + packages) * 256, size), size
        return out

    def rest_of_it(self, packages):
        """what was not taken yet is, of so many packages in a push"""
        m = self.m
        size, hashes = len(m.own.leaves), m.own.hashes
        for handle, client in m.clients.items():
            start = at = size
            status = 0
            while status != 200:
                add = peer.make_add_checkpoint(at, peer.subtree_proof(0, at, hashes) if at < size else [], m.checkpoint())
                a = client.post(PUSH, peer.make_push(b"", add, peer.make_entries(
                    m.origin, start, m.own.leaves, hashes, limit=packages)))
                status = a.status
                self.assertIn(status, (200, 202, 409), a.body)
                if status != 200:
                    at, start, _ = peer.read_info(a.body)
        self.assertEqual(self.held(), [size] * 2)

    def test_2_leaves(self):
        """10,000 of them in pushes as large as may be, again and again; and all of them are taken"""
        m = self.m
        pushes = self.pushes([m.me.test_record(self.channel, m.origin, 1000 + i) for i in range(LEAVES)], 32)
        self.beside("beside %d leaves" % LEAVES, pushes, 8, ("200", "202", "409"))
        self.rest_of_it(4)

    def test_3_large(self):
        """packages of 15 MB"""
        m, pushes = self.m, []
        for count in (256 - len(m.own.leaves) % 256, 256):
            pushes += self.pushes([os.urandom(60000) for _ in range(count)], 1)
        self.beside("beside packages of 15 MB", pushes, 2, ("200", "202", "409"))
        self.rest_of_it(1)

    def test_4_reading(self):
        origin = peer.sha256(self.m.origin.encode()).hex()
        asks = [self.file("feed", get("/rb/v1/feed?origin=%s&from=0" % origin)),
                self.file("tile", get("/mirror/%s/tile/entries/%03d" % (origin, len(self.m.own.leaves) // 256 - 1))),
                self.file("heads", get("/rb/v1/heads?channel=" + self.channel)), self.file("nothing", get("/nothing"))]
        for words, ask, ways in (("a feed", asks[0], 8), ("a tile of 15 MB", asks[1], 4), ("heads", asks[2], 30)):
            # where all is slow no whole tile may have been sent yet
            self.beside("beside asking for " + words, [ask], ways, ("200",), ask != asks[1])
        self.beside("beside asking for nothing", asks[3:], 30, ("404",))

    def test_5_the_end(self):
        """all that was said in honesty is there, alike"""
        at = "/v1/channels/%s/situation?at=2040-01-01T00:00:00Z" % self.channel
        swarm.until(lambda: self.alfa.api.get(at)["digest"] == self.bravo.api.get(at)["digest"], "the same situation", 120)
        for n in (self.alfa, self.bravo):
            n.stop()


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Flooded)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
