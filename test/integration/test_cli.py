#!/usr/bin/python3
"""`readback` from outside: two homes, two real daemons over TLS on loopback, every exit code, and bad
input that must leave nothing half done. Usage: test_cli.py READBACK READBACKD [READBACK_VERIFY]"""
import json
import math
import os
import pty
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

READBACK, READBACKD = sys.argv[1], sys.argv[2]
VERIFY = sys.argv[3] if len(sys.argv) > 3 else None
OK, FAILED, USAGE, NOBODY, CONFIRM, SECOND = 0, 1, 2, 3, 4, 5


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


class Party:
    def __init__(self, top, handle, *more):
        self.handle, self.home, self.daemon = handle, os.path.join(top, handle), None
        self.officer = []  # words put before all others
        self.pw = os.path.join(top, handle + ".pw")
        with open(self.pw, "w") as f:
            f.write("words of " + handle + "\n")
        os.chmod(self.pw, 0o600)
        self.port = free_port()
        self.ok("init", "--handle", handle, "--address", "127.0.0.1:%d" % self.port, *more)

    def run(self, *words, stdin=None, env=None):
        e = dict(os.environ, READBACK_PASSPHRASE_FILE=self.pw, READBACK_HOME=self.home)
        e.pop("SSH_AUTH_SOCK", None)
        e.update(env or {})
        return subprocess.run([READBACK, *self.officer, *words], input=stdin, stdin=None if stdin else subprocess.DEVNULL, env=e,
                              capture_output=True, text=True, timeout=60)

    def ok(self, *words, want=OK, **more):
        r = self.run(*words, **more)
        assert r.returncode == want, "%s: %s, %d instead of %d\n%s%s" % (
            self.handle, " ".join(words), r.returncode, want, r.stdout, r.stderr)
        return r

    def json(self, *words):
        return json.loads(self.ok(*words, "--json").stdout)

    def start(self, **more):
        with open(self.home + ".log", "a") as log:
            self.daemon = subprocess.Popen([READBACKD, "--home", self.home], stdout=subprocess.DEVNULL, stderr=log,
                                           # its sandbox has no place for a leak check, where it is built with one
                                           env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"), **more)
        until(lambda: self.run("status").returncode == OK, "the daemon of " + self.handle)

    def stop(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            code = self.daemon.wait(20)
            self.daemon = None
            assert code == 0, "the daemon of %s ended with %d\n%s" % (self.handle, code, read(self.home + ".log").decode()[-4000:])


def until(what, name, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        v = what()
        if v:
            return v
        time.sleep(0.1)
    raise AssertionError("in vain: " + name)


class Line(unittest.TestCase):
    """One channel, carried through from the first card to the export. The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-cli-")
        cls.n = Party(cls.top, "northland", "--name", "en=Northland", "--officer", "duty", "--officer", "chief")
        cls.s = Party(cls.top, "southland")

    @classmethod
    def tearDownClass(cls):
        cls.n.stop()
        cls.s.stop()
        shutil.rmtree(cls.top)

    def test_01_home(self):
        for path, dirs, files in os.walk(self.n.home):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o700)
            for f in files:
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(path, f)).st_mode), 0o600, f)
        keys = set(os.listdir(os.path.join(self.n.home, "keys")))
        self.assertEqual(keys, {"node.pem", "mirror.pem", "tls.pem", "age.txt", "party.sealed",
                                "officer-duty.sealed", "officer-chief.sealed"})
        for f in keys:
            self.assertNotIn(b"words of", read(self.n.home, "keys", f))
        before = read(self.n.home, "card.cose")
        r = self.n.ok("init", "--handle", "other", want=FAILED)
        self.assertIn("already", r.stderr)
        self.assertEqual(before, read(self.n.home, "card.cose"))

    def test_02_init_refuses(self):
        for words in (["--handle", "Upper"], [], ["--handle", "a" * 33], ["--handle", "x", "--address", "nowhere"],
                      ["--handle", "x", "--officer", "No Name"], ["--handle", "x", "--name", "Northland"],
                      ["--handle", "x", "--passphrase", "secret"]):
            home = os.path.join(self.top, "bad")
            self.n.ok("--home", home, "init", *words, want=USAGE)
            self.assertFalse(os.path.exists(home), words)
        pub = os.path.join(self.top, "rsa.pub")
        with open(pub, "w") as f:
            f.write("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7 x\n")
        self.n.ok("--home", home, "init", "--handle", "x", "--officer", "chief=" + pub, want=FAILED)
        self.assertFalse(os.path.exists(home))

    def test_03_nobody_answers(self):
        for words in (["status"], ["inbox", "--json"], ["log"], ["doctor"], ["read", "0123456789ab", "--yes"],
                      ["channel", "propose", "--title", "x", "--member", "y", "--yes"]):
            r = self.n.ok(*words, want=NOBODY)
            self.assertIn("readback serve", r.stderr)
            self.assertEqual(r.stdout, "")

    def test_04_usage(self):
        for words in ([], ["nonsense"], ["channel"], ["channel", "nonsense"], ["status", "--nonsense"], ["status", "extra"],
                      ["show"], ["log", "--limit"], ["card", "nonsense"], ["--json=1", "status"], ["--home"], ["status", "--json", "--home"], ["-home"],
                      ["init", "--handle", "x", "--name", "ar=a\u202eb"], ["statement", "--title", "x\udcff", "--text", "y"],
                      ["status", "--passphrase-fd", "x"], ["notice", "operation"], ["statement", "--title", "x"]):
            r = self.n.ok(*words, want=USAGE)
            self.assertEqual(r.stdout, "", words)
            self.assertTrue(r.stderr, words)

    def test_04_helped_to_excess(self):
        self.assertIn("readback status", self.n.ok("status", *["-h"] * 400).stdout)

    def test_04_no_settings_no_home(self):
        os.rename(os.path.join(self.n.home, "config.ini"), os.path.join(self.top, "kept.ini"))
        self.assertIn("readback serve", self.n.ok("status", want=NOBODY).stderr)
        os.rename(os.path.join(self.top, "kept.ini"), os.path.join(self.n.home, "config.ini"))

    def test_05_help(self):
        text = self.n.ok("help").stdout
        self.assertTrue(text.startswith("Examples:"))
        commands = re.findall(r"^  ([a-z-]+(?: [a-z]+)?) {2,}\S", text.split("Commands:")[1], re.M)
        self.assertGreater(len(commands), 40)
        for c in commands:
            text = self.n.ok(*c.split(), "--help").stdout
            self.assertTrue(text.startswith("Examples:\n  readback "), c)
            self.assertIn("readback " + c, text)
        self.n.ok("help", "nonsense", want=USAGE)
        self.assertRegex(self.n.ok("version").stdout, r"^readback \d+\.\d+\.\d+\n$")

    def test_06_cards(self):
        self.n.start()
        self.s.start()
        for p in (self.n, self.s):
            p.card = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", p.card)
            p.ok("card", "--out", p.card, want=FAILED)  # never overwritten
            p.fingerprint = p.json("fingerprint")["fingerprint"]
            self.assertRegex(p.fingerprint, r"^(\d{5} ){7}\d{5}$")
            self.assertEqual(p.json("card")["fingerprint"], p.fingerprint)
            groups = p.ok("fingerprint", p.card).stdout.split()[1:]
            self.assertEqual(" ".join(groups), p.fingerprint)
        self.assertEqual(self.n.json("peers")["peers"], [])
        self.assertIn("accredited", self.n.json("doctor")["sentence"])
        wrong = self.n.fingerprint  # of another card
        self.n.ok("accredit", self.s.card, "--fingerprint", wrong, want=FAILED)
        self.n.ok("accredit", self.s.card, want=USAGE)
        self.assertEqual(self.n.json("peers")["peers"], [])
        card = read(self.s.card)
        broken = os.path.join(self.top, "broken.card")
        for at in range(0, len(card), 7):
            with open(broken, "wb") as f:
                f.write(card[:at] + bytes([card[at] ^ 1]) + card[at + 1:])
            self.assertEqual(self.n.run("accredit", broken, "--fingerprint", self.s.fingerprint).returncode, FAILED, at)
        self.assertEqual(self.n.json("peers")["peers"], [])
        self.n.ok("accredit", self.s.card, "--fingerprint", self.s.fingerprint.replace(" ", "-"))
        self.s.ok("accredit", self.n.card, "--fingerprint", self.n.fingerprint)
        self.assertTrue(self.n.json("peers")["peers"][0]["compared"])

    def test_07_channel(self):
        words = ["channel", "propose", "--exercise", "--title", "Standing line", "--member", "southland:party:south",
                 "--lead", "operation=2h", "--two-officers", "statement", "--officer", "duty"]
        self.n.ok(*words, want=CONFIRM)  # nobody to ask, no --yes
        self.n.ok(*words[:-2], "--yes", want=USAGE)  # two officers: which?
        self.n.ok(*words, "--yes", "--member", "stranger", want=FAILED)
        wrong = os.path.join(self.top, "wrong.pw")
        with open(wrong, "w") as f:
            f.write("other words\n")
        os.chmod(wrong, 0o600)
        self.n.ok(*words, "--yes", want=FAILED, env={"READBACK_PASSPHRASE_FILE": wrong})
        self.assertEqual(self.n.json("channel", "list")["channels"], [])
        cid = json.loads(self.n.ok(*words, "--yes", "--json").stdout)["channel"]
        Line.channel = cid
        self.assertEqual(len(cid), 32)
        until(lambda: self.s.json("inbox")["invitations"], "the invitation")
        self.assertIn("EXERCISE", self.s.ok("inbox").stdout)
        self.s.ok("channel", "accept", cid[:6], want=CONFIRM)
        self.s.ok("channel", "accept", cid[:6], "--yes")
        for p in (self.n, self.s):
            until(lambda: p.json("channel", "show", "Standing line")["state"] == "in-force", "the charter in force")
            shown = p.json("channel", "show")
            self.assertEqual(list(shown)[0], "exercise")
            self.assertTrue(shown["exercise"])
            self.assertEqual([m["affiliation"] for m in shown["members"]], [None, "south"])
            self.assertEqual([m["acceptance"] for m in shown["members"]], ["accepted", "accepted"])
            self.assertTrue(p.ok("channel", "show").stdout.startswith("EXERCISE"))
        self.s.ok("channel", "accept", cid, "--yes", want=OK)  # said again: no harm
        self.n.ok("channel", "show", "nowhere", want=FAILED)

    def notice(self, p, *more, want=OK, hours=5):
        start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + hours * 3600))
        return p.ok("notice", "operation", "--title", "Area A", "--circle", "35.123456,-36.1000,5km", "--from", start,
                    "--for", "3h", "--ceiling", "FL250", "--demand", "read", "--demand-in", "30m", *more, want=want)

    def test_08_notice_held_and_read(self):
        out = self.notice(self.s, "--yes", "--json")
        r = json.loads(out.stdout)
        self.assertEqual(r["readers"], ["northland"])
        rid = Line.record = r["record"]
        item = until(lambda: [i for i in self.n.json("inbox")["items"] if i["record"] == rid], "the notice in the inbox")[0]
        self.assertTrue(item["exercise"])
        self.assertEqual(item["why"], ["unread", "answer-due"])
        self.assertEqual(item["body"]["volumes"][0]["circle"], {"lat": 35.123456, "lon": -36.1, "radius": 5000})
        held = until(lambda: [h for h in self.s.json("show", rid[:12])["holders"]
                              if h["member"] == "northland" and h["held"]], "held by northland")[0]
        self.assertIsNone(held["read"])  # held is not read
        self.n.ok("read", rid[:12], "--officer", "duty", "--yes")
        self.assertEqual([i for i in self.n.json("inbox")["items"] if i["record"] == rid], [])
        seen = until(lambda: [h for r in self.s.json("who-holds")["records"] if r["record"] == rid
                              for h in r["holders"] if h["member"] == "northland" and h["read"]], "read by northland")[0]
        self.assertEqual(seen["read_by"], ["duty"])
        self.assertEqual(seen["due"]["state"], "met")
        for words in (["show", rid], ["who-holds"], ["log"], ["situation"]):
            text = self.s.ok(*words).stdout
            self.assertTrue(text.startswith("EXERCISE"), words)
            self.assertNotIn("received", text)
            self.assertNotIn("\033", text)
        self.n.ok("object", rid[:12], "--reason", "over our post", "--officer", "duty", "--yes")
        r = self.n.ok("accept", rid[:12], "--officer", "duty", "--yes", want=FAILED)  # not in the table
        self.assertIn("these may answer it: read, passed-down, query, object", r.stderr)
        self.n.ok("withdraw", rid[:12], "--officer", "duty", "--yes", want=FAILED)  # not our own
        self.n.ok("read", "ffffffffffff", "--officer", "duty", "--yes", want=FAILED)
        self.n.ok("passed-down", rid[:12], "--officer", "duty", "--yes", want=USAGE)
        self.n.ok("passed-down", rid[:12], "--level", "3rd brigade", "--officer", "duty", "--yes")

    def test_09_warned_before_release(self):
        before = len(self.s.json("log")["records"])
        r = self.notice(self.s, "--yes", want=CONFIRM, hours=1)
        self.assertIn("WARNING", r.stderr)
        self.assertEqual(len([x for x in self.s.json("log", "--kind", "notice")["records"]]), 1, before)
        self.notice(self.s, "--yes", "--despite", hours=1)
        self.assertEqual(len(self.s.json("log", "--kind", "notice")["records"]), 2)

    def test_10_two_officers(self):
        words = ["statement", "--title", "On the talks", "--text", "We welcome them.", "--yes"]
        self.s.ok(*words, want=SECOND)  # it has one officer only: the draft waits
        r = self.n.ok(*words, "--officer", "duty", "--json", want=SECOND)
        draft = json.loads(r.stdout)["draft"]
        self.assertEqual(self.n.json("drafts")["drafts"][0]["signers"][0]["name"], "duty")
        self.assertEqual(self.n.json("log", "--kind", "statement")["records"], [])
        self.n.ok("sign", draft[:8], "--officer", "duty", "--yes", want=FAILED)
        self.n.ok("sign", "ffff", "--officer", "chief", "--yes", want=FAILED)
        self.n.ok("sign", draft[:8], "--officer", "chief", "--yes")
        self.assertEqual(sorted(self.n.json("log", "--kind", "statement")["records"][0]["officers"]), ["chief", "duty"])
        self.assertEqual(self.n.json("drafts")["drafts"], [])
        self.n.ok(*words, "--officer", "duty", "--emergency", "no second officer can be reached")
        marked = self.n.json("log", "--kind", "statement", "--last", "1")["records"][0]
        self.assertTrue(marked["emergency"])
        draft = self.s.json("drafts")["drafts"][0]["draft"]
        self.s.ok("sign", draft[:8], "--discard", "--yes")
        self.assertEqual(self.s.json("drafts")["drafts"], [])

    def test_10_two_officers_see_closed_words(self):
        n = self.n
        draft = json.loads(n.ok("statement", "--recipients", "southland", "--officer", "duty", "--form", "-", "--yes", "--json",
                                stdin="title: Closed words\ntext: for one alone\n", want=SECOND).stdout)["draft"]
        for out in (n.ok("drafts").stdout, n.ok("sign", draft[:8], "--officer", "chief", want=CONFIRM).stderr):
            self.assertIn("for one alone", out)
            self.assertIn("CLOSED: for northland, southland", out)
        n.ok("seal-age")
        n.stop()
        n.start()
        r = n.ok("sign", draft[:8], "--officer", "chief", "--yes", want=FAILED)
        self.assertIn("nobody signs what cannot be read here", r.stderr)
        self.assertIn("`readback unlock`", r.stderr)
        self.assertNotIn("for one alone", n.ok("drafts").stdout)
        n.ok("unlock")
        n.ok("sign", draft[:8], "--officer", "chief", "--yes")
        n.ok("seal-age", "--undo")
        self.assertEqual(sorted(n.json("log", "--kind", "statement", "--last", "1")["records"][0]["officers"]), ["chief", "duty"])

    def test_11_closed_is_refused(self):
        for cls in ("site", "movement"):
            for words in (["notice", cls], [cls]):
                r = self.s.ok(*words, "--form", "-", "--yes", want=FAILED, stdin="title: x\ncircle: 35.0000,36.0000,100m\n")
                self.assertIn("named recipients", r.stderr)

    def test_12_text_test_nil_membership(self):
        path = os.path.join(self.top, "elements.txt")
        with open(path, "w") as f:
            f.write("First paragraph.\n\n\nSecond,\nof two lines.\n\n")
        self.s.ok("text", "--title", "Elements", "--file", path, "--yes")
        text = self.s.json("log", "--kind", "text", "--bodies")["records"][0]["body"]
        self.assertEqual(text["paragraphs"], ["First paragraph.", "Second,\nof two lines."])
        self.s.ok("test")
        self.s.ok("nil", "--from", "2026-01-01T00:00:00Z", "--to", "2025-01-01T00:00:00Z", want=USAGE)
        self.s.ok("nil", "--from", "2025-01-01T00:00:00Z", "--to", "2025-01-01T01:00:00Z")
        self.s.ok("channel", "suspend", self.channel, "--yes")
        self.s.ok("text", "--title", "x", "--file", path, "--yes", want=FAILED)
        self.s.ok("channel", "resume", self.channel, "--yes")
        self.s.ok("text", "--title", "x", "--text", "one", "--yes")

    def test_13_bad_words_leave_nothing(self):
        before = self.s.json("channel", "show")["records"]
        for more in (["--circle", "91,36,5km"], ["--circle", "35.5,36.1"], ["--circle", "35.5,36.1,5 leagues"],
                     ["--polygon", "35,36 35,37"], ["--circle", "35,36,1km", "--from", "soon"],
                     ["--circle", "35,36,1km", "--from", "2030-01-01T00:00:00Z", "--to", "2029-01-01T00:00:00Z"],
                     ["--circle", "35,36,1km", "--ceiling", "high"], ["--text", "a\x07b"], ["--precedence", "SOON"],
                     ["--about", "zz"], ["--demand", "read"], ["--demand", "agree", "--demand-in", "5m"],
                     ["--demand-in", "5m", "--demand-from", "nobody"], ["--language", "English please"]):
            r = self.s.run("notice", "area", "--title", "x", *more, "--yes", "--despite")
            self.assertIn(r.returncode, (FAILED, USAGE), more)
            self.assertEqual(r.stdout, "", more)
            self.assertTrue(r.stderr.startswith("readback: "), more)
        self.assertEqual([r for r in self.s.json("log", "--kind", "notice")["records"] if r["class"] == "area"], [])
        self.assertGreaterEqual(self.s.json("channel", "show")["records"], before)

    def test_13_decimal_commas(self):
        r = self.s.ok("notice", "operation", "--title", "x", "--circle", "35,5,36,1,5km", "--yes", want=USAGE)
        self.assertIn("decimal points", r.stderr)

    def slip(self, *more, says=()):
        """a notice that differs from a good one by `more`, which is refused as words that are off"""
        words = {"--circle": "35.5,36.1,5km", "--from": "2027-01-01T13:00:00Z", "--for": "3h"}
        words.update(zip(more[::2], more[1::2]))
        line = [w for k, v in words.items() if v is not None for w in (k, v)]
        r = self.s.ok("notice", "operation", "--title", "T", "--text", "x", "--yes", *line, want=USAGE)
        self.assertEqual(r.stdout, "", more)
        for s in says:
            self.assertIn(s, r.stderr)

    def test_13_places_in_plain_words(self):
        for circle, says in (("95.5,36.1,5km", ["latitude comes first", "-90 to 90", "swapped", "11.2.5"]),
                             ("35.5,190,5km", ["longitude from -180 to 180", "11.2.2"]),
                             ("195.5,190,5km", ["latitude is from -90 to 90", "11.2.2"]),
                             ("35.5,36.1,-5km", ["above 0", "5km"]), ("35.5,36.1,0km", ["above 0", "3.7.3"]),
                             ("35.5,36.1,5", ["unit", "5km, 900m, 2nm, 900ft"]), ("35.5,36.1,5-3km", ["number"]),
                             ("37S BV 37000 32000, 150", ["the radius", "unit"]),
                             ("x,36.1,5km", ["decimal points", "37S BV", "11.1.2"]),
                             ("61S BV 37000 32000, 150m", ["zones are 1 to 60"]),
                             ("37S BV 3700 32000, 150m", ["as many digits"]), ("37S QV 37000 32000, 150m", ["no column"]),
                             ("35 60.0N 036 06.0E, 5km", ["11.2.3"]), ("35 30.0 036 06.0, 5km", ["letter"]),
                             ("37S BV 37000 32000", ["wants PLACE, RADIUS"])):
            self.slip("--circle", circle, says=["--circle", circle, *says])
        for polygon, says in (("34.0,35 35,35", ["3 to 512 points", "3.7.4"]),
                              (" ".join("%d.%03d,35" % (i // 90, i) for i in range(600)), ["3 to 512 points", "3.7.4"]),
                              ("34,35; 35,36; 34,36; 35,35", ["must not cross", "3.7.6"]),
                              ("34.0,35.0 35,35 35,36 34,35", ["leave the repeated last point out", "3.7.5"]),
                              ("34,35; 35,36; 36,37", ["one line", "3.7.5"]), ("34,35 35,35 35,181.0", ["point 3", "longitude"]),
                              ("35,5 36,1 35,6 36,2 35,7 36,3", ["decimal points", "semicolons", "11.1.5"]),
                              ("35,5 36,1; 35,6 36,2; 35,7 36,3", ["decimal points", "11.1.5"]),
                              ("34,35; 35 30N 036 30E; nowhere", ["point 3", "11.1.2"])):
            self.slip("--circle", None, "--polygon", polygon, says=["--polygon", *says])
        for corridor, says in (("5km", ["HALFWIDTH; PLACE; PLACE"]), ("500m; 35.1,36.1", ["2 to 512"]),
                               ("35.1,36.1; 35.2,36.2", ["half-width", "first"]), ("500; 35.1,36.1; 35.2,36.2", ["unit"])):
            self.slip("--circle", None, "--corridor", corridor, says=["--corridor", *says])
        self.slip("--accuracy", "15", says=["--accuracy", "unit"])
        self.slip("--military-use", "perhaps", says=["yes, no"])
        self.slip("--surveyed", "lately", says=["--surveyed", "011300ZJAN27"])
        self.slip("--review-by", "011300ZJAN27", says=["only a site"])
        self.slip("--circle", None, "--from", None, "--for", None, "--accuracy", "5m", says=["needs a place"])

    def test_13_two_readings(self):
        """S behind a zone: both places are shown, and neither is taken"""
        self.slip("--circle", "37S 301234 3890123, 5km", says=["11.3.4", '"south"', "-55.09", '"north"', "35.13", "37S CU"])
        for word, lat in (("north", "35.13"), ("south", "-55.09")):
            self.assertIn("circle around " + lat, self.preview("--circle", "37%s 301234 3890123, 5km" % word))

    def test_13_heights(self):
        for option in ("--floor", "--ceiling"):
            self.slip(option, "900m", says=[option, "amsl", "agl", "wgs84", "FL250", "11.6.3"])
            for v in ("900", "900 amsl", "900m nap", "FL", "FLx", "FL1001", "900m amsl or so", "3,000ft amsl", ""):
                self.slip(option, v, says=[option])
        for low, high in (("900m amsl", "899m amsl"), ("FL100", "FL090"), ("1000m agl", "3000ft agl")):
            self.slip("--floor", low, "--ceiling", high, says=["--floor " + low + " is above --ceiling " + high, "3.7.7"])

    def test_13_words_and_what_is_accepted(self):
        self.slip("--for", "3 hours", says=["90s, 15m, 3h, 2d"])
        for bad in ("0h", "3", "", "-3h", "3 h", "h"):
            self.slip("--for", bad, says=["above 0", "90s, 15m, 3h, 2d"])
        self.slip("--precedence", "URGENT", says=["FLASH, IMMEDIATE, PRIORITY, ROUTINE"])
        self.slip("--demand", "reed", "--demand-in", "30m", says=["read, passed-down", "will-comply"])
        self.slip("--edges", "straight", says=["geodesic, parallel, lonlat"])
        self.slip("--from", "011300AJAN27", says=["zone A", "Zulu", "011300ZJAN27"])
        for bad in ("soon", "310000ZFEB27", "012400ZJAN27", "011260ZJAN27", "001300ZJAN27", "011300ZJUX27", "011300ZJAN2027",
                    "11300ZJAN27", ""):
            self.slip("--from", bad, says=["--from", "011300ZJAN27"])
        r = self.s.ok("notice", "operatoin", "--title", "T", "--yes", want=USAGE)
        self.assertIn("operation, exercise, area, movement, site", r.stderr)
        for word in ("", "3f2a", "3F2A90C1", "nonsense"):
            self.assertIn("digits of its hash", self.s.ok("show", word, want=USAGE).stderr)
        for n in ("-1", "0", "1001", "many"):
            self.assertIn("from 1 to 1000", self.s.ok("log", "--limit", n, want=USAGE).stderr)
        self.assertIn("kinds", self.s.ok("help", "kind", want=USAGE).stderr)

    def preview(self, *more):
        """what is shown before release, where nobody answers the question"""
        place = [] if "--circle" in more else ["--circle", "35.5000,36.1000,5km"]
        r = self.s.ok("notice", "operation", "--title", "T", *place, *more, want=CONFIRM)
        self.assertEqual(r.stdout, "")
        return r.stderr

    def test_13_preview(self):
        text = self.preview("--from", "011300ZJAN30", "--for", "3h", "--floor", "900 m AMSL", "--ceiling", "FL100")
        self.assertIn("from 2030-01-01T13:00:00Z (011300ZJAN30) to 2030-01-01T16:00:00Z (011600ZJAN30), 3h", text)
        self.assertIn("floor: 900 m amsl\n", text)
        self.assertIn("ceiling: FL100\n", text)
        self.assertIn("can be read by: northland (1 beside us)\n", text)
        self.assertIn("note: This notice has its floor by amsl and its ceiling by flight levels", text)
        self.assertNotIn("no end", text)
        text = self.preview("--from", "011300ZJAN30", "--floor", "FL050", "--ceiling", "FL250")
        self.assertNotIn("datums", text)
        self.assertIn("WARNING: This notice has no end: open-ended", text)
        self.preview("--from", "011300ZJAN30", "--yes")  # held back like other warnings

    def test_13_passphrase_before_preview(self):
        wrong = os.path.join(self.top, "wrong.pw")
        r = self.s.ok("text", "--title", "T", "--text", "x", want=FAILED, env={"READBACK_PASSPHRASE_FILE": wrong})
        self.assertIn("the passphrase is wrong", r.stderr)
        self.assertNotIn("To be released", r.stderr)

    def test_13_end_is_shown(self):
        rid = self.s.json("notice", "operation", "--title", "Ends", "--circle", "35.5000,36.1000,5km", "--from", "011300ZJAN30",
                          "--for", "3h", "--yes")["record"]
        shown = self.s.ok("show", rid[:12]).stdout
        self.assertIn("to 2030-01-01T16:00:00Z (011600ZJAN30), 3h", shown)

    def test_13_status_and_doctor(self):
        text = self.s.ok("status").stdout
        self.assertRegex(text, r"(?m)^northland: line up since ")
        self.assertRegex(text, r"(?m)^records waiting: \d+$")
        self.assertIn("forks: none known here\n", text)
        self.assertRegex(text, r"traffic since the start: in [\d.]+ (bytes|kB|MB), \d+ requests; out ")
        said = self.s.ok("doctor").stdout
        self.assertTrue(said.endswith("\n"))
        for x in self.s.json("doctor")["problems"]:
            if x["hint"]:
                self.assertIn("\n  to do: " + x["hint"] + "\n", said)

    def test_14_same_situation(self):
        """both nodes, once all is held, show the same digest for the same time"""
        def same():
            at = "2030-01-01T00:00:00Z"
            a, b = (p.json("situation", "--at", at) for p in (self.n, self.s))
            return a["digest"] and a["digest"] == b["digest"]
        until(same, "the same digest", 30)

    def test_15_log_pages(self):
        def texts(*more):  # what officers say stays; receipts may come in between any two calls
            return self.n.json("log", "--kind", "position", *more)
        whole = [r["record"] for r in texts()["records"]]
        self.assertGreaterEqual(len(whole), 4)
        pages, after = [], None
        for _ in range(200):
            page = texts("--limit", "1", *(["--after", after] if after else []))
            self.assertLessEqual(len(page["records"]), 1)
            pages += [r["record"] for r in page["records"]]
            after = page["next_after"]
            if not after:
                break
        self.assertEqual(pages, whole)
        self.assertEqual([r["record"] for r in texts("--last", "2")["records"]], whole[-2:])
        self.assertEqual({r["author"] for r in self.n.json("log", "--author", "southland")["records"]}, {"southland"})
        self.assertIn("statement", self.n.ok("log", "--kind", "nonsense", want=USAGE).stderr)
        self.n.ok("log", "--since", "yesterday", want=USAGE)
        self.assertEqual(self.n.json("log", "--since", "010000ZJAN30")["records"], [])

    def test_16_card_update(self):
        self.s.ok("card", "update", "--officer", "night", "--officer", "duty")  # duty: its sealed key stays
        card = self.s.json("card")
        self.assertEqual(card["version"], 2)
        self.assertEqual(sorted(o["name"] for o in card["officers"]), ["duty", "night"])
        self.s.ok("card", "update", "--remove-officer", "nobody", want=USAGE)
        self.s.ok("card", "update", "--remove-officer", "nobody", "--signed-by", "duty", want=USAGE)
        until(lambda: [p for p in self.n.json("peers")["peers"] if p["version"] == 2], "the new card at the other side")
        self.s.ok("text", "--title", "x", "--text", "by night", "--officer", "night", "--yes")

    def test_17_agent(self):
        """a new officer whose key lives in ssh-agent"""
        if not shutil.which("ssh-agent"):
            self.skipTest("no ssh-agent")
        key = os.path.join(self.top, "id")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, "-C", "guard"], check=True)
        agent = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
        env = dict(re.findall(r"(SSH_\w+)=([^;]+);", agent))
        try:
            subprocess.run(["ssh-add", "-q", key], env=dict(os.environ, **env), check=True, stderr=subprocess.DEVNULL)
            self.s.ok("card", "update", "--officer", "guard=" + key + ".pub", "--signed-by", "duty")
            sock = {"SSH_AUTH_SOCK": env["SSH_AUTH_SOCK"]}
            self.s.ok("text", "--title", "x", "--text", "by guard", "--officer", "guard", "--yes", env=sock)
            self.s.ok("text", "--title", "x", "--text", "by guard", "--agent", "--yes", env=sock)
            self.s.ok("text", "--title", "x", "--text", "by guard", "--officer", "guard", "--yes", want=FAILED)
            self.assertEqual(self.s.json("log", "--kind", "text", "--last", "1")["records"][0]["officers"], ["guard"])
        finally:
            os.kill(int(env["SSH_AGENT_PID"]), signal.SIGTERM)

    def test_18_export(self):
        out = os.path.join(self.top, "export")
        until(lambda: self.n.run("export", out).returncode == OK, "the export")
        self.n.ok("export", out, want=FAILED)
        self.assertTrue(os.path.exists(os.path.join(out, "southland", "records", "000000.cose")))
        if VERIFY:
            r = subprocess.run([VERIFY, out], capture_output=True, text=True)
            self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
            self.assertTrue(r.stdout.startswith("EXERCISE"))

    def test_19_socket(self):
        """the socket: ours only, JSON errors for bytes that are no request of ours"""
        path = os.path.join(self.n.home, "readbackd.sock")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

        def raw(data):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(10)
                s.connect(path)
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                got = b""
                while True:
                    try:
                        more = s.recv(65536)
                    except ConnectionError:
                        break
                    if not more:
                        break
                    got += more
                return got
        post = b"POST /v1/submit HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
        for body in (b"{", b'{"a":1,"a":2}', b"[]", b"\xff\xfe", b"{}" + b" " * 100 + b"x"):
            got = raw(post % (len(body), body))
            self.assertIn(b" 400 ", got.split(b"\r\n")[0])
            self.assertIn("sentence", json.loads(got.split(b"\r\n\r\n", 1)[1])["error"])
        body = json.dumps({"channel": self.channel, "kind": "notice", "body": {"class": "operatoin", "title": "T"}}).encode()
        got = raw(b"POST /v1/compose HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        error = json.loads(got.split(b"\r\n\r\n", 1)[1])["error"]
        self.assertEqual(error["field"], "body.class")
        self.assertIn("operation, exercise, movement, site, area", error["sentence"])
        raw(b"\x00\x01\x02\r\n\r\n")
        raw(b"POST /v1/submit HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        raw(b"GET /v1/" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n")
        self.assertIn(b" 404 ", raw(b"GET /v1/nothing HTTP/1.0\r\n\r\n").split(b"\r\n")[0])
        self.n.ok("status")

    def on_terminal(self, party, answer, *words):
        """runs it with a terminal to answer at"""
        master, slave = pty.openpty()
        e = dict(os.environ, READBACK_PASSPHRASE_FILE=party.pw, READBACK_HOME=party.home, TERM="xterm")
        e.pop("NO_COLOR", None)
        p = subprocess.Popen([READBACK, *party.officer, *words], stdin=slave, stdout=subprocess.PIPE, stderr=slave, env=e)
        os.close(slave)
        os.write(master, answer + b"\n")
        out = p.stdout.read()
        p.stdout.close()
        code = p.wait(60)
        shown = b""
        while True:
            try:
                more = os.read(master, 65536)
            except OSError:
                break
            if not more:
                break
            shown += more
        os.close(master)
        return code, out.decode(), shown.decode()

    def test_20_asked_on_a_terminal(self):
        words = ("text", "--title", "Asked", "--text", "one", "--officer", "duty")
        for answer in (b"n", b"", b"no", b"x"):
            code, out, shown = self.on_terminal(self.s, answer, *words)
            self.assertEqual(code, CONFIRM)
            self.assertEqual(out, "")
            self.assertIn("can be read by: northland", shown)
            self.assertIn("Nothing was released", shown)
            self.assertTrue(shown.lstrip("ny xo\r\n").startswith("\033[1;7m EXERCISE"), shown)
        code, out, shown = self.on_terminal(self.s, b"y", *words)
        self.assertEqual(code, OK, shown)
        self.assertIn("Released: ", out)
        titles = [r["title"] for r in self.s.json("log", "--kind", "text")["records"]]
        self.assertEqual(titles.count("Asked"), 1)

    def test_20_form_typed_on_a_terminal(self):
        """it is said how it ends, and after that the question is asked there too"""
        for answer, want in ((b"n", CONFIRM), (b"y", OK)):
            typed = b"title: Typed\ncircle: 35.5000,36.1000,1km\n\x04" + answer
            code, out, shown = self.on_terminal(self.s, typed, "notice", "site", "--recipients", "northland", "--form", "-",
                                                "--officer", "duty")
            self.assertIn("Ctrl-D", shown)
            self.assertIn("can be read by: northland", shown)
            self.assertEqual(code, want, shown)
        sites = [r for r in self.s.json("log", "--kind", "notice")["records"] if r["title"] == "Typed"]
        self.assertEqual(len(sites), 1)

    def test_21_no_daemon_twice_and_after_restart(self):
        count = self.n.json("channel", "show")["records"]
        second = subprocess.run([READBACKD, "--home", self.n.home], capture_output=True, text=True, timeout=30)
        self.assertNotEqual(second.returncode, 0)
        self.n.stop()
        self.n.ok("status", want=NOBODY)
        self.n.start()
        until(lambda: self.n.json("channel", "show")["records"] >= count, "all records after a restart")
        self.assertEqual(self.n.json("show", self.record)["record"], self.record)

    def test_21_few_descriptors(self):
        """whoever takes all connections leaves the local API; whoever takes those, the log and the processor"""
        self.n.stop()
        self.n.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60)))
        before = len(read(self.n.home + ".log"))
        many = [socket.create_connection(("127.0.0.1", self.n.port)) for _ in range(100)]
        self.n.ok("status")
        for _ in range(100):
            many.append(socket.socket(socket.AF_UNIX))
            many[-1].settimeout(0.2)
            try:
                many[-1].connect(os.path.join(self.n.home, "readbackd.sock"))
            except OSError:
                break
        spent = self.ticks()
        time.sleep(1)
        self.assertLess(self.ticks() - spent, os.sysconf("SC_CLK_TCK") // 4)
        for s in many:
            s.close()
        until(lambda: self.n.run("status").returncode == OK, "the daemon has descriptors again")
        self.assertLess(len(read(self.n.home + ".log")) - before, 20000)
        self.n.stop()
        self.n.start()

    def ticks(self):
        """of processor time that the daemon has used"""
        fields = read("/proc/%d/stat" % self.n.daemon.pid).decode().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def test_22_socket_within_the_home(self):
        self.n.stop()
        with open(os.path.join(self.n.home, "config.ini"), "a") as f:
            f.write("[api]\nsocket = line.sock\n")
        self.n.start()
        self.assertTrue(stat.S_ISSOCK(os.stat(os.path.join(self.n.home, "line.sock")).st_mode))

    # ---- places: what is planned, what it touches, and what is said of it -----------------------------------------

    SITE = "title: %s\ncircle: 37S BV 36735 24964, 150m\n"
    AWAY = ("--circle", "37S BV 60000 60000, 2km", "--from", "011300ZJAN30", "--for", "3h")
    OVER = ("--circle", "37SBV3700025000, 2km", "--from", "011300ZJAN30", "--for", "3h")
    NEAR = ("--circle", "37S BV 39450 24964, 2km", "--from", "011300ZJAN30", "--for", "3h")

    def notices(self, p):
        return [r["record"] for r in p.json("log", "--kind", "notice")["records"]]

    def place(self, p, cls, form, *more, want=OK):
        """released with a form on standard input; the record's hash"""
        r = p.ok(cls, "--form", "-", "--yes", "--json", *more, want=want, stdin=form)
        return json.loads(r.stdout)["record"] if want == OK else r

    def arrived(self, p, record):
        """and can be read there"""
        return until(lambda: [x for x in p.json("places")["places"] if x["record"] == record], "%s at %s" % (record[:8], p.handle))

    def plan(self, *more, want=OK):
        return self.n.ok("operation", "--title", "Plan", *more, want=want)

    def test_30_places_in_any_notation(self):
        """the same place in each of them, with blanks and without; what was typed stays with it"""
        near = []
        for place in ("37S BV 36735 24964", "37SBV3673524964", "37 s bv 36735 24964", "37north 236735 3924964", "35.433331, 36.099996",
                      "35 25.9999N 036 05.9998E", "35 25 59.99N 036 05 59.99E", "352559.99N0360559.99E", "35,433331 36,099996",
                      "N 35° 25' 59.99\" E 36° 05' 59.99\""):
            o = json.loads(self.s.ok("operation", "--title", "T", "--circle", place + "; 1.5 km", "--from", "011300ZJAN30", "--for",
                                     "1h", "--yes", "--json").stdout)
            # on a machine that is slow it may wait a moment before it is logged
            until(lambda: self.s.run("show", o["record"]).returncode == OK, "logged")
            shown = self.s.json("show", o["record"])["body"]["volumes"][0]
            near.append((shown["circle"]["lat"], shown["circle"]["lon"]))
            self.assertEqual(shown["circle"]["radius"], 1500)
            self.assertTrue(shown["as_entered"].startswith(place + "\n"), shown["as_entered"])
            self.s.ok("withdraw", o["record"][:12], "--yes")
        for lat, lon in near:
            self.assertAlmostEqual(lat, near[0][0], delta=2e-5)
            self.assertAlmostEqual(lon, near[0][1], delta=2e-5)
        text = self.preview("--circle", "37S BV 36735 24964, 150m", "--from", "011300ZJAN30", "--for", "1h", "--ceiling", "3000 ft msl")
        self.assertIn(" = 37S BV 36735 24964, radius 150 m", text)
        self.assertIn("as typed: 37S BV 36735 24964; radius 150m; ceiling 3000 ft msl", text)
        self.assertIn("ceiling: 914.4 m amsl", text)
        self.assertRegex(text, r"no accuracy is stated, .* good to 0\.71m at best")  # pointed out, and not filled in
        self.assertNotRegex(text, r"(?m)^ +accuracy: ")
        stated = self.preview("--circle", "37S BV 36 24, 5km", "--from", "011300ZJAN30", "--for", "1h", "--accuracy", "2km")
        self.assertIn("accuracy: 2000 m\n", stated)
        self.assertIn("names a square of 1 km; its middle is taken", stated)
        self.assertNotIn("no accuracy is stated", stated)
        self.assertIn("lies outside of zone 36", self.preview("--circle", "36north 780800 3926000, 1km"))
        text = self.preview("--circle", "37S BV 36735 24964, 1km", "--from", "011300ZJAN30", "--for", "1h", "--floor", "UNL", "--ceiling", "UNL")
        self.assertNotRegex(text, "(?m)^ +(floor|ceiling): ")

    def test_29_who_signs_from_now_on(self):
        for p in (self.n, self.s):
            p.officer = ["--officer", "duty"]
            p.ok("status")

    def test_30_many_points(self):
        ring = ["%.6f, %.6f" % (35.4 + 0.01 * math.sin(i * math.pi / 150), 36.1 + 0.01 * math.cos(i * math.pi / 150)) for i in range(300)]
        for n, want in ((300, CONFIRM), (513, USAGE)):
            points = (ring * 2)[:n]
            r = self.s.ok("area", "--form", "-", stdin="title: Ring\npolygon: " + ";\n  ".join(points) + "\nfrom: 011300ZJAN30\nfor: 1h\n",
                          want=want)
            if want == CONFIRM:
                self.assertIn("polygon of 300 points, edges geodesic", r.stderr)
                self.assertRegex(r.stderr, r"(?m)^ +300  35\.\d+, 36\.\d+ = 37S BV \d{5} \d{5}$")
        line = "500m; 37S BV 36735 24964; 35.45, 36.12\n  35 28.0N 036 08.0E"
        r = self.s.ok("area", "--form", "-", stdin="title: Line\ncorridor: " + line + "\nfrom: 011300ZJAN30\nfor: 1h\n", want=CONFIRM)
        self.assertIn("corridor, 500 m to each side of the line", r.stderr)
        self.assertRegex(r.stderr, r"(?m)^ +3  35\.46666\d*, 36\.13333\d* = ")

    def test_31_nothing_closed_on_the_command_line(self):
        before = self.notices(self.s)
        for words in (["site", "--title", "Qanariya"], ["movement", "--circle", "35.917263544, 36.1, 150m"], ["notice", "site", "--text", "Qanariya"],
                      ["site", "--markings", "Qanariya"], ["site", "--review-by", "011300ZJAN27"], ["movement", "--declared-by", "Qanariya"],
                      ["operation", "--title", "Qanariya"], ["stop-fire", "--title", "Qanariya", "--in", "5m"]):
            for more in ([], ["--dry-run"] if words[0] != "stop-fire" else []):
                r = self.s.ok(*words, "--recipients", "northland", "--yes", *more, want=USAGE)
                self.assertIn("must not stand on the command line", r.stderr)
                self.assertIn("--form", r.stderr)
                self.assertNotRegex(r.stdout + r.stderr, "Qanariya|917263")
        for slip in ("circle: 37S 301234 3890123, 150m", "circle: 95.917263544, 36.1, 150m", "circle: 35.917263544, 36.1, 150",
                     "polygon: 35.917263544, 36.1; 35.9; 36", "corridor: 35.917263544, 36.1; 36, 36", "circle: 35,917263,544, 36, 5km",
                     "circle: 35.917263544, 36.1, 5km\naccuracy: Qanariya", "circle: 35.917263544, 36.1, 5km\nfloor: 301234",
                     "circle: 35.917263544, 36.1, 5km\nmilitary-use: Qanariya"):
            r = self.s.ok("site", "--recipients", "northland", "--form", "-", "--yes", stdin="title: Qanariya\n" + slip + "\n", want=USAGE)
            self.assertRegex(r.stderr, "line [23] of the form")
            self.assertNotRegex(r.stdout + r.stderr, "Qanariya|917263|301234|36[.]81|35[.]13")
        self.assertEqual(self.notices(self.s), before)

    def test_31_forms(self):
        for cls, has, hasnot in (("site", ["accuracy", "markings", "review-by", "military-use", "corridor"], []),
                                 ("movement", ["corridor", "markings", "from"], ["review-by"]), ("operation", ["ceiling", "corridor"], ["review-by"]),
                                 ("area", ["corridor", "edges"], ["review-by"]), ("stop-fire", ["title", "in", "circle", "text"], ["review-by"])):
            lines = [x.split(":")[0] for x in self.s.ok("form", cls).stdout.split("\n") if x and x[0] != "#"]
            for x in has:
                self.assertEqual(lines.count(x), 1, (cls, x))
            for x in hasnot:
                self.assertNotIn(x, lines, cls)
            self.assertTrue(self.s.ok("form", cls).stdout.startswith("# readback %s [CHANNEL]" % cls))

    def test_32_checked_only(self):
        """what is not released is checked; each result has its exit status and says what was compared"""
        Line.site = self.place(self.s, "site", self.SITE % "Clinic" + "accuracy: 600m\nreview-by: 010000ZJAN27\n", "--recipients", "northland")
        self.arrived(self.n, self.site)
        before = self.notices(self.n)
        for words, want, says in ((self.OVER, 4, ["CONFLICT: ", "Clinic", "Compared with"]),
                                  (self.NEAR, 5, ["CANNOT BE EXCLUDED: ", "Clinic", "Compared with"]),
                                  (self.AWAY, 0, ["no conflict found among the places compared", "Compared with"]),
                                  ((), 6, ["NOTHING WAS COMPARED"])):
            text = self.plan(*words, "--dry-run", want=want).stdout
            self.assertTrue(text.startswith("EXERCISE"))
            self.assertIn("nothing released", text)
            for x in says:
                self.assertIn(x, text)
            self.assertNotRegex(text, r"(?i)\b(clear|safe|ok|approved)\b|\033")
            o = json.loads(self.plan(*words, "--dry-run", "--json", want=want).stdout)
            self.assertEqual(o["check"]["answer"] if o["check"] else None, {4: "conflict", 5: "cannot be excluded", 0: "none found", 6: None}[want])
        self.assertEqual(self.notices(self.n), before)
        self.plan(*self.OVER, "--dry-run", "--recipients", "nobody", want=USAGE)

    def test_33_in_spite_of_it(self):
        before = self.notices(self.n)
        r = self.plan(*self.OVER, "--yes", want=CONFIRM)
        self.assertEqual(r.stdout, "")
        at = [r.stderr.index(x) for x in ("CONFLICT: ", "Compared with", "nothing was released")]
        self.assertEqual(at, sorted(at))
        self.assertIn("--despite", r.stderr)
        self.assertEqual(self.notices(self.n), before)
        code, out, shown = self.on_terminal(self.n, b"n", "operation", "--title", "Plan", *self.OVER)
        self.assertEqual(code, CONFIRM)
        self.assertIn("in spite of the warnings?", shown)
        self.assertIn("\033[1mCONFLICT: ", shown)
        r = self.plan(*self.OVER, "--yes", "--despite")
        self.assertIn("released in spite of what was pointed out", r.stdout)
        rid = Line.operation = r.stdout.split()[1]
        found = until(lambda: [x for x in self.s.json("inbox")["conflicts"] if x["record"] == rid], "the conflict at the other side")[0]
        self.assertEqual((found["answer"], found["n"]), ("conflict", 1))
        text = self.s.ok("inbox").stdout
        self.assertTrue(text.startswith("EXERCISE EXERCISE EXERCISE\nCONFLICT  " + rid[:12]), text)
        self.assertIn('in "Standing line"', text.split("\n\n")[0])
        for p in (self.n, self.s):
            shown = p.ok("show", rid).stdout
            self.assertIn("CONFLICT: ", shown)
            self.assertIn("Compared with", shown)
            self.assertIn("stands: ", shown)
        said = until(lambda: [r for r in self.s.json("log", "--kind", "service", "--bodies")["records"]
                              if r["body"].get("subject") == rid], "the record that says so")[0]
        self.assertNotIn(self.site, json.dumps(said))  # a closed place is not named to all
        self.assertTrue(said["body"]["commitment"])

    def test_34_a_site_is_not_held_back(self):
        late = self.place(self.s, "site", self.SITE % "Second clinic", "--recipients", "northland")
        self.arrived(self.n, late)
        self.assertIn("CONFLICT: ", self.n.ok("show", late).stdout)
        self.s.ok("withdraw", late[:12], "--yes")

    def test_34_lists_and_comparing(self):
        text = self.n.ok("site", "list").stdout
        self.assertTrue(text.startswith("EXERCISE"))
        self.assertRegex(text, r"(?m)^%s +site +southland +Clinic +35\.43333, 36\.10000 +37SBV3673524964 +- +- +.*stands, closed" % self.site[:12])
        self.assertNotIn("operation", text)
        everything = self.n.json("places")["places"]
        self.assertEqual({x["class"] for x in everything}, {"site", "operation"})
        self.assertTrue(all(x["stands"] for x in everything))
        gone = [x for x in self.n.json("places", "--all")["places"] if not x["stands"]]
        self.assertIn("Second clinic", [x["title"] for x in gone])
        self.assertEqual({x["class"] for x in self.n.json("places", "--class", "operation")["places"]}, {"operation"})
        self.assertIn("site", self.n.ok("places", "--class", "hospital", want=USAGE).stderr)
        self.assertIn("0 that can be read here", self.n.ok("movement", "list").stdout)
        self.assertRegex(self.n.ok("compare", self.site[:12], self.operation[:12]).stdout, "(?m)^conflict: .*2030-01-01")
        self.assertEqual(self.n.json("compare", self.site, self.operation)["answer"], "conflict")
        self.n.ok("compare", self.site[:12], want=USAGE)
        self.n.ok("compare", self.site[:12], "ffffffffffff", want=FAILED)

    def test_35_reminders(self):
        """a movement is about to begin and nobody has passed it down; a site was to be looked at again"""
        start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1200))
        move = self.place(self.s, "movement", "title: Two lorries\ncorridor: 200m; 37S BV 60000 60000; 37S BV 61000 61000\nfrom: %s\nfor: 2h\n"
                          "markings: blue lights\n" % start, "--recipients", "northland", "--despite")
        self.arrived(self.n, move)
        for words in (["inbox"], ["situation"], ["show", move[:12]], ["movement", "list"]):
            text = until(lambda: re.search("begins %s .*not known to be passed down by northland" % start, self.s.ok(*words).stdout),
                         "the reminder in " + words[0])
            self.assertTrue(text)
        self.assertLess(self.s.ok("inbox").stdout.index("REMINDER"), self.s.ok("inbox").stdout.index("unread"))
        self.n.ok("passed-down", move[:12], "--yes", "--form", "-", stdin="level: 3rd brigade\n")
        until(lambda: not self.s.json("situation")["reminders"], "the reminder gone")
        old = self.place(self.s, "site", self.SITE % "Old clinic" + "review-by: 010000ZJAN20\n", "--recipients", "northland")
        self.arrived(self.n, old)
        for p in (self.n, self.s):
            self.assertIn("was to be looked at again by 2020-01-01T00:00:00Z (010000ZJAN20); it stands all the same", p.ok("show", old).stdout)
        self.s.ok("withdraw", old[:12], "--yes")

    def test_36_stop_fire(self):
        words = ["stop-fire", "--title", "Shells on the clinic", "--yes"]
        for more, says in (([], "--in 10m"), (["--in", "soon"], "90s, 15m"), (["--in", "5m", "--precedence", "ROUTINE"], "FLASH"),
                           (["--in", "5m", "--demand", "read"], "will-comply"), (["--in", "5m", "--demand-in", "6m"], "one of --in"),
                           (["--in", "5m", "--circle", "here"], "PLACE, RADIUS")):
            self.assertIn(says, self.s.ok(*words, *more, want=USAGE).stderr)
        made = json.loads(self.s.ok(*words, "--in", "10m", "--circle", "37S BV 36735 24964, 1km", "--json").stdout)["record"]
        until(lambda: [x for x in self.n.json("inbox")["items"] if x["record"] == made], "the stop-fire at the other side")
        items = re.findall(r"(?m)^(FLASH|IMMEDIATE|PRIORITY|ROUTINE)  ", self.n.ok("inbox").stdout)
        self.assertEqual(items[0], "FLASH")
        self.assertIn("1 not answered yet", self.s.ok("show", made).stdout)
        self.n.ok("accept", made[:12], "--yes", want=FAILED)
        self.n.ok("will-comply", made[:12], "--yes")
        for words in (["show", made], ["situation"]):
            text = until(lambda: re.search(r"answers of 1 asked, by \S+ \(\d{6}Z[A-Z]{3}\d\d\): 1 will comply, 0 complied, 0 cannot comply, "
                                           r"0 declined, 0 not answered yet, 0 SILENT", self.s.ok(*words).stdout), "the answer counted")
            self.assertTrue(text)

    def test_37_played_back(self):
        text = self.n.ok("playback", self.site[:12]).stdout
        self.assertTrue(text.startswith("EXERCISE"))
        self.assertIn("37S BV 36735 24964", text)
        self.assertIn("agrees to nothing", text)
        self.assertIn("Not sent back yet", text)
        self.n.ok("playback", self.site[:12], "--send", want=CONFIRM)
        query = json.loads(self.n.ok("playback", self.site[:12], "--send", "--precedence", "PRIORITY", "--yes",
                                     "--json").stdout)["record"]
        until(lambda: [x for x in self.s.json("inbox")["items"] if x["record"] == query], "the query")
        until(lambda: "37S BV 36735 24964" in self.s.ok("show", query).stdout, "the play-back in words")
        asked = self.s.ok("confirm", query[:12], want=CONFIRM).stderr
        self.assertLess(asked.index("37S BV 36735 24964"), asked.index("To be released"))
        self.assertIn("agrees to nothing", asked)
        self.s.ok("confirm", query[:12], "--yes")
        until(lambda: "confirmed by southland" in self.n.ok("playback", self.site[:12]).stdout, "the confirmation")
        o = self.n.json("playback", self.site[:12])
        self.assertEqual((o["sent"], [x["member"] for x in o["confirmed"]]), ([query], ["southland"]))
        self.n.ok("confirm", self.site[:12], "--yes", want=FAILED)  # no query

    def test_38_local_time(self):
        text = self.s.ok("show", self.operation, env={"TZ": "XYZ-3"}).stdout
        self.assertIn("from 2030-01-01T13:00:00Z (011300ZJAN30; here 2030-01-01 16:00 +03:00) to ", text)
        self.assertNotIn("; here", self.s.ok("show", self.operation, env={"TZ": "UTC"}).stdout)

    def test_39_second_signature(self):
        """the second officer sees what it touches as it is then"""
        n, s = self.n, self.s
        cid = json.loads(n.ok("channel", "propose", "--title", "Two hands", "--member", "southland", "--two-officers", "notice", "--yes",
                              "--json").stdout)["channel"]
        until(lambda: s.json("inbox")["invitations"], "the invitation")
        s.ok("channel", "accept", cid[:8], "--yes")
        until(lambda: n.json("channel", "show", cid)["state"] == "in-force", "the charter in force")
        n.ok("operation", cid[:8], "--title", "Plan", *self.OVER, "--yes", want=SECOND)
        self.assertIn("Compared with no place", n.ok("drafts").stdout)
        site = self.place(s, "site", self.SITE % "Third clinic" + "emergency: alone here\n", cid[:8], "--recipients", "northland")
        until(lambda: [x for x in n.json("places", cid)["places"] if x["record"] == site], "the site")
        text = until(lambda: re.search("CONFLICT: .*Third clinic.*\n +Compared with 1 place", n.ok("drafts").stdout), "the conflict of the draft")
        self.assertTrue(text)
        draft = n.json("drafts")["drafts"][0]["draft"]
        r = n.ok("sign", draft[:8], "--officer", "chief", "--yes", want=CONFIRM)
        self.assertIn("CONFLICT: ", r.stderr)
        n.ok("sign", draft[:8], "--officer", "chief", "--yes", "--despite")
        self.assertEqual(n.json("drafts")["drafts"], [])

    def test_40_asked_again_and_again(self):
        """who moves a plan a little and asks again is refused for a while, whatever the plan is"""
        asked = 0
        for i in range(80):
            r = self.n.run("operation", self.channel[:8], "--title", "Plan", "--circle", "37S BV 37000 25000, %dm" % (2000 + i), "--from",
                           "011300ZJAN30", "--for", "3h", "--dry-run")
            if r.returncode != 4:
                break
            asked += 1
        self.assertLess(asked, 65)
        self.assertGreater(asked, 40)  # besides those of the tests before
        self.assertEqual(r.returncode, FAILED)
        self.assertRegex(r.stderr, r"it may be asked again from \d{4}-")
        self.assertNotIn("Clinic", r.stdout + r.stderr)
        r = self.n.ok("operation", self.channel[:8], "--title", "Plan", *self.AWAY, "--dry-run", want=FAILED)
        self.assertIn("asked again", r.stderr)
        until(lambda: [x for x in self.s.json("log", self.channel[:8], "--kind", "service", "--bodies")["records"]
                       if x["body"]["type"] == "probed"], "all members are told")
        r = self.n.ok("operation", self.channel[:8], "--title", "Plan", *self.AWAY, "--yes", want=CONFIRM)
        self.assertIn("WARNING: ", r.stderr)


class Waits(unittest.TestCase):
    """what is said of a record that was released, and of one that only waits"""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-waits-")
        cls.n, cls.s = Party(cls.top, "northland"), Party(cls.top, "southland")

    @classmethod
    def tearDownClass(cls):
        cls.n.stop()
        cls.s.stop()
        shutil.rmtree(cls.top)

    def test_01_released(self):
        n, s = self.n, self.s
        for p in (n, s):
            p.start()
            p.card = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", p.card)
        n.ok("accredit", s.card, "--fingerprint", s.json("fingerprint")["fingerprint"])
        s.ok("accredit", n.card, "--fingerprint", n.json("fingerprint")["fingerprint"])
        n.ok("channel", "propose", "--title", "Line", "--member", "southland", "--receipt-every", "1s", "--yes")
        until(lambda: s.json("inbox")["invitations"], "the invitation")
        s.ok("channel", "accept", "Line", "--yes")
        until(lambda: n.json("channel", "show")["state"] == "in-force", "the charter in force", 60)
        for i in range(5):
            r = n.ok("statement", "--title", "Statement %d" % i, "--text", "x", "--yes")
            self.assertRegex(r.stdout, "^Released: [0-9a-f]{64}\n$")
            self.assertNotIn("Waiting", r.stderr)
        # our own log does not wait for the other side
        s.stop()
        self.assertIn("Released: ", n.ok("statement", "--title", "Alone", "--text", "x", "--yes").stdout)

    def test_02_kept(self):
        """after a start, with the other side away: nothing of ours is signed, and nothing is said to be released"""
        n = self.n
        n.stop()
        n.start()
        since = time.time()
        r = n.ok("statement", "--title", "Kept", "--text", "x", "--yes")
        self.assertLess(time.time() - since, 20)
        self.assertRegex(r.stdout, "^Kept here, not sent yet: [0-9a-f]{64}\n$")
        self.assertIn("  Waiting, not sent: asking the members what they hold of ours: 0 of 1 answered.\n", r.stderr)
        record = r.stdout.split()[-1]
        self.assertEqual(n.json("show", record)["state"], "waiting")
        r = n.ok("operation", "--title", "Sweep", "--circle", "33.00, 36.10, 1km", "--from", "2096-01-01T00:00:00Z", "--yes", "--despite")
        self.assertIn("WARNING: ", r.stderr)
        self.assertRegex(r.stdout, "^Kept here, not sent yet: [0-9a-f]{64}\n$")  # and no word of released in spite
        self.s.start()
        until(lambda: self.s.run("show", record, "--json").returncode == OK, "that it went out by itself", 60)
        self.assertNotEqual(n.json("show", record).get("state"), "waiting")


class Tap(unittest.TestResult):
    """One line a case, as the harness counts them; stops at the first failure: later cases build on it."""

    count = 0

    def case(self, result, test, more=""):
        Tap.count += 1
        print("%s %d - %s%s" % (result, Tap.count, test.id().split(".")[-1], more), flush=True)

    def addSuccess(self, test):
        self.case("ok", test)

    def addSkip(self, test, reason):
        self.case("ok", test, " # SKIP " + reason)

    def addError(self, test, err):
        super().addError(test, err)
        self.case("not ok", test)
        print("\n".join("# " + line for line in self.errors[-1][1].splitlines()), flush=True)
        self.stop()

    def addFailure(self, test, err):
        self.addError(test, err)


if __name__ == "__main__":
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite([load(Line), load(Waits)])
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
