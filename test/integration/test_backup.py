#!/usr/bin/python3
"""The restore drill of readback-operation(7), step by step: back up under load, go on, lose the machine, restore
into a new home, start; nothing that anybody was told is held is lost. And what is no backup is not taken for one.
Usage: test_backup.py READBACK READBACKD"""
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE]
from test_cli import FAILED, OK, USAGE, CONFIRM, READBACK, Party, Tap, read, until  # noqa: E402

WORD = "Qanariya"  # stands in a closed body


def sha256(path):
    return hashlib.sha256(read(path)).hexdigest()


def leaves(db):
    """(channel, member, epoch, index) -> bytes"""
    with sqlite3.connect("file:%s?mode=ro" % db, uri=True) as c:
        return {tuple(r[:4]): r[4] for r in c.execute(
            "SELECT channel, member, epoch, idx, body FROM leaves JOIN feeds USING(feed)")}


class Drill(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-backup-")
        cls.alfa, cls.bravo = Party(cls.top, "alfa"), Party(cls.top, "bravo")

    @classmethod
    def tearDownClass(cls):
        for p in (cls.alfa, cls.bravo):
            if p.daemon:
                p.daemon.kill()
                p.daemon.wait()
        shutil.rmtree(cls.top)

    def keep(self, **what):
        for name, value in what.items():
            setattr(Drill, name, value)

    def path(self, name):
        return os.path.join(self.top, name)

    def statement(self, words, by=None):
        return (by or self.alfa).json("statement", "--title", words, "--text", words, "--yes")["record"]

    def held_by_bravo(self, record):
        return any(h["held"] for r in self.alfa.json("who-holds", "--all", "--limit", "1000")["records"] if r["record"] == record
                   for h in r["holders"] if h["member"] == "bravo")

    def records(self, p):
        return {r["record"]: r["author"] for r in p.json("log", "--limit", "1000")["records"]}

    def copy(self, name):
        shutil.copytree(self.path("one"), self.path(name))
        return self.path(name)

    def no_parts(self):
        self.assertEqual([n for n in os.listdir(self.top) if ".part-" in n], [])

    # the parties

    def test_01_before_the_first_start(self):
        m = self.alfa.json("backup", self.path("early"))
        self.assertEqual((m["database"], m["handle"]), (None, "alfa"))
        self.assertEqual(self.alfa.ok("backup", "--verify", self.path("early")).stderr, "")

    def test_02_channel(self):
        a, b = self.alfa, self.bravo
        for p in (a, b):
            p.start()
            p.card = self.path(p.handle + ".card")
            p.ok("card", "--out", p.card)
        for p, q in ((a, b), (b, a)):
            p.ok("accredit", q.card, "--fingerprint", q.json("fingerprint")["fingerprint"])
        channel = a.json("channel", "propose", "--title", "Line", "--member", "bravo", "--yes")["channel"]
        until(lambda: b.json("inbox")["invitations"], "the invitation")
        b.ok("channel", "accept", channel, "--yes")
        until(lambda: all(p.json("channel", "show")["state"] == "in-force" for p in (a, b)), "the charter in force")
        r = a.run("notice", "site", "--recipients", "bravo", "--form", "-", "--yes", "--json",
                  stdin="title: %s\ncircle: 35.5000,36.1000,150m\n" % WORD)
        self.assertEqual(r.returncode, OK, r.stderr)
        self.keep(channel=channel, site=json.loads(r.stdout)["record"])
        until(lambda: self.held_by_bravo(self.site), "the site held")

    # 1. back up, while both write

    def test_03_under_load(self):
        stop, said, faults = threading.Event(), [], []

        def talk(p):
            try:
                while not stop.is_set():
                    said.append((p, self.statement("load %d" % len(said), p)))
            except Exception as e:  # the test looks at it
                faults.append(e)
        threads = [threading.Thread(target=talk, args=(p,)) for p in (self.alfa, self.bravo)]
        for t in threads:
            t.start()
        until(lambda: len(said) >= 4 or faults, "some load")
        before = [r for p, r in said if p is self.alfa]
        m = self.alfa.json("backup", self.path("one"))
        stop.set()
        for t in threads:
            t.join()
        self.assertEqual(faults, [])
        listed = {f["name"] for f in m["files"]}
        self.assertEqual(listed, {"readback.db", "card.cose", "config.ini"} |
                         {"keys/" + n for n in os.listdir(os.path.join(self.alfa.home, "keys"))})
        there = {os.path.relpath(os.path.join(d, f), self.path("one"))
                 for d, _, files in os.walk(self.path("one")) for f in files}
        self.assertEqual(there, listed | {"manifest.json"})  # and so no head file
        for d, _, files in os.walk(self.path("one")):
            self.assertEqual(stat.S_IMODE(os.stat(d).st_mode), 0o700)
            for f in files:
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(d, f)).st_mode), 0o600, f)
        for f in m["files"]:
            self.assertEqual(sha256(os.path.join(self.path("one"), f["name"])), f["sha256"])
            self.assertNotIn(WORD.encode(), read(self.path("one"), f["name"]))
        self.assertTrue(any(n.startswith("keys/log-") for n in listed))
        copied, live = leaves(self.path("one/readback.db")), leaves(os.path.join(self.alfa.home, "readback.db"))
        self.assertEqual({k: live[k] for k in copied}, copied)  # byte for byte
        self.assertEqual(len(copied), m["database"]["leaves"])
        tree = {hashlib.sha256(b"\0" + v).hexdigest() for v in copied.values()}
        self.assertLessEqual(set(before), tree)  # what was said before is in it
        self.no_parts()
        self.assertNotIn("left out", read(self.alfa.home + ".log").decode())

    def test_04_never_over_something(self):
        for name in ("one", "alfa.card", "new/deeper"):
            r = self.alfa.ok("backup", self.path(name), want=FAILED)
            self.assertEqual(r.stdout, "")
            self.assertTrue(r.stderr)
        self.alfa.ok("backup", want=USAGE)
        self.no_parts()

    # 2. is it one?

    def test_05_verify(self):
        m = self.alfa.json("backup", "--verify", self.path("one"))
        self.assertTrue(m["verified"])
        before = {f: sha256(self.path("one/" + f)) for f in ("readback.db", "manifest.json")}
        r = self.alfa.ok("backup", "--verify", self.path("one") + "/", env={"READBACK_HOME": self.path("nowhere")})
        self.assertIn("whole: alfa", r.stdout)
        self.assertEqual(before, {f: sha256(self.path("one/" + f)) for f in before})
        self.assertEqual(set(os.listdir(self.path("one"))) & {"readback.db-wal", "readback.db-shm"}, set())

    def bad(self, name, words):
        r = self.alfa.ok("backup", "--verify", self.path(name), want=FAILED)
        self.assertRegex(r.stderr, words, name)
        self.assertEqual(r.stdout, "")
        home = self.path("from-" + name)
        self.alfa.ok("--home", home, "restore", self.path(name), "--yes", want=FAILED)
        self.assertFalse(os.path.exists(home))

    def edit(self, name, sql, words):
        """the database of a copy is changed, and the list with it: somebody who can write both"""
        folder = self.copy(name)
        c = sqlite3.connect(os.path.join(folder, "readback.db"))
        c.executescript(sql)
        c.commit()
        c.close()
        m = json.loads(read(folder, "manifest.json"))
        for f in m["files"]:
            p = os.path.join(folder, f["name"])
            f["size"], f["sha256"] = os.path.getsize(p), sha256(p)
        with open(os.path.join(folder, "manifest.json"), "w") as out:
            json.dump(m, out)
        self.bad(name, words)

    def test_06_what_is_not_whole(self):
        for at, f in enumerate(("readback.db", "keys/node.pem", "card.cose")):
            folder = self.copy("flipped%d" % at)
            data = bytearray(read(folder, f))
            data[len(data) // 2] ^= 1
            with open(os.path.join(folder, f), "wb") as out:
                out.write(data)
            self.bad("flipped%d" % at, "not what was backed up")
            os.unlink(os.path.join(folder, f))
            self.bad("flipped%d" % at, "cannot be read")
        os.unlink(os.path.join(self.copy("unlisted"), "manifest.json"))
        self.bad("unlisted", "is not a backup")
        for at, name in enumerate(("../alfa.pw", "heads", "keys/../card.cose", "keys/.x", "/etc/hostname", "")):
            folder = self.copy("named%d" % at)
            m = json.loads(read(folder, "manifest.json"))
            m["files"][0]["name"] = name
            with open(os.path.join(folder, "manifest.json"), "w") as out:
                json.dump(m, out)
            self.bad("named%d" % at, "no backup holds|is not a backup")

    def test_07_leaves_are_what_was_signed(self):
        self.edit("shorter", "DELETE FROM leaves WHERE feed = 1 AND idx = (SELECT max(idx) FROM leaves WHERE feed = 1)", "missing")
        self.edit("hole", "DELETE FROM leaves WHERE feed = 1 AND idx = 1", "missing")
        self.edit("other", "UPDATE leaves SET body = CAST(body || x'00' AS BLOB) WHERE feed = 1 AND idx = 2", "not what was stored")
        with sqlite3.connect("file:%s?mode=ro" % self.path("one/readback.db"), uri=True) as c:
            body = c.execute("SELECT body FROM leaves WHERE feed = 1 AND idx = 2").fetchone()[0] + b"\0"
        self.edit("rehashed", "UPDATE leaves SET body = x'%s', hash = x'%s' WHERE feed = 1 AND idx = 2" % (
            body.hex(), hashlib.sha256(b"\0" + body).hexdigest()), "checkpoint")
        self.edit("stray", "INSERT INTO leaves SELECT 99, idx, hash, mark, body FROM leaves WHERE feed = 1 AND idx = 0",
                  "leaves of no log")
        self.edit("newer", "PRAGMA user_version = 99", "newer version")
        self.edit("foreign", "PRAGMA application_id = 7", "not a database of this software")

    def test_08_killed_in_between(self):
        """whole or not there"""
        rng = random.Random(8)
        env = dict(os.environ, READBACK_HOME=self.alfa.home)
        began = time.monotonic()
        subprocess.run([READBACK, "backup", self.path("timed")], env=env, check=True, capture_output=True)
        takes, whole, cut = time.monotonic() - began, 0, 0
        for i in range(12):
            to = self.path("cut%d" % i)
            p = subprocess.Popen([READBACK, "backup", to], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.random() * takes * 1.2)
            p.kill()
            p.wait()
            if os.path.exists(to):
                self.alfa.ok("backup", "--verify", to)
                whole += 1
            else:
                cut += 1
        self.assertGreater(cut, 0)
        for n in os.listdir(self.top):
            if ".part-" in n:
                self.alfa.ok("backup", "--verify", self.path(n), want=FAILED if not os.path.exists(
                    self.path(n + "/manifest.json")) else OK)
                shutil.rmtree(self.path(n))

    # 3. life goes on

    def test_09_go_on(self):
        later = [self.statement("after the backup %d" % i) for i in range(3)]
        from_bravo = self.statement("from bravo, after the backup", self.bravo)
        until(lambda: all(self.held_by_bravo(r) for r in later), "held by bravo")
        until(lambda: from_bravo in self.records(self.alfa), "bravo's at alfa")
        self.alfa.ok("purge", self.site, "--reason", "no longer needed", "--yes")
        self.assertEqual(self.alfa.json("show", self.site)["body_state"], "purged")
        purges = [r for r in self.alfa.json("log", "--kind", "service")["records"]]
        self.assertTrue(purges)
        until(lambda: self.held_by_bravo(purges[-1]["record"]), "the purge held")
        self.keep(later=later, from_bravo=from_bravo, purge=purges[-1]["record"], held={r for r in self.records(self.alfa)
                                                                if self.held_by_bravo(r)})

    # 4. not beside the old one

    def test_10_refused(self):
        home = self.path("alfa-new")
        r = self.alfa.ok("--home", home, "restore", self.path("one"), "--yes", want=FAILED)
        self.assertIn("a daemon of this party runs", r.stderr)
        r = self.alfa.ok("--home", self.bravo.home, "restore", self.path("one"), "--yes", want=FAILED)
        self.assertIn("not empty", r.stderr)
        self.alfa.daemon.kill()
        self.alfa.daemon.wait()
        self.alfa.daemon = None
        r = self.alfa.ok("--home", home, "restore", self.path("one"), want=CONFIRM)  # the old home is there still
        self.assertFalse(os.path.exists(home))
        self.no_parts()

    # 5. the machine is lost; a new home, and start

    def test_11_restore(self):
        old = set(self.held)
        self.assertGreater(len(old), 8)
        shutil.rmtree(self.alfa.home)
        os.mkdir(self.path("alfa-new"), 0o700)  # as a service manager makes it
        self.alfa.home = self.path("alfa-new")
        r = self.alfa.ok("restore", self.path("one"))
        self.assertIn("asks the members", r.stdout)
        self.assertEqual(sha256(os.path.join(self.alfa.home, "readback.db")), sha256(self.path("one/readback.db")))
        self.assertFalse(os.path.exists(os.path.join(self.alfa.home, "heads")))
        self.no_parts()
        self.alfa.start()
        until(lambda: set(self.records(self.alfa)) >= old, "all that was held is here again", 60)
        self.assertLessEqual(set(self.later) | {self.from_bravo, self.purge}, set(self.records(self.alfa)))

    def test_12_it_signs_on(self):
        new = self.statement("after the restore")
        until(lambda: self.held_by_bravo(new), "the new one, held by bravo", 60)
        until(lambda: self.records(self.alfa) == self.records(self.bravo), "the same records", 60)
        for p in (self.alfa, self.bravo):
            self.assertFalse(any(m["frozen"] for m in p.json("channel", "show")["members"]), p.handle)
            self.assertNotIn("fork", read(p.home + ".log").decode())

    # 6. what was purged since is purged again

    def test_13_purge_again(self):
        said = [r["record"] for r in self.alfa.json("log", "--kind", "service")["records"]]
        self.assertIn(self.purge, said)
        if self.alfa.json("show", self.site)["body_state"] != "purged":
            self.alfa.ok("purge", self.site, "--yes")
        self.assertEqual(self.alfa.json("show", self.site)["body_state"], "purged")

    def test_14_stopped(self):
        """without a daemon it is the same"""
        self.alfa.stop()
        m = self.alfa.json("backup", self.path("cold"))
        self.assertEqual(leaves(self.path("cold/readback.db")), leaves(os.path.join(self.alfa.home, "readback.db")))
        self.assertTrue(m["files"])
        self.bravo.stop()


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Drill)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
