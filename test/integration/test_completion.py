#!/usr/bin/python3
"""Completions in real shells: bash, zsh on a terminal of its own, fish; a shell that is not there is said to be skipped. Usage: test_completion.py READBACK READBACKD"""
import json
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE]
from test_cli import READBACK, Party, Tap  # noqa: E402


class Completion(unittest.TestCase):
    """The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-completion-")
        cls.alfa = Party(cls.top, "alfa")
        cls.bin = os.path.join(cls.top, "bin")
        os.mkdir(cls.bin)
        os.symlink(os.path.abspath(READBACK), os.path.join(cls.bin, "readback"))
        cls.env = dict(os.environ, PATH=cls.bin + ":" + os.environ["PATH"], READBACK_HOME=cls.alfa.home, HOME=cls.top,
                       TERM="dumb", LC_ALL="C.UTF-8")
        for shell in ("bash", "zsh", "fish"):
            with open(os.path.join(cls.top, "c." + shell), "w") as f:
                f.write(cls.alfa.ok("completion", shell).stdout)
        with open(os.path.join(cls.top, "a file.txt"), "w"):
            pass

    @classmethod
    def tearDownClass(cls):
        cls.alfa.stop()
        shutil.rmtree(cls.top)

    # the shells

    def bash(self, line):
        """what bash offers at the end of the line"""
        words = line.split(" ")
        script = ('source c.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _readback; '
                  '((${#COMPREPLY[@]})) && printf "%s\\n" "${COMPREPLY[@]}"; :')
        r = subprocess.run(["bash", "--norc", "-c", script, "bash", *words], cwd=self.top, env=self.env, text=True,
                           capture_output=True, timeout=60)
        # compopt works only while a terminal completes
        self.assertEqual(re.sub(r".*compopt.*\n", "", r.stderr), "", line)
        return set(r.stdout.split("\n")) - {""}

    def fish(self, line):
        r = subprocess.run(["fish", "--no-config", "-c", "source c.fish; complete -C '%s'" % line], cwd=self.top, env=self.env,
                           text=True, capture_output=True, timeout=60)
        self.assertEqual(r.stderr, "", line)
        return {w.split("\t")[0] for w in r.stdout.split("\n") if w}

    def zsh(self, line):
        """typed on a terminal, with one Tab; what its completion adds"""
        hits = os.path.join(self.top, "hits")
        open(hits, "w").close()
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.top)
            os.execvpe("zsh", ["zsh", "-f", "-i"], dict(self.env, HITS=hits))
        out = b""

        def until(mark, seconds=60):
            nonlocal out
            end = time.time() + seconds
            while mark not in out:
                self.assertLess(time.time(), end, (line, out))
                if select.select([fd], [], [], 0.2)[0]:
                    out += os.read(fd, 65536)
        try:
            os.write(fd, b"PS1=; autoload -Uz compinit && compinit -D -u; source ./c.zsh; "
                         # what asks for matches without adding them is let through
                         b"compadd() { local -a hits; case \" $* \" in *' -'[OAD]' '*) builtin compadd \"$@\"; return;; esac; "
                         b"builtin compadd -A hits \"$@\"; print -rl -- $hits >>$HITS; builtin compadd \"$@\"; }; "
                         b"over() { zle kill-buffer; print; print -r -- EN''D; }; zle -N over; bindkey '^X' over; "
                         b"echo REA''DY\n")
            until(b"READY\r\n")
            os.write(fd, line.encode() + b"\t\x18")
            until(b"END")
            with open(hits) as f:
                return set(f.read().split("\n")) - {""}
        finally:
            os.close(fd)
            os.kill(pid, 9)
            os.waitpid(pid, 0)

    def every(self, line, *wanted, without=()):
        for shell in (self.bash, self.zsh, self.fish):
            if shutil.which(shell.__name__) is None:
                continue  # said by test_00_*
            found = shell(line)
            self.assertLessEqual(set(wanted), found, (shell.__name__, line))
            self.assertEqual(found & set(without), set(), (shell.__name__, line))

    # whether they are there

    def reads(self, shell):
        if shutil.which(shell) is None:
            self.skipTest("%s is not installed: nothing is completed in it" % shell)
        subprocess.run([shell, "-n", os.path.join(self.top, "c." + shell)], check=True)

    def test_00_bash(self):
        self.reads("bash")

    def test_00_fish(self):
        self.reads("fish")

    def test_00_zsh(self):
        self.reads("zsh")

    def fish_if_there(self, line):
        """None: not there"""
        return self.fish(line) if shutil.which("fish") else None

    # what is offered

    def test_01_verbs(self):
        text = self.alfa.ok("help").stdout.split("Commands:")[1]
        first = {c.split()[0] for c in re.findall(r"^  ([a-z-]+(?: [a-z]+)?) {2,}\S", text, re.M)}
        self.assertGreater(len(first), 40)
        self.assertEqual(self.bash("readback "), first)
        self.assertIn(self.fish_if_there("readback "), (None, first))
        self.every("readback wh", "who-holds", without=["inbox"])
        self.every("readback channel ", "propose", "list", "show", "leave", without=["inbox"])
        self.every("readback --home x chan", "channel")

    def test_02_options(self):
        """of each command, those that its help tells of"""
        for command in ("log", "channel propose", "site", "sites import", "position", "backup", "card"):
            told = set(re.findall(r"^  (--[a-z-]+)", self.alfa.ok(*command.split(), "--help").stdout, re.M))
            self.assertGreater(len(told), 8)
            self.assertEqual(self.bash("readback %s --" % command), told, command)
            offered = self.fish_if_there("readback %s --" % command)
            if offered is not None:
                self.assertEqual({w for w in offered if w.startswith("--")}, told, command)
        self.every("readback log --k", "--kind")
        self.every("readback channel show --a", "--at", without=["--answer"])

    def test_03_values(self):
        self.every("readback log --kind st", "statement", "stop-fire", without=["notice"])
        self.every("readback statement --precedence F", "FLASH")
        self.every("readback position pass", "passed-down")
        self.every("readback notice op", "operation")
        self.every("readback card up", "update")
        self.assertIn("a file.txt", {w.replace("\\ ", " ") for w in self.bash("readback accredit a")})
        offered = self.fish_if_there("readback accredit a")
        if offered is not None:
            self.assertIn("a\\ file.txt", {w.replace("\\ ", " ").replace(" ", "\\ ") for w in offered})

    def test_04_nobody_there(self):
        """the daemon is off: nothing, at once, and no word"""
        self.every("readback show 0", without=["readback:"])
        self.assertEqual(self.bash("readback show "), set())
        r = self.alfa.ok("completion", "records")
        self.assertEqual((r.stdout, r.stderr), ("", ""))

    def test_05_names(self):
        self.alfa.start()
        channel = self.alfa.json("channel", "propose", "--title", "Line: of 'ours'", "--alone", "--yes")["channel"]
        record = self.alfa.json("statement", "--title", "Qanariya", "--text", "x", "--yes")["record"]
        self.every("readback channel show ", channel[:8])
        self.every("readback show %s" % record[:3], record[:12])
        self.every("readback --home %s show %s" % (self.alfa.home, record[:3]), record[:12])
        self.every("readback statement --recipients al", "alfa")
        self.every("readback log --after %s" % record[:3], record[:12])
        self.assertNotIn("Qanariya", self.alfa.ok("completion", "records").stdout)
        log = open(self.alfa.home + ".log").read()
        self.assertNotIn("completion", log)

    def test_06_words(self):
        self.alfa.ok("completion", want=2)
        self.alfa.ok("completion", "tcsh", want=2)

    # help, whole and without a daemon

    def commands(self):
        text = self.alfa.ok("help").stdout.split("Commands:")[1]
        return re.findall(r"^  ([a-z-]+(?: [a-z]+)?) {2,}\S", text, re.M)

    def test_07_whole(self):
        """what an option takes stands whole in the help of some command, as the table has it; where it is one of several words, the
        man page has each"""
        told, table = set(), set()
        string = r'"((?:[^"\\\n]|\\.)*)"'
        for command in self.commands():
            told |= {line[4:] for line in self.alfa.ok(*command.split(), "--help").stdout.split("\n") if line.startswith("  --")}
        for path in ("readback.c", "cli_options.c", "cli_instrument_options.c"):
            with open(os.path.join(ROOT, "cmd", path)) as f:
                source = f.read().replace("\\\n", "\n")  # of macros
            for name, arg, _ in re.findall(r"\{\s*%s,\s*%s,\s*(?:%s\s*)+\}" % (string, string, string), source):
                table.add((name, arg.replace('\\"', '"')))
        self.assertGreater(len(table), 100)
        with open(os.path.join(ROOT, "man", "readback.1.scd")) as f:
            man = f.read()
        enums = 0
        for name, arg in sorted(table):
            line = "%s %s" % (name, arg)
            self.assertTrue(any(t == line or t.startswith(line + " ") for t in told), line)
            if not re.fullmatch(r"[a-z-]+(\|[a-z-]+)+", arg):
                continue
            enums += 1
            for value in arg.split("|"):
                self.assertTrue("*%s*" % value in man, (line, value))
        self.assertGreaterEqual(enums, 8)

    def test_08_kinds(self):
        """`help kinds` asks nobody: without a home, without a daemon; the API has the same"""
        def nowhere(*words):
            env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
            return subprocess.run([READBACK, *words], env=env, capture_output=True, text=True, timeout=60)
        r = nowhere("help", "kinds", "--json")
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        kinds = {k["kind"]: k for k in json.loads(r.stdout)["kinds"]}
        self.assertEqual(len(kinds), 29)
        self.assertIn("\n  answered by: read, passed-down, query, accept, ", nowhere("help", "kinds").stdout)
        with socket.socket(socket.AF_UNIX) as u:
            u.connect(os.path.join(self.alfa.home, "readbackd.sock"))
            u.sendall(b"GET /v1/kinds HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            got = b"".join(iter(lambda: u.recv(65536), b""))
        self.assertEqual(json.loads(got[got.index(b"{"):got.rindex(b"}") + 1]), json.loads(r.stdout))
        # each verb says what it may answer: the table from the other side
        positions = sorted({p for k in kinds.values() for p in k["answers"]})
        self.assertEqual(len(positions), 18)
        table = dict(re.findall(r"(?m)^  ([a-z-]+) {2,}(.*)$", nowhere("position", "--help").stdout.split("These may answer:\n")[1]
                                .split("\n\n")[0]))
        self.assertEqual(sorted(table), positions)
        for p in positions:
            said = re.search(r"(?m)^It may answer: (.*)\.$", nowhere(p, "--help").stdout)[1]
            self.assertEqual(said, table[p])
            words = re.sub(r" \(.*?\)|; a query on a record of our own|, of our own records alone", "", said)
            named = set(words.replace("every kind but ", "").replace("every kind", "").split(", ")) - {""}
            if words.startswith("every kind"):
                named = set(kinds) - named
            if p == "confirm":
                named.add("position")
            self.assertEqual(named, {k for k in kinds if p in kinds[k]["answers"]}, p)
        self.assertIn("It may answer: notice (movement, site), stop-fire, request.", nowhere("cannot-comply", "--help").stdout)
        self.assertIn("It may answer: every kind, of our own records alone.", nowhere("withdraw", "--help").stdout)
        for contact in ("ask", "held"):
            self.assertIn("[CHANNEL] --way call|meeting|message|unsaid", nowhere("contact", contact, "--help").stdout)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Completion)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
