"""What the tests of failing calls share: the file that shim.c reads, parties whose programs run under it, and
what must hold of a home whatever failed in it."""
import base64
import hashlib
import json
import mmap
import os
import random
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration", "py"))
from peer import root_of  # noqa: E402  the tree as the specification has it, none of our code

MEMORY, WRITE, SYNC, OPEN, READ, NAME, SQLITE, TORN, CRYPTO = range(1, 10)
SORTS = {"memory": MEMORY, "write": WRITE, "sync": SYNC, "open": OPEN, "read": READ, "name": NAME,
         "sqlite": SQLITE, "torn": TORN, "crypto": CRYPTO}
IN_LIBRARY = 98  # shim.c: it fell over within OpenSSL, which is not ours to mend
FOREVER = (1 << 64) - 1
OK, FAILED, USAGE, NOBODY = 0, 1, 2, 3
# a program that an asynchronous signal or a sanitizer ended says so with one of these
CRASHED = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE, 99}
WAIT_S = 90


class Fault:
    """the file of shim.c, from this side"""

    def __init__(self, path):
        self.path = path
        self.sort = self.after = 0  # as armed last
        with open(path, "wb") as f:
            f.write(bytes(4096))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 4096)

    def put(self, at, value):
        self.map[8 * at:8 * at + 8] = struct.pack("<Q", value)

    def get(self, at):
        return struct.unpack("<Q", self.map[8 * at:8 * at + 8])[0]

    def arm(self, sort, n, after=0):
        self.sort, self.after = sort, after
        self.put(0, 0)
        self.map[8:8 + 8 * 13] = bytes(8 * 13)
        self.put(1, n)
        self.put(2, after)
        self.put(14, 1 if os.environ.get("READBACK_FAULT_TRACE") else 0)
        self.put(0, sort)

    def disarm(self):
        self.put(0, 0)

    def fired(self):
        return self.get(3)

    def seen(self, sort):
        return self.get(4 + sort)


class Programs:
    """paths of the programs and of the shim, from the command line"""
    readback = readbackd = verify = shim = None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(what, name, seconds=WAIT_S, pause=0.03):
    """name: a text, or what makes one once it was in vain, so that logs have their last lines"""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        v = what()
        if v:
            return v
        time.sleep(pause)
    raise AssertionError("in vain: " + (name() if callable(name) else name))


def environment(fault):
    e = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:verify_asan_link_order=0:allocator_may_return_null=1:exitcode=99:abort_on_error=0",
             UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:exitcode=99")
    for name in ("SSH_AUTH_SOCK", "READBACK_HOME"):
        e.pop(name, None)
    if fault is not None:
        e.update(READBACK_FAULT=fault.path, LD_PRELOAD=Programs.shim)
    return e


class Party:
    def __init__(self, top, handle):
        self.handle, self.home = handle, os.path.join(top, handle)
        self.pw, self.log = os.path.join(top, handle + ".pw"), os.path.join(top, handle + ".log")
        with open(self.pw, "w") as f:
            f.write("words\n")
        os.chmod(self.pw, 0o600)
        self.port, self.daemon = free_port(), None
        self.fault = Fault(os.path.join(top, handle + ".fault"))
        self.said = set()  # ids of the records whose release was answered well

    def run(self, *words, fault=None, home=None):
        e = dict(environment(fault), READBACK_PASSPHRASE_FILE=self.pw)
        try:
            r = subprocess.run([Programs.readback, "--home", home or self.home, *words], env=e, stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, errors="replace", timeout=2 * WAIT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError("%s: %s: no answer\n%s" % (self.handle, " ".join(words), self.tail())) from None
        assert r.returncode not in CRASHED, "%s: %s crashed: %s\n%s" % (self.handle, " ".join(words), r.returncode, r.stderr)
        return r

    def ok(self, *words):
        r = self.run(*words)
        assert r.returncode == OK, "%s: %s: %d\n%s%s\n%s" % (self.handle, " ".join(words), r.returncode, r.stdout, r.stderr, self.tail())
        return r

    def json(self, *words):
        return json.loads(self.ok(*words, "--json").stdout)

    def tail(self):
        try:
            with open(self.log, "rb") as f:
                return f.read()[-6000:].decode(errors="replace")
        except FileNotFoundError:
            return ""

    def begin(self):
        """starts the daemon; whether it is ready after all"""
        self.log_at = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen([Programs.readbackd, "--home", self.home], stdout=subprocess.PIPE, stderr=log,
                                           stdin=subprocess.DEVNULL, env=environment(self.fault))
        line = self.daemon.stdout.readline()
        return line.startswith(b"readbackd is ready")

    def start(self):
        self.fault.disarm()
        assert self.begin(), "%s does not start\n%s" % (self.handle, self.tail())

    def alive(self):
        return self.daemon is not None and self.daemon.poll() is None

    def stopping(self):
        """it said that it ends: it may not have come to it yet"""
        return "Nothing more is acknowledged; stopping." in self.words()

    def words(self):
        """what the daemon said since its start"""
        with open(self.log, "rb") as f:
            f.seek(self.log_at)
            return f.read().decode(errors="replace")

    def end(self, asked=True):
        """waits for its end, which it may be asked for; its status"""
        if self.daemon is None:
            return OK
        if asked and self.alive():
            self.daemon.send_signal(signal.SIGTERM)
        try:
            code = self.daemon.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            raise AssertionError("%s hangs\n%s" % (self.handle, self.tail())) from None
        self.daemon.stdout.close()
        self.daemon = None
        assert code in (OK, FAILED, IN_LIBRARY), "%s ended with %d\n%s" % (self.handle, code, self.tail())
        # where nothing can be written any more, its log is no exception
        mute = self.fault.after and self.fault.sort in (SORTS["write"], SORTS["torn"])
        assert code != FAILED or mute or self.words().strip(), "%s ended without a word" % self.handle
        return code

    def kill(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
            self.daemon.stdout.close()
            self.daemon = None


def heads_of(home):
    """(use, origin): (size, root), each line's own check verified"""
    out = {}
    try:
        with open(os.path.join(home, "heads"), "rb") as f:
            text = f.read()
    except FileNotFoundError:
        return out
    for line in text[:text.rfind(b"\n") + 1].split(b"\n")[1:-1]:
        before, check = line[:-16], line[-16:].decode()
        assert hashlib.sha256(before).hexdigest()[:16] == check, "heads: " + line.decode()
        use, origin, size, root = before.decode().split(" ")[:4]
        was = out.get((use, origin), (0, None))
        assert int(size) >= was[0] and (int(size) > was[0] or was[1] == root or was[1] is None), "heads goes back"
        out[use, origin] = (int(size), root)
    return out


def feeds_of(home):
    """(channel, member, epoch): leaf hashes in order, whose bodies hash to them"""
    path = os.path.join(home, "readback.db")
    out = {}
    if not os.path.exists(path):
        return out
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=30)
    try:
        for feed, channel, member, epoch in db.execute("SELECT feed, channel, member, epoch FROM feeds").fetchall():
            rows = db.execute("SELECT idx, hash, body FROM leaves WHERE feed = ? ORDER BY idx", (feed,)).fetchall()
            assert [r[0] for r in rows] == list(range(len(rows))), "a leaf is missing"
            for _, h, body in rows:
                assert hashlib.sha256(b"\0" + body).digest() == h, "a leaf is not what its hash says"
            out[channel.hex(), member, epoch] = [r[1] for r in rows]
    finally:
        db.close()
    return out


def agree(party, members):
    """6.9: nothing was signed that the database does not have. members: party key hash -> index"""
    heads = heads_of(party.home)  # first: what is signed after this only adds
    feeds = feeds_of(party.home)
    for (use, origin), (size, root) in heads.items():
        _, channel, party_hash, epoch = origin.split("/")
        hashes = feeds.get((channel, members[party_hash], int(epoch)), [])
        assert len(hashes) >= size, "%s: %s %s signed at %d, %d stored" % (party.handle, use, origin, size, len(hashes))
        assert base64.b64encode(root_of(hashes[:size])).decode() == root, "%s: %s: another root" % (party.handle, origin)
    return feeds


def sample(total, want, seed):
    """all of 1..total, or `want` of them by chance"""
    return list(range(1, total + 1)) if total <= want else sorted(random.Random(seed).sample(range(1, total + 1), want))
