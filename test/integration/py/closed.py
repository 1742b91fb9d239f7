"""Closed content written from spec/ alone (clauses 3.4.10, 9.1 to 9.5), on top of peer.py: heads, age files by
the `age` program or, where thousands are wanted, by PyNaCl, leaves signed by an officer, bodies handed over and
given out. `House` is a whole party that says to two daemons what it wants, true or not."""
import hashlib
import hmac
import http.server
import os
import struct
import subprocess
import threading
import time
import cbor2
import nacl.bindings
import nacl.signing
import peer

NOTICE, POSITION, TEXT, STATEMENT, ROSTER, ATTACHMENT = 10, 13, 19, 24, 25, 29
SERVICE, RECEIPT, TEST = 6, 8, 5
ABOUT, ANSWERS = 9, 8
CHUNK, MOST = 65536, 131072


# 2.4.4: a recipient as age writes it (Bech32, BIP 173)

def bech32(hrp, data):
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    bits = int.from_bytes(data, "big") << (-8 * len(data) % 5)
    words = [bits >> 5 * i & 31 for i in reversed(range((8 * len(data) + 4) // 5))]

    def sum_of(values):
        c = 1
        for v in values:
            top, c = c >> 25, (c & 0x1ffffff) << 5 ^ v
            for i, g in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
                c ^= g if top >> i & 1 else 0
        return c
    spread = [ord(x) >> 5 for x in hrp] + [0] + [ord(x) & 31 for x in hrp]
    check = sum_of(spread + words + [0] * 6) ^ 1
    return hrp + "1" + "".join(alphabet[w] for w in words + [check >> 5 * i & 31 for i in range(5, -1, -1)])


def age(plain, keys):
    """sealed by the age program to these X25519 keys"""
    words = [w for k in keys for w in ("-r", bech32("age", k))]
    return subprocess.run(["age", *words], input=plain, check=True, capture_output=True).stdout


def age_open(identity_file, sealed):
    return subprocess.run(["age", "-d", "-i", identity_file], input=sealed, check=True, capture_output=True).stdout


def hkdf(key, salt, info):
    prk = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(prk, info + b"\1", "sha256")


class Seals:
    """age files to the same keys, each in a moment: one header, many payloads (9.2)"""

    def __init__(self, keys):
        def text(raw):
            return peer.b64(raw).rstrip("=").encode()
        self.file_key = os.urandom(16)
        head = b"age-encryption.org/v1\n"
        for k in keys:
            secret = os.urandom(32)
            share = nacl.bindings.crypto_scalarmult_base(secret)
            wrap = hkdf(nacl.bindings.crypto_scalarmult(secret, k), share + k, b"age-encryption.org/v1/X25519")
            body = nacl.bindings.crypto_aead_chacha20poly1305_ietf_encrypt(self.file_key, None, bytes(12), wrap)
            head += b"-> X25519 %s\n%s\n" % (text(share), text(body))
        head += b"---"
        self.head = head + b" " + text(hmac.digest(hkdf(self.file_key, b"", b"header"), head, "sha256")) + b"\n"

    def seal(self, plain):
        nonce, out = os.urandom(16), b""
        key = hkdf(self.file_key, nonce, b"payload")
        for i in range(0, max(len(plain), 1), CHUNK):
            piece = plain[i:i + CHUNK]
            number = (i // CHUNK).to_bytes(11, "big") + bytes([i + CHUNK >= len(plain)])
            out += nacl.bindings.crypto_aead_chacha20poly1305_ietf_encrypt(piece, None, number, key)
        return self.head + nonce + out


# 9.1: the plaintext

def encode(value):
    return cbor2.dumps(value, canonical=True)


def parts(kind, body, content=b""):
    if kind == TEXT:
        return [encode({k: v for k, v in body.items() if k != 3})] + [p.encode() for p in body[3]]
    return [encode(body), content] if kind == ATTACHMENT else [encode(body)]


def pad(before):
    zeros = 0
    while (len(before) + len(cbor2.dumps(bytes(zeros)))) % 256:
        zeros += 1
    return bytes(zeros)


def head(salts, body, padding=None):
    before = b"\x83" + encode(salts) + encode(body)
    return before + cbor2.dumps(pad(before) if padding is None else padding)


def commit(salts, plain):
    return [hashlib.sha256(s + p).digest() for s, p in zip(salts, plain)]


class Body:
    """what a leaf says of a body, and the bytes that stand for it"""

    def __init__(self, sealed, commitments, size=None, digest=None):
        self.sealed, self.commitments = sealed, commitments
        self.size, self.hash = len(sealed) if size is None else size, digest or peer.sha256(sealed)

    @staticmethod
    def of(kind, body, keys, content=b"", salts=None, padding=None, told=None, more=b"", seal=age):
        """true in everything that is not given; told: the commitments are of this body instead"""
        plain = parts(kind, body, content)
        salts = salts or [os.urandom(32) for _ in plain]
        commitments = commit(salts + [bytes(32)] * len(plain), parts(kind, told, content) if told else plain)
        return Body(seal(head(salts, body, padding) + content + more, keys), commitments)


# 9.4.2

def entry(member, digest, size, start, data):
    return struct.pack(">H", member) + digest + struct.pack(">QQI", size, start, len(data)) + data


def read_haves(answer):
    lines = [line.split(" ") for line in answer.decode("ascii").split("\n")[:-1]]
    return [(int(m), bytes.fromhex(h), int(n)) for m, h, n in lines]


class House:
    """one party at home, known to several daemons at once"""

    def __init__(self, home, folder, officer, cards, ports):
        self.me, self.officer, self.cards = peer.Peer(home, folder), officer, cards
        self.clients = {h: peer.Client(ports[h], self.me.context(), cards[h].tls) for h in ports}
        self.feeds, self.taken, self.faults = {}, {}, []
        self.given, self.asked = {}, []  # hash -> what to answer with; every GET of a body
        self.posted, self.lock = [], threading.Lock()

    def enter(self, channel, through):
        """the channel as it stands in the daemon's log"""
        client, self.channel = self.clients[through], channel
        self.own = self.read_feed(client, "mirror", self.me.card)
        self.origin = self.own.origin
        for h, c in self.cards.items():
            self.feeds[c.origin(channel)] = self.read_feed(self.clients[h], "log", c)
        charter = self.envelope(self.feeds[self.cards[through].origin(channel)].leaves[0])[12]
        self.members = {m[1]: m[0] for m in charter[3]}
        self.index = self.members[self.me.card.handle]
        self.log_key = self.me.key("log-%s-0" % channel)
        for h in self.clients:  # what each has of ours
            a = self.clients[h].get("/rb/v1/heads?channel=" + channel)
            self.taken[h] = next((n for o, n, _ in peer.read_heads(a.body) if o == self.origin), 0)

    def read_feed(self, client, where, card):
        origin = card.origin(self.channel)
        prefix = "/%s/%s" % (where, peer.sha256(origin.encode()).hex())
        note = peer.Note(client.get(prefix + "/checkpoint").body)
        leaves = client.leaves(prefix, note.size)
        delegation = next(e[12][1] for e in map(self.envelope, leaves) if e[1] == 26)
        feed = peer.Feed(origin, card.party, delegation)
        feed.append(leaves)
        peer.want(feed.root() == note.root, "4.3 root")
        return feed

    @staticmethod
    def envelope(leaf):
        return peer.decode(peer.decode(leaf).value[2])

    def key_of(self, handle):
        return (self.cards[handle] if handle in self.cards else self.me.card).age

    # saying

    def say(self, kind, body=None, to=None, detached=None, by=None, **more):
        """one more leaf of ours; to: members' indexes. Returns its index and its hash"""
        env = {1: kind, 2: bytes.fromhex(self.channel), 3: int(time.time() * 1000)}
        if detached:
            env[6], env[13] = sorted(to), [detached.hash, detached.size, detached.commitments]
        else:
            env[12] = body
        env.update({int(k[1:]): v for k, v in more.items()})
        leaf = peer.make_sign1(env, self.origin.encode(), by or self.officer)
        self.own.append([leaf])
        return len(self.own.leaves) - 1, self.own.hashes[-1]

    def checkpoint(self, size=None):
        n = len(self.own.leaves) if size is None else size
        return peer.make_checkpoint(self.origin, n, self.own.root(n), self.log_key)

    def push(self, *handles):
        size = len(self.own.leaves)
        for h in handles or self.clients:
            old, start = self.taken[h], self.taken[h]
            while start < size:
                add = peer.make_add_checkpoint(old, peer.subtree_proof(0, old, self.own.hashes) if old < size else [], self.checkpoint())
                a = self.clients[h].post("/rb/v1/push", peer.make_push(b"", add, peer.make_entries(
                    self.origin, start, self.own.leaves, self.own.hashes)))
                if a.status in (202, 409):
                    old, start, _ = peer.read_info(a.body)
                    continue
                peer.want(a.status == 200, "6.3 push: %d %r" % (a.status, a.body))
                start = size
            self.taken[h] = size

    def hand(self, handle, *entries):
        return self.clients[handle].post("/rb/v1/bodies?channel=" + self.channel, b"".join(entries))

    def hand_over(self, handle, *bodies):
        a = self.hand(handle, *(entry(self.index, b.hash, len(b.sealed), 0, b.sealed) for b in bodies))
        peer.want(a.status == 200, "9.4.2 %d %r" % (a.status, a.body))
        return [n for _, _, n in read_haves(a.body)]

    def body_path(self, handle, digest, start=0, member=None):
        return "/rb/v1/body?channel=%s&member=%d&hash=%s&from=%d" % (
            self.channel, self.members[handle] if member is None else member, digest.hex(), start)

    def fetch(self, handle, digest, size):
        """a body of `handle`, from itself"""
        got = b""
        while len(got) < size:
            a = self.clients[handle].get(self.body_path(handle, digest, len(got)))
            peer.want(a.status == 200 and a.body, "9.4.4 %d" % a.status)
            got += a.body
        peer.want(len(got) == size and peer.sha256(got) == digest, "9.4.4 other bytes")
        return got

    # being told

    def listen(self, port):
        context = self.me.context(True)
        context.verify_mode, context.num_tickets = peer.ssl.CERT_REQUIRED, 0
        names = {}
        for h, c in self.clients.items():
            c.connect().close()
            context.load_verify_locations(cadata=c.certificate)
            names[self.cards[h].tls] = h
        house = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                self.request.settimeout(30)
                self.request.do_handshake()
                self.who = names[peer.raw_key(self.request.getpeercert(True))]
                super().setup()

            def answer(self, status, body, kind="text/plain"):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path.startswith("/rb/v1/body?"):
                    return house.asked_for(self, dict(p.split("=") for p in self.path.split("?")[1].split("&")))
                self.answer(404, b"unknown\n")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    if self.path == "/rb/v1/push":
                        return self.answer(*house.pushed(peer.Push(body)))
                    if self.path.startswith("/rb/v1/bodies?"):
                        return self.answer(200, house.handed(self.who, body))
                except Exception as error:  # the test looks at it
                    house.faults.append(repr(error))
                self.answer(404, b"unknown\n")

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda request, client: None  # a link that ended
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def pushed(self, push):
        with self.lock:
            feed = self.feeds[push.note.origin]
            if push.old != len(feed.leaves):
                return 409, b"%d\n%d\n\n" % (len(feed.leaves), len(feed.leaves)), peer.INFO_TYPE
            if not feed.take(push):
                return 202, b"%d\n%d\n\n" % (push.note.size, len(feed.leaves)), peer.INFO_TYPE
            return 200, self.me.cosign(push.note).encode()

    def handed(self, who, body):
        """9.4.2 by another hand: all is taken"""
        r, out = peer.Reader(body), b""
        while r.left():
            member, digest = r.number(2), r.take(32)
            size, start, data = r.number(8), r.number(8), r.take(r.number(4))
            self.posted.append((who, member, digest, size, start, data))
            out += b"%d %s %d\n" % (member, digest.hex().encode(), start + len(data))
        return out

    def asked_for(self, handler, query):
        digest, start = bytes.fromhex(query["hash"]), int(query["from"])
        self.asked.append((handler.who, int(query["member"]), digest, start, time.monotonic()))
        what = self.given.get(digest)
        if callable(what):
            what = what(handler, start)
            if what is None:
                return None
        if what is None or int(query["member"]) != self.index:
            return handler.answer(404, b"unknown\n")
        return handler.answer(200, what[start:start + (1 << 20)], "application/octet-stream")

    def requests(self, digest):
        return [a for a in self.asked if a[2] == digest]
