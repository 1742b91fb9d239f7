#!/usr/bin/python3
"""A newer program over an older store: the tables of version 1 are what spec 6.10.5 has, made here in SQL; what is
in them is carried over byte for byte, and the line goes on. A store of a newer program is left alone.
Usage: test_upgrade.py READBACK READBACKD"""
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE]
from test_cli import FAILED, READBACKD, Party, Tap, read, until  # noqa: E402

APPLICATION = 0x52444231
VERSION_1 = """
CREATE TABLE meta(tbl INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY(tbl, key)) STRICT, WITHOUT ROWID;
CREATE TABLE feeds(feed INTEGER PRIMARY KEY, channel BLOB NOT NULL CHECK(length(channel) = 16), member INTEGER NOT NULL,
  epoch INTEGER NOT NULL, UNIQUE(channel, member, epoch)) STRICT;
CREATE TABLE leaves(feed INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 32),
  mark INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY(feed, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE notes(feed INTEGER NOT NULL, size INTEGER NOT NULL, time_s INTEGER NOT NULL, cosigner INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK(length(hash) = 32), note BLOB NOT NULL, PRIMARY KEY(feed, size, time_s, cosigner, hash)) STRICT, WITHOUT ROWID;
"""
LOG = ("SELECT feed, idx, hash, body FROM leaves ORDER BY feed, idx", "SELECT * FROM notes ORDER BY feed, size, time_s, cosigner, hash",
       "SELECT * FROM feeds ORDER BY feed")


def rows(db, statements=LOG):
    c = sqlite3.connect("file:%s?mode=rw" % db, uri=True)  # who was killed left a journal to be rolled back
    try:
        return [c.execute(s).fetchall() for s in statements]
    finally:
        c.close()


def version(db):
    return rows(db, ("PRAGMA user_version",))[0][0][0]


def as_version_1(db):
    """the same store as the older program would have it"""
    c = sqlite3.connect(db + ".v1")
    c.executescript(VERSION_1)
    c.execute("ATTACH ? AS new", (db,))
    for table in ("meta", "feeds", "leaves", "notes"):
        c.execute("INSERT INTO main.%s SELECT * FROM new.%s" % (table, table))
    c.commit()
    c.execute("PRAGMA application_id = %d" % APPLICATION)
    c.execute("PRAGMA user_version = 1")
    c.close()
    os.chmod(db + ".v1", 0o600)
    os.replace(db + ".v1", db)


class Upgrade(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-upgrade-")
        cls.alfa, cls.bravo = Party(cls.top, "alfa"), Party(cls.top, "bravo")
        cls.db = os.path.join(cls.alfa.home, "readback.db")

    @classmethod
    def tearDownClass(cls):
        for p in (cls.alfa, cls.bravo):
            if p.daemon:
                p.daemon.kill()
                p.daemon.wait()
        shutil.rmtree(cls.top)

    def statement(self, words):
        return self.alfa.json("statement", "--title", words, "--text", words, "--yes")["record"]

    def held(self, record):
        return any(h["held"] for r in self.alfa.json("who-holds", "--limit", "1000")["records"] if r["record"] == record
                   for h in r["holders"] if h["member"] == "bravo")

    def test_01_channel(self):
        a, b = self.alfa, self.bravo
        for p in (a, b):
            p.start()
            p.card = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", p.card)
        for p, q in ((a, b), (b, a)):
            p.ok("accredit", q.card, "--fingerprint", q.json("fingerprint")["fingerprint"])
        channel = a.json("channel", "propose", "--title", "Line", "--member", "bravo", "--yes")["channel"]
        until(lambda: b.json("inbox")["invitations"], "the invitation")
        b.ok("channel", "accept", channel, "--yes")
        until(lambda: all(p.json("channel", "show")["state"] == "in-force" for p in (a, b)), "the charter in force")
        said = [self.statement("before %d" % i) for i in range(3)]
        until(lambda: all(map(self.held, said)), "held by bravo")
        type(self).said = said
        a.stop()

    def test_02_an_older_store(self):
        before = rows(self.db)
        as_version_1(self.db)
        self.assertEqual((version(self.db), rows(self.db)), (1, before))
        self.assertEqual(self.alfa.ok("backup", os.path.join(self.top, "older")).returncode, 0)  # of that format, too
        self.assertEqual(version(os.path.join(self.top, "older", "readback.db")), 1)
        self.alfa.start()
        new = self.statement("after")
        until(lambda: self.held(new), "held by bravo", 60)
        self.alfa.stop()
        self.assertEqual(version(self.db), 2)
        after = rows(self.db)
        for was, now in zip(before, after):  # what was there is there as it was; more came
            self.assertLessEqual(set(was), set(now))
            self.assertTrue(was)
        tree = {hashlib.sha256(b"\0" + leaf[3]).hexdigest() for leaf in after[0]}
        self.assertLessEqual(set(self.said) | {new}, tree)
        self.assertNotIn("fork", read(self.bravo.home + ".log").decode())

    def refused(self, words):
        before = hashlib.sha256(read(self.db)).hexdigest()
        r = subprocess.run([READBACKD, "--home", self.alfa.home], capture_output=True, text=True, timeout=60,
                           env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        self.assertEqual(r.returncode, FAILED)
        self.assertRegex(r.stderr, words)
        self.assertEqual(hashlib.sha256(read(self.db)).hexdigest(), before)
        self.assertFalse(os.path.exists(os.path.join(self.alfa.home, "readbackd.sock")))

    def mark(self, pragma):
        c = sqlite3.connect(self.db)
        c.execute("PRAGMA " + pragma)
        c.commit()
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        c.close()

    def test_03_a_newer_store(self):
        self.mark("user_version = 3")
        self.refused("written by a newer version of this software .format 3, this one knows 2")
        self.alfa.ok("backup", os.path.join(self.top, "newer"), want=FAILED)
        self.mark("user_version = 2")
        self.mark("application_id = 1")
        self.refused("database of another program")
        self.mark("application_id = %d" % APPLICATION)

    def test_04_cut_short(self):
        """the daemon is killed while it brings an older store to its format, many times: 1 or 2, never between"""
        as_version_1(self.db)
        before = rows(self.db)
        for i in range(6):
            p = subprocess.Popen([READBACKD, "--home", self.alfa.home], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
            until(lambda: os.path.exists(self.db + "-wal") or os.path.exists(self.db + "-journal") or i % 2 == 0, "it is at work")
            p.kill()
            p.wait()
            tables = {r[0] for r in rows(self.db, ("SELECT name FROM sqlite_master WHERE type = 'table'",))[0]}
            self.assertEqual(version(self.db) == 2, {"bodies", "chunks"} <= tables)
            for was, now in zip(before, rows(self.db)):
                self.assertLessEqual(set(was), set(now))
        self.alfa.start()
        until(lambda: self.held(self.said[0]), "it goes on")
        self.alfa.stop()
        self.bravo.stop()


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Upgrade)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
