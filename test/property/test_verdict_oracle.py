#!/usr/bin/python3
"""Compares distances, depths and answers of the code with test/integration/py/oracle.py, over seeded
pairs of outlines: random ones, and ones made to be hard.

Usage: test_verdict_oracle.py VERDICT_PAIRS [--pairs N] [--seed N] [--processes N]
./check runs 10,000 pairs; the full run is `test_verdict_oracle.py .../verdict-pairs --pairs 100000`.
Wrong is: a distance off by more than 1 cm; an answer about a distance that differs from the true one
by 11 mm or more; another answer for the pair exchanged. An answer given up (spec 10.2.6) is not wrong, but
may not be given for more than one pair in 200. Prints each wrong pair as verdict_pairs reads it.
Exit: 0 none wrong, 1 some wrong, 2 usage, 77 python3-geographiclib or python3-numpy is missing.
"""
import argparse
import collections
import multiprocessing
import os
import random
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration", "py"))
try:
    import oracle
except ImportError as missing:
    print("skipped: %s" % missing)
    sys.exit(77)

BATCH = 200
GIVEN_UP = "2"
EARTH = oracle.EARTH
PLACE = oracle.Geodesic.LATITUDE | oracle.Geodesic.LONGITUDE


def nd(lat, lon):
    lon = (lon + 180) % 360 - 180
    return round(lat * 1e9), round(lon * 1e9)


def go(at, azimuth, metres):
    d = EARTH.Direct(at[0], at[1], azimuth, metres, PLACE)
    return d["lat2"], d["lon2"]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def scale(self):
        return 10 ** self.r.uniform(0, 6.3)

    def base(self):
        r = self.r
        kind = r.randrange(6)
        if kind == 0:
            return 35 + r.uniform(-1, 1), r.uniform(35, 45)
        if kind == 1:
            return r.uniform(-70, 70), r.choice((180, -180)) + r.uniform(-0.01, 0.01)
        if kind == 2:
            return r.choice((-1, 1)) * (90 - 10 ** r.uniform(-6, 1)), r.uniform(-180, 180)
        if kind == 3:
            return r.uniform(-0.01, 0.01), r.uniform(-180, 180)
        return r.uniform(-85, 85), r.uniform(-180, 180)

    # shapes about a place

    def circle(self, at, size):
        return ("C",) + nd(*at) + (max(1, round(size * self.r.uniform(0.1, 1) * 1000)),)

    def polygon(self, at, size):
        r = self.r
        n = r.randint(3, 9)
        azimuths = sorted(r.uniform(0, 360) for _ in range(n))
        points = [nd(*go(at, a, size * r.uniform(0.3, 1))) for a in azimuths]
        return ("P", r.choice((0, 0, 1, 2, 2)), points)

    def box(self, at, size):
        """sides along parallels and meridians, where edges differ most"""
        r = self.r
        lat = at[0]
        high = min(size / 111000, 20) * r.uniform(0.05, 1)
        wide = min(size / (111000 * max(0.02, oracle.math.cos(oracle.math.radians(lat)))), 60)
        if abs(lat) + high >= 89.9:
            return self.polygon(at, size)
        return ("P", r.choice((0, 1, 2)), [nd(lat + y * high, at[1] + x * wide)
                                           for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))])

    def sliver(self, at, size):
        r = self.r
        azimuth = r.uniform(0, 360)
        far, thin = go(at, azimuth, size), 10 ** r.uniform(-2, 0)
        side = go(go(at, azimuth, size * r.uniform(0.1, 0.9)), azimuth + 90, thin)
        return ("P", r.choice((0, 1, 2)), [nd(*at), nd(*far), nd(*side)])

    def corridor(self, at, size):
        r = self.r
        n = r.randint(2, 7)
        points, azimuth = [at], r.uniform(0, 360)
        for _ in range(n - 1):
            azimuth += r.uniform(-100, 100)
            points.append(go(points[-1], azimuth, size * r.uniform(0.2, 1) * 2 / n))
        return ("L", max(1, round(size * 10 ** r.uniform(-4, -0.5) * 1000)), [nd(*p) for p in points])

    def shape(self, at, size):
        return self.r.choice((self.circle, self.polygon, self.polygon, self.box, self.sliver,
                              self.corridor))(at, size)

    # pairs

    def near(self):
        """of any two sizes, about as far apart as they are large"""
        at, s1, s2 = self.base(), self.scale(), self.scale()
        other = go(at, self.r.uniform(0, 360), (s1 + s2) * self.r.uniform(0, 1.6))
        return self.shape(at, s1), self.shape(other, s2)

    def far(self):
        return self.shape(self.base(), self.scale()), self.shape(self.base(), self.scale())

    def tangent(self):
        """circles that touch but for about a centimetre"""
        r = self.r
        a = self.circle(self.base(), self.scale())
        p = a[1] / 1e9, a[2] / 1e9
        gap = r.choice((-0.02, -0.011, 0.0, 0.011, 0.02))
        other = nd(*go(p, r.uniform(0, 360), a[3] / 1000 + self.scale()))
        d = EARTH.Inverse(p[0], p[1], other[0] / 1e9, other[1] / 1e9)["s12"]
        return a, ("C",) + other + (max(1, round((d - gap) * 1000) - a[3]),)

    def edge(self, a):
        """a place on an edge of a's core, and what lies across it"""
        curves = oracle.Curves()
        edges = oracle.add_edges(curves, a)
        curves.done()
        e = self.r.choice(edges)
        t = self.r.uniform(0, 1)
        at, ahead = curves.at_exactly(e, t), curves.at_exactly(e, min(1, t + 1e-4))
        azimuth = EARTH.Inverse(*at, *ahead, oracle.Geodesic.AZIMUTH)["azi1"] if t < 0.9999 else 0
        return at, azimuth

    def beside(self):
        """a small or large thing whose boundary is about a centimetre from an edge"""
        r = self.r
        at, size = self.base(), self.scale()
        a = r.choice((self.polygon, self.box, self.corridor, self.sliver))(at, size)
        place, azimuth = self.edge(a)
        radius = max(0.001, size * 10 ** r.uniform(-5, 0.3))
        gap = r.choice((-0.02, -0.011, 0.0, 0.011, 0.02)) + oracle.width(a)
        centre = nd(*go(place, azimuth + r.choice((-90, 90)), radius + gap))
        return a, ("C",) + centre + (max(1, round(radius * 1000)),)

    def shared(self):
        """two rings with an edge in common, or a centimetre between them"""
        r = self.r
        at, size = self.base(), self.scale()
        a = r.choice((self.polygon, self.box))(at, size)
        k = r.randrange(len(a[2]))
        p, q = a[2][k], a[2][(k + 1) % len(a[2])]
        p, q = (p[0] / 1e9, p[1] / 1e9), (q[0] / 1e9, q[1] / 1e9)
        side = EARTH.Inverse(*p, *q, oracle.Geodesic.AZIMUTH)
        gap, turn = r.choice((0, 0, 0.011, 0.02, 0.5)), r.choice((-90, 90))
        if gap:
            p, q = go(p, side["azi1"] + turn, gap), go(q, side["azi2"] + turn, gap)
        third = go(p, side["azi1"] + turn * r.uniform(0.3, 0.9), size * r.uniform(0.1, 1))
        return a, ("P", a[1], [nd(*p), nd(*q), nd(*third)])

    def within(self):
        at, size = self.base(), self.scale()
        return self.shape(at, size), self.shape(go(at, self.r.uniform(0, 360), size / 10), size / 20)

    def uneven(self):
        at, size = self.base(), 10 ** self.r.uniform(5, 6.3)
        a = self.shape(at, size)
        return a, self.shape(go(at, self.r.uniform(0, 360), size * self.r.uniform(0, 1.2)),
                             10 ** self.r.uniform(0, 2))

    def pole(self):
        """a ring round a pole"""
        r = self.r
        sign, off = r.choice((-1, 1)), 10 ** r.uniform(-3, 1.3)
        n = r.randint(4, 9)
        ring = [nd(sign * (90 - off * r.uniform(0.5, 1)), 360 * k / n + r.uniform(0, 20)) for k in range(n)]
        other = (sign * (90 - off * r.uniform(0, 1.2)), r.uniform(-180, 180))
        return ("P", r.choice((0, 1, 2)), ring), self.shape(other, self.scale() / 50)

    def long_edge(self):
        """long edges along 35 N, and something small about as far north as they bulge"""
        r = self.r
        half = r.uniform(0.5, 20)
        lon = r.uniform(-180, 180)
        ring = [nd(35, lon - half), nd(35, lon + half), nd(33, lon + half), nd(33, lon - half)]
        north = 35 + r.uniform(-0.1, 1.2) * (half * 2) ** 2 * 1.03e-3
        small = self.shape((north, lon + r.uniform(-half, half)), 10 ** r.uniform(0, 4))
        return ("P", r.choice((0, 1, 2)), ring), small

    def pair(self):
        kinds = (self.near, self.near, self.near, self.far, self.tangent, self.beside, self.beside,
                 self.shared, self.within, self.uneven, self.pole, self.long_edge)
        kind = self.r.choice(kinds)
        return kind.__name__, kind()


def words(shape):
    if shape[0] == "C":
        return "C %d %d %d" % shape[1:]
    points = " ".join("%d %d" % p for p in shape[2])
    return "%s %d %d %s" % (shape[0], shape[1], len(shape[2]), points)


def thresholds(distance, rng):
    mm = round(distance * 1000)
    out = [0, mm + 11, mm + 1000, mm * 2 + 5, mm - 11, mm - 1000, mm // 2, mm + rng.choice((3, 30, 100))]
    return [t for t in out if t >= 0]


def judge(answer, asked, line):
    """what is wrong with a line of answers; None: nothing"""
    got = line.split()
    distance, depth, exact = int(got[0]) / 1000, int(got[1]) / 1000, got[2] == "1"
    if distance < answer.distance - 0.01 or (exact and distance > answer.distance + 0.01):
        return "distance %.4f, true %.4f%s" % (distance, answer.distance, "" if exact else " (not exact)")
    if exact and (abs(int(got[3]) / 1000 - distance) > 0.01 or abs(int(got[4]) / 1000 - depth) > 0.01):
        return "another distance or depth for the pair exchanged"
    if exact and answer.depth is not None and abs(depth - answer.depth) > 0.01:
        return "depth %.4f, true %.4f" % (depth, answer.depth)
    if got[-1] != got[5] and asked[0] == 0:
        return "verdict %s, but within 0 mm: %s" % (got[-1], got[5])
    for t, near in zip(asked, got[5:]):
        if abs(t / 1000 - answer.distance) < 0.0105 and not (t == 0 and answer.distance == 0):
            continue
        if near not in (GIVEN_UP, "1" if answer.distance <= t / 1000 else "0"):
            return "within %d mm: %s; true distance %.4f" % (t, near, answer.distance)
    return None


def run(job):
    program, seed, count = job
    maker = Maker(seed)
    pairs = [maker.pair() for _ in range(count)]
    truth = oracle.answers([p for _, p in pairs])
    asked = [thresholds(t.distance, maker.r) for t in truth]
    lines = ["%s %s %d %s" % (words(a), words(b), len(t), " ".join(map(str, t)))
             for (_, (a, b)), t in zip(pairs, asked)]
    out = subprocess.run([program], input="\n".join(lines) + "\n", text=True, capture_output=True)
    got = out.stdout.splitlines()
    if out.returncode or len(got) != count:
        return collections.Counter(crash=1), ["crashed with seed %d: %s" % (seed, out.stderr[-2000:])]
    seen, wrong = collections.Counter(), []
    for (kind, _), answer, t, line, question in zip(pairs, truth, asked, got, lines):
        if line.startswith("refused"):
            seen["refused"] += 1
            continue
        seen[kind] += 1
        seen["meet" if answer.distance == 0 else "apart"] += 1
        seen["given up"] += GIVEN_UP in line.split()[5:-1] or line.split()[2] == "0"
        fault = judge(answer, t, line)
        if fault:
            wrong.append("%s: %s\n  %s\n  %s" % (kind, fault, question, line))
    return seen, wrong


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("program")
    p.add_argument("--pairs", type=int, default=10000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--processes", type=int, default=2)
    a = p.parse_args()
    jobs = [(a.program, a.seed * 1000003 + k, min(BATCH, a.pairs - k * BATCH))
            for k in range((a.pairs + BATCH - 1) // BATCH)]
    seen, wrong = collections.Counter(), []
    with multiprocessing.Pool(a.processes) as pool:
        for s, w in pool.imap_unordered(run, jobs):
            seen += s
            wrong += w
    for w in wrong[:40]:
        print(w)
    judged = seen["meet"] + seen["apart"]
    print(", ".join("%s %d" % kv for kv in sorted(seen.items())))
    print("seed %d: %d pairs judged, %d refused, %d given up, %d wrong"
          % (a.seed, judged, seen["refused"], seen["given up"], len(wrong)))
    few = seen["refused"] * 10 <= a.pairs and seen["given up"] * 200 <= a.pairs
    return 1 if wrong or not few or judged == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
