"""A peer written from spec/ alone: python3-nacl, python3-cbor2 and Python's own TLS, none of Readback's code.

What a party needs to take part in a channel from the files of its home: cards and records (clause 3),
notes, trees, proofs, tiles and pushes (clause 4), the line (clause 6), TLS (clause 7.1). It judges no
record: it holds, verifies and cosigns. `Wrong` is raised by whatever does not hold; its first word is
the clause.
"""
import base64
import gzip
import hashlib
import http.client
import http.server
import os
import re
import ssl
import struct
import subprocess
import threading
import time
import cbor2
import nacl.exceptions
import nacl.signing

SIZE_TYPE, INFO_TYPE = "text/x.tlog.size", "text/x.tlog.mirror-info"
LOG_KEY, MIRROR_KEY = 1, 4  # types of keys of notes, 4.2.6
SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before the 32 bytes


class Wrong(Exception):
    pass


def want(condition, reason):
    if not condition:
        raise Wrong(reason)


def sha256(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text, length=None):
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong("4 base64") from None
    want(b64(raw) == text and length in (None, len(raw)), "4 base64")
    return raw


def number(text):
    want(re.fullmatch(r"0|[1-9][0-9]{0,18}", text) and int(text) < 1 << 63, "4 number")
    return int(text)


def signed_by(public, signature, message):
    try:
        nacl.signing.VerifyKey(public).verify(message, signature)
        return True
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False


# Keys (2.4.1) and records (3)

def private_key(path):
    with open(path, encoding="ascii") as f:
        lines = f.read().split("\n")
    want(lines[0] == "-----BEGIN PRIVATE KEY-----" and lines[2] == "-----END PRIVATE KEY-----", "2.4.1 PEM")
    der = unb64(lines[1], 48)
    want(der[:16] == bytes.fromhex("302e020100300506032b657004220420"), "2.4.1 PKCS#8")
    return nacl.signing.SigningKey(der[16:])


def public_of(key):
    return bytes(key.verify_key)


def key_id(public):
    return sha256(public)[:8]


def decode(data):
    """one value, in its one encoding (3.1); all keys here are small integers, so orders agree"""
    try:
        value = cbor2.loads(data)
    except Exception as error:
        raise Wrong("3.1 " + str(error)) from None
    want(cbor2.dumps(value, canonical=True) == data, "3.1 not the one encoding")
    return value


def to_be_signed(protected, aad, payload):
    return cbor2.dumps(["Signature1", protected, aad, payload])


def open_sign1(data, aad, public=None):
    """payload of a COSE_Sign1; the key is the one given, or for a party's body the one within"""
    value = decode(data)
    want(isinstance(value, cbor2.CBORTag) and value.tag == 18 and len(value.value) == 4, "3.2.1")
    protected, unprotected, payload, signature = value.value
    head, body = decode(protected), decode(payload)
    if public is None:
        public = body[2] if body[0] == 1 else body[1]  # card 3.8.4, delegation 3.8.5
    want(unprotected == {} and head in ({1: -8, 4: key_id(public)}, {1: -19, 4: key_id(public)}), "3.2.2")
    want(signed_by(public, signature, to_be_signed(protected, aad, payload)), "3.2.4")
    return body


def make_sign1(body, aad, key):
    protected = cbor2.dumps({1: -8, 4: key_id(public_of(key))}, canonical=True)
    payload = cbor2.dumps(body, canonical=True)
    signature = key.sign(to_be_signed(protected, aad, payload)).signature
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


class Card:
    def __init__(self, signed):
        body = open_sign1(signed, b"readback/party/v1")
        want(body[0] == 1, "3.8.4")
        self.handle, self.party, self.version = body[1], body[2], body[3]
        self.mirror, self.node, self.tls, self.age = body[7], body[8], body[9], body[10]
        self.addresses = body.get(6, [])
        self.hash = sha256(self.party).hex()

    def origin(self, channel, exercise=False, epoch=0):  # 3.9
        return "readback%s/%s/%s/%d" % ("-exercise" if exercise else "", channel, self.hash, epoch)

    def mirror_name(self):  # 4.4.5
        return "readback/%s/mirror" % self.hash

    def fingerprint(self):  # 2.2
        h = sha256(b"readback/fingerprint/v1\n" + self.handle.encode() + b"\n" + self.party)
        return " ".join("%05d" % (n % 100000) for n in struct.unpack(">8I", h))


# Trees (4.1)

EMPTY = sha256(b"")


def leaf_hash(leaf):
    return sha256(b"\0" + leaf)


def node_hash(left, right):
    return sha256(b"\1" + left + right)


def split(n):
    return 1 << (n - 1).bit_length() - 1


def root_of(hashes):
    if not hashes:
        return EMPTY
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node_hash(root_of(hashes[:k]), root_of(hashes[k:]))


def subtree_proof(s, e, hashes, known=True):
    if s == e:
        return []
    n = len(hashes)
    if (s, e) == (0, n):
        return [] if known else [root_of(hashes)]
    k = split(n)
    if e <= k:
        return subtree_proof(s, e, hashes[:k], known) + [root_of(hashes[k:])]
    if s >= k:
        return subtree_proof(s - k, e - k, hashes[k:], known) + [root_of(hashes[:k])]
    return subtree_proof(0, e - k, hashes[k:], False) + [root_of(hashes[:k])]


def proof_holds(s, e, n, part, proof, root):
    """4.1.5, step by step"""
    if not 0 <= s <= e <= n or s % (1 << max(e - s - 1, 0).bit_length()) or len(proof) > 63:
        return False
    if s == e:
        return not proof and part == EMPTY
    fn, sn, tn, proof = s, e - 1, n - 1, list(proof)
    while fn != sn and (sn == tn or sn & 1):
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    if fn != sn and not proof:
        return False
    a = b = part if fn == sn else proof.pop(0)
    for c in proof:
        if tn == 0:
            return False
        if sn & 1 or sn == tn:
            if fn < sn:
                a = node_hash(c, a)
            b = node_hash(c, b)
            while not sn & 1:
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            b = node_hash(b, c)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    return tn == 0 and a == part and b == root


def consistent(hashes, size, root, proof):
    """these leaves are the beginning of the tree (4.1.4, 4.1.6)"""
    old = len(hashes)
    if old == size:
        return not proof and root == root_of(hashes)
    return proof_holds(0, old, size, root_of(hashes), proof, root) if old else not proof


def tile_path(n, width):
    name = "%03d" % (n % 1000)
    while n >= 1000:
        n //= 1000
        name = "x%03d/%s" % (n % 1000, name)
    return name + (".p/%d" % width if width < 256 else "")


# Notes and checkpoints (4.2 to 4.4)

def note_key_id(name, kind, public):
    return sha256(name.encode() + b"\n" + bytes([kind]) + public)[:4]


def signature_line(name, kind, public, signature):
    return "\u2014 %s %s\n" % (name, b64(note_key_id(name, kind, public) + signature))


def cosigned_text(t, text):
    return ("cosignature/v1\ntime %d\n" % t).encode() + text.encode()


class Note:
    def __init__(self, raw):
        try:
            whole = raw.decode()
        except UnicodeDecodeError:
            raise Wrong("4.2.1") from None
        at = whole.rfind("\n\n")
        want(at > 0 and whole.endswith("\n") and not re.search("[\0-\x09\x0b-\x1f]", whole), "4.2.1")
        self.text, self.lines = whole[:at + 1], []
        self.raw = raw
        for line in whole[at + 2:-1].split("\n"):
            self.lines.append(read_line(line))
        words = self.text.split("\n")
        want(len(words) == 4, "4.3.4")  # logs of this protocol write no extension
        self.origin, self.size, self.root = words[0], number(words[1]), unb64(words[2], 32)

    def by(self, name, kind, public):
        """signatures of this key, all of which verify (4.2.7)"""
        found = [s for n, i, s in self.lines if n == name and i == note_key_id(name, kind, public)]
        for s in found:
            want(note_signature_holds(kind, public, s, self.text), "4.2.7 " + name)
        return found

    def log_signed(self, public):
        want(len(self.by(self.origin, LOG_KEY, public)) == 1, "4.3.5")


def note_signature_holds(kind, public, signature, text):
    if kind == LOG_KEY:
        return signed_by(public, signature, text.encode())
    want(len(signature) == 72, "4.4.1")
    return signed_by(public, signature[8:], cosigned_text(int.from_bytes(signature[:8], "big"), text))


def read_line(line):
    match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
    want(match, "4.2.2")
    raw = unb64(match[2])
    want(len(raw) > 4, "4.2.2")
    return match[1], raw[:4], raw[4:]


def checkpoint_text(origin, size, root):
    return "%s\n%d\n%s\n" % (origin, size, b64(root))


def make_checkpoint(origin, size, root, key):
    text = checkpoint_text(origin, size, root)
    return text + "\n" + signature_line(origin, LOG_KEY, public_of(key), key.sign(text.encode()).signature)


def cosignature(text, name, key, t):
    signature = key.sign(cosigned_text(t, text)).signature
    return signature_line(name, MIRROR_KEY, public_of(key), struct.pack(">Q", t) + signature)


# Bodies of requests (4.6, 4.7, 6.3)

class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        want(self.at + n <= len(self.data), "truncated")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, n):
        return int.from_bytes(self.take(n), "big")

    def left(self):
        return len(self.data) - self.at


def read_add_checkpoint(body):
    """(old, proof, note)"""
    head, gap, rest = body.partition(b"\n\n")
    lines = head.decode("ascii").split("\n")
    want(gap and lines[0].startswith("old "), "4.6.1")
    want(len(lines) <= 64, "4.6.2")
    return number(lines[0][4:]), [unb64(x, 32) for x in lines[1:]], Note(rest)


def make_add_checkpoint(old, proof, checkpoint):
    return "".join(["old %d\n" % old, *(b64(h) + "\n" for h in proof), "\n", checkpoint]).encode()


def pieces(start, end):
    """what packages cover: [start, end) cut at the multiples of 256"""
    while start < end:
        stop = min(end, (start // 256 + 1) * 256)
        yield start, stop
        start = stop


class Entries:
    def __init__(self, body):
        r = Reader(body)
        self.origin = r.take(r.number(2)).decode()
        self.start, self.end = r.number(8), r.number(8)
        self.ticket = r.take(r.number(2))
        self.packages = []  # (first, end, leaves, proof)
        want(self.start <= self.end, "4.7.2")
        for first, stop in pieces(self.start, self.end):
            if r.left() == 0:
                break
            leaves = [r.take(r.number(2)) for _ in range(first, stop)]
            proof = [r.take(32) for _ in range(r.number(1))]
            want(len(proof) <= 63, "4.7.5")
            self.packages.append((first, stop, leaves, proof))
        want(r.left() == 0, "4.7.6")


def make_entries(origin, start, leaves, hashes, ticket=b"", limit=None):
    """add-entries for what follows `start` up to len(leaves); limit: so many packages only"""
    end = len(leaves)
    out = [struct.pack(">H", len(origin)), origin.encode(), struct.pack(">QQH", start, end, len(ticket)), ticket]
    for first, stop in list(pieces(start, end))[:limit]:
        out += [struct.pack(">H", len(x)) + x for x in leaves[first:stop]]
        proof = subtree_proof(first - first % 256, stop, hashes)
        out += [bytes([len(proof)]), *proof]
    return b"".join(out)


class Push:
    """6.3: delegation or None, add-checkpoint, add-entries"""

    def __init__(self, body):
        r = Reader(body)
        want(r.number(1) == 1, "6.3 version")
        self.delegation = r.take(r.number(4)) or None
        self.old, self.proof, self.note = read_add_checkpoint(r.take(r.number(4)))
        self.entries = Entries(r.take(r.left()))
        want(self.entries.origin == self.note.origin and self.entries.end == self.note.size, "6.3.3")


def make_push(delegation, add_checkpoint, entries):
    return b"".join([b"\1", struct.pack(">I", len(delegation)), delegation, struct.pack(">I", len(add_checkpoint)),
                     add_checkpoint, entries])


def read_info(body):
    lines = body.decode("ascii").split("\n")
    want(len(lines) == 4 and lines[3] == "", "4.8.1")
    return number(lines[0]), number(lines[1]), unb64(lines[2])


def heads_digest(heads):
    """6.5, of (origin, size, root) in the order of the answer"""
    data = b"".join(struct.pack(">H", len(o)) + o.encode() + struct.pack(">Q", n) + root for o, n, root in heads)
    return sha256(data)[:16].hex()


def read_heads(body):
    """feeds alone: what else stands before them (6.5: guard, evidence) is no feed"""
    heads = [line.split(" ") for line in body.decode("ascii").split("\n")[:-1]]
    heads = [words for words in heads if words[0] not in ("guard", "evidence")]
    return [(o, number(n), unb64(root, 32)) for o, n, root in heads]


class Feed:
    """a feed as it is held here: leaves, and the log key that its party's delegation gives"""

    def __init__(self, origin, party, delegation=None, log_key=None):
        self.origin, self.leaves, self.hashes = origin, [], []
        self.log_key = log_key
        if delegation is not None:
            body = open_sign1(delegation, b"readback/party/v1", party)
            want(body[0] == 2 and body[1] == party and body[2] == origin, "3.8.5")
            self.log_key = body[3]

    def root(self, size=None):
        return root_of(self.hashes[:size])

    def append(self, leaves):
        self.leaves += leaves
        self.hashes += [leaf_hash(x) for x in leaves]

    def take_note(self, note, proof):
        want(note.origin == self.origin and note.size >= len(self.leaves), "6.3 origin, size")
        note.log_signed(self.log_key)
        want(consistent(self.hashes, note.size, note.root, proof), "6.4.6 consistency")

    def take(self, push):
        """all checks of 6.3; the packages that hold are appended. Returns whether the feed is whole."""
        want(push.old == len(self.leaves), "6.3.2 old %d, held %d" % (push.old, len(self.leaves)))
        self.take_note(push.note, push.proof)
        self.take_packages(push.entries, push.note)
        return len(self.leaves) == push.note.size

    def take_packages(self, entries, note):
        want(entries.start <= len(self.leaves), "6.4.8")
        for first, stop, leaves, proof in entries.packages:
            hashes = self.hashes[first - first % 256:first] + [leaf_hash(x) for x in leaves]
            want(proof_holds(first - first % 256, stop, note.size, root_of(hashes), proof, note.root), "4.7.5 subtree")
            known = len(self.leaves) - first
            want(hashes[len(hashes) - len(leaves):][:known] == self.hashes[first:first + known] if known > 0 else True,
                 "6.4.9 another leaf")
            self.append(leaves[max(known, 0):])


def head_file(path):
    """6.9: {(use, origin): (size, root, time, signature)}, later lines stand for earlier ones"""
    with open(path, "rb") as f:
        lines = f.read().split(b"\n")
    want(lines[0] == b"readback heads 1", "6.9.2")
    entries = {}
    for line in lines[1:-1]:
        use, origin, size, root, t, signature, check = line.decode("ascii").split(" ")
        want(sha256(line[:-len(check)])[:8].hex() == check, "6.9.2 check")
        entries[use, origin] = number(size), unb64(root, 32), number(t), unb64(signature, 64)
    return entries


# TLS (7.1)

def self_signed(folder, name, key_file):
    """a certificate around the key, made by openssl; what stands in it beside the key means nothing"""
    path = os.path.join(folder, name + ".crt")
    subprocess.run(["openssl", "req", "-new", "-x509", "-key", key_file, "-subj", "/CN=" + name, "-days", "2",
                    "-out", path], check=True, capture_output=True)
    return path


def raw_key(certificate):
    want(certificate is not None and certificate.count(SPKI) == 1, "7.1.2")
    at = certificate.index(SPKI) + len(SPKI)
    return certificate[at:at + 32]


def tls_context(server, certificate=None, key_file=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    c.minimum_version = ssl.TLSVersion.TLSv1_3
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    if certificate:
        c.load_cert_chain(certificate, key_file)
    return c


class Answer:
    def __init__(self, reply):
        self.status, self.body = reply.status, reply.read()
        self.type, self.heads = reply.getheader("Content-Type"), reply.getheader("Readback-Heads")
        self.headers = sorted(reply.getheaders())


class Client:
    """asks one node; its raw key must be the one given"""

    def __init__(self, port, context, key):
        self.port, self.context, self.key, self.link = port, context, key, None

    def connect(self):
        link = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=self.context)
        link.connect()
        self.certificate = link.sock.getpeercert(True)
        want(raw_key(self.certificate) == self.key, "7.1.3 key not pinned")
        want(link.sock.version() == "TLSv1.3", "7.1.1")
        return link

    def ask(self, method, path, body=None, **headers):
        link = self.connect()
        try:
            link.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            return Answer(link.getresponse())
        finally:
            link.close()

    def raw(self, data, end=False):
        """bytes as they are; what comes back until the node closes, or the first answer with its length"""
        link = self.connect()
        try:
            link.sock.sendall(data)
            if end:
                link.sock.unwrap()
            return link.sock.recv(65536)
        except (ssl.SSLError, OSError):
            return b""
        finally:
            link.close()

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body, **headers):
        return self.ask("POST", path, body, **headers)

    def leaves(self, prefix, size):
        """every leaf below size out of the entry bundles of a log (4.5)"""
        found = []
        for first, stop in pieces(0, size):
            a = self.get("%s/tile/entries/%s" % (prefix, tile_path(first // 256, stop - first)))
            want(a.status == 200, "4.5 bundle: %d" % a.status)
            r = Reader(a.body)
            found += [r.take(r.number(2)) for _ in range(first, stop)]
            want(r.left() == 0, "4.5.3")
        return found


class Listener:
    """a party's address. `take(push)` says (status, type, body) to each push of the one known peer"""

    def __init__(self, port, context, peer_certificate, peer_key, take):
        self.pushes, self.faults = [], []
        # Python's TLS takes a client's certificate only from a known issuer: the peer's own, then
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=peer_certificate)
        context.num_tickets = 0
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                self.request.settimeout(10)
                self.request.do_handshake()
                want(raw_key(self.request.getpeercert(True)) == peer_key, "7.1.3")
                super().setup()

            def answer(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(404, "text/plain", b"unknown\n")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path != "/rb/v1/push":
                    return self.do_GET()
                try:
                    push = Push(body)
                    listener.pushes.append(push)
                    self.answer(*take(push))
                except Exception as error:  # the test looks at it
                    listener.faults.append(repr(error))
                    self.answer(422, "text/plain", b"does not hold\n")

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda request, client: None  # a link that ended
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


class Peer:
    """one party, from the files of its home"""

    def __init__(self, home, folder):
        with open(os.path.join(home, "card.cose"), "rb") as f:
            self.card = Card(f.read())
        self.home, self.tls_key = home, os.path.join(home, "keys", "tls.pem")
        self.mirror, self.node = self.key("mirror"), self.key("node")
        want(public_of(self.mirror) == self.card.mirror and public_of(self.node) == self.card.node
             and public_of(self.key("tls")) == self.card.tls, "3.8.4 keys and card")
        self.certificate = self_signed(folder, self.card.handle, self.tls_key)

    def key(self, name):
        return private_key(os.path.join(self.home, "keys", name + ".pem"))

    def context(self, server=False):
        return tls_context(server, self.certificate, self.tls_key)

    def cosign(self, note):
        return cosignature(note.text, self.card.mirror_name(), self.mirror, int(time.time()))

    def test_record(self, channel, origin, sequence):
        """kind 5, made by the node (3.6.5)"""
        body = {1: 5, 2: bytes.fromhex(channel), 3: int(time.time() * 1000), 12: {2: sequence}}
        return make_sign1(body, origin.encode(), self.node)
