#!/usr/bin/python3
"""Membership and keys while traffic runs: three real daemons, a statement of each every fraction of a second, and
an operator who changes every key, suspends, revokes, leaves and comes back. Nothing that was receipted is lost, and
all show the same. Usage: test_keys.py READBACK READBACKD [RECORDS.PY [READBACK_VERIFY]]"""
import http.client
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "py")]
import peer  # noqa: E402
from swarm import Node, Officer, free_ports, found_channel, held_by, introduce, statement, until  # noqa: E402

PROGRAMS = sys.argv[1:3]
RECORDS = sys.argv[3] if len(sys.argv) > 3 else os.path.join(HERE, "py", "records.py")
VERIFY = sys.argv[4] if len(sys.argv) > 4 else None
PAUSE = float(os.environ.get("READBACK_TEST_PAUSE", "0.4"))
SECONDS = 90  # a state is waited for so long


class Voice(threading.Thread):
    """an officer who speaks all the time; `say` is one statement, the record or None"""

    def __init__(self, node, channel):
        super().__init__(daemon=True)
        self.node, self.channel, self.officer = node, channel, node.officer
        self.going, self.quiet, self.said, self.n = True, False, [], 0

    def say(self, officer=None):
        self.n += 1
        return (officer or self.officer).release(self.node.api, statement(self.channel, "%s %d" % (self.node.handle, self.n)))

    def run(self):
        while self.going:
            time.sleep(PAUSE)
            record = None if self.quiet else self.say()
            if record:
                self.said.append(record)


class Keys(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-keys-")
        cls.nodes = [Node(PROGRAMS, cls.top, h, p) for h, p in zip(("alfa", "bravo", "charlie"), free_ports(3))]
        cls.alfa, cls.bravo, cls.charlie = cls.nodes
        cls.voices, cls.disowned = [], set()  # and what must be shown so
        for n in cls.nodes:
            n.start()
        introduce(cls.nodes, cls.top)
        cls.channel = found_channel(cls.alfa, cls.nodes[1:], "--receipt-every", "1s")
        cls.voices = [Voice(n, cls.channel) for n in cls.nodes]
        for v in cls.voices:
            v.start()

    @classmethod
    def tearDownClass(cls):
        for v in cls.voices:
            v.going = False
        for v in cls.voices:
            v.join()
        for n in cls.nodes:
            n.kill()
        shutil.rmtree(cls.top)

    # helpers

    def view(self, node):
        return node.api.get("/v1/channels/" + self.channel)

    def me(self, node, at=None):
        return next(m for m in self.view(at or node)["members"] if m["handle"] == node.handle)

    def voice(self, node):
        return self.voices[self.nodes.index(node)]

    def mark(self, node, record):
        shown = node.api.get("/v1/records/" + record)
        return shown and shown["mark"]

    def held_by_all(self, record, but=()):
        want = {n.handle for n in self.nodes} - {h for h in but}
        author = next(v.node for v in self.voices if record in v.said)
        until(lambda: want - {author.handle} <= held_by(author, record),
              lambda: "%s of %s held by %s: %s" % (record[:8], author.handle, want, held_by(author, record)), SECONDS)

    def next_said(self, node):
        """a statement from now on"""
        v = self.voice(node)
        n = len(v.said)
        return until(lambda: v.said[n:] and v.said[-1], lambda: "traffic of %s\n%s" % (node.handle, node.log_tail()), SECONDS)

    def traffic_goes_on(self, but=()):
        for n in self.nodes:
            if n.handle in but:
                continue
            self.held_by_all(self.next_said(n), but)

    def key(self, node, role, name=None):
        """the one in force by the card"""
        return next(k for k in node.api.get("/v1/keys")["keys"]
                    if k["role"] == role and k["on_card"] and name in (None, k["name"]))

    def of(self, node, kind, author):
        found = node.api.get("/v1/channels/%s/log?kind=%s&author=%s&limit=1000" % (self.channel, kind, author.handle))
        return found["records"]

    def rotate(self, node, role, *words):
        name = words[0] if role == "officer" else None
        before = self.key(node, role, name)
        made = node.json("key", "rotate", role, *words, "--officer", "duty", "--yes")
        after = self.key(node, role, name)
        self.assertEqual((made["old"], made["new"]), (before["key"], after["key"]))
        self.assertNotEqual(before["key"], after["key"])
        for other in self.nodes:
            kinds = lambda: {r["kind"] for r in self.of(other, "rotation", node) + self.of(other, "card", node)}
            until(lambda: kinds() == {"rotation", "card"}, "%s's rotation at %s" % (node.handle, other.handle), SECONDS)
        return before, after

    # one after another

    def test_01_traffic(self):
        self.traffic_goes_on()

    def test_02_node_and_mirror_keys(self):
        for node in (self.alfa, self.charlie):
            old, new = self.rotate(node, "node")
            files = os.listdir(os.path.join(node.home, "keys"))
            self.assertIn("node.pem", files)
            self.assertIn("node-%s.pem" % new["kid"], files)
        old, new = self.rotate(self.bravo, "mirror")
        self.assertIn("mirror-%s.pem" % new["kid"], os.listdir(os.path.join(self.bravo.home, "keys")))
        self.traffic_goes_on()

    def served(self, node):
        """the raw key that its peer port shows to a stranger"""
        der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", node.port), timeout=20))
        at = der.index(peer.SPKI) + len(peer.SPKI)
        return der[at:at + 32].hex()

    def test_03_tls_key(self):
        self.assertEqual(self.served(self.alfa), self.key(self.alfa, "tls")["key"])
        old, new = self.rotate(self.alfa, "tls")
        until(lambda: self.served(self.alfa) == new["key"], "the new TLS key is served", SECONDS)
        self.traffic_goes_on()
        for node in self.nodes[1:]:  # nobody is told that a key was not the right one
            self.assertNotIn("key not pinned", node.log_tail(1 << 20))

    def test_04_age_key(self):
        old, new = self.rotate(self.bravo, "age")
        with open(os.path.join(self.bravo.home, "keys", "age.txt"), encoding="ascii") as f:
            self.assertEqual(sum(line.startswith("AGE-SECRET-KEY-1") for line in f), 2)
        draft = statement(self.channel, "for bravo alone", recipients=["bravo"])
        record = self.alfa.officer.release(self.alfa.api, draft)
        opened = lambda: (self.bravo.api.get("/v1/records/" + record) or {}).get("body_state") == "opened"
        until(opened, "a closed statement under the new age key", SECONDS)

    def test_05_officers_keys(self):
        self.rotate(self.alfa, "officer", "duty")
        self.alfa.ok("statement", self.channel, "--title", "with the new key", "--text", "x", "--officer", "duty", "--yes")
        voice, fresh = self.voice(self.alfa), Officer()
        voice.quiet = True
        public = os.path.join(self.top, "fresh.pub")
        with open(public, "w") as f:
            f.write(fresh.public_line())
        self.rotate(self.alfa, "officer", "watch", "--key", public)
        self.assertIsNone(voice.say())
        voice.officer, voice.quiet = fresh, False
        self.traffic_goes_on()

    def test_06_restart(self):
        for node in (self.alfa, self.bravo):
            node.stop()
            node.start()
        self.traffic_goes_on()
        self.assertEqual(self.served(self.alfa), self.key(self.alfa, "tls")["key"])

    def test_07_suspend(self):
        self.charlie.ok("channel", "suspend", self.channel, "--reason", "until noon", "--officer", "duty", "--yes")
        until(lambda: self.me(self.charlie, self.alfa)["suspended"], "suspended", SECONDS)
        status, refused = self.charlie.api.call("POST", "/v1/compose", statement(self.channel, "nothing"))
        self.assertEqual((status, refused["error"]["mark"]), (403, "suspended"))
        flash = statement(self.channel, "FLASH passes", precedence="FLASH")
        record = self.charlie.officer.release(self.charlie.api, flash)
        self.voice(self.charlie).said.append(record)
        self.held_by_all(record)
        self.charlie.ok("channel", "resume", self.channel, "--officer", "duty", "--yes")
        self.traffic_goes_on()
        self.assertIsNone(self.mark(self.alfa, record))

    def test_08_an_officer_is_revoked(self):
        chief = Officer()
        public = os.path.join(self.top, "chief.pub")
        with open(public, "w") as f:
            f.write(chief.public_line())
        self.bravo.ok("card", "update", "--officer", "chief=" + public, "--signed-by", "duty")
        good = until(lambda: self.voice(self.bravo).say(chief), "the new officer speaks", SECONDS)
        self.voice(self.bravo).said.append(good)
        self.held_by_all(good)
        shown = self.bravo.run("key", "revoke", "officer", "chief", "--officer", "duty")  # nobody says yes
        self.assertEqual(shown.returncode, 4, shown.stderr)
        self.assertIn("0 signed by it are disowned", shown.stderr)
        paper = os.path.join(self.top, "chief.revoked")
        self.bravo.ok("key", "revoke", "officer", "chief", "--officer", "duty", "--reason", "left the service", "--out", paper, "--yes")
        self.assertIsNone(self.voice(self.bravo).say(chief))
        self.charlie.ok("key", "revoke", "--file", paper, "--officer", "duty", "--yes")  # any member may
        until(lambda: self.of(self.alfa, "revocation", self.charlie), "the revocation in another's feed", SECONDS)
        self.traffic_goes_on()
        self.assertIsNone(self.mark(self.charlie, good))
        states = [k["state"] for k in self.bravo.api.get("/v1/keys")["keys"] if k["name"] == "chief"]
        self.assertEqual(states, ["revoked"])

    def log_of(self, node, author):
        """what `node` has in the author's feed, by its place"""
        found, after = [], ""
        while True:
            page = node.api.get("/v1/channels/%s/log?author=%s&limit=1000%s" % (self.channel, author.handle, after))["records"]
            found += page
            if len(page) < 1000:
                return sorted(found, key=lambda r: (r["epoch"], r["leaf"]))
            after = "&after=" + page[-1]["record"]

    def disowned_with_holders(self, author, record):
        """at each of the three, and still who holds it since when"""
        others = {n.handle for n in self.nodes if n is not author}
        for node in self.nodes:
            until(lambda: self.mark(node, record) == "disowned",
                  lambda: "disowned at %s, not %s" % (node.handle, self.mark(node, record)), SECONDS)
            # each learns by the receipts of the others, in its own time
            until(lambda: others <= held_by(node, record),
                  lambda: "holders at %s, not %s" % (node.handle, held_by(node, record)), SECONDS)
            holders = {h["member"]: h["held_since"] for h in node.api.get("/v1/records/" + record)["holders"] if h["held"]}
            self.assertTrue(all(holders[h] for h in others), holders)
            said = node.ok("show", record)
            self.assertIn("WITHOUT EFFECT: disowned by its party", said)
            for h in others:
                self.assertRegex(said, r"(?m)^.*\b%s\b.*held since" % h, node.handle)

    def known_held(self):
        """who is shown, and where, to hold what was said last"""
        return {(node.handle, r): held_by(node, r) for v in self.voices for r in v.said[-8:] for node in self.nodes}

    def nothing_taken_back(self, before):
        for (handle, record), holders in before.items():
            node = next(n for n in self.nodes if n.handle == handle)
            self.assertLessEqual(holders, held_by(node, record), (handle, record))
            self.assertIsNone(self.mark(node, record), (handle, record))

    def revoke(self, node, *words):
        """what is shown before it is signed; then it is"""
        shown = node.run("key", "revoke", *words, "--officer", "duty")  # nobody says yes
        self.assertEqual(shown.returncode, 4, shown.stderr)
        stood = len(self.of(node, "revocation", node))
        node.ok("key", "revoke", *words, "--officer", "duty", "--yes")
        for other in self.nodes:
            until(lambda: len(self.of(other, "revocation", node)) > stood, "the revocation at " + other.handle, SECONDS)
        return shown.stderr

    def test_09_an_officer_is_disowned(self):
        """stood by only below what the key signed: the mark, at all three, beside who holds it"""
        bravo, voice, deputy = self.bravo, self.voice(self.bravo), Officer()
        public = os.path.join(self.top, "deputy.pub")
        with open(public, "w") as f:
            f.write(deputy.public_line())
        bravo.ok("card", "update", "--officer", "deputy=" + public, "--signed-by", "duty")
        said = [until(lambda: voice.say(deputy), "the deputy speaks", SECONDS) for _ in range(3)]
        voice.said += said
        for record in said:
            self.held_by_all(record)
        leaf = {r["record"]: r["leaf"] for r in self.log_of(self.alfa, bravo)}
        for record in said[1:]:
            voice.said.remove(record)
        before, shown = self.known_held(), self.revoke(
            bravo, "officer", "deputy", "--stood-by", "%s=%d" % (self.me(bravo)["feed"], leaf[said[1]]))
        self.assertIn("; 2 signed by it are disowned", shown)
        for record in said[1:]:
            self.disowned_with_holders(bravo, record)
        self.disowned.update(said[1:])
        before.update({(n.handle, said[0]): {"alfa", "charlie"} for n in self.nodes})
        self.nothing_taken_back(before)
        self.traffic_goes_on()

    def test_10_a_node_key_is_disowned(self):
        charlie = self.charlie
        kept = self.next_said(charlie)
        self.held_by_all(kept)
        old = self.key(charlie, "node")
        charlie.ok("test", self.channel)
        test = until(lambda: self.of(charlie, "test", charlie), "the line test", SECONDS)[-1]
        for node in self.nodes:
            until(lambda: {"alfa", "bravo"} <= held_by(node, test["record"]), "the test is held", SECONDS)
        before = self.known_held()
        shown = self.revoke(charlie, "node", "--stood-by", "%s=%d" % (self.me(charlie)["feed"], test["leaf"]))
        self.assertRegex(shown, r"; [1-9]\d* signed by it (is|are) disowned")
        self.disowned_with_holders(charlie, test["record"])
        self.nothing_taken_back(before)
        self.traffic_goes_on()
        new = self.key(charlie, "node")
        self.assertNotEqual(old["key"], new["key"])
        states = {k["key"]: k["state"] for k in charlie.api.get("/v1/keys")["keys"] if k["role"] == "node"}
        self.assertEqual((states[old["key"]], states[new["key"]]), ("revoked", "in force"))
        # exactly what the old key signed from there on, receipts and tests, wherever one looks
        machine = ("test", "service", "nil", "receipt", "silence")
        for node in self.nodes:
            feed = self.log_of(node, charlie)
            end = max(r["leaf"] for r in feed if r["kind"] in ("rotation", "card"))
            begin = max(r["leaf"] for r in feed if r["kind"] == "rotation")
            marked = {r["record"] for r in feed if r["mark"] == "disowned"}
            wanted = {r["record"] for r in feed if r["kind"] in machine and test["leaf"] <= r["leaf"] < begin}
            self.assertLessEqual(wanted, marked)
            self.assertLessEqual(marked, {r["record"] for r in feed if r["kind"] in machine and test["leaf"] <= r["leaf"] < end})
            self.disowned.update(marked)
        # and what the new one signs has effect
        charlie.ok("test", self.channel)
        fresh = until(lambda: [t for t in self.of(charlie, "test", charlie) if t["leaf"] > end], "a test by the new key", SECONDS)[-1]
        for node in self.nodes:
            until(lambda: {"alfa", "bravo"} <= held_by(node, fresh["record"]), "the test is held", SECONDS)
            self.assertIsNone(self.mark(node, fresh["record"]))

    def answers_to(self, certificate, key_file, node):
        """what a caller with that TLS key hears; None: nothing"""
        client = peer.Client(node.port, peer.tls_context(False, certificate, key_file), bytes.fromhex(self.served(node)))
        try:
            return client.get("/rb/v1/heads?channel=" + self.channel).status
        except (OSError, http.client.HTTPException):
            return None

    def test_11_a_tls_key_is_revoked(self):
        bravo, key_file = self.bravo, os.path.join(self.bravo.home, "keys", "tls.pem")
        stolen = os.path.join(self.top, "stolen.pem")
        shutil.copy(key_file, stolen)
        certificate = peer.self_signed(self.top, "stolen", stolen)
        old = self.key(bravo, "tls")
        for node in (self.alfa, self.charlie):
            self.assertEqual(self.answers_to(certificate, stolen, node), 200)
        before = self.known_held()
        self.assertIn("nothing said is disowned", self.revoke(bravo, "tls"))
        new = self.key(bravo, "tls")
        self.assertNotEqual(old["key"], new["key"])
        until(lambda: self.served(bravo) == new["key"], "the new TLS key is served", SECONDS)
        for node in (self.alfa, self.charlie):  # who has the old one is nobody now
            until(lambda: self.answers_to(certificate, stolen, node) in (None, 404), "the old TLS key is refused by " + node.handle, SECONDS)
        self.nothing_taken_back(before)
        self.traffic_goes_on()

    def test_12_an_age_key_is_revoked(self):
        alfa, bravo = self.alfa, self.bravo
        opened = lambda record: lambda: (alfa.api.get("/v1/records/" + record) or {}).get("body_state") == "opened"
        say = lambda words: bravo.officer.release(bravo.api, statement(self.channel, words, recipients=["alfa"]))
        first = say("under the old key")
        until(opened(first), "a closed statement under the old age key", SECONDS)
        before = self.known_held()
        self.assertIn("nothing said is disowned", self.revoke(alfa, "age"))
        states = {k["key"]: k["state"] for k in alfa.api.get("/v1/keys")["keys"] if k["role"] == "age"}
        self.assertEqual(sorted(states.values()), ["in force", "revoked"])
        self.assertEqual(states[self.key(alfa, "age")["key"]], "in force")
        later = say("under the new key")
        until(opened(later), "a closed statement under the new age key", SECONDS)
        self.assertTrue(opened(first)())
        for node in self.nodes:
            self.assertIsNone(self.mark(node, first))
            self.assertIsNone(self.mark(node, later))
        self.nothing_taken_back(before)
        self.traffic_goes_on()

    def test_13_no_receipt_is_taken_back(self):
        record = self.next_said(self.alfa)
        self.held_by_all(record)
        origin = self.me(self.alfa)["feed"]
        for node in self.nodes:  # the receipt is logged, and held by who is neither
            until(lambda: "bravo" in held_by(node, record), "the receipt at " + node.handle, SECONDS)
        self.traffic_goes_on()
        stood = len(self.of(self.bravo, "revocation", self.bravo))
        self.bravo.ok("key", "revoke", "mirror", "--stood-by", origin + "=5", "--officer", "duty", "--yes")
        for node in self.nodes:
            until(lambda: len(self.of(node, "revocation", self.bravo)) > stood, "the revocation at " + node.handle, SECONDS)
        self.traffic_goes_on()
        for node in self.nodes:
            self.assertIn("bravo", held_by(node, record), node.handle)

    def test_14_the_log_key_is_revoked(self):
        before = self.me(self.alfa)["feed"]
        self.alfa.ok("key", "revoke", "log", self.channel, "--officer", "duty", "--reason", "seen elsewhere", "--yes")
        self.assertEqual(self.me(self.alfa)["feed"], before[:-1] + "1")
        self.traffic_goes_on()
        self.assertEqual({self.mark(self.bravo, r) for r in self.voice(self.alfa).said}, {None})

    def test_15_leave_and_come_back(self):
        charlie, voice = self.charlie, self.voice(self.charlie)
        kept = self.next_said(charlie)
        self.held_by_all(kept)
        voice.quiet = True
        charlie.ok("channel", "leave", self.channel, "--reason", "mandate ended", "--officer", "duty", "--yes")
        for node in self.nodes:
            until(lambda: self.me(charlie, node)["left"], "left at " + node.handle, SECONDS)
        self.assertIsNone(voice.say())
        self.traffic_goes_on(but=("charlie",))
        known = lambda record: charlie.api.get("/v1/records/" + record)
        kept_from = lambda: [r for r in (self.next_said(self.alfa),)
                             if "bravo" in until(lambda: held_by(self.alfa, r), "held by bravo", SECONDS) and not known(r)]
        unseen = until(kept_from, "something that who left is not told", SECONDS)[0]  # 6.4.1
        self.alfa.ok("channel", "amend", self.channel, "--add-member", "charlie", "--answer", "FLASH=10m", "--officer", "duty", "--yes")
        waiting = until(lambda: self.view(self.bravo)["amendments"], "the amendment at bravo", SECONDS)
        self.assertEqual([(d["field"], d.get("member")) for d in waiting[0]["differences"] if d["field"] != "accept_by"],
                         [("members", "charlie"), ("answer_times", None)])
        self.assertEqual(waiting[0]["awaited"], ["bravo"])
        self.bravo.ok("channel", "accept", self.channel, "--officer", "duty", "--yes")
        until(lambda: self.view(charlie)["epoch_due"], "let in again, as charlie sees it", SECONDS)
        charlie.ok("channel", "epoch", self.channel, "--officer", "duty", "--yes")
        voice.quiet = False
        for node in self.nodes:
            until(lambda: self.me(charlie, node)["active"], "active at " + node.handle, SECONDS)
        self.traffic_goes_on()
        self.assertIn("alfa", held_by(self.bravo, kept))
        until(lambda: known(unseen), "told all, once listed again", SECONDS)

    def test_16_all_show_the_same(self):
        for v in self.voices:
            v.going = False
        for v in self.voices:
            v.join()
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        digests = lambda: {n.api.get("/v1/channels/%s/situation?at=%s" % (self.channel, at))["digest"] for n in self.nodes}
        until(lambda: len(digests()) == 1, lambda: "one situation: %s" % digests(), SECONDS)
        for node in self.nodes:
            records = [r for author in self.nodes for r in self.log_of(node, author)]
            marked = {r["record"]: (r["mark"], r["kind"], r["author"]) for r in records if r["mark"]}
            self.assertEqual({r: m[0] for r, m in marked.items()}, dict.fromkeys(self.disowned, "disowned"), marked)
        for v in self.voices:
            for record in v.said[-3:]:
                self.held_by_all(record)
        folder = os.path.join(self.top, "export")
        self.bravo.ok("export", folder, "--channel", self.channel)
        r = subprocess.run([sys.executable, RECORDS, folder], capture_output=True, text=True, timeout=120)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        if VERIFY:
            r = subprocess.run([VERIFY, folder], capture_output=True, text=True, timeout=120)
            self.assertEqual(r.returncode, 0, r.stdout[-4000:] + r.stderr)
        for n in self.nodes:
            self.assertNotIn("runtime error", n.log_tail(1 << 20))
            n.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], failfast=True)
