#!/usr/bin/python3
"""`readback disclose` of real daemons, in an exercise channel: what it writes is taken by readback-verify
and by py/disclosure.py, and by neither with anything changed; what the charter does not allow is refused;
what was not disclosed is not in the file. Usage: test_disclose.py READBACK READBACKD READBACK_VERIFY"""
import base64
import copy
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
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
                        "--disclosure", "text=whole", "--yes", "--json")
        channel = json.loads(out.stdout)["channel"]
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


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Disclose)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
