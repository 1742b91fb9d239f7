#!/usr/bin/python3
"""`readback check` against brute force: every plan with every place, distances by
test/integration/py/oracle.py (geographiclib), classes, times and heights worked out here from the words of
spec 10.3 and 10.6. The places come in five files of four formats. The set of (plan, place) in conflict
must be the same, and so must what each plan says of times and of the bands.

Usage: test_check_oracle.py READBACK [--seed N] [--rounds N]
Left out of the comparison is what lies within 2 cm of the stand-off (spec 10.2.3).
Exit: 0 the same, 1 not, 77 python3-geographiclib or python3-numpy is missing.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration", "py"))
try:
    import oracle
except ImportError as missing:
    print("skipped: %s" % missing)
    sys.exit(77)

EARTH = oracle.EARTH
PLACE = oracle.Geodesic.LATITUDE | oracle.Geodesic.LONGITUDE
HOUR = 3600000
NOW = 100 * HOUR  # after 2027-01-01
STANDOFF = {"site": 2000, "movement": 750, "operation": 1000, "exercise": 300, "truce": 0, "no-strike": 500}
OPTION = "site=2km,movement=750m,operation=1km,exercise=300m,no-strike=500m"
CLASSES = ["site", "site", "movement", "operation", "exercise", "area", "truce", "no-strike"]
EDGES = ["geodesic", "parallel", "lonlat"]


def stamp(hours_ms):
    """RFC 3339 of ms after 2027-01-01"""
    s, ms = divmod(hours_ms, 1000)
    day, s = divmod(s, 86400)
    return "2027-01-%02dT%02d:%02d:%02d.%03dZ" % (day + 1, s // 3600, s // 60 % 60, s % 60, ms)


def go(at, azimuth, metres):
    d = EARTH.Direct(at[0], at[1], azimuth, metres, PLACE)
    return d["lat2"], (d["lon2"] + 180) % 360 - 180


def nd(point):
    return round(point[0] * 1e9), round(point[1] * 1e9)


class Thing:
    """a place or a plan: shapes, class, times, heights, who declares it"""

    def __init__(self, r, classes):
        self.cls = r.choice(classes)
        at = 35.5 + r.uniform(-0.3, 0.3), (36.5 if r.random() < 0.7 else 180) + r.uniform(-0.35, 0.35)
        self.volumes = [self.shape(r, go(at, r.uniform(0, 360), r.uniform(0, 3000)))
                        for _ in range(r.choice((1, 1, 1, 2, 3)))]
        self.times = []
        for _ in self.volumes:
            a = r.randrange(0, 300) * HOUR + r.choice((0, 0, 1))
            b = a + r.randrange(1, 100) * HOUR
            self.times.append((r.choice((a, a, a, None)), r.choice((b, b, b, None))))
        self.bands = []
        for _ in self.volumes:
            a = r.randrange(0, 3000)
            self.bands.append((r.choice((None, a)), r.choice((None, a + r.randrange(0, 3000)))))
        self.declared = r.choice((None, "northland", "southland"))

    @staticmethod
    def shape(r, at):
        size = 10 ** r.uniform(1.5, 4)
        kind = r.randrange(4)
        if kind < 2:
            return ("C",) + nd(at) + (round(size * 1000),)
        if kind == 2:
            n = r.randint(3, 8)  # no gap of half a turn: the ring does not cross itself
            azimuths = [(k + r.uniform(-0.2, 0.2)) * 360 / n for k in range(n)]
            points = [nd(go(at, a, size * r.uniform(0.3, 1))) for a in azimuths]
            return ("P", r.randrange(3), points)
        points, azimuth = [at], r.uniform(0, 360)
        for _ in range(r.randint(1, 4)):
            azimuth += r.uniform(-90, 90)
            points.append(go(points[-1], azimuth, size * r.uniform(0.3, 1)))
        return ("L", round(size * r.uniform(0.01, 0.3) * 1000), [nd(p) for p in points])

    def simple(self):
        """one circle, at one time, without heights: what the poorer formats can say"""
        return len(self.volumes) == 1 and self.volumes[0][0] == "C" and self.bands[0] == (None, None)


# ---- as files --------------------------------------------------------------------------------

def degrees(nanodegrees):
    return "%.9f" % (nanodegrees / 1e9)


def position(lat, lon):
    return "[%s,%s]" % (degrees(lon), degrees(lat))


def geometry(shape):
    if shape[0] == "C":
        return '{"type":"Point","coordinates":%s}' % position(shape[1], shape[2])
    points = ",".join(position(*p) for p in shape[2])
    if shape[0] == "L":
        return '{"type":"LineString","coordinates":[%s]}' % points
    return '{"type":"Polygon","coordinates":[[%s,%s]]}' % (points, position(*shape[2][0]))


def of_ours(thing, cls):
    """the object `readback` of spec 12.2.4"""
    out = {"volumes": []}
    if cls:
        out["class"] = cls
    for shape, (begin, end), (low, high) in zip(thing.volumes, thing.times, thing.bands):
        v = {}
        if shape[0] == "C":
            v["radius_m"] = "%d.%03d" % divmod(shape[3], 1000)
        elif shape[0] == "L":
            v["half_width_m"] = "%d.%03d" % divmod(shape[1], 1000)
        else:
            v["edges"] = EDGES[shape[1]]
        if begin is not None:
            v["from"] = stamp(begin)
        if end is not None:
            v["to"] = stamp(end)
        if low is not None:
            v["floor"] = [low, "AMSL"]
        if high is not None:
            v["ceiling"] = [high, "AMSL"]
        if thing.declared:
            v["declared_by"] = thing.declared
        out["volumes"].append(v)
    return out


def feature(thing, name, cls):
    shapes = [geometry(s) for s in thing.volumes]
    place = shapes[0] if len(shapes) == 1 else '{"type":"GeometryCollection","geometries":[%s]}' % ",".join(shapes)
    return '{"type":"Feature","id":%s,"properties":{"readback":%s},"geometry":%s}' % (
        json.dumps(name), json.dumps(of_ours(thing, cls)), place)


def zone(thing, name):
    """ED-318, with extent, layer and period of its own"""
    shape, (begin, end) = thing.volumes[0], thing.times[0]
    period = {}
    if begin is not None:
        period["startDateTime"] = stamp(begin)
    if end is not None:
        period["endDateTime"] = stamp(end)
    properties = {"identifier": name[:7], "country": "XYZ", "type": "PROHIBITED", "variant": "COMMON",
                  "zoneAuthority": [{"purpose": "INFORMATION"}], "limitedApplicability": [period],
                  "extendedProperties": {"readback": {"volumes": [
                      {"declared_by": thing.declared} if thing.declared else {}]}}}
    place = '{"type":"Point","coordinates":%s,"extent":{"subType":"Circle","radius":%d.%03d}}' % (
        (position(shape[1], shape[2]),) + divmod(shape[3], 1000))
    return '{"type":"Feature","properties":%s,"geometry":%s}' % (json.dumps(properties), place)


def placemark(thing, name):
    shape, (begin, end) = thing.volumes[0], thing.times[0]
    span = "".join("<%s>%s</%s>" % (w, stamp(t), w) for w, t in (("begin", begin), ("end", end)) if t is not None)
    return ("<Placemark><name>%s</name>%s<ExtendedData><Data name=\"radius_m\"><value>%d.%03d</value></Data>"
            "</ExtendedData><Point><coordinates>%s,%s</coordinates></Point></Placemark>") % (
                (name, "<TimeSpan>%s</TimeSpan>" % span if span else "")
                + divmod(shape[3], 1000) + (degrees(shape[2]), degrees(shape[1])))


class Files:
    """each place goes to a file that can say all of it, chosen at random"""

    def __init__(self, r, folder):
        self.r, self.folder, self.lines = r, folder, {}

    def put(self, thing, name):
        kinds = ["own"] * 2
        if thing.cls in ("truce", "no-strike"):
            kinds = [thing.cls]
        elif thing.simple() and thing.cls == "movement":
            kinds += ["kml"] * 3 if not thing.declared else ["zones"] * 3
        elif thing.simple() and thing.cls == "site" and thing.times[0] == (None, None):
            kinds += ["csv"] * 3
        kind = self.r.choice(kinds)
        lines = self.lines.setdefault(kind, [])
        if kind == "csv":
            s = thing.volumes[0]
            lines.append("%s;%s;%s;%d.%03d;%s" % (
                (name, degrees(s[1]), degrees(s[2])) + divmod(s[3], 1000) + (thing.declared or "",)))
            return "places.csv", len(lines) + 1
        if kind == "kml":
            lines.append(placemark(thing, name))
            return "places.kml", len(lines)
        if kind == "zones":
            lines.append(zone(thing, name))
            return "zones.json", len(lines)
        lines.append(feature(thing, name, "area" if kind != "own" else thing.cls))
        return kind + ".ndjson", len(lines)

    def write(self):
        """the words for the command line"""
        whole = {"csv": ("places.csv", "", "name;latitude;longitude;radius;declared by\n", "\n", ""),
                 "kml": ("places.kml", ":movement", '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>', "",
                         "</Document></kml>"),
                 "zones": ("zones.json", ":movement", '{"type":"FeatureCollection","features":[', ",", "]}"),
                 "own": ("own.ndjson", "", "", "\n", ""),
                 "truce": ("truce.ndjson", ":truce", "", "\n", ""),
                 "no-strike": ("no-strike.ndjson", ":no-strike", "", "\n", "")}
        out = []
        for kind, lines in self.lines.items():
            name, cls, before, between, behind = whole[kind]
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(before + between.join(lines) + behind)
            out += ["--register", name + cls]
        return out


# ---- by brute force --------------------------------------------------------------------------

def rule(plan, place):
    """stand-off in metres, None: not compared (10.6.2, 10.6.3)"""
    planned = ("operation", "exercise")
    if plan.cls not in planned and place.cls not in planned:
        return None
    if plan.cls in planned and place.cls in planned:
        same = plan.declared is not None and plan.declared == place.declared
        return None if same else max(STANDOFF[plan.cls], STANDOFF[place.cls])
    other = place.cls if plan.cls in planned else plan.cls
    return STANDOFF.get(other)


def common_time(a, b):
    """half-open, and not over by now; None: none"""
    begin = max((t for t in (a[0], b[0]) if t is not None), default=None)
    end = min((t for t in (a[1], b[1]) if t is not None), default=None)
    if end is not None and (end <= NOW or (begin is not None and begin >= end)):
        return None
    return begin, end


def band_meets(a, b):
    low = max((h for h in (a[0], b[0]) if h is not None), default=None)
    high = min((h for h in (a[1], b[1]) if h is not None), default=None)
    return low is None or high is None or low <= high


def reach(shape):
    """no point of it is farther from its first point; edges are short, and so hardly bent"""
    first, wide = oracle.first_point(shape), oracle.width(shape)
    if shape[0] == "C":
        return wide
    far = max(EARTH.Inverse(*first, p[0] / 1e9, p[1] / 1e9)["s12"] for p in shape[2])
    return wide + 1.5 * far + 100


def could_be_near(a, b, metres):
    """by circles around both: what is far away is left out of the long way"""
    apart = EARTH.Inverse(*oracle.first_point(a), *oracle.first_point(b))["s12"]
    return apart <= reach(a) + reach(b) + metres + 10


def expected(plans, places):
    """-> {(i, j): True surely, False surely not, None too near to the stand-off to say}"""
    asked, keys = [], []
    for i, plan in enumerate(plans):
        for j, place in enumerate(places):
            standoff = rule(plan, place)
            if standoff is None:
                continue
            for a, ta, ba in zip(plan.volumes, plan.times, plan.bands):
                for b, tb, bb in zip(place.volumes, place.times, place.bands):
                    if common_time(ta, tb) and band_meets(ba, bb) and could_be_near(a, b, standoff):
                        asked.append((a, b))
                        keys.append((i, j, standoff))
    out = {}
    for (i, j, standoff), answer in zip(keys, oracle.answers(asked)):
        off = answer.distance - standoff
        one = True if answer.distance == 0 else None if abs(off) < 0.02 else off < 0
        before = out.get((i, j), False)
        out[i, j] = True if one or before else None if one is None or before is None else False
    return out, len(asked)


# ---- the comparison --------------------------------------------------------------------------

def one_round(program, seed):
    r = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="check-oracle-") as folder:
        files = Files(r, folder)
        places = [Thing(r, CLASSES) for _ in range(90)]
        plans = [Thing(r, ["operation"] * 4 + ["exercise", "exercise", "site", "movement"]) for _ in range(30)]
        at = {files.put(p, "P%05d" % j): j for j, p in enumerate(places)}
        words = files.write()
        lines = "".join(feature(p, "plan %d" % i, p.cls) + "\n" for i, p in enumerate(plans))
        run = subprocess.run([program, "check", "--json", *words, "--plan", "-", "--standoff", OPTION, "--at",
                              stamp(NOW), "--edges", "geodesic"], input=lines, text=True, capture_output=True,
                             cwd=folder, env={}, check=False)
    said = [json.loads(line) for line in run.stdout.splitlines()]
    refused = [o for o in said if "refused" in o or "refused" in o.get("register", {})]
    results = [o for o in said if "check" in o]
    bad = ["seed %d: %s" % (seed, o) for o in refused]
    if bad:
        return bad, 0, 0
    if run.returncode != 4 or len(results) != len(plans) or said[-1]["summary"]["places"] != len(places):
        bad.append("seed %d: exit %d, %d results: %s" % (seed, run.returncode, len(results), run.stderr))
    got = {}
    for i, o in enumerate(results):
        for c in o["check"]["conflicts"]:
            got[i, at[c["file"], c["feature"]]] = c["answer"]
            if c["from"] is not None and c["to"] is not None and c["from"] >= c["to"]:
                bad.append("seed %d: an empty time: %s" % (seed, c))
    want, asked = expected(plans, places)
    sure = {k for k, v in want.items() if v}
    open_ = {k for k, v in want.items() if v is None}
    wrong = [k for k in sure if got.get(k) != "conflict"] + [k for k in got if k not in sure | open_]
    for i, j in sorted(set(wrong)):
        bad.append("seed %d: plan %d and place %d: %s, by brute force %s\n  %s\n  %s" % (
            seed, i, j, got.get((i, j), "nothing"), want.get((i, j), False), vars(plans[i]), vars(places[j])))
    return bad, len(sure), asked


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("program")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rounds", type=int, default=2)
    a = p.parse_args()
    bad, sure, asked = [], 0, 0
    for k in range(a.rounds):
        b, s, n = one_round(os.path.abspath(a.program), a.seed * 1000 + k)
        bad += b
        sure += s
        asked += n
    for b in bad[:20]:
        print(b)
    print("seed %d: %d pairs of volumes measured, %d places in conflict, %d wrong" % (a.seed, asked, sure, len(bad)))
    return 1 if bad or sure < 5 * a.rounds else 0


if __name__ == "__main__":
    sys.exit(main())
