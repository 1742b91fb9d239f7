#!/usr/bin/python3
"""What a service manager, a log and a monitoring program see of a daemon, and of a relay: NOTIFY_SOCKET, the unit files,
log lines in every form, Prometheus text. Nothing of what records hold is in any of it.
Usage: test_service.py READBACK READBACKD READBACK-RELAY UNIT RELAY-UNIT"""
import base64
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE]
RELAY, UNIT, RELAY_UNIT = sys.argv[3:6]
del sys.argv[3:]  # test_cli has another at that place
from test_cli import FAILED, READBACKD, Party, Tap, free_port, read, until  # noqa: E402

SECRETS = ("Qanariya", "35.7777", "36.8888", "ward seven", "Wadi-Nine", "+1 555 0177")  # of closed records
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z (error|warn|info|debug) [a-z]+: \S.*")
NAME, LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r"[a-zA-Z_][a-zA-Z0-9_]*"
NUMBER = r"[0-9]+(\.[0-9]+)?"


def parse_metrics(text):
    """Prometheus text, strictly: {name: (type, {labels: value})}; each family once, told before its samples"""
    assert text.endswith("\n") and "\r" not in text
    found, now, helped = {}, None, None
    for line in text[:-1].split("\n"):
        m = re.fullmatch(r"# HELP (%s) (\S.*)" % NAME, line)
        if m:
            assert m[1] not in found and helped is None, line
            helped = m[1]
            continue
        m = re.fullmatch(r"# TYPE (%s) (gauge|counter|histogram)" % NAME, line)
        if m:
            assert m[1] == helped, line
            now, helped = m[1], None
            found[now] = (m[2], {})
            continue
        m = re.fullmatch(r'(%s)(\{%s="[^"\\]*"(,%s="[^"\\]*")*\})? (%s)' % (NAME, LABEL, LABEL, NUMBER), line)
        assert m, line
        base = re.sub(r"_(bucket|sum|count)$", "", m[1]) if found[now][0] == "histogram" else m[1]
        assert base == now and helped is None, line
        labels = tuple(sorted(re.findall(r'(%s)="([^"]*)"' % LABEL, m[2] or "")))
        key = (m[1],) + labels
        assert key not in found[now][1], line
        found[now][1][key] = float(m[4])
        assert not found[now][0] == "counter" or now.endswith("_total"), line
    for name, (kind, samples) in found.items():
        if kind != "histogram":
            continue
        buckets = [(float(dict(k[1:])["le"].replace("+Inf", "inf")), v) for k, v in samples.items() if k[0] == name + "_bucket"]
        assert [b for b, _ in buckets] == sorted(b for b, _ in buckets) and buckets[-1][0] == float("inf")
        assert [v for _, v in buckets] == sorted(v for _, v in buckets)
        assert samples[(name + "_count",)] == buckets[-1][1] and (name + "_sum",) in samples
    return found


class Service(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-service-")
        cls.alfa, cls.bravo = Party(cls.top, "alfa"), Party(cls.top, "bravo")
        cls.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        cls.notify.bind(os.path.join(cls.top, "notify"))
        cls.said = []

    @classmethod
    def tearDownClass(cls):
        for p in (cls.alfa, cls.bravo):
            if p.daemon:
                p.daemon.kill()
                p.daemon.wait()
        cls.notify.close()
        shutil.rmtree(cls.top)

    def heard(self, word, seconds=60):
        """waits for a datagram that has this line; all that came are kept"""
        end = time.time() + seconds
        for d in self.said:
            if word in d.split("\n"):
                return d
        while time.time() < end:
            self.notify.settimeout(max(0.1, end - time.time()))
            try:
                self.said.append(self.notify.recv(4096).decode())
            except TimeoutError:
                break
            if any(re.fullmatch(word, line) for line in self.said[-1].split("\n")):
                return self.said[-1]
        raise AssertionError("not said: %s, but %s" % (word, self.said))

    def start(self, p, log, *words, **env):
        e = dict(os.environ, ASAN_OPTIONS="detect_leaks=0", **env)
        p.daemon = subprocess.Popen([READBACKD, "--home", p.home, *words], stdout=subprocess.DEVNULL, stderr=log, env=e)
        until(lambda: p.run("status").returncode == 0 or p.daemon.poll() is not None, "the daemon of " + p.handle)

    # the service manager

    def test_01_notify(self):
        with open(self.alfa.home + ".log", "ab") as log:
            self.start(self.alfa, log, NOTIFY_SOCKET=os.path.join(self.top, "notify"), WATCHDOG_USEC="600000")
        self.heard("READY=1")
        ready = len(self.said)
        self.assertTrue(any(d.startswith("STATUS=0 channels, 0 of 0 lines up") for d in self.said), self.said)
        del self.said[:]
        for _ in range(3):
            self.heard("WATCHDOG=1")
            del self.said[:]
        self.assertGreater(ready, 0)
        self.alfa.daemon.send_signal(signal.SIGSTOP)  # a loop that does not go round is not said to
        until(lambda: open("/proc/%d/stat" % self.alfa.daemon.pid).read().rsplit(")", 1)[1].split()[0] == "T", "stopped")
        self.notify.setblocking(False)
        try:
            while self.notify.recv(4096):
                pass
        except BlockingIOError:
            pass
        with self.assertRaises(AssertionError):
            self.heard("WATCHDOG=1", 1.5)
        self.alfa.daemon.send_signal(signal.SIGCONT)
        self.heard("WATCHDOG=1")

    def test_02_reload(self):
        """SIGHUP: the level of the log, and nothing else; settings that are off change nothing"""
        config = os.path.join(self.alfa.home, "config.ini")
        before = read(config).decode()
        log = self.alfa.home + ".log"

        def hup(text, words):
            size = os.path.getsize(log)
            with open(config, "w") as f:
                f.write(before + text)
            del self.said[:]
            self.alfa.daemon.send_signal(signal.SIGHUP)
            d = self.heard("RELOADING=1")
            self.assertRegex(d, r"\nMONOTONIC_USEC=\d+$")
            self.heard("READY=1")
            until(lambda: words in read(log)[size:].decode(), words)
        hup("[log]\nlevel = debug\n", "[log] is read again")
        hup("[log]\nlevel = shouting\n", "Nothing was changed")
        hup("[log]\nformat = json\nlevel = info\n", '"text":"SIGHUP: [log] is read again')
        hup("", " info host: SIGHUP")
        del self.said[:]
        self.alfa.daemon.send_signal(signal.SIGTERM)
        self.heard("STOPPING=1")
        self.assertEqual(self.alfa.daemon.wait(20), 0)
        self.alfa.daemon = None

    def test_03_no_watchdog_of_others(self):
        """WATCHDOG_PID of another process: nothing is said"""
        with open(self.alfa.home + ".log", "ab") as log:
            self.start(self.alfa, log, NOTIFY_SOCKET=os.path.join(self.top, "notify"), WATCHDOG_USEC="300000", WATCHDOG_PID="1")
        self.heard("READY=1")
        del self.said[:]
        with self.assertRaises(AssertionError):
            self.heard("WATCHDOG=1", 1.5)
        self.alfa.stop()

    def test_04_units(self):
        """each with the program built here: nothing systemd has to say, and little that is open"""
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        for number, (path, program, built, instance) in enumerate((
                (UNIT, "/usr/bin/readbackd", READBACKD, "readbackd@north.service"),
                (RELAY_UNIT, "/usr/bin/readback-relay", RELAY, None))):
            self.unit(os.path.join(self.top, "units%d" % number), path, program, os.path.abspath(built), instance)

    def unit(self, units, path, program, built, instance):
        name = os.path.basename(path)
        os.mkdir(units)
        text = read(path).decode()
        self.assertEqual(text.count("ExecStart=%s " % program), 1, name)
        self.assertNotIn("ExecStart=/", text.replace("ExecStart=%s " % program, ""), name)
        with open(os.path.join(units, name), "w") as f:
            f.write(text.replace(program, built))
        if instance:
            os.symlink(name, os.path.join(units, instance))
        unit = os.path.join(units, instance or name)
        # its manual pages are not installed here
        r = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True,
                           env=dict(os.environ, SYSTEMD_UNIT_PATH=units + ":"))
        self.assertEqual((r.returncode, [x for x in r.stderr.split("\n") if "readback" in x]), (0, []), r.stderr)
        r = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", unit],
                           capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, r.stdout[-3000:] + r.stderr)

    # log lines, and the journal

    def test_05_journal(self):
        """where stderr is the journal, each line says its level first; elsewhere not"""
        path = self.alfa.home + ".journal"
        with open(path, "wb") as log:
            st = os.fstat(log.fileno())
            self.start(self.alfa, log, JOURNAL_STREAM="%d:%d" % (st.st_dev, st.st_ino))
            self.alfa.stop()
        lines = read(path).decode().splitlines()
        self.assertTrue(lines)
        for line in lines:
            level = {"3": "error", "4": "warn", "6": "info", "7": "debug"}[re.match(r"<([3467])>", line)[1]]
            self.assertEqual(LINE.fullmatch(line[3:])[2], level)
        with open(path, "wb") as log:
            self.start(self.alfa, log, JOURNAL_STREAM="1:1")
            self.alfa.stop()
        for line in read(path).decode().splitlines():
            self.assertRegex(line, LINE)

    def test_06_a_channel(self):
        for p in (self.alfa, self.bravo):
            with open(os.path.join(p.home, "config.ini"), "a") as f:
                f.write("[log]\nlevel = debug\n[metrics]\nlisten = 127.0.0.1:0\n")
        self.logs = {p.handle: open(p.home + ".json", "ab") for p in (self.alfa, self.bravo)}
        for p in (self.alfa, self.bravo):
            self.start(p, self.logs[p.handle], "--log-json")
            p.card = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", p.card)
        a, b = self.alfa, self.bravo
        for p, q in ((a, b), (b, a)):
            p.ok("accredit", q.card, "--fingerprint", q.json("fingerprint")["fingerprint"])
        channel = a.json("channel", "propose", "--title", "Line", "--member", "bravo", "--yes")["channel"]
        until(lambda: b.json("inbox")["invitations"], "the invitation")
        b.ok("channel", "accept", channel, "--yes")
        until(lambda: all(p.json("channel", "show")["state"] == "in-force" for p in (a, b)), "the charter in force")
        type(self).channel = channel

    def test_07_closed_records(self):
        """a site, a roster, an attachment, checks, answers, refusals: all that handles their content"""
        a, b = self.alfa, self.bravo
        site = "title: %s\ncircle: %s,%s,150m\ntext: %s\n" % SECRETS[:4]
        r = a.run("notice", "site", "--recipients", "bravo", "--form", "-", "--yes", "--json", stdin=site)
        self.assertEqual(r.returncode, 0, r.stderr)
        record = json.loads(r.stdout)["record"]
        a.run("notice", "site", "--form", "-", "--yes", stdin=site)  # no recipients
        a.run("notice", "site", "--recipients", "nobody", "--form", "-", "--yes", stdin=site)
        roster = os.path.join(self.top, "roster")
        with open(roster, "w") as f:
            f.write("%s | duty | %s\n" % (SECRETS[4], SECRETS[5]))
        a.ok("roster", "--file", roster, "--recipients", "bravo", "--yes")
        a.ok("attach", roster, "--recipients", "bravo", "--yes")
        until(lambda: b.run("show", record).returncode == 0 and b.json("show", record)["body_state"] == "opened", "opened")
        r = b.run("dispute-fact", record, "--form", "-", "--yes", stdin="reason: %s\n" % SECRETS[3])
        self.assertEqual(r.returncode, 0, r.stderr)
        a.run("operation", "--title", "Area", "--circle", "%s,%s,1km" % SECRETS[1:3], "--from", "2030-01-01T00:00:00Z", "--for", "1h",
              "--dry-run")
        a.ok("playback", record)
        a.ok("completion", "records")
        b.ok("purge", record, "--yes")
        # bytes that are refused: a request to the API, and a stranger at the peer port
        c = http.client.HTTPConnection("localhost")
        c.sock = socket.socket(socket.AF_UNIX)
        c.sock.connect(os.path.join(a.home, "readbackd.sock"))
        c.request("POST", "/v1/compose", json.dumps({"channel": SECRETS[0], "kind": SECRETS[4], "body": {"text": SECRETS[3]}}))
        self.assertGreaterEqual(c.getresponse().status, 400)
        c.close()
        with socket.create_connection(("127.0.0.1", a.port)) as s:
            s.sendall(b"GET /%s HTTP/1.1\r\n\r\n" % SECRETS[0].encode())

    # metrics

    def port(self, p):
        m = re.search(r"metrics on port (\d+)", read(p.home + ".json").decode())
        return int(m[1])

    def fetch(self, p, path="/metrics", method="GET"):
        c = http.client.HTTPConnection("127.0.0.1", self.port(p), timeout=20)
        c.request(method, path)
        r = c.getresponse()
        return r.status, r.headers.get("Content-Type", ""), r.read().decode()

    def test_08_metrics(self):
        a = self.alfa
        text = a.ok("metrics").stdout
        m = parse_metrics(text)
        one = {k: next(iter(v[1].values())) for k, v in m.items() if len(v[1]) == 1}
        self.assertEqual(m["readback_info"][1], {("readback_info", ("version", a.ok("version").stdout.split()[1])): 1})
        self.assertEqual(m["readback_link_up"][1], {("readback_link_up", ("peer", "bravo")): 1})
        until(lambda: set(parse_metrics(a.ok("metrics").stdout)["readback_held_lag"][1].values()) == {0}, "all held by bravo")
        self.assertEqual(list(m["readback_held_lag"][1])[0][1:], (("channel", self.channel), ("member", "bravo")))
        for name, least in (("readback_records", 6), ("readback_own_leaves", 4), ("readback_region_bytes", 1 << 20),
                            ("readback_resident_bytes", 1 << 20), ("readback_region_used_bytes", 1000)):
            self.assertGreaterEqual(one[name], least, name)
        self.assertEqual((one["readback_guarded"], one["readback_waiting"], one["readback_age_key_sealed"]), (0, 0, 0))
        self.assertGreater(m["readback_commit_seconds"][1][("readback_commit_seconds_count",)], 3)
        self.assertGreater(m["readback_heads_sync_seconds"][1][("readback_heads_sync_seconds_count",)], 1)
        self.assertGreater(m["readback_store_bytes"][1][("readback_store_bytes", ("file", "database"))], 4096)
        alerts = {k[1][1]: v for k, v in m["readback_alerts_total"][1].items()}
        self.assertGreater(alerts["record"], 2)
        self.assertEqual(alerts["fork"], 0)
        self.assertEqual(len(m["readback_refused_total"][1]), 16)
        before = {n: v for n, v in m.items() if v[0] == "counter"}
        a.ok("statement", "--title", "one more", "--text", "x", "--yes")
        after = parse_metrics(a.ok("metrics").stdout)
        for name, (_, samples) in before.items():  # counters only grow
            for k, v in samples.items():
                self.assertGreaterEqual(after[name][1][k], v)
        self.assertEqual(a.json("metrics")["content_type"], "text/plain; version=0.0.4; charset=utf-8")
        for s in SECRETS + ("Line",):
            self.assertNotIn(s, text)

    def test_09_over_loopback(self):
        status, kind, text = self.fetch(self.alfa)
        self.assertEqual((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"))
        self.assertEqual(set(parse_metrics(text)), set(parse_metrics(self.alfa.ok("metrics").stdout)))
        for path in ("/", "/v1/status", "/metrics/", "/v1/records/00"):
            self.assertEqual(self.fetch(self.alfa, path)[0], 404, path)
        self.assertIn(self.fetch(self.alfa, method="POST")[0], (404, 405, 501))
        for address in ("0.0.0.0:9443", "localhost:9443", "10.0.0.1:1", "[::]:1", "127.0.0.1", "127.0.0.1:x", "128.0.0.1:1"):
            home = os.path.join(self.top, "other")
            shutil.copytree(self.bravo.home, home, ignore=lambda d, n: [x for x in n if x.startswith("readback") or x == "lock"])
            with open(os.path.join(home, "config.ini"), "w") as f:
                f.write("[metrics]\nlisten = %s\n" % address)
            r = subprocess.run([READBACKD, "--home", home], capture_output=True, text=True, timeout=60,
                               env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
            self.assertEqual(r.returncode, FAILED, address)
            self.assertIn("[metrics] listen takes 127.0.0.1", r.stderr)
            shutil.rmtree(home)

    # a relay under the same manager, as its unit starts it

    def test_10_relay(self):
        """ready, alive, read again, stopping: what Type=notify, WatchdogSec and ExecReload of its unit rely on"""
        text = read(RELAY_UNIT).decode()
        for setting in ("Type=notify", "WatchdogSec=60s", "ExecReload=/bin/kill -HUP $MAINPID"):
            self.assertIn("\n%s\n" % setting, text)
        words = re.search(r"(?m)^ExecStart=\S+ (.*)$", text)[1].split()
        listed = os.path.join(self.top, "relay.list")
        with open(listed, "w") as f:
            f.write("# nobody yet\n")
        # /etc/default/readback-relay, as the unit's own comment has it
        example = re.search(r'(?m)^#\s*RELAY="(.*)"$', text)[1]
        port = free_port()
        options = re.sub(r"\S+:\d+", "127.0.0.1:%d" % port, example).split()
        words = [x for w in words for x in (options if w == "$RELAY" else [w])]
        words[words.index("/etc/readback-relay.list")] = listed
        path = os.path.join(self.top, "relay.log")
        del self.said[:]
        with open(path, "ab") as log:
            relay = subprocess.Popen([RELAY, *words], stdout=subprocess.DEVNULL, stderr=log, env=dict(
                os.environ, ASAN_OPTIONS="detect_leaks=0", NOTIFY_SOCKET=os.path.join(self.top, "notify"), WATCHDOG_USEC="600000"))
        try:
            self.heard("READY=1")
            self.assertTrue(any(d.startswith("STATUS=0 parties listed, 0 connections wait") for d in self.said), self.said)
            for _ in range(3):
                del self.said[:]
                self.heard("WATCHDOG=1")
            relay.send_signal(signal.SIGSTOP)
            until(lambda: read("/proc/%d/stat" % relay.pid).decode().rsplit(")", 1)[1].split()[0] == "T", "stopped")
            self.notify.setblocking(False)
            try:
                while self.notify.recv(4096):
                    pass
            except BlockingIOError:
                pass
            del self.said[:]
            with self.assertRaises(AssertionError):
                self.heard("WATCHDOG=1", 1.5)
            relay.send_signal(signal.SIGCONT)
            self.heard("WATCHDOG=1")
            del self.said[:]
            with open(listed, "w") as f:
                f.write("no list at all\n")
            relay.send_signal(signal.SIGHUP)
            self.assertRegex(self.heard("RELOADING=1"), r"\nMONOTONIC_USEC=\d+$")
            self.heard("READY=1")
            until(lambda: "Nothing was changed" in read(path).decode(), "what is wrong with the list")
            del self.said[:]
            relay.send_signal(signal.SIGTERM)
            self.heard("STOPPING=1")
            self.assertEqual(relay.wait(20), 0)
        finally:
            relay.kill()
            relay.wait()

    # and nothing of what was said

    def test_11_logs(self):
        for p in (self.alfa, self.bravo):
            p.stop()
        for p in (self.alfa, self.bravo):
            text = read(p.home + ".json").decode()
            lines = text.splitlines()
            self.assertGreater(len(lines), 10)
            for line in lines:
                o = json.loads(line, object_pairs_hook=lambda pairs: pairs)
                self.assertEqual([k for k, _ in o], ["time", "level", "area", "text"])
                self.assertRegex(o[0][1], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
                self.assertIn(o[1][1], ("error", "warn", "info", "debug"))
            self.assertNotIn("left out", text)
            for s in SECRETS:
                for form in (s, base64.b64encode(s.encode()).decode()[:-4], s.encode().hex()):
                    self.assertNotIn(form, text)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Service)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
