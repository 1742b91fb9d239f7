#!/usr/bin/python3
"""spec/record.cddl beside the decoders: what the grammar refuses they refuse. (They refuse more: what a comment in the
grammar says it cannot say.) Bodies of every kind, and each of them with one thing changed.
usage: test_cddl.py body-check corpus"""
import collections
import glob
import os
import random
import subprocess
import sys
import unittest

import cbor2

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(HERE, "py")]
from cddl import Grammar  # noqa: E402
from test_cli import Tap  # noqa: E402

TOOL, CORPUS = sys.argv[1], sys.argv[2]
BODIES = dict(enumerate("""charter amendment membership card-record test service nil-report receipt silence notice stop-fire request
    position cessation incident finding figure designation circulated-text agreement progress contact readout statement roster
    signed-record signed-record signed-record attachment""".split(), 1))
ODD = [0, 1, 2, 5, 63, 64, 65536, 1 << 63, (1 << 64) - 1, -1, "", "x", "x" * 257, "a\nb", b"", b"\x01" * 32, b"\x01" * 31, None, True, False,
       [], [0], ["x"], [b"\x02" * 32], [b"\x02" * 32] * 17, {}, {1: "x"}, [None, 0]]
LEAF = 65535
FEW = 3000  # changed bodies of a kind


def spots(v, path=()):
    """every place in it"""
    yield path
    if isinstance(v, dict):
        for k in v:
            yield from spots(v[k], path + (k,))
    elif isinstance(v, (list, tuple)):
        for i, x in enumerate(v):
            yield from spots(x, path + (i,))


def changed(v, path, change):
    """a copy in which what stands there is change(it); change may answer nothing, which takes it out"""
    if not path:
        return change(v)
    inner = changed(v[path[0]], path[1:], change)
    if isinstance(v, dict):
        return {k: inner if k == path[0] else x for k, x in v.items() if k != path[0] or inner is not Ellipsis}
    return [inner if i == path[0] else x for i, x in enumerate(v) if i != path[0] or inner is not Ellipsis]


def with_more(x):
    if isinstance(x, dict):
        yield from ({**x, k: y} for k in range(0, 24) if k not in x for y in (0, 1, "x", b"\x03" * 32, [0], None))
    if isinstance(x, list) and x:
        yield x + [x[-1]]
        yield x[:-1]
        yield x[:1] * 600


def mutants(v):
    for path in spots(v):
        if path:
            yield changed(v, path, lambda _: Ellipsis)
        for odd in ODD:
            yield changed(v, path, lambda _, odd=odd: odd)
        at = v
        for k in path:
            at = at[k]
        for more in with_more(at):
            yield changed(v, path, lambda _, more=more: more)


class Cddl(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with open(os.path.join(ROOT, "spec", "record.cddl")) as f:
            cls.grammar = Grammar(f.read())
        cls.seeds = collections.defaultdict(list)
        for name in sorted(glob.glob(os.path.join(CORPUS, "body-*"))):
            with open(name, "rb") as f:
                raw = f.read()
            cls.seeds[raw[0]].append(raw[1:])

    def verdicts(self, bodies):
        """of the decoders, in the order: "ok", or a clause"""
        lines = "".join("%d %s\n" % (k, b.hex()) for k, b in bodies)
        r = subprocess.run([TOOL], input=lines, capture_output=True, text=True, timeout=300, check=True)
        out = r.stdout.splitlines()
        self.assertEqual(len(out), len(bodies))
        return out

    def test_1_all_of_it_is_used(self):
        used = self.grammar.used_from("leaf") | self.grammar.used_from("sealed-head")
        self.assertEqual(set(self.grammar.rules) - used, set())

    def test_2_every_kind_has_a_body(self):
        seeds = [(k, raw) for k, list_ in self.seeds.items() for raw in list_]
        taken = [s for s, verdict in zip(seeds, self.verdicts(seeds)) if verdict == "ok"]
        self.assertEqual({k for k, _ in taken}, set(BODIES))
        for kind, raw in taken:
            self.assertIsNone(self.grammar.why(BODIES[kind], cbor2.loads(raw)), kind)

    def test_3_leaves(self):
        n = 0
        for name in sorted(glob.glob(os.path.join(CORPUS, "leaf-*"))):
            if not name.endswith("-cut"):
                with open(name, "rb") as f:
                    self.assertIsNone(self.grammar.why("leaf", cbor2.loads(f.read())), name)
                n += 1
        self.assertGreater(n, 20)

    def test_4_what_the_grammar_refuses_is_refused(self):
        looser, counted = [], {}
        for kind, list_ in sorted(self.seeds.items()):
            some = {cbor2.dumps(m, canonical=True) for raw in list_ for m in mutants(cbor2.loads(raw))}
            some = sorted(m for m in some if len(m) < LEAF)
            random.Random(kind).shuffle(some)
            some = [(kind, m) for m in some[:FEW]]
            n = collections.Counter()
            for (_, raw), verdict in zip(some, self.verdicts(some)):
                fits = self.grammar.why(BODIES[kind], cbor2.loads(raw)) is None
                n[(verdict == "ok", fits)] += 1
                if verdict == "ok" and not fits:
                    looser.append((kind, raw.hex()))
                self.assertNotEqual(verdict, "no clause", (kind, raw.hex()))
            counted[kind] = n
            self.assertGreater(n[(False, False)], 0, kind)
        print("# accepted by both, refused by both, by the decoders alone: " + "; ".join(
            "%s %d %d %d" % (BODIES[k], n[(True, True)], n[(False, False)], n[(False, True)]) for k, n in counted.items()))
        self.assertEqual(looser, [], "accepted, and not by the grammar")


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Cddl)
    print("1..%d" % suite.countTestCases())
    outcome = Tap()
    suite.run(outcome)
    sys.exit(0 if outcome.wasSuccessful() else 1)
