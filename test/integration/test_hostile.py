#!/usr/bin/python3
"""A hostile member against a real daemon. alfa is attacked, bravo is honest, charlie and delta go on from the files of
their homes as py/hostile.py has it. After each attack: the status and clause of the answer, the line in alfa's log
that names party and clause, alfa's memory, and that alfa and bravo go on. Usage: test_hostile.py READBACK READBACKD"""
import concurrent.futures
import os
import re
import select
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
import closed  # noqa: E402
import hostile  # noqa: E402
import peer  # noqa: E402
import swarm  # noqa: E402
from hostile import ADD, ENTRIES, MANY, PUSH, Wire, get, post  # noqa: E402
from test_cli import Tap  # noqa: E402

DEADLINE = 3  # seconds, as the settings below say
SETTINGS = "[peer]\nrequest-deadline = %ds\nidle = 20s\n" % DEADLINE
BOUND = 400  # MiB that alfa may grow by: twice 96 for what arrives and is not taken, and the sanitizer's own


def answers(wires, seconds):
    """the status that each is answered within that time; 0: closed, None: nothing"""
    def one(w):
        w.sock.settimeout(seconds)
        try:
            return w.answer()[0]
        except TimeoutError:
            return None
        except OSError:
            return 0
    with concurrent.futures.ThreadPoolExecutor(len(wires)) as pool:
        return list(pool.map(one, wires))


class Hostile(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-hostile-")
        programs, handles = sys.argv[1:3], ("alfa", "bravo", "charlie", "delta")
        cls.nodes = dict(zip(handles, (swarm.Node(programs, cls.top, h, p, settings=SETTINGS)
                                       for h, p in zip(handles, swarm.free_ports(4)))))
        cls.alfa, cls.bravo, cls.charlie, cls.delta = cls.nodes.values()
        cls.traffic = cls.m = None

    @classmethod
    def tearDownClass(cls):
        if cls.m:
            cls.m.close()
        for n in cls.nodes.values():
            n.kill()
        shutil.rmtree(cls.top)

    # helpers

    def keep(self, **what):
        for name, value in what.items():
            setattr(Hostile, name, value)

    def log_mark(self):
        return os.path.getsize(self.alfa.log)

    def logged(self, mark, clause, who=None, seconds=5):
        """a line since then with this clause that names the party"""
        who = who or ("charlie", self.m.me.card.hash[:12])
        pattern = re.compile(r"(?<![\d.])%s(?!\.?\d)" % re.escape(clause))

        def found():
            with open(self.alfa.log, "rb") as f:
                f.seek(mark)
                lines = f.read().decode("utf-8", "replace").split("\n")
            return [x for x in lines if pattern.search(x) and any(w in x for w in who)]
        try:
            return swarm.until(found, "", seconds, 0.02)
        except AssertionError:
            return []

    def refused(self, name, answer, status, clause, mark, who=None):
        """what is wrong with it, or None"""
        code, head, body = answer
        if status is not None and code != status:
            return "%d instead of %d: %r" % (code, status, body[:200])
        if code == 404 and body != b"not found\n":
            return "a 404 that says something: %r" % body
        if code != 404 and clause is not None and clause.encode() not in body:
            return "%r does not name clause %s" % (body[:200], clause)
        if clause is not None and not self.logged(mark, clause, who):
            return "no line in the log names %s and %s" % (clause, who or "charlie")
        if code == 404 and clause is None and not self.logged(mark, "clause", who):
            return "no line in the log for a 404"
        return None

    def table(self, rows, ask):
        """each row (name, ..., status, clause): {name: what is wrong}, which is to be empty"""
        time.sleep(1.1)  # so that lines of what was before take nobody's place: alfa writes at most so many a second
        began, wrong = time.monotonic(), {}
        for name, *what, status, clause in rows:
            mark = self.log_mark()
            fault = self.refused(name, ask(*what), status, clause, mark)
            if fault:
                wrong[name] = fault
            time.sleep(0.06)
        self.assertEqual(wrong, {})
        self.sound(began)
        print("# %d attacks in %.1f s" % (len(rows), time.monotonic() - began), flush=True)

    def sound(self, began):
        """alfa lives, its memory is bounded, and honest traffic goes on behind what began then"""
        self.traffic.goes_on(began)
        self.assertTrue(self.alfa.runs() and self.bravo.runs())
        self.assertLess(max(self.alfa.memory(), self.traffic.memory) - self.memory, BOUND)
        for n in (self.alfa, self.bravo):
            text = swarm.read(n.log)
            self.assertNotIn(b"runtime error", text, n.handle)
            self.assertNotIn(b"AddressSanitizer", text, n.handle)

    def ask(self, path, body):
        return self.m.ask(post(path, body))

    def head_of_ours(self):
        """what alfa holds of charlie's feed"""
        heads = peer.read_heads(self.m.get("/rb/v1/heads?channel=" + self.channel).body)
        return next(h for h in heads if h[0] == self.m.origin)

    # the parties

    def test_01_channels(self):
        a, b, c, d = self.nodes.values()
        for n in self.nodes.values():
            n.start()
        swarm.introduce(list(self.nodes.values()), self.top)
        channel = swarm.found_channel(a, [b, c], "--receipt-every", "1s")
        private = swarm.found_channel(a, [b], "--receipt-every", "1s")
        second = swarm.found_channel(a, [c], "--receipt-every", "1s")
        body = swarm.until(lambda: a.officer.release(a.api, {"channel": private, "kind": "statement", "recipients": ["bravo"],
                                                             "body": {"title": "closed", "text": "closed"}}), "a closed record")
        swarm.until(lambda: "bravo" in swarm.held_by(a, body), "it is held", 60)

        def settled():
            digests = [{n.api.get("/v1/channels/%s/situation?at=2030-01-01T00:00:00Z" % ch)["digest"] for n in who}
                       for ch, who in ((channel, (a, b, c)), (second, (a, c)))]
            return all(len(x) == 1 for x in digests)
        swarm.until(settled, "the same situations", 60)
        c.stop()
        d.stop()
        cards = {n.handle: n.card for n in (a, b)}
        m = hostile.Member(c, self.top, cards, {"alfa": a.port, "bravo": b.port}, "alfa")
        m.enter(channel, "alfa")
        m.listen(c.port)
        self.keep(m=m, channel=channel, private=private, second=second, memory=a.memory(), secret=body)
        self.keep(traffic=hostile.Traffic(a, b, channel))
        self.traffic.start()
        self.traffic.goes_on(0)
        m.push()  # as it should be, to begin with

    # proofs, sizes, signatures

    def test_02_checkpoints(self):
        m = self.m
        m.say(closed.TEST, {2: 1}, by=m.me.node)
        m.say(closed.TEST, {2: 2}, by=m.me.node)
        m.push()
        before = self.head_of_ours()
        self.table(hostile.checkpoints(m), self.ask)
        self.assertEqual(self.head_of_ours(), before)

    def test_03_sizes(self):
        """neither an accusation nor a step back: the standard answer says what is stored"""
        began, wrong = time.monotonic(), {}
        for name, path, body, kind, answer in hostile.sizes(self.m):
            a = self.m.post(path, body)
            if (a.status, a.type, a.body) != (409, kind, answer):
                wrong[name] = a.status, a.type, a.body
        self.assertEqual(wrong, {})
        self.sound(began)

    def test_04_entries(self):
        m = self.m
        before = self.head_of_ours()
        leaves, hashes = m.grown(600)
        # leaves of the greatest length and beyond what any record is: stored, marked, never skipped
        leaves[m.held] = os.urandom(65535)
        leaves[m.held + 1] = b""
        hashes = [peer.leaf_hash(x) for x in leaves]
        add = peer.make_add_checkpoint(m.held, peer.subtree_proof(0, m.held, hashes), m.signed(len(leaves), peer.root_of(hashes)))
        self.assertEqual(m.post(ADD, add).status, 200)
        rows = [r for r in hostile.entries(m, leaves, hashes) if r[0] != "bravo's origin"]
        self.table(rows, self.ask)
        self.assertEqual(self.head_of_ours(), before)
        m.own.append(leaves[len(m.own.leaves):])
        m.push()
        self.assertEqual(self.head_of_ours(), (m.origin, len(leaves), m.own.root()))
        shown = swarm.until(lambda: self.alfa.api.get("/v1/records/" + m.own.hashes[before[1]].hex()), "the leaf that is no record", 60)
        self.assertEqual(shown["mark"], "unreadable")

    def test_05_cut_anywhere(self):
        """a push cut at every place: refused, and nothing of it is held; whole, it is taken"""
        m, began = self.m, time.monotonic()
        m.say(closed.TEST, {2: 3}, by=m.me.node)
        n = len(m.own.leaves)
        before = self.head_of_ours()
        add = peer.make_add_checkpoint(n - 1, peer.subtree_proof(0, n - 1, m.own.hashes), m.checkpoint())
        entries = peer.make_entries(m.origin, n - 1, m.own.leaves, m.own.hashes)
        push = peer.make_push(b"", add, entries)
        got = {}
        with m.wire() as w:
            for cut in list(range(0, 60)) + list(range(60, len(push) - len(entries), 37)):
                w.send(post(PUSH, push[:cut]))
                got[cut] = w.answer()[0]
            self.assertLessEqual(set(got.values()), {400, 403, 404}, got)
            self.assertEqual(self.head_of_ours(), before)
            for cut in range(len(push) - len(entries), len(push), 7):  # the checkpoint is pending, the entries are not
                w.send(post(PUSH, peer.make_push(b"", peer.make_add_checkpoint(n, [], m.checkpoint())
                                                 if cut > len(push) - len(entries) else add, entries[:cut - len(push) + len(entries)])))
                got[cut] = w.answer()[0]
                self.assertIn(got[cut], (400, 409), cut)
            self.assertEqual(self.head_of_ours(), before)
        m.push()
        self.assertEqual(self.head_of_ours()[1], n)
        self.sound(began)

    def test_06_cosignatures(self):
        m = self.m
        h = peer.sha256(m.cards["alfa"].origin(self.channel).encode()).hex()
        note = peer.Note(m.get("/log/%s/checkpoint" % h).body)
        path = "/rb/v1/add-cosignatures?channel=" + self.channel
        rows = [r for r in hostile.returns(m, None, note)]
        self.table([(n, path, b, s, c) for n, b, s, c in rows], self.ask)
        # absurd times are no reason: whatever its clock says, it is signed
        for t in (0, 1, 253402300800, (1 << 63) - 1):
            raw = note.raw + peer.cosignature(note.text, m.me.card.mirror_name(), m.me.mirror, t).encode()
            self.assertEqual(m.post(path, struct.pack(">I", len(raw)) + raw).status, 200, t)
        self.sound(time.monotonic())

    # what is not its own

    def test_07_not_its_own(self):
        """its leaves in another channel and epoch, bravo's under its own name: stored, marked, without effect"""
        m, began = self.m, time.monotonic()
        said = m.say(closed.STATEMENT, {1: "mine", 2: "mine"})[1]
        m.push()
        bravo = m.read_feed(m.clients["bravo"], "log", m.cards["bravo"])
        stolen = next(x for x in bravo.leaves if m.envelope(x)[1] == closed.STATEMENT)
        m.own.append([stolen])
        again = m.own.leaves[m.own.hashes.index(said)]
        m.own.append([again])
        m.push()

        bravos = m.own.hashes[-2]
        self.assertEqual(self.alfa.api.get("/v1/records/" + bravos.hex())["author"], "bravo")
        self.marked(self.channel, bravos, ["unknown-signer"])
        self.marked(self.channel, said, [None, "repeated"])
        # the second channel, and a second epoch of the first: the very bytes that were good here
        two = hostile.Member(self.charlie, self.folder("second"), m.cards, {"alfa": self.alfa.port}, "alfa")
        two.cards = {"alfa": self.alfa.card}
        two.enter(self.second, "alfa")
        two.own.append([again])
        two.push()
        self.marked(self.second, two.own.hashes[-1], ["wrong-channel"])
        party = hostile.sealed_key(self.charlie.home, "party", swarm.WORDS + "charlie")
        three = self.epoch(party, 1)
        three.own.append([again])
        three.push()
        self.marked(self.channel, said, [None, "bad-signature", "repeated"])
        # what it has no right to open
        rows = [("a delegation for another origin", self.opening(m.origin[:-1] + "2", party, of=m.origin[:-1] + "3"), 404, "6.3.1"),
                ("a delegation by another's key", self.opening(m.origin[:-1] + "2", peer.private_key(m.me.tls_key)), 404, None),
                ("bravo's delegation", self.opening(m.origin[:-1] + "2", None, of_leaf=bravo.leaves[0]), 404, "6.3.1"),
                ("a second epoch of bravo", self.opening(m.cards["bravo"].origin(self.channel, epoch=1), party), 404, None),
                ("alfa's own feed", self.opening(m.cards["alfa"].origin(self.channel, epoch=1), party), 404, None),
                ("no delegation", self.opening(m.origin[:-1] + "2", None), 404, None)]
        self.table([(n, PUSH, b, s, c) for n, b, s, c in rows], self.ask)
        self.keep(two=two)
        self.sound(began)

    def folder(self, name):
        path = os.path.join(self.top, name)
        os.mkdir(path)
        return path

    def marked(self, channel, record, marks):
        """how alfa shows this leaf, each time it stands in a feed of charlie"""
        def shown():
            rows = self.alfa.api.get("/v1/channels/%s/log?author=charlie&last=20" % channel)["records"]
            return sorted((r["mark"] for r in rows if r["record"] == record.hex()), key=str)
        try:
            swarm.until(lambda: shown() == marks, "", 20)
        except AssertionError:
            self.assertEqual(shown(), marks)

    def opening(self, origin, party, of=None, of_leaf=None):
        """a push that opens a feed of one leaf"""
        leaf = [b"leaf"]
        hashes = [peer.leaf_hash(leaf[0])]
        key = self.m.me.mirror
        signed = hostile.delegation(party, of or origin, key) if party else b""
        if of_leaf:
            signed = self.m.envelope(of_leaf)[12][1]
        add = peer.make_add_checkpoint(0, [], peer.make_checkpoint(origin, 1, hashes[0], key))
        return peer.make_push(signed, add, peer.make_entries(origin, 0, leaf, hashes))

    def epoch(self, party, number):
        """charlie in a further epoch of its feed (6.15): opened with a delegation, as it should be"""
        m = hostile.Member(self.charlie, self.folder("epoch%d" % number), self.m.cards, {"alfa": self.alfa.port}, "alfa")
        m.channel, m.origin = self.channel, self.m.me.card.origin(self.channel, epoch=number)
        m.log_key = closed.nacl.signing.SigningKey.generate()
        signed = hostile.delegation(party, m.origin, m.log_key, (self.m.origin, len(self.m.own.leaves)))
        m.own, m.taken = peer.Feed(m.origin, m.me.card.party, signed), {"alfa": 0}
        m.say(26, {1: signed})
        add = peer.make_add_checkpoint(0, [], m.checkpoint())
        # opened, and nothing is pending yet: entries have nothing to be proved against
        bad = peer.make_push(signed, peer.make_add_checkpoint(0, [bytes(32)], m.checkpoint()), b"")
        self.assertEqual(m.ask(post(PUSH, bad))[0], 422)
        mark = self.log_mark()
        answer = m.ask(post(ENTRIES, peer.make_entries(m.origin, 0, m.own.leaves, m.own.hashes)))
        self.assertIsNone(self.refused("entries before a checkpoint", answer, 422, "6.4.7", mark))
        a = m.post(PUSH, peer.make_push(signed, add, peer.make_entries(m.origin, 0, m.own.leaves, m.own.hashes)))
        self.assertEqual(a.status, 200, a.body)
        m.taken["alfa"] = 1
        return m

    # other people's channels

    def test_08_no_oracle(self):
        """of a channel that is not its own everything is the one 404, byte for byte, that a path of nothing has"""
        m, began = self.m, time.monotonic()
        with m.wire() as w:
            unknown = self.whole(w, get("/nowhere"))
            self.assertTrue(unknown.startswith(b"HTTP/1.1 404 "))
            self.assertNotIn(b"eadback-", unknown.split(b"\r\n\r\n")[0])
            for channel in (self.private, "00" * 16):
                for data in hostile.foreign(m, m.cards, channel):
                    self.assertEqual(self.whole(w, data), unknown, data[:200])
        self.assertFalse([x for x in self.alfa.api.get("/v1/channels")["channels"]
                          if x["channel"] not in (self.channel, self.private, self.second)])
        self.keep(unknown=unknown)
        self.sound(began)

    @staticmethod
    def whole(wire, data):
        code, head, body = wire.send(data).answer()
        return head + b"\r\n\r\n" + body

    def test_09_no_member(self):
        """delta is accredited, and in no channel: it asks, pushes and cosigns as if it were"""
        d, began = peer.Peer(self.delta.home, self.top), time.monotonic()
        party = hostile.sealed_key(self.delta.home, "party", swarm.WORDS + "delta")
        origin = d.card.origin(self.channel)
        with Wire(self.alfa.port, d.context()) as w:
            for channel in (self.channel, self.private):
                for data in hostile.foreign(self.m, dict(self.m.cards, charlie=self.m.me.card, delta=d.card), channel):
                    self.assertEqual(self.whole(w, data), self.unknown, data[:200])
            self.assertEqual(self.whole(w, post(PUSH, self.opening(origin, party))), self.unknown)
            feed = self.m.get("/rb/v1/feed?origin=%s&from=0" % peer.sha256(self.m.origin.encode()).hex()).body
            self.assertEqual(self.whole(w, post(PUSH, feed)), self.unknown)  # a member's own, forwarded by a stranger
            self.assertEqual(w.send(get("/rb/v1/invitations")).answer()[::2], (200, b""))
            time.sleep(1.1)
            mark = self.log_mark()
            self.assertEqual(self.whole(w, get("/rb/v1/heads?channel=" + self.channel)), self.unknown)
        self.assertTrue(self.logged(mark, "6.4.1", ("delta", d.card.hash[:12])))
        self.sound(began)

    def test_10_bodies(self):
        """a closed body by its hash, for who is no reader of it"""
        m, began = self.m, time.monotonic()
        a = self.alfa
        record = swarm.until(lambda: a.officer.release(a.api, {"channel": self.channel, "kind": "statement", "recipients": ["bravo"],
                                                               "body": {"title": "for bravo", "text": "for bravo"}}), "a closed record")
        swarm.until(lambda: "bravo" in swarm.held_by(a, record), "held by bravo", 60)
        feed = m.feeds[m.cards["alfa"].origin(self.channel)]
        swarm.until(lambda: bytes.fromhex(record) in feed.hashes, "the leaf at charlie", 60)
        leaf = feed.leaves[feed.hashes.index(bytes.fromhex(record))]
        digest, size, _ = m.envelope(leaf)[13]
        with m.wire() as w:
            for h in (digest, os.urandom(32)):
                for member in (0, 1, 2, 63, 65536):
                    for start in (0, size - 1, size, 1 << 63):
                        path = "/rb/v1/body?channel=%s&member=%d&hash=%s&from=%d" % (self.channel, member, h.hex(), start)
                        self.assertEqual(self.whole(w, get(path)), self.unknown, path)
        self.sound(began)

    # HTTP

    def test_11_framing(self):
        def ask(data):
            with self.m.wire() as w:
                answer = w.send(data).answer()
                if not w.ends(5):
                    return 0, b"", b"the connection was left open"
                return answer
        self.table(hostile.framing(), ask)

    def test_12_sent_before_the_answer(self):
        """a second request while the first is held ends the connection (7.3.8)"""
        m, began, mark = self.m, time.monotonic(), self.log_mark()
        with m.wire() as w:
            w.send(get("/rb/v1/news?channel=%s&have=%s" % (self.second, self.digest(self.second))))
            time.sleep(0.3)
            w.send(get("/"))
            self.assertTrue(w.ends())
        self.assertTrue(self.logged(mark, "7.3.8"))
        self.sound(began)

    def digest(self, channel):
        a = self.m.get("/rb/v1/heads?channel=" + channel)
        return peer.heads_digest(peer.read_heads(a.body))

    # TLS

    def test_13_tls(self):
        m, began, port = self.m, time.monotonic(), self.alfa.port
        key = os.path.join(self.top, "stranger.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
        rsa = os.path.join(self.top, "rsa.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "rsa", "-out", rsa], check=True, capture_output=True)
        old = m.me.context()
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2
        named = [peer.tls_context(False, peer.self_signed(self.folder(n), "charlie", k), k) for n, k in (("a", key), ("b", rsa))]
        mark = self.log_mark()
        for name, context in (("TLS 1.2", old), ("a stranger's key", named[0]), ("another kind of key", named[1]),
                              ("no certificate", peer.tls_context(False))):
            try:
                with Wire(port, context) as w:
                    self.assertEqual(w.send(get("/")).answer()[0], 0, name)
            except (ssl.SSLError, OSError):
                pass
        with Wire(port) as w:  # no TLS at all
            w.send(get("/"))
            self.assertTrue(w.ends())
        with Wire(port) as w:
            w.send(os.urandom(5000))
            self.assertTrue(w.ends())
        self.assertGreater(swarm.read(self.alfa.log)[mark:].count(b"handshake failed"), 3)
        for cut in (1, 5, 100):  # garbage on an open connection: not one byte of it is taken for a request
            with m.wire() as w:
                self.assertEqual(w.send(get("/")).answer()[0], 404)
                raw = socket.socket(fileno=os.dup(w.sock.fileno()))
                raw.sendall(os.urandom(cut) if cut < 100 else b"\x17\x03\x03\x00\x20" + os.urandom(32))
                raw.shutdown(socket.SHUT_WR)
                raw.close()
                self.assertTrue(w.ends())
        self.sound(began)

    def test_14_key_updates(self):
        """a few are borne, many end the connection (7.1.4); there is no renegotiation"""
        m, began = self.m, time.monotonic()

        def updates(count):
            def feed(write, seen):
                seen(b"verify return")
                for i in range(count):
                    if not write(b"K\n") or not seen(b"KEYUPDATE", i + 1):
                        return
                write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                seen(b"HTTP/1.1 404")
            return feed
        said = hostile.s_client(self.alfa.port, m.me.certificate, m.me.tls_key, updates(5))
        self.assertIn(b"HTTP/1.1 404", said)
        mark = self.log_mark()
        said = hostile.s_client(self.alfa.port, m.me.certificate, m.me.tls_key, updates(150))
        self.assertNotIn(b"HTTP/1.1 404", said)
        self.assertTrue(self.logged(mark, "7.1.4"))
        self.sound(began)

    # slowness

    def test_15_drips(self):
        """half a head, half a body, byte by byte: 408 after the deadline, whatever drips in"""
        m, began, mark = self.m, time.monotonic(), self.log_mark()
        head = request = b"GET /rb/v1/heads?channel=" + self.channel.encode() + b" HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 500
        body = post(PUSH, bytes(2000))

        def drip(data, pause):
            with m.wire() as w:
                start = time.monotonic()
                try:
                    for i in range(len(data)):
                        w.send(data[i:i + 1])
                        time.sleep(pause)
                        if time.monotonic() - start > 4 * DEADLINE:
                            return 0, b"still open after %d bytes" % i
                        if select_readable(w):
                            break
                except OSError:
                    pass
                code, _, said = w.answer()
                return code, said
        cases = [(head, 0.02), (head[:40], 0.05), (body[:300], 0.01), (body, 0.01), (b"G", 0), (head[:-1] + b"\r\n", 0.1)]
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            many = list(pool.map(lambda c: drip(*c), cases * 6))
        self.assertEqual({c for c, _ in many}, {408}, many)
        self.assertTrue(all(b"7.2.2" in said for _, said in many), many)
        self.assertTrue(self.logged(mark, "7.2.2"))
        with Wire(self.alfa.port) as w:  # a handshake that never comes
            self.assertTrue(w.ends(4 * DEADLINE))
        self.sound(began)

    # much

    def test_16_unread_answers(self):
        """many large answers asked for and never taken: one party has its share, the others theirs"""
        m = self.m
        leaves = [os.urandom(60000) for _ in range(200)]
        m.own.append(leaves)
        m.push("alfa")
        began = time.monotonic()
        path = "/rb/v1/feed?origin=%s&from=%d" % (peer.sha256(m.origin.encode()).hex(), len(m.own.leaves) - 200)
        wires = [m.wire() for _ in range(40)]
        mark = self.log_mark()
        for w in wires:
            w.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            w.send(get(path))
        self.traffic.goes_on(time.monotonic())
        codes = [w.answer() for w in wires[::-1][:10]]
        self.assertIn(503, [c[0] for c in codes], "not one of them too many")
        self.assertTrue(all(b"7.2.4" in c[2] for c in codes if c[0] == 503))
        self.assertTrue(self.logged(mark, "7.2.4"))
        self.sound(began)
        for w in wires:
            w.close()
        swarm.until(lambda: m.ask(get(path))[0] == 200, "answers again", 60)

    def test_17_unfinished_bodies(self):
        m, began = self.m, time.monotonic()
        wires, refused = [m.wire() for _ in range(12)], []
        for w in wires:
            try:
                w.send(request_of(PUSH, MANY) + bytes(8 << 20))
            except OSError:
                refused.append(w)
        self.traffic.goes_on(time.monotonic())
        # who is refused is told at once; the others are waited for, longer than we wait for them
        self.assertIn(503, answers(wires, 20))
        self.sound(began)
        for w in wires:
            w.close()

    def test_18_connections(self):
        """of one party, and of strangers: the honest find room"""
        m, began = self.m, time.monotonic()
        wires, taken = [], 0
        for _ in range(100):
            try:
                wires.append(m.wire(source="127.0.0.%d" % (20 + len(wires) // 30)))
            except OSError:
                pass
        for w in wires:
            try:
                taken += w.send(get("/")).answer()[0] == 404
            except OSError:
                pass
        self.assertLessEqual(taken, 72)  # 7.2.5: of one party
        self.assertGreater(taken, 50)
        strangers = []
        for i in range(900):
            try:
                strangers.append(Wire(self.alfa.port, source="127.0.1.%d" % (1 + i // 60)))
            except OSError:
                pass
        self.traffic.goes_on(time.monotonic())
        self.sound(began)
        for w in wires + strangers:
            w.close()

    def test_19_requests(self):
        """as many as it can ask, of every kind, for a while; and as many held ones as it likes"""
        m, began = self.m, time.monotonic()
        end, counts = time.monotonic() + 5, []
        paths = [get(p) for p in ("/", "/rb/v1/heads?channel=" + self.channel, "/rb/v1/feed?origin=%s&from=0" % peer.sha256(
            m.origin.encode()).hex(), "/rb/v1/body?channel=%s&member=0&hash=%s&from=0" % (self.channel, "00" * 32))]
        paths.append(post(PUSH, os.urandom(2000)))

        def flood(k):
            done = 0
            while time.monotonic() < end:
                try:
                    with m.wire(source="127.0.0.%d" % (40 + k)) as w:
                        while time.monotonic() < end and w.send(paths[done % len(paths)]).answer()[0]:
                            done += 1
                except OSError:
                    pass
            counts.append(done)
        floods = [threading.Thread(target=flood, args=(k,)) for k in range(4)]
        for t in floods:
            t.start()
        for t in floods:
            t.join()
        print("# %d requests in 5 s" % sum(counts), flush=True)
        held = [m.wire() for _ in range(40)]
        have = self.digest(self.second)
        for w in held:
            w.send(get("/rb/v1/news?channel=%s&have=%s" % (self.second, have)))
        said = answers(held, 20)
        # 6.6: one held for each member and channel, whichever comes to its turn last; an earlier one is answered
        self.assertEqual((said.count(200), said.count(None)), (39, 1))
        self.sound(began)
        for w in held:
            w.close()


    # what it answers

    def test_20_answers_to_pushes(self):
        """alfa pushes, charlie answers what it likes: no receipt is made of it"""
        m, began = self.m, time.monotonic()
        text, name, key = (lambda p: p.note.text), m.me.card.mirror_name(), m.me.mirror
        more = peer.checkpoint_text

        def line(signer, t=5, of=text):
            return lambda p: (200, peer.cosignature(of(p), name, signer, t).encode())
        other = closed.nacl.signing.SigningKey.generate()
        ways = {
            "a key of nobody": lambda p: (200, peer.signature_line(name, peer.MIRROR_KEY, peer.public_of(key), struct.pack(
                ">Q", 5) + other.sign(peer.cosigned_text(5, p.note.text)).signature).encode()),
            "of another size": line(key, of=lambda p: more(p.note.origin, p.note.size + 1, p.note.root)),
            "of another root": line(key, of=lambda p: more(p.note.origin, p.note.size, peer.EMPTY)),
            "of another feed": line(key, of=lambda p: more(m.origin, p.note.size, p.note.root)),
            "another mirror's name": lambda p: (200, peer.cosignature(p.note.text, m.cards["bravo"].mirror_name(), key, 5).encode()),
            "nothing": lambda p: (200, b""),
            "a megabyte": lambda p: (200, b"\xe2\x80\x94 x AAAAAAAA\n" * 65536),
            "no line": lambda p: (200, b"OK"),
            "a refusal": lambda p: (403, b"no"),
            "more of it than there is": lambda p: (409, b"%d\n%d\n\n" % (p.note.size + 9, p.note.size + 9), peer.INFO_TYPE),
            "sizes that are none": lambda p: (409, b"-1\nx\n\n", peer.INFO_TYPE),
            "a ticket without end": lambda p: (202, b"1\n1\n" + b"A" * 200000 + b"\n", peer.INFO_TYPE),
        }
        wrong = []
        for name_of, way in ways.items():
            mark, end, said = self.log_mark(), time.monotonic() + 90, []
            while not said and time.monotonic() < end:  # an answer that did not arrive is given again
                if not m.ways:
                    m.ways = [way, None]
                said = self.logged(mark, "6.3.5", ("charlie",), 2)
            if not said:
                wrong.append(name_of)
            swarm.until(lambda: not m.ways, "a push to charlie after " + name_of, 60)
        self.assertEqual(wrong, [])
        self.sound(began)

    def test_21_held_and_ahead(self):
        """what it says to hold of ours and our keys did not sign (6.14.3); advance copies that are none (6.17.3)"""
        m, began, mark = self.m, time.monotonic(), self.log_mark()
        path = "/rb/v1/held?channel=" + self.channel
        note = m.signed(5, peer.EMPTY, name=m.cards["alfa"].origin(self.channel),
                        text=peer.checkpoint_text(m.cards["alfa"].origin(self.channel), 1 << 40, peer.EMPTY)).encode()
        self.assertEqual(m.post(path, (struct.pack(">I", len(note)) + note) * 50).status, 200)
        self.assertTrue(self.logged(mark, "6.14.3"))
        self.table([("lengths that do not add up", path, b"\0\0\1\0x", 400, "6.14.2"),
                    ("a note of 4 GiB", path, b"\xff\xff\xff\xffx", 400, "6.14.2")], self.ask)
        self.table([(n, "/rb/v1/advance?channel=" + self.channel, b, s, c) for n, b, s, c in hostile.ahead(m)], self.ask)
        self.sound(began)

    def test_22_false_evidence(self):
        m = self.m
        path = "/rb/v1/evidence?channel=" + self.channel
        self.table([(n, path, b, s, c) for n, b, s, c in hostile.accusations(m)], self.ask)
        for n in (self.alfa, self.bravo):
            self.assertEqual(self.forks(n), [])

    @staticmethod
    def forks(node):
        return [p["sentence"] for p in node.api.get("/v1/doctor")["problems"] if p["code"] == "fork"]

    # the end of its feeds

    def test_23_left(self):
        """it leaves the second channel and would say more there"""
        two, began = self.two, time.monotonic()
        two.taken["alfa"] = len(two.own.leaves)
        two.say(3, {1: 2})
        two.push()
        n = len(two.own.leaves)
        swarm.until(lambda: self.alfa.api.get("/v1/records/" + two.own.hashes[-1].hex()), "that it left", 30)
        two.say(closed.TEST, {2: 9}, by=two.me.node)
        add = peer.make_add_checkpoint(n, peer.subtree_proof(0, n, two.own.hashes), two.checkpoint())
        time.sleep(1.1)
        mark = self.log_mark()
        answer = two.ask(post(PUSH, peer.make_push(b"", add, peer.make_entries(two.origin, n, two.own.leaves, two.own.hashes))))
        self.assertIsNone(self.refused("more", answer, 403, "6.4.5", mark))
        self.sound(began)

    def test_24_two_histories(self):
        """one to alfa, another to bravo: both know it at once, with evidence that anybody can check"""
        m, began = self.m, time.monotonic()
        m.push()
        n = len(m.own.leaves)
        sides = []
        for handle in ("alfa", "bravo"):
            leaves = m.own.leaves + [m.me.test_record(self.channel, m.origin, 200000 + len(sides))] * 1
            hashes = [peer.leaf_hash(x) for x in leaves]
            add = peer.make_add_checkpoint(n, peer.subtree_proof(0, n, hashes), m.signed(n + 1, peer.root_of(hashes)))
            sides.append((handle, peer.make_push(b"", add, peer.make_entries(m.origin, n, leaves, hashes))))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            codes = list(pool.map(lambda s: m.clients[s[0]].post(PUSH, s[1]).status, sides))
        self.assertIn(200, codes)
        key = peer.public_of(m.log_key)
        for node in (self.alfa, self.bravo):
            told = swarm.until(lambda: self.forks(node), node.handle + " knows of the fork", 60)
            self.assertIn("charlie", told[0])

            def evidence():
                return m.clients[node.handle].get("/rb/v1/evidence?channel=" + self.channel).body
            r = peer.Reader(swarm.until(evidence, "evidence at " + node.handle, 30))
            while r.left():
                hostile.proves_fork(r.take(r.number(4)), key)
            # frozen: nothing larger of either history
            leaves, hashes = m.grown(2)
            add = peer.make_add_checkpoint(n, peer.subtree_proof(0, n, hashes), m.signed(n + 2, peer.root_of(hashes)))
            code, _, body = hostile_ask(m, node.handle, post(ADD, add))
            self.assertIn((code, b"6.4.5" in body or b"6.4.4" in body), ((403, True), (422, True)), body)
        self.sound(began)

    def test_25_the_end(self):
        """all that was said in honesty is there, alike, after all that; and the daemons end as they should"""
        self.traffic.stop()
        a, b = self.alfa, self.bravo
        at = "/v1/channels/%s/situation?at=2040-01-01T00:00:00Z" % self.channel
        swarm.until(lambda: a.api.get(at)["digest"] == b.api.get(at)["digest"], "the same situation", 60)
        worst = max(e - s for s, e in self.traffic.rounds)
        print("# %d rounds of honest traffic, the longest %.1f s; at most %d MiB, %d at the start" % (
            len(self.traffic.rounds), worst, self.traffic.memory, self.memory), flush=True)
        for n in (a, b):
            n.stop()


def hostile_ask(m, handle, data):
    with Wire(m.clients[handle].port, m.me.context()) as w:
        return w.send(data).answer()


def select_readable(w):
    return bool(select.select([w.sock], [], [], 0)[0])


def request_of(path, length):
    return b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (path.encode(), length)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Hostile)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
