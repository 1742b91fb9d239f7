#!/usr/bin/python3
"""Distances of pairs of outlines by the brute force of test/integration/py/oracle.py, for the rows
`alarms-...` of bench/run space.

Usage: space_oracle.py PAIRS OUT
PAIRS: a line a pair, SHAPE SHAPE, as test/property/verdict_pairs.c reads them. OUT: a line each, mm.
Exit: 0, 2 usage, 77 python3-geographiclib or python3-numpy is missing.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "integration", "py"))
try:
    import oracle
except ImportError as missing:
    print("skipped: %s" % missing, file=sys.stderr)
    sys.exit(77)

BATCH = 200


def shape(words):
    kind = next(words)
    if kind == "C":
        return (kind,) + tuple(int(next(words)) for _ in range(3))
    wide, n = int(next(words)), int(next(words))
    return kind, wide, [(int(next(words)), int(next(words))) for _ in range(n)]


def main(args):
    if len(args) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with open(args[0], encoding="ascii") as f:
        lines = [iter(line.split()) for line in f]
    pairs = [(shape(words), shape(words)) for words in lines]
    with open(args[1], "w", encoding="ascii") as out:
        for at in range(0, len(pairs), BATCH):
            for answer in oracle.answers(pairs[at:at + BATCH]):
                out.write("%d\n" % round(answer.distance * 1000))
    return 0


sys.exit(main(sys.argv[1:]))
