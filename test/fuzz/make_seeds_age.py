#!/usr/bin/python3
"""Writes the seeds of fuzz_age: small files and near misses, made with python3-nacl and hashlib alone,
for the identity that the target tries. Run it in this folder; the result is the same every time."""
import base64
import hashlib
import hmac
import os
import struct

import nacl.bindings as na

IDENTITY = bytes([7]) + bytes(31)
FILE_KEY = bytes(range(16))
NONCE = bytes(range(16, 32))
V1 = b"age-encryption.org/v1\n"


def b64(b):
    return base64.b64encode(b).rstrip(b"=")


def hkdf(ikm, salt, info):
    prk = hmac.new(salt or bytes(32), ikm, "sha256").digest()
    return hmac.new(prk, info + b"\1", "sha256").digest()


def box(key, plain, nonce=bytes(12)):
    return na.crypto_aead_chacha20poly1305_ietf_encrypt(plain, b"", nonce, key)


def x25519(identity=IDENTITY, secret=bytes([9]) * 32):
    share, to = na.crypto_scalarmult_base(secret), na.crypto_scalarmult_base(identity)
    wrap = hkdf(na.crypto_scalarmult(secret, to), share + to, b"age-encryption.org/v1/X25519")
    return b"-> X25519 " + b64(share) + b"\n" + b64(box(wrap, FILE_KEY)) + b"\n"


def scrypt(log_n, password=b"password"):
    salt = bytes(range(16))
    label = b"age-encryption.org/v1/scrypt" + salt
    wrap = hashlib.scrypt(password, salt=label, n=1 << log_n, r=8, p=1, dklen=32)
    return b"-> scrypt " + b64(salt) + b" %d\n" % log_n + b64(box(wrap, FILE_KEY)) + b"\n"


def header(*stanzas):
    text = V1 + b"".join(stanzas) + b"---"
    mac = hmac.new(hkdf(FILE_KEY, b"", b"header"), text, "sha256").digest()
    return text + b" " + b64(mac) + b"\n"


def payload(plain):
    key = hkdf(FILE_KEY, NONCE, b"payload")
    return NONCE + box(key, plain, bytes(11) + b"\1")


def save(name, which, data):
    folder = os.path.join("corpus", "fuzz_age")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(bytes([which]) + data)


GREASE = b"-> grease a b\n" + b"A" * 64 + b"\n\n"
OTHER = x25519(identity=bytes([8]) * 32)
one, many = header(x25519()), header(OTHER, GREASE, x25519(), OTHER)
save("header", 0, one)
save("header-many", 0, many)
save("header-not-ours", 0, header(OTHER))
save("header-grease", 0, header(GREASE))
save("header-scrypt-beside", 0, header(x25519(), scrypt(2)))
save("header-small-order", 0, V1 + b"-> X25519 " + b64(bytes(32)) + b"\n" + b64(bytes(32)) + b"\n" + one[-48:])
save("header-mac-changed", 0, one[:-10] + b"AAAAAAAAA\n")
save("header-cr", 0, one.replace(b"\n", b"\r\n"))
save("header-v2", 0, one.replace(b"/v1\n", b"/v2\n", 1))
save("header-padding", 0, one[:-1] + b"=\n")
save("header-cut", 0, one[:-1])
save("file", 1, one + payload(b"what is said to some"))
save("file-many", 1, many + payload(bytes(300)))
save("file-empty", 1, one + payload(b""))
save("file-no-nonce", 1, one)
save("file-cut", 1, one + payload(b"what is said to some")[:-1])
save("file-more", 1, one + payload(b"what is said to some") + b"\0")
save("passphrase", 2, header(scrypt(2)) + payload(b"AGE-SECRET-KEY-1"))
save("passphrase-wrong", 2, header(scrypt(2, b"another")) + payload(b"AGE-SECRET-KEY-1"))
save("passphrase-factor-99", 2, header(scrypt(2)).replace(b" 2\n", b" 99\n") + payload(b""))
save("passphrase-factor-02", 2, header(scrypt(2)).replace(b" 2\n", b" 02\n") + payload(b""))
save("size", 3, struct.pack(">HQ", 200, 200 + 16 + 65552 + 17))
save("size-none", 3, struct.pack(">HQ", 200, 200 + 16 + 65552 + 16))
save("size-chunk", 3, struct.pack(">HQ", 200, 65536))
save("same", 4, b"")
save("changed-mac", 4, struct.pack(">HB", 150, 65))
save("changed-payload", 4, struct.pack(">HB", 400, 0))
