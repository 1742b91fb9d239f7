#!/usr/bin/python3
"""Distances of outlines by brute force, for comparison: edges cut into ever shorter pieces, all pairs
of pieces that could matter kept, the last ones measured with geographiclib. Nothing of it is shared
with the code under test but the definitions of spec 10.1 and 10.2.

A shape is ("C", lat, lon, radius), ("P", edges, [(lat, lon)...]) or ("L", half-width, [(lat, lon)...])
in 1e-9 degree and mm, as verdict_pairs reads them.
"""
import math

import numpy as np
from geographiclib.geodesic import Geodesic

EARTH = Geodesic.WGS84
A = 6378137.0
F = 1 / 298.257223563
B = A * (1 - F)
E2 = F * (2 - F)
PIECE = 100.0  # pieces are cut until they are no longer, or short for how far the other is
GEODESIC, STRAIGHT = 0, 1


# ---- many points at once ---------------------------------------------------------------------

def ecef(lat, lon):
    f, l = np.radians(lat), np.radians(lon)
    n = A / np.sqrt(1 - E2 * np.sin(f) ** 2)
    return np.stack([n * np.cos(f) * np.cos(l), n * np.cos(f) * np.sin(l), n * (1 - E2) * np.sin(f)], -1)


def vincenty_direct(lat1, lon1, azi, s):
    """Vincenty's direct formula, 1975; a few tenths of a mm."""
    a1 = np.radians(azi)
    u1 = np.arctan((1 - F) * np.tan(np.radians(lat1)))
    s1 = np.arctan2(np.tan(u1), np.cos(a1))
    sina = np.cos(u1) * np.sin(a1)
    c2a = 1 - sina ** 2
    u2 = c2a * (A * A - B * B) / (B * B)
    ca = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    cb = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    sigma = s / (B * ca)
    for _ in range(12):
        m = np.cos(2 * s1 + sigma)
        ds = cb * np.sin(sigma) * (m + cb / 4 * (np.cos(sigma) * (-1 + 2 * m * m) - cb / 6 * m
                                   * (-3 + 4 * np.sin(sigma) ** 2) * (-3 + 4 * m * m)))
        sigma = s / (B * ca) + ds
    m = np.cos(2 * s1 + sigma)
    x = np.sin(u1) * np.sin(sigma) - np.cos(u1) * np.cos(sigma) * np.cos(a1)
    lat = np.arctan2(np.sin(u1) * np.cos(sigma) + np.cos(u1) * np.sin(sigma) * np.cos(a1),
                     (1 - F) * np.hypot(sina, x))
    lam = np.arctan2(np.sin(sigma) * np.sin(a1),
                     np.cos(u1) * np.cos(sigma) - np.sin(u1) * np.sin(sigma) * np.cos(a1))
    c = F / 16 * c2a * (4 + F * (4 - 3 * c2a))
    dl = lam - (1 - c) * F * sina * (sigma + c * np.sin(sigma) * (m + c * np.cos(sigma) * (-1 + 2 * m * m)))
    return np.degrees(lat), lon1 + np.degrees(dl)


class Curves:
    """edges of many shapes in columns"""

    def __init__(self):
        self.rows = []

    def add(self, *row):
        self.rows.append(row)
        return len(self.rows) - 1

    def done(self):
        self.t = np.array(self.rows, dtype=float).reshape(-1, 7)
        self.length = self.t[:, 6]

    def piece(self, i, lat, length):
        """how long a piece of edge i about there may be: a straight edge bends the more the nearer it
        is to a pole, and is to stay within a mm of a line"""
        pole = np.maximum(np.radians(90 - np.abs(lat)) * B - length / 2, length / 8)
        return np.where(self.t[i, 0] == STRAIGHT, np.minimum(PIECE, np.sqrt(0.008 * pole)), PIECE)

    def at(self, i, t):
        kind, lat, lon, x, y = self.t[i, 0], self.t[i, 1], self.t[i, 2], self.t[i, 3], self.t[i, 4]
        out_lat, out_lon = lat + t * x, lon + t * y
        g = kind == GEODESIC
        if g.any():
            out_lat[g], out_lon[g] = vincenty_direct(lat[g], lon[g], x[g], y[g] * t[g])
        return out_lat, out_lon

    def at_exactly(self, i, t):
        return self.along(i, t)[:2]

    def along(self, i, t):
        """latitude, longitude, azimuth, metres for a step of t"""
        kind, lat, lon, x, y = self.t[i, :5]
        if kind == GEODESIC:
            d = EARTH.Direct(lat, lon, x, y * t, Geodesic.LATITUDE | Geodesic.LONGITUDE | Geodesic.AZIMUTH)
            return d["lat2"], d["lon2"], d["azi2"], y
        lat += t * x
        w = 1 - E2 * math.sin(math.radians(lat)) ** 2
        north = A * (1 - E2) / w ** 1.5 * math.radians(x)
        east = A / math.sqrt(w) * math.cos(math.radians(lat)) * math.radians(y)
        return lat, lon + t * y, math.degrees(math.atan2(east, north)), math.hypot(east, north)


def lon_step(a, b):
    d = b - a
    return d - 360 if d > 180 else d + 360 if d < -180 else d


def straight_length(lat0, lat1, dlon):
    lats = np.radians(np.linspace(lat0, lat1, 201))
    w = 1 - E2 * np.sin(lats) ** 2
    n = A / np.sqrt(w)
    ds = np.hypot(n * (1 - E2) / w * math.radians(lat1 - lat0), n * np.cos(lats) * math.radians(dlon))
    return float(ds.max())  # at least the length of every equal part, times their number


def add_edges(curves, shape):
    """the edges of a shape's core; returns their numbers"""
    if shape[0] == "C":
        lat, lon = shape[1] / 1e9, shape[2] / 1e9
        return [curves.add(STRAIGHT, lat, lon, 0, 0, 0, 0)]
    points = shape[2]
    n = len(points)
    out = []
    for i in range(n if shape[0] == "P" else n - 1):
        (a, b), (c, d) = points[i], points[(i + 1) % n]
        lat0, lon0, lat1, lon1 = a / 1e9, b / 1e9, c / 1e9, d / 1e9
        if shape[0] == "P" and (shape[1] == 2 or (shape[1] == 1 and a == c)):
            dl = lon_step(lon0, lon1)
            out.append(curves.add(STRAIGHT, lat0, lon0, lat1 - lat0, dl, 0, straight_length(lat0, lat1, dl)))
        else:
            r = EARTH.Inverse(lat0, lon0, lat1, lon1, Geodesic.DISTANCE | Geodesic.AZIMUTH)
            out.append(curves.add(GEODESIC, lat0, lon0, r["azi1"], r["s12"], 0, r["s12"]))
    return out


# ---- nearest pieces --------------------------------------------------------------------------

def dot(a, b):
    return (a * b).sum(-1)


def segments(p, q, r, s):
    """nearest places t, u in [0, 1] of segments pq and rs in space, and their distance"""
    d1, d2, w = q - p, s - r, p - r
    a, e, b = dot(d1, d1), dot(d2, d2), dot(d1, d2)
    c, f = dot(d1, w), dot(d2, w)
    tiny = 1e-12

    def over(x, y):
        return np.where(y > tiny, x / np.where(y > tiny, y, 1), 0.0)

    best = [np.zeros_like(a), np.zeros_like(a), np.full_like(a, np.inf)]

    def offer(t, u):
        t, u = np.clip(t, 0, 1), np.clip(u, 0, 1)
        d = np.linalg.norm(p + t[:, None] * d1 - r - u[:, None] * d2, axis=1)
        less = d < best[2]
        for k, v in enumerate((t, u, d)):
            best[k] = np.where(less, v, best[k])

    zero, one = np.zeros_like(a), np.ones_like(a)
    inner = over(b * f - c * e, a * e - b * b)
    offer(inner, over(b * np.clip(inner, 0, 1) + f, e))
    offer(zero, over(f, e))
    offer(one, over(b + f, e))
    offer(over(-c, a), zero)
    offer(over(b - c, a), one)
    return best


def nearest(curves, pairs):
    """pairs: for each question two lists of edges. Returns their distances."""
    rows = [(k, i, j) for k, (x, y) in enumerate(pairs) for i in x for j in y]
    q, ca, cb = (np.array(v) for v in zip(*rows))
    a0, b0 = np.zeros(len(q)), np.zeros(len(q))
    wa, wb = np.ones(len(q)), np.ones(len(q))
    best = np.full(len(pairs), np.inf)
    while True:
        la, lb = wa * curves.length[ca], wb * curves.length[cb]
        ma, mb = curves.at(ca, a0 + wa / 2), curves.at(cb, b0 + wb / 2)
        d = np.linalg.norm(ecef(*ma) - ecef(*mb), axis=1)
        np.minimum.at(best, q, d)
        keep = d - (la + lb) / 2 <= best[q] * (1 + 1e-12) + 2e-3 + 5e-18 * best[q] ** 3
        pa, pb = curves.piece(ca, ma[0], la), curves.piece(cb, mb[0], lb)
        q, ca, cb, a0, b0, wa, wb, la, lb, pa, pb = (
            v[keep] for v in (q, ca, cb, a0, b0, wa, wb, la, lb, pa, pb))
        enough = np.clip(best[q] / 50 / PIECE, 1, 30)
        cut_a, cut_b = la > pa * enough, lb > pb * enough
        cut_a, cut_b = cut_a & (~cut_b | (la >= lb / 2)), cut_b & (~cut_a | (lb >= la / 2))
        if not (cut_a | cut_b).any():
            break
        parts = []
        for i in (0, 1):
            for j in (0, 1):
                use = (cut_a | (i == 0)) & (cut_b | (j == 0))
                na, nb = np.where(cut_a, wa / 2, wa), np.where(cut_b, wb / 2, wb)
                parts.append([v[use] for v in (q, ca, cb, a0 + i * na, b0 + j * nb, na, nb)])
        q, ca, cb, a0, b0, wa, wb = (np.concatenate(v) for v in zip(*parts))
    return measure(curves, len(pairs), q, ca, cb, a0, b0, wa, wb)


def ahead(d, angle):
    """how far along a line the foot of the perpendicular lies, on a sphere"""
    r = 6371000
    return r * math.atan2(math.sin(d / r) * math.cos(math.radians(angle)), math.cos(d / r))


def to_foot(curves, i, t, place):
    """t of the foot of the perpendicular on a geodesic edge, clipped to it"""
    lat, lon, azimuth, speed = curves.along(i, t)
    r = EARTH.Inverse(lat, lon, *place, Geodesic.DISTANCE | Geodesic.AZIMUTH)
    return r["s12"], min(1, max(0, t + ahead(r["s12"], r["azi1"] - azimuth) / speed))


def to_least(curves, i, t, place, window):
    """the same on a straight edge, where the distance is least about t: by parabolas through three"""
    def d(x):
        return EARTH.Inverse(*curves.at_exactly(i, x), *place, Geodesic.DISTANCE)["s12"]

    f = d(t)
    while window * curves.length[i] > 0.002:
        lo, hi = max(0, t - window), min(1, t + window)
        tried = [(f, t), (d(lo), lo), (d(hi), hi)]
        (f0, _), (f1, _), (f2, _) = tried
        if lo < t < hi and f1 + f2 > 2 * f0 and t - lo == hi - t:
            x = t + window * (f1 - f2) / 2 / (f1 + f2 - 2 * f0)
            x = min(hi, max(lo, x))
            tried.append((d(x), x))
        f, t = min(tried)
        window /= 2.5  # the steps left make up for the half of it that may be missing
    return f, t


def foot(curves, i, t, place, window=100):
    """least distance from a place to an edge, near t (metres, where it is straight); and where"""
    if curves.length[i] == 0:
        return EARTH.Inverse(*curves.at_exactly(i, t), *place, Geodesic.DISTANCE)["s12"], t
    if curves.t[i, 0] == GEODESIC:
        _, t = to_foot(curves, i, t, place)
        return to_foot(curves, i, t, place)
    return to_least(curves, i, t, place, min(0.5, window / curves.length[i]))


def slide(curves, i, t, j, u, best):
    """Edges that run nearly side by side: going from one to the other and back gets on by a few steps
    of many. The first is walked along instead, where the distance to the second is least (golden
    section). On a geodesic the foot is found from any place, so that is the second of the two."""
    if curves.t[j, 0] != GEODESIC and curves.t[i, 0] == GEODESIC:
        i, t, j, u = j, u, i, t
    span = min(1, 20000 / curves.length[i])
    lo, hi, ratio = max(0, t - span), min(1, t + span), (math.sqrt(5) - 1) / 2

    def d(x):
        nonlocal u
        f, u = foot(curves, j, u, curves.at_exactly(i, x), 40000)
        return f

    x, y = hi - ratio * (hi - lo), lo + ratio * (hi - lo)
    fx, fy = d(x), d(y)
    while (hi - lo) * curves.length[i] > 5:
        if fx <= fy:
            hi, y, fy = y, x, fx
            x = hi - ratio * (hi - lo)
            fx = d(x)
        else:
            lo, x, fx = x, y, fy
            y = lo + ratio * (hi - lo)
            fy = d(y)
    return min(best, fx, fy)


def settle(curves, i, t, j, u, window):
    """least distance near those places of two edges: each in turn goes to where the other is nearest"""
    best = math.inf
    for _ in range(8):
        moved = 0
        for _ in (0, 1):
            place = curves.at_exactly(j, u)
            if curves.length[i] == 0:
                d, to = EARTH.Inverse(*curves.at_exactly(i, t), *place, Geodesic.DISTANCE)["s12"], t
            elif curves.t[i, 0] == GEODESIC:
                d, to = to_foot(curves, i, t, place)
            else:
                d, to = to_least(curves, i, t, place, min(0.5, window / curves.length[i]))
            best = min(best, d)
            moved = max(moved, abs(to - t) * curves.length[i])
            i, t, j, u = j, u, i, to
        window = min(window, max(0.01, 3 * moved))
        if moved * moved < 1e-4 * best or moved < 1e-4:
            break
    if 1000 < best < 5000000 and min(curves.length[i], curves.length[j]) > 100:
        best = slide(curves, i, t, j, u, best)
    if best > 5000000:  # on the far side of the Earth the foot is where a line is farthest
        best = min([best] + [EARTH.Inverse(*curves.at_exactly(i, x), *curves.at_exactly(j, y),
                                           Geodesic.DISTANCE)["s12"] for x in (0, 1) for y in (0, 1)])
    return best


def measure(curves, n, q, ca, cb, a0, b0, wa, wb):
    ends = [ecef(*curves.at(c, t)) for c, t in ((ca, a0), (ca, a0 + wa), (cb, b0), (cb, b0 + wb))]
    t, u, d = segments(*ends)
    order = np.lexsort((d, q))
    out = [math.inf] * n
    seen = {}
    for k in order:
        i = int(q[k])
        first = seen.setdefault(i, (d[k], set()))
        # a chord is not the arc, a piece not straight: a little longer may be a little nearer
        slack = 3e-3 + 2e-17 * first[0] ** 3 + (3 if first[0] > 50 * PIECE else 0)
        if d[k] > first[0] + slack or (len(first[1]) >= 12 and first[0] < 3000000):
            continue
        if (ca[k], cb[k]) in first[1]:
            continue
        first[1].add((ca[k], cb[k]))
        ta, tb = a0[k] + t[k] * wa[k], b0[k] + u[k] * wb[k]
        window = 1.5 * PIECE * min(30, max(1, d[k] / 50 / PIECE))
        out[i] = min(out[i], d[k] if d[k] < 0.1 else settle(curves, ca[k], ta, cb[k], tb, window))
    return out


# ---- inside ----------------------------------------------------------------------------------

def ring_points(curves, edges):
    ids, ts = [], []
    for e in edges:
        n = 1
        if curves.t[e, 0] == STRAIGHT:
            lat = curves.t[e, 1] + np.array([0, curves.t[e, 3]])
            bend = curves.piece(np.array([e, e]), lat, np.array([1.0, 1.0])).min()
            n = min(20000, max(64, int(curves.length[e] / bend) + 1))
        ids.append(np.full(n, e))
        ts.append(np.arange(n) / n)
    return ecef(*curves.at(np.concatenate(ids), np.concatenate(ts)))


def winds_round(ring, lat, lon):
    """Does the ring, seen from the point, go all round it? For rings of less than half the Earth;
    seen from the other side of the Earth they do so, too, and are too far."""
    f, l = math.radians(lat), math.radians(lon)
    d = ring - ecef(np.float64(lat), np.float64(lon))
    if np.linalg.norm(d, axis=1).min() > 9000000:
        return False
    east = np.array([-math.sin(l), math.cos(l), 0])
    north = np.array([-math.sin(f) * math.cos(l), -math.sin(f) * math.sin(l), math.cos(f)])
    azi = np.arctan2(d @ east, d @ north)
    turn = np.diff(np.append(azi, azi[0]))
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    return abs(turn.sum()) > np.pi


def first_point(shape):
    return (shape[1] / 1e9, shape[2] / 1e9) if shape[0] == "C" else tuple(v / 1e9 for v in shape[2][0])


def width(shape):
    return 0 if shape[0] == "P" else (shape[3] if shape[0] == "C" else shape[1]) / 1000


class Answer:
    """apart: distance of the cores' edges; inside: one core lies in the other; depth where spec
    10.2.5 makes it plain (two circles; the centre of a circle inside a ring), else None"""

    def __init__(self, a, b, edges, inside):
        wide = width(a) + width(b)
        self.core = 0.0 if inside else edges
        self.distance = max(0.0, self.core - wide)
        if self.distance < 0.0006:  # where edges cross, the lines through pieces of them pass by so near
            self.distance = 0.0
        self.depth = None
        if self.core <= wide:
            if a[0] == b[0] == "C" or (self.core > 0.01):
                self.depth = wide - self.core
            elif inside and "C" in (a[0], b[0]):
                self.depth = wide + edges


def answers(questions):
    """questions: pairs of shapes"""
    curves, pairs = Curves(), []
    for a, b in questions:
        pairs.append((add_edges(curves, a), add_edges(curves, b)))
    curves.done()
    out = []
    for (a, b), (x, y), d in zip(questions, pairs, nearest(curves, pairs)):
        inside = False
        for ring, edges, other in ((a, x, b), (b, y, a)):
            if ring[0] == "P":
                inside = inside or winds_round(ring_points(curves, edges), *first_point(other))
        out.append(Answer(a, b, d, inside))
    return out
