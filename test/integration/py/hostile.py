"""A member that misbehaves, from the files of its home (peer.py, closed.py): raw bytes over TLS, tables of requests
that do not hold with the answer that spec/ names, and what goes on beside them. Tables give, for each attack: a
name, what is asked, the status, and the clause that the answer (a 404 says nothing) and the log name."""
import gzip
import http.client
import os
import re
import select
import socket
import ssl
import struct
import subprocess
import threading
import time
import closed
import peer
import swarm
import nacl.bindings
import nacl.pwhash.argon2id
import nacl.signing
from peer import b64, want

SOURCE = "127.0.0.3"  # where it comes from: limits for an address are its own
MANY = 24 << 20  # 7.2.1


# ---- raw bytes ------------------------------------------------------------------------------------

class Wire:
    """one TLS connection, on which anything may be sent"""

    def __init__(self, port, context=None, source=SOURCE, timeout=30):
        self.tcp = socket.create_connection(("127.0.0.1", port), timeout, (source, 0))
        self.sock, self.left = self.tcp, b""
        if context is not None:
            try:
                self.sock = context.wrap_socket(self.tcp)
            except BaseException:
                self.tcp.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.close()

    def close(self):
        self.sock.close()
        self.tcp.close()

    def send(self, data):
        self.sock.sendall(data)
        return self

    def answer(self):
        """(status, head, body) of the next answer; (0, ...) where the other side closes instead"""
        while b"\r\n\r\n" not in self.left:
            if not self._more():
                return 0, b"", self.left
        head, _, self.left = self.left.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head, re.I)
        while len(self.left) < int(length[1]):
            if not self._more():
                return 0, head, self.left
        body, self.left = self.left[:int(length[1])], self.left[int(length[1]):]
        return int(head[9:12]), head, body

    def _more(self):
        try:
            data = self.sock.recv(65536)
        except (ssl.SSLError, ConnectionError):
            data = b""
        self.left += data
        return data != b""

    def ends(self, seconds=10):
        """whether the other side closes within that time, whatever it still says"""
        self.sock.settimeout(seconds)
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                if self.sock.recv(65536) == b"":
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        return False


class From(peer.Client):
    """a client that comes from SOURCE"""

    def connect(self):
        link = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.context,
                                           source_address=(SOURCE, 0))
        link.connect()
        self.certificate = link.sock.getpeercert(True)
        want(peer.raw_key(self.certificate) == self.key, "7.1.3 key not pinned")
        return link


def request(line, *fields, body=b"", host=True):
    out = [line.encode() if isinstance(line, str) else line]
    out += [b"Host: x"] if host else []
    out += [f.encode() if isinstance(f, str) else f for f in fields]
    return b"\r\n".join(out) + b"\r\n\r\n" + body


def post(path, body, *fields):
    return request("POST %s HTTP/1.1" % path, "Content-Length: %d" % len(body), *fields, body=body)


def get(path):
    return request("GET %s HTTP/1.1" % path)


# ---- keys -----------------------------------------------------------------------------------------

def sealed_key(home, name, passphrase):
    """an Ed25519 key under a passphrase (2.5)"""
    data = swarm.read(home, "keys", name + ".sealed")
    lines = data.split(b"\n")
    _, memory, passes, salt = lines[2].split(b" ")
    key = nacl.pwhash.argon2id.kdf(32, passphrase.encode(), peer.unb64(salt.decode()), opslimit=int(passes),
                                   memlimit=int(memory) * 1024)
    head = data[:len(data) - len(lines[4]) - 1]
    seed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
        peer.unb64(lines[4].decode()), head, peer.unb64(lines[3].split(b" ")[1].decode()), key)
    return nacl.signing.SigningKey(seed)


def delegation(party, origin, log_key, previous=None):
    """3.8.5, signed by a party key"""
    body = {0: 2, 1: peer.public_of(party), 2: origin, 3: peer.public_of(log_key), 5: int(time.time() * 1000)}
    if previous:
        body[4] = list(previous)
    return peer.make_sign1(body, b"readback/party/v1", party)


# ---- the member -----------------------------------------------------------------------------------

class Member(closed.House):
    """a House that comes from SOURCE and whose feed one daemon, `at`, is shown"""

    def __init__(self, node, folder, cards, ports, at):
        super().__init__(node.home, folder, node.officer.key, cards, ports)
        self.clients = {h: From(ports[h], self.me.context(), cards[h].tls) for h in ports}
        self.at, self.port = at, ports[at]
        self.ways = []  # what its next pushes are answered with; then as it should be

    def wire(self, **more):
        return Wire(self.port, self.me.context(), **more)

    def ask(self, data):
        """one request on a connection of its own: (status, head, body)"""
        with self.wire() as w:
            return w.send(data).answer()

    def post(self, path, body, **more):
        return self.clients[self.at].post(path, body, **more)

    def get(self, path):
        return self.clients[self.at].get(path)

    @property
    def held(self):
        return self.taken[self.at]

    def grown(self, count=1):
        """leaves and hashes with so many more test records, without saying them"""
        leaves = self.own.leaves + [self.me.test_record(self.channel, self.origin, 100000 + i) for i in range(count)]
        return leaves, [peer.leaf_hash(x) for x in leaves]

    def signed(self, size, root, key=None, name=None, text=None):
        text = text or peer.checkpoint_text(self.origin, size, root)
        key = key or self.log_key
        return text + "\n" + peer.signature_line(name or self.origin, peer.LOG_KEY, peer.public_of(key),
                                                 key.sign(text.encode()).signature)

    def pushed(self, push):
        with self.lock:
            way = self.ways.pop(0) if self.ways else None
        if way is None:
            return super().pushed(push)
        return way(push)


def flip(data, at=-1, bit=1):
    out = bytearray(data)
    out[at] ^= bit
    return bytes(out)


ADD, ENTRIES, PUSH = "/mirror/add-checkpoint", "/mirror/add-entries", "/rb/v1/push"


def checkpoints(m):
    """clauses 4.2 to 4.6, 6.3, 6.4: what no mirror takes. (name, path, body, status, clause)"""
    n = m.held
    leaves, hashes = m.grown(300)
    size, root = len(leaves), peer.root_of(hashes)
    good, note = peer.subtree_proof(0, n, hashes), m.signed(size, root)
    text = peer.checkpoint_text(m.origin, size, root)
    head, line = note.split("\n\n")
    signature = line.split(" ")[2].strip()

    def add(old=n, proof=good, checkpoint=note):
        return peer.make_add_checkpoint(old, proof, checkpoint)
    odd = [("a proof hash less", good[:-1]), ("a proof hash more", good + [bytes(32)]), ("a proof turned round", good[::-1]),
           ("a bit of a proof", [flip(good[0])] + good[1:]), ("no proof", []), ("63 hashes of nothing", [bytes(32)] * 63),
           ("the proof of another size", peer.subtree_proof(0, n - 1, hashes))]
    out = [(name, ADD, add(proof=p), 422, "6.4.6") for name, p in odd if p != good]
    out += [("a push, " + name, PUSH, peer.make_push(b"", add(proof=p), b""), 422, "6.4.6") for name, p in odd if p != good]
    mirror = m.me.card.mirror_name()
    bad_line = signature[:-1] + ("A" if signature[-1] != "A" else "B")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    spare = signature[:-2] + alphabet[alphabet.index(signature[-2]) | 1] + "="  # 68 bytes leave two bits over
    other = nacl.signing.SigningKey.generate()
    out += [
        ("64 hashes", ADD, add(proof=[bytes(32)] * 64), 400, "4.6.2"),
        ("1000 hashes", ADD, add(proof=[bytes(32)] * 1000), 400, "4.6.2"),
        ("a hash of 31 bytes", ADD, add().replace(b64(good[0]).encode(), b64(good[0][:31]).encode()), 400, "4.6.2"),
        ("a hash without padding", ADD, add().replace(b64(good[0]).encode(), b64(good[0])[:-1].encode()), 400, "4.6.2"),
        ("a hash with spare bits", ADD, add(proof=[]).replace(b"\n\n", b"\n" + b"A" * 42 + b"B=\n\n", 1), 400, "4.6.2"),
        ("old above the size", ADD, add(old=size + 1), 400, "6.4.3"),
        ("old beyond 63 bits", ADD, add(old=1 << 63), 400, "4.6.1"),
        ("old with a zero before it", ADD, add().replace(b"old ", b"old 0", 1), 400, "4.6.1"),
        ("old below nothing", ADD, add().replace(b"old ", b"old -", 1), 400, "4.6.1"),
        ("old is no number", ADD, add().replace(b"old ", b"old x", 1), 400, "4.6.1"),
        ("new, not old", ADD, add().replace(b"old ", b"new ", 1), 400, "4.6.1"),
        ("no checkpoint", ADD, add(checkpoint=""), 400, "4.6.3"),
        ("a checkpoint of 66,000 bytes", ADD, add(checkpoint=note + line * 400), 400, "4.6.3"),
        ("an extension line", ADD, add(checkpoint=m.signed(size, root, text=text + "more\n")), 422, "6.4.2"),
        ("an empty extension line", ADD, add(checkpoint=m.signed(size, root, text=text + "\n")), 403, "4.3.4"),
        ("another key of its own", ADD, add(checkpoint=m.signed(size, root, key=m.me.mirror)), 403, "4.3.5"),
        ("a key of nobody", ADD, add(checkpoint=m.signed(size, root, key=other)), 403, "4.3.5"),
        ("a signature by the mirror's name", ADD, add(checkpoint=m.signed(size, root, name=mirror)), 403, "4.3.5"),
        ("a bit of the signature", ADD, add(checkpoint=head + "\n\n" + line.replace(signature, bad_line)), 403, "4.3.5"),
        ("a bad line beside a good one", ADD, add(checkpoint=note + line.replace(signature, bad_line)), 403, "4.3.5"),
        ("another key id", ADD, add(checkpoint=head + "\n\n" + line.replace(signature, b64(flip(peer.unb64(signature), 0)))), 403, "4.3.5"),
        ("a cosignature's type", ADD, add(checkpoint=text + "\n" + peer.cosignature(text, m.origin, m.log_key, 1)), 403, "4.3.5"),
        ("base64 with spare bits", ADD, add(checkpoint=head + "\n\n" + line.replace(signature, spare)), 403, "4.2.2"),
        ("base64 without padding", ADD, add(checkpoint=head + "\n\n" + line.replace(signature, signature.rstrip("="))), 403, "4.2.2"),
        ("no signature", ADD, add(checkpoint=text + "\n"), 403, "4.2.2"),
        ("no empty line", ADD, add(checkpoint=text + line), 403, "4.2.1"),
        ("a control character", ADD, add(checkpoint=note.replace(m.origin + "\n", m.origin + "\r\n", 1)), 404, None),
        ("a control character behind", ADD, add(checkpoint=note + "\u2014 a\x07b AAAAAAAA\n"), 403, "4.2.1"),
        ("129 lines", ADD, add(checkpoint=note + "\u2014 other %s\n" % b64(b"12345") * 128), 403, "4.2.3"),
        ("a size with a zero before it", ADD, add(checkpoint=m.signed(0, b"", text="%s\n0%d\n%s\n" % (m.origin, size, b64(root)))), 403, "4.3.2"),
        ("a size beyond 63 bits", ADD, add(checkpoint=m.signed(1 << 63, root)), 403, "4.3.2"),
        ("a root of 31 bytes", ADD, add(checkpoint=m.signed(size, root[:31])), 403, "4.3.3"),
        ("a root of nothing", ADD, add(old=0, proof=[], checkpoint=m.signed(0, root)), 403, "4.3.3"),
        ("another version of the push", PUSH, b"\2" + peer.make_push(b"", add(), b"")[1:], 400, "6.3.1"),
        ("a delegation without end", PUSH, b"\1\xff\xff\xff\xff" + add(), 400, "6.3.1"),
        ("a checkpoint without end", PUSH, b"\1\0\0\0\0\xff\xff\xff\xff" + add(), 400, "6.3.1"),
        ("a push of nothing", PUSH, b"", 400, "6.3.1"),
        ("somebody else's feed", ADD, add().replace(m.origin.encode(), m.cards["bravo"].origin(m.channel).encode()), 403, "4.3.5"),
        ("the daemon's own feed", ADD, add().replace(m.origin.encode(), m.cards[m.at].origin(m.channel).encode()), 404, None),
    ]
    return out


def sizes(m):
    """smaller sizes, and sizes that are not what is stored: the standard answer 409, which says what is (4.6.4, 6.3.5).
    (name, path, body, type, answer)"""
    n = m.held
    hashes = m.own.hashes
    smaller = m.signed(n - 1, m.own.root(n - 1))
    now, info = b"%d\n" % n, b"%d\n%d\n\n" % (n, n)
    out = []
    for old in (0, 1, n - 2, n - 1):
        proof = peer.subtree_proof(0, old, hashes[:n - 1]) if old < n - 1 else []
        add = peer.make_add_checkpoint(old, proof, smaller)
        out += [("smaller, from %d" % old, ADD, add, peer.SIZE_TYPE, now),
                ("a smaller push, from %d" % old, PUSH, peer.make_push(b"", add, peer.make_entries(
                    m.origin, old, m.own.leaves[:n - 1], hashes[:n - 1])), peer.INFO_TYPE, info)]
    leaves, grown = m.grown(3)
    for old in (0, 1, n - 1, n + 1):
        add = peer.make_add_checkpoint(old, peer.subtree_proof(0, old, grown), m.signed(n + 3, peer.root_of(grown)))
        out.append(("larger, from %d" % old, ADD, add, peer.SIZE_TYPE, now))
    return out


def entries(m, leaves, hashes):
    """4.7, 6.4.7 to 6.4.9, with a checkpoint of all these leaves pending: (name, path, body, status, clause)"""
    n = m.held
    body = peer.make_entries(m.origin, n, leaves, hashes)
    head = len(struct.pack(">H", len(m.origin))) + len(m.origin)
    first = body[:head + 18]

    def package(proof, these=None):
        these = leaves[n:(n // 256 + 1) * 256] if these is None else these
        return first + b"".join(struct.pack(">H", len(x)) + x for x in these) + bytes([len(proof)]) + b"".join(proof)
    stop = min(len(leaves), (n // 256 + 1) * 256)
    true = peer.subtree_proof(n - n % 256, stop, hashes)
    want(true, "the table needs a package with a proof")
    changed = [flip(leaves[n])] + leaves[n + 1:stop]
    turned = leaves[n:stop][::-1]
    origin = m.origin.encode()
    return [
        ("a bit of a subtree proof", ENTRIES, package([flip(true[0])] + true[1:]), 422, "6.4.9"),
        ("a subtree proof too short", ENTRIES, package(true[:-1]), 422, "6.4.9"),
        ("a subtree proof too long", ENTRIES, package(true + [bytes(32)]), 422, "6.4.9"),
        ("63 hashes of nothing", ENTRIES, package([bytes(32)] * 63), 422, "6.4.9"),
        ("64 hashes", ENTRIES, package([bytes(32)] * 64), 400, "4.7.5"),
        ("255 hashes", ENTRIES, package([bytes(32)] * 255), 400, "4.7.5"),
        ("a leaf changed", ENTRIES, package(true, changed), 422, "6.4.9"),
        ("leaves turned round", ENTRIES, package(true, turned), 422, "6.4.9"),
        ("an inclusion path for a package", ENTRIES, package(peer.subtree_proof(n, n + 1, hashes)), 422, "6.4.9"),
        ("another origin", PUSH, peer.make_push(b"", peer.make_add_checkpoint(len(leaves), [], m.signed(len(leaves), peer.root_of(hashes))),
                                                 body.replace(origin, origin[:-1] + b"7")), 400, "6.3.3"),
        ("an unknown origin", ENTRIES, body.replace(origin, origin[:-1] + b"7"), 404, None),
        ("bravo's origin", ENTRIES, body.replace(origin, m.cards["bravo"].origin(m.channel).encode()), None, None),
        ("an empty origin", ENTRIES, b"\0\0" + body[head:], 400, "4.7.1"),
        ("an origin of 129 bytes", ENTRIES, struct.pack(">H", 129) + b"o" * 129 + body[head:], 400, "4.7.1"),
        ("start after end", ENTRIES, body[:head] + struct.pack(">QQ", len(leaves), n) + body[head + 16:], 400, "4.7.2"),
        ("an end beyond 63 bits", ENTRIES, body[:head] + struct.pack(">QQ", n, 1 << 63) + body[head + 16:], 400, "4.7.2"),
        ("a ticket without end", ENTRIES, body[:head + 16] + b"\xff\xff" + body[head + 18:head + 60], 400, "4.7.1"),
        ("nothing behind the head", ENTRIES, first, 400, "6.3.4"),
        ("a leaf of length 0 to 3", ENTRIES, first + b"\0\1", 400, "4.7.4"),
        ("a leaf without end", ENTRIES, first + b"\xff\xffx", 400, "4.7.4"),
    ]


def returns(m, feed, note):
    """6.8: cosignatures that are none, for a feed held there and its checkpoint (a peer.Note).
    (name, body, status, clause)"""
    mine, name, text = m.me.mirror, m.me.card.mirror_name(), note.text
    log = next(raw for raw in (x + "\n" for x in note.raw.decode().split("\n\n")[1].split("\n")) if raw.startswith("\u2014 " + note.origin))

    def give(*lines, text=text, log=log, count=1):
        raw = (text + "\n" + log + "".join(lines)).encode()
        return (struct.pack(">I", len(raw)) + raw) * count

    def cosign(t, key=mine, of=text, by=name, public=None):
        signature = key.sign(peer.cosigned_text(t, of)).signature
        return peer.signature_line(by, peer.MIRROR_KEY, public or peer.public_of(mine), struct.pack(">Q", t) + signature)
    good = cosign(int(time.time()))
    other = nacl.signing.SigningKey.generate()
    bravo = m.cards["bravo"]
    larger = peer.checkpoint_text(note.origin, note.size + 1000000, peer.EMPTY)
    forked = peer.checkpoint_text(note.origin, note.size, peer.sha256(b"another"))
    nowhere = peer.checkpoint_text(m.origin[:-1] + "7", 1, peer.EMPTY)
    beyond = peer.signature_line(name, peer.MIRROR_KEY, peer.public_of(mine), struct.pack(">Q", 1 << 63) + mine.sign(
        peer.cosigned_text(1 << 63, text)).signature)
    return [
        ("a bit of it", give(cosign(5)[:-6] + ("A" if cosign(5)[-6] != "A" else "B") + cosign(5)[-5:]), 422, "6.8.6"),
        ("its own id, another's key", give(cosign(5, key=other)), 422, "6.8.6"),
        ("bravo's name and key id, its own key", give(cosign(5, by=bravo.mirror_name(), public=bravo.mirror)), 422, "6.8.6"),
        ("of another text", give(cosign(5, of=larger)), 422, "6.8.6"),
        ("good ones and a bad one", give(good, cosign(6), cosign(7, key=other)), 422, "6.8.6"),
        ("a time beyond 63 bits", give(beyond), 422, "6.8.6"),
        ("a size that is not held", give(cosign(5, of=larger), text=larger), 409, "6.8.3"),
        ("another root", give(cosign(5, of=forked), text=forked), 422, "6.8.5"),
        ("an unknown origin", give(cosign(5, of=nowhere), text=nowhere), 404, "6.8.2"),
        ("not signed by the log", give(good, log="").replace(b"\n\n\n", b"\n\n"), 422, "6.8.5"),
        ("signed by another log key", give(good, log=peer.signature_line(note.origin, peer.LOG_KEY, peer.public_of(other),
                                                                        other.sign(text.encode()).signature)), 422, "6.8.5"),
        ("lengths that do not add up", give(good)[:-1], 400, "6.8.1"),
        ("a note of 4 GiB", b"\xff\xff\xff\xff" + give(good), 400, "6.8.1"),
        ("half a length", give(good) + b"\0\0\0", 400, "6.8.1"),
        ("a note of nothing", b"\0\0\0\0", 400, "4.2.1"),
        ("no note", struct.pack(">I", 5) + b"hello", 400, "4.2.1"),
        ("129 lines", give(*[cosign(t) for t in range(128)]), None, "4.2.3"),
        ("600 lines", give(*[cosign(t) for t in range(99)], count=6), 413, "6.8.7"),
    ]


def framing():
    """7.3: (name, bytes, status, clause). The connection then ends."""
    ok = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    small = gzip.compress(b"x")
    return [
        ("two lengths", request("POST / HTTP/1.1", "Content-Length: 1", "Content-Length: 1", body=b"x"), 400, "7.3.4"),
        ("two unlike lengths", request("POST / HTTP/1.1", "Content-Length: 1", "Content-Length: 5", body=b"x"), 400, "7.3.4"),
        ("two hosts", request("GET / HTTP/1.1", "Host: y"), 400, "7.3.4"),
        ("two codings", request("POST / HTTP/1.1", "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), 400, "7.3.4"),
        ("two connections", request("GET / HTTP/1.1", "Connection: close", "connection: keep-alive"), 400, "7.3.4"),
        ("chunked", request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=b"1\r\nx\r\n0\r\n\r\n"), 411, "7.3.5"),
        ("chunked and a length", request("POST / HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, "7.3.5"),
        ("identity and a length", request("POST / HTTP/1.1", "Content-Length: 1", "Transfer-Encoding: identity", body=b"x"), 400, "7.3.5"),
        ("chunked on a GET", request("GET / HTTP/1.1", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 411, "7.3.5"),
        ("chunked with a tab", request("POST / HTTP/1.1", "Transfer-Encoding:\tchunked"), 411, "7.3.5"),
        ("no length", request("POST / HTTP/1.1"), 411, "7.3.5"),
        ("a list of lengths", request("POST / HTTP/1.1", "Content-Length: 1, 1", body=b"x"), 400, "7.3.5"),
        ("a length with a sign", request("POST / HTTP/1.1", "Content-Length: +1", body=b"x"), 400, "7.3.5"),
        ("a length below nothing", request("POST / HTTP/1.1", "Content-Length: -1", body=b"x"), 400, "7.3.5"),
        ("a length with a zero before it", request("POST / HTTP/1.1", "Content-Length: 01", body=b"x"), 400, "7.3.5"),
        ("a hexadecimal length", request("POST / HTTP/1.1", "Content-Length: 0x1", body=b"x"), 400, "7.3.5"),
        ("an empty length", request("POST / HTTP/1.1", "Content-Length:", body=b""), 400, "7.3.5"),
        ("a length of 2^64", request("POST / HTTP/1.1", "Content-Length: 18446744073709551616"), 400, "7.3.5"),
        ("a length over 24 MiB", request("POST / HTTP/1.1", "Content-Length: %d" % (MANY + 1)), 413, "7.3.6"),
        ("a length near 2^64", request("POST / HTTP/1.1", "Content-Length: 18446744073709551615"), 413, "7.3.6"),
        ("a GET with a body", request("GET / HTTP/1.1", "Content-Length: 1", body=b"x"), 400, "7.3.5"),
        ("a packed GET", request("GET / HTTP/1.1", "Content-Length: %d" % len(small), "Content-Encoding: gzip", body=small), 400, "7.3.5"),
        ("another coding", request("POST / HTTP/1.1", "Content-Length: 1", "Content-Encoding: br", body=b"x"), 415, "7.3.7"),
        ("two codings in one", request("POST / HTTP/1.1", "Content-Length: 1", "Content-Encoding: gzip, gzip", body=b"x"), 415, "7.3.7"),
        ("no gzip", post("/", b"xxxxxxxxxxxxxxxxxxxxxxxxx", "Content-Encoding: gzip"), 400, "7.3.7"),
        ("gzip cut", post("/", small[:-1], "Content-Encoding: gzip"), 400, "7.3.7"),
        ("gzip of nothing at all", post("/", b"", "Content-Encoding: gzip"), 400, "7.3.7"),
        ("gzip, a wrong sum", post("/", flip(small, -6), "Content-Encoding: gzip"), 400, "7.3.7"),
        ("two gzip members", post("/", small + small, "Content-Encoding: gzip"), 400, "7.3.7"),
        ("bytes behind gzip", post("/", small + b"\0", "Content-Encoding: gzip"), 400, "7.3.7"),
        ("a gzip bomb", post("/rb/v1/push", gzip.compress(bytes(MANY + 1)), "Content-Encoding: gzip"), 413, "7.3.7"),
        ("a gzip bomb of 2 GiB", post("/rb/v1/push", bomb(2 << 30), "Content-Encoding: gzip"), 413, "7.3.7"),
        ("two requests at once", ok + ok, 400, "7.3.8"),
        ("a byte behind a body", post("/", b"x") + b"y", 400, "7.3.8"),
        ("a request behind a body", post("/", b"x") + ok, 400, "7.3.8"),
        ("bare LF", ok.replace(b"\r\n", b"\n") + b"\r\n\r\n", 400, "7.3.1"),
        ("one bare LF", b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400, "7.3.1"),
        ("a bare CR", b"GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 400, "7.3.1"),
        ("a folded field", b"GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n", 400, "7.3.3"),
        ("a blank before the colon", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 0\r\n\r\n", 400, "7.3.3"),
        ("a field without a name", b"GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400, "7.3.3"),
        ("a field without a colon", b"GET / HTTP/1.1\r\nHost: x\r\nhello\r\n\r\n", 400, "7.3.3"),
        ("NUL in a field", b"GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", 400, "7.3.3"),
        ("no host", request("GET / HTTP/1.1", host=False), 400, "7.3.4"),
        ("expect", request("POST / HTTP/1.1", "Content-Length: 1", "Expect: 100-continue", body=b"x"), 417, "7.3.4"),
        ("64 fields and one", request("GET / HTTP/1.1", *["A%d: b" % i for i in range(64)]), 431, "7.3.2"),
        ("a long head", request("GET / HTTP/1.1", "A: " + "b" * 9000), 431, "7.3.1"),
        ("a head without end", b"GET / HTTP/1.1\r\nA: " + b"b" * 9000, 431, "7.3.1"),
        ("a long target", request("GET /%s HTTP/1.1" % ("a" * 3000)), 414, "7.3.2"),
        ("another method", request("PUT / HTTP/1.1", "Content-Length: 0"), 501, "7.3.2"),
        ("a method in small letters", request("get / HTTP/1.1"), 501, "7.3.2"),
        ("CONNECT", request("CONNECT a:1 HTTP/1.1"), 501, "7.3.2"),
        ("HTTP/1.0", request("GET / HTTP/1.0"), 505, "7.3.2"),
        ("HTTP/2.0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "7.3.2"),
        ("no version", b"GET /\r\n\r\n", 400, "7.3.2"),
        ("two blanks", request("GET  / HTTP/1.1"), 400, "7.3.2"),
        ("a whole address", request("GET http://x/ HTTP/1.1"), 400, "7.3.2"),
        ("a fragment", request("GET /#a HTTP/1.1"), 400, "7.3.2"),
        ("a byte above ASCII", request("GET /\xe4 HTTP/1.1".encode("latin-1")), 400, "7.3.2"),
        ("garbage", b"\x16\x03\x01\r\n\r\n" + bytes(100), 400, "7.3.2"),
    ]


def bomb(size):
    """gzip of so many zeros, made without holding them"""
    import zlib
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1 << 20)
    return b"".join([z.compress(piece) for _ in range(size >> 20)] + [z.flush()])


def foreign(m, cards, channel, exists=None):
    """whatever may be asked of a channel: for who has no part in it, each the one 404. `exists`: hashes of a body
    and a leaf that are there. (name, bytes)"""
    body_hash = (exists or {}).get("body", bytes(32)).hex()
    out = []
    for card in cards.values():
        origin = card.origin(channel)
        h = peer.sha256(origin.encode()).hex()
        note = peer.make_checkpoint(origin, 1, peer.EMPTY, m.log_key)
        add, leaf = peer.make_add_checkpoint(0, [], note), [b"x"]
        entry = peer.make_entries(origin, 0, leaf, [peer.leaf_hash(b"x")])
        for where in ("log", "mirror"):
            out += [get("/%s/%s/%s" % (where, h, what)) for what in (
                "checkpoint", "tile/0/000", "tile/0/000.p/1", "tile/entries/000", "tile/entries/000.p/1", "tile/1/000.p/1", "x")]
        out += [get("/rb/v1/feed?origin=%s&from=%s" % (h, f)) for f in ("0", "1", "99999999", "x")]
        out += [get("/rb/v1/branch?origin=%s&root=%s&from=0" % (h, "A" * 43)),
                get("/rb/v1/cosignatures?channel=%s&origin=%s&above=0" % (channel, h)),
                post(ADD, add), post(ENTRIES, entry), post(PUSH, peer.make_push(b"", add, entry)),
                post("/rb/v1/advance?channel=" + channel, struct.pack(">I", len(origin)) + origin.encode() + bytes(8) + b"x")]
    out += [get("/rb/v1/%s?channel=%s%s" % (what, channel, more)) for what, more in (
        ("heads", ""), ("news", "&have=" + "0" * 32), ("held", ""), ("evidence", ""),
        ("body", "&member=0&hash=%s&from=0" % body_hash), ("body", "&member=1&hash=%s&from=0" % body_hash),
        ("heads", "&x=y"), ("nothing", ""))]
    raw = note.encode()
    out += [post("/rb/v1/%s?channel=%s" % (what, channel), body) for what, body in (
        ("add-cosignatures", struct.pack(">I", len(raw)) + raw), ("held", struct.pack(">I", len(raw)) + raw),
        ("evidence", b"readback/fork/v1\n"), ("bodies", closed.entry(0, bytes(32), 5, 0, b"hello")), ("nothing", b""))]
    return out


def fork_text(other, proof, first, second):
    """4.10.2"""
    out = "readback/fork/v1\nother %s\n" % b64(other) + "".join(b64(h) + "\n" for h in proof) + "\n"
    return b"".join([out.encode(), *(b"note %d\n" % len(n) + n for n in (first, second))])


def proves_fork(text, log_key):
    """4.10.3, by another hand: raises Wrong where it does not"""
    head, gap, rest = text.partition(b"\n\n")
    lines = head.decode("ascii").split("\n")
    want(gap and lines[0] == "readback/fork/v1" and lines[1].startswith("other "), "4.10.2")
    other, proof, notes = peer.unb64(lines[1][6:], 32), [peer.unb64(x, 32) for x in lines[2:]], []
    for _ in range(2):
        first, _, rest = rest.partition(b"\n")
        want(first.startswith(b"note "), "4.10.2 note")
        length = peer.number(first[5:].decode("ascii"))
        notes.append(peer.Note(rest[:length]))
        rest = rest[length:]
    want(rest == b"", "4.10.2 end")
    a, b = notes
    for n in notes:
        n.log_signed(log_key)
    want(a.origin == b.origin and a.size <= b.size and other != a.root, "4.10.3")
    if a.size == b.size:
        want(not proof and other == b.root, "4.10.3 equal sizes")
    else:
        want(peer.proof_holds(0, a.size, b.size, other, proof, b.root), "4.10.3 proof")


def accusations(m):
    """evidence that proves nothing (6.16.3): (name, body, status, clause)"""
    n, hashes = m.held, m.own.hashes
    one, two = m.signed(n - 2, m.own.root(n - 2)).encode(), m.signed(n, m.own.root(n)).encode()
    proof = peer.subtree_proof(0, n - 2, hashes[:n])
    good = fork_text(m.own.root(n - 2), proof, one, two)
    forged = m.signed(n, peer.sha256(b"forged"), key=m.me.mirror).encode()
    bravo = m.cards["bravo"].origin(m.channel)

    def of_bravo(key, root):
        text = peer.checkpoint_text(bravo, 3, root)
        return (text + "\n" + peer.signature_line(bravo, peer.LOG_KEY, peer.public_of(key), key.sign(text.encode()).signature)).encode()
    return [
        ("the root is no other", good, 422, "4.10.3"),
        ("another root without a proof", fork_text(bytes(32), proof, one, two), 422, "4.10.3"),
        ("larger before smaller", fork_text(bytes(32), proof, two, one), 422, "4.10.3"),
        ("the same note twice", fork_text(m.own.root(n), [], two, two), 422, "4.10.3"),
        ("a note that its log did not sign", fork_text(peer.sha256(b"forged"), [], two, forged), 422, "4.3.5"),
        ("of bravo, signed by nobody", fork_text(peer.EMPTY, [], of_bravo(m.log_key, bytes(32)), of_bravo(m.log_key, peer.EMPTY)), 422, "4.3.5"),
        ("of an origin that is not there", good.replace(m.origin.encode(), m.origin[:-1].encode() + b"7"), 404, "6.16.3"),
        ("not evidence", b"hello", 422, "4.10.2"),
        ("nothing", b"", 422, "4.10.2"),
        ("64 hashes", fork_text(bytes(32), [bytes(32)] * 64, one, two), 422, "4.10.2"),
        ("cut", good[:-3], 422, "4.10.2"),
        ("bytes behind", good + b"x", 422, "4.10.2"),
        ("a note of 2^63", good.replace(b"note ", b"note 9", 1), 422, "4.10.2"),
        ("a megabyte", good + bytes(1 << 20), 422, "4.10.2"),
    ]


def ahead(m):
    """advance copies (6.17.3) that are none: (name, body, status, clause)"""
    def record(key, origin=None, channel=None, **more):
        body = {1: closed.STATEMENT, 2: bytes.fromhex(channel or m.channel), 3: int(time.time() * 1000), 5: 0, 12: {1: "x", 2: "x"}}
        body.update({int(k[1:]): v for k, v in more.items()})
        return peer.make_sign1(body, (origin or m.origin).encode(), key)

    def copy(leaf, origin=m.origin, index=1 << 40):
        return struct.pack(">I", len(origin)) + origin.encode() + struct.pack(">Q", index) + leaf
    bravo = m.cards["bravo"].origin(m.channel)
    return [
        ("of bravo's feed", copy(record(m.officer, bravo), bravo), 404, "6.17.3"),
        ("of an unknown feed", copy(record(m.officer), m.origin[:-1] + "7"), 404, "6.17.3"),
        ("over another origin", copy(record(m.officer, bravo)), 422, "6.17.3"),
        ("by a key of nobody", copy(record(nacl.signing.SigningKey.generate())), 422, "6.17.3"),
        ("by its node", copy(record(m.me.node)), 422, "6.17.3"),
        ("of another channel", copy(record(m.officer, channel="11" * 16)), 422, "6.17.3"),
        ("not FLASH", copy(record(m.officer, _5=1)), 422, "6.17.3"),
        ("a leaf of nothing", copy(b""), 503, "6.17.3"),
        ("a leaf of 65,536 bytes", copy(bytes(65536)), 503, "6.17.3"),
        ("not a record", copy(b"hello"), None, "3.2.1"),
        ("an origin without end", b"\xff\xff\xff\xff" + m.origin.encode(), 400, "6.17.3"),
        ("nothing", b"", 400, "6.17.3"),
    ]


# ---- TLS ------------------------------------------------------------------------------------------

def s_client(port, certificate, key, feed, seconds=60):
    """what openssl's own client sees; feed(write, seen): its standard input, and whether it said a word so often. It
    takes one command for each time that it reads, so who feeds it waits for its word."""
    p = subprocess.Popen(["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-cert", certificate, "-key", key, "-quiet",
                          "-no_ign_eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = bytearray()

    def listen():
        while data := os.read(p.stdout.fileno(), 65536):
            said.extend(data)
    ear = threading.Thread(target=listen, daemon=True)
    ear.start()

    def write(data):
        try:
            p.stdin.write(data)
            p.stdin.flush()
            return True
        except OSError:
            return False

    def seen(word, times=1):
        end = time.monotonic() + seconds
        while said.count(word) < times and ear.is_alive() and time.monotonic() < end:
            time.sleep(0.01)
        return said.count(word) >= times
    feed(write, seen)
    try:
        p.stdin.close()
    except OSError:
        pass
    ear.join(seconds)
    p.kill()
    p.wait()
    ear.join()
    p.stdout.close()
    return bytes(said)


# ---- what goes on beside it -----------------------------------------------------------------------

class Traffic(threading.Thread):
    """two honest members, each of whose records the other is to hold, all the time. Each round is one record from
    each; `rounds`: (begun, ended). `memory`: the most that the first daemon took."""

    def __init__(self, a, b, channel):
        super().__init__(daemon=True)
        self.pair, self.channel = (a, b), channel
        self.rounds, self.fault, self.going, self.memory = [], None, True, 0

    def run(self):
        try:
            while self.going:
                begun = time.monotonic()
                self.round()
                self.rounds.append((begun, time.monotonic()))
        except Exception as error:
            self.fault = "%s: %s" % (type(error).__name__, error)

    def round(self):
        a, b = self.pair
        said = []
        for n, other in ((a, b), (b, a)):
            record = swarm.until(lambda: n.officer.release(n.api, swarm.statement(self.channel, "round %d" % len(self.rounds))),
                                 n.handle + " says a record", 60)
            said.append((n, other, record))
        for n, other, record in said:
            swarm.until(lambda: other.api.get("/v1/records/" + record), "%s shows a record of %s" % (other.handle, n.handle), 60)
            swarm.until(lambda: other.handle in swarm.held_by(n, record), "%s shows that %s holds" % (n.handle, other.handle), 60)
        self.memory = max(self.memory, a.memory())

    def goes_on(self, since, seconds=60):
        """a whole round that began after that"""
        def found():
            want(self.fault is None, "honest traffic stopped: %s" % self.fault)
            return [r for r in self.rounds if r[0] >= since]
        return swarm.until(found, "a round of honest traffic", seconds)[0]

    def stop(self):
        self.going = False
        self.join(120)
        want(self.fault is None, "honest traffic stopped: %s" % self.fault)
