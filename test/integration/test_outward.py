#!/usr/bin/python3
"""Two parties without an address hear each other through a third (spec 6.18.1), FLASH included, and each comes to know
that the other holds what it says: real daemons. A timing is never a test.
Usage: test_outward.py READBACK READBACKD"""
import os
import shutil
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE]
from test_cli import Party, Tap, until  # noqa: E402

PATIENCE = 180


def outward(top, handle):
    """a home whose card has no address: its node listens nowhere"""
    p = Party.__new__(Party)
    p.handle, p.home, p.daemon, p.officer = handle, os.path.join(top, handle), None, []
    p.pw = os.path.join(top, handle + ".pw")
    with open(p.pw, "w", encoding="utf-8") as f:
        f.write("words of " + handle + "\n")
    os.chmod(p.pw, 0o600)
    p.ok("init", "--handle", handle)
    return p


class Outward(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-outward-")
        cls.hub = Party(cls.top, "hub")
        cls.golf, cls.hotel = outward(cls.top, "golf"), outward(cls.top, "hotel")
        cls.parties = [cls.hub, cls.golf, cls.hotel]

    @classmethod
    def tearDownClass(cls):
        for p in cls.parties:
            p.stop()
        shutil.rmtree(cls.top)

    def say(self, p, words, precedence):
        return p.json("statement", "Line", "--title", words, "--text", words, "--precedence", precedence, "--yes")["record"]

    def items(self, p):
        return {x["record"]: x for x in p.json("inbox")["items"]}

    def holder(self, p, record, by):
        """what p shows of `by` and its record"""
        return [h for h in p.json("show", record)["holders"] if h["member"] == by][0]

    def across(self, a, b, words, precedence):
        """a says it, b's officer sees it and reads it, a sees both"""
        record = self.say(a, words, precedence)
        item = until(lambda: self.items(b).get(record), "%s at %s" % (precedence, b.handle), PATIENCE)
        self.assertEqual((item["precedence"], item["author"], item["title"]), (precedence, a.handle, words))
        held = until(lambda: (lambda h: h["held"] and h)(self.holder(a, record, b.handle)), "held by " + b.handle, PATIENCE)
        self.assertIsNone(held["read"])  # held is not read
        b.ok("read", record, "--yes")
        until(lambda: self.holder(a, record, b.handle)["read"], "read by " + b.handle, PATIENCE)
        return record

    def test_1_channel(self):
        cards = {}
        for p in self.parties:
            p.start()
            path = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", path)
            cards[p] = path, p.json("fingerprint")["fingerprint"]
        for p in self.parties:
            for other in self.parties:
                if p is not other:
                    p.ok("accredit", cards[other][0], "--fingerprint", cards[other][1])
        self.hub.ok("channel", "propose", "--title", "Line", "--member", "golf", "--member", "hotel", "--yes")
        for p in (self.golf, self.hotel):
            p.stop()  # invitations are asked for at the start, and then every minute
            p.start()
            until(lambda: p.json("inbox")["invitations"], "the invitation of " + p.handle, PATIENCE)
            p.ok("channel", "accept", "Line", "--yes")
        for p in self.parties:
            until(lambda: p.json("channel", "show", "Line")["state"] == "in-force", "the charter at " + p.handle, PATIENCE)
        for p in (self.golf, self.hotel):
            self.assertEqual(p.json("status")["host"]["link"]["port"], 0)  # it listens nowhere

    def test_2_each_way(self):
        self.across(self.golf, self.hotel, "of golf", "ROUTINE")
        self.across(self.hotel, self.golf, "of hotel", "ROUTINE")

    def test_3_flash(self):
        self.across(self.golf, self.hotel, "all halt", "FLASH")
        self.across(self.hotel, self.golf, "halted", "FLASH")

    def test_4_while_the_other_is_away(self):
        """what is said meanwhile waits with the hub, and says that it is not held"""
        self.hotel.stop()
        record = self.say(self.golf, "come back", "FLASH")
        until(lambda: self.holder(self.golf, record, "hub")["held"], "held by the hub", PATIENCE)
        self.assertFalse(self.holder(self.golf, record, "hotel")["held"])
        self.hotel.start()
        until(lambda: self.items(self.hotel).get(record), "the FLASH", PATIENCE)
        until(lambda: self.holder(self.golf, record, "hotel")["held"], "held by hotel", PATIENCE)

    def test_5_what_doctor_says(self):
        """with the hub there is a way; with nobody between there is none"""
        def codes(p):
            return {x["code"] for x in p.json("doctor")["problems"]}
        for p in (self.golf, self.hotel):
            self.assertEqual(codes(p) & {"no-path", "all-down", "not-heard", "link-down"}, set())
        self.golf.ok("channel", "propose", "--title", "The two", "--member", "hotel", "--yes")
        problem = [x for x in self.golf.json("doctor")["problems"] if x["code"] == "no-path"]
        self.assertEqual([x["side"] for x in problem], ["between"])
        self.assertIn("\"The two\"", problem[0]["sentence"])
        self.assertIn("one member needs an address", problem[0]["hint"])


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Outward)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
