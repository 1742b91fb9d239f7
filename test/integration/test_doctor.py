#!/usr/bin/python3
"""What doctor says of lines that are really broken: real daemons, each fault made, and what both sides say of it. And every
code that the program has stands in spec/openapi.yaml and readback-operation(7). A timing is never a test.
Usage: test_doctor.py READBACK READBACKD"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE]
from test_cli import READBACKD, Party, Tap, free_port, read, until  # noqa: E402

PATIENCE = 120


def settings(p, port, more=""):
    """where its node listens, whatever its card says"""
    path = os.path.join(p.home, "config.ini")
    with open(path, "w", encoding="utf-8") as f:
        f.write("[peer]\nlisten = 127.0.0.1:%d\n%s" % (port, more))
    os.chmod(path, 0o600)


def start_with_clock(p, off_ms):
    with open(p.home + ".log", "a", encoding="utf-8") as log:
        p.daemon = subprocess.Popen(
            [READBACKD, "--home", p.home, "--exercise-clock"], stdout=subprocess.DEVNULL, stderr=log,
            env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0", READBACK_TEST_CLOCK_OFFSET_MS=str(off_ms)))
    until(lambda: p.run("status").returncode == 0, "the daemon of " + p.handle, PATIENCE)


class Doctor(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-doctor-")
        cls.alfa, cls.bravo, cls.charlie = cls.parties = [Party(cls.top, h) for h in ("alfa", "bravo", "charlie")]
        cls.others = []

    @classmethod
    def tearDownClass(cls):
        for p in cls.parties + cls.others:
            p.stop()
        shutil.rmtree(cls.top)

    def card(self, p):
        path = os.path.join(self.top, p.handle + ".card")
        if not os.path.exists(path):
            p.ok("card", "--out", path)
        return path, p.json("fingerprint")["fingerprint"]

    def accredit(self, p, other):
        path, fingerprint = self.card(other)
        p.ok("accredit", path, "--fingerprint", fingerprint)

    def stranger(self, handle):
        p = Party(self.top, handle)
        self.others.append(p)
        p.start()
        self.card(p)
        return p

    def words(self, p, precedence="ROUTINE"):
        """something is said, so that its lines are tried"""
        return p.json("statement", "Line", "--title", "x", "--text", "x", "--precedence", precedence, "--yes")["record"]

    def finding(self, p, code, name=""):
        """waited for: what doctor says under this code, of this party"""
        def look():
            return [x for x in p.json("doctor")["problems"] if x["code"] == code and name in x["sentence"]]
        try:
            found = until(look, code, PATIENCE)
        except AssertionError:
            raise AssertionError("%s says: %s" % (p.handle, json.dumps(p.json("doctor"), indent=1)))
        self.assertEqual(len(found), 1, found)
        return found[0]

    def gone(self, p, code, name=""):
        until(lambda: not [x for x in p.json("doctor")["problems"] if x["code"] == code and name in x["sentence"]],
              "%s without %s" % (p.handle, code), PATIENCE)

    def check(self, problem, side, sentence, hint):
        self.assertEqual(problem["side"], side, problem)
        self.assertIn(sentence, problem["sentence"])
        self.assertIn(hint, problem["hint"])

    def held(self, record, by):
        return [h for r in self.alfa.json("who-holds", "Line")["records"] if r["record"] == record
                for h in r["holders"] if h["member"] == by and h["held"]]

    def test_00_every_code_is_written_down(self):
        code = read(ROOT, "shell", "api", "doctor.c").decode()
        codes = set(re.findall(r'found\(\s*&?d,\s*"([a-z-]+)"', code))
        self.assertGreater(len(codes), 25)
        spec = read(ROOT, "spec", "openapi.yaml").decode()
        listed = re.search(r"readback-operation\(7\) says what each means\", enum: \[([^]]*)\]", spec)[1].split(", ")
        self.assertEqual(sorted(listed), sorted(codes))
        page = read(ROOT, "man", "readback-operation.7.scd").decode()
        page = page[page.index("each has a code:"):]
        heads = " ".join(x for x in page[:page.index("\n# ", 5)].split("\n") if x.startswith("*"))
        self.assertEqual(sorted(re.findall(r"\*([a-z-]+)\*", heads)), sorted(codes))

    def test_01_well(self):
        for p in self.parties:
            p.start()
        for p in self.parties:
            for other in self.parties:
                if p is not other:
                    self.accredit(p, other)
        a = self.alfa
        channel = a.json("channel", "propose", "--title", "Line", "--exercise", "--member", "bravo", "--member", "charlie",
                         "--yes")["channel"]
        for p in (self.bravo, self.charlie):
            until(lambda: p.json("inbox")["invitations"], "the invitation", PATIENCE)
            p.ok("channel", "accept", channel, "--yes")
        for p in self.parties:
            until(lambda: p.json("channel", "show")["state"] == "in-force", "the charter in force", PATIENCE)
            until(lambda: p.json("doctor")["side"] == "none", "nothing wrong", PATIENCE)
            self.assertIn("Nothing found that is wrong; 2 of 2 parties known here answer.", p.ok("doctor").stdout)

    def test_02_disk(self):
        a = self.alfa
        a.stop()
        settings(a, a.port, "[limits]\ndisk-warning = 16384G\n")
        a.start()
        self.check(self.finding(a, "disk"), "here", "disk of this node's home is nearly full", "make room")
        self.assertGreater(a.json("status")["host"]["disk"]["free"], 0)
        a.stop()
        settings(a, a.port)
        a.start()
        self.assertEqual([x for x in a.json("doctor")["problems"] if x["code"] == "disk"], [])

    def test_03_nobody_at_the_address(self):
        """charlie's node has ended: bravo answers, so it is not our line"""
        self.charlie.stop()
        self.alfa.stop()
        self.alfa.start()
        self.words(self.alfa)
        self.check(self.finding(self.alfa, "link-never", "charlie"), "there", "(refused)", "the address is right")

    def test_04_another_key_at_the_address(self):
        """somebody else listens where charlie's card says that charlie does"""
        x = self.stranger("xray")
        x.stop()
        settings(x, self.charlie.port)
        x.start()
        self.check(self.finding(self.alfa, "pin"), "there", "At the address of charlie answers somebody with another key",
                   "compare the fingerprint by phone")
        x.stop()
        self.charlie.start()
        self.words(self.charlie)
        self.gone(self.alfa, "pin")

    def test_05_who_does_not_know_us(self):
        e = self.stranger("echo")
        self.accredit(self.alfa, e)
        self.alfa.ok("channel", "propose", "--title", "Second", "--member", "echo", "--yes")
        self.check(self.finding(self.alfa, "unknown-to-them"), "there", "echo does not accept our key", "give them our card")
        self.accredit(e, self.alfa)
        until(lambda: e.json("inbox")["invitations"], "the invitation", PATIENCE)
        self.gone(self.alfa, "unknown-to-them")

    def test_06_one_way(self):
        """bravo's node listens elsewhere than its card says: it calls, and cannot be called"""
        b = self.bravo
        b.stop()
        settings(b, free_port())
        b.start()
        said = self.words(b)
        record = self.words(self.alfa)
        until(lambda: [r for r in self.alfa.json("log", "Line", "--kind", "statement")["records"] if r["record"] == said],
              "what bravo says", PATIENCE)
        self.check(self.finding(self.alfa, "one-way", "bravo"), "between", "bravo calls us", "their address and port are open")
        # what is said there and here still comes across (6.18.2)
        until(lambda: self.held(record, "bravo"), "held by bravo", PATIENCE)

    def test_07_not_called(self):
        """the same fault from inside: the others answer bravo, and nobody calls it"""
        self.check(self.finding(self.bravo, "not-called"), "here", "2 parties answer us and none has called us", "our address")
        self.bravo.stop()
        settings(self.bravo, self.bravo.port)
        self.bravo.start()
        self.words(self.alfa)
        self.gone(self.bravo, "not-called")
        self.gone(self.alfa, "one-way")

    def test_08_clocks(self):
        """who of the two is wrong nobody says: alfa sees one clock ahead, charlie sees two behind"""
        c = self.charlie
        c.stop()
        start_with_clock(c, 3600000)
        self.words(self.alfa)
        problem = self.finding(self.alfa, "clock")
        self.check(problem, "between", "The clocks of 1 of 3 parties", "date -u")
        self.assertRegex(problem["sentence"], r"by 59 min or more \(theirs ahead\)|by 60 min or more \(theirs ahead\)")
        self.assertIn("ours is wrong, or theirs is", problem["sentence"])
        self.assertIn("charlie dated", problem["sentence"])
        self.words(c)
        theirs = until(lambda: [x for x in c.json("doctor")["problems"] if x["code"] == "clock" and "2 of 2" in x["sentence"]],
                       "both clocks", PATIENCE)[0]
        self.check(theirs, "between", "(theirs behind): ours is wrong, or theirs are", "date -u")
        c.stop()
        c.start()
        self.words(self.alfa)
        self.gone(self.alfa, "clock")

    def test_09_all_down(self):
        for p in (self.bravo, self.charlie, self.others[-1]):
            p.stop()
        self.alfa.stop()
        self.alfa.start()
        self.words(self.alfa)
        self.check(self.finding(self.alfa, "all-down"), "here", "most likely our own line is down", "own network")
        self.assertIn("waiting", [x["code"] for x in self.alfa.json("doctor")["problems"]])


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Doctor)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
