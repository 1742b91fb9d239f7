#!/usr/bin/python3
"""Two real daemons with a line of 9.6 kbit/s between them: a proxy that passes 1,200 bytes a second each way,
connections in turn. While rows of an import wait in the outbox, FLASH goes by them. Times are printed, none is
asserted: what is asserted is the order, and how much the line carried from the release of FLASH until it was held:
what it carries for one at rest twice, and one row. Usage: test_slow_line.py READBACK READBACKD
READBACK_SLOW_ROWS: rows of the import (default 60)"""
import os
import selectors
import shutil
import socket
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
from test_cli import Party, free_port, until  # noqa: E402

ROWS = int(os.environ.get("READBACK_SLOW_ROWS", "60"))
SPEED, TURN = 1200, 60
PATIENCE = 240
ROW = 6000  # bytes: one row's leaf and body, their requests and answers with TLS, and a look at heads


class SlowLine(threading.Thread):
    """Carries connections to `port`; together they get SPEED bytes a second each way, TURN bytes in turn. It reads
    no more than it has sent on, so that what waits, waits with the sender."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.to, self.speed, self.ended, self.carried = port, 0, False, 0
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.pairs = []  # [near, far]

    def accept(self):
        near, _ = self.listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self.to), 5)
        except OSError:
            near.close()
            return
        for s in (near, far):
            s.setblocking(False)
        self.pairs.append([near, far])

    def pass_on(self, source, sink):
        """bytes passed; None: the connection has ended"""
        try:
            piece = source.recv(TURN if self.speed else 65536)
        except BlockingIOError:
            return 0
        except OSError:
            return None
        if not piece:
            return None
        sink.setblocking(True)
        try:
            sink.sendall(piece)
        except OSError:
            return None
        sink.setblocking(False)
        return len(piece)

    def turn(self, way):
        """one turn of each connection that has something; how long the line was busy"""
        passed = 0
        for pair in list(self.pairs):
            n = self.pass_on(pair[way], pair[1 - way])
            if n is None:
                for s in pair:
                    s.close()
                if pair in self.pairs:
                    self.pairs.remove(pair)
            else:
                passed += n
        self.carried += passed
        return passed

    def run(self):
        due = [0.0, 0.0]
        while not self.ended:
            wanted = selectors.DefaultSelector()
            wanted.register(self.listener, selectors.EVENT_READ, None)
            now = time.monotonic()
            for way in (0, 1):
                if due[way] > now:
                    continue
                for pair in self.pairs:
                    try:
                        wanted.register(pair[way], selectors.EVENT_READ, way)
                    except (ValueError, KeyError):
                        pass
            waits = [d - now for d in due if d > now]
            found = wanted.select(min(waits + [0.2]))
            wanted.close()
            ways = {key.data for key, _ in found}
            if None in ways:
                self.accept()
            for way in ways - {None}:
                passed = self.turn(way)
                if self.speed:
                    due[way] = max(due[way], time.monotonic()) + passed / self.speed
        self.listener.close()
        for pair in self.pairs:
            for s in pair:
                s.close()


class Slow(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-slow-")
        cls.lines, cls.parties = [], []
        for handle in ("alfa", "bravo"):
            line = SlowLine(0)
            line.start()
            cls.lines.append(line)
            p = Party.__new__(Party)  # its card has the line's address, its node listens behind it
            p.handle, p.home, p.daemon, p.officer = handle, os.path.join(cls.top, handle), None, []
            p.pw = os.path.join(cls.top, handle + ".pw")
            with open(p.pw, "w", encoding="utf-8") as f:
                f.write("words of " + handle + "\n")
            os.chmod(p.pw, 0o600)
            p.port = free_port()
            line.to = p.port
            p.ok("init", "--handle", handle, "--address", "127.0.0.1:%d" % line.port)
            with open(os.path.join(p.home, "config.ini"), "w", encoding="utf-8") as f:
                f.write("[peer]\nlisten = 127.0.0.1:%d\n" % p.port)
            os.chmod(os.path.join(p.home, "config.ini"), 0o600)
            cls.parties.append(p)
        cls.alfa, cls.bravo = cls.parties

    @classmethod
    def tearDownClass(cls):
        for p in cls.parties:
            p.stop()
        for line in cls.lines:
            line.ended = True
            line.join(5)
        shutil.rmtree(cls.top)

    def waiting(self):
        return self.alfa.json("channel", "show")["outbox"]

    def held(self, record):
        return [r for r in self.bravo.json("log")["records"] if r["record"] == record]

    def flash(self, words):
        """(seconds, bytes that both lines carried both ways) from the release until bravo holds it"""
        begun, carried = time.monotonic(), sum(line.carried for line in self.lines)
        r = self.alfa.json("statement", "--title", words, "--text", words, "--precedence", "FLASH", "--yes")["record"]
        until(lambda: self.held(r), words, PATIENCE)
        return time.monotonic() - begun, sum(line.carried for line in self.lines) - carried

    def test_1_channel(self):
        a, b = self.alfa, self.bravo
        prints = {}
        for p in (a, b):
            p.start()
            p.ok("card", "--out", os.path.join(self.top, p.handle + ".card"))
            prints[p] = p.json("fingerprint")["fingerprint"]
        for p, other in ((a, b), (b, a)):
            p.ok("accredit", os.path.join(self.top, other.handle + ".card"), "--fingerprint", prints[other])
        channel = a.json("channel", "propose", "--title", "Slow", "--member", "bravo", "--yes")["channel"]
        until(lambda: b.json("inbox")["invitations"], "the invitation", PATIENCE)
        b.ok("channel", "accept", channel, "--yes")
        until(lambda: a.json("channel", "show")["state"] == "in-force", "the charter", PATIENCE)

    def test_2_flash_goes_by_an_import(self):
        for line in self.lines:
            line.speed = SPEED
        # what takes less than a second to go shows nobody that the line is slow, and FLASH takes about that
        long = self.alfa.json("statement", "--title", "long", "--text", "word " * 800, "--yes")["record"]
        until(lambda: self.held(long), "what shows how slow it is", PATIENCE)
        rest, least = self.flash("all halt")
        rows = os.path.join(self.top, "rows.csv")
        with open(rows, "w", encoding="utf-8") as f:
            f.write("name,lat,lon,radius\n")
            for i in range(ROWS):
                f.write("Clinic %d,35.%06d,36.5,150m\n" % (i, i * 137))
        self.alfa.ok("sites", "import", rows, "--recipients", "bravo", "--despite", "--yes")
        before = self.waiting()
        self.assertGreater(before, ROWS // 2)
        took, carried = self.flash("the bridge is closed")
        after = self.waiting()
        print("FLASH at rest %.1f s, %d bytes, under the import %.1f s, %d bytes; %d of %d rows wait" % (
            rest, least, took, carried, after, ROWS))
        self.assertGreater(after, 0)  # it went by them
        self.assertLessEqual(carried, 2 * least + ROW)
        said = until(lambda: [x for x in self.alfa.json("doctor")["problems"] if x["code"] == "held-up"],
                     "the doctor's word on whom they wait for", PATIENCE)[0]
        self.assertEqual(said["side"], "between")
        self.assertIn("wait here until bravo has taken those before: the line to it is slow", said["sentence"])
        self.assertIn("FLASH goes by them", said["hint"])
        until(lambda: self.waiting() < after, "the import goes on", PATIENCE)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
