#!/usr/bin/python3
"""Files of `disclose --adoption` (spec 9.7.9 to 9.7.12) made by hand, as honest and other disclosers could: what readback-verify says of
each is what py/disclosure_words.py says, written from the clauses alone, and what is expected here. Usage: test_adoption.py READBACK_VERIFY [SEED]"""
import copy
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "py"))
import adoption  # noqa: E402
import disclosure  # noqa: E402
from adoption import GUARANTOR, HOUR, MEDIATOR, PARTY, Record, World  # noqa: E402

VERIFY = sys.argv[1]
THREE = [("alfa", PARTY), ("bravo", PARTY), ("charlie", PARTY)]
REFUSED = (disclosure.Wrong, ValueError, KeyError, TypeError)


def run(data, *more):
    with tempfile.NamedTemporaryFile(suffix=".json") as f:
        f.write(data)
        f.flush()
        return subprocess.run([VERIFY, f.name, *more], capture_output=True, text=True, timeout=60)


class Tap(unittest.TestResult):
    """one line a case; none rests on another, so all are run"""

    def stopTest(self, test):
        super().stopTest(test)
        mine = [e for t, e in self.errors + self.failures if t is test or getattr(t, "test_case", None) is test]
        print("%sok %d - %s" % ("not " * bool(mine), self.testsRun, test.id().split(".", 1)[1]))
        for e in mine[:3]:
            print("\n".join("# " + line for line in e.splitlines()))
        sys.stdout.flush()


class Case(unittest.TestCase):
    def judged(self, data):
        """what both say of it, in readback-verify's JSON"""
        there = disclosure.check(data)
        r = run(data, "--json")
        self.assertEqual((r.returncode, r.stderr), (0, ""), r.stdout)
        here = json.loads(r.stdout)
        self.assertEqual(len(there["positions"]), len(here["positions"]))
        for a, b in zip(there["positions"], here["positions"]):
            b = dict(b)
            b.pop("shown")
            self.assertEqual(a, b)
        voices = {v.pop("member"): v for v in copy.deepcopy(here["voices"])}
        self.assertEqual(there["voices"], voices)
        rule = dict(here["rule"])
        rule.pop("by", None)
        self.assertEqual(there["rule"], rule)
        self.assertEqual(there.get("text_does_not_count"), here.get("text_does_not_count"))
        here["voice"] = voices
        return here

    def lacks(self, data, *names):
        """not enough, for these reasons; none: enough. In words the same"""
        out = self.judged(data)
        self.assertEqual(out["rule"]["lacks"], list(names))
        self.assertEqual(out["rule"]["enough_shown"], not names)
        said = run(data).stdout
        self.assertEqual("as many as that rule asks for" in said, not names, said)
        self.assertEqual("NOT what that rule asks for" in said, bool(names), said)
        self.assertNotIn("is adopted", said)
        return out

    def does_not_count(self, data, *why):
        """of each position, None: it counts"""
        out = self.judged(data)
        self.assertEqual([p.get("does_not_count") for p in out["positions"]], list(why))
        self.assertEqual(run(data).stdout.count("DOES NOT COUNT"), sum(w is not None for w in why) + ("text_does_not_count" in out))
        return out

    def refused(self, data, clause="9.7.10", words=""):
        self.assertRaises(REFUSED, disclosure.check, data)
        r = run(data)
        self.assertEqual(r.returncode, 1, r.stdout)
        self.assertIn("(spec %s)" % clause, r.stdout)
        self.assertIn(words, r.stdout)


class Words(Case):
    """who said what"""

    def test_enough(self):
        w = World(THREE)
        text = w.text("alfa")
        b, c = w.say("bravo", "accept", [text]), w.say("charlie", "accept", [text])
        self.lacks(w.file(text, [b, c]))
        self.lacks(w.file(text, [b]), "acceptances")
        self.lacks(w.file(text, []), "acceptances")

    def test_takes_back_each(self):
        """a withdrawal has an effect on each record that it answers, in whatever order it names them"""
        for order in ((0, 1), (1, 0)):
            w = World(THREE)
            text = w.text("alfa")
            said = [w.say("bravo", "accept", [text]), w.say("bravo", "dissociate", [text], paragraphs=[2])]
            said.append(w.say("bravo", "withdraw", [said[i] for i in order]))
            said.append(w.say("charlie", "accept", [text]))
            out = self.lacks(w.file(text, said), "acceptances")
            self.assertEqual([p["taken_back"] for p in out["positions"]], [True, True, False, False])
            self.assertNotIn("position", out["voice"]["bravo"])
            self.assertEqual(out["voice"]["bravo"]["dissociates"], [])

    def test_withdraws_text_and_word(self):
        for first in (True, False):
            w = World(THREE)
            text = w.text("alfa")
            own = w.say("alfa", "accept", [text])
            out = w.say("alfa", "withdraw", [text, own] if first else [own, text])
            data = w.file(text, [own, w.say("bravo", "accept", [text]), w.say("charlie", "accept", [text]), out])
            self.assertTrue(self.lacks(data, "withdrawn", "acceptances")["rule"]["withdrawn"])
            self.assertIn("ITS AUTHOR WITHDREW IT", run(data).stdout)

    def test_later_words(self):
        w = World(THREE)
        text = w.text("alfa")
        one = w.say("bravo", "abstain", [text])
        two = w.say("bravo", "accept", [text])
        back = w.say("bravo", "withdraw", [one])
        c = w.say("charlie", "accept", [text])
        self.lacks(w.file(text, [one, two, back, c]))  # what was taken back was said no more
        back = w.say("bravo", "withdraw", [two])
        self.lacks(w.file(text, [one, two, back, c]), "acceptances")  # and what went before does not come back
        again = w.say("bravo", "withdraw", [back])
        self.lacks(w.file(text, [one, two, back, again, c]), "acceptances")  # nor is a withdrawal withdrawn

    def test_dissociations(self):
        """the last one stands, of whichever extent; one from the whole until another word on it"""
        w = World(THREE)
        text = w.text("alfa")
        part = w.say("bravo", "dissociate", [text], paragraphs=[2])
        whole = w.say("bravo", "dissociate", [text])
        accept = w.say("bravo", "accept", [text])
        bravo = self.judged(w.file(text, [part, whole, accept]))["voice"]["bravo"]
        self.assertEqual((bravo["position"], bravo["dissociates"], bravo["dissociates_from_whole"]), ("accept", [], False))
        bravo = self.judged(w.file(text, [part, whole]))["voice"]["bravo"]
        self.assertEqual((bravo["position"], bravo["dissociates"], bravo["dissociates_from_whole"]), ("dissociate", [], True))
        self.assertEqual(self.judged(w.file(text, [part, accept]))["voice"]["bravo"]["dissociates"], [2])
        again = w.say("bravo", "dissociate", [text], paragraphs=[1, 3])
        bravo = self.judged(w.file(text, [part, whole, again]))["voice"]["bravo"]
        self.assertEqual((bravo["position"], bravo["dissociates"], bravo["dissociates_from_whole"]), ("dissociate", [1, 3], False))
        back = w.say("bravo", "withdraw", [again])
        self.assertEqual(self.judged(w.file(text, [part, again, back]))["voice"]["bravo"]["dissociates"], [])

    def test_heading_not_shown(self):
        """then nobody can say what is in time"""
        w = World(THREE)
        text = w.text("alfa", adoption={"by": HOUR - 1})
        b = w.say("bravo", "accept", [text])
        out = self.judged(w.file(w.show(text, "paragraphs", [1]), [b]))
        self.assertEqual(out["rule"], {"shown": False})
        self.assertFalse([v for v in out["voices"] if "in_time" in v])
        self.assertNotIn("in time", run(w.file(w.show(text, "paragraphs", [1]), [b])).stdout.split("What this does not")[0])

    def test_reported(self):
        w = World(THREE)
        text = w.text("alfa")
        data = w.file(text, [w.say("bravo", "accept", [text], reported=True), w.say("charlie", "accept", [text])])
        self.does_not_count(data, "reported", None)
        self.assertFalse(self.lacks(data, "acceptances")["voice"]["bravo"]["shown"])

    def test_says_what_it_does_not_show(self):
        w = World(THREE)
        text = w.text("alfa")
        said = " ".join(run(w.file(text, [])).stdout.split("What this does not show")[1].split())
        for words in ("That nobody took a word back", "card was in force at that place", "a record had effect in its channel", "no log was forked",
                      "That a text was adopted", "who had suspended its part or left", "That anybody read it"):
            self.assertIn(words, said)


class Unshown(Case):
    """records without content"""

    def test_of_the_author(self):
        """it may be its withdrawal"""
        w = World(THREE)
        text = w.text("alfa", adoption={"of": ["bravo", "charlie"]})
        both = [w.say("bravo", "accept", [text]), w.say("charlie", "accept", [text])]
        self.lacks(w.file(text, both))
        read = w.say("alfa", "read", [text])
        self.lacks(w.file(text, both + [read]))
        self.lacks(w.file(text, both + [w.show(w.say("alfa", "withdraw", [text]), "fact")]), "may-be-withdrawn")
        self.lacks(w.file(text, both + [w.show(read, "hash")]), "may-be-withdrawn")
        self.assertIn("may withdraw it", run(w.file(text, both + [w.show(read, "hash")])).stdout)
        # on its own position alone it is none
        self.lacks(w.file(text, both + [read, w.show(w.say("alfa", "withdraw", [read]), "fact")]))

    def test_behind_a_word(self):
        w = World(THREE)
        text = w.text("alfa", adoption={"rule": "quorum", "quorum": 2})
        b = w.say("bravo", "accept", [text])
        more = w.say("bravo", "read", [text])
        self.lacks(w.file(text, [b, more]))
        for level in ("fact", "hash"):
            out = self.lacks(w.file(text, [b, w.show(more, level)]), "acceptances")
            self.assertEqual(out["voice"]["bravo"]["not_shown"], 1)

    def test_before_a_word(self):
        """it may be a rejection, which settles it where all must accept"""
        for rule, lack in (({}, ["may-be-not-adopted"]), ({"rule": "quorum", "quorum": 2}, [])):
            w = World(THREE)
            text = w.text("alfa", adoption=rule)
            first = w.say("bravo", "read", [text])
            rest = [w.say("bravo", "accept", [text]), w.say("charlie", "accept", [text])]
            self.lacks(w.file(text, [first] + rest))
            self.lacks(w.file(text, [w.show(first, "fact")] + rest), *lack)


class Settled(Case):
    """what settled it against before"""

    def test_all(self):
        w = World(THREE)
        text = w.text("alfa")
        no, yes, c = w.say("bravo", "reject", [text]), w.say("bravo", "accept", [text]), w.say("charlie", "accept", [text])
        data = w.file(text, [no, yes, c])
        self.assertEqual(self.lacks(data, "may-be-not-adopted")["voice"]["bravo"]["position"], "accept")
        self.assertIn("settle it as not adopted", run(data).stdout)
        w = World(THREE)
        text = w.text("alfa")
        no = w.say("bravo", "reject", [text])
        back, yes, c = w.say("bravo", "withdraw", [no]), w.say("bravo", "accept", [text]), w.say("charlie", "accept", [text])
        self.lacks(w.file(text, [no, back, yes, c]), "may-be-not-adopted")

    def test_abstention_settles_no_such_rule(self):
        w = World(THREE)
        text = w.text("alfa")
        said = [w.say("bravo", "abstain", [text]), w.say("bravo", "accept", [text]), w.say("charlie", "accept", [text])]
        self.lacks(w.file(text, said))

    def test_guarantors(self):
        w = World([("alfa", PARTY), ("bravo", GUARANTOR), ("charlie", GUARANTOR)])
        text = w.text("alfa", adoption={"rule": "guarantors"})
        c = w.say("charlie", "accept", [text])
        no, yes = w.say("bravo", "reject", [text]), w.say("bravo", "accept", [text])
        self.assertEqual(self.lacks(w.file(text, [c, yes]))["rule"]["of"], ["bravo", "charlie"])
        self.lacks(w.file(text, [c, no, yes]), "may-be-not-adopted")

    def test_quorum(self):
        """so many against at once that it could not be reached any more"""
        w = World(THREE)
        text = w.text("alfa", adoption={"rule": "quorum", "quorum": 2})
        b = [w.say("bravo", "abstain", [text]), w.say("bravo", "accept", [text])]
        self.lacks(w.file(text, b))
        self.lacks(w.file(text, b + [w.say("charlie", "reject", [text])]), "may-be-not-adopted")

    def test_veto(self):
        w = World(THREE)
        rule = {"rule": "quorum-veto", "quorum": 2, "veto": ["charlie"]}
        text = w.text("alfa", adoption=rule)
        b, c = w.say("bravo", "accept", [text]), w.say("charlie", "abstain", [text])
        self.lacks(w.file(text, [b]), "acceptances")  # who has a veto has to have said something
        self.lacks(w.file(text, [b, c]))
        no = w.say("charlie", "reject", [text])
        self.lacks(w.file(text, [b, no]), "may-be-not-adopted", "acceptances")
        self.lacks(w.file(text, [b, no, w.say("charlie", "accept", [text])]), "may-be-not-adopted")
        self.lacks(w.file(text, [b, c, w.show(w.say("charlie", "read", [text]), "fact")]), "may-be-not-adopted", "acceptances")
        # who has none rejects for itself
        text = w.text("alfa", adoption=rule)
        self.lacks(w.file(text, [w.say("bravo", "reject", [text]), w.say("charlie", "accept", [text])]))

    def test_silence(self):
        w = World(THREE)
        text = w.text("alfa", adoption={"rule": "silence", "by": HOUR + 9})
        self.lacks(w.file(text, [w.say("bravo", "accept", [text]), w.say("charlie", "accept", [text])]), "acceptances")
        text = w.text("alfa", adoption={"rule": "silence", "by": HOUR + 9})
        self.lacks(w.file(text, [w.say("bravo", "reject", [text])]), "may-be-not-adopted", "acceptances")

    def test_brackets(self):
        w = World(THREE)
        text = w.text("alfa", body={8: [2]})
        self.lacks(w.file(text, [w.say("bravo", "accept", [text]), w.say("charlie", "accept", [text])]), "brackets")


class Groups(Case):
    def test_lead_speaks(self):
        w = World(THREE, {4: [["Coalition", 1, [1, 2]]]})
        text = w.text("alfa")
        c = w.say("charlie", "accept", [text])
        out = self.lacks(w.file(text, [c]), "acceptances")
        self.assertEqual((out["rule"]["of"], out["rule"]["voices"]), (["alfa", "bravo", "charlie"], ["alfa", "bravo"]))
        self.lacks(w.file(text, [w.say("bravo", "accept", [text])]))
        # a rejection beside the lead moves nothing
        no = w.say("charlie", "reject", [text])
        self.lacks(w.file(text, [c, no, w.say("bravo", "accept", [text])]))

    def test_no_lead_among_electors(self):
        w = World(THREE, {4: [["Coalition", 1, [1, 2]]]})
        text = w.text("alfa", adoption={"of": ["alfa", "charlie"]})
        self.assertEqual(self.lacks(w.file(text, [w.say("charlie", "accept", [text])]))["rule"]["voices"], ["alfa", "charlie"])

    def test_veto_of_the_lead(self):
        w = World(THREE, {4: [["Coalition", 1, [1, 2]]]})
        text = w.text("alfa", adoption={"rule": "quorum-veto", "quorum": 1, "veto": ["charlie"]})
        self.assertEqual(self.lacks(w.file(text, []), "acceptances")["rule"]["veto"], ["bravo"])
        self.lacks(w.file(text, [w.say("charlie", "abstain", [text])]), "acceptances")
        self.lacks(w.file(text, [w.say("bravo", "abstain", [text])]))


class Time(Case):
    def accepted(self, w, by, held):
        """whether bravo's (or `who`'s) acceptance, held so, is in time; the text is alfa's, of these two"""
        text = w.text("alfa", adoption={"by": HOUR, "of": ["alfa", by]})
        out = self.judged(w.file(text, [w.show(w.say(by, "accept", [text]), held=held)]))
        self.assertEqual(out["rule"]["lacks"], [] if out["voice"][by]["in_time"] else ["acceptances"])
        return out["voice"][by]["in_time"]

    def test_by_others(self):
        w = World(THREE)
        for held, in_time in (({"alfa": HOUR}, True), ({"alfa": HOUR + 1}, False), ({}, False), ({"alfa": HOUR, "charlie": HOUR + 1}, False),
                              ({"alfa": HOUR - 9, "charlie": HOUR}, True)):
            self.assertEqual(self.accepted(w, "bravo", held), in_time, held)

    def test_of_one_side(self):
        w = World([("alfa", PARTY), ("bravo", PARTY, "Blue"), ("charlie", PARTY, "Blue"), ("delta", PARTY)], {4: [["Two", 1, [1, 3]]]})
        self.assertFalse(self.accepted(w, "bravo", {"charlie": HOUR, "delta": HOUR}))
        self.assertTrue(self.accepted(w, "bravo", {"charlie": HOUR + 9, "delta": HOUR + 9, "alfa": HOUR}))

    def test_timekeeper(self):
        w = World(THREE, {19: 2})
        for held, in_time in (({"charlie": HOUR, "alfa": HOUR + 9}, True), ({"charlie": HOUR + 1, "alfa": HOUR}, False), ({"alfa": HOUR}, True),
                              ({"alfa": HOUR + 1}, False)):
            self.assertEqual(self.accepted(w, "bravo", held), in_time, held)

    def test_word_of_the_timekeeper(self):
        """others hold it in time, or nobody does"""
        w = World(THREE, {19: 2})
        for held, in_time in (({"alfa": HOUR}, True), ({"alfa": HOUR + 1}, False), ({"alfa": HOUR, "bravo": HOUR + 1}, False), ({}, False)):
            self.assertEqual(self.accepted(w, "charlie", held), in_time, held)

    def test_a_stranger_keeps_no_time(self):
        w = World(THREE, strangers=["zulu"])
        self.assertFalse(self.accepted(w, "bravo", {"zulu": HOUR}))

    def test_dissociated_until_a_word_in_time(self):
        w = World(THREE)
        text = w.text("alfa", adoption={"by": HOUR})
        whole, yes = w.say("bravo", "dissociate", [text]), w.say("bravo", "accept", [text])
        for late in (0, 1):
            bravo = self.judged(w.file(text, [whole, w.show(yes, held={"alfa": HOUR + late})]))["voice"]["bravo"]
            self.assertEqual((bravo["position"], bravo["dissociates_from_whole"]), ("accept", bool(late)))


class Admission(Case):
    """what would bear a mark by the charter shown"""

    def three(self, w, text, **how):
        return [w.say("bravo", "accept", [text], **how), w.say("charlie", "accept", [text])]

    def test_second_officer(self):
        w = World(THREE, {18: [[13, False, 0, 0, True]]})
        text, two = w.text("alfa"), ("duty", "chief")
        c = w.say("charlie", "accept", [text], officers=two)
        one = w.file(text, [w.say("bravo", "accept", [text]), c])
        self.does_not_count(one, "needs-second-officer", None)
        self.lacks(one, "acceptances")
        self.assertIn("the charter wants two officers", run(one).stdout)
        self.lacks(w.file(text, [w.say("bravo", "accept", [text], officers=two), c]))
        alone = w.file(text, [w.say("bravo", "accept", [text], emergency=True), c])
        self.lacks(alone)
        self.assertIn("one officer in an emergency", run(alone).stdout)
        self.does_not_count(w.file(text, [w.say("bravo", "read", [text])]), None)

    def test_text_of_one_officer(self):
        w = World(THREE, {18: [[19, True, 0, 0, True]]})
        text = w.text("alfa")
        data = w.file(text, self.three(w, text))
        out = self.lacks(data, "text-does-not-count")
        self.assertEqual(out["text_does_not_count"], "needs-second-officer")
        self.does_not_count(data, None, None)
        text = w.text("alfa", officers=("duty", "chief"))
        self.lacks(w.file(text, self.three(w, text)))

    def test_open_on_closed(self):
        w = World(THREE)
        text = w.text("alfa")
        data = w.file(text, self.three(w, text, recipients="open"))
        self.does_not_count(data, "must-be-closed", None)
        self.lacks(data, "acceptances")
        text = w.text("alfa", recipients="open")
        self.lacks(w.file(text, self.three(w, text, recipients="open")))

    def test_closed_by_policy(self):
        w = World(THREE, {18: [[13, True, 0, 0, False], [19, True, 0, 0, False]]})
        text = w.text("alfa", recipients="open")
        data = w.file(text, self.three(w, text, recipients="open"))
        self.assertEqual(self.does_not_count(data, "must-be-closed", None)["text_does_not_count"], "must-be-closed")
        self.lacks(data, "text-does-not-count", "acceptances")

    def test_no_recipient(self):
        w = World(THREE)
        text = w.text("alfa", recipients=[0, 2])
        data = w.file(text, self.three(w, text, recipients=[0, 1]))
        self.does_not_count(data, "not-in-table", "wrong-recipients")  # charlie's names bravo, too
        query = w.say("bravo", "query", [text], recipients=[0, 1])
        self.does_not_count(w.file(text, [query]), None)

    def test_leaves_out_the_author(self):
        w = World(THREE)
        text = w.text("alfa")
        data = w.file(text, self.three(w, text, recipients=[1, 2]))
        self.does_not_count(data, "wrong-recipients", None)
        self.lacks(data, "acceptances")
        for to in ([0], [0, 1, 7]):  # its own author; one who is no member
            self.does_not_count(w.file(text, [w.say("bravo", "accept", [text], recipients=to)]), "wrong-recipients")

    def test_not_in_table(self):
        w = World(THREE)
        text = w.text("alfa")
        accept = w.say("bravo", "accept", [text])
        for by, word, on in (("bravo", "withdraw", [text]), ("bravo", "accept", [text, accept]), ("bravo", "confirm", [text]), ("bravo", "object", [text])):
            self.does_not_count(w.file(text, [accept, w.say(by, word, on)]), None, "not-in-table")

    def test_author_no_member(self):
        w = World(THREE, strangers=["zulu"])
        text = w.text("zulu", adoption={"of": ["alfa", "bravo"]})
        data = w.file(text, [w.say("alfa", "accept", [text]), w.say("bravo", "accept", [text])])
        self.lacks(data, "author-no-member")
        self.assertIn("author is no member", run(data).stdout)
        text = w.text("alfa", adoption={"of": ["alfa"]})
        self.lacks(w.file(text, []))
        self.does_not_count(w.file(text, [w.say("zulu", "accept", [text])]), "no-member")

    def test_unknown_rules(self):
        w = World(THREE, {21: 2})
        text = w.text("alfa", adoption={"of": ["alfa"]})
        self.lacks(w.file(text, []), "unknown-rules")

    def test_answers_more(self):
        """whether it may answer what is not here nobody can say"""
        w = World(THREE)
        text = w.text("alfa", adoption={"rule": "quorum", "quorum": 2})
        other = w.text("alfa")
        both = w.say("bravo", "accept", [other, text])
        self.does_not_count(w.file(text, [both]), "answers-more")
        self.lacks(w.file(text, [both]), "acceptances")
        own = w.say("bravo", "accept", [other])
        accept = w.say("bravo", "accept", [text])
        self.lacks(w.file(text, [accept, w.say("bravo", "withdraw", [own, accept])]), "acceptances")
        out = w.say("alfa", "withdraw", [text, other])
        self.lacks(w.file(text, [accept, out]), "may-be-withdrawn", "acceptances")

    def test_against_that_does_not_count(self):
        """another charter may have been in force where it stands: it is held against its author's word"""
        w = World(THREE, {18: [[13, False, 0, 0, True]]})
        two = {"officers": ("duty", "chief")}
        text = w.text("alfa", **two)
        b, c = w.say("bravo", "accept", [text], **two), w.say("charlie", "accept", [text], **two)
        self.lacks(w.file(text, [b, c]))
        self.lacks(w.file(text, [b, c, w.say("bravo", "withdraw", [b])]), "acceptances")
        self.lacks(w.file(text, [b, c, w.say("alfa", "withdraw", [text])]), "may-be-withdrawn", "acceptances")
        self.lacks(w.file(text, [b, c, w.say("bravo", "read", [text]), w.say("bravo", "accept", [text])]))
        no = w.say("bravo", "reject", [text])
        self.lacks(w.file(text, [no, w.say("bravo", "accept", [text], **two), c]), "may-be-not-adopted")


class Forks(Case):
    """two histories of one log hold nothing"""

    def setUp(self):
        self.w = World(THREE)
        self.text = self.w.text("alfa")
        self.yes = self.w.say("bravo", "accept", [self.text])

    def other(self, by, log, word="accept", on=None):
        """said by it in another history of its log that begins like this"""
        return self.w.say(by, word, [on or self.text], log=log)

    def test_place_twice(self):
        w, log = self.w, self.w.log("bravo")
        no = self.other("bravo", log[:1], "reject")
        self.refused(w.file(self.text, [self.yes, no]), words="forked")
        w.say("bravo", "read", [self.text])
        self.refused(w.file(self.text, [w.show(self.yes, size=2), w.show(no, size=2)]), words="forked")
        self.refused(w.file(self.text, [w.show(no, "hash"), self.yes]), words="forked")

    def test_size_twice(self):
        w = self.w
        first = w.say("bravo", "read", [self.text])
        other = w.log("bravo")[:1] + [b"another", b"another still"]
        later = self.other("bravo", other)
        del other[3:]
        other.append(later.leaf)
        w.log("bravo").append(b"and more")
        self.assertEqual(len(other), len(w.log("bravo")))
        self.refused(w.file(self.text, [first, later]), words="forked")

    def test_text_and_position(self):
        w = self.w
        own = self.other("alfa", w.log("alfa")[:self.text.index])
        self.assertEqual(own.index, self.text.index)
        self.refused(w.file(self.text, [own]), words="forked")
        # a position in front of what it answers, without a fork
        w = World(THREE)
        log = w.log("alfa")
        log.append(b"")
        text = w.text("alfa")
        early = w.say("alfa", "read", [text], log=[log[0]])
        log[1] = early.leaf
        self.refused(w.file(text, [early]), words="order")

    def test_text_and_charter(self):
        w = self.w
        other = [b"another"]
        text = w.text("alfa", log=other)
        other.extend([b"x"] * (len(w.log("alfa")) - len(other)))
        self.refused(w.file(text, []), words="forked")  # another tree of that size than the charter's
        w.charters[0] = w.show(w.charters[0], size=1)
        amendment = w.release("bravo", {1: adoption.AMENDMENT, 12: {1: bytes.fromhex(w.charters[0]["leaf-hash"]), 2: w.body}}, log=w.log("bravo")[:1])
        w.charters.append(amendment)
        self.refused(w.file(self.text, [self.yes]), words="forked")

    def test_said_again(self):
        """the same record at a later place of its log counts once, at its first"""
        w = self.w
        back = w.say("bravo", "withdraw", [self.yes])
        again = Record("bravo", w.log("bravo"), self.yes.leaf, self.yes.env, self.yes.salts, self.yes.plain)
        self.refused(w.file(self.text, [self.yes, back, again]), words="already")
        self.refused(w.file(self.text, [self.yes, back, w.show(again, "hash")]), words="already")

    def test_epochs(self):
        """what is of two logs of one party is no fork"""
        w = self.w
        later = w.say("bravo", "read", [self.text], epoch=1)
        self.assertEqual(later.index, self.yes.index)
        data = json.loads(w.file(self.text, [self.yes]))
        data["positions"].append(w.show(later, epoch=1))
        self.judged(json.dumps(data).encode())


class Grammar(Case):
    def test_heading(self):
        """a closed text's heading is checked as an open text is"""
        for body in ({8: [4]}, {8: [0]}, {8: [2, 1]}, {5: {}}, {5: {1: 1}}, {5: {2: 1}}, {5: {1: 1, 2: 2, 5: [0]}}, {5: {1: 1, 2: 65}}, {5: {1: 2, 2: 1}}, {5: {1: 1, 2: 1, 3: [0]}},
                     {5: {1: 2, 2: 1, 3: [2], 5: [0, 1]}}, {5: {1: 3}}, {5: {1: 5, 4: 1}}, {5: {5: [64]}}, {5: {4: -1}}, {7: 64}, {9: 1}, {2: -1}, {6: ""}):
            w = World(THREE)
            text = w.text("alfa", body=body)
            data = w.file(text, [])
            self.assertRaises(REFUSED, disclosure.check, data)
            self.assertEqual(run(data).returncode, 1, body)
            self.assertIn("(spec 3.", run(data).stdout, body)
            for level, parts in (("whole", None), ("paragraphs", [0, 1])):
                one = json.dumps(w.show(text, level, parts)).encode()
                self.assertRaises(REFUSED, disclosure.check, one)
                self.assertEqual(run(one).returncode, 1, body)
            self.judged(w.file(w.show(text, "paragraphs", [1]), []))  # what is not shown is not looked at
        for body in ({8: [1, 3]}, {5: {1: 1, 2: 2, 5: [0, 1]}}, {5: {1: 2, 2: 1, 3: [1], 5: [0, 1]}}, {5: {1: 3, 4: 1}}, {5: {1: 4}}, {7: 63}, {4: bytes(32)}):
            w = World(THREE)
            self.judged(w.file(w.text("alfa", body=body), []))

    def test_limits(self):
        w = World(THREE[:1])
        text = w.text("alfa")
        said = [w.say("alfa", "read", [text]) for _ in range(256)]
        w.charters[0] = one = w.show(w.charters[0], size=1)
        light = lambda r: w.show(r, "hash", held={})
        self.judged(w.file(text, [light(r) for r in said]))
        self.refused(w.file(text, [light(r) for r in said + [w.say("alfa", "read", [text])]]), "9.7.2")
        amended = World(THREE[:1])
        for _ in range(63):
            amended.amend("alfa")
        text = amended.text("alfa")
        self.judged(amended.file(text, []))
        amended.amend("alfa")
        self.refused(amended.file(amended.text("alfa"), []), "9.7.2")
        for epoch, fits in ((65535, True), (65536, False)):
            r = w.say("alfa", "accept", [text], epoch=epoch)
            data = json.dumps(w.show(r, epoch=epoch)).encode()
            self.assertEqual(run(data).returncode, 0 if fits else 1, epoch)
            if fits:
                disclosure.check(data)
            else:
                self.assertRaises(REFUSED, disclosure.check, data)
        self.assertEqual(one["index"], 0)


class Chance(Case):
    """whatever is said, and however it is shown, both say the same"""

    def world(self, r):
        charter, n = {}, r.randint(2, 5)
        names = ["alfa", "bravo", "charlie", "delta", "echo"][:n]
        members = [(h, r.choice((PARTY, PARTY, GUARANTOR, MEDIATOR)), r.choice((None, None, "Blue", "Red"))) for h in names]
        if r.random() < .4:
            group = sorted(r.sample(range(n), 2))
            charter[4] = [["Coalition", r.choice(group), group]]
        if r.random() < .3:
            charter[18] = [[13, r.random() < .3, 0, 0, r.random() < .7], [19, r.random() < .3, 0, 0, r.random() < .3]]
        if r.random() < .4:
            charter[19] = r.randrange(n)
        return World(members, charter, strangers=["zulu"]), names

    def rule(self, r, names):
        of = sorted(r.sample(names, r.randint(1, len(names)))) if r.random() < .5 else None
        rule = r.choice(adoption.RULES)
        out = {"rule": rule, "of": of}
        if rule.startswith("quorum"):
            out["quorum"] = r.randint(1, len(of or names))
        if rule == "quorum-veto":
            out["veto"] = r.sample(of or names, 1)
        if rule == "silence" or r.random() < .4:
            out["by"] = HOUR
        if rule == "all" and of is None and "by" not in out:
            return None
        return {k: v for k, v in out.items() if v is not None}

    def said(self, r, w, names, text, mine):
        by = r.choice(names * 4 + ["zulu"])
        own = mine.setdefault(by, [])
        word = r.choice(("accept", "accept", "accept", "reject", "abstain", "dissociate", "dissociate", "withdraw", "withdraw", "read", "query", "correct", "object"))
        on = [text] if word != "withdraw" or not own or (by == "alfa" and r.random() < .2) else r.sample(own, r.randint(1, min(2, len(own))))
        if r.random() < .05:
            on = on + [Record(by, [], os.urandom(40), {})]
        if word == "withdraw" and by == "alfa" and r.random() < .1:
            on = [x for x in on if x is not text] + [text]
        how = {"paragraphs": sorted(r.sample((1, 2, 3), r.randint(1, 2)))} if word == "dissociate" and r.random() < .6 else {}
        everybody = [m.index for m in w.listed]
        to = None if text.env.get(6) or r.random() < .5 else "open"
        if r.random() < .15:
            to = sorted(r.sample(everybody, r.randint(1, len(everybody))))
        out = w.say(by, word, on, recipients=to, officers=("duty", "chief") if r.random() < .6 else ("duty",), reported=r.random() < .05,
                    emergency=r.random() < .1, **how)
        own.append(out)
        level = r.choice(["whole"] * 9 + ["fact", "hash"])
        if level == "fact" and 6 not in out.env:
            level = "whole"
        return out, level, {m.handle: HOUR + r.choice((-1, 0, 0, 0, 1)) for m in w.listed if m.handle != by and r.random() < .8}

    def test_many(self):
        seed = int(sys.argv[2]) if len(sys.argv) > 2 else 16
        enough = lacks = 0
        for n in range(200):
            r = random.Random(seed * 1000 + n)
            w, names = self.world(r)
            everybody = [m.index for m in w.listed]
            to = r.choice((None, None, "open", sorted(r.sample(everybody, 2))))
            text = w.text("alfa" if r.random() < .95 else "zulu", recipients=to, adoption=self.rule(r, names), officers=r.choice((("duty",), ("duty", "chief"))),
                          body={8: [2]} if r.random() < .05 else {})
            mine = {}
            said = [self.said(r, w, names, text, mine) for _ in range(r.randint(0, 8))]
            shown = w.show(text, "paragraphs", [1]) if 6 in text.env and r.random() < .05 else text
            with self.subTest(seed=seed, n=n):
                data = w.file(shown, [w.show(x, level, held=held) for x, level, held in said])
                rule = self.judged(data)["rule"]
                enough += rule.get("enough_shown", False)
                lacks += len(rule.get("lacks", ()))
        self.assertGreater(enough, 5)
        self.assertGreater(lacks, 100)


if __name__ == "__main__":
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(c)
                               for c in (Words, Unshown, Settled, Groups, Time, Admission, Forks, Grammar, Chance))
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
