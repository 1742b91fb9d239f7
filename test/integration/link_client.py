#!/usr/bin/env python3
"""A TLS peer that shares no code with the link. PORT CERT KEY [MODE]; on stdin the cases: for each a
u32 length and the bytes to send, on a connection of its own. On stdout for each: u32 length, what came
back. MODE: tls12 (offers nothing newer), drip (a byte every 20 ms), plain (no TLS), garbage (the bytes
go past TLS after the handshake), leave (closes 0.2 s after sending), serve (is the server: first tells
its port, then answers one request on each connection with the next case)."""
import os, socket, ssl, struct, sys, time

port, cert, key = int(sys.argv[1]), sys.argv[2], sys.argv[3]
mode = sys.argv[4] if len(sys.argv) > 4 else ""


def read_all(s):
    got = b""
    try:
        while True:
            piece = s.recv(65536)
            if not piece:
                return got
            got += piece
    except OSError as e:
        return got or ("!" + type(e).__name__).encode()


def talk(data):
    raw = socket.create_connection(("127.0.0.1", port), timeout=5)
    try:
        s = raw
        if mode != "plain":
            ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            ctx.check_hostname = False
            ctx.verify_mode = ssl.CERT_NONE
            ctx.load_cert_chain(cert, key)
            if mode == "tls12":
                ctx.maximum_version = ssl.TLSVersion.TLSv1_2
            s = ctx.wrap_socket(raw, suppress_ragged_eofs=True)
        if mode == "garbage":
            with socket.socket(fileno=os.dup(s.fileno())) as under:
                under.sendall(data)
        elif mode == "drip":
            for i in range(len(data)):
                s.sendall(data[i:i + 1])
                time.sleep(0.02)
        else:
            s.sendall(data)
        if mode == "leave":
            time.sleep(0.2)
            s.close()
            return b"left"
        return read_all(s)
    except OSError as e:
        return ("!" + type(e).__name__).encode()
    finally:
        raw.close()


def serve_one(data):
    raw, _ = listener.accept()
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(cert, key)
    try:
        with ctx.wrap_socket(raw, server_side=True) as s:
            got = b""
            while b"\r\n\r\n" not in got:
                got += s.recv(65536)
            s.sendall(data)
            s.unwrap()
            return got
    except OSError as e:
        return ("!" + type(e).__name__).encode()
    finally:
        raw.close()


def tell(answer):
    sys.stdout.buffer.write(struct.pack(">I", len(answer)) + answer)
    sys.stdout.buffer.flush()


if mode == "serve":
    listener = socket.create_server(("127.0.0.1", 0))
    tell(str(listener.getsockname()[1]).encode())
while True:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        break
    case = sys.stdin.buffer.read(struct.unpack(">I", head)[0])
    tell(serve_one(case) if mode == "serve" else talk(case))
