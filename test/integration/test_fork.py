#!/usr/bin/python3
"""A party that shows two members two histories of its feed. alfa, bravo and charlie set up a channel with the real
programs; then alfa's daemon ends and py/peer.py goes on with its keys: it takes its part of membership back to bravo and
says something else to charlie. Evidence is checked by readback-verify and by py/fork.py, which shares no code with it.
Usage: test_fork.py READBACK READBACKD READBACK_VERIFY"""
import base64
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
import cbor2  # noqa: E402
import nacl.bindings  # noqa: E402
import nacl.pwhash.argon2id  # noqa: E402
import nacl.signing  # noqa: E402
import peer  # noqa: E402
from test_cli import VERIFY, Party, until  # noqa: E402

CHECKER = os.path.join(HERE, "py", "fork.py")
LONG = 120  # seconds to wait for a state, on a slow machine


def officer_key(path, passphrase):
    """a sealed key file (2.5.6)"""
    with open(path, "rb") as f:
        data = f.read()
    lines = data.split(b"\n")
    _, memory, passes, salt = lines[2].split(b" ")
    key = nacl.pwhash.argon2id.kdf(32, passphrase, base64.b64decode(salt), opslimit=int(passes), memlimit=int(memory) * 1024)
    head = data[:len(data) - len(lines[4]) - 1]
    seed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
        base64.b64decode(lines[4]), head, base64.b64decode(lines[3].split(b" ")[1]), key)
    return nacl.signing.SigningKey(seed)


class Liar:
    """alfa's feed in one of its histories"""

    def __init__(self, world, leaves):
        self.world, self.leaves = world, list(leaves)
        self.hashes = [peer.leaf_hash(x) for x in leaves]

    def say(self, kind, body):
        envelope = {1: kind, 2: bytes.fromhex(self.world.channel), 3: int(time.time() * 1000), 12: body}
        leaf = peer.make_sign1(envelope, self.world.origin.encode(), self.world.officer)
        self.leaves.append(leaf)
        self.hashes.append(peer.leaf_hash(leaf))
        return self.hashes[-1].hex()

    def push(self, client, old):
        note = peer.make_checkpoint(self.world.origin, len(self.leaves), peer.root_of(self.hashes), self.world.log)
        proof = peer.subtree_proof(0, old, self.hashes)
        return client.post("/rb/v1/push", peer.make_push(
            b"", peer.make_add_checkpoint(old, proof, note),
            peer.make_entries(self.world.origin, old, self.leaves, self.hashes)))


def picture(page, path):
    """the code of the page as a PNM picture, from the rectangles of its SVG"""
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', page)[1])
    rows = [bytearray(b"\xff" * side) for _ in range(side)]
    for x, y, w in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", page):
        for i in range(int(w)):
            rows[int(y)][int(x) + i] = 0
    scale = 6
    with open(path, "wb") as f:
        f.write(b"P5 %d %d 255\n" % (side * scale, side * scale))
        for row in rows:
            f.write(b"".join(bytes([v]) * scale for v in row) * scale)


class Fork(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-fork-")
        cls.alfa, cls.bravo, cls.charlie = (Party(cls.top, h) for h in ("alfa", "bravo", "charlie"))
        cls.listener = None

    @classmethod
    def tearDownClass(cls):
        if cls.listener:
            cls.listener.close()
        for p in (cls.alfa, cls.bravo, cls.charlie):
            p.stop()
        shutil.rmtree(cls.top)

    def keep(self, **what):
        for name, value in what.items():
            setattr(Fork, name, value)

    def path(self, *names):
        return os.path.join(self.top, *names)

    def honest(self):
        return (self.bravo, self.charlie)

    def digests(self):
        return [p.json("situation", "--at", "2035-01-01T00:00:00Z")["digest"] for p in self.honest()]

    def record(self, p, record):
        return [r for r in p.json("log", "--all")["records"] if r["record"] == record]

    def verify(self, *words, want=0):
        r = subprocess.run([VERIFY, *words], capture_output=True, text=True, timeout=60)
        self.assertEqual(r.returncode, want, r.stdout + r.stderr)
        return r.stdout

    def checker(self, *words, want=0):
        r = subprocess.run(["/usr/bin/python3", CHECKER, *words], capture_output=True, text=True, timeout=60)
        self.assertEqual(r.returncode, want, r.stdout + r.stderr)
        return r.stdout

    def test_01_channel(self):
        everybody = (self.alfa, self.bravo, self.charlie)
        for p in everybody:
            p.start()
            p.ok("card", "--out", self.path(p.handle + ".card"))
            with open(self.path(p.handle + ".card"), "rb") as f:
                p.card = peer.Card(f.read())
        for p in everybody:
            for other in everybody:
                if p is not other:
                    p.ok("accredit", self.path(other.handle + ".card"), "--fingerprint", other.card.fingerprint())
        channel = self.bravo.json("channel", "propose", "--title", "Line", "--member", "alfa", "--member", "charlie",
                                  "--yes")["channel"]
        for p in (self.alfa, self.charlie):
            until(lambda: p.json("inbox")["invitations"], "the invitation", LONG)
            p.ok("channel", "accept", channel, "--yes")
        until(lambda: all(p.json("channel", "show")["state"] == "in-force" for p in everybody), "the charter in force", LONG)
        said = self.alfa.json("statement", "--title", "Before", "--text", "said to both", "--yes")["record"]

        def held():
            a, b = self.digests()
            return a == b and all(
                {h["member"] for r in p.json("who-holds")["records"] if r["record"] == said
                 for h in r["holders"] if h["held"]} >= {"bravo", "charlie"} for p in self.honest())
        until(held, "all of it held by both", LONG)
        self.keep(channel=channel, said=said, origin=self.alfa.card.origin(channel),
                  held=[r["holders"] for r in self.bravo.json("who-holds")["records"] if r["record"] == said])
        self.assertEqual(self.bravo.json("forks")["forks"], [])
        self.assertIn("no fork", self.bravo.ok("forks").stdout)

    def test_02_the_liar_takes_over(self):
        self.alfa.stop()
        me = peer.Peer(self.alfa.home, self.top)
        self.keep(me=me, log=me.key("log-%s-0" % self.channel), hash=peer.sha256(self.origin.encode()).hex(),
                  officer=officer_key(os.path.join(self.alfa.home, "keys", "officer-duty.sealed"), b"words of alfa"))
        clients = [peer.Client(p.port, me.context(), p.card.tls) for p in self.honest()]
        notes = [peer.Note(c.get("/mirror/%s/checkpoint" % self.hash).body) for c in clients]
        self.assertEqual((notes[0].size, notes[0].root), (notes[1].size, notes[1].root))
        leaves = clients[0].leaves("/mirror/" + self.hash, notes[0].size)
        self.keep(clients=clients, common=notes[0].size, one=Liar(Fork, leaves), other=Liar(Fork, leaves))
        self.assertEqual(peer.root_of(self.one.hashes), notes[0].root)
        # bravo brings its evidence to alfa as well: somebody listens there
        brought = []
        listener = peer.Listener(self.alfa.port, me.context(server=True), clients[0].certificate, self.bravo.card.tls,
                                 lambda push: (403, "text/plain", b"no\n"))
        handler = listener.server.RequestHandlerClass
        was = handler.do_POST

        def take(h):
            if not h.path.startswith("/rb/v1/evidence"):
                return was(h)
            brought.append(h.rfile.read(int(h.headers["Content-Length"])))
            h.answer(200, "text/plain", b"")
        handler.do_POST = take
        self.keep(listener=listener, brought=brought)

    def test_03_two_histories(self):
        suspended = self.one.say(3, {1: 0, 2: "we take no part from now on"})
        self.one.say(24, {1: "To bravo", 2: "one thing"})
        told = self.other.say(24, {1: "To charlie", 2: "another thing"})
        for i in range(3):
            self.other.say(24, {1: "To charlie", 2: "another thing, again %d" % i})
        self.keep(suspended=suspended, told=told)
        self.assertEqual(self.one.push(self.clients[0], self.common).status, 200)
        self.assertEqual(self.other.push(self.clients[1], self.common).status, 200)
        self.bravo.json("statement", "--title", "Unaware", "--text", "a word to charlie", "--yes")  # they exchange heads
        for p in self.honest():
            until(lambda: p.json("forks")["forks"], "evidence at " + p.handle, LONG)

    def test_04_the_feed_is_frozen(self):
        self.one.say(24, {1: "More", 2: "of the first"})
        a = self.one.push(self.clients[0], len(self.one.leaves) - 1)
        self.assertEqual((a.status, b"6.4.5" in a.body), (403, True))
        del self.one.leaves[-1], self.one.hashes[-1]
        for p in self.honest():
            d = [x for x in p.json("doctor")["problems"] if x["code"] == "fork"]
            self.assertEqual(len(d), 1)
            self.assertIn("alfa", d[0]["sentence"])
            self.assertIn("forks --save", d[0]["hint"])
            self.assertEqual([m["frozen"] for m in p.json("channel", "show")["members"] if m["handle"] == "alfa"], [True])

    def test_05_both_histories_at_both(self):
        sizes = (len(self.one.leaves), len(self.other.leaves))
        for p, mine, theirs in ((self.bravo, *sizes), (self.charlie, *sizes[::-1])):
            def whole():
                return [f for f in p.json("forks")["forks"] if f["common"] == self.common and f["other_size"] == theirs
                        and f["other_held"] == theirs]
            found = until(whole, "the other history at " + p.handle, LONG)[0]
            self.assertEqual((found["member"], found["epoch"], found["ours"], found["size"]), ("alfa", 0, False, mine))
            until(lambda: len(self.record(p, self.suspended)) == len(self.record(p, self.told)) == 1, "both told", LONG)

    def test_06_contested_alike(self):
        def alike():
            a, b = self.digests()
            return a and a == b
        until(alike, "the same situation", LONG)
        for p in self.honest():
            for record in (self.suspended, self.told):
                r = p.json("show", record)
                self.assertIs(r["contested"], True, r)
            self.assertEqual([(m["suspended"]) for m in p.json("channel", "show")["members"] if m["handle"] == "alfa"], [False])
            text = p.ok("show", self.told).stdout
            self.assertIn("CONTESTED", text)
            self.assertIn("another thing", text)  # what was said stays said

    def test_07_what_was_receipted_stays(self):
        for p in self.honest():
            now = [r["holders"] for r in p.json("who-holds")["records"] if r["record"] == self.said]
            self.assertEqual(now, self.held)
            self.assertIs(p.json("show", self.said)["contested"], False)

    def test_08_the_author_was_told(self):
        until(lambda: self.brought, "evidence at alfa", LONG)
        until(lambda: "alfa" in self.bravo.json("forks")["forks"][0]["told"], "that alfa took it", LONG)
        key = self.bravo.json("forks")["forks"][0]["log_key"]
        with open(self.path("brought.txt"), "wb") as f:
            f.write(self.brought[0])
        self.checker(self.path("brought.txt"), "--log-key", key)

    def test_09_evidence_as_files(self):
        for p in self.honest():
            folder = self.path("evidence-" + p.handle)
            p.ok("forks", "--save", folder)
            for i, f in enumerate(p.json("forks")["forks"]):
                file = os.path.join(folder, "fork-alfa-0-%d.txt" % (i + 1))
                out = self.verify(file, "--log-key", f["log_key"])
                self.assertIn("PROVEN", out)
                self.assertIn("NOT PROVEN", out)
                self.checker(file, "--log-key", f["log_key"])
                self.checker(f["code"])
                self.assertIn("NOT PROVEN. The key is as the code has it", self.verify(f["code"]))
                with open(file, "rb") as e:
                    self.assertEqual(e.read(), base64.b64decode(f["evidence"]))
            p.ok("forks", "--save", folder, want=1)  # never over what is there

    def test_10_the_code_is_enough(self):
        with open(self.path("evidence-bravo", "fork-alfa-0-1.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertNotIn("http", re.sub(r"http-equiv", "", page))
        if not shutil.which("zbarimg"):
            self.skipTest("zbar-tools is not there")
        picture(page, self.path("code.pgm"))
        r = subprocess.run(["zbarimg", "-q", "--raw", self.path("code.pgm")], capture_output=True, text=True)
        code = r.stdout.strip()
        self.assertEqual(code, self.bravo.json("forks")["forks"][0]["code"])
        self.checker(code)
        self.verify(code)

    def test_11_tampered(self):
        file = self.path("evidence-bravo", "fork-alfa-0-1.txt")
        key = self.bravo.json("forks")["forks"][0]["log_key"]
        with open(file, "rb") as f:
            good = f.read()
        bad = self.path("bad.txt")
        for at in range(0, len(good), 97):
            with open(bad, "wb") as f:
                f.write(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            self.checker(bad, "--log-key", key, want=1)
            if at > len("readback/fork/v1"):
                self.assertIn("PROVES NOTHING", self.verify(bad, "--log-key", key, want=1))
        other = "%s+%08x+%s" % (self.origin, 0, base64.b64encode(b"\1" + self.bravo.card.party).decode())
        self.verify(file, "--log-key", other, want=2)
        self.verify(file, want=2)
        self.verify(file, "--log-key", self.path("nothing.vkey"), want=2)
        stranger = peer.note_key_id(self.origin, 1, self.bravo.card.party).hex()
        other = "%s+%s+%s" % (self.origin, stranger, base64.b64encode(b"\1" + self.bravo.card.party).decode())
        self.verify(file, "--log-key", other, want=1)
        self.checker(file, "--log-key", other, want=1)

    def test_12_in_an_export(self):
        folder = self.path("export")
        until(lambda: self.bravo.run("export", folder).returncode == 0, "the export", LONG)
        self.assertIn("FORK", self.verify(folder))
        piece = os.path.join(folder, "alfa", "forks", "1.txt")
        self.verify(piece, "--log-key", os.path.join(folder, "alfa", "log.vkey"))
        words = [piece, "--card", self.path("alfa.card"), "--delegation", os.path.join(folder, "alfa", "keys", "delegation.cose")]
        self.assertIn("NOT COMPARED", self.verify(*words))
        self.assertIn("the same as given", self.verify(*words, "--fingerprint", "alfa=" + self.alfa.card.fingerprint()))
        self.verify(*words, "--fingerprint", "alfa=" + self.bravo.card.fingerprint(), want=1)
        words[2] = self.path("bravo.card")
        self.verify(*words, want=1)
        with open(piece, "r+b") as f:
            f.seek(40)
            byte = f.read(1)
            f.seek(40)
            f.write(bytes([byte[0] ^ 1]))
        self.assertIn("alfa/forks/1.txt", self.verify(folder, want=1))

    def test_13_it_stays_proven(self):
        before = self.bravo.json("forks")["forks"]
        self.bravo.stop()
        self.bravo.start()
        after = self.bravo.json("forks")["forks"]
        for f in before + after:
            del f["told"]  # that is asked anew
        self.assertEqual(before, after)
        until(lambda: len(set(self.digests())) == 1, "the same situation", LONG)
        self.assertIs(self.bravo.json("show", self.told)["contested"], True)

    def test_14_a_bad_proof_accuses_nobody(self):
        """charlie's word that bravo forked: nothing of it is true"""
        origin = self.bravo.card.origin(self.channel)
        digest = peer.sha256(origin.encode()).hex()
        raw = self.clients[1].get("/mirror/%s/checkpoint" % digest).body
        note = raw[:raw.index(b"\n", raw.index(b"\n\n") + 2) + 1]
        lie = b"readback/fork/v1\nother %s\n\n" % peer.b64(bytes(32)).encode() + 2 * (b"note %d\n" % len(note) + note)
        a = self.clients[0].post("/rb/v1/evidence?channel=" + self.channel, lie)
        self.assertEqual((a.status, b"4.10.3" in a.body), (422, True))
        a = self.clients[0].post("/rb/v1/evidence?channel=" + "00" * 16, lie)
        self.assertEqual(a.status, 404)
        self.assertEqual({f["member"] for f in self.bravo.json("forks")["forks"]}, {"alfa"})
        listed = self.clients[0].get("/rb/v1/evidence?channel=" + self.channel).body
        self.assertEqual(len(listed), 4 + struct.unpack(">I", listed[:4])[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, failfast=True)
