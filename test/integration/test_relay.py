#!/usr/bin/python3
"""Real daemons without an address of their own and relays between them (spec 7.5). What a relay hears and says is
also said and heard here, line by line, by code of its own. A timing is never a test: states are waited for.
Usage: test_relay.py READBACK READBACKD READBACK-RELAY"""
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import nacl.signing

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
RELAY = sys.argv.pop(3)
import peer  # noqa: E402
from test_cli import Party, free_port, read, until  # noqa: E402

PATIENCE = 90
HELLO = b"readback-relay/1 "


def party_at(top, handle, relay):
    """a home whose card has nothing but the relay's address"""
    p = Party.__new__(Party)
    p.handle, p.home, p.daemon, p.officer = handle, os.path.join(top, handle), None, []
    p.pw = os.path.join(top, handle + ".pw")
    with open(p.pw, "w", encoding="utf-8") as f:
        f.write("words of " + handle + "\n")
    os.chmod(p.pw, 0o600)
    p.ok("init", "--handle", handle, "--address", "relay=" + relay)
    p.card = peer.Card(read(p.home, "card.cose"))
    return p


class Relay:
    def __init__(self, top, name="relay"):
        self.port, self.process = free_port(), None
        self.name = "127.0.0.1:%d" % self.port
        self.list, self.log = os.path.join(top, name + ".list"), os.path.join(top, name + ".log")

    def write_list(self, *lines):
        with open(self.list + ".new", "w", encoding="ascii") as f:
            f.write("# who may wait\n" + "".join("%s %s %s\n" % x for x in lines))
        os.rename(self.list + ".new", self.list)

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [RELAY, "--listen", self.name, "--name", self.name, "--list", self.list, "--log-json", "--log-level", "debug"],
                stdout=subprocess.PIPE, stderr=log, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        line = self.process.stdout.readline()
        assert b"is ready: port %d" % self.port in line, line

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.process.stdout.close()
        assert code == 0, (code, read(self.log)[-3000:])

    def words(self):
        return read(self.log).decode()


class Wire:
    """one connection to a relay, spoken by hand"""

    def __init__(self, port, source=None):
        self.s = socket.create_connection(("127.0.0.1", port), 30, source and (source, 0))

    def say(self, words):
        self.s.sendall(HELLO + words.encode() + b"\n")

    def hear(self):
        """a line without its head; None: the connection has ended"""
        line = b""
        while not line.endswith(b"\n"):
            try:
                c = self.s.recv(1)
            except ConnectionError:
                return None
            if not c:
                return None
            line += c
        peer.want(line.startswith(HELLO), "7.5.2 %r" % line)
        return line[len(HELLO):-1].decode()

    def wait(self, party, key, relay):
        """the relay's answer to this proof"""
        self.say("wait " + party)
        answer = self.hear()
        if not answer.startswith("prove "):
            return answer
        nonce = bytes.fromhex(answer[6:])
        said = b"readback/relay/wait/v1\n" + relay.encode() + b"\n" + bytes.fromhex(party) + nonce
        self.say("proof " + key.sign(said).signature.hex())
        return self.hear()

    def close(self):
        self.s.close()


class Liar(threading.Thread):
    """A relay that lies: everybody may wait, and of what it passes on it alters a byte now and then."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port, self.waiting, self.altered, self.ended = self.listener.getsockname()[1], {}, 0, False
        self.name, self.honest = "127.0.0.1:%d" % self.port, False

    def run(self):
        while not self.ended:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        w = Wire.__new__(Wire)
        w.s = s
        try:
            word, _, who = (w.hear() or "").partition(" ")
            if word == "wait":
                w.say("prove " + "00" * 32)
                w.hear()
                w.say("waiting")
                self.waiting.setdefault(who, []).append(w)
            elif word == "call":
                self.join(w, self.waiting[who].pop())
        except (OSError, KeyError, IndexError):
            s.close()

    def join(self, caller, waiter):
        caller.say("joined")
        waiter.say("joined")
        for a, b in ((caller.s, waiter.s), (waiter.s, caller.s)):
            threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    def carry(self, a, b):
        count = 0
        try:
            while piece := a.recv(4096):
                count += 1
                if count > 1 and not self.honest:  # the first is the greeting; a later one is altered
                    piece = piece[:-1] + bytes([piece[-1] ^ 1])
                    self.altered += 1
                b.sendall(piece)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Through(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-relay-")
        cls.relay, cls.keep = Relay(cls.top), []
        cls.a, cls.b = (party_at(cls.top, h, cls.relay.name) for h in ("alfa", "bravo"))
        cls.third = nacl.signing.SigningKey.generate()  # a third one that waits, spoken by hand
        cls.third_party = hashlib.sha256(b"a third").hexdigest()
        cls.relay.write_list(*cls.lines())
        cls.relay.start()

    @classmethod
    def lines(cls):
        return ([(p.card.hash, p.card.tls.hex(), p.handle) for p in (cls.a, cls.b)] +
                [(cls.third_party, bytes(cls.third.verify_key).hex(), "third")])

    @classmethod
    def tearDownClass(cls):
        for w in cls.keep:
            w.close()
        for p in (cls.a, cls.b):
            p.stop()
        cls.relay.stop()
        shutil.rmtree(cls.top)

    def waits(self, p, n=1):
        return [r for r in p.json("doctor")["facts"]["link"]["relays"] if r["waiting"] >= n]

    def say(self, p, words):
        return p.json("statement", "--title", words, "--text", words, "--yes")["record"]

    def both_ways(self, words):
        for author, other in ((self.a, self.b), (self.b, self.a)):
            record = self.say(author, words + " " + author.handle)
            until(lambda: [r for r in other.json("log")["records"] if r["record"] == record], words, PATIENCE)
            until(lambda: self.receipted(author, record), words + ": the receipt", PATIENCE)

    def receipted(self, author, record):
        """every other member holds it, and has said so"""
        return any(h["held"] for r in author.json("who-holds", "--all", "--limit", "1000")["records"] if r["record"] == record
                   for h in r["holders"] if h["member"] != author.handle)

    def of_alfa(self):
        """what bravo has of it; its own receipts may still come"""
        return [r for r in self.b.json("log")["records"] if r["author"] == "alfa"]

    def problems(self, p):
        return {x["code"]: x for x in p.json("doctor")["problems"]}

    def test_1_card_and_list(self):
        self.assertEqual(self.a.card.addresses, ["relay=" + self.relay.name])
        settings = read(self.a.home, "config.ini").decode()
        self.assertIn("relay = " + self.relay.name, settings)
        self.assertNotIn("listen =", settings)
        self.assertIn("%s %s" % (self.a.card.hash, self.a.card.tls.hex()), self.a.ok("card").stdout)

    def test_2_channel(self):
        prints = {}
        for p in (self.a, self.b):
            p.start()
            p.ok("card", "--out", os.path.join(self.top, p.handle + ".card"))
            prints[p] = p.json("fingerprint")["fingerprint"]
        for p, other in ((self.a, self.b), (self.b, self.a)):
            p.ok("accredit", os.path.join(self.top, other.handle + ".card"), "--fingerprint", prints[other])
        until(lambda: self.waits(self.a, 3) and self.waits(self.b, 3), "both wait", PATIENCE)
        channel = self.a.json("channel", "propose", "--title", "Relayed", "--member", "bravo", "--yes")["channel"]
        until(lambda: self.b.json("inbox")["invitations"], "the invitation", PATIENCE)
        self.b.ok("channel", "accept", channel, "--yes")
        until(lambda: self.a.json("channel", "show")["state"] == "in-force", "the charter", PATIENCE)
        self.both_ways("through a relay")
        self.assertNotIn("through a relay", self.relay.words())

    def test_3_killed_and_started_again(self):
        self.relay.kill()
        until(lambda: "relay-of-ours" in self.problems(self.a), "doctor on our relay", PATIENCE)
        waiting = self.say(self.a, "while the relay is gone")
        until(lambda: "relay-not-reached" in self.problems(self.a), "doctor on the way there", PATIENCE)
        found = self.problems(self.a)["relay-not-reached"]
        self.assertEqual(found["side"], "between")
        self.relay.start()
        until(lambda: self.receipted(self.a, waiting), "it goes out by itself", PATIENCE)
        self.both_ways("after the relay came back")

    def test_4_nobody_squats(self):
        stranger = nacl.signing.SigningKey.generate()
        bravo = peer.private_key(os.path.join(self.b.home, "keys", "tls.pem"))
        for party, key, relay in ((self.b.card.hash, stranger, self.relay.name),  # another key
                                  (self.b.card.hash, self.third, self.relay.name),  # listed, for another
                                  (self.third_party, bravo, self.relay.name),
                                  (self.b.card.hash, bravo, "relay.example:7444")):  # said to another relay
            w = Wire(self.relay.port)
            self.assertEqual(w.wait(party, key, relay), "refused denied")
            self.assertIsNone(w.hear())
            w.close()
        old = Wire(self.relay.port)  # a proof serves once
        old.say("wait " + self.third_party)
        nonce = bytes.fromhex(old.hear()[6:])
        proof = self.third.sign(b"readback/relay/wait/v1\n" + self.relay.name.encode() + b"\n" +
                                bytes.fromhex(self.third_party) + nonce).signature.hex()
        again = Wire(self.relay.port)
        again.say("wait " + self.third_party)
        again.hear()
        again.say("proof " + proof)
        self.assertEqual(again.hear(), "refused denied")
        old.say("proof " + proof)
        self.assertEqual(old.hear(), "waiting")
        for w in (old, again):
            w.close()
        self.both_ways("nobody squats")

    def test_5_lines(self):
        for words in (b"GET / HTTP/1.1\r\n", b"\n", b"\x16\x03\x01\x02\x00\x01\n", HELLO + b"call \n", HELLO + b"wait\n",
                      HELLO + b"call " + b"0" * 63 + b"\n", HELLO + b"call " + b"A" * 64 + b"\n",
                      HELLO + b"proof " + b"0" * 128 + b"\n", HELLO + b"joined\n", HELLO + b"still\n",
                      HELLO + b" call " + b"0" * 64 + b"\n", b"readback-relay/2 call " + b"0" * 64 + b"\n",
                      b"x" * 160, HELLO + b"call " + b"0" * 64 + b"\r\n"):
            w = Wire(self.relay.port)
            w.s.sendall(words)
            self.assertEqual(w.hear(), "refused form", words)
            self.assertIsNone(w.hear())
            w.close()
        w = Wire(self.relay.port)
        w.say("call " + "0" * 64)
        self.assertEqual(w.hear(), "refused unknown")
        w.close()
        w = Wire(self.relay.port)  # listed, and has never waited
        w.say("call " + hashlib.sha256(b"another").hexdigest())
        self.assertEqual(w.hear(), "refused unknown")
        w.close()

    def test_6_passing_on(self):
        """bytes come as they were sent, a closed half stays open the other way, and a held call is joined later"""
        caller = Wire(self.relay.port)
        caller.say("call " + self.third_party)  # it waited in test_4
        w = Wire(self.relay.port)
        self.assertEqual(w.wait(self.third_party, self.third, self.relay.name), "waiting")
        self.assertEqual((w.hear(), caller.hear()), ("joined", "joined"))
        much = os.urandom(3 << 20)  # more than buffers hold
        sender = threading.Thread(target=lambda: (caller.s.sendall(much), caller.s.shutdown(socket.SHUT_WR)))
        sender.start()
        got = b""
        while piece := w.s.recv(65536):
            got += piece
        sender.join()
        self.assertEqual(hashlib.sha256(got).digest(), hashlib.sha256(much).digest())
        w.s.sendall(b"the other way")
        w.close()
        got = b""
        while piece := caller.s.recv(100):
            got += piece
        self.assertEqual(got, b"the other way")
        caller.close()

    def test_7_under_fire(self):
        """from another address: a flood of callers, garbage, dripping lines, and calls that never speak TLS"""
        ended, lock = threading.Event(), threading.Lock()
        counts = {"busy": 0, "all": 0}

        def flood():
            while not ended.is_set():
                w = None
                try:
                    w = Wire(self.relay.port, "127.0.0.2")
                    w.say("call " + self.b.card.hash)
                    with lock:
                        counts["all"] += 1
                    answer = w.hear()
                    with lock:
                        counts["busy"] += answer == "refused busy"
                except OSError:
                    pass
                finally:
                    if w:
                        w.close()

        def keep(words):
            try:
                w = Wire(self.relay.port, "127.0.0.3")
                w.s.sendall(words)
                self.keep.append(w)
            except OSError:
                pass

        floods = [threading.Thread(target=flood) for _ in range(3)]
        for f in floods:
            f.start()
        for i in range(40):
            keep(HELLO + b"call " + self.a.card.hash.encode() + b"\n" if i % 2 else HELLO[:i % 17])
        self.both_ways("under fire")
        until(lambda: counts["busy"], "the flood is limited", PATIENCE)
        ended.set()
        for f in floods:
            f.join(60)
        print("%(all)d calls of one address, %(busy)d refused as too many" % counts)
        self.assertIsNone(self.relay.process.poll())
        self.both_ways("after the fire")

    def test_8_list_read_again(self):
        def told(words):
            return lambda: words in self.relay.words()
        self.relay.write_list(*[x for x in self.lines() if x[2] != "bravo"])
        self.relay.process.send_signal(signal.SIGHUP)
        until(told("2 parties listed"), "the list is read again", PATIENCE)
        until(lambda: self.problems(self.b).get("relay-of-ours", {}).get("side") == "here", "bravo is told", PATIENCE)
        self.relay.write_list(*self.lines(), ("nonsense", "00", ""))
        self.relay.process.send_signal(signal.SIGHUP)
        until(told("Nothing was changed"), "a wrong list is refused", PATIENCE)
        self.relay.write_list(*self.lines())
        self.relay.process.send_signal(signal.SIGHUP)
        until(lambda: self.waits(self.b), "bravo waits again", PATIENCE)
        self.both_ways("listed again")

    def test_9_a_relay_that_lies(self):
        """it alters what it passes on: connections break, nothing else; honest at last, it serves"""
        liar = Liar()
        liar.start()
        size = len(self.of_alfa())
        for p in (self.a, self.b):
            p.stop()
            p.ok("card", "update", "--address", "relay=" + liar.name)
            shutil.copy(os.path.join(p.home, "card.cose"), os.path.join(self.top, p.handle + ".card"))
            path = os.path.join(p.home, "config.ini")
            words = read(path).decode().replace("relay = " + self.relay.name, "relay = " + liar.name)
            with open(path, "w", encoding="utf-8") as f:
                f.write(words)
        for p in (self.a, self.b):
            p.start()
        for p, other in ((self.a, self.b), (self.b, self.a)):
            p.ok("accredit", os.path.join(self.top, other.handle + ".card"), "--fingerprint", other.card.fingerprint())
        record = self.say(self.a, "what is altered is not taken")
        until(lambda: liar.altered >= 4, "bytes altered", PATIENCE)
        self.assertEqual(len(self.of_alfa()), size)
        for p in (self.a, self.b):
            self.assertNotIn("fork", self.problems(p))
        liar.honest = True
        until(lambda: self.receipted(self.a, record), "it comes when the relay is honest", PATIENCE)
        for p in (self.a, self.b):
            p.stop()
        liar.ended = True
        liar.listener.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, failfast=True, warnings="ignore")
