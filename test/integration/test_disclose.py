#!/usr/bin/python3
"""`readback disclose` of real daemons, in an exercise channel: what it writes is taken by readback-verify
and by py/disclosure.py, and by neither with anything changed; what the charter does not allow is refused;
what was not disclosed is not in the file. Usage: test_disclose.py READBACK READBACKD READBACK_VERIFY"""
import base64
import calendar
import copy
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
import disclosure  # noqa: E402
from test_cli import FAILED, VERIFY, Party, Tap, read, until  # noqa: E402

WORDS = ["The first, for the press.", "Of the drivers' names.", "The third, for the press."]


def refused_there(data):
    try:
        disclosure.check(data)
    except (disclosure.Wrong, ValueError, KeyError, TypeError):
        return True
    return False


def decoded(v):
    """all that stands in it, out of base64 where it is that"""
    if isinstance(v, str):
        yield v.encode()
        try:
            yield base64.b64decode(v, validate=True)
        except ValueError:
            pass
    for x in v.values() if isinstance(v, dict) else v if isinstance(v, list) else ():
        yield from decoded(x)


def flipped(v):
    """the value with a bit of it changed"""
    if isinstance(v, bool):
        return not v
    if isinstance(v, int):
        return v + 1
    try:
        raw = bytearray(base64.b64decode(v, validate=True))
        if base64.b64encode(raw).decode() == v and raw:
            raw[len(raw) // 2] ^= 1
            return base64.b64encode(raw).decode()
    except ValueError:
        pass
    at = len(v) // 2
    while v[at] > "~":
        at += 1
    return v[:at] + chr(ord(v[at]) ^ 1) + v[at + 1:]


def at(seconds):
    """so many seconds from now"""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def places(v, way=()):
    for k, x in v.items() if isinstance(v, dict) else enumerate(v):
        if isinstance(x, (dict, list)):
            yield from places(x, way + (k,))
        else:
            yield way + (k,)


class Local(http.client.HTTPConnection):
    """the local API's socket"""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.host)


def post(p, path, body):
    c = Local(os.path.join(p.home, "readbackd.sock"))
    c.request("POST", path, json.dumps(body), {"Host": "local", "Content-Type": "application/json"})
    r = c.getresponse()
    out = r.status, json.loads(r.read())
    c.close()
    return out


class Disclose(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-disclose-")
        cls.a, cls.b = Party(cls.top, "alfa"), Party(cls.top, "bravo")
        cls.made = 0

    @classmethod
    def tearDownClass(cls):
        for p in (cls.a, cls.b):
            p.stop()
        shutil.rmtree(cls.top)

    def release(self, *words, form):
        text = "".join("%s: %s\n" % kv for kv in form.items())
        return json.loads(self.a.ok(*words, "--recipients", "bravo", "--form", "-", "--yes", "--json", stdin=text).stdout)["record"]

    def file(self, data):
        Disclose.made += 1
        path = os.path.join(self.top, "%d.json" % self.made)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def verify(self, data, *more):
        return subprocess.run([VERIFY, self.file(data), *more], capture_output=True, text=True, timeout=60)

    def held(self, data, *more):
        """both accept it"""
        disclosure.check(data)
        r = self.verify(data, *more)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertTrue(r.stdout.startswith("EXERCISE EXERCISE EXERCISE\n"))
        return r.stdout

    def disclose(self, p, *words):
        return p.ok("disclose", *words).stdout.encode()

    def test_1_line(self):
        for p, q in ((self.a, self.b), (self.b, self.a)):
            p.start()
            p.ok("card", "--out", os.path.join(self.top, p.handle + ".card"))
        for p, q in ((self.a, self.b), (self.b, self.a)):
            p.ok("accredit", os.path.join(self.top, q.handle + ".card"), "--fingerprint", q.json("fingerprint")["fingerprint"])
        out = self.a.ok("channel", "propose", "--title", "Elements", "--member", "bravo", "--exercise", "--receipt-every", "1s",
                        "--disclosure", "text=whole", "--disclosure", "position=whole", "--yes", "--json")
        channel = Disclose.line = json.loads(out.stdout)["channel"]
        until(lambda: self.b.json("inbox")["invitations"], "the invitation")
        self.b.ok("channel", "accept", channel[:8], "--yes")
        for p in (self.a, self.b):
            until(lambda: p.json("channel", "show")["state"] == "in-force", "the charter in force")

    def test_2_said(self):
        path = os.path.join(self.top, "text.txt")
        with open(path, "w") as f:
            f.write("\n\n".join(WORDS) + "\n")
        Disclose.text = self.release("text", "--file", path, form={"title": "Elements"})
        Disclose.site = self.release("notice", "site", form={"title": "Clinic", "text": "By the river.", "circle": "35.9000,36.1000,150m"})
        for name, n in (("map", 70000), ("film", (8 << 20) + 1)):
            path = os.path.join(self.top, name)
            with open(path, "wb") as f:
                f.write(os.urandom(n))
            setattr(Disclose, name, self.release("attach", path, "--about", self.site, form={"name": name + ".bin"}))
        for r in (self.text, self.site, self.map, self.film):
            until(lambda: [h for h in self.a.json("show", r)["holders"] if h["member"] == "bravo" and h["held"]],
                  "held by bravo", 60)

    def test_3_accepted(self):
        digits = {p.handle: p.json("fingerprint")["fingerprint"] for p in (self.a, self.b)}
        whole = self.disclose(self.a, self.text)
        for words in WORDS:
            self.assertIn(words, self.held(whole))
        said = self.held(whole, *sum((["--fingerprint", "%s=%s" % kv] for kv in digits.items()), []))
        self.assertEqual(said.count("the one you gave"), 2)
        self.assertIn("Held by bravo since ", said)
        self.assertEqual(self.verify(whole, "--fingerprint", "alfa=" + digits["bravo"]).returncode, 1)
        self.assertIn("Clinic", self.held(self.disclose(self.a, self.site)))
        for level in ("--fact", "--hash"):
            for r in (self.text, self.site, self.map, self.film):
                self.assertNotIn("Clinic", self.held(self.disclose(self.a, r, level)))

    def test_4_paragraphs(self):
        for p in (self.a, self.b):  # the charter lets both
            data = self.disclose(p, self.text, "--paragraph", "1", "--paragraph", "3")
            said = self.held(data)
            everything = b"\n".join(decoded(json.loads(data)))
            for i, words in enumerate(WORDS):
                self.assertEqual(words in said, i != 1)
                self.assertEqual(words.encode() in everything, i != 1)
            self.assertNotIn(b"Elements", everything)  # the heading was not chosen

    def test_5_attachments(self):
        self.assertIn("map.bin", self.held(self.disclose(self.a, self.map)))
        data = self.disclose(self.a, self.film)
        self.assertLess(len(data), 20000)
        self.assertIn("NOT CHECKED", self.held(data))
        self.assertNotIn("NOT CHECKED", self.held(data, "--content", os.path.join(self.top, "film")))
        self.assertEqual(self.verify(data, "--content", os.path.join(self.top, "map")).returncode, 1)

    def test_6_not_allowed(self):
        self.assertEqual(json.loads(self.disclose(self.b, self.site))["level"], "fact")
        for record, level, status, code in ((self.site, "whole", 403, "disclosure"), (self.map, "whole", 403, "disclosure"),
                                            (self.site, "nothing", 400, None), (self.text, "paragraphs", 400, None)):
            got, answer = post(self.b, "/v1/records/%s/disclose" % record, {"level": level})
            self.assertEqual(got, status, answer)
            if code:
                self.assertEqual((answer["error"]["code"], answer["error"]["clause"]), (code, "9.7.1"))
            self.assertNotIn("Clinic", json.dumps(answer))
        for paragraphs in ([], [4], [-1], [1, 1], ["1"], "1"):
            got, answer = post(self.b, "/v1/records/%s/disclose" % self.text, {"paragraphs": paragraphs})
            self.assertEqual(got, 400, answer)
        self.b.ok("disclose", self.site, "--paragraph", "0", want=FAILED)

    def test_7_changed(self):
        for data in (self.disclose(self.a, self.text, "--paragraph", "0", "--paragraph", "2"), self.disclose(self.a, self.site),
                     self.disclose(self.a, self.text, "--hash")):
            d = json.loads(data)
            ways = list(places(d))
            self.assertGreater(len(ways), 10)
            for way in ways:
                other = copy.deepcopy(d)
                at = other
                for k in way[:-1]:
                    at = at[k]
                at[way[-1]] = flipped(at[way[-1]])
                changed = json.dumps(other).encode()
                self.assertTrue(refused_there(changed), way)
                r = self.verify(changed)
                self.assertEqual(r.returncode, 1, way)
                self.assertIn("(spec ", r.stdout)

    def said(self, p, *words, form=""):
        out = p.ok("position", *words, "--recipients", "alfa,bravo", "--form", "-", "--yes", "--json", stdin=form or "\n")
        record = json.loads(out.stdout)["record"]
        for q in (self.a, self.b):
            until(lambda: q.run("show", record).returncode == 0 and q.json("show", record)["body"], "it can be read by " + q.handle, 60)
        return record

    def adoption(self, *more):
        data = self.disclose(self.a, self.adopted, "--adoption", *more)
        said = disclosure.check(data)
        r = self.verify(data, "--json")
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        out = json.loads(r.stdout)
        self.assertTrue(r.stdout.startswith('{"exercise":true'))
        voices = {v["member"]: v for v in out["voices"]}
        # the other reader says the same of each position, of each member, and of the rule
        self.assertEqual(said["positions"], [{k: v for k, v in p.items() if k != "shown"} for p in out["positions"]])
        self.assertEqual(said["voices"], {m: {k: v for k, v in of.items() if k != "member"} for m, of in voices.items()})
        self.assertEqual(said["rule"], {k: v for k, v in out["rule"].items() if k != "by"})
        return data, out, voices

    def test_8_adoption(self):
        path = os.path.join(self.top, "elements.txt")
        with open(path, "w") as f:
            f.write("\n\n".join(WORDS) + "\n")
        Disclose.adopted = self.release("text", "--file", path, form={"title": "Adopted elements"})
        until(lambda: self.b.run("show", self.adopted).returncode == 0 and self.b.json("show", self.adopted)["body"], "bravo reads it", 60)
        data, out, voices = self.adoption()
        self.assertEqual((voices["alfa"]["position"], voices["alfa"]["by_making_it"]), ("accept", True))
        self.assertEqual((voices["bravo"]["shown"], "position" in voices["bravo"]), (False, False))
        self.assertEqual((out["rule"]["rule"], out["rule"]["voices"], out["rule"]["enough_shown"]), ("all", ["alfa", "bravo"], False))
        accept = self.said(self.b, "accept", self.adopted)
        self.said(self.b, "dissociate", self.adopted, form="paragraph: 2\n")
        until(lambda: self.a.json("show", self.adopted)["instrument"]["state"] == "adopted", "adopted at alfa")
        data, out, voices = self.adoption("--paragraph", "0", "--paragraph", "1", "--paragraph", "3")
        self.assertEqual((voices["bravo"]["position"], voices["bravo"]["dissociates"]), ("accept", [2]))
        self.assertTrue(out["rule"]["enough_shown"])
        self.assertEqual([p["shown"]["size"] > p["shown"]["index"] for p in out["positions"]], [True, True])
        said = self.verify(data).stdout
        for words in ("bravo: accept; dissociates from paragraph 2.", "as many as that rule asks for", "What this does not show",
                      "That nobody took a word back", WORDS[0], WORDS[2]):
            self.assertIn(words, said)
        self.assertNotIn(WORDS[1].encode(), b"\n".join(decoded(json.loads(data))))
        self.assertNotIn(WORDS[1], said)
        Disclose.file_whole, Disclose.accepted = data, accept
        digits = {p.handle: p.json("fingerprint")["fingerprint"] for p in (self.a, self.b)}
        given = lambda **kv: [w for x in kv.items() for w in ("--fingerprint", "%s=%s" % x)]
        self.assertEqual(self.verify(data, *given(**digits)).stdout.count("the one you gave"), 2)
        for other in ({"bravo": digits["alfa"]}, dict(digits, charlie=digits["alfa"])):
            r = self.verify(data, *given(**other))
            self.assertEqual((r.returncode, r.stdout.count("(spec 9.7.7)")), (1, 1), r.stdout)
        # without the heading nobody can say what would be enough
        _, out, _ = self.adoption("--paragraph", "1")
        self.assertEqual(out["rule"], {"shown": False})
        for words in (("--adoption", "--hash"), ("--adoption", "--fact", "--hash")):
            self.a.ok("disclose", self.adopted, *words, want=2)
        got, answer = post(self.a, "/v1/records/%s/disclose" % self.site, {"adoption": True})
        self.assertEqual((got, answer["error"]["field"]), (400, "adoption"))

    def test_9_adoption_changed(self):
        d = json.loads(self.file_whole)
        ways = list(places(d))
        self.assertGreater(len(ways), 60)
        for way in ways:
            other = copy.deepcopy(d)
            at = other
            for k in way[:-1]:
                at = at[k]
            at[way[-1]] = flipped(at[way[-1]])
            self.wrong(other, way)
        for change in (lambda o: o["positions"].reverse(), lambda o: o["charter"].clear(), lambda o: o["charter"].append(o["charter"][0]),
                       lambda o: o["positions"].append(o["positions"][-1]), lambda o: o["positions"].append(o["text"]),
                       lambda o: o.update(text=o["positions"][0]), lambda o: o.pop("exercise"), lambda o: o["charter"][0].pop("exercise"),
                       lambda o: o.update(text=json.loads(self.disclose(self.a, self.text))), lambda o: o.update(more=1)):
            other = copy.deepcopy(d)
            change(other)
            self.wrong(other, list(other))
        data = self.file_whole
        for i in range(0, len(data), len(data) // 40):
            changed = data[:i] + bytes([data[i] ^ 1]) + data[i + 1:]
            self.assertTrue(refused_there(changed), i)
            self.assertEqual(self.verify(changed).returncode, 1, i)
        # what a discloser leaves out is not seen, and nothing more is claimed for it
        other = copy.deepcopy(d)
        other["positions"] = [p for p in other["positions"] if p["leaf-hash"] != self.accepted]
        r = self.verify(json.dumps(other).encode(), "--json")
        self.assertEqual(r.returncode, 0, r.stdout)
        self.assertFalse(json.loads(r.stdout)["rule"]["enough_shown"])

    def test_a_not_shown(self):
        """where the charter lets nobody show what positions say, that there is one is shown, and counts for nothing"""
        out = self.a.ok("channel", "propose", "--title", "Facts", "--member", "bravo", "--exercise", "--receipt-every", "1s",
                        "--disclosure", "text=whole", "--disclosure", "position=fact", "--yes", "--json")
        channel = json.loads(out.stdout)["channel"]
        until(lambda: self.b.json("inbox")["invitations"], "the invitation")
        self.b.ok("channel", "accept", channel[:8], "--yes")
        for p in (self.a, self.b):
            until(lambda: p.json("channel", "show", channel)["state"] == "in-force", "the charter in force")
        path = os.path.join(self.top, "elements.txt")
        Disclose.adopted = self.release("text", channel, "--file", path, form={"title": "Elements again"})
        until(lambda: self.b.run("show", self.adopted).returncode == 0 and self.b.json("show", self.adopted)["body"], "bravo reads it", 60)
        self.said(self.b, "accept", self.adopted, form="reason: the reason of bravo\n")
        data, out, voices = self.adoption()
        self.assertEqual([(p["shown"]["level"], "position" in p) for p in out["positions"]], [("fact", False)])
        self.assertEqual((voices["bravo"]["not_shown"], "position" in voices["bravo"], out["rule"]["enough_shown"]), (1, False, False))
        self.assertNotIn(b"reason of bravo", b"\n".join(decoded(json.loads(data))))
        self.assertIn("1 record of it without content", self.verify(data).stdout)
        got, answer = post(self.a, "/v1/records/%s/disclose" % self.adopted, {"adoption": True, "level": "hash"})
        self.assertEqual((got, answer["error"]["field"]), (400, "level"))
        # what is taken back is not counted any more
        Disclose.adopted = self.release("text", self.line, "--file", path, form={"title": "Taken back"})
        until(lambda: self.b.run("show", self.adopted).returncode == 0 and self.b.json("show", self.adopted)["body"], "bravo reads it", 60)
        reject = self.said(self.b, "abstain", self.adopted)
        self.assertEqual(self.adoption()[2]["bravo"]["position"], "abstain")
        self.said(self.b, "withdraw", reject)
        data, out, voices = self.adoption()
        self.assertEqual([(p["position"], p["taken_back"], p["on_text"]) for p in out["positions"]],
                         [("abstain", True, True), ("withdraw", False, False)])
        self.assertNotIn("position", voices["bravo"])
        self.assertEqual(out["positions"][1]["on"], [reject])

    def put(self, title, **rule):
        """a text of alfa's to both, with its rule; bravo can read it"""
        path = os.path.join(self.top, "elements.txt")
        Disclose.adopted = self.release("text", self.line, "--file", path, form=dict(title=title, **{k.replace("_", "-"): v for k, v in rule.items()}))
        until(lambda: self.b.run("show", self.adopted).returncode == 0 and self.b.json("show", self.adopted)["body"], "bravo reads it", 60)

    def test_b_rules(self):
        """the rule is the text's own: one of two; until an hour; and none that an hour adopts"""
        self.put("One of two", rule="quorum", quorum="1")
        out = self.adoption()[1]
        self.assertEqual((out["rule"]["rule"], out["rule"]["quorum"], out["rule"]["enough_shown"]), ("quorum", 1, True))
        self.put("Bravo alone", of="bravo")
        self.assertEqual((self.adoption()[1]["rule"]["of"], self.adoption()[1]["rule"]["enough_shown"]), (["bravo"], False))
        self.said(self.b, "accept", self.adopted)
        self.assertTrue(self.adoption()[1]["rule"]["enough_shown"])
        self.put("By an hour", adopt_by=at(3600))
        self.said(self.b, "accept", self.adopted)
        _, out, voices = self.adoption()
        self.assertEqual((voices["bravo"]["in_time"], out["rule"]["enough_shown"], "by" in out["rule"]), (True, True, True))
        self.put("By silence", rule="silence", adopt_by=at(3600))
        self.said(self.b, "accept", self.adopted)
        self.assertEqual((self.adoption()[1]["rule"]["rule"], self.adoption()[1]["rule"]["enough_shown"]), ("silence", False))
        self.put("Too late", adopt_by=at(4))
        until(lambda: self.a.json("show", self.adopted)["instrument"]["state"] == "lapsed", "its hour is past")
        hour = calendar.timegm(time.strptime(self.a.json("show", self.adopted)["body"]["adoption"]["by"], "%Y-%m-%dT%H:%M:%SZ"))
        until(lambda: time.time() >= hour + 1, "the second of it, too: T has whole seconds")
        late = self.said(self.b, "accept", self.adopted)
        _, out, voices = self.adoption()
        self.assertEqual([p["shown"]["leaf_hash"] for p in out["positions"]], [late])
        self.assertEqual((voices["bravo"]["in_time"], out["rule"]["enough_shown"]), (False, False))
        self.put("Rejected")
        self.said(self.b, "reject", self.adopted, form="reason: no\n")
        _, out, voices = self.adoption()
        self.assertEqual((voices["bravo"]["position"], out["rule"]["enough_shown"]), ("reject", False))
        self.put("Withdrawn")
        self.said(self.b, "read", self.adopted)
        self.said(self.a, "withdraw", self.adopted, form="reason: not now\n")
        _, out, voices = self.adoption()
        self.assertEqual((out["rule"]["withdrawn"], out["rule"]["enough_shown"], "position" in voices["bravo"]), (True, False, False))
        self.put("In brackets", bracketed="2")
        self.said(self.b, "accept", self.adopted)
        _, out, voices = self.adoption()
        self.assertEqual((out["rule"]["bracketed"], voices["bravo"]["position"], out["rule"]["enough_shown"]), (1, "accept", False))

    def test_c_amended(self):
        """the charters up to the one that the text stands under, and no later one"""
        self.put("Before")
        before = self.adopted
        self.a.ok("channel", "amend", self.line, "--title", "Elements, amended", "--yes")
        waiting = until(lambda: self.b.json("channel", "show", self.line)["amendments"], "the amendment at bravo", 60)
        self.assertEqual([waiting[0]["adoption"][k] for k in ("rule", "voices")], ["all", ["alfa", "bravo"]])
        self.assertEqual([waiting[0][k] for k in ("accepted", "awaited", "may_accept")], [["alfa"], ["bravo"], True])
        self.b.ok("position", "reject", waiting[0]["record"], "--form", "-", "--yes", stdin="\n")
        refused = until(lambda: [x for x in self.b.json("channel", "show", self.line)["amendments"] if x["rejected"]], "the rejection", 60)
        self.assertEqual([refused[0][k] for k in ("accepted", "rejected", "awaited", "may_accept")], [["alfa"], ["bravo"], [], True])
        self.b.ok("channel", "accept", self.line, "--yes")  # what may be replaced
        for p in (self.a, self.b):
            until(lambda: p.json("channel", "show", self.line)["title"] == "Elements, amended", "the amendment in force", 60)
        self.put("After")
        data, out, _ = self.adoption()
        self.assertEqual((out["charter"]["title"], out["charter"]["amendments"]), ("Elements, amended", 1))
        self.assertIn("its own adoption is not", self.verify(data).stdout)
        for change in (lambda o: o["charter"].pop(0), lambda o: o["charter"].reverse(), lambda o: o["charter"].append(o["charter"][1])):
            other = json.loads(data)
            change(other)
            self.wrong(other, "charter")
        Disclose.adopted = before
        _, out, _ = self.adoption()
        self.assertEqual((out["charter"]["title"], out["charter"]["amendments"]), ("Elements", 0))

    def wrong(self, other, way):
        changed = json.dumps(other).encode()
        self.assertTrue(refused_there(changed), way)
        r = self.verify(changed)
        self.assertEqual(r.returncode, 1, (way, r.stdout))
        self.assertIn("(spec ", r.stdout)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Disclose)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
