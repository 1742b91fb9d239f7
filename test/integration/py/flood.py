#!/usr/bin/python3
"""Sends requests made beforehand, as fast as they are taken, over as many connections as the plan has ways. It makes
nothing itself, so that it costs the machine as little as a peer elsewhere would.
Usage: flood.py CERTIFICATE KEY SOURCE PLAN; it prints a line when every way has tried to connect, and at SIGTERM what
was answered how often.
PLAN, JSON: [{"port": N, "requests": [file, ...], "again": bool}]; again: from the start when all are sent."""
import collections
import json
import os
import re
import signal
import socket
import ssl
import sys
import threading

SLICE = 65536


def take_answer(sock, left):
    """(status, what came behind it)"""
    while b"\r\n\r\n" not in left:
        data = sock.recv(SLICE)
        if not data:
            raise OSError("it closed")
        left += data
    head, _, left = left.partition(b"\r\n\r\n")
    missing = int(re.search(rb"\r\ncontent-length: (\d+)", head, re.I)[1]) - len(left)
    while missing > 0:
        data = sock.recv(min(missing, 1 << 20))
        if not data:
            raise OSError("it closed")
        missing -= len(data)
    return int(head[9:12]), left[len(left) + missing:] if missing < 0 else b""


class Way(threading.Thread):
    """one connection, made again when it ends"""

    def __init__(self, context, source, plan):
        super().__init__(daemon=True)
        self.context, self.source, self.plan = context, source, plan
        self.counts, self.bytes, self.begun = collections.Counter(), 0, threading.Event()
        self.requests = []
        for name in plan["requests"]:
            with open(name, "rb") as f:
                self.requests.append(f.read())

    def run(self):
        while True:
            for request in self.requests:
                self.one(request)
            if not self.plan["again"]:
                return

    sock = None

    def one(self, request):
        try:
            if self.sock is None:
                tcp = socket.create_connection(("127.0.0.1", self.plan["port"]), 60, (self.source, 0))
                self.sock, self.left = self.context.wrap_socket(tcp), b""
            self.begun.set()
            self.sock.sendall(request)
            status, self.left = take_answer(self.sock, self.left)
            self.counts[status] += 1
            self.bytes += len(request)
        except OSError:
            self.counts["ended"] += 1
            self.begun.set()
            if self.sock:
                self.sock.close()
            self.sock = None


def main():
    certificate, key, source, plan = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(certificate, key)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with open(plan, encoding="utf-8") as f:
        ways = [Way(context, source, p) for p in json.load(f)]
    for w in ways:
        w.start()
    for w in ways:
        w.begun.wait()
    print("going", flush=True)
    signal.sigwait({signal.SIGTERM})
    total = collections.Counter()
    for w in ways:
        total.update({str(k): n for k, n in dict(w.counts).items()})
    print(json.dumps({"answers": total, "bytes": sum(w.bytes for w in ways)}), flush=True)
    os._exit(0)  # the ways go on, and would not see the end of what they use


if __name__ == "__main__":
    main()
