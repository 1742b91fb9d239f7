#!/usr/bin/python3
"""Another program as a peer. alfa and bravo set up a channel with the real programs; then bravo's daemon
ends, and py/peer.py, which shares no code with ours, goes on as bravo from the files of its home.
Usage: test_peer.py READBACK READBACKD"""
import calendar
import os
import shutil
import socket
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
import peer  # noqa: E402
from test_cli import Party, Tap, until  # noqa: E402

NOWHERE = "00" * 32
MORE = 300  # test records of bravo: its feed then needs subtree proofs


class Line(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-peer-")
        cls.alfa, cls.bravo = Party(cls.top, "alfa"), Party(cls.top, "bravo")
        cls.listener = None

    @classmethod
    def tearDownClass(cls):
        if cls.listener:
            cls.listener.close()
        for p in (cls.alfa, cls.bravo):
            p.stop()
        shutil.rmtree(cls.top)

    def keep(self, **what):
        for name, value in what.items():
            setattr(Line, name, value)

    def statement(self, words):
        return self.alfa.json("statement", "--title", words, "--text", words, "--yes")["record"]

    def holds(self, record):
        """whether alfa shows that bravo holds the record"""
        return [h for r in self.alfa.json("who-holds")["records"] if r["record"] == record
                for h in r["holders"] if h["member"] == "bravo" and h["held"]]

    def heads(self):
        a = self.client.get("/rb/v1/heads?channel=" + self.channel)
        self.assertEqual(a.status, 200)
        heads = peer.read_heads(a.body)
        self.assertEqual(peer.heads_digest(heads), a.heads)
        return heads

    def size_of(self, origin):
        return [n for o, n, _ in self.heads() if o == origin][0]

    def own_head(self):
        """what alfa holds of bravo's feed"""
        return [h for h in self.heads() if h[0] == self.b_origin]

    # the parties, made with the programs

    def test_01_channel(self):
        a, b = self.alfa, self.bravo
        for p, other in ((a, b), (b, a)):
            p.start()
            card = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", card)
            p.card = peer.Card(open(card, "rb").read())
            self.assertEqual(p.card.fingerprint(), p.json("fingerprint")["fingerprint"])
        for p, other in ((a, b), (b, a)):
            p.ok("accredit", os.path.join(self.top, other.handle + ".card"), "--fingerprint", other.card.fingerprint())
        channel = a.json("channel", "propose", "--title", "Line", "--member", "bravo", "--yes")["channel"]
        until(lambda: b.json("inbox")["invitations"], "the invitation")
        b.ok("channel", "accept", channel, "--yes")
        until(lambda: all(p.json("channel", "show")["state"] == "in-force" for p in (a, b)), "the charter in force")
        self.keep(channel=channel, a_origin=a.card.origin(channel), b_origin=b.card.origin(channel))
        self.keep(a_hash=peer.sha256(self.a_origin.encode()).hex(), b_hash=peer.sha256(self.b_origin.encode()).hex())
        # both hold all, so that bravo's head file is not behind
        def settled():
            one, two = (p.json("situation", "--at", "2030-01-01T00:00:00Z")["digest"] for p in (a, b))
            return one and one == two
        until(settled, "the same situation")
        b.stop()

    def test_02_keys_of_the_home(self):
        me = peer.Peer(self.bravo.home, self.top)
        self.assertEqual(me.card.party, self.bravo.card.party)
        self.assertEqual(me.card.addresses, ["127.0.0.1:%d" % self.bravo.port])
        self.keep(me=me, client=peer.Client(self.alfa.port, me.context(), self.alfa.card.tls))

    # 1. TLS

    def test_03_both_sides_pinned(self):
        self.assertEqual(self.client.get("/rb/v1/heads?channel=" + self.channel).status, 200)
        with self.assertRaisesRegex(peer.Wrong, "key not pinned"):
            peer.Client(self.alfa.port, self.me.context(), self.bravo.card.tls).get("/")
        key = os.path.join(self.top, "stranger.pem")
        peer.subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
        stranger = peer.tls_context(False, peer.self_signed(self.top, "stranger", key), key)
        os.mkdir(os.path.join(self.top, "other"))
        named = peer.tls_context(False, peer.self_signed(os.path.join(self.top, "other"), "bravo", key), key)
        for context in (stranger, named, peer.tls_context(False)):
            with self.assertRaisesRegex((OSError, peer.http.client.HTTPException), "ALERT|closed|reset|BAD_CERT|EOF"):
                peer.Client(self.alfa.port, context, self.alfa.card.tls).get("/rb/v1/heads?channel=" + self.channel)
        old = self.me.context()
        old.minimum_version, old.maximum_version = peer.ssl.TLSVersion.TLSv1_2, peer.ssl.TLSVersion.TLSv1_2
        with self.assertRaises(OSError):
            peer.Client(self.alfa.port, old, self.alfa.card.tls).get("/")

    # 2. reading

    def test_04_tiles(self):
        heads = self.heads()
        self.assertEqual([o for o, _, _ in heads], [self.a_origin, self.b_origin])
        for at, prefix, party in ((0, "/log/" + self.a_hash, self.alfa), (1, "/mirror/" + self.b_hash, self.bravo)):
            def quiet():  # alfa may log a receipt between two requests
                a = self.client.get(prefix + "/checkpoint")
                self.assertEqual(a.status, 200)
                note = peer.Note(a.body)
                return note if (note.origin, note.size, note.root) == self.heads()[at] else None
            note = until(quiet, "heads that say what the checkpoint says")
            origin, size, root = note.origin, note.size, note.root
            leaves = self.client.leaves(prefix, size)
            delegation = next(e[12][1] for e in map(self.envelope, leaves) if e[1] == 26)
            feed = peer.Feed(origin, party.card.party, delegation)
            feed.append(leaves)
            note.log_signed(feed.log_key)
            self.assertEqual(feed.root(), root)
            tile = self.client.get("%s/tile/0/%s" % (prefix, peer.tile_path(0, size)))
            self.assertEqual((tile.status, tile.body), (200, b"".join(feed.hashes)))
            if at == 0:
                self.assertEqual(peer.leaf_hash(leaves[0])[:16].hex(), self.channel)
            else:
                self.assertEqual(len(note.by(self.alfa.card.mirror_name(), peer.MIRROR_KEY, self.alfa.card.mirror)), 1)
                self.assertEqual(public(self.me.key("log-%s-0" % self.channel)), feed.log_key)
                self.keep(own=feed)
        self.assertEqual(self.client.get("/log/%s/tile/0/000" % self.a_hash).status, 404)  # not full yet

    def envelope(self, leaf):
        return peer.decode(peer.decode(leaf).value[2])

    def test_05_head_file(self):
        """what bravo's daemon left behind: sizes and cosignatures that another program can go on from"""
        heads = peer.head_file(os.path.join(self.bravo.home, "heads"))
        size, root, t, signature = heads["mirror", self.a_origin]
        text = peer.checkpoint_text(self.a_origin, size, root)
        self.assertTrue(peer.signed_by(self.me.card.mirror, signature, peer.cosigned_text(t, text)))
        self.assertLessEqual(abs(time.time() - t), 120)
        self.assertEqual(heads["log", self.b_origin][:2], (len(self.own.leaves), self.own.root()))
        leaves = self.client.leaves("/log/" + self.a_hash, size)
        delegation = next(e[12][1] for e in map(self.envelope, leaves) if e[1] == 26)
        feed = peer.Feed(self.a_origin, self.alfa.card.party, delegation)
        feed.append(leaves)
        self.assertEqual(feed.root(), root)
        self.keep(feed=feed)

    # 3. a pull, and a receipt on the way back

    def test_06_pull_and_return(self):
        record = self.alfa.json("notice", "area", "--title", "Area A", "--circle", "35.5000,36.1000,5km", "--from",
                                time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 18000)), "--for", "3h",
                                "--yes")["record"]
        held = len(self.feed.leaves)
        def push():
            a = self.client.get("/rb/v1/feed?origin=%s&from=%d" % (self.a_hash, held))
            self.assertEqual(a.status, 200)
            p = peer.Push(a.body)
            return p if p.note.size > held else None
        p = until(push, "the notice in alfa's log")
        self.assertEqual(p.old, held)
        self.assertTrue(self.feed.take(p))
        self.assertIn(bytes.fromhex(record), self.feed.hashes)
        self.assertEqual(self.holds(record), [])
        good = self.me.cosign(p.note)
        forged = peer.read_line(good[:-1])[2]
        forged = peer.signature_line(self.me.card.mirror_name(), peer.MIRROR_KEY, self.me.card.mirror,
                                     forged[:-1] + bytes([forged[-1] ^ 64]))
        self.give_back(p.note, forged, 422)
        self.give_back(p.note, self.unknown_line(), 200)  # passed over
        self.assertEqual(self.holds(record), [])
        t = int(time.time())
        self.give_back(p.note, self.unknown_line() + good, 200)
        shown = until(lambda: self.holds(record), "held by bravo")[0]
        since = calendar.timegm(time.strptime(shown["held_since"], "%Y-%m-%dT%H:%M:%SZ"))
        self.assertEqual(since, int.from_bytes(peer.read_line(good[:-1])[2][:8], "big"))
        self.assertLessEqual(abs(since - t), 2)

    def unknown_line(self):
        """another key of the same name, as a mirror with a second algorithm will have"""
        return peer.signature_line(self.me.card.mirror_name(), 6, bytes(1312), bytes(2420))

    def give_back(self, note, line, status):
        raw = note.raw + line.encode()
        a = self.client.post("/rb/v1/add-cosignatures?channel=" + self.channel, len(raw).to_bytes(4, "big") + raw)
        self.assertEqual(a.status, status, a.body)

    # 4. listening

    def test_07_pushed_to(self):
        """alfa is told 409 once and 202 once, goes on from there, and gets its receipt"""
        told, held = [], len(self.feed.leaves)
        short = held - 2  # a mirror that says less than it once held
        behind = peer.Feed(self.a_origin, None, log_key=self.feed.log_key)
        behind.append(self.feed.leaves[:short])

        def take(push):
            told.append(push)
            if len(told) == 1:
                peer.want(push.old == held and push.delegation is None, "the first push goes on from the cosignature")
                return 409, peer.INFO_TYPE, b"%d\n%d\n\n" % (short, short)
            if len(told) == 2:  # the checkpoint is taken, no leaf is
                peer.want(push.old == short and push.entries.start == short, "old and start are what 409 said")
                behind.take_note(push.note, push.proof)
                return 202, peer.INFO_TYPE, b"%d\n%d\n\n" % (push.note.size, short)
            if len(told) == 3:
                pending = told[1].note
                peer.want(push.old == pending.size and push.entries.start == short, "old and start are what 202 said")
                push.note.log_signed(behind.log_key)
                peer.want(peer.proof_holds(0, push.old, push.note.size, pending.root, push.proof, push.note.root)
                          if push.note.size > push.old else push.note.root == pending.root and not push.proof,
                          "the pending checkpoint and this one")
                behind.take_packages(push.entries, push.note)
            else:
                peer.want(behind.take(push), "the rest")
            return 200, "text/plain", (self.unknown_line() + self.me.cosign(push.note)).encode()
        self.client.get("/")
        self.keep(listener=peer.Listener(self.bravo.port, self.me.context(True), self.client.certificate,
                                         self.alfa.card.tls, take))
        until(lambda: len(told) >= 3 or self.listener.faults, "alfa's pushes")
        record = self.statement("pushed")
        until(lambda: self.holds(record) or self.listener.faults, "held by bravo, as pushed")
        self.assertEqual(self.listener.faults, [])
        self.assertIn(bytes.fromhex(record), behind.hashes)
        self.assertGreater(len(told), 3)
        self.assertEqual(behind.hashes[:held], self.feed.hashes)
        self.keep(feed=behind)

    def test_08_listener_knows_alfa_only(self):
        with self.assertRaises((OSError, peer.http.client.HTTPException)):
            peer.Client(self.bravo.port, self.me.context(), self.bravo.card.tls).get("/")

    # 5. the standard mirror requests

    def grow(self, count):
        """bravo's feed with so many test records more, and its signed checkpoint"""
        old = len(self.own.leaves)
        tests = sum(1 for x in self.own.leaves if self.envelope(x)[1] == 5)
        self.own.append([self.me.test_record(self.channel, self.b_origin, tests + i + 1) for i in range(count)])
        return old, self.signed(len(self.own.leaves), self.own.root())

    def signed(self, size, root):
        return peer.make_checkpoint(self.b_origin, size, root, self.me.key("log-%s-0" % self.channel))

    def add_checkpoint(self, old, proof, checkpoint):
        return self.client.post("/mirror/add-checkpoint", peer.make_add_checkpoint(old, proof, checkpoint))

    def add_entries(self, start, limit=None, gzip=False, end=None):
        leaves = self.own.leaves[:end]
        body = peer.make_entries(self.b_origin, start, leaves, self.own.hashes[:end], limit=limit)
        more = {"Content_Encoding": "gzip"} if gzip else {}
        return self.client.post("/mirror/add-entries", peer.gzip.compress(body) if gzip else body,
                                Content_Type="application/octet-stream", **more)

    def cosigned(self, answer, checkpoint):
        """the answer is alfa's mirror cosignature on it, by its clock"""
        self.assertEqual(answer.status, 200, answer.body)
        note = peer.Note(checkpoint.encode() + answer.body)
        lines = note.by(self.alfa.card.mirror_name(), peer.MIRROR_KEY, self.alfa.card.mirror)
        self.assertEqual((len(note.lines), len(lines)), (2, 1))
        self.assertLessEqual(abs(int.from_bytes(lines[0][:8], "big") - time.time()), 5)
        return note

    def test_09_standard_mirror_client(self):
        old, checkpoint = self.grow(1)
        self.assertEqual(self.size_of(self.b_origin), old)
        a = self.add_checkpoint(old, peer.subtree_proof(0, old, self.own.hashes), checkpoint)
        self.assertEqual((a.status, a.body), (200, b""), a.body)
        self.assertEqual(self.size_of(self.b_origin), old)  # pending is not held
        # a client that knows nothing asks with 0, 0
        a = self.client.post("/mirror/add-entries", peer.make_entries(self.b_origin, 0, [], []))
        self.assertEqual((a.status, a.type), (409, peer.INFO_TYPE))
        self.assertEqual(peer.read_info(a.body)[:2], (old + 1, old))
        self.cosigned(self.add_entries(old), checkpoint)
        self.assertEqual(self.size_of(self.b_origin), old + 1)
        self.unmarked(self.own.hashes[old:])

    def unmarked(self, hashes):
        wanted = {h.hex() for h in hashes}
        def shown():
            found = {r["record"]: r for r in self.alfa.json("log", "--kind", "test", "--author", "bravo", "--limit",
                                                            "500")["records"]}
            return wanted <= set(found) and found
        for h, r in until(shown, "the tests in alfa's log").items():
            self.assertIsNone(r["mark"], r)

    def test_10_packages(self):
        """more than one package: subtree proofs that are not empty, 202 in between, gzip, full tiles"""
        old, checkpoint = self.grow(MORE)
        size = len(self.own.leaves)
        a = self.add_checkpoint(old, peer.subtree_proof(0, old, self.own.hashes), checkpoint)
        self.assertEqual(a.status, 200, a.body)
        a = self.add_entries(old, limit=1)
        self.assertEqual((a.status, a.type), (202, peer.INFO_TYPE), a.body)
        self.assertEqual(peer.read_info(a.body)[:2], (size, 256))
        note = self.cosigned(self.add_entries(256, gzip=True), checkpoint)
        again = self.add_entries(256)
        self.assertEqual(self.cosigned(again, checkpoint).text, note.text)
        self.unmarked(self.own.hashes[old:])
        prefix = "/mirror/" + self.b_hash
        for path, body in (("0/000", self.own.hashes[:256]), ("0/001.p/%d" % (size - 256), self.own.hashes[256:]),
                           ("1/000.p/1", [peer.root_of(self.own.hashes[:256])])):
            a = self.client.get("%s/tile/%s" % (prefix, path))
            self.assertEqual((a.status, a.body), (200, b"".join(body)), path)
        self.assertEqual(self.client.leaves(prefix, size), self.own.leaves)
        a = self.client.get("%s/tile/1/000" % prefix)
        self.assertEqual(a.status, 404)
        served = peer.Note(self.client.get(prefix + "/checkpoint").body)
        self.assertEqual(len(served.by(self.alfa.card.mirror_name(), peer.MIRROR_KEY, self.alfa.card.mirror)), 1)
        # the same feed as alfa would forward it, with alfa's own proofs
        whole = peer.Push(self.client.get("/rb/v1/feed?origin=%s&from=0" % self.b_hash).body)
        copy = peer.Feed(self.b_origin, self.bravo.card.party, whole.delegation)
        self.assertTrue(copy.take(whole))
        self.assertEqual(copy.leaves, self.own.leaves)
        self.assertTrue(any(proof for _, _, _, proof in whole.entries.packages))

    # news

    def test_11_news(self):
        """a held GET: answered at once where the digests differ, otherwise when there is something to say"""
        a = self.client.get("/rb/v1/invitations")
        self.assertEqual((a.status, a.body), (200, self.a_origin.encode() + b"\n"))
        path = "/rb/v1/news?channel=%s&have=" % self.channel
        old = self.client.get(path + "0" * 32)
        self.assertEqual(peer.heads_digest(peer.read_heads(old.body)), old.heads)
        for _ in range(10):  # until alfa has nothing more to say of what was said before
            before, got = self.heads(), []
            wait = peer.threading.Thread(target=lambda: got.append(self.client.get(path + peer.heads_digest(before))))
            wait.start()
            wait.join(0.5)
            if not got:
                break
        self.assertEqual(got, [])
        record = self.statement("news")
        wait.join(10)
        self.assertEqual(got[0].status, 200)
        heads = dict((o, n) for o, n, _ in peer.read_heads(got[0].body))
        self.assertGreater(heads[self.a_origin], dict((o, n) for o, n, _ in before)[self.a_origin])
        until(lambda: self.holds(record), "held by bravo")

    # 6. bad input

    def test_12_unknown_is_all_the_same(self):
        """nothing tells a path, an origin or a channel that is not there from one that is not ours"""
        def raw(method, path, body=b""):
            length = b"Content-Length: %d\r\n" % len(body) if method == "POST" else b""
            return self.client.raw(("%s %s HTTP/1.1\r\nHost: a\r\n" % (method, path)).encode() + length + b"\r\n" + body)
        stranger = peer.make_checkpoint("readback/%s/%s/0" % ("0" * 32, NOWHERE), 1, peer.EMPTY, self.me.mirror)
        add = peer.make_add_checkpoint(0, [], stranger)
        entries = peer.make_entries("readback/%s/%s/0" % ("0" * 32, NOWHERE), 0, [b"x"], [peer.leaf_hash(b"x")])
        answers = {path: raw("GET", path) for path in (
            "/", "/nothing", "/rb/v1/nothing", "/rb/v1/heads?channel=" + "0" * 32, "/rb/v1/news?channel=" + "0" * 32 + "&have=" + "0" * 32,
            "/log/%s/checkpoint" % NOWHERE, "/mirror/%s/checkpoint" % NOWHERE, "/mirror/%s/tile/0/000.p/1" % NOWHERE,
            "/mirror/%s/tile/entries/000.p/1" % self.a_hash, "/log/%s/nothing" % self.a_hash,
            "/rb/v1/feed?origin=%s&from=0" % NOWHERE)}
        answers.update({path: raw("POST", path, body) for path, body in (
            ("/mirror/add-checkpoint", add), ("/mirror/add-entries", entries),
            ("/rb/v1/push", peer.make_push(b"", add, entries)), ("/nowhere", b"x"),
            ("/rb/v1/add-cosignatures?channel=" + "0" * 32, b"\0\0\0\1x"))})
        self.assertTrue(answers["/"].startswith(b"HTTP/1.1 404 "))
        self.assertNotIn(b"eadback-", answers["/"].split(b"\r\n\r\n")[0])
        self.assertEqual({k: v for k, v in answers.items() if v != answers["/"]}, {})

    def test_13_truncated(self):
        """every place where a body may end too early"""
        size, head = len(self.own.leaves), self.own_head()
        self.grow(1)
        checkpoint = self.signed(size + 1, self.own.root())
        add = peer.make_add_checkpoint(size, peer.subtree_proof(0, size, self.own.hashes), checkpoint)
        entries = peer.make_entries(self.b_origin, size, self.own.leaves, self.own.hashes)
        push = peer.make_push(b"", add, entries)
        for n in (0, 1, 4, 8, 9, 40, len(push) - len(entries) - 1):
            self.assertEqual(self.client.post("/rb/v1/push", push[:n]).status, 400, n)
        gap = add.index(b"\n\n")
        for n, status in ((0, 400), (3, 400), (10, 400), (gap, 400), (gap + 2, 400), (gap + 90, 404), (gap + len(self.b_origin) + 3, 403), (len(add) - 1, 403)):
            self.assertEqual(self.client.post("/mirror/add-checkpoint", add[:n]).status, status, n)
        # a push whose entries cannot be read: its checkpoint is pending all the same
        self.assertEqual(self.client.post("/rb/v1/push", push[:len(push) - len(entries) + 1]).status, 400)
        a = self.client.post("/mirror/add-checkpoint", add)
        self.assertEqual((a.status, a.type, a.body), (409, peer.SIZE_TYPE, b"%d\n" % (size + 1)))
        self.assertEqual(self.add_checkpoint(size + 1, [], checkpoint).status, 200)
        for n in (0, 1, 20, len(self.b_origin) + 12, len(entries) - len(self.own.leaves[-1]), len(entries) - 1):
            self.assertEqual(self.client.post("/mirror/add-entries", entries[:n]).status, 400, n)
        self.assertEqual(self.client.post("/rb/v1/add-cosignatures?channel=" + self.channel, b"\0\0\1\0x").status, 400)
        self.assertEqual(self.own_head(), head)  # nothing half done
        # and what does not hold
        leaf = self.own.leaves[-1]
        for bad in (entries[:-1] + b"\1" + bytes(32), entries.replace(leaf, leaf[:-1] + bytes([leaf[-1] ^ 1]))):
            self.assertEqual(self.client.post("/mirror/add-entries", bad).status, 422)
        self.assertEqual(self.own_head(), head)
        # what was asked for and holds counts; a part behind it is discarded (4.7.6)
        self.cosigned(self.client.post("/mirror/add-entries", entries + b"x"), checkpoint)

    def test_14_wrong_proofs(self):
        """more than one package, each proof hash changed; a wrong consistency proof; other sizes"""
        size, head = len(self.own.leaves), self.own_head()
        self.assertEqual(self.size_of(self.b_origin), size)
        self.grow(512 - size + 7)
        checkpoint = self.signed(len(self.own.leaves), self.own.root())
        proof = peer.subtree_proof(0, size, self.own.hashes)
        self.assertGreater(len(proof), 1)
        for bad in (proof[:-1], proof + [bytes(32)], proof[::-1], [proof[0][:-1] + bytes([proof[0][-1] ^ 1])] + proof[1:]):
            self.assertEqual(self.add_checkpoint(size, bad, checkpoint).status, 422)
        for old in (size - 1, size + 1):  # not what is held
            a = self.add_checkpoint(old, peer.subtree_proof(0, old, self.own.hashes), checkpoint)
            self.assertEqual((a.status, a.type, a.body), (409, peer.SIZE_TYPE, b"%d\n" % size))
        smaller = self.signed(size - 1, self.own.root(size - 1))
        self.assertEqual(self.add_checkpoint(size, [], smaller).status, 400)
        a = self.add_checkpoint(size - 2, peer.subtree_proof(0, size - 2, self.own.hashes[:size - 1]), smaller)
        self.assertEqual((a.status, a.type, a.body), (409, peer.SIZE_TYPE, b"%d\n" % size))
        foreign = peer.make_checkpoint(self.b_origin, size, self.own.root(size), self.me.mirror)
        self.assertEqual(self.add_checkpoint(size, [], foreign).status, 403)
        self.assertEqual(self.add_checkpoint(size, proof, checkpoint).status, 200)
        body = peer.make_entries(self.b_origin, size, self.own.leaves, self.own.hashes, limit=1)
        last = peer.subtree_proof(256, 512, self.own.hashes)[-1]
        self.assertTrue(body.endswith(last))
        wrong = body[:-1] + bytes([body[-1] ^ 1])
        self.assertEqual(self.client.post("/mirror/add-entries", wrong).status, 422)
        a = self.client.post("/mirror/add-entries", peer.make_entries(self.b_origin, 512, self.own.leaves, self.own.hashes))
        self.assertEqual((a.status, a.type), (409, peer.INFO_TYPE))  # beyond what is wanted
        self.assertEqual(peer.read_info(a.body)[:2], (len(self.own.leaves), size))
        self.assertEqual(self.own_head(), head)
        self.cosigned(self.add_entries(size), checkpoint)

    def test_15_cosignatures(self):
        """what comes back must be of a checkpoint that alfa knows, signed by its log and by the cosigner"""
        size = len(self.own.leaves)
        path = "/rb/v1/add-cosignatures?channel=" + self.channel
        def give(text, log_key, name, key):
            note = text + "\n" + peer.signature_line(text.split("\n")[0], peer.LOG_KEY, public(log_key),
                                                     log_key.sign(text.encode()).signature)
            raw = (note + peer.cosignature(text, name, key, 1)).encode()
            return self.client.post(path, len(raw).to_bytes(4, "big") + raw).status
        log_key, name = self.me.key("log-%s-0" % self.channel), self.me.card.mirror_name()
        text = peer.checkpoint_text(self.b_origin, size, self.own.root())
        self.assertEqual(give(text, log_key, "readback/%s/mirror" % NOWHERE, self.me.node), 200)  # passed over
        self.assertEqual(give(text, self.me.node, name, self.me.mirror), 422)
        self.assertEqual(give(text, log_key, self.alfa.card.mirror_name(), self.me.mirror), 200)  # key id of nobody
        larger = peer.checkpoint_text(self.b_origin, size + 1, peer.EMPTY)
        self.assertEqual(give(larger, log_key, name, self.me.mirror), 409)
        foreign = peer.checkpoint_text("readback/%s/%s/0" % (self.channel, NOWHERE), 1, peer.EMPTY)
        self.assertEqual(give(foreign, log_key, name, self.me.mirror), 404)

    def test_16_fork(self):
        """another root for a size that alfa holds, signed by bravo's log key: evidence, and the feed is closed"""
        size = len(self.own.leaves)
        self.assertNotIn("fork", self.alfa.json("doctor")["sentence"])
        a = self.add_checkpoint(size, [], self.signed(size, peer.sha256(b"another history")))
        self.assertEqual(a.status, 422)
        until(lambda: [p for p in self.alfa.json("doctor")["problems"] if p["code"] == "fork" and p["side"] == "there"],
              "the doctor's word on the fork")
        self.assertIn("bravo", self.alfa.json("doctor")["sentence"])
        self.grow(1)
        checkpoint = self.signed(size + 1, self.own.root())
        self.assertEqual(self.add_checkpoint(size, peer.subtree_proof(0, size, self.own.hashes), checkpoint).status, 403)
        self.assertEqual(self.size_of(self.b_origin), size)  # what was held is held


def public(key):
    return peer.public_of(key)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Line)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
