#!/usr/bin/python3
"""Fails every call once: memory, files, their sync, SQLite; while a home is made, a daemon starts, a record is
sent, one is received, a channel is exported. Whatever fails: no crash and no hang, a sentence says what it was,
nothing that was acknowledged is lost, the head file and the database agree, and the same thing done again is done.

usage: test_fault.py READBACK READBACKD READBACK_VERIFY SHIM [unittest's arguments]
Environment: READBACK_FAULT_ALL=1 every N of every sort (hours; of the thousands that OpenSSL asks for 200) instead
of a sample;
READBACK_FAULT_TIMES: the sample so many times as large (1); READBACK_FAULT_SEED (printed; 1, ./check takes it from the
commit, so that in time other N are tried, and those of a commit can be tried again). To look at one: READBACK_FAULT_SORT=memory,sync READBACK_FAULT_N=17,18
READBACK_FAULT_HOW="from then on" (or "once") and READBACK_FAULT_TRACE=1, which has each failing call say where it came from."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import fault as f
from fault import FAILED, IN_LIBRARY, NOBODY, OK, Party, Programs, SORTS, agree, environment, sample, until

ALL = bool(os.environ.get("READBACK_FAULT_ALL"))
SEED = int(os.environ.get("READBACK_FAULT_SEED", "1"))
TIMES = int(os.environ.get("READBACK_FAULT_TIMES", "1"))
ONLY = os.environ.get("READBACK_FAULT_SORT", "").split(",") if os.environ.get("READBACK_FAULT_SORT") else list(SORTS)
ONE = [int(n) for n in os.environ.get("READBACK_FAULT_N", "").split(",") if n]
AFTER = {"once": 0, "from then on": f.FOREVER}
HOW = os.environ.get("READBACK_FAULT_HOW", "").split(",") if os.environ.get("READBACK_FAULT_HOW") else list(AFTER)


def tally(what, sort, how, ran, total, outcomes):
    """one line a pass: what a long run is made for"""
    print("%-8s %-7s %-12s %d of %d: %s" % (what, sort, how, ran, total, ", ".join("%d %s" % (n, w) for w, n in sorted(outcomes.items()))),
          file=sys.stderr, flush=True)


class Case(unittest.TestCase):
    budget = {}  # sort: how many N of it are tried in a short run, each once and from then on
    always = {}  # sort: N that are tried besides

    def passes(self):
        """(sort's name, how, N, after) of each run; `self.total` by a run with nothing failing"""
        self.assertTrue(self.totals["memory"] and self.totals["write"], "shim.c is not in front of the programs")
        for sort in ONLY:
            for how in HOW:
                after = AFTER[how]
                total = self.totals.get(sort, 0)
                want = total if ALL and sort != "crypto" else 200 if ALL else TIMES * self.budget.get(sort, 0)
                if sort == "torn" and how == "once":
                    continue  # a full disk stays full
                numbers = sample(total, want, "%d %s %s" % (SEED, sort, how)) if want else []
                numbers = ONE or sorted({*self.always.get(sort, ()), *numbers})
                outcomes = {}
                for n in numbers:
                    yield sort, n, after, outcomes
                if numbers:
                    tally(self.what, sort, how, len(numbers), total, outcomes)

    def note(self, outcomes, word):
        outcomes[word] = outcomes.get(word, 0) + 1


def sentence(r):
    """an error that a person reads"""
    return re.search(r"[A-Za-z]{2,} .*[A-Za-z]{2,}", r) is not None


class Init(Case):
    """6.10.3: a home appears piece by piece, each whole or not at all; a second try takes up what is there"""
    what = "init"
    budget = {"memory": 2, "write": 2, "sync": 1, "open": 1, "name": 1, "torn": 1}

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="readback-fault-")
        self.party = Party(self.top, "alfa")
        self.home = os.path.join(self.top, "home")
        self.again()
        self.totals = {name: self.party.fault.seen(n) for name, n in SORTS.items()}

    def tearDown(self):
        self.party.kill()
        shutil.rmtree(self.top)

    def init(self, fault):
        return self.party.run("init", "--handle", "alfa", "--address", "127.0.0.1:%d" % self.party.port, fault=fault, home=self.home)

    def again(self):
        shutil.rmtree(self.home, ignore_errors=True)
        self.party.fault.arm(0, 0)
        r = self.init(self.party.fault)
        assert r.returncode == OK, r.stderr

    def test(self):
        for sort, n, after, outcomes in self.passes():
            with self.subTest(sort=sort, n=n, after=after):
                shutil.rmtree(self.home, ignore_errors=True)
                self.party.fault.arm(SORTS[sort], n, after)
                r = self.init(self.party.fault)
                self.assertIn(r.returncode, (OK, FAILED, IN_LIBRARY), r.stderr)
                self.assertTrue(r.returncode != FAILED or sentence(r.stderr), "no word: %r" % r.stderr)
                self.note(outcomes, {OK: "went on", FAILED: "refused", IN_LIBRARY: "died in a library"}[r.returncode])
                made = os.path.exists(os.path.join(self.home, "card.cose"))
                self.assertTrue(made or r.returncode != OK)
                if not made:
                    again = self.init(None)
                    self.assertEqual(again.returncode, OK, "%s\nthen: %s" % (r.stderr, again.stderr))
                card = self.party.run("card", home=self.home)
                self.assertEqual(card.returncode, OK, card.stderr)
                left = [x for x in os.listdir(self.home) + os.listdir(os.path.join(self.home, "keys")) if x.endswith((".new", ".tmp"))]
                self.assertEqual(left, [] if not made or r.returncode == OK else left)
                keys = os.listdir(os.path.join(self.home, "keys"))
                self.assertEqual([k for k in keys if os.path.getsize(os.path.join(self.home, "keys", k)) == 0], [])


class Line(Case):
    """two parties with a channel that has a history"""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-fault-")
        cls.n, cls.s = cls.parties = [Party(cls.top, h) for h in ("northland", "southland")]
        for p in cls.parties:
            p.ok("init", "--handle", p.handle, "--address", "127.0.0.1:%d" % p.port)
            p.start()
            p.card = os.path.join(cls.top, p.handle + ".card")
            p.ok("card", "--out", p.card)
            p.fingerprint = p.json("fingerprint")["fingerprint"]
        cls.n.ok("accredit", cls.s.card, "--fingerprint", cls.s.fingerprint)
        cls.s.ok("accredit", cls.n.card, "--fingerprint", cls.n.fingerprint)
        cls.channel = json.loads(cls.n.ok("channel", "propose", "--exercise", "--title", "Line", "--member", "southland", "--yes",
                                          "--json").stdout)["channel"]
        until(lambda: cls.s.json("inbox")["invitations"], "the invitation")
        cls.s.ok("channel", "accept", cls.channel, "--yes")
        for p in cls.parties:
            until(lambda p=p: p.json("channel", "show")["state"] == "in-force", "the charter in force")
        cls.members = {h: i for i, h in enumerate(cls.hashes())}
        for i in range(3):
            for p in cls.parties:
                cls.say(p, "history %d" % i)
        cls.settle()

    @classmethod
    def tearDownClass(cls):
        for p in cls.parties:
            p.kill()
        shutil.rmtree(cls.top)

    @classmethod
    def hashes(cls):
        """party key hashes in the order of the members: the founder is the first"""
        for p in cls.parties:
            own = [o.split("/")[2] for use, o in f.heads_of(p.home) if use == "log"]
            assert len(set(own)) == 1
            yield own[0]

    @classmethod
    def say(cls, p, text):
        """a record; whether its release was answered well"""
        r = p.run("statement", "--title", "x", "--text", text, "--yes", "--json")
        if r.returncode == OK:
            record = json.loads(r.stdout)["record"]
            assert record, "an answer without the record: %s" % r.stdout
            p.said.add(record)
        return r

    @classmethod
    def same(cls):
        """both hold the same of both feeds"""
        a, b = (f.feeds_of(p.home) for p in cls.parties)
        return a == b and [f.heads_of(p.home).get(("mirror", o)) == f.heads_of(q.home).get(("log", o))
                           for p, q in ((cls.n, cls.s), (cls.s, cls.n))
                           for use, o in f.heads_of(q.home) if use == "log"] == [True, True]

    @classmethod
    def settle(cls):
        until(cls.same, lambda: cls.told("both hold the same"), pause=0.1)

    @classmethod
    def told(cls, name):
        """what each holds, and the end of what it said"""
        out = [name]
        for p in cls.parties:
            heads = ["%s %s/%s %d" % (use, o.split("/")[2][:6], o.split("/")[3], size) for (use, o), (size, _) in f.heads_of(p.home).items()]
            feeds = ["member %d epoch %d: %d leaves" % (k[1], k[2], len(v)) for k, v in f.feeds_of(p.home).items()]
            out.append("--- %s: %s\n%s" % (p.handle, "; ".join(heads + feeds), p.tail()[-3000:]))
        return "\n".join(out)

    def holds(self, p):
        """what must hold of a home at any time"""
        leaves = set()
        for hashes in agree(p, self.members).values():
            leaves |= {h.hex() for h in hashes}
        self.assertEqual(p.said - leaves, set(), "acknowledged by %s, and lost" % p.handle)
        with open(p.log, "rb") as log:
            self.assertNotIn(b"AddressSanitizer", log.read())

    def whole(self):
        """an outsider's view: exported by both, judged by readback-verify"""
        for p in self.parties:
            folder = os.path.join(self.top, "out-" + p.handle)
            shutil.rmtree(folder, ignore_errors=True)
            r = p.run("export", folder)
            if r.returncode == NOBODY:  # it was about to stop when it was looked at last
                until(lambda p=p: self.revive(p), "its end")
                shutil.rmtree(folder, ignore_errors=True)
                r = p.run("export", folder)
            self.assertEqual(r.returncode, OK, r.stdout + r.stderr + p.tail())
            r = subprocess.run([Programs.verify, folder], capture_output=True, text=True, env=environment(None), timeout=f.WAIT_S)
            self.assertEqual(r.returncode, OK, r.stdout + r.stderr)

    def count(self, what):
        """calls of each sort while `what` runs with nothing failing"""
        self.victim.fault.arm(0, 0)
        what()
        self.totals = {name: self.victim.fault.seen(n) for name, n in SORTS.items()}

    def revive(self, p):
        """after whatever happened: it runs, with nothing failing; whether it had ended"""
        p.fault.disarm()
        if p.alive() and not p.stopping():
            return False
        self.assertIn(p.end(asked=False), (OK, FAILED, IN_LIBRARY))
        p.start()
        return True


class Start(Line):
    """a daemon that starts with a history, and one that ended in the middle of work"""
    what = "start"
    budget = {"memory": 2, "write": 2, "sync": 2, "open": 2, "read": 2, "name": 1, "sqlite": 3, "torn": 1, "crypto": 1}

    def setUp(self):
        self.victim = self.n
        self.n.end()
        self.count(lambda: self.assertTrue(self.n.begin()))

    def test(self):
        for sort, n, after, outcomes in self.passes():
            with self.subTest(sort=sort, n=n, after=after):
                self.n.end()
                self.n.fault.arm(SORTS[sort], n, after)
                ready = self.n.begin()
                self.n.fault.disarm()
                code = self.n.end(asked=ready)
                self.assertTrue(code != FAILED or sentence(self.n.words()), "no word")
                self.note(outcomes, "died in a library" if code == IN_LIBRARY else "refused" if not ready
                          else "went on" if code == OK else "started and stopped")
                self.assertTrue(ready or code != OK, "not ready, and status 0")
                self.n.start()
                self.assertEqual(self.n.json("channel", "list")["channels"][0]["channel"], self.channel)
                self.holds(self.n)
        for p in self.parties:
            self.assertEqual(self.say(p, "after all").returncode, OK)
        self.settle()
        self.whole()


class Moving(Line):
    """a record goes from north to south, while calls of the victim fail"""

    def one(self, text):
        """a record is said and held by the other one, or the victim ended"""
        r = self.say(self.n, text)
        if r.returncode == OK:
            until(lambda: not self.victim.alive() or self.same(), lambda: self.told("held"))
        return r

    def again(self, text):
        """what was refused, with nothing failing; a node that is about to stop may refuse once more"""
        self.died |= self.revive(self.victim)
        return self.say(self.n, text).returncode == OK

    def alike(self):
        """both hold the same; a node that was about to stop when it was looked at is started when it has"""
        self.died |= self.revive(self.victim)
        return self.same()

    def setUp(self):
        self.settle()
        self.count(lambda: self.assertEqual(self.one("counted").returncode, OK))

    def test(self):
        number = 0
        for sort, n, after, outcomes in self.passes():
            number += 1
            with self.subTest(sort=sort, n=n, after=after):
                text = "number %d" % number
                self.victim.fault.arm(SORTS[sort], n, after)
                r = self.say(self.n, text)
                if after and r.returncode == OK:  # what fails for good is given some time to do harm
                    end = time.monotonic() + 0.5
                    until(lambda: not self.victim.alive() or self.same() or time.monotonic() > end, "")
                    self.victim.fault.disarm()
                if r.returncode == OK:
                    until(lambda: not self.victim.alive() or self.same(), lambda: self.told("held"))
                else:
                    self.assertIn(r.returncode, (FAILED, NOBODY), r.stderr)
                    self.assertTrue(sentence(r.stderr), "no word: %r" % r.stderr)
                self.died = self.revive(self.victim)
                if r.returncode != OK:
                    until(lambda text=text: self.again(text), lambda: self.told("said again"))
                until(self.alike, lambda: self.told("both hold the same"), pause=0.1)
                self.note(outcomes, "not met" if not self.victim.fault.fired() else "stopped" if self.died else "refused" if r.returncode else "went on")
                for p in self.parties:
                    self.holds(p)
        self.whole()


class Send(Moving):
    what = "send"
    budget = {"memory": 3, "write": 2, "sync": 2, "read": 1, "sqlite": 3, "torn": 1}

    def setUp(self):
        self.victim = self.n
        super().setUp()


class Receive(Moving):
    what = "receive"
    budget = {"memory": 2, "write": 2, "sync": 2, "sqlite": 3, "torn": 1}

    def setUp(self):
        self.victim = self.s
        super().setUp()


class Export(Line):
    what = "export"
    budget = {"memory": 2, "write": 2, "sync": 1, "open": 1, "name": 1, "sqlite": 1, "torn": 1}
    always = {"memory": (1, 10)}  # the caller's connection, and its request: the event library's own

    def export(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        r = self.n.run("export", self.folder)
        if "remove it first" not in r.stderr:
            return r
        shutil.rmtree(self.folder + ".partial")  # an export that was cut short says what to do
        return self.n.run("export", self.folder)

    def again(self):
        """with nothing failing; a node that is about to end may leave its caller once more"""
        self.revive(self.n)
        r = self.export()
        self.assertTrue(r.returncode in (OK, NOBODY) or "did not answer" in r.stderr, r.stderr + self.n.tail()[-2000:])
        return r.returncode == OK

    def verify(self):
        return subprocess.run([Programs.verify, self.folder], capture_output=True, text=True, env=environment(None), timeout=f.WAIT_S)

    def files(self):
        """what sorts of files it has; logs grow from one export to the next"""
        return {re.sub(r"\d+", "0", os.path.relpath(os.path.join(top, name), self.folder))
                for top, _, names in os.walk(self.folder) for name in names}

    def setUp(self):
        self.victim = self.n
        self.folder = os.path.join(self.top, "export")
        self.count(lambda: self.assertEqual(self.export().returncode, OK))

    def test(self):
        for sort, n, after, outcomes in self.passes():
            with self.subTest(sort=sort, n=n, after=after):
                self.n.fault.arm(SORTS[sort], n, after)
                r = self.export()
                self.assertIn(r.returncode, (OK, FAILED, NOBODY), r.stderr)
                self.assertTrue(r.returncode == OK or sentence(r.stderr), "no word: %r" % r.stderr)
                self.note(outcomes, "stopped" if self.revive(self.n) else "refused" if r.returncode else "went on")
                if r.returncode != OK:
                    # what is left of it is no export that somebody could take for a whole one
                    left, verifies = self.files(), self.verify().returncode == OK
                    until(self.again, lambda r=r: self.told("exported again\n%s" % r.stderr))
                    self.assertTrue(not verifies or left >= self.files(), "half an export verifies")
                good = self.verify()
                self.assertEqual(good.returncode, OK, good.stdout + good.stderr)
                self.holds(self.n)


def load_tests(loader, tests, pattern):
    """the operations; what they build on are no tests by themselves"""
    return unittest.TestSuite(loader.loadTestsFromTestCase(c) for c in (Init, Start, Send, Receive, Export))


if __name__ == "__main__":
    Programs.readback, Programs.readbackd, Programs.verify, Programs.shim = [os.path.abspath(p) for p in sys.argv[1:5]]
    print("READBACK_FAULT_SEED=%d READBACK_FAULT_TIMES=%d" % (SEED, TIMES), file=sys.stderr)
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]], verbosity=2)
