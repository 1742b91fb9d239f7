#!/usr/bin/python3
"""Closed content from outside: three homes, three real daemons over TLS on loopback. What is said to one
must be nowhere else: not on the disk, in the memory, in the output, in the log or among the processes of
the third, and in nobody's files as plain text. Usage: test_closed.py READBACK READBACKD READBACK_VERIFY"""
import base64
import glob
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
from test_cli import CONFIRM, FAILED, OK, USAGE, VERIFY, Party, Tap, read, until  # noqa: E402

# words that stand in closed bodies and nowhere else; one in each field that a body has
TITLE, TEXT, PLACE = "Qanariya-title", "Qanariya-text-of-the-clinic", "35.917263"
ROSTER, REASON, LEVEL = "Qanariya-person", "Qanariya-reason", "Qanariya-brigade"
ATTACHED, PARAGRAPH = "Qanariya-inside-the-picture", "Qanariya-paragraph"
DEGREES = 35917263000  # as the record has it
CANARIES = [w.encode() for w in (TITLE, TEXT, PLACE, ROSTER, REASON, LEVEL, ATTACHED, PARAGRAPH)]
CANARIES += [DEGREES.to_bytes(8, "big"), DEGREES.to_bytes(8, "little")]
CANARIES += [base64.b64encode(w)[:-4] for w in CANARIES[:8]] + [w.hex().encode() for w in CANARIES[:8]]


def found_in(data, what=None):
    return [w for w in (what or CANARIES) if w in data]


def files_of(home):
    for path, _, files in os.walk(home):
        for f in files:
            full = os.path.join(path, f)
            if os.path.isfile(full) and not os.path.islink(full):
                yield full, read(full)
    yield home + ".log", read(home + ".log")


def memory_of(pid):
    """What the process has written: its pages that are there, None where this user may not look."""
    page = os.sysconf("SC_PAGE_SIZE")
    out = []
    try:
        with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem, \
                open("/proc/%d/pagemap" % pid, "rb", 0) as pagemap:
            for line in maps:
                m = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                if not m:
                    continue
                start, end = int(m[1], 16), int(m[2], 16)
                if 0x7fff7000 <= start < 0x10007fff8000:
                    continue  # AddressSanitizer's notes on memory, where the program is built with it
                pagemap.seek(start // page * 8)
                entries = b""
                want = (end - start) // page * 8
                while len(entries) < want:
                    got = pagemap.read(min(want - len(entries), 1 << 20))
                    if not got:
                        break
                    entries += got
                run = None
                for i in range(len(entries) // 8 + 1):
                    there = i < len(entries) // 8 and entries[8 * i + 7] & 0xC0
                    if there and run is None:
                        run = i
                    if not there and run is not None:
                        try:
                            mem.seek(start + run * page)
                            out.append(mem.read((i - run) * page))
                        except (OSError, OverflowError, ValueError):
                            pass
                        run = None
    except PermissionError:
        return None
    return b"\0".join(out)


def seen_by(p, record):
    """as p sees it; what has not come yet has nothing in it"""
    r = p.run("show", record, "--json")
    return json.loads(r.stdout) if r.returncode == OK else {"body": None, "body_state": None, "holders": [], "positions": []}


def command_lines():
    out = b""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as f:
                out += f.read() + b"\n"
        except OSError:
            pass
    return out


class Closed(unittest.TestCase):
    """alfa writes, bravo is named, charlie is not. The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-closed-")
        cls.a, cls.b, cls.c = Party(cls.top, "alfa"), Party(cls.top, "bravo"), Party(cls.top, "charlie")
        cls.outputs = {"charlie": b""}

    @classmethod
    def tearDownClass(cls):
        for p in (cls.a, cls.b, cls.c):
            p.stop()
        shutil.rmtree(cls.top)

    def release(self, p, *words, form=None, want=OK):
        """releases with a form on standard input"""
        text = "".join("%s: %s\n" % kv for kv in (form or {}).items())
        more = ("--form", "-") if form else ()
        r = p.run(*words, *more, "--yes", "--json", stdin=text or None)
        self.assertIn(r.returncode, (want,) if want is not None else (FAILED, USAGE), r.stdout + r.stderr)
        return json.loads(r.stdout) if r.returncode == OK else r

    def test_01_channel(self):
        for p in (self.a, self.b, self.c):
            p.start()
            p.card = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", p.card)
        for p in (self.a, self.b, self.c):
            for q in (self.a, self.b, self.c):
                if p is not q:
                    p.ok("accredit", q.card, "--fingerprint", q.json("fingerprint")["fingerprint"])
        out = self.a.ok("channel", "propose", "--title", "Places", "--member", "bravo", "--member", "charlie",
                        "--receipt-every", "1s", "--keep", "notice=30", "--disclosure", "text=whole",
                        "--disclosure", "notice=fact", "--yes", "--json")
        Closed.channel = json.loads(out.stdout)["channel"]
        for p in (self.b, self.c):
            until(lambda: p.json("inbox")["invitations"], "the invitation")
            p.ok("channel", "accept", self.channel[:8], "--yes")
        for p in (self.a, self.b, self.c):
            until(lambda: p.json("channel", "show")["state"] == "in-force", "the charter in force")

    def test_01_charters_words(self):
        for words, says in ((["--closed", "nonsense"], "kinds"), (["--closed", "charter"], "always open"),
                            (["--keep", "notice"], "notice=90"), (["--keep", "notice=soon"], "DAYS"),
                            (["--keep", "receipt=3"], "always open"), (["--disclosure", "text=all"], "whole, fact or hash"),
                            (["--disclosure", "text"], "text=whole")):
            r = self.a.ok("channel", "propose", "--title", "x", "--member", "bravo", *words, "--yes", want=USAGE)
            self.assertIn(says, r.stderr)
        self.assertEqual(len(self.a.json("channel", "list")["channels"]), 1)

    SITE = {"title": TITLE, "text": TEXT, "circle": PLACE + ",36.1000,150m"}

    def test_02_refused_without_recipients(self):
        r = self.release(self.a, "notice", "site", form=self.SITE, want=FAILED)
        self.assertIn("recipient", r.stderr)
        self.assertFalse(found_in((r.stdout + r.stderr).encode()))
        for to in ("nobody", "alfa,nobody", ""):
            r = self.release(self.a, "notice", "site", "--recipients", to, form=self.SITE, want=None)
            self.assertFalse(found_in((r.stdout + r.stderr).encode()), to)
        # what only some may read is not taken from the command line
        r = self.a.ok("notice", "site", "--recipients", "bravo", "--title", "x", "--circle", "35,36,1km", "--yes", want=USAGE)
        self.assertIn("--form", r.stderr)
        for bad in ("title", "title x\n", "nonsense: 1\n", "home: /\n", "title: a\ntitle\n", " title: a\n"):
            self.a.ok("notice", "site", "--recipients", "bravo", "--form", "-", "--yes", stdin=bad, want=USAGE)
        self.a.ok("notice", "site", "--recipients", "bravo", "--form", os.path.join(self.top, "none"), "--yes", want=FAILED)
        self.a.ok("notice", "site", "--recipients", "bravo", "--form", "-", "--file", "-", "--yes", stdin="title: a\n", want=USAGE)

    def test_02_slips_of_a_form(self):
        """the line is named with what is accepted; what stands there is not said again"""
        for slip, says in ((TEXT + " " + PLACE, ["line 3", "colon"]), (TEXT + ": x", ["line 3", "names are: title"]),
                           ("circle: %s,36.1,150" % PLACE, ["line 3", "circle", "5km, 900m"]),
                           ("circle: 9%s,36.1,150m" % PLACE, ["line 3", "-90 to 90"]),
                           ("circle: %s 36.1" % PLACE, ["line 3", "decimal points"]),
                           ("polygon: %s,36.1 35,36 %s,36.1" % (PLACE, PLACE), ["line 3", "polygon"]),
                           ("circle: 35,36,1km\nfrom: " + TEXT, ["line 4", "from", "011300ZJAN27"]),
                           ("demand: %s\ndemand-in: 5m" % LEVEL, ["line 3", "passed-down"]),
                           ("precedence: " + TEXT, ["line 3", "FLASH"]), ("edges: " + TEXT, ["line 3", "geodesic"]),
                           ("circle: 35,36,1km\nceiling: " + TEXT, ["line 4", "ceiling", "amsl"])):
            form = "# a site\ntitle: %s\n%s\n" % (TITLE, slip)
            r = self.a.ok("notice", "site", "--recipients", "bravo", "--form", "-", "--yes", stdin=form, want=USAGE)
            for s in says:
                self.assertIn(s, r.stderr, slip)
            self.assertFalse(found_in((r.stdout + r.stderr).encode()), r.stderr)

    def test_02_who_can_be_named(self):
        for more in (["--recipients", "brav"], [], ["--recipients", ","]):
            r = self.release(self.a, "notice", "site", *more, form=self.SITE, want=None)
            self.assertIn("alfa, bravo, charlie", r.stderr)
        r = self.a.ok("attach", __file__, "--yes", want=USAGE)
        self.assertIn("alfa, bravo, charlie", r.stderr)
        self.assertIn("nobody but us", self.a.ok("notice", "site", "--recipients", "alfa", "--form", "-", want=CONFIRM,
                                                 stdin="title: x\ncircle: 35,36,1km\n").stderr)
        self.assertEqual(self.a.json("log", "--kind", "notice")["records"], [])

    def test_02_form_to_fill_in(self):
        text = self.a.ok("form", "site").stdout
        self.assertEqual(text, self.a.ok("form", "notice", "site").stdout)
        first = [line.split(":")[0] for line in text.split("\n") if line and line[0] != "#"]
        self.assertEqual(first[:3], ["recipients", "title", "circle"])
        filled = "\ufeff" + re.sub("^recipients: $", "recipients: bravo, charlie", text, flags=re.M)
        filled = re.sub("^title: $", "title : %s" % TITLE, filled, flags=re.M)
        filled = re.sub("^text: $", "text: one\n  two\n\n  three", filled, flags=re.M)
        r = self.a.ok("notice", "site", "--form", "-", stdin=filled.replace("\n", "\r\n"), want=CONFIRM)
        self.assertIn("can be read by: bravo, charlie (2 beside us)", r.stderr)
        self.assertRegex(r.stderr, "text: one\n +two\n +\n +three\n")
        self.assertIn("all other members see", r.stderr)
        emergency = self.a.ok("notice", "site", "--form", "-", "--emergency", "alone", stdin=filled, want=CONFIRM)
        self.assertRegex(emergency.stderr, "ALL MEMBERS READ: .*the reason of the emergency")
        for words in (["form", "notice", "nonsense"], ["form", "purge"], ["form"], ["form", "read", "x"]):
            self.a.ok(*words, want=USAGE)
        for words in (["movement"], ["read"], ["position"], ["text"], ["roster"], ["attach"], ["channel", "suspend"]):
            self.assertIn("recipients: ", self.a.ok("form", *words).stdout)

    def test_03_said_to_one(self):
        seen, going = [], True

        def watch():
            while going:
                seen.append(command_lines())
                time.sleep(0.001)
        t = threading.Thread(target=watch)
        t.start()
        try:
            made = self.release(self.a, "notice", "site", "--recipients", "bravo", "--demand", "read", "--demand-in", "30m",
                                form=self.SITE)
        finally:
            going = False
            t.join()
        self.assertFalse(found_in(b"".join(seen)), "in a list of processes")
        self.assertEqual(made["readers"], ["bravo"])
        Closed.site = made["record"]
        item = until(lambda: [i for i in self.b.json("inbox")["items"] if i["record"] == self.site and i["body"]],
                     "the site in bravo's inbox")[0]
        self.assertEqual(item["body"]["title"], TITLE)
        self.assertEqual(item["body"]["volumes"][0]["circle"]["lat"], float(PLACE))
        until(lambda: self.c.run("show", self.site).returncode == OK, "the leaf at charlie")

    def test_04_held_needs_leaf_and_body(self):
        def held(p, who):
            return [h for h in p.json("show", self.site)["holders"] if h["member"] == who][0]
        until(lambda: held(self.a, "bravo")["held"], "held by bravo, leaf and body")
        self.assertTrue(held(self.a, "bravo")["body_held"])
        self.assertIsNone(held(self.a, "bravo")["read"])
        c = held(self.a, "charlie")
        self.assertFalse(c["held"] or c["body_held"] or c["reader"])
        self.b.ok("read", self.site[:12], "--yes")
        until(lambda: held(self.a, "bravo")["read"], "read by bravo, at alfa")
        self.assertIsNone(held(self.c, "bravo")["read"])  # for the author alone
        r = self.release(self.b, "dispute-fact", self.site[:12], form={"reason": REASON})
        self.assertEqual(r["readers"], ["alfa"])
        until(lambda: [x for x in seen_by(self.a, self.site)["positions"]
                       if (x.get("body") or {}).get("reason") == REASON], "the reason at alfa")
        self.release(self.b, "passed-down", self.site[:12], form={"level": LEVEL})
        r = self.b.ok("dispute-fact", self.site[:12], "--reason", "x", "--yes", want=USAGE)  # the words' place is a form
        self.assertIn("--form -", r.stderr)
        r = self.c.ok("read", self.site[:12], "--yes", want=FAILED)  # it has nothing that it could have read
        self.assertIn("not for us", r.stderr)
        self.assertEqual(self.c.json("show", self.site)["envelope"]["recipients"], ["alfa", "bravo"])
        self.assertFalse([x for x in self.a.json("show", self.site)["positions"] if x["member"] == "charlie"])
        r = self.release(self.a, "correct", self.site[:12], form={"reason": REASON})
        self.assertEqual(r["readers"], ["bravo"])  # whom the record told, its correction tells
        until(lambda: [x for x in seen_by(self.b, self.site)["positions"] if x["position"] == "correct"], "the correction")
        self.b.ok("will-comply", self.site[:12], "--yes", want=FAILED)  # never a permission
        self.b.ok("object", self.site[:12], "--yes", want=FAILED)

    def test_05_text_roster_attachment(self):
        text = os.path.join(self.top, "elements.txt")
        with open(text, "w") as f:
            f.write("First, said to the press.\n\n%s, which stays.\n\nThird, said to the press.\n" % PARAGRAPH)
        Closed.text = self.release(self.a, "text", "--recipients", "bravo", "--file", text, form={"title": "Elements"})["record"]
        watch = os.path.join(self.top, "watch.txt")
        with open(watch, "w") as f:
            f.write("# who is there\n%s | watch | +1 555 0100 | | \nNight desk | deputy\n" % ROSTER)
        self.a.ok("roster", "--recipients", "bravo", "--file", watch, "--yes")
        picture = os.path.join(self.top, "picture.bin")
        Closed.picture = (ATTACHED.encode() + os.urandom(700)) * 2000  # more than a chunk, less than two answers
        with open(picture, "wb") as f:
            f.write(self.picture)
        made = self.release(self.a, "attach", picture, "--recipients", "bravo", "--about", self.site,
                            form={"name": "roof.jpg", "media-type": "image/jpeg", "description": TEXT})
        Closed.attachment = made["record"]
        until(lambda: [h for h in seen_by(self.a, self.attachment)["holders"] if h["member"] == "bravo" and h["held"]],
              "the attachment held by bravo", 60)
        out = os.path.join(self.top, "roof.jpg")
        self.b.ok("save", self.attachment[:12], "--out", out)
        self.assertEqual(read(out), self.picture)
        self.b.ok("save", self.attachment[:12], "--out", out, want=FAILED)  # never overwritten
        r = self.c.ok("save", self.attachment[:12], "--out", out + "2", want=FAILED)
        self.assertFalse(os.path.exists(out + "2"))
        self.assertIn("nothing is written over", self.b.ok("save", self.attachment[:12], "--out", self.top, want=FAILED).stderr)
        self.b.ok("save", self.attachment[:12], "--out", "-", want=USAGE)
        self.b.ok("save", self.attachment[:12], "--out", os.path.join(out, "x"), want=FAILED)
        self.assertIn("notice", self.b.ok("save", self.site[:12], "--out", out + "3", want=FAILED).stderr)
        self.assertEqual([n for n in os.listdir(self.top) if n.startswith("roof.jpg")], ["roof.jpg"])
        shown = until(lambda: self.b.json("roster")["rosters"], "the roster at bravo")
        self.assertEqual([p["name"] for p in shown[0]["persons"]], [ROSTER, "Night desk"])
        self.assertEqual(self.c.json("roster")["rosters"], [])

    def test_05_attachments_refused(self):
        empty, many = os.path.join(self.top, "empty"), ["attach", self.a.pw, "--recipients", "bravo"]
        open(empty, "w").close()
        for path in (empty, self.top, os.path.join(self.top, "none"), "/dev/null"):
            self.a.ok("attach", path, "--recipients", "bravo", "--yes", want=FAILED)
        for slip in ("name: ../" + ATTACHED, "media-type: " + ATTACHED):
            r = self.a.ok(*many, "--form", "-", "--yes", stdin=slip + "\n", want=USAGE)
            self.assertIn("line 1", r.stderr)
            self.assertFalse(found_in((r.stdout + r.stderr).encode()))
        for _ in range(6):  # what was not confirmed gives its place back
            self.assertIn("confirmation", self.a.ok(*many, want=CONFIRM).stderr)
        for line in ("%s | watch | | soon |" % ROSTER, "| %s" % ROSTER, "%s | a | b | | | c" % ROSTER, "# nobody"):
            r = self.a.ok("roster", "--recipients", "bravo", "--file", "-", "--yes", stdin=line + "\n", want=USAGE)
            self.assertFalse(found_in((r.stdout + r.stderr).encode()))

    def test_06_what_each_sees(self):
        site = self.site[:12]
        def line(p):
            return [x for x in p.ok("log", "--kind", "notice").stdout.split("\n") if x.startswith(site)][0]
        until(lambda: self.c.run("show", self.site).returncode == OK, "the leaf at charlie")
        self.assertRegex(line(self.b), "notice site .*%s.* closed$" % TITLE)
        self.assertRegex(line(self.c), "notice  .*closed, not for us$")
        for p in (self.a, self.b, self.c):
            shown = p.ok("show", self.site).stdout
            self.assertTrue(shown.startswith("Places  "), shown)  # the channel, not the record
            self.assertIn("CLOSED: for alfa, bravo", shown)
            self.assertRegex(shown, "bravo +leaf and content held since ")
            self.assertRegex(shown, "charlie +no recipient\n")
            self.assertIn("CLOSED: for alfa, bravo", p.ok("who-holds", "--kind", "notice").stdout)
            self.assertIn("age key: open", p.ok("status").stdout)
        self.assertIn("an answer that cannot be read here", self.c.ok("show", self.site).stdout)
        self.assertIn("CLOSED: for alfa, bravo", self.b.ok("inbox").stdout)
        kinds = self.a.ok("help", "kinds").stdout
        for words in ("roster (always closed)", "attachment (always closed)", "notice (site and movement: always closed)",
                      "position (closed where what it answers is)", "charter (always open)", "text (open, or closed"):
            self.assertIn(words, kinds)

    def test_06_nothing_at_the_third(self):
        c = self.c
        until(lambda: c.run("show", self.attachment).returncode == OK, "the last leaf at charlie")
        out = b""
        for words in (["log", "--bodies"], ["inbox"], ["who-holds", "--all"], ["situation"], ["status"], ["doctor"], ["drafts"],
                      ["channel", "show"], ["roster"], ["show", self.site], ["show", self.text], ["show", self.attachment],
                      ["read", "ffffffffffff", "--yes"], ["disclose", self.site], ["disclose", self.text, "--paragraph", "2"],
                      ["purge", self.site, "--yes"], ["reseal", self.site, "--recipients", "charlie", "--yes"]):
            for more in ([], ["--json"]):
                r = c.run(*words, *more)
                out += (r.stdout + r.stderr).encode()
        self.assertFalse(found_in(out), "in the output")
        self.assertIsNone(c.json("show", self.site)["body"])
        self.assertIsNone(c.json("show", self.site)["title"])
        self.assertEqual([i for i in c.json("inbox")["items"] if i["record"] == self.site], [])
        folder = os.path.join(self.top, "charlie-export")
        c.ok("export", folder)
        r = subprocess.run([VERIFY, folder], capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertFalse(found_in((r.stdout + r.stderr).encode()))
        for path, data in files_of(c.home):
            self.assertFalse(found_in(data), path)
        for path, _, names in os.walk(folder):
            for n in names:
                self.assertFalse(found_in(read(path, n)), n)

    def ciphertexts(self):
        db = sqlite3.connect("file:%s?mode=ro" % os.path.join(self.b.home, "readback.db"), uri=True)
        rows = [r[0] for r in db.execute("SELECT bytes FROM chunks") if len(r[0]) >= 128]  # ends of pieces are short
        db.close()
        self.assertGreater(len(rows), 5)
        some = rows[:12] + rows[-12:]  # each costs a walk through a process's memory
        return [bytes(r[64:96]) for r in some] + [bytes(r[-64:-32]) for r in some]

    def test_07_no_ciphertext_at_the_third(self):
        pieces = self.ciphertexts()
        for path, data in files_of(self.c.home):
            self.assertFalse(found_in(data, pieces), path)

    def test_08_memory_of_the_third(self):
        memory = memory_of(self.c.daemon.pid)
        if memory is None:
            self.skipTest("this user may not read a process's memory")
        self.assertIn(bytes.fromhex(self.site), memory)  # we look where its records are
        self.assertFalse(found_in(memory))
        self.assertFalse(found_in(memory, self.ciphertexts()))

    def test_09_no_plain_text_on_any_disk(self):
        for p in (self.a, self.b):
            for path, data in files_of(p.home):
                self.assertFalse(found_in(data), path)
            self.assertFalse(found_in(read(p.home + ".log")))

    def test_10_seized_with_the_key_sealed(self):
        b = self.b
        pw = os.path.join(self.top, "age.pw")
        with open(pw, "w") as f:
            f.write("the age key's words\n")
        os.chmod(pw, 0o600)
        env = {"READBACK_PASSPHRASE_FILE": pw}
        secret = [x for x in read(b.home, "keys", "age.txt").split(b"\n") if x.startswith(b"AGE-SECRET-KEY-")][0]
        b.ok("seal-age", env=env)
        b.ok("seal-age", env=env, want=FAILED)  # done already
        b.stop()
        for path, data in files_of(b.home):
            self.assertNotIn(secret, data, path)
            self.assertFalse(found_in(data), path)
        b.start()
        o = b.json("show", self.site)
        self.assertEqual((o["body_state"], o["body"]), ("held", None))
        self.assertIn("unlock", b.run("doctor").stdout)
        self.assertIn("age key: SEALED", b.run("status").stdout)
        for words in (["show", self.site], ["inbox"]):
            self.assertIn("not opened yet: the age key is sealed (`readback unlock`)", b.ok(*words).stdout)
        self.assertIn("closed, UNOPENED", b.ok("log", "--kind", "notice").stdout)
        for words in (["passed-down", self.text[:12], "--level", "x"], ["save", self.attachment[:12], "--out", self.top + "/x"],
                      ["reseal", self.text[:12], "--recipients", "alfa"], ["disclose", self.text[:12]], ["query", self.text[:12]]):
            self.assertIn("`readback unlock`", b.ok(*words, "--yes", want=FAILED).stderr)
        late = self.release(self.a, "notice", "site", "--recipients", "bravo", form=dict(self.SITE, title=TITLE + " 2"))["record"]
        until(lambda: seen_by(b, late)["body_state"] == "held", "the second site, unopened")
        time.sleep(2.5)  # receipts come each second
        self.assertFalse([h for h in self.a.json("show", late)["holders"] if h["member"] == "bravo"][0]["body_held"])
        self.assertIn("seal-age", b.ok("unlock", want=FAILED).stderr)  # the officer's passphrase is another
        self.assertIsNone(b.json("show", self.site)["body"])
        b.ok("unlock", env=env)
        until(lambda: (seen_by(b, late)["body"] or {}).get("title") == TITLE + " 2", "opened after the unlocking")
        until(lambda: [h for h in seen_by(self.a, late)["holders"] if h["member"] == "bravo" and h["held"]], "held by bravo now")
        b.ok("unlock", env=env, want=FAILED)
        b.ok("seal-age", "--undo", env=env)
        self.assertIn(secret, read(b.home, "keys", "age.txt"))
        self.assertFalse(os.path.exists(os.path.join(b.home, "keys", "age.age")))

    def test_11_age_opens_it(self):
        """the ciphertext of bravo's store, opened by the age program with bravo's identity"""
        if not shutil.which("age"):
            self.skipTest("age is not installed")
        db = sqlite3.connect("file:%s?mode=ro" % os.path.join(self.b.home, "readback.db"), uri=True)
        first = [bytes(r[0]) for r in db.execute("SELECT bytes FROM chunks")]
        db.close()
        whole = [x for x in first if x.startswith(b"age-encryption.org/v1\n") and len(x) < 65536]
        opened = []
        for x in whole:
            r = subprocess.run(["age", "-d", "-i", os.path.join(self.b.home, "keys", "age.txt")], input=x, capture_output=True)
            self.assertEqual(r.returncode, 0, r.stderr)
            opened.append(r.stdout)
        self.assertTrue([x for x in opened if TITLE.encode() in x and TEXT.encode() in x])
        # and not with charlie's
        r = subprocess.run(["age", "-d", "-i", os.path.join(self.c.home, "keys", "age.txt")], input=whole[0], capture_output=True)
        self.assertNotEqual(r.returncode, 0)

    def test_12_disclosed_with_proof(self):
        out = os.path.join(self.top, "paragraphs.json")
        self.a.ok("disclose", self.text[:12], "--paragraph", "1", "--paragraph", "3", "--out", out)
        data = read(out)
        self.assertFalse(found_in(data))
        self.assertNotIn(b"Elements", data)
        r = subprocess.run([VERIFY, out], capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertIn("First, said to the press.", r.stdout)
        self.a.ok("disclose", self.text[:12], "--paragraph", "4", want=USAGE)
        self.a.ok("disclose", self.text[:12], "--paragraph", "x", want=USAGE)
        # the charter says of places: the fact
        r = self.b.run("disclose", self.site[:12], "--paragraph", "0")
        self.assertEqual(r.returncode, FAILED)
        self.assertFalse(found_in((r.stdout + r.stderr).encode()))
        self.assertIn("the charter lets us show of it the fact", r.stderr)
        for words in (["--paragraph", "1", "--fact"], ["--fact", "--hash"], ["--paragraph", "1,x"]):
            self.a.ok("disclose", self.text[:12], *words, want=USAGE)
        self.a.ok("disclose", self.text[:12], "--out", out, want=FAILED)  # never overwritten
        self.assertEqual(read(out), data)
        both = json.loads(self.a.ok("disclose", self.text[:12], "--paragraph", "1,3").stdout)
        self.assertEqual([x["part"] for x in both["parts"]], [1, 3])
        fact = self.b.ok("disclose", self.site[:12]).stdout
        self.assertEqual(json.loads(fact)["level"], "fact")
        self.assertEqual(json.loads(fact)["parts"], [])
        self.assertFalse(found_in(fact.encode()))

    def test_13_reseal(self):
        r = self.b.ok("reseal", self.site[:12], "--recipients", "charlie", "--yes", want=FAILED)  # its author alone
        self.assertIn("only alfa", r.stderr)
        made = self.release(self.a, "reseal", self.text[:12], "--recipients", "charlie")
        got = until(lambda: seen_by(self.c, made["record"])["body"], "the text at charlie")
        self.assertEqual(len(got["paragraphs"]), 3)
        a, b = self.a.json("show", self.text), self.a.json("show", made["record"])
        self.assertEqual(a["detached"]["commitments"], b["detached"]["commitments"])
        self.assertNotEqual(a["detached"]["ciphertext"], b["detached"]["ciphertext"])
        self.assertIsNone(self.c.json("show", self.text)["body"])

    def test_14_purged(self):
        db = sqlite3.connect("file:%s?mode=ro" % os.path.join(self.b.home, "readback.db"), uri=True)
        cipher = bytes.fromhex(self.b.json("show", self.site)["detached"]["ciphertext"])
        rows = [bytes(r[0]) for r in db.execute("SELECT c.bytes FROM chunks c JOIN bodies b ON c.body = b.body WHERE b.hash = ?", (cipher,))]
        db.close()
        self.assertTrue(rows)
        pieces = [rows[0][i:i + 24] for i in range(48, len(rows[0]) - 24, 24)]  # every age file begins alike
        self.assertTrue(any(found_in(data, pieces) for _, data in files_of(self.b.home)))
        r = self.b.ok("purge", self.site[:12], "--reason", "moved", want=CONFIRM)
        self.assertIn("ALL MEMBERS READ the reason: moved", r.stderr)
        self.assertIn("backups", r.stderr)
        self.b.ok("purge", self.site[:12], "--reason", "moved", "--yes")
        self.assertEqual(self.b.json("show", self.site)["body_state"], "purged")
        self.assertIn("already", self.b.ok("purge", self.site[:12], "--yes", want=FAILED).stderr)
        self.assertIn("purged here", self.b.ok("show", self.site).stdout)
        def left():
            return [(path, len(found_in(data, pieces))) for path, data in files_of(self.b.home) if found_in(data, pieces)]
        try:
            until(lambda: not left(), "gone from database, write-ahead log and free pages")
        except AssertionError:
            self.fail("left of %d pieces: %s" % (len(pieces), left()))
        for p in (self.a, self.c):
            until(lambda: [h for h in seen_by(p, self.site)["holders"] if h["member"] == "bravo" and h["purged"]],
                  "the purge is said to all")
        self.b.stop()
        self.assertEqual(left(), [])
        self.b.start()
        o = self.b.json("show", self.site)
        self.assertEqual((o["body_state"], o["body"]), ("purged", None))
        time.sleep(1)
        self.assertEqual(self.b.json("show", self.site)["body_state"], "purged")  # not fetched again
        self.assertEqual(self.a.json("show", self.site)["body"]["title"], TITLE)  # the others keep theirs

    def test_15_body_lost_and_found(self):
        """bravo is off while alfa writes; alfa's push comes, and what is missing is asked for"""
        self.b.stop()
        made = self.release(self.a, "notice", "site", "--recipients", "bravo", form=dict(self.SITE, title=TITLE + " 3"))["record"]
        self.assertFalse([h for h in self.a.json("show", made)["holders"] if h["member"] == "bravo"][0]["held"])
        self.b.start()
        until(lambda: (seen_by(self.b, made)["body"] or {}).get("title") == TITLE + " 3", "the third site at bravo", 60)
        until(lambda: [h for h in seen_by(self.a, made)["holders"] if h["member"] == "bravo" and h["held"]], "held", 30)

    def test_16_all_of_it_again_after_restart(self):
        for p in (self.a, self.b, self.c):
            p.stop()
        for p in (self.a, self.b, self.c):
            for path, data in files_of(p.home):
                self.assertFalse(found_in(data), path)
            p.start()
        until(lambda: (seen_by(self.b, self.text)["body"] or {}).get("title") == "Elements", "bravo reads the text again")
        self.assertIsNone(self.c.json("show", self.site)["body"])
        until(lambda: [x for x in seen_by(self.a, self.site)["positions"] if x["position"] == "passed-down"],
              "alfa reads the closed answer again")


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Closed)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
