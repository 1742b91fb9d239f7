#!/usr/bin/python3
"""Instruments from outside: three homes, three real daemons over TLS on loopback. Each command once with
every option, templates sent as they are, what the others see, wrong input of each kind, the calendar read
by an independent reader. Usage: test_instruments.py READBACK READBACKD"""
import base64
import functools
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import time
import unittest

import icalendar
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE]
from test_cli import CONFIRM, FAILED, OK, USAGE, Party, Tap, read, until  # noqa: E402

KINDS = ["request", "cessation", "incident", "finding", "figure", "designation", "text", "agreement", "progress", "contact",
         "readout"]
CIRCLE = ("--circle", "33.0, 36.1, 2km", "--floor", "SFC", "--ceiling", "FL100", "--accuracy", "15m",
          "--surveyed", "2027-01-01T00:00:00Z", "--declared-by", "Council", "--recognised-by", "Registry")


class Instruments(unittest.TestCase):
    """northland writes, southland answers, lakeland monitors. The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-instruments-")
        cls.n, cls.s, cls.l = (Party(cls.top, h) for h in ("northland", "southland", "lakeland"))
        cls.said = {}  # record by name
        cls.fields = {}  # of bodies that were released, by kind

    @classmethod
    def tearDownClass(cls):
        for p in (cls.n, cls.s, cls.l):
            p.stop()
        shutil.rmtree(cls.top)

    def say(self, p, name, *words, **more):
        out = json.loads(p.ok(*words, "--yes", "--despite", "--json", **more).stdout)
        self.said[name] = out["record"]
        return out["record"]

    def hex(self, name, digits=12):
        return self.said[name][:digits]

    def there(self, p, name):
        return until(lambda: p.run("show", self.said[name], "--json").returncode == OK, "%s at %s" % (name, p.handle), 60)

    def seen(self, p, *words):
        return {x["record"]: x for x in p.json(*words)["instruments"]}

    def count(self):
        """what northland's officers said"""
        return sum(r["kind"] in KINDS + ["position"] for r in self.n.json("log", "--author", "northland", "--limit", "1000")["records"])

    def body(self, p, name):
        return p.json("show", self.said[name])["body"]

    def file(self, name, text):
        path = os.path.join(self.top, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def test_01_channel(self):
        for p in (self.n, self.s, self.l):
            p.start()
            p.card = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", p.card)
        for p in (self.n, self.s, self.l):
            for q in (self.n, self.s, self.l):
                if p is not q:
                    p.ok("accredit", q.card, "--fingerprint", q.json("fingerprint")["fingerprint"])
        channel = json.loads(self.n.ok("channel", "propose", "--title", "Standing line", "--member", "northland:party:Coalition A",
                                       "--member", "southland:party:Coalition B", "--member", "lakeland:monitor:League",
                                       "--receipt-every", "1s", "--yes", "--json").stdout)["channel"]
        for p in (self.s, self.l):
            until(lambda: p.json("inbox")["invitations"], "the invitation")
            p.ok("channel", "accept", channel[:8], "--yes")
        for p in (self.n, self.s, self.l):
            until(lambda: p.json("channel", "show")["state"] == "in-force", "the charter in force at " + p.handle, 60)

    # ---- writing ----

    def test_02_help(self):
        """an example, and which positions may answer: as the node has it"""
        answers = {k["kind"]: k["answers"] for k in self.n.json("help", "kinds")["kinds"]}
        for command, kind in (("request", "request"), ("truce propose", "cessation"), ("truce extend", "cessation"),
                              ("incident", "incident"), ("finding assign", "finding"), ("finding visit", "finding"),
                              ("finding conclude", "finding"), ("figure", "figure"), ("designate", "designation"),
                              ("text", "text"), ("agreement", "agreement"), ("progress", "progress"),
                              ("contact ask", "contact"), ("contact held", "contact"), ("readout", "readout"),
                              ("readout agree", "readout"), ("stop-fire", "stop-fire"), ("statement", "statement")):
            out = self.n.ok(*command.split(), "--help").stdout
            self.assertIn("  readback " + command, out.split("Options")[0])
            told = re.search(r"These may answer it: (.*)\.", out)[1]
            self.assertEqual([w.split(" ")[0] for w in told.split(", ")], answers[kind], command)
        self.assertIn("dispute-fact, cannot-comply", self.n.ok("site", "--help").stdout)
        self.assertIn('--as-stated "more than 1,000" --low 1000 ', self.n.ok("figure", "--help").stdout)  # no number of its own
        for group, lines in (("truce", 4), ("finding", 3), ("contact", 2)):
            out = self.n.ok(group, "--help").stdout
            self.assertEqual(len(re.findall(r"(?m)^  readback %s [a-z]+ +\S" % group, out)), lines, out)
            r = self.n.ok(group, want=USAGE)
            self.assertEqual(len(re.findall(r"(?m)^  readback %s [a-z]+ +\S" % group, r.stderr)), lines, r.stderr)
        self.assertIn("is wanted: request, cessation, ", self.n.ok("template", want=USAGE).stderr)

    def test_03_each_command(self):
        n, s, l, say = self.n, self.s, self.l, self.say
        say(n, "excluded", "designate", "--title", "Not covered", "--side", "outside", "--subject", "Group X; Front Y; as listed",
            "--subject", "Group Z", "--reason", "they did not accede", *CIRCLE)
        say(n, "truce", "truce", "propose", "--title", "Cessation; in the south, all", "--text", "All fire ceases.",
            "--start", "2027-04-01T00:00:00Z", "--end", "150000ZAPR27", "--length", "13d", "--parties", "northland,southland",
            "--guarantors", "lakeland", "--monitors", "lakeland", "--rule", "quorum-veto", "--quorum", "2",
            "--veto", "northland", "--of", "northland,southland", "--adopt-by", "2027-03-31T12:00:00Z",
            "--exclusion", self.hex("excluded"), *CIRCLE)
        say(n, "declared", "truce", "propose", "--title", "Our own pause", "--start", "2026-01-01T00:00:00Z")
        say(n, "longer", "truce", "extend", self.hex("truce"), "--title", "By three days", "--start", "150000ZAPR27",
            "--end", "180000ZAPR27")
        say(n, "asked", "request", "--title", "Pause fire at the bridge", "--text", "To bring the wounded out.",
            "--of", "southland", "--in", "2h", *CIRCLE)
        say(n, "shelling", "incident", "--title", "Shelling of the market", "--text", "Four rounds.", "--what", "shelling",
            "--attributed-to", "3rd brigade", "--began", "031130ZAPR27", "--over", "031150ZAPR27",
            "--violates", self.hex("truce"), *CIRCLE)
        self.there(s, "shelling")
        say(s, "shelling too", "incident", "--title", "Fire at the market", "--same-as", self.hex("shelling"))
        for p in (l, n):
            self.there(p, "shelling too")
        say(l, "assigned", "finding", "assign", self.hex("shelling"), "--monitors", "lakeland", "--text", "craters")
        say(l, "visit", "finding", "visit", self.hex("shelling"), self.hex("shelling too"), "--outcome", "denied",
            "--at", "041000ZAPR27", "--text", "turned back")
        say(l, "concluded", "finding", "conclude", self.hex("shelling"), "--result", "confirmed",
            "--attributed-to", "nobody", "--text", "two craters")
        say(n, "figure", "figure", "--what", "killed", "--low", "9", "--high", "14", "--as-stated", "between nine and fourteen",
            "--class", "believed civilians", "--group", "traders", "--attributed-to", "3rd brigade", "--area", "the market",
            "--period-from", "031130ZAPR27", "--period-to", "031800ZAPR27", "--counted-by", "District hospital",
            "--source", "its director", "--sources", "2", "--counted-how", "register", "--status", "estimate",
            "--incident", self.hex("shelling"), *CIRCLE)
        say(s, "other figure", "figure", "--what", "killed", "--as-stated", "hundreds")
        say(n, "outside", "designate", "--title", "Outside", "--side", "outside", "--subject", "Group Q", "--of", self.hex("truce"))
        say(n, "text", "text", "--title", "Elements", "--file", self.file("one.txt", "The line stays open.\n\nFire ceases.\n"))
        say(n, "text 2", "text", "circulate", "--title", "Elements", "--text", "The line stays open.\n\nFire ceases [at noon].\n\nEnd.",
            "--version", "2", "--previous", self.hex("text"), "--pen", "southland", "--bracketed", "2", "--explanation", "the hour",
            "--rule", "silence", "--adopt-by", "2027-04-01T00:00:00Z")
        say(n, "agreement", "agreement", "--title", "Opening of the road", "--text", "In two steps.", "--adopts", self.hex("text"),
            "--parties", "northland", "--parties", "southland", "--other", "District council",
            "--step", "1; clear the mines; northland; 100600ZAPR27", "--step", "2; open the gate; by=District council",
            "--step", "3; report", "--signed-at", "011000ZAPR27", "--adopt-by", "2027-04-02T12:00:00Z")
        say(n, "reported", "agreement", "--title", "Of others", "--other", "East", "--other", "West", "--step", "1; meet; northland")
        say(n, "begun", "progress", self.hex("reported"), "--step", "1", "--state", "begun", "--text", "on the way")
        say(n, "delayed", "progress", self.hex("reported"), "--step", "1", "--state", "delayed", "--expected", "120600ZAPR27")
        say(n, "call", "contact", "ask", "--way", "call", "--title", "Safety of flights", "--with", "southland",
            "--other", "Air traffic centre", "--at", "011300ZAPR27", "--level", "duty officers", "--agenda", "frequencies",
            "--in", "48h")
        say(n, "meeting", "contact", "held", "--way", "meeting", "--title", "At the gate", "--with", "southland", "--minutes", "20")
        say(n, "told", "readout", "--contact", self.hex("meeting"), "--title", "At the gate", "--text", "Both named frequencies.",
            "--at", "011300ZAPR27", "--by", "Duty officer")
        self.there(s, "told")
        say(s, "told too", "readout", "agree", self.hex("told"))

    def test_04_bodies(self):
        """every field of every grammar stood in one of them, as it was typed"""
        grammar = {k["kind"]: {f["name"] for f in k["fields"]} for k in self.n.json("help", "kinds")["kinds"]}
        there = {}
        for name in self.said:
            self.there(self.n, name)
            o = self.n.json("show", self.said[name])
            there.setdefault(o["kind"], set()).update(o["body"])
        self.assertEqual({k: there[k] for k in KINDS}, {k: grammar[k] for k in KINDS})
        b = self.body(self.n, "truce")
        self.assertEqual((b["start"], b["end"], b["length"]), ("2027-04-01T00:00:00Z", "2027-04-15T00:00:00Z", "13d"))
        self.assertEqual((b["parties"], b["guarantors"], b["monitors"]), (["northland", "southland"], ["lakeland"], ["lakeland"]))
        self.assertEqual(b["adoption"], {"rule": "quorum-veto", "quorum": 2, "veto": ["northland"], "of": ["northland", "southland"],
                                         "by": "2027-03-31T12:00:00Z"})
        self.assertEqual(b["exclusions"], [self.said["excluded"]])
        self.assertEqual(b["volumes"][0]["circle"]["lat"], 33.0)
        self.assertEqual(self.body(self.n, "longer")["extends"], self.said["truce"])
        self.assertEqual(self.body(self.n, "excluded")["subjects"],
                         [{"name": "Group X", "also": "Front Y", "note": "as listed"}, {"name": "Group Z"}])
        self.assertEqual(self.body(self.n, "agreement")["steps"],
                         [{"number": 1, "what": "clear the mines", "owner": "northland", "due": "2027-04-10T06:00:00Z"},
                          {"number": 2, "what": "open the gate", "by": "District council"}, {"number": 3, "what": "report"}])
        self.assertEqual(self.body(self.n, "visit")["incidents"], [self.said["shelling"], self.said["shelling too"]])
        b = self.body(self.n, "figure")
        self.assertEqual((b["low"], b["high"], b["as_stated"], b["method"], b["status"]),
                         (9, 14, "between nine and fourteen", "register", "estimate"))
        b = self.body(self.n, "other figure")
        self.assertEqual((b, set(b) & {"low", "high"}), ({"what": "killed", "as_stated": "hundreds", "status": "claim"}, set()))
        self.assertEqual(self.body(self.n, "told"), self.body(self.n, "told too"))
        # whom it asks owes the answer, and which
        d = self.n.json("show", self.said["asked"])["envelope"]["demand"]
        self.assertEqual((d["position"], d["members"]), ("will-comply", ["southland"]))
        d = self.n.json("show", self.said["call"])["envelope"]["demand"]
        self.assertEqual((d["position"], d["members"]), ("accept", ["southland"]))

    def test_05_templates(self):
        """each has every field of its kind but those of another stage, and goes out once its records are real"""
        grammar = {k["kind"]: {f["name"] for f in k["fields"]} for k in self.n.json("help", "kinds")["kinds"]}
        real = {"cessation": "truce", "incident": "shelling", "finding": "shelling", "figure": "shelling", "designation": "truce",
                "text": "text", "agreement": "text", "progress": "agreement", "readout": "meeting"}
        command = {"cessation": "truce propose", "designation": "designate", "finding": "finding conclude",
                   "contact": "contact held"}
        for kind in KINDS:
            text = self.n.ok("template", kind).stdout
            told = json.loads(text)
            self.assertEqual(set(told), grammar[kind] - ({"monitors", "at", "outcome"} if kind == "finding" else set()), kind)
            words = command.get(kind, kind).split()
            path = self.file(kind + ".json", text)
            if kind in real:
                r = self.n.ok(*words, "--body", path, "--dry-run", want=FAILED)
                self.assertIn("no record with these digits is held here", r.stderr)
                text = text.replace("00000000", self.hex(real[kind], 8))
                path = self.file(kind + ".json", text)
            log = self.count()
            r = self.n.run(*words, "--body", path, "--dry-run")
            self.assertIn(r.returncode, (OK, CONFIRM), r.stderr)
            self.assertIn("Nothing was released.", r.stderr)
            self.assertEqual(self.count(), log)
            self.say(self.n, "template " + kind, *words, "--body", path)
            self.assertLessEqual(set(told), set(self.body(self.n, "template " + kind)))
        # options go before what the file says
        self.say(self.n, "edited", "request", "--body", self.file("r.json", self.n.ok("template", "request").stdout),
                 "--title", "Another title")
        self.assertEqual(self.body(self.n, "edited")["title"], "Another title")
        self.assertEqual(self.body(self.n, "edited")["of"], ["southland"])

    def test_06_wrong_input(self):
        """refused with kind, field, clause and what to do; nothing goes out"""
        far = "ffffffff" * 8
        before = self.count()
        truce = ("truce", "propose", "--title", "x", "--start", "2027-04-01T00:00:00Z")
        for words, told in (
                (("request",), ("request", "title", "3.6.12", "--title")),
                (("request", "--title", "x", "--of", "nobody"), ("request", "body.of[0]", "3.6.12", "template",
                                                                 "its members are: northland, southland, lakeland")),
                (("request", "--title", "x", "--circle", "33, 36"), ("radius",)),
                (("request", "--title", "x", "--in", "3"), ("--in", "90s")),
                (("request", "--title", "x", "--demand", "accept", "--demand-in", "1h"), ("3.6.12",)),
                (truce[:4], ("cessation", "start", "3.6.14", "--start")),
                ((*truce, "--end", "2027-03-01T00:00:00Z"), ("cessation", "3.6.14")),
                ((*truce, "--end", "noon"), ("--end", "date-time group")),
                ((*truce, "--parties", "northland", "--rule", "most"), ("cessation", "body.adoption.rule", "3.6.14", "quorum")),
                ((*truce, "--parties", "northland,southland", "--rule", "quorum"), ("cessation", "3.6.31")),
                ((*truce, "--exclusion", "xyz"), ("8 to 64 digits", "exclusions")),
                ((*truce, "--exclusion", "00000000"), ("no record with these digits", "exclusions")),
                (("truce", "extend", "nothing", "--title", "x", "--start", "010000ZAPR27"), ("8 to 64 digits",)),
                (("truce", "accede", self.hex("asked")), ("is no cessation but a request", "truces")),
                (("truce", "accede", self.hex("truce"), "--by", "Free Brigade"), ("--reported-carrier",)),
                (("truce", "withdraw", self.hex("shelling")), ("is no cessation",)),
                (("incident",), ("incident", "title", "3.6.15")),
                (("incident", "--title", "x", "--began", "031150ZAPR27", "--over", "031130ZAPR27"), ("incident", "3.6.15")),
                (("finding", "conclude", self.hex("shelling"), "--result", "guilty"), ("finding", "body.result", "3.6.16",
                                                                                       "not-attributable")),
                (("finding", "conclude", self.hex("shelling")), ("finding", "3.6.16")),
                (("finding", "visit"), ("word is missing",)),
                (("figure", "--what", "killed"), ("figure", "as_stated", "3.6.17", "--as-stated")),
                (("figure", "--what", "killed", "--as-stated", "x", "--low", "9", "--high", "3"), ("figure", "3.6.17")),
                (("figure", "--what", "killed", "--as-stated", "x", "--low", "-1"), ("--low", "whole number")),
                (("figure", "--what", "wounded", "--as-stated", "x"), ("figure", "body.what", "3.6.17", "injured")),
                (("designate", "--title", "x", "--side", "outside"), ("designation", "3.6.18")),
                (("designate", "--title", "x", "--side", "beside", "--subject", "Y"), ("designation", "body.side", "inside")),
                (("designate", "--title", "x", "--side", "inside", "--subject", "; Y"), ("--subject", "NAME")),
                (("text", "--title", "x"), ("text", "paragraphs", "3.6.19", "--text")),
                (("text", "--title", "x", "--text", "y", "--bracketed", "2"), ("text", "3.6.19", "no such paragraph")),
                (("text", "--title", "x", "--text", "y", "--rule", "silence"), ("text", "3.6.31")),
                (("agreement", "--title", "x", "--step", "1"), ("--step", "NUMBER; WHAT")),
                (("agreement", "--title", "x", "--step", "2; a", "--step", "1; b"), ("agreement", "3.6.20")),
                (("agreement", "--title", "x", "--step", "1; a; nobody"), ("agreement", "body.steps[0].owner", "3.6.20")),
                (("progress", self.hex("agreement"), "--step", "1"), ("progress", "state", "3.6.21", "--state")),
                (("progress", self.hex("agreement"), "--step", "1", "--state", "done", "--expected", "010000ZAPR27"),
                 ("progress", "3.6.21")),
                (("contact", "ask", "--way", "call", "--title", "x"), ("contact", "3.6.22", "with whom")),
                (("contact", "ask", "--way", "smoke", "--title", "x", "--with", "southland"), ("contact", "body.way", "meeting")),
                (("contact",), ("contact what?", "ask")),
                (("readout", "--title", "x"), ("readout", "text", "3.6.23", "--text")),
                (("readout", "agree", self.hex("truce")), ("is no readout",)),
                (("incident", "--title", "x", "--same-as", "%s,%s" % (self.hex("shelling"), self.hex("shelling too"))),
                 ("one record each", "given again", "same_as")),
                (("request", "--title", "x", "--of", "southland", "--recipients", "southland"), ("--form", "nothing was released")),
                (("request", "--body", self.file("bad.json", '{"title": "Qanariya" oh')), ("line 1, column",)),
                (("request", "--body", self.file("more.json", '{"title": "x", "colour": 1}')), ("request", "body.colour", "3.6.12",
                                                                                                "no such field")),
                (("finding", "visit", self.hex("shelling"), "--body", self.file("f.json", '{"stage": "concluded"}')),
                 ("finding", "stage", "visit")),
                (("template", "notice"), ("accepted are", "request")),
                (("text", "diff", self.hex("text"), self.hex("truce")), ("no text", "16.3.5")),
                (("text", "diff", self.hex("text")), ("word is missing",)),
                (("report", "--from", "010000ZAPR27", "--to", "010000ZMAR27"), ("`from` is not before `to`", "24 hours")),
                (("truces", "--at", "noon"), ("--at",))):
            r = self.n.run(*words, *(() if words[0] in ("template", "truces", "report") or words[1:2] == ("diff",) else ("--yes",)))
            self.assertIn(r.returncode, (FAILED, USAGE), (words, r.stdout, r.stderr))
            for t in told:
                self.assertIn(t, r.stderr, words)
            self.assertNotIn("Qanariya", r.stderr)
        self.assertNotEqual(self.n.run("progress", far, "--step", "1", "--state", "done", "--yes").returncode, OK)
        r = self.n.ok("complied", self.hex("truce"), "--yes", want=FAILED)
        self.assertIn("these may answer it: read, passed-down, query, accept", r.stderr)
        self.assertEqual(self.count(), before)

    # ---- answering ----

    def test_07_positions(self):
        """every position of the table is reachable, for its kinds"""
        answers = {k["kind"]: k["answers"] for k in self.n.json("help", "kinds")["kinds"]}
        for kind in KINDS:
            self.there(self.s, "template " + kind)
        types = sorted({a for k in KINDS for a in answers[k]})
        self.assertEqual(len(types), 16)
        for t in types:
            records = [self.said["template " + k] for k in KINDS if t in answers[k]]
            more = {"passed-down": ("--level", "3rd brigade"), "dissociate": ("--paragraph", "1")}.get(t, ())
            p = self.n if t in ("withdraw", "correct") else self.s
            p.ok(t, *records, *more, "--yes")
        for kind in KINDS:
            o = until(lambda: (lambda o: o if {x["position"] for x in o["positions"]} == set(answers[kind]) else None)(
                self.n.json("show", self.said["template " + kind])), kind, 60)
            for x in o["positions"]:
                self.assertEqual(x["affiliation"], {"northland": "Coalition A", "southland": "Coalition B"}[x["member"]])
        r = self.s.ok("withdraw", self.said["template request"], "--yes", want=FAILED)
        self.assertIn("withdraw (its author)", r.stderr)

    def state(self, p, name, want):
        """waits until it is so there; the view of the record"""
        return until(lambda: (lambda o: o if o["instrument"] and o["instrument"]["state"] == want else None)(
            p.json("show", self.said[name])), "%s %s at %s" % (name, want, p.handle), 60)

    def test_08_requests_contacts(self):
        s, n = self.s, self.n
        s.ok("will-comply", self.said["asked"], "--reason", "from 14:10", "--yes")
        o = self.state(n, "asked", "answered")
        asked = o["instrument"]["request"]["asked"]
        self.assertEqual([(a["member"], a["affiliation"], a["answer"], a["unanswered"]) for a in asked],
                         [("southland", "Coalition B", "will-comply", False)])
        out = n.ok("show", self.said["asked"]).stdout
        self.assertIn("answered: answered by everybody asked; not done by all", out)
        s.ok("complied", self.said["asked"], "--yes")
        self.state(n, "asked", "complied")
        self.assertIn("southland (Coalition B): complied", n.ok("requests").stdout)
        s.ok("declined", self.said["call"], "--reason", "no linguist", "--yes")
        self.state(n, "call", "declined")
        self.assertIn("southland (Coalition B): declined: no linguist", n.ok("contacts").stdout)
        s.ok("took-place", self.said["meeting"], "--yes")
        o = self.state(n, "meeting", "held-by-both-accounts")["instrument"]["contact"]
        self.assertEqual(sorted(o["took_place"]), ["northland", "southland"])
        told = {r["record"]: r for r in o["readouts"]}
        self.assertLessEqual({self.said["told"], self.said["told too"]}, set(told))
        self.assertEqual(sorted(told[self.said["told"]]["same_as_of"]), ["northland", "southland"])
        self.assertTrue(o["agreed_readout"] and told[self.said["told"]]["agreed"])
        self.assertFalse(told[self.said["template readout"]]["agreed"])
        self.assertIn("AGREED READOUT", n.ok("show", self.said["meeting"]).stdout)

    def test_09_incidents(self):
        n, s, l = self.n, self.s, self.l
        s.ok("dispute", self.said["shelling"], "--reason", "no fire of ours", "--yes")
        s.ok("confirm", self.said["concluded"], "--yes")
        until(lambda: self.state(n, "shelling", "stands")["instrument"]["incident"]["columns"], "the dispute", 60)
        for p in (n, s, l):
            for name in ("shelling", "concluded"):
                self.there(p, name)
            i = until(lambda: (lambda x: x if len(x["findings"]) == 3 and x["columns"] else None)(
                p.json("show", self.said["shelling"])["instrument"]["incident"]), "the findings at " + p.handle, 60)
            self.assertEqual(i["id"], self.said["shelling"])
            self.assertEqual([(f["stage"], f["value"], f["assigned"]) for f in i["findings"]],
                             [("assigned", None, ["lakeland"]), ("visit", "denied", []), ("concluded", "confirmed", [])])
            self.assertEqual([(c["member"], c["affiliation"], c["position"]) for c in i["columns"] if c["position"]],
                             [("southland", "Coalition B", "dispute")])
        out = n.ok("incidents").stdout
        self.assertIn("southland (Coalition B): dispute: no fire of ours", out)
        self.assertIn("no evidence attached", out)
        self.assertIn("visit, denied", out)
        # who is no monitor finds nothing
        self.say(n, "no finding", "finding", "conclude", self.hex("shelling"), "--result", "unfounded")
        o = until(lambda: (lambda o: o if o["mark"] else None)(n.json("show", self.said["no finding"])), "the mark", 60)
        self.assertEqual(o["mark"], "not-entitled")
        self.assertIn("WITHOUT EFFECT: its author has no part in what it would move", n.ok("show", self.said["no finding"]).stdout)
        r = l.json("report")
        self.assertEqual(r["findings"]["confirmed"], {"now": 1, "before": 0, "change": 1})
        self.assertEqual(r["visits"]["denied"]["now"], 1)
        self.assertGreaterEqual(r["asserted"]["now"], 2)
        self.assertIn("incidents asserted", l.ok("report").stdout)
        self.assertEqual(l.json("report", "--from", "2020-01-01T00:00:00Z", "--to", "2020-01-02T00:00:00Z")["asserted"]["now"], 0)
        self.assertIn("begins before it ends", l.ok("report", "--from", "2020-01-02T00:00:00Z", "--to", "2020-01-01T00:00:00Z",
                                                    want=USAGE).stderr)

    def test_10_figures_designations(self):
        n, s = self.n, self.s
        self.there(n, "other figure")
        o = n.json("figures")
        pair = [x for x in o["figures_beside"] if {x["a"], x["b"]} == {self.said["figure"], self.said["other figure"]}]
        self.assertEqual([x["overlap"] for x in pair], ["cannot be excluded"])
        self.assertNotIn("total", json.dumps(list(o)))
        out = n.ok("figures").stdout
        self.assertRegex(out, "(?m)^%s +northland \\(Coalition A\\) +killed +between nine and fourteen +9 +14 " % self.hex("figure"))
        self.assertRegex(out, "(?m)^%s +southland \\(Coalition B\\) +killed +hundreds +open +open " % self.hex("other figure"))
        self.assertIn("never summed", out)
        self.there(s, "outside")
        self.say(s, "inside", "designate", "--title", "Covered", "--side", "inside", "--subject", "Group Q; Q Front",
                 "--of", self.said["truce"])
        self.there(n, "inside")
        g = [g for g in n.json("designations")["designations_beside"] if g["of"] == self.said["truce"]][0]
        q = [x for x in g["subjects"] if x["record"] == self.said["outside"]]
        self.assertEqual([(x["name"], x["inside"], x["outside"], x["difference"]) for x in q],
                         [("Group Q", ["southland"], ["northland"], True)])
        self.assertIn("DIFFERENCE, Group Q: inside by southland, outside by northland", n.ok("designations").stdout)

    def test_11_texts(self):
        n, s = self.n, self.s
        d = n.json("text", "diff", self.hex("text"), self.hex("text 2"))
        self.assertEqual([(x["type"], x["before"], x["after"]) for x in d["lines"]],
                         [("same", 1, 1), ("changed", 2, 2), ("added", None, 3)])
        self.assertEqual((d["before"]["version"], d["after"]["version"], d["title_changed"]), (1, 2, False))
        out = n.ok("text", "diff", self.hex("text"), self.hex("text 2")).stdout
        self.assertIn("\n-   2  Fire ceases.\n+   2  Fire ceases [at noon].\n+   3  End.\n", out)
        t = self.state(n, "text 2", "circulated")["instrument"]["text"]
        self.assertEqual((t["version"], t["previous"], t["latest"], t["pen"], t["bracketed"]),
                         (2, self.said["text"], True, "southland", 1))
        self.state(n, "text", "replaced")
        self.assertNotIn(self.said["text"], self.seen(n, "texts"))
        self.assertIn(self.said["text"], self.seen(n, "texts", "--all"))
        circulated = {x["record"] for x in n.json("situation")["texts"]}
        self.assertIn(self.said["text 2"], circulated)
        self.assertNotIn(self.said["text"], circulated)
        # the pen goes on, without brackets; all say yes
        self.there(s, "text 2")
        self.say(s, "text 3", "text", "--title", "Elements", "--text", "The line stays open.\n\nFire ceases at noon.", "--version", "3",
                 "--previous", self.hex("text 2"), "--of", "northland,southland")
        self.there(n, "text 3")
        n.ok("accept", self.said["text 3"], "--yes")
        n.ok("dissociate", self.said["text 3"], "--paragraph", "1", "--reason", "the line is theirs", "--yes")
        for p in (n, s, self.l):
            until(lambda: p.run("show", self.said["text 3"], "--json").returncode == OK, "text 3", 60)
            o = self.state(p, "text 3", "adopted")
            until(lambda: p.json("show", self.said["text 3"])["instrument"]["text"]["apart"], "the dissociation", 60)
        self.assertIn("adopted by its rule (rule: all must accept)", o["instrument"]["state_sentence"])
        voices = {v["member"]: (v["affiliation"], v["elector"], v["position"]) for v in o["instrument"]["text"]["adoption"]["voices"]}
        self.assertEqual(voices["northland"][:2], ("Coalition A", True))
        self.assertEqual(voices["southland"][:2], ("Coalition B", True))
        out = n.ok("texts").stdout
        self.assertIn("northland (Coalition A) dissociates from paragraph 1: the line is theirs", out)

    def test_12_truces(self):
        n, s, l = self.n, self.s, self.l
        times = ("--start", "2026-01-01T00:00:00Z", "--end", "2099-01-01T00:00:00Z")
        self.say(n, "calm", "truce", "propose", "--title", "Calm, at last", *times, "--parties", "northland,southland",
                 "--guarantors", "lakeland", "--length", "72h")
        self.state(n, "calm", "proposed")
        self.there(s, "calm")
        s.ok("accept", self.said["calm"], "--yes")
        for p in (n, s, l):
            self.there(p, "calm")
            t = self.state(p, "calm", "in-force")["instrument"]["cessation"]
            self.assertEqual(sorted(t["bound"]), ["northland", "southland"])
        self.assertNotEqual(t["length_differs"], None)
        # a member that is no party accedes; one who is no member, as its guarantor logs it
        l.ok("truce", "accede", self.said["calm"], "--by", "Free Brigade", "--reported-carrier", "phone", "--reported-at",
             "261030ZFEB26", "--yes")
        t = until(lambda: (lambda t: t if t["accessions"] else None)(
            n.json("show", self.said["calm"])["instrument"]["cessation"]), "the accession", 60)
        self.assertEqual([(a["member"], a["reported"], a["by"]) for a in t["accessions"]], [("lakeland", True, "Free Brigade")])
        self.assertIn("Free Brigade (reported by lakeland, unsigned by them): acceded", n.ok("truces").stdout)
        out = n.ok("truces").stdout
        self.assertIn("in-force: in force, as adopted by its rule; whether it is kept, this does not say", out)
        self.assertIn("in-force: in force by its author's word alone", out)
        self.assertRegex(out, "its times differ from its words: longer than said by [0-9]+d\n")
        # withdrawn from
        s.ok("truce", "withdraw", self.said["calm"], "--reason", "not kept", "--yes")
        o = self.state(n, "calm", "broken-off")
        self.assertEqual([w["member"] for w in o["instrument"]["cessation"]["withdrawals"]], ["southland"])
        self.assertNotIn(self.said["calm"], self.seen(n, "truces"))
        r = l.ok("truce", "withdraw", self.said["declared"], "--yes", want=FAILED)
        self.assertIn("we have not accepted", r.stderr)
        n.ok("truce", "withdraw", self.said["declared"], "--yes")
        self.state(n, "declared", "broken-off")

    def checked(self, p, circle, answer):
        """what an operation there in 2096 would touch, as a plan of p"""
        o = json.loads(p.run("operation", "--title", "Sweep", "--circle", circle, "--from", "2096-05-01T00:00:00Z", "--to",
                             "2096-05-02T00:00:00Z", "--dry-run", "--json").stdout)
        self.assertEqual(o["check"]["answer"], answer, o["check"])
        return [x for x in o["check"]["conflicts"] if x["class"] == "area under truce"]

    def test_12_areas_under_truce(self):
        """a plan meets them, whoever plans it; what is excluded takes nothing from that"""
        n, s, l = self.n, self.s, self.l
        times = ("--start", "2096-01-01T00:00:00Z", "--end", "2097-01-01T00:00:00Z")
        self.there(s, "excluded")
        self.say(n, "area", "truce", "propose", "--title", "Harbour", *times, "--parties", "northland,southland",
                 "--exclusion", self.hex("excluded"), "--circle", "40.0, 20.0, 3km")
        self.there(s, "area")
        # planned while nobody has agreed: it touches nothing
        self.assertEqual(self.checked(l, "40.0, 20.0, 1km", "not compared"), [])
        self.say(l, "early", "operation", "--title", "Early", "--circle", "40.0, 20.0, 1km", "--from", "2096-06-01T00:00:00Z",
                 "--to", "2096-06-02T00:00:00Z")
        self.there(n, "early")
        self.assertEqual(n.json("show", self.said["area"])["stands"], False)
        s.ok("accept", self.said["area"], "--yes")
        for p in (n, s, l):
            o = self.state(p, "area", "agreed")
            self.assertTrue(o["stands"])
            until(lambda: p.json("show", self.said["area"])["check"]["answer"] == "conflict", "what was planned before", 60)
            x = self.checked(p, "40.0, 20.0, 1km", "conflict")[0]
            self.assertEqual((x["record"], x["rule"]), (self.said["area"], "area under truce"))
            self.assertEqual(sorted(x["truce"]["bound"]), ["northland", "southland"])
            self.assertEqual(x["truce"]["state"], "agreed")
            self.assertEqual(x["truce"]["exclusions"], [{"record": self.said["excluded"], "title": "Not covered",
                                                         "stands": True, "superseded_by": None}])
            self.assertIn("Bound by it: northland, southland.", x["sentence"])
            self.assertIn('It names exclusions, which take nothing from this: "Not covered".', x["sentence"])
            self.assertEqual(self.checked(p, "41.0, 20.0, 1km", "none found"), [])
        self.assertIn(self.said["area"], [a["record"] for a in n.json("places", "--class", "area under truce")["places"]])
        plan = ("operation", "--title", "Late", "--circle", "40.0, 20.0, 1km", "--from", "2096-07-01T00:00:00Z", "--to",
                "2096-07-02T00:00:00Z", "--yes")
        self.assertIn("nothing was released", l.ok(*plan, want=CONFIRM).stderr)
        late = json.loads(l.ok(*plan, "--despite", "--json").stdout)["record"]
        said = until(lambda: [r["body"] for r in n.json("log", "--kind", "service", "--bodies")["records"]
                              if r["body"]["type"] == "released-despite" and r["body"]["subject"] == late], "that it was", 60)
        self.assertIn(self.said["area"], said[0]["conflicts"])
        # whoever looks at what touches it sees that record, and nothing of the exclusion that is named beside it
        form = "title: Hidden\ncircle: 40.0, 20.0, 1km\nfrom: 2096-07-01T00:00:00Z\nto: 2096-07-02T00:00:00Z\n"
        r = l.ok("operation", "--recipients", "northland", "--language", "de", "--form", "-", "--yes", "--despite", "--json", stdin=form)
        hidden = json.loads(r.stdout)["record"]
        o = until(lambda: (lambda o: o if (o or {}).get("check") else None)(l.json("show", hidden)), "what it touches", 60)
        self.assertEqual([x["record"] for x in o["check"]["conflicts"] if x["class"] == "area under truce"], [self.said["area"]])
        leaf = base64.b64decode(o["leaf_bytes"])
        self.assertTrue(o["detached"]["commitments"])
        for c in o["detached"]["commitments"]:
            self.assertIn(bytes.fromhex(c), leaf)
        self.assertEqual(o["envelope"]["language"], "de")
        # the exclusion is another one now: what the cessation names is still the first
        self.say(n, "excluded 2", "designate", "--title", "Covered after all", "--side", "inside", "--subject", "Group X",
                 "--supersedes", self.hex("excluded"))
        self.there(l, "excluded 2")
        x = self.checked(l, "40.0, 20.0, 1km", "conflict")[0]
        self.assertEqual(x["truce"]["exclusions"], [{"record": self.said["excluded"], "title": "Not covered", "stands": False,
                                                     "superseded_by": self.said["excluded 2"]}])
        self.assertIn('"Not covered" (superseded or withdrawn since).', x["sentence"])
        n.ok("withdraw", self.said["excluded 2"], "--yes")
        # one side's own, without an area: told, and not compared
        self.say(s, "pause", "truce", "propose", "--title", "Pause", *times)
        self.there(n, "pause")
        out = n.ok("operation", "--title", "Sweep", "--circle", "41.0, 20.0, 1km", "--from", "2096-05-01T00:00:00Z", "--to",
                   "2096-05-02T00:00:00Z", "--dry-run").stdout
        self.assertRegex(out, "not compared: [0-9]+ cessations? without an area")
        # with an area: by its author's word alone
        self.say(s, "quay", "truce", "propose", "--title", "Quay", *times, "--circle", "41.0, 20.0, 1km")
        self.there(n, "quay")
        x = self.checked(n, "41.0, 20.0, 1km", "conflict")[0]
        self.assertIn('the area under truce "Quay", declared by southland alone', x["sentence"])
        # broken off, it is none any more
        s.ok("truce", "withdraw", self.said["area"], "--reason", "over", "--yes")
        self.state(n, "area", "broken-off")
        self.assertEqual(self.checked(n, "40.0, 20.0, 100m", "none found"), [])

    def test_13_pointed_out(self):
        """before a cessation is released; nothing goes out without a word more"""
        n = self.n
        truce = ("truce", "propose", "--title", "x", "--parties", "northland,southland")
        place = ("--circle", "33.0, 36.1, 2km")
        self.say(n, "there", "truce", "propose", "--title", "There", "--start", "2097-01-01T00:00:00Z", "--end", "2097-02-01T00:00:00Z",
                 "--length", "745h", "--parties", "northland,lakeland", *place)
        until(lambda: n.run("show", self.said["there"], "--json").returncode == OK, "it", 60)
        before = self.count()
        for words, told in (
                ((*truce, "--start", "2097-06-01T00:00:00Z", "--end", "2097-06-04T00:00:00Z", "--length", "71h"),
                 "Its words say 71h; from its start to its end it is 72h: longer than said by 1h."),
                ((*truce, "--start", "2020-06-01T00:00:00Z", "--end", "2020-06-04T00:00:00Z"), "Its end has passed already."),
                ((*truce, "--start", "2097-01-15T00:00:00Z", "--end", "2097-03-01T00:00:00Z", *place),
                 "It overlaps another one in time and area, with other parties."),
                (("truce", "extend", self.hex("there"), "--title", "x", "--start", "2097-02-01T01:00:00Z", "--end",
                  "2097-03-01T00:00:00Z"), "It starts 1h after the end of what it extends: in this gap neither of the two is in force. Others "
                 "are not looked at."),
                (("truce", "extend", self.hex("there"), "--title", "x", "--start", "2097-02-01T00:00:00Z", "--end",
                  "2097-03-01T00:00:00Z", "--parties", "northland,southland"),
                 "It does not name all whom the other one binds: it makes that one no longer, and binds its own parties alone.")):
            r = n.ok(*words, "--dry-run", want=CONFIRM)
            self.assertIn(told, r.stderr)
            r = n.ok(*words, "--yes", want=CONFIRM)
            self.assertIn("nothing was released", r.stderr)
        self.assertNotIn("overlaps", n.run(*truce, "--start", "2097-01-15T00:00:00Z", "--end", "2097-03-01T00:00:00Z",
                                           "--circle", "10.0, 10.0, 2km", "--dry-run").stderr)
        for parties in ((), ("--parties", "northland,lakeland"), ("--parties", "northland,southland,lakeland")):
            r = n.run("truce", "extend", self.hex("there"), "--title", "x", "--start", "2097-02-01T00:00:00Z", "--end",
                      "2097-03-01T00:00:00Z", *parties, "--dry-run")
            self.assertNotIn("It does not name all", r.stderr)
        self.assertEqual(self.count(), before)
        # who asks is not asked
        asks = "It asks nobody: who asks is not asked, and it names no other member. Nobody can answer it."
        for words in (("request", "--title", "x", "--of", "northland"),
                      ("contact", "ask", "--way", "call", "--title", "x", "--with", "northland")):
            r = n.ok(*words, "--yes", want=CONFIRM)
            self.assertIn(asks, r.stderr)
            self.assertIn("nothing was released", r.stderr)
            self.assertIn("nobody-asked", [w["code"] for w in json.loads(n.ok(*words, "--dry-run", "--json", want=CONFIRM).stdout)["warnings"]])
        for words in (("request", "--title", "x"), ("request", "--title", "x", "--of", "northland,southland"),
                      ("contact", "ask", "--way", "call", "--title", "x", "--with", "northland", "--other", "Tower"),
                      ("contact", "ask", "--way", "call", "--title", "x", "--with", "lakeland")):
            self.assertNotIn("It asks nobody", n.ok(*words, "--dry-run").stderr)
        self.assertEqual(self.count(), before)
        # another's record is not replaced; who says so all the same changes nothing of it
        self.there(self.s, "there")
        own = ("request", "--title", "Not there", "--supersedes", self.hex("there"))
        r = self.s.ok(*own, "--yes", want=CONFIRM)
        self.assertIn("It would supersede a record of northland: only its author replaces a record", r.stderr)
        self.say(self.s, "not there", *own)
        self.there(n, "not there")
        self.assertIsNone(n.json("show", self.said["there"])["superseded_by"])
        self.assertIn(self.said["there"], self.seen(n, "truces"))
        # a text has as many paragraphs as it has
        none = ("dissociate", self.said["text 2"], "--paragraph", "1", "--paragraph", "4", "--yes")
        r = self.s.ok(*none, want=CONFIRM)
        self.assertIn("There is no paragraph 4: the text has 3.", r.stderr)
        # what has no effect is said at once to who said it; what has, without a word
        self.assertNotIn("WITHOUT EFFECT", n.ok("complied", self.said["not there"], "--yes").stderr)
        r = n.ok("complied", self.said["not there"], "--yes", "--json")
        self.assertIn("WITHOUT EFFECT: not allowed in the present state", r.stderr)
        self.assertEqual(n.json("show", json.loads(r.stdout)["record"])["mark"], "out-of-turn")
        # a list says it as it was said before release
        self.assertIn("its times differ from its words: shorter than said by 1h\n", n.ok("truces").stdout)
        # a list says where
        self.assertIn("There\n", n.ok("truces").stdout)
        self.assertRegex(n.ok("truces").stdout.split("There\n")[1].split("\n\n")[0], r"where:\n +1\. circle around 33\.0.*radius 2000 m")
        self.assertIn("asserted also in: %s\n" % self.hex("shelling too"), n.ok("incidents").stdout)
        shown = n.ok("incidents").stdout.split("Shelling of the market\n")[1].split("\n\n")[0]
        self.assertIn("  shelling, attributed by its author to 3rd brigade\n  where:\n", shown)

    def test_14_agreements(self):
        n, s, l = self.n, self.s, self.l
        self.there(l, "delayed")
        o = self.state(n, "reported", "as-reported")
        step = o["instrument"]["agreement"]["steps"][0]
        self.assertEqual((step["what"], step["owner"], step["state"], step["report"], step["confirmed_by"]),
                         ("meet", "northland", "delayed", self.said["delayed"], []))
        self.assertIn("step 1, meet, by northland: reported delayed by northland; not confirmed", n.ok("agreements").stdout)
        l.ok("confirm", self.said["delayed"], "--yes")
        until(lambda: n.json("show", self.said["reported"])["instrument"]["agreement"]["steps"][0]["confirmed_by"] == ["lakeland"],
              "the confirmation", 60)
        self.assertIn("confirmed by lakeland", n.ok("agreements").stdout)
        # what others reported of a step that is theirs
        self.there(s, "agreement")
        self.say(n, "road", "agreement", "--title", "Road", "--parties", "northland,southland", "--step",
                 "1; clear the mines; northland; 010600ZJAN26")
        self.there(s, "road")
        s.ok("accept", self.said["road"], "--yes")
        o = self.state(n, "road", "adopted")
        self.assertTrue(o["instrument"]["agreement"]["steps"][0]["overdue"])
        self.assertIn("nothing reported; OVERDUE", n.ok("agreements").stdout)
        overdue = n.json("agreements", "--overdue")
        mine = [(x["agreement"], x["number"], x["what"]) for x in overdue["overdue"]]
        self.assertIn((self.said["road"], 1, "clear the mines"), mine)
        self.assertEqual([x["expected"] or x["due"] for x in overdue["overdue"]],
                         sorted(x["expected"] or x["due"] for x in overdue["overdue"]))
        every = [(x["record"], step["number"]) for x in n.json("agreements")["instruments"]
                 for step in x.get("agreement", {"steps": []})["steps"] if step["overdue"]]
        self.assertEqual(sorted(every), sorted((r, k) for r, k, _ in mine))
        self.assertRegex(n.ok("agreements", "--overdue").stdout,
                         "(?m)^2026-01-01T06:00:00Z +%s +1 +clear the mines +northland +nothing" % self.said["road"][:12])
        self.assertIn("No step is overdue, by what can be read here.", n.ok("agreements", "--overdue", "--at", "2020-01-01T00:00:00Z").stdout)

    def test_15_calendar(self):
        """by an independent reader; lines within 75 octets; nothing closed in it"""
        n = self.n
        words = 'Calm; "sure", \\ and أربعة عشر يوما من الهدوء في الجنوب كله بلا استثناء, for all'
        self.say(n, "long", "truce", "propose", "--title", words, "--start", "2098-01-01T00:00:00Z", "--end",
                 "2098-12-31T23:59:59Z")
        form = "title: Qanariya\nstart: 2026-01-01T00:00:00Z\n"
        self.say(n, "closed", "truce", "propose", "--recipients", "southland", "--form", "-", stdin=form)
        self.state(n, "long", "declared")
        path = os.path.join(self.top, "truces.ics")
        r = n.ok("truces", "--ical", path)
        self.assertIn("Left out: 1 closed", r.stderr)
        raw = read(path)
        self.assertNotIn(b"Qanariya", raw)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertTrue(raw.endswith(b"\r\n"))
        for line in raw.split(b"\r\n"):
            self.assertLessEqual(len(line), 75)
            self.assertNotIn(b"\n", line)
            line.decode()  # no character is parted
        calendar = icalendar.Calendar.from_ical(raw)
        self.assertEqual((str(calendar["VERSION"]), "PRODID" in calendar), ("2.0", True))
        events = {str(e["UID"]): e for e in calendar.walk("VEVENT")}
        for e in events.values():
            self.assertEqual(e.errors, [])
            self.assertIn(str(e["STATUS"]), ("TENTATIVE", "CONFIRMED", "CANCELLED"))
            self.assertGreaterEqual(int(e["SEQUENCE"]), 0)
            if "DTEND" in e:
                self.assertGreater(e["DTEND"].dt, e["DTSTART"].dt)
            self.assertEqual(e["DTSTAMP"].dt.utcoffset().total_seconds(), 0)
        e = events[self.said["long"] + ".readback"]
        self.assertEqual(str(e["SUMMARY"]), words)
        self.assertEqual((e["DTSTART"].dt.isoformat(), e["DTEND"].dt.isoformat(), str(e["STATUS"])),
                         ("2098-01-01T00:00:00+00:00", "2098-12-31T23:59:59+00:00", "CONFIRMED"))
        self.assertEqual(events[self.said["long"] + ".end.readback"]["DTSTART"].dt.isoformat(), "2098-12-31T23:59:59+00:00")
        self.assertEqual(str(events[self.said["truce"] + ".readback"]["STATUS"]), "TENTATIVE")
        # a calendar that took it as confirmed is told
        for uid in (".readback", ".end.readback"):
            e = events[self.said["calm"] + uid]
            self.assertEqual(str(e["STATUS"]), "CANCELLED")
            self.assertIn("CANCELLED: ", str(e["SUMMARY"]))
        self.assertIn("broken-off: broken off", str(events[self.said["calm"] + ".readback"]["DESCRIPTION"]))
        told = {"proposed": "TENTATIVE", "contested-by-time": "TENTATIVE", "agreed": "CONFIRMED", "declared": "CONFIRMED",
                "in-force": "CONFIRMED", "broken-off": "CANCELLED", "withdrawn": "CANCELLED", "not-adopted": "CANCELLED",
                "lapsed": "CANCELLED", "superseded": "CANCELLED"}
        self.assertEqual({u[:-len(".readback")]: str(e["STATUS"]) for u, e in events.items() if not u.endswith(".end.readback")},
                         {r: told[x["state"]] for r, x in self.seen(n, "truces", "--all").items() if x["state"] in told and not x["closed"]})

        def now(name):
            told = icalendar.Calendar.from_ical(n.ok("truces", "--ical", "-").stdout)
            e = {str(e["UID"]): e for e in told.walk("VEVENT")}[self.said[name] + ".readback"]
            return str(e["STATUS"]), int(e["SEQUENCE"]), e["DTEND"].dt.isoformat() if "DTEND" in e else None
        # read again: agreed, made longer, broken off; each time it is the later one
        self.say(n, "kept", "truce", "propose", "--title", "Kept", "--start", "2026-01-01T00:00:00Z", "--end", "2099-01-01T00:00:00Z",
                 "--parties", "northland,southland")
        self.there(self.s, "kept")
        steps = [now("kept")]
        self.s.ok("accept", self.said["kept"], "--yes")
        self.state(n, "kept", "in-force")
        steps.append(now("kept"))
        self.say(n, "kept longer", "truce", "extend", self.hex("kept"), "--title", "Longer", "--start", "2099-01-01T00:00:00Z", "--end",
                 "2099-02-01T00:00:00Z")
        self.there(self.s, "kept longer")
        self.s.ok("accept", self.said["kept longer"], "--yes")
        until(lambda: now("kept")[2] == "2099-02-01T00:00:00+00:00", "its later end", 60)
        steps.append(now("kept"))
        self.s.ok("truce", "withdraw", self.said["kept"], "--yes")
        self.state(n, "kept", "broken-off")
        steps.append(now("kept"))
        self.assertEqual([s[0] for s in steps], ["TENTATIVE", "CONFIRMED", "CONFIRMED", "CANCELLED"])
        self.assertEqual(sorted({s[1] for s in steps}), [s[1] for s in steps])
        # within one second
        self.say(n, "blink", "truce", "propose", "--title", "Blink", "--start", "2098-06-01T00:00:00.100Z", "--end", "2098-06-01T00:00:00.900Z")
        self.assertIsNone(now("blink")[2])
        out = n.ok("truces", "--ical", "-", "--with-closed")
        self.assertIn("SUMMARY:Qanariya", out.stdout)
        r = n.ok("truces", "--ical", path, want=FAILED)
        self.assertIn("cannot be made", r.stderr)
        self.assertIn("Name a file that does not exist yet", r.stderr)

    def test_16_closed(self):
        """who is no recipient sees that there is one, and derives nothing"""
        n, s, l = self.n, self.s, self.l
        form = "title: Qanariya\ntext: Qanariya-text\nof: southland\n"
        self.say(n, "closed request", "request", "--recipients", "southland", "--form", "-", "--in", "1h", stdin=form)
        body = self.file("closed.json", '{"way": "call", "title": "Qanariya", "with": ["southland"], "agenda": "Qanariya"}')
        self.say(n, "closed call", "contact", "ask", "--recipients", "southland", "--body", body)
        for name in ("closed request", "closed call", "closed"):
            for p in (s, l):
                self.there(p, name)
            self.assertEqual(until(lambda: (lambda o: o if o["body"] else None)(s.json("show", self.said[name])), name, 60)
                             ["body"]["title"], "Qanariya")
            o = l.json("show", self.said[name])
            self.assertEqual((o["body"], o["instrument"]["state"]), (None, "unread"))
            self.assertEqual(o["instrument"].keys() & {"contact", "cessation", "agreement"}, set(), "nothing is guessed")
            self.assertIn("closed, and not read here: what became of it is not known here", l.ok("show", self.said[name]).stdout)
        for words in (["instruments", "--all"], ["requests"], ["contacts"], ["truces", "--all"]):
            self.assertNotIn("Qanariya", l.ok(*words, "--json").stdout)
            self.assertNotIn("Qanariya", l.ok(*words).stdout)
        self.assertNotIn("Qanariya", read(l.home + ".log").decode())

    def test_17_overview(self):
        """all of them, a line each; kinds by the API; what the machine is told is told to people"""
        n = self.n
        o = n.json("instruments", "--all")
        self.assertEqual(o["left_out"], 0)
        self.assertEqual({x["kind"] for x in o["instruments"]}, set(KINDS))
        brief = {x["record"]: (x["kind"], x["state"]) for x in n.json("situation")["instruments"]}
        self.assertEqual({x["record"]: (x["kind"], x["state"]) for x in o["instruments"]}, brief)
        lines = n.ok("instruments", "--all").stdout
        for x in o["instruments"]:
            self.assertRegex(lines, "(?m)^%s +%s +%s " % (x["record"][:12], x["kind"], x["state"]))
            self.assertTrue(x["state_sentence"])
        # the situation names what is open, and no more of them
        out = n.ok("situation").stdout.split("Proposed, in force, asked\n")[1]
        told = dict(re.findall(r"(?m)^  ([0-9a-f]{12}) [a-z]+ of [a-z]+: ([a-z-]+)$", out))
        open_ = {"proposed", "agreed", "declared", "in-force", "asked", "answered", "accepted", "unanswered", "not-delivered",
                 "contested-by-time"}
        self.assertEqual(told, {r[:12]: s for r, (k, s) in brief.items() if s in open_})
        self.assertTrue(told)
        few = n.json("instruments")
        self.assertEqual(len(few["instruments"]) + few["left_out"], len(o["instruments"]))
        self.assertEqual(n.json("instruments", "--at", "2020-01-01T00:00:00Z")["now"], "2020-01-01T00:00:00Z")
        for query, want in (("kind=notice", 400), ("kind=request,", 200), ("kind=", 400), ("all=2", 400), ("kind=text,figure", 200)):
            with socket.socket(socket.AF_UNIX) as u:
                u.connect(os.path.join(n.home, "readbackd.sock"))
                u.sendall(("GET /v1/channels/%s/instruments?%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                           % (o["channel"], query)).encode())
                self.assertTrue(u.recv(64).startswith(b"HTTP/1.1 %d " % want), query)

    def test_18_documents(self):
        """what the API answers stands in spec/openapi.yaml, key by key; each command in the man page"""
        with open(os.path.join(ROOT, "spec", "openapi.yaml")) as f:
            spec = yaml.safe_load(f)

        def fields(schema):
            if "$ref" in schema:
                return fields(functools.reduce(lambda o, k: o[k], schema["$ref"].lstrip("#/").split("/"), spec))
            out = dict(schema)
            for part in schema.get("allOf", []):
                more = fields(part)
                out["properties"] = dict(out.get("properties", {}), **more.get("properties", {}))
                out.setdefault("items", more.get("items"))
                out.setdefault("enum", more.get("enum"))
            return out

        def agrees(value, schema, where):
            schema = fields(schema)
            if isinstance(value, dict) and "properties" in schema:
                for key, v in value.items():
                    self.assertIn(key, schema["properties"], where)
                    agrees(v, schema["properties"][key], where + "." + key)
            elif isinstance(value, list):
                for v in value:
                    agrees(v, schema.get("items") or {}, where + "[]")
            elif isinstance(value, str) and schema.get("enum"):
                self.assertIn(value, schema["enum"], where)

        n = self.n
        for path, got in (("/v1/channels/{channel}/instruments", n.json("instruments", "--all")),
                          ("/v1/channels/{channel}/report", n.json("report")),
                          ("/v1/channels/{channel}/situation", n.json("situation")),
                          ("/v1/records/{record}", n.json("show", self.said["calm"])),
                          ("/v1/records/{record}", n.json("show", self.said["shelling"])),
                          ("/v1/records/{record}/diff/{other}", n.json("text", "diff", self.said["text"], self.said["text 2"]))):
            agrees(got, spec["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"], path)
        warnings = json.loads(n.run("truce", "propose", "--title", "x", "--start", "2020-01-01T00:00:00Z", "--end",
                                    "2020-01-02T00:00:00Z", "--length", "3d", "--dry-run", "--json").stdout)["warnings"]
        self.assertLessEqual({"length-differs", "end-past"}, {w["code"] for w in warnings})
        for w in warnings:
            agrees(w, {"$ref": "#/components/schemas/Warning"}, "warning")
        # each code that the sources have
        codes = set(spec["components"]["schemas"]["Warning"]["properties"]["code"]["enum"])
        for name in os.listdir(os.path.join(ROOT, "shell", "api")):
            if name.endswith(".c"):
                with open(os.path.join(ROOT, "shell", "api", name)) as f:
                    for code in re.findall(r'(?:\bwarn\(list,|rb_warning\()\s*"([a-z-]+)"', f.read()):
                        self.assertIn(code, codes, name)
        with open(os.path.join(ROOT, "man", "readback.1.scd")) as f:
            man = f.read()
        for command in re.findall(r"(?m)^  ([a-z-]+(?: [a-z]+)?) {2,}\S", n.ok("help").stdout.split("Commands:")[1]):
            self.assertTrue("*%s*" % command in man, command)


class Rules(unittest.TestCase):
    """amendments are told by the rule of the charter in force, whatever it is"""
    CHARTERS = {"all": {"lead_times": {"operation": "1h"}}, "quorum": {"quorum": 2}, "quorum-veto": {"quorum": 2, "veto": ["lakeland"]}, "silence": {"silence": "1h"},
                "guarantors": {}}
    SAID = {"all": "adopted once all of these have accepted it by HOUR: northland, southland, lakeland.",
            "quorum": "adopted once 2 of these have accepted it by HOUR: northland, southland, lakeland.",
            "quorum-veto": "adopted once 2 of these have accepted it by HOUR: northland, southland, lakeland; not if one with a veto "
                           "rejects it: lakeland. While one with a veto has said nothing, not before HOUR. "
                           "A rejection counts where another node is known to have held it by then.",
            "silence": "adopted at HOUR unless one of these rejects it; silence counts: northland, southland, lakeland. Each of them must "
                       "be known to hold it 1h before that hour, or else it lapses. "
                       "A rejection counts where another node is known to have held it by then.",
            "guarantors": "adopted once all guarantors have accepted it by HOUR: lakeland."}
    HOUR = "2098-04-01T12:00:00Z"

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-rules-")
        cls.n, cls.s, cls.l = (Party(cls.top, h) for h in ("northland", "southland", "lakeland"))

    @classmethod
    def tearDownClass(cls):
        for p in (cls.n, cls.s, cls.l):
            p.stop()
        shutil.rmtree(cls.top)

    def propose(self, rule, more):
        path = os.path.join(self.top, rule + ".json")
        with open(path, "w") as f:
            json.dump(dict({"title": rule, "accept_in": "1h", "receipt_interval": 1000, "rule": rule, "members": [
                {"handle": "northland", "affiliation": "A"}, {"handle": "southland", "affiliation": "B"},
                {"handle": "lakeland", "role": "guarantor", "affiliation": "C"}]}, **more), f)
        r = self.n.ok("channel", "propose", path, "--yes", "--json")
        return json.loads(r.stdout)["channel"]

    def test_1_amendments(self):
        everybody = (self.n, self.s, self.l)
        for p in everybody:
            p.start()
            p.card = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", p.card)
        for p in everybody:
            for q in everybody:
                if p is not q:
                    p.ok("accredit", q.card, "--fingerprint", q.json("fingerprint")["fingerprint"])
        channels = type(self).channels = {rule: self.propose(rule, more) for rule, more in self.CHARTERS.items()}
        for channel in channels.values():
            for p in (self.s, self.l):
                until(lambda: channel in [x["channel"] for x in p.json("inbox")["invitations"]], "the invitation", 60)
                p.ok("channel", "accept", channel, "--yes")
        for rule, channel in channels.items():
            until(lambda: self.n.json("channel", "show", channel)["state"] == "in-force", rule + " in force", 60)
            self.n.ok("channel", "amend", channel, "--title", "Another", "--accept-by", self.HOUR, "--yes")
        for rule, channel in channels.items():
            said = "by the rule of the charter in force (%s): %s" % (rule, self.SAID[rule].replace("HOUR", self.HOUR))
            x = until(lambda: self.s.json("channel", "show", channel)["amendments"], "the amendment", 60)[0]
            self.assertEqual(x["adoption"]["rule"], rule)
            self.assertEqual(x["adoption"]["voices"], ["lakeland"] if rule == "guarantors" else ["northland", "southland", "lakeland"])
            self.assertEqual((x["adoption"]["quorum"], x["adoption"]["veto"], x["adoption"]["silence"]),
                             (self.CHARTERS[rule].get("quorum"), self.CHARTERS[rule].get("veto", []), self.CHARTERS[rule].get("silence")))
            out = self.s.ok("channel", "show", channel).stdout
            before = self.s.ok("channel", "accept", channel, want=CONFIRM).stderr  # what is said before the signature
            for told in (out, before):
                self.assertIn(said, told)
                self.assertEqual("our word does not count in it" in told, rule == "guarantors", told)
                self.assertNotIn("every active member", told)
            self.assertNotIn("our word does not count", self.l.ok("channel", "show", channel).stdout)
        # the last word of each, and what was taken back is none
        channel = channels["quorum"]
        record = self.s.json("channel", "show", channel)["amendments"][0]["record"]

        def stances():
            x = self.s.json("channel", "show", channel)["amendments"][0]
            return [x[k] for k in ("accepted", "rejected", "other", "awaited")]

        no = json.loads(self.s.ok("reject", record, "--yes", "--json").stdout)["record"]
        self.assertEqual(stances(), [["northland"], ["southland"], [], ["lakeland"]])
        self.s.ok("withdraw", no, "--yes")
        self.assertEqual(stances(), [["northland"], [], [], ["southland", "lakeland"]])
        self.s.ok("reject", record, "--yes")
        self.s.ok("abstain", record, "--yes")
        self.assertEqual(stances(), [["northland"], [], ["southland"], ["lakeland"]])
        out = self.s.ok("channel", "show", channel).stdout
        self.assertIn("  abstain, or dissociate themselves: southland\n  no word known here of: lakeland\n", out)
        self.assertNotIn("awaited: ", out)

    def plan(self, hours):
        """an operation that begins so many hours from now, half a minute less; its record, and a time half an hour before it begins"""
        begin = time.time() + hours * 3600 - 30
        when = lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))  # noqa: E731
        r = self.n.ok("operation", self.channels["all"], "--title", "Sweep", "--circle", "40.0, 20.0, 1km", "--from", when(begin), "--for",
                      "1h", "--yes", "--despite", "--json")
        return json.loads(r.stdout)["record"], when(begin - 1800)

    def test_2_lead_time(self):
        """of a logged notice it does not shrink while one looks: by whom it was held, and what its author says"""
        timely, then = self.plan(3)
        late, _ = self.plan(0.5)
        for record, state, begins in ((timely, "given", "2 h 59 min"), (late, "too short", "29 min")):
            for p in (self.s, self.n):
                until(lambda: p.run("show", record, "--json").returncode == OK and p.json("show", record)["check"]["lead"]["held_by"],
                      "that it is known to be held", 60)
                for at in ((), ("--at", then)):
                    lead = p.json("show", record, *at)["check"]["lead"]
                    self.assertEqual((lead["state"], lead["counted_from"], lead["asked_ms"]), (state, "held", 3600000), (record, at))
                    self.assertIn(lead["held_by"], ("southland", "lakeland"))
                    self.assertLessEqual(lead["given_ms"], lead["written_ms"] + 1000)
                    self.assertRegex(p.ok("show", record, *at).stdout,
                                     "lead time: %s: the charter asks for 1 h 0 min; held by (southland|lakeland), by its clock, %s before "
                                     "it begins; written, by its author's word, %s before it begins" % (state, begins, begins))
        self.assertEqual(json.loads(self.n.run("operation", self.channels["all"], "--title", "Sweep", "--circle", "40.0, 20.0, 1km",
                                               "--from", then, "--for", "1h", "--dry-run", "--json").stdout)
                         ["check"]["lead"]["counted_from"], "now")
        # nobody holds it: the author's word alone is neither in time nor too late
        for p in (self.s, self.l):
            p.stop()
        alone, then = self.plan(3)
        self.assertEqual(self.n.json("show", alone)["check"]["lead"]["state"], "given")
        lead = self.n.json("show", alone, "--at", then)["check"]["lead"]
        self.assertEqual((lead["state"], lead["counted_from"], lead["held_by"]), ("contested by time", "created", None))
        self.assertIn("lead time: contested by time: the charter asks for 1 h 0 min; not known to be held by anybody whose clock counts "
                      "for it; written, by its author's word, 2 h 59 min before it begins", self.n.ok("show", alone, "--at", then).stdout)


if __name__ == "__main__":
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite([load(Instruments), load(Rules)])
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
