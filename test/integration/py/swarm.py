"""Several real daemons and what befalls them. An officer's work through the local API (spec/openapi.yaml) with
signatures made here, homes and processes, and a TCP proxy before each node whose links can be cut, halved and
delayed. Nothing of Readback's code is used but its programs."""
import asyncio
import base64
import glob
import http.client
import json
import os
import random
import resource
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import time
import cbor2
import nacl.signing
import history as history_module
import peer

WORDS = "words of "  # the passphrase of each, before its handle
ASAN = "detect_leaks=0:quarantine_size_mb=16"  # the sandbox has no place for a leak check


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


# ---- an officer, through the local API -------------------------------------------------------------

class OverUnix(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("readback", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Api:
    """(status, object) of a call; status 0: nobody answered"""

    def __init__(self, home, timeout=20):
        self.socket, self.timeout = os.path.join(home, "readbackd.sock"), timeout

    def call(self, method, path, body=None):
        link = OverUnix(self.socket, self.timeout)
        try:
            link.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
            answer = link.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            link.close()

    def get(self, path):
        status, found = self.call("GET", path)
        return found if status == 200 else None


class Officer:
    """an Ed25519 key on its party's card; what goes out is composed by the node and signed here (3.2)"""

    def __init__(self, key=None):
        self.key = key or nacl.signing.SigningKey.generate()
        self.kid = peer.key_id(peer.public_of(self.key))
        self.protected = cbor2.dumps({1: -8, 4: self.kid}, canonical=True)

    def public_line(self):
        """as OpenSSH writes it (2.4.3)"""
        blob = struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32) + peer.public_of(self.key)
        return "ssh-ed25519 %s chaos\n" % base64.b64encode(blob).decode()

    def sign(self, composed):
        """what is submitted, and the hash of the leaf that will be logged for it"""
        payload = base64.b64decode(composed["payload"])
        signature = self.key.sign(peer.to_be_signed(self.protected, composed["origin"].encode(), payload)).signature
        leaf = cbor2.dumps(cbor2.CBORTag(18, [self.protected, {}, payload, signature]))
        what = {"payload": composed["payload"], "despite": True,
                "signers": [{"kid": self.kid.hex(), "sig": base64.b64encode(signature).decode()}]}
        what.update({k: composed[k] for k in ("sealed", "upload") if k in composed})
        return what, peer.leaf_hash(leaf).hex()

    def release(self, api, draft, about=None):
        """the record, once it is durable; else None. about(record): told before it is submitted"""
        status, composed = api.call("POST", "/v1/compose", draft)
        if status != 200:
            return None
        what, record = self.sign(composed)
        if about:
            about(record)
        status, answer = api.call("POST", "/v1/submit", what)
        if status == 200:
            peer.want(answer["record"] == record, "the record is another than was signed")
        return record if status == 200 else None


# ---- a node ----------------------------------------------------------------------------------------

class Node:
    """one party's home and its daemon. `readback`, `readbackd`: the programs"""

    def __init__(self, programs, top, handle, port, listen=None, settings=""):
        self.readback, self.readbackd = programs
        self.handle, self.port, self.home = handle, port, os.path.join(top, handle)
        self.log, self.daemon, self.officer = self.home + ".log", None, Officer()
        self.passphrase = self.home + ".pw"
        with open(self.passphrase, "w") as f:
            f.write(WORDS + handle + "\n")
        os.chmod(self.passphrase, 0o600)
        key = self.home + ".pub"
        with open(key, "w") as f:
            f.write(self.officer.public_line())
        more = ["--listen", "127.0.0.1:%d" % listen] if listen else []
        self.ok("init", "--handle", handle, "--address", "127.0.0.1:%d" % port, "--officer", "duty",
                "--officer", "watch=" + key, *more)
        with open(os.path.join(self.home, "config.ini"), "a") as f:
            f.write(settings)
        self.api = Api(self.home)
        self.card = peer.Card(read(self.home, "card.cose"))

    def run(self, *words, stdin=None):
        env = dict(os.environ, READBACK_PASSPHRASE_FILE=self.passphrase, READBACK_HOME=self.home)
        env.pop("SSH_AUTH_SOCK", None)
        return subprocess.run([self.readback, *words], env=env, capture_output=True, text=True, timeout=120,
                              input=stdin, stdin=None if stdin else subprocess.DEVNULL)

    def ok(self, *words, **more):
        r = self.run(*words, **more)
        assert r.returncode == 0, "%s: %s: %d\n%s%s" % (self.handle, " ".join(words), r.returncode, r.stdout, r.stderr)
        return r.stdout

    def json(self, *words):
        return json.loads(self.ok(*words, "--json"))

    def start(self, offset_ms=0, wait=True):
        env = dict(os.environ, ASAN_OPTIONS=ASAN)
        words = [self.readbackd, "--home", self.home]
        if offset_ms:
            env["READBACK_TEST_CLOCK_OFFSET_MS"] = str(offset_ms)
            words.append("--exercise-clock")
        with open(self.log, "a") as log:
            # restore_signals: a file that may not grow (RLIMIT_FSIZE) is an error, as on a full disk, not a signal
            self.daemon = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=log, env=env, restore_signals=False)
        if wait:
            until(self.answers, "the daemon of " + self.handle, 60)

    def answers(self):
        assert self.daemon.poll() is None, "%s ended: %s" % (self.handle, self.log_tail())
        return self.api.get("/v1/status")

    def runs(self):
        return self.daemon is not None and self.daemon.poll() is None

    def signal(self, number):
        if self.runs():
            self.daemon.send_signal(number)

    def kill(self):
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()
            self.daemon = None

    def stop(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            code = self.daemon.wait(60)
            self.daemon = None
            assert code == 0, "%s ended with %d: %s" % (self.handle, code, self.log_tail())

    def log_tail(self, size=3000):
        return read(self.log)[-size:].decode("utf-8", "replace")

    def memory(self):
        """MiB in memory"""
        with open("/proc/%d/status" % self.daemon.pid) as f:
            return next(int(line.split()[1]) >> 10 for line in f if line.startswith("VmRSS:"))


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def until(what, name, seconds=30, pause=0.1):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError("in vain: " + (name() if callable(name) else name))


def introduce(nodes, top):
    """each accredits each, after the comparison of fingerprints"""
    for n in nodes:
        n.card_file = os.path.join(top, n.handle + ".card")
        shutil.copy(os.path.join(n.home, "card.cose"), n.card_file)
    for n in nodes:
        for other in nodes:
            if other is not n:
                n.ok("accredit", other.card_file, "--fingerprint", other.card.fingerprint())


def found_channel(founder, others, *words):
    """a channel that all of them have accepted"""
    members = [w for n in others for w in ("--member", n.handle)]
    channel = founder.json("channel", "propose", "--title", "Line", *members, "--officer", "duty", *words, "--yes")["channel"]
    for n in others:
        until(lambda: n.api.get("/v1/channels/" + channel), "the invitation at " + n.handle, 60)
        n.ok("channel", "accept", channel, "--officer", "duty", "--yes")
    for n in [founder, *others]:
        until(lambda: (n.api.get("/v1/channels/" + channel) or {}).get("state") == "in-force", "in force at " + n.handle, 90)
    return channel


def statement(channel, words, **more):
    return dict({"channel": channel, "kind": "statement", "body": {"title": words, "text": words}}, **more)


def held_by(node, record):
    """who is shown to hold it"""
    shown = node.api.get("/v1/records/" + record)
    return {h["member"] for h in shown["holders"] if h["held"]} if shown else set()


# ---- links that can be cut -------------------------------------------------------------------------

class Link:
    """from one node to another, both ways. state: up; cut (what is open ends, nothing new comes); half (all that is
    sent is swallowed, nothing ends); slow (everything later by `delay`)"""

    def __init__(self):
        self.state, self.delay, self.pipes = "up", 0.0, set()


class Proxies:
    """before each node one port, which its card names. Who connects is seen in /proc, where that may be read; if it
    may not, all who connect to a node share one link."""

    def __init__(self, nodes):
        self.nodes, self.links = nodes, {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.servers = [self.on_loop(self.serve(n)) for n in nodes]

    def on_loop(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    async def serve(self, node):
        return await asyncio.start_server(lambda r, w: self.accept(node, r, w), "127.0.0.1", node.port)

    def link(self, source, target):
        return self.links.setdefault((source, target), Link())

    def between(self, a, b):
        """the two directions in which these two connect"""
        return [self.link(a, b), self.link(b, a), self.link(None, b), self.link(None, a)]

    def source_of(self, port):
        """handle of the node whose socket that is, or None"""
        wanted = "0100007F:%04X" % port
        with open("/proc/net/tcp") as f:
            inode = next((x.split()[9] for x in f if x.split()[1] == wanted), None)
        for n in self.nodes:
            try:
                folder = "/proc/%d/fd" % n.daemon.pid
                for name in os.listdir(folder):
                    if os.readlink(os.path.join(folder, name)) == "socket:[%s]" % inode:
                        return n.handle
            except (OSError, AttributeError):
                continue  # it ended, or may not be looked at
        return None

    async def accept(self, node, reader, writer):
        link = self.link(self.source_of(writer.get_extra_info("peername")[1]), node.handle)
        if link.state == "cut":
            writer.transport.abort()
            return
        try:
            back, out = await asyncio.open_connection("127.0.0.1", node.listen)
        except OSError:
            writer.transport.abort()
            return
        pipe = (writer, out)
        link.pipes.add(pipe)
        await asyncio.gather(self.pump(link, reader, out), self.pump(link, back, writer))
        for w in pipe:
            w.transport.abort()
        link.pipes.discard(pipe)

    @staticmethod
    async def pump(link, reader, writer):
        try:
            while True:
                data = await reader.read(65536)
                while link.state == "half":
                    await asyncio.sleep(0.05)
                if link.state == "slow":
                    await asyncio.sleep(link.delay)
                writer.write(data) if data else writer.write_eof()
                await writer.drain()
                if not data:
                    return
        except (OSError, RuntimeError, asyncio.CancelledError):
            writer.transport.abort()

    def set(self, links, state, delay=0.0):
        async def change():
            for link in links:
                link.state, link.delay = state, delay
                for pipe in list(link.pipes) if state == "cut" else []:
                    for w in pipe:
                        w.transport.abort()
        self.on_loop(change())

    def close(self):
        async def end():
            for s in self.servers:
                s.close()
            for link in self.links.values():
                for pipe in list(link.pipes):
                    for w in pipe:
                        w.transport.abort()
        self.on_loop(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


# ---- load ------------------------------------------------------------------------------------------

class Load(threading.Thread):
    """one party's officers: statements, FLASH, positions, closed notices, as fast as `pause` lets them"""

    def __init__(self, swarm, node, pause, seed):
        super().__init__(daemon=True)
        self.swarm, self.node, self.pause, self.going = swarm, node, pause, True
        self.random, self.said, self.fault = random.Random(seed), 0, None

    def run(self):
        try:
            while self.going:
                self.one()
                time.sleep(self.pause * self.random.uniform(0.3, 1.7))
        except Exception as error:
            self.fault = "%s: %r" % (self.node.handle, error)

    def one(self):
        s, n = self.swarm, self.node
        record = n.officer.release(n.api, self.draft(), lambda r: s.history.put("submitted", node=n.handle, record=r))
        if record:
            s.acknowledged(n, record)
            self.said += 1

    def draft(self):
        s, n, what = self.swarm, self.node, self.random.random()
        others = [x for x in s.nodes if x is not n]
        told = s.record_of(self.random.choice(others), self.random)
        if what < 0.2 and told:
            kind = "read" if what < 0.15 else "query"
            return {"channel": s.channel, "kind": "position", "answers": [told], "body": {"type": kind}}
        if what < 0.3:
            readers = self.random.sample([x.handle for x in others], self.random.randint(1, len(others)))
            place = {"lat": self.random.uniform(30, 40), "lon": self.random.uniform(30, 40), "radius": 200}
            return {"channel": s.channel, "kind": "notice", "recipients": readers, "body": {
                "class": "site", "title": "site %d" % self.said, "volumes": [{"circle": place}]}}
        flash = {"precedence": "FLASH"} if what < 0.4 else {}
        return statement(s.channel, "%s %d" % (n.handle, self.said), **flash)


# ---- the swarm -------------------------------------------------------------------------------------

YEARS = 315576000000  # ten, in ms
CLOCKS = {"ahead": YEARS, "behind": -YEARS}
# what befalls them: all of it at least once. A disk is full when a daemon ended for it.
KINDS = ("kills", "stops", "cut", "half", "slow", "full", "ahead", "behind", "copies", "restores", "restores-with-heads",
         "restores-amid")


class Swarm:
    """N nodes in one channel, under load, and what is done to them. All chance comes from one seed."""

    def __init__(self, programs, top, count, seed, history):
        self.top, self.random, self.history = top, random.Random(seed), history
        self.counts = dict.fromkeys(KINDS, 0)
        ports = free_ports(2 * count)
        handles = ["alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo"][:count]
        self.small = self.mount()
        self.nodes = []
        for i, h in enumerate(handles):
            n = Node(programs, self.small if self.small and i == 0 else top, h, ports[2 * i], listen=ports[2 * i + 1])
            n.listen, n.offset_ms, n.due, n.seen, n.records, n.copy = ports[2 * i + 1], 0, None, set(), [], None
            n.full = n.allowed = False  # allowed: it may end by itself, for its disk is full
            self.nodes.append(n)
            history.put("party", node=h, party=n.card.party.hex(), mirror=n.card.mirror.hex())
        self.proxies = Proxies(self.nodes)
        self.lock, self.loads, self.heal_at, self.ends = threading.Lock(), [], [], []
        self.behind = None  # who was put back and has not been seen to go on: nobody else is until then

    def mount(self):
        """a file system of its own that can be full, if we may"""
        path = os.path.join(self.top, "small")
        os.mkdir(path)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192m,mode=700", "readback-chaos", path], capture_output=True)
        return path if done.returncode == 0 else None

    def found(self):
        for n in self.nodes:
            n.start(wait=False)
        for n in self.nodes:
            until(n.answers, "the daemon of " + n.handle, 60)
        introduce(self.nodes, self.top)
        self.channel = found_channel(self.nodes[0], self.nodes[1:], "--receipt-every", "1s")

    def close(self):
        for load in self.loads:
            load.going = False
        for n in self.nodes:
            n.kill()
        self.proxies.close()
        if self.small:
            subprocess.run(["umount", "-l", self.small], check=True)

    # what is remembered

    def acknowledged(self, node, record):
        self.history.put("acknowledged", node=node.handle, record=record)
        with self.lock:
            node.records.append(record)

    def record_of(self, node, chance):
        with self.lock:
            return chance.choice(node.records[-200:]) if node.records else None

    def look(self):
        """what some node shows of a late record of another: who holds it"""
        author, at = self.random.choice(self.nodes), self.random.choice(self.nodes)
        record = self.record_of(author, self.random)
        if record and at.runs():
            for by in held_by(at, record) - {author.handle}:
                self.history.put("held", node=at.handle, by=by, record=record)

    def sample(self, node):
        """new lines of its head file"""
        for line in read(node.home, "heads").split(b"\n")[1:-1]:
            if line in node.seen:
                continue
            node.seen.add(line)
            use, origin, size, root, t, signature, _ = line.decode().split(" ")
            self.history.put("signed", node=node.handle, use=use, origin=origin, size=int(size), root=root, time=int(t),
                             signature=signature)

    def missing(self):
        """the kinds of which there was none yet"""
        return [kind for kind in KINDS if self.counts[kind] == 0]

    # what is done

    def kill(self, node, down=None):
        self.history.put("killed", node=node.handle)
        node.kill()
        self.counts["kills"] += 1
        self.sample(node)
        node.due = time.monotonic() + (self.random.choice((0, 0.1, 0.5, 2)) if down is None else down)

    def start(self, node):
        wanted = [k for k in self.missing() if k in CLOCKS]
        if node.offset_ms != 0 or self.random.random() < (0.6 if wanted else 0.15):
            kind = self.random.choice(wanted or ["", *CLOCKS])
            node.offset_ms = CLOCKS.get(kind, 0)
            if kind:
                self.counts[kind] += 1
            self.history.put("clock", node=node.handle, offset_ms=node.offset_ms)
        node.due, node.allowed = None, node.full
        self.history.put("started", node=node.handle)
        node.start(node.offset_ms, wait=False)

    def watch(self):
        """what is due is started; what ended without being told to is a fault, but where the disk was full"""
        now = time.monotonic()
        for n in self.nodes:
            if n.due is not None and now >= n.due:
                self.start(n)
            elif n.due is None and not n.runs():
                code = n.daemon.returncode
                if n.allowed and code in (1, 2):
                    self.counts["full"] += 1
                else:
                    self.ends.append("%s ended with %s: %s" % (n.handle, code, n.log_tail(1500)))
                n.daemon = None
                self.sample(n)
                n.due = now + 1.0
        for item in [x for x in self.heal_at if x[0] <= now]:
            self.heal_at.remove(item)
            item[1]()

    def later(self, seconds, what):
        self.heal_at.append((time.monotonic() + seconds, what))

    def halt(self, node):
        self.history.put("stopped", node=node.handle)
        self.counts["stops"] += 1
        daemon = node.daemon
        node.signal(signal.SIGSTOP)

        def go_on():
            self.history.put("continued", node=node.handle)
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGCONT)
        self.later(self.random.uniform(0.1, 3), go_on)

    def cut(self):
        a, b = self.random.sample(self.nodes, 2)
        state = self.random.choice([k for k in self.missing() if k in ("cut", "half", "slow")] or ("cut", "cut", "half", "slow"))
        links = self.proxies.between(a.handle, b.handle) if self.random.random() < 0.7 else [self.proxies.link(a.handle, b.handle)]
        self.counts[state] += 1
        self.history.put("cut", a=a.handle, b=b.handle, state=state)
        self.proxies.set(links, state, self.random.uniform(0.05, 0.8))

        def heal():
            self.history.put("healed", a=a.handle, b=b.handle)
            self.proxies.set(links, "up")
        self.later(self.random.uniform(0.5, 5), heal)

    def fill(self, node):
        """no room for one byte more; or, without a disk of its own, no file may grow"""
        if not node.runs():
            return
        self.history.put("full", node=node.handle)
        node.full = node.allowed = True
        filler = os.path.join(self.small or "", "filler")
        daemon = node.daemon
        if self.small and node.home.startswith(self.small):
            with open(filler, "wb") as f:
                try:
                    while True:
                        f.write(bytes(1 << 20))
                        f.flush()
                except OSError:
                    pass
        else:
            size = max(os.path.getsize(x) for x in glob.glob(os.path.join(node.home, "readback.db*")) + [node.home + "/heads"])
            resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        def clean():
            self.history.put("healed", node=node.handle)
            node.full = False
            if os.path.exists(filler):
                os.unlink(filler)
            if daemon.poll() is None and daemon is node.daemon:  # it went on: nothing had to be written
                resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                self.kill(node, 0)
        self.later(self.random.uniform(0.5, 2), clean)

    # old copies

    def take_copy(self, node):
        """its home as it is while it runs: the database by SQLite's own backup, the head file beside it"""
        if not node.runs() or node.allowed:
            return
        folder = os.path.join(self.top, "copy-%s-%d" % (node.handle, self.counts["copies"]))
        os.mkdir(folder)
        self.sample(node)
        self.history.put("copied", node=node.handle, copy=folder)
        shutil.copy(os.path.join(node.home, "heads"), folder)
        source = sqlite3.connect("file:%s?mode=ro" % os.path.join(node.home, "readback.db"), uri=True, timeout=10)
        target = sqlite3.connect(os.path.join(folder, "readback.db"))
        source.backup(target)
        source.close()
        target.close()
        self.counts["copies"] += 1
        if node.copy:
            shutil.rmtree(node.copy)
        node.copy = folder

    def put_back(self, node, heads):
        """its home as it was. What none of the others had is lost with it and cannot be asked back: where the head file
        stays and says so the node would wait for it for ever, so that it is only restarted then. False: that"""
        self.kill(node, 0)
        own = {e[0]: e[1] for e in self.head_entries(node, "log")}
        others = [dict(self.head_entries(n, "mirror")) for n in self.nodes if n is not node]
        if not heads and any(max((o.get(origin, 0) for o in others), default=0) < size for origin, size in own.items()):
            return False
        for name in ("readback.db", "readback.db-wal", "readback.db-shm"):
            path = os.path.join(node.home, name)
            if os.path.exists(path):
                os.unlink(path)
        for name in ("readback.db", "heads") if heads else ("readback.db",):
            shutil.copy(os.path.join(node.copy, name), node.home)
            os.chmod(os.path.join(node.home, name), 0o600)
        self.history.put("restored", node=node.handle, copy=node.copy, heads=heads)
        return True

    @staticmethod
    def head_entries(node, use):
        found = {}
        for line in read(node.home, "heads").split(b"\n")[1:-1]:
            w = line.decode().split(" ")
            if w[0] == use:
                found[w[1]] = int(w[2])
        return list(found.items())

    def whole(self):
        """everything healed and running; whether what each says now is held by another within a while"""
        self.heal()
        for n in self.nodes:
            until(n.answers, "the daemon of " + n.handle, 60)

    def heal(self):
        for item in self.heal_at[:]:
            self.heal_at.remove(item)
            item[1]()
        for n in self.nodes:
            n.offset_ms = 0
            if n.due is not None:
                n.due = 0
        self.watch_all()

    def watch_all(self):
        self.watch()
        for n in self.nodes:  # what ended by a full disk only just now
            if not n.runs():
                n.due = 0
        self.watch()

    def restore_amid(self, node):
        """a store from an old copy while all else goes on; the head file stays, and says what the store lacks"""
        if self.behind is None and node.copy and self.put_back(node, False):
            self.counts["restores-amid"] += 1
            self.behind = node, len(node.records)

    def caught_up(self):
        """whether nobody is behind"""
        if self.behind is not None:
            node, since = self.behind
            if node.runs() and any(held_by(node, r) - {node.handle} for r in node.records[since:][-5:]):
                self.behind = None
        return self.behind is None

    def old_copy(self, seconds):
        """of some node, that has said more since; made where there is none"""
        able = [n for n in self.nodes if n.copy]
        if able:
            return self.random.choice(able)
        node = self.random.choice(self.nodes)
        self.take_copy(node)
        said = len(node.records)
        until(lambda: self.watch() or len(node.records) > said + 2, lambda: "%s says more: %s" % (node.handle, node.log_tail(800)), seconds)
        return node

    def restore(self, seconds=60):
        """a store from an old copy, with all others there to be asked, until what it says is held again; half of the
        time with the head file: then nothing here says that there was more, and who holds it must be there"""
        self.whole()
        until(lambda: self.watch() or self.caught_up(), lambda: "%s goes on: %s" % (
            self.behind[0].handle, self.behind[0].log_tail(800)), 2 * seconds)
        node = self.old_copy(seconds)
        wanted = [k for k in self.missing() if k in ("restores", "restores-with-heads")]
        kind = self.random.choice(wanted or ("restores", "restores-with-heads"))
        if not self.put_back(node, kind == "restores-with-heads"):
            return  # it is only restarted; asked again soon
        self.counts[kind] += 1
        self.start(node)
        until(node.answers, "the daemon of %s, put back" % node.handle, 60)

        def goes_on():
            self.watch()
            record = node.officer.release(node.api, statement(self.channel, "after"))
            if record:
                self.acknowledged(node, record)
                end = time.monotonic() + 2
                while time.monotonic() < end:
                    if held_by(node, record) - {node.handle}:
                        return True
                    time.sleep(0.1)
            return False
        until(goes_on, lambda: "%s signs again after it was put back: %s" % (node.handle, node.log_tail(800)), seconds)

    # all of it

    def chaos(self, seconds, pause, load_pause, kills=0, most=300):
        """so long, and until there were so many kills and something of each kind; at most so much longer"""
        self.loads = [Load(self, n, load_pause, self.random.random()) for n in self.nodes]
        for load in self.loads:
            load.start()
        end, restore_at = time.monotonic() + seconds, time.monotonic() + seconds / 4
        while time.monotonic() < end or ((self.counts["kills"] < kills or self.missing()) and time.monotonic() < end + most):
            self.watch()
            peer.want(not self.ends, "; ".join(self.ends))
            if time.monotonic() >= restore_at:
                self.restore()
                restore_at = time.monotonic() + max(10, seconds / 12)
            self.step()
            self.look()
            self.caught_up()
            time.sleep(pause * self.random.uniform(0.3, 1.7))
        for load in self.loads:
            load.going = False
        for load in self.loads:
            load.join(60)
            peer.want(load.fault is None, load.fault)

    def step(self):
        node = self.random.choice([n for n in self.nodes if n.runs()] or self.nodes)
        if not node.runs():
            return
        what = self.random.choices((self.kill, self.halt, lambda n: self.cut(), self.fill, self.restore_amid, self.take_copy),
                                   (60, 10, 12, 7, 3, 8))[0]
        missing = self.missing()
        if missing and self.random.random() < 0.25:  # one that there was none of yet
            what = {"stops": self.halt, "full": self.fill, "copies": self.take_copy, "restores-amid": self.restore_amid,
                    **dict.fromkeys(("cut", "half", "slow"), lambda n: self.cut())}.get(self.random.choice(missing), what)
        what(node)

    # the end

    def heads(self, node, client):
        a = client.get("/rb/v1/heads?channel=" + self.channel)
        return a.body if a.status == 200 else None

    def settle(self, seconds):
        """the same heads and the same situation everywhere"""
        self.whole()
        self.proxies.set(list(self.proxies.links.values()), "up")
        me = {n.handle: peer.Peer(n.home, self.top) for n in self.nodes}
        clients = {}
        for i, n in enumerate(self.nodes):
            other = self.nodes[i - 1]
            clients[n.handle] = peer.Client(n.listen, me[other.handle].context(), n.card.tls)
        at = "/v1/channels/%s/situation?at=2060-01-01T00:00:00Z" % self.channel

        def differing():
            heads = {n.handle: self.heads(n, clients[n.handle]) for n in self.nodes}
            digests = {n.handle: (n.api.get(at) or {}).get("digest") for n in self.nodes}
            same = len(set(heads.values())) == len(set(digests.values())) == 1 and None not in digests.values()
            still = heads == state[1]  # a receipt may follow what was said last
            state[1] = heads
            return None if same and still else (heads, digests)
        state = [None, None]

        def same():
            self.watch()
            try:
                state[0] = differing()
            except OSError:
                return False
            return state[0] is None
        until(same, lambda: "the same at all nodes: %r" % (state[0],), seconds, 3)
        return clients

    def collect(self, clients, folder):
        """every feed from every node, over its peer port (6.4), of a moment in which nothing was logged"""
        def whole():
            before = {n.handle: self.heads(n, clients[n.handle]) for n in self.nodes}
            for n in self.nodes:
                self.collect_one(n, clients[n.handle], before[n.handle], folder)
            return before == {n.handle: self.heads(n, clients[n.handle]) for n in self.nodes}
        until(whole, "a moment of silence", 300)

    @staticmethod
    def collect_one(node, client, heads, folder):
        for origin, _, _ in peer.read_heads(heads):
            where = "log" if origin.split("/")[2] == node.card.hash else "mirror"
            prefix = "/%s/%s" % (where, peer.sha256(origin.encode()).hex())
            note = client.get(prefix + "/checkpoint").body
            history_module.write_copy(folder, node.handle, origin, client.leaves(prefix, peer.Note(note).size), note)

    def summary(self):
        return ", ".join("%d %s" % (v, k) for k, v in self.counts.items()) + ", %d records acknowledged" % sum(
            len(n.records) for n in self.nodes)
