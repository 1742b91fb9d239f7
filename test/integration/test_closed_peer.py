#!/usr/bin/python3
"""A hostile member. alfa and bravo are real; charlie's home is made with the programs, then py/closed.py, which
shares no code with ours, goes on as charlie: first as it should be, then with whatever a member could do to those
who take its leaves and its bodies. Usage: test_closed_peer.py READBACK READBACKD"""
import base64
import json
import os
import re
import shutil
import struct
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
import closed  # noqa: E402
import peer  # noqa: E402
import sealed  # noqa: E402
from closed import Body, entry  # noqa: E402
from test_cli import Party, Tap, read, until  # noqa: E402

WORD = "Qanariya"  # stands in closed bodies, and in nothing that anybody else may see
FLOOD = 10000
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_of(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) >> 10


class Hostile(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-closed-peer-")
        cls.key = closed.nacl.signing.SigningKey.generate()
        public = os.path.join(cls.top, "second.pub")
        blob = struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32) + bytes(cls.key.verify_key)
        with open(public, "wb") as f:
            f.write(b"ssh-ed25519 " + base64.b64encode(blob) + b" second\n")
        cls.alfa, cls.bravo = Party(cls.top, "alfa"), Party(cls.top, "bravo")
        cls.charlie = Party(cls.top, "charlie", "--officer", "duty", "--officer", "second=" + public)
        cls.house = None

    @classmethod
    def tearDownClass(cls):
        if cls.house:
            cls.house.close()
        for p in (cls.alfa, cls.bravo, cls.charlie):
            if p.daemon:
                p.daemon.kill()
                p.daemon.wait()
        shutil.rmtree(cls.top)

    # helpers

    def keep(self, **what):
        for name, value in what.items():
            setattr(Hostile, name, value)

    def site(self, to, title=WORD):
        r = self.alfa.run("notice", "site", "--recipients", to, "--form", "-", "--yes", "--json",
                          stdin="title: %s\ncircle: 35.5000,36.1000,150m\n" % title)
        self.assertEqual(r.returncode, 0, r.stderr)
        return json.loads(r.stdout)["record"]

    def shown(self, p, record):
        r = p.run("show", record, "--json")
        return json.loads(r.stdout) if r.returncode == 0 else None

    def state(self, p, record):
        o = self.shown(p, record)
        return o and (o["body_state"], o["body_why"])

    def opened(self, p, record, name, seconds=20):
        try:
            return until(lambda: self.state(p, record) == ("opened", None), name, seconds)
        except AssertionError:
            raise AssertionError("%s: %s is %s at %s" % (name, record[:8], self.state(p, record), p.handle)) from None

    def keys(self, *handles):
        return [self.house.key_of(h) for h in handles]

    def statement(self, title=WORD, to=("alfa", "charlie"), **more):
        return Body.of(closed.STATEMENT, {1: title, 2: WORD + " said by charlie"}, self.keys(*to), **more)

    def members(self, *handles):
        return [self.house.members[h] for h in handles]

    def log_of(self, p, kind, before=None):
        """envelopes of a daemon's own feed, of one kind"""
        card = self.house.cards[p.handle]
        feed = self.house.read_feed(self.house.clients[p.handle], "log", card)
        return [(leaf, e) for leaf, e in ((x, self.house.envelope(x)) for x in feed.leaves) if e[1] == kind]

    def missing(self, p):
        """what p's latest receipt says of charlie's bodies: (size, missing)"""
        said = [b for _, e in self.log_of(p, closed.RECEIPT) for b in e[12].get(2, []) if b[0] == self.house.index]
        return (said[-1][2], said[-1][3]) if said else (0, [])

    def alive(self):
        """it runs; its files are for nobody else; no word of a closed body in the log, the files, the environment or
        the arguments; what it must not spill is locked and in no dump"""
        for p in (self.alfa, self.bravo):
            for folder, _, files in os.walk(p.home):
                self.assertEqual(os.stat(folder).st_mode & 0o77, 0, folder)
                for f in files:
                    self.assertEqual(os.lstat(os.path.join(folder, f)).st_mode & 0o77, 0, f)
                    if os.path.isfile(os.path.join(folder, f)):
                        self.assertNotIn(WORD.encode(), read(folder, f), f)
            proc = "/proc/%d/" % p.daemon.pid
            self.assertNotIn(WORD.encode(), read(proc + "cmdline"))
            if os.access(proc + "environ", os.R_OK):
                self.assertNotIn(WORD.encode(), read(proc + "environ"))
            self.assertRegex(read(proc + "limits").decode(), r"Max core file size\s+0\s+0 ")
            self.assertEqual(os.stat(proc).st_uid, 0)  # not dumpable
            self.assertIsNone(p.daemon.poll(), p.handle)
            log = read(p.home + ".log")
            self.assertNotIn(WORD.encode(), log)
            self.assertNotIn(b"some work was left out", log, p.handle)
            self.assertNotIn(b"runtime error", log, p.handle)

    # the parties

    def test_01_channel(self):
        everybody = (self.alfa, self.bravo, self.charlie)
        for p in everybody:
            with open(os.path.join(p.home, "config.ini"), "a") as f:
                f.write("[log]\nlevel = debug\n")
            p.start()
            p.card = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", p.card)
        for p in everybody:
            for q in everybody:
                if p is not q:
                    p.ok("accredit", q.card, "--fingerprint", q.json("fingerprint")["fingerprint"])
        channel = self.alfa.json("channel", "propose", "--title", "Line", "--member", "bravo", "--member", "charlie",
                                 "--receipt-every", "1s", "--yes")["channel"]
        for p in (self.bravo, self.charlie):
            until(lambda: p.json("inbox")["invitations"], "the invitation")
            p.ok("channel", "accept", channel, "--officer", "duty", "--yes")
        def settled():
            digests = {p.json("situation", "--at", "2030-01-01T00:00:00Z")["digest"] for p in everybody}
            return len(digests) == 1 and all(p.json("channel", "show")["state"] == "in-force" for p in everybody)
        until(settled, "the same situation")
        self.charlie.stop()
        cards = {p.handle: peer.Card(read(p.card)) for p in (self.alfa, self.bravo)}
        house = closed.House(self.charlie.home, self.top, self.key, cards, {"alfa": self.alfa.port, "bravo": self.bravo.port})
        house.enter(channel, "alfa")
        house.listen(self.charlie.port)
        self.keep(house=house, channel=channel)

    # as it should be

    def test_02_a_recipient(self):
        """what alfa seals to charlie: handed over before the leaf, given on demand, opened by age, as committed"""
        house, record = self.house, self.site("bravo,charlie")
        feed = house.feeds[house.cards["alfa"].origin(self.channel)]
        until(lambda: bytes.fromhex(record) in feed.hashes, "the leaf, pushed to charlie")
        self.assertEqual(house.faults, [])
        leaf = feed.leaves[feed.hashes.index(bytes.fromhex(record))]
        digest, size, commitments = house.envelope(leaf)[13]
        self.assertEqual([(w, m, s, f) for w, m, d, s, f, _ in house.posted if d == digest], [("alfa", 0, size, 0)])
        handed = next(x[5] for x in house.posted if x[2] == digest)
        fetched = house.fetch("alfa", digest, size)
        self.assertEqual(handed, fetched)
        self.opened(self.bravo, record, "opened at bravo")
        self.assertEqual(house.clients["bravo"].get(house.body_path("alfa", digest)).body, fetched)  # from any who has it
        plain = closed.age_open(os.path.join(self.charlie.home, "keys", "age.txt"), fetched)
        kind, body, n = sealed.check(leaf, plain, fetched)
        self.assertEqual((kind, body[1], body[2], n), (closed.NOTICE, 3, WORD, 1))
        self.keep(record=record, digest=digest, size=size, feed=feed, leaf_index=feed.hashes.index(bytes.fromhex(record)))

    def holder(self, record, who):
        return next(h for h in self.shown(self.alfa, record)["holders"] if h["member"] == who)

    def test_03_its_receipt(self):
        """held needs both: the cosignature (given when it was pushed), and a receipt with bodies"""
        time.sleep(2.5)
        h = self.holder(self.record, "charlie")
        self.assertEqual((h["held"], h["body_held"]), (False, False))
        me, upto = self.house, self.leaf_index + 1
        me.say(closed.RECEIPT, {2: [[0, 0, upto, [self.leaf_index]]]}, by=me.me.node)
        me.push()
        time.sleep(1.5)
        self.assertFalse(self.holder(self.record, "charlie")["held"])  # said to be missing
        me.say(closed.RECEIPT, {2: [[0, 0, upto, []]]}, by=me.me.node)
        me.push()
        until(lambda: self.holder(self.record, "charlie")["held"], "held by charlie, leaf and body")

    def test_04_an_author(self):
        """handed over, and asked for; a text, an attachment of several chunks; shown, and in alfa's receipts"""
        me = self.house
        first = self.statement(WORD + " 1")
        self.assertEqual(me.hand_over("alfa", first), [first.size])
        text = Body.of(closed.TEXT, {1: WORD, 2: 1, 3: ["one", "two"]}, self.keys("alfa", "charlie"))
        content = os.urandom(200000)
        picture = Body.of(closed.ATTACHMENT, {1: "a.bin", 3: len(content)}, self.keys("alfa", "charlie"), content)
        me.given.update({b.hash: b.sealed for b in (text, picture)})
        to = self.members("alfa", "charlie")
        said = [me.say(closed.STATEMENT, to=to, detached=first), me.say(closed.TEXT, to=to, detached=text),
                me.say(closed.ATTACHMENT, to=to, detached=picture)]
        me.push()
        for _, h in said:
            self.opened(self.alfa, h.hex(), "opened at alfa")
            self.assertEqual(self.state(self.bravo, h.hex()), ("", None))
        self.assertEqual(self.shown(self.alfa, said[1][1].hex())["body"]["paragraphs"], ["one", "two"])
        out = os.path.join(self.top, "a.bin")
        self.alfa.ok("save", said[2][1].hex(), "--out", out)
        self.assertEqual(read(out), content)
        self.assertEqual(me.requests(first.hash), [])  # it had come already
        until(lambda: self.missing(self.alfa) == (said[2][0] + 1, []), "alfa's receipt")
        self.assertEqual(self.missing(self.bravo), (0, []))  # nothing was addressed to it
        self.keep(good=said)

    # asking for what is not ours

    def raw(self, handle, path, method=b"GET"):
        return self.house.clients[handle].raw(method + b" " + path.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")

    def test_05_no_oracle(self):
        """the same 404, byte for byte, for what is there, is not, was purged, is half there, and for our own
        record that names the same bytes"""
        me, record = self.house, self.site("bravo", WORD + " for bravo")
        gone = self.site("bravo", WORD + " to be purged")
        for r in (record, gone):
            self.opened(self.bravo, r, "opened at bravo")
            until(lambda: bytes.fromhex(r) in self.feed.hashes, "the leaf at charlie")
        until(lambda: self.holder(gone, "bravo")["held"], "held by bravo")
        for p in (self.alfa, self.bravo):
            p.ok("purge", gone, "--yes")
            self.assertEqual(self.state(p, gone)[0], "purged")
        cipher = {r: me.envelope(self.feed.leaves[self.feed.hashes.index(bytes.fromhex(r))])[13] for r in (record, gone)}
        # charlie's own records name bravo's and alfa's bytes as its own
        stolen = [Body(b"", c[2], c[1], c[0]) for c in cipher.values()]
        said = [me.say(closed.NOTICE, to=self.members("alfa", "bravo", "charlie"), detached=b) for b in stolen]
        me.push()
        until(lambda: all(self.state(p, h.hex()) and self.state(p, h.hex())[0] == "missing"
                          for p in (self.alfa, self.bravo) for _, h in said), "missing: nobody has them as charlie's")
        for handle in ("alfa", "bravo"):
            unknown = self.raw(handle, "/nowhere")
            self.assertTrue(unknown.startswith(b"HTTP/1.1 404 "))
            for digest, size, _ in list(cipher.values()) + [(os.urandom(32), 700, [])]:
                for member in (0, 1, 2, 3, 63, 64, 65535, 65536, 1 << 32, 1 << 63):
                    for start in (0, 1, size - 1, size, 65536, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
                        path = me.body_path(None, digest, start, member)
                        self.assertEqual(self.raw(handle, path), unknown, path)
            path = me.body_path("alfa", cipher[record][0])
            for other in (path.replace("from=0", "from=-1"), path.replace("&from=0", ""), path.replace("hash=", "hash=00"),
                          path.replace("member=", "member=+"), path.replace(self.channel, "00" * 16), path + "&from=0",
                          path.replace("channel", "chann"), path.upper(), path.replace("?", "?x=1&"),
                          me.body_path("alfa", self.digest, self.size), me.body_path("charlie", self.digest)):
                self.assertEqual(self.raw(handle, other), unknown, other)
        # and who may have it gets it; but not what is gone
        self.assertEqual(me.clients["alfa"].get(me.body_path("alfa", self.digest)).status, 200)
        self.keep(cipher=cipher, stolen=said, for_bravo=record)

    # handing over what is no good

    def test_06_posts(self):
        me, ask = self.house, self.house.clients["alfa"].post
        path = "/rb/v1/bodies?channel=" + self.channel
        good = self.statement(WORD + " later")
        h, data = good.hash, good.sealed
        whole = entry(me.index, h, len(data), 0, data)
        u64 = (1 << 64) - 1
        bad = [b"", b"\0", whole[:-1], whole + b"x", whole[:54], whole[:30], entry(2, h, 0, 0, b""), entry(2, h, 10, 11, b""),
               entry(2, h, 10, 0, data[:11]), entry(2, h, 10, u64, b"x"), entry(2, h, u64, u64, b"x"),
               struct.pack(">H", 2) + h + struct.pack(">QQI", u64, 1, (1 << 32) - 1) + b"x",
               struct.pack(">H", 2) + h + struct.pack(">QQI", 4, 0, (1 << 31)) + b"xxxx",
               entry(2, h, 10, 0, b"") * 4097, os.urandom(5000), whole + entry(2, h, 10, 11, b"")]
        for body in bad:
            a = ask(path, body)
            self.assertEqual((a.status, b"9.4.2" in a.body), (400, True), (body[:60], a.body))
        # of a right form, and of no use: 200, nothing kept
        for e in (entry(2, h, len(data), 0, b"x" + data[1:]), entry(2, h, len(data) + 1, 0, data), entry(2, h, len(data), 0, data[:-1]),
                  entry(2, h, len(data), 1, data[1:]), entry(2, h, u64, 0, data), entry(2, h, u64, u64 - 1, b"x"),
                  entry(3, h, len(data), 0, data), entry(63, h, len(data), 0, data), entry(65535, h, len(data), 0, data),
                  entry(2, bytes(32), 67436544, 0, os.urandom(200000)), entry(2, h, 131073, 0, os.urandom(131073)),
                  # bodies of others that are held, purged, or not known: nothing of ours gets there
                  entry(1, self.digest, self.size, 0, b"x" * self.size), entry(0, os.urandom(32), 5, 0, b"hello")):
            a = me.hand("alfa", e)
            self.assertEqual((a.status, closed.read_haves(a.body)[0][2]), (200, 0), e[:60])
        for r, (digest, size, _) in self.cipher.items():  # held or purged by its recipient: as long as ever
            self.assertEqual(closed.read_haves(me.hand("bravo", entry(0, digest, size, 0, b"x" * size)).body)[0][2], size)
        self.assertEqual(self.state(self.bravo, self.for_bravo), ("opened", None))
        self.assertEqual(ask("/rb/v1/bodies?channel=" + "0" * 32, whole).status, 404)
        self.assertEqual(ask("/rb/v1/bodies", whole).status, 404)
        # a flood of ours does not drive out what bravo gives, and the honest one comes through behind it
        before = memory_of(self.alfa.daemon.pid)
        for _ in range(12):
            junk = [os.urandom(60) for _ in range(4000)]
            self.assertEqual(me.hand("alfa", *(entry(2, peer.sha256(j), len(j), 0, j) for j in junk)).status, 200)
        self.assertLess(memory_of(self.alfa.daemon.pid) - before, 64)
        self.assertEqual(me.hand_over("alfa", good), [len(data)])
        _, r = me.say(closed.STATEMENT, to=self.members("alfa", "charlie"), detached=good)
        me.push()
        self.opened(self.alfa, r.hex(), "the honest one")
        self.assertEqual(me.requests(h), [])
        self.alive()

    def test_07_pieces(self):
        """of a long body, from its author: gaps, overlaps and crumbs are of no use; what goes on from there is"""
        me, content = self.house, os.urandom(300000)
        body = Body.of(closed.ATTACHMENT, {1: "b.bin", 3: len(content)}, self.keys("alfa", "charlie"), content)
        _, r = me.say(closed.ATTACHMENT, to=self.members("alfa", "charlie"), detached=body)
        me.push()
        until(lambda: self.state(self.alfa, r.hex()), "the leaf")
        def give(start, end, **more):
            e = entry(me.index, body.hash, more.get("size", body.size), start, body.sealed[start:end])
            return closed.read_haves(me.hand("alfa", e).body)[0][2]
        self.assertEqual(give(0, 0), 0)
        self.assertEqual(give(65536, 131072), 0)  # a gap
        self.assertEqual([give(i, i + 1) for i in range(20)], [0] * 20)  # crumbs
        self.assertEqual(give(0, 65535), 0)
        self.assertEqual(give(0, 70000), 70000)
        self.assertEqual(give(0, 70000), 70000)  # said again
        self.assertEqual(give(60000, 140000), 70000)  # an overlap
        self.assertEqual(give(70000, 140000, size=body.size + 1), 0)
        self.assertEqual(give(70000, 140000, size=1 << 62), 0)
        self.assertEqual(give(70000, 70001), 70000)
        self.assertEqual(give(140000, body.size), 70000)  # a gap again
        self.assertEqual(give(70000, body.size), body.size)
        self.opened(self.alfa, r.hex(), "opened")

    def test_07b_many_name_one(self):
        """an attachment that hundreds of leaves name, some of them falsely, is opened for a few of them"""
        me, to, content = self.house, self.members("alfa", "charlie"), os.urandom(24 << 20)
        body = Body.of(closed.ATTACHMENT, {1: "d.bin", 3: len(content)}, self.keys("alfa", "charlie"), content)
        me.given[body.hash] = body.sealed
        false = [Body(b"", [os.urandom(32), body.commitments[1]], body.size, body.hash) for _ in range(8)]
        cpu = cpu_of(self.alfa.daemon.pid)
        said = [(*me.say(closed.ATTACHMENT, to=to, detached=b), b is body) for f in false for b in [body] * 30 + [f]]
        me.push()
        self.opened(self.alfa, said[0][1].hex(), "the first", 60)
        for _, h, true in said:
            until(lambda: self.state(self.alfa, h.hex())[0] == ("opened" if true else "bad"), "the verdict on each", 60)
        used = cpu_of(self.alfa.daemon.pid) - cpu
        print("# %d leaves that name 24 MiB: %.1f s of CPU" % (len(said), used))
        self.assertLess(used, 8)
        self.keep(false=[(i, h) for i, h, true in said if not true])

    # leaves whose bodies are no good

    def cases(self):
        """name: (kind, detached, what is handed over or given, state at alfa, a word of why)"""
        st, at, note = closed.STATEMENT, closed.ATTACHMENT, closed.NOTICE
        both = self.keys("alfa", "charlie")
        true = {1: WORD, 2: WORD}
        salt = os.urandom(32)
        out = {}
        def add(name, kind, detached, state, why, given=True):
            out[name] = (kind, detached, given, state, why)
        def of(kind=st, body=true, **more):
            return Body.of(kind, body, more.pop("keys", both), **more)
        good = of()
        add("never comes", st, good, "missing", "", False)
        cut = of()
        add("cut on the way", st, Body(cut.sealed[:-9], cut.commitments, cut.size, cut.hash), "missing", "")
        add("cut by its author", st, Body(cut.sealed[:-9], cut.commitments), "bad", "cut or changed")
        add("not of age", st, Body(os.urandom(900), cut.commitments), "bad", "cut or changed")
        add("one byte", st, Body(b"x", cut.commitments), "bad", "cut or changed")
        add("a header that goes on", st, Body(b"age-encryption.org/v1\n-> X " + b"A" * 60000, cut.commitments), "bad", "cut or changed")
        add("age v2", st, Body(cut.sealed.replace(b"/v1", b"/v2", 1), cut.commitments), "bad", "cut or changed")
        low = re.sub(rb"X25519 \S+", b"X25519 " + b"A" * 43, cut.sealed)
        add("a share of zeros", st, Body(low, cut.commitments), "bad", "cut or changed")
        add("not for alfa", st, of(keys=self.keys("charlie")), "bad", "not sealed to a key of ours")
        add("other words", st, of(told={1: WORD, 2: "not this"}), "bad", "not what the record commits to")
        add("another salt", st, Body(good.sealed[:0] + of().sealed, [salt]), "bad", "not what the record commits to")
        add("padding too long", st, of(padding=bytes(600)), "bad", "cannot be read")
        add("padding not zeros", st, of(padding=b"\1" * len(closed.pad(b"\x83" + closed.encode([salt]) + closed.encode(true)))),
            "bad", "cannot be read")
        add("no padding", st, of(padding=b""), "bad", "cannot be read")
        add("two salts", st, of(salts=[salt, os.urandom(32)]), "bad", "cannot be read")
        add("no salt", st, Body(closed.age(closed.head([], true), both), [salt]), "bad", "cannot be read")
        add("a short salt", st, Body(closed.age(closed.head([bytes(31)], true), both), [salt]), "bad", "cannot be read")
        add("bytes behind", st, of(more=b"more"), "bad", "cannot be read")
        add("an empty file", st, Body(closed.age(b"", both), [salt]), "bad", "cut or changed")
        add("no head", st, Body(closed.age(os.urandom(256), both), [salt]), "bad", "cannot be read")
        add("nested", st, Body(closed.age(b"\x81" * 9000 + b"\0", both), [salt]), "bad", "cannot be read")
        add("a claim of 2^64 salts", st, Body(closed.age(b"\x83\x9b" + b"\xff" * 8 + bytes(245), both), [salt]), "bad", "cannot be read")
        add("against the grammar", st, of(body={1: WORD, 2: WORD, 9: 9}), "bad", "cannot be read")
        add("a title too long", st, of(body={1: WORD * 99, 2: WORD}), "bad", "cannot be read")
        add("a text too long", st, of(body={1: WORD, 2: WORD * 9000}), "bad", "cannot be read")
        add("too many volumes", note, of(note, {1: 4, 2: WORD, 4: [{1: [0, 0, i + 1]} for i in range(17)]}), "bad", "cannot be read")
        add("too many points", note, of(note, {1: 4, 2: WORD, 4: [{3: [9, [[i, i] for i in range(2000)]]}]}), "bad", "cannot be read")
        add("persons without end", closed.ROSTER, of(closed.ROSTER, {1: WORD, 2: [[WORD, None, None, None, None]] * 300}), "bad", "cannot be read")
        add("a way out", at, of(at, {1: "../../a", 3: 4}, content=b"four"), "bad", "cut or changed")
        add("longer than said", at, of(at, {1: "a", 3: 3}, content=b"four"), "bad", "cut or changed")
        add("shorter than said", at, of(at, {1: "a", 3: 1 << 20}, content=b"four"), "bad", "cut or changed")
        add("another content", at, Body(of(at, {1: "a", 3: 4}, content=b"four").sealed, [salt, salt]), "bad", "commits to")
        add("fewer paragraphs", closed.TEXT, of(closed.TEXT, {1: WORD, 2: 1, 3: ["a", "b"]}, told={1: WORD, 2: 1, 3: ["a"]}),
            "bad", "commits to")
        return out

    def test_08_bad_bodies(self):
        me, to = self.house, self.members("alfa", "charlie")
        cases, said, false = self.cases(), {}, getattr(self, "false", [])
        before = self.missing(self.alfa)
        for name, (kind, body, given, _, _) in cases.items():
            if given and len(body.sealed) == body.size:
                me.hand_over("alfa", body)
            elif given:
                me.given[body.hash] = body.sealed
            said[name] = me.say(kind, to=to, detached=body)
        after = self.statement(WORD + " after all that")
        me.hand_over("alfa", after)
        index, r = me.say(closed.STATEMENT, to=to, detached=after)
        me.push()
        self.opened(self.alfa, r.hex(), "the honest one behind them")
        def differing():
            got = {n: self.state(self.alfa, h.hex()) for n, (_, h) in said.items()}
            return {n: (got[n], cases[n][3:]) for n in cases
                    if got[n][0] != cases[n][3] or (cases[n][4] not in (got[n][1] or ""))}
        end = time.time() + 20
        while differing() and time.time() < end:
            time.sleep(0.2)
        self.assertEqual(differing(), {})
        # ten seconds after the judging, what is said is exactly this
        listed = sorted([i for i, _ in list(said.values()) + false] + [me.own.hashes.index(h) for _, h in self.stolen])
        until(lambda: self.missing(self.alfa) == (index + 1, listed), "alfa's receipt says what is missing", 30)
        # and of each that is here and no good, once, in a service record
        bad = {h for n, (_, h) in said.items() if cases[n][3] == "bad"} | {h for _, h in false}
        def told():
            return [e[12][2] for _, e in self.log_of(self.alfa, closed.SERVICE) if e[12][1] == 3]
        until(lambda: len(told()) >= len(bad), "body-missing, one a second", 90)
        self.assertEqual(sorted(told()), sorted(bad))
        self.assertLess(before[0], index)
        o = self.shown(self.alfa, said["other words"][1].hex())
        self.assertEqual((o["body"], o["title"]), (None, None))
        self.alive()
        self.keep(bad=said)

    # records that are marked

    def test_09_marks(self):
        me = self.house
        a, b, c = self.members("alfa", "bravo", "charlie")
        ours = self.good[0][1]
        of_alfa = bytes.fromhex(self.record)  # to bravo and charlie
        open_one = bytes.fromhex(self.alfa.json("statement", "--title", "open", "--text", "open", "--yes")["record"])
        until(lambda: open_one in self.feed.hashes, "the open record")
        def position(kind=1, to=("alfa", "charlie")):
            return Body.of(closed.POSITION, {1: kind}, self.keys(*to))
        bodies = []
        def say(kind, to, detached, **more):
            bodies.append(detached)
            me.given[detached.hash] = detached.sealed
            return me.say(kind, to=to, detached=detached, **more)[1].hex()
        marks = {
            say(closed.POSITION, [b, c], position(to=("bravo", "charlie")), _8=[of_alfa]): "wrong-recipients",  # without its author
            say(closed.POSITION, [a, b], position(to=("alfa", "bravo")), _8=[of_alfa]): "wrong-recipients",  # without us
            say(closed.POSITION, [a, b, c], position(to=("alfa", "bravo", "charlie")), _8=[ours]): "wrong-recipients",  # bravo was no reader
            say(closed.STATEMENT, [a, c, 63], self.statement()): "wrong-recipients",
            say(closed.STATEMENT, [a, 9], self.statement()): "wrong-recipients",
            say(closed.STATEMENT, [a], self.statement()): "wrong-recipients",
            say(closed.STATEMENT, [a, c], self.statement(), by=closed.nacl.signing.SigningKey.generate()): None,
        }
        marks[me.say(closed.NOTICE, {1: 3, 2: "a site in the open"})[1].hex()] = "must-be-closed"
        marks[me.say(closed.POSITION, {1: 1}, _8=[of_alfa])[1].hex()] = "must-be-closed"
        fine = say(closed.POSITION, [a, c], position(), _8=[of_alfa])
        me.push()
        self.opened(self.alfa, fine, "a position to its author alone")
        got = {h: self.shown(self.alfa, h)["mark"] for h in marks}
        self.assertEqual({h: m for h, m in got.items() if marks[h] not in (m, None) or m is None}, {})
        self.assertIsNone(self.shown(self.alfa, fine)["mark"])
        self.assertEqual(me.requests(bodies[0].hash), [])  # not for alfa
        self.assertEqual(me.requests(bodies[-2].hash), [])  # signed by nobody: not asked for
        # a purge said of what is not ours, of nothing, of an open record, of ourselves: nobody's body is gone
        for about in (of_alfa, bytes.fromhex(self.for_bravo), os.urandom(32), open_one):
            me.say(closed.SERVICE, {1: 2, 2: about}, _9=[about], by=me.me.node)
        _, last = me.say(closed.SERVICE, {1: 3, 2: of_alfa}, _9=[of_alfa], by=me.me.node)
        me.push()
        until(lambda: self.shown(self.alfa, last.hex()), "the forged purges")
        time.sleep(1.5)
        o = self.shown(self.alfa, self.record)
        self.assertEqual((o["body_state"], {h["member"]: h["purged"] for h in o["holders"]}),
                         ("opened", {"alfa": False, "bravo": False, "charlie": True}))
        self.assertFalse(any(h["purged"] for h in self.shown(self.alfa, self.for_bravo)["holders"]))
        self.alive()

    def test_10_receipts(self):
        """what nobody can hold, beyond all sizes, missing without end, of feeds that there are not"""
        me, node = self.house, self.house.me.node
        big = (1 << 63) - 1
        for bodies in ([[0, 0, big, []]], [[0, 0, big, list(range(8192))]], [[1, 0, 5, [0, 1, 2]]], [[2, 0, 9, []]],
                       [[0, 9, 5, []]], [[63, 0, 5, []]], [[0, 0, (1 << 64) - 1, [0, (1 << 64) - 2]]], [[0, 0, 5, [5]]], [[0, 0, 0, []]],
                       [[0, 0, 5, [3, 2]]], [[0, 0, 5, []], [0, 0, 6, []]], [[m, 0, 5, []] for m in range(300)]):
            me.say(closed.RECEIPT, {2: bodies}, by=node)
        index, last = me.say(closed.TEST, {2: 1}, by=node)
        me.push()
        until(lambda: self.shown(self.alfa, last.hex()), "what stands behind")
        time.sleep(1.5)
        o = self.shown(self.alfa, self.for_bravo)  # charlie is no recipient, whatever it says
        self.assertFalse(next(h for h in o["holders"] if h["member"] == "charlie")["body_held"])
        self.assertTrue(next(h for h in o["holders"] if h["member"] == "bravo")["held"])
        self.alive()

    # hostile answers

    def test_11_answers(self):
        """garbage, another length, empty for ever, crumbs, drops and slow drips, another's body: asked in turn
        with growing pauses, never in a loop, and what is honest comes meanwhile"""
        me, to = self.house, self.members("alfa", "charlie")
        content = os.urandom(1500000)  # two answers
        def of():
            return self.statement(WORD + " hostile")
        def long():
            return Body.of(closed.ATTACHMENT, {1: "c.bin", 3: len(content)}, self.keys("alfa", "charlie"), content)
        def drip(handler, start):
            handler.send_response(200)
            handler.send_header("Content-Length", "700")
            handler.end_headers()
            for _ in range(60):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.5)
        def answer(data):
            return lambda handler, start: handler.answer(200, data, "application/octet-stream")
        def drop(handler, start):
            handler.close_connection = True
            handler.connection.close()
        def lie(handler, start):
            handler.send_response(200)
            handler.send_header("Content-Length", str(1 << 62))
            handler.end_headers()
            handler.wfile.write(b"x" * 1000)
            handler.close_connection = True
        other = self.statement(WORD + " another")
        ways = {"garbage": (of(), lambda b: answer(os.urandom(b.size))), "short": (of(), lambda b: answer(b.sealed[:-1])),
                "long": (of(), lambda b: answer(b.sealed + b"x")), "empty": (of(), lambda b: answer(b"")),
                "other": (of(), lambda b: answer(other.sealed)),
                "crumbs": (long(), lambda b: lambda h, s: h.answer(200, b.sealed[s:s + 1000])),
                "garbage, long": (long(), lambda b: lambda h, s: h.answer(200, os.urandom(min(b.size - s, 1 << 20)))),
                "beyond the end": (long(), lambda b: lambda h, s: h.answer(200, bytes(1 << 20)))}
        worse = {"drop": (of(), lambda b: drop), "lie": (of(), lambda b: lie), "drip": (of(), lambda b: drip)}
        said = {}
        def say(which):
            for name, (body, way) in which.items():
                me.given[body.hash] = way(body)
                said[name] = me.say(closed.ATTACHMENT if body.size > 131072 else closed.STATEMENT, to=to, detached=body)[1].hex()
            me.push()
        def count(which, began):
            return {n: len([a for a in me.requests(b.hash) if a[0] == "alfa" and a[4] > began]) for n, (b, _) in which.items()}
        began, cpu = time.monotonic(), cpu_of(self.alfa.daemon.pid)
        say(ways)
        time.sleep(40)
        wrong = {n: self.state(self.alfa, h) for n, h in said.items() if self.state(self.alfa, h)[0] != "missing"}
        self.assertEqual(wrong, {})
        counts = count(ways, began)
        for name, n in counts.items():
            # pauses of 5, 10, 20, ... seconds: at most four rounds in forty; of the long ones two answers in each
            self.assertTrue(1 <= n <= (9 if name in ("garbage, long", "beyond the end") else 5), counts)
        self.assertLess(cpu_of(self.alfa.daemon.pid) - cpu, 8)
        honest = self.statement(WORD + " honest")
        me.given[honest.hash] = honest.sealed
        _, r = me.say(closed.STATEMENT, to=to, detached=honest)
        me.push()
        self.opened(self.alfa, r.hex(), "what is honest", 10)
        # links that break
        began, cpu = time.monotonic(), cpu_of(self.alfa.daemon.pid)
        say(worse)
        time.sleep(20)
        counts = count(worse, began)
        self.assertLess(max(counts.values()), 13, counts)
        self.assertLess(cpu_of(self.alfa.daemon.pid) - cpu, 4)
        # what becomes honest is taken in the end
        for which in (ways, worse):
            me.given.update({b.hash: b.sealed for b, _ in which.values()})
        for name in list(ways) + list(worse):
            self.opened(self.alfa, said[name], name, 120)
        self.alive()

    # thousands

    def test_12_ten_thousand(self):
        me, to = self.house, self.members("alfa", "charlie")
        seals = closed.Seals(self.keys("alfa", "charlie"))
        def many(n, word):
            return [Body.of(closed.STATEMENT, {1: "%s %d" % (word, i), 2: WORD}, None, seal=lambda p, _: seals.seal(p)) for i in range(n)]
        with_body, without = many(FLOOD // 2, WORD + " with"), many(FLOOD // 2, WORD + " without")
        memory, cpu, began = memory_of(self.alfa.daemon.pid), cpu_of(self.alfa.daemon.pid), time.monotonic()
        last = []
        for x, y in zip(with_body, without):
            me.given[x.hash] = x.sealed
            last += [me.say(closed.STATEMENT, to=to, detached=x), me.say(closed.STATEMENT, to=to, detached=y)]
        made = time.monotonic()
        me.push("alfa")
        pushed = time.monotonic()
        for i in range(0, len(with_body), 1000):
            me.hand_over("alfa", *with_body[i:i + 1000])
        self.opened(self.alfa, last[-2][1].hex(), "the last that came", 120)
        self.opened(self.alfa, last[0][1].hex(), "the first that came", 120)
        opened = time.monotonic()
        used = cpu_of(self.alfa.daemon.pid) - cpu
        grown = memory_of(self.alfa.daemon.pid) - memory
        asked = len(me.asked)
        time.sleep(10)
        calm = cpu_of(self.alfa.daemon.pid)
        time.sleep(10)
        rate = (len(me.asked) - asked) / 20
        print("# %d records: made %.1f s, pushed %.1f s, opened after %.1f s more; %.1f s of CPU, %d MiB; then %.0f%% CPU, %.0f "
              "requests a second" % (FLOOD, made - began, pushed - made, opened - pushed, used, grown,
                                     (cpu_of(self.alfa.daemon.pid) - calm) * 10, rate))
        self.assertLess(used, 60)
        self.assertLess(grown, 512)
        self.assertLess(rate, 150)
        self.assertLess(cpu_of(self.alfa.daemon.pid) - calm, 5)
        # alfa and bravo go on as if nothing were
        began = time.monotonic()
        r = self.site("bravo", WORD + " meanwhile")
        self.opened(self.bravo, r, "a site from alfa to bravo", 10)
        until(lambda: self.holder(r, "bravo")["held"], "and held", 15)
        # thousands are missing, and one comes each second: alfa's own log does not grow by the list each time
        def said():
            return [len(leaf) for leaf, e in self.log_of(self.alfa, closed.RECEIPT) if e[12].get(2)]
        until(lambda: len(self.missing(self.alfa)[1]) > FLOOD // 3, "what is missing is said", 30)
        before = said()
        self.assertLess(max(before), 65536)
        for body in without[:12]:
            self.assertEqual(me.hand_over("alfa", body), [body.size])
            time.sleep(1)
        after = said()
        print("# alfa's receipts with bodies: %d, %d bytes; then %d, %d bytes in 12 seconds" % (
            len(before), sum(before), len(after) - len(before), sum(after) - sum(before)))
        self.assertLess(sum(after) - sum(before), 40000)
        self.alive()

    def test_13_restart(self):
        """all of it is there again, nothing that was good is lost, and the daemons end as they should"""
        good = [h.hex() for _, h in self.good]
        bad = {n: (h.hex(), self.state(self.alfa, h.hex())) for n, (_, h) in self.bad.items()}
        for p in (self.alfa, self.bravo):
            p.stop()
            p.start()
        for h in good:
            self.opened(self.alfa, h, "opened again", 60)
        for n, (h, state) in bad.items():
            self.assertEqual(self.state(self.alfa, h)[0], state[0], n)
        self.opened(self.bravo, self.for_bravo, "opened again")
        self.alive()
        for p in (self.alfa, self.bravo):
            p.stop()


if __name__ == "__main__":
    if not shutil.which("age"):
        print("1..0 # SKIP age is not installed")
        sys.exit(0)
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Hostile)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
