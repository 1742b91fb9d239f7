#!/usr/bin/python3
"""Verdicts over published volumes: the flight intents of InterUSS and the samples of ED-318, all pairs
of them with their heights and times, as test/integration/py/oracle.py sees them; and requests of InterUSS
that are no volumes.

Usage: test_verdict_vectors.py VERDICT_PAIRS
The files are in READBACK_SHARED/vectors/volumes (default ../shared beside the project).
Exit: 0 none wrong, 1 some wrong, 77 files or packages are missing.
"""
import collections
import copy
import datetime
import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "integration", "py"))
try:
    import yaml
    import oracle
except ImportError as missing:
    print("skipped: %s" % missing)
    sys.exit(77)
import test_verdict_oracle as pairs

WGS84, AMSL, AGL = 0, 1, 2
NOW = 1560000000000  # within the periods of the samples of ED-318
NEVER = 2 ** 62
Volume = collections.namedtuple("Volume", "name band when shape")


def merged(base, change):
    """a flight intent changed as its `mutation` says; lists element by element, +lists replaced"""
    if isinstance(base, list):
        return [merged(b, c) for b, c in zip(base, change)]
    if not isinstance(base, dict):
        return change
    out = dict(base)
    for key, value in change.items():
        name = key.lstrip("+")
        out[name] = copy.deepcopy(value) if key[0] == "+" or name not in out else merged(out[name], value)
    return out


def now_and(offset):
    """ms from the moment of a test: "-1s", "45m" """
    unit = {"s": 1000, "m": 60000, "h": 3600000}[offset[-1]]
    return NOW + round(float(offset[:-1]) * unit)


def ms(text):
    """RFC 3339; None is no limit"""
    if text is None:
        return None
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def flights(path):
    with open(path, encoding="utf-8") as f:
        intents = yaml.safe_load(f)["intents"]

    def whole(name):
        intent = intents[name]
        if "full" in intent:
            return intent["full"]
        return merged(whole(intent["delta"]["source"]), intent["delta"]["mutation"])

    def when(limit):
        return now_and(limit["offset_from"]["offset"])

    for name in intents:
        for area in whole(name)["basic_information"]["area"]:
            ring = [(round(v["lat"] * 1e9), round(v["lng"] * 1e9)) for v in area["outline_polygon"]["vertices"]]
            limits = [area["altitude_lower"], area["altitude_upper"]]
            if any((x["reference"], x["units"]) != ("W84", "M") for x in limits):
                raise ValueError("%s: heights of another kind" % name)
            band = [round(x["value"] * 1000) for x in limits]
            yield Volume(name, (WGS84, *band), (when(area["start_time"]), when(area["end_time"])), ("P", 0, ring))


def zones(path):
    """each geometry of ED-318; each ring with edges of two kinds, since the format does not say"""
    with open(path, encoding="utf-8") as f:
        features = json.load(f)["features"]
    for k, feature in enumerate(features):
        geometry = feature["geometry"]
        periods = feature["properties"].get("limitedApplicability") or [{}]
        when = tuple(ms(periods[0].get(k)) for k in ("startDateTime", "endDateTime"))
        for g in geometry.get("geometries", [geometry]):
            layer = g["layer"]
            if layer["upperReference"] != layer["lowerReference"] or layer["uom"] != "m":
                raise ValueError("%s: heights of another kind" % path)
            datum = {"AGL": AGL, "AMSL": AMSL, "WGS84": WGS84}[layer["lowerReference"]]
            band = (datum, round(layer["lower"] * 1000), round(layer["upper"] * 1000))
            name = "%s#%d" % (os.path.basename(path), k)
            if g["type"] == "Point":
                lon, lat = g["coordinates"]
                yield Volume(name, band, when,
                             ("C", round(lat * 1e9), round(lon * 1e9), round(g["extent"]["radius"] * 1000)))
            else:
                ring = [(round(lat * 1e9), round(lon * 1e9)) for lon, lat in g["coordinates"][0][:-1]]
                for edges in (0, 2):
                    yield Volume(name, band, when, ("P", edges, ring))


def line(x, y, thresholds):
    def one(v):
        begin, end = (NEVER if at is None else at for at in v.when)
        begin = -NEVER if v.when[0] is None else begin
        return "B %d %d %d T %d %d %s" % (v.band + (begin, end, pairs.words(v.shape)))
    return "%s %s %d %s" % (one(x), one(y), len(thresholds), " ".join(map(str, thresholds)))


def ask(program, lines):
    return subprocess.run([program], input="\n".join(lines) + "\n", text=True, capture_output=True,
                          check=True).stdout.splitlines()


def in_common(x, y):
    """bands are closed, times half-open (10.3.1); those of one datum, and apart none is compared"""
    before = [NEVER if v.when[1] is None else v.when[1] for v in (x, y)]
    after = [-NEVER if v.when[0] is None else v.when[0] for v in (x, y)]
    return (x.band[0] == y.band[0] and x.band[1] <= y.band[2] and y.band[1] <= x.band[2]
            and max(after) < min(before))


def requests(program, folder):
    """The requests of InterUSS: one is well, two are no volumes at all. How many are not as they should be."""
    wrong = 0
    for name, want in (("op_request_4", None), ("op_request_3", "3.7.5"), ("op_bad_lat_lon_range", "3.7.2")):
        path = os.path.join(folder, name + ".json")
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as f:
            request = json.load(f)
        volume = request.get("area_of_interest") or request["extents"][0]
        outline = volume["volume"].get("outline_polygon") or volume["volume"]["outlinePolygon"]
        ring = [(round(v["lat"] * 1e9), round(v["lng"] * 1e9)) for v in outline["vertices"]]
        ring = ring[:-1] if ring[0] == ring[-1] and len(set(ring)) > 1 else ring
        shape = pairs.words(("P", 0, ring))
        got = ask(program, ["%s %s 1 0" % (shape, shape)])[0]
        if got != "refused %s" % want if want else got.startswith("refused"):
            wrong += 1
            print("%s: %s" % (name, got))
    return wrong


def main():
    shared = os.environ.get("READBACK_SHARED", os.path.join(HERE, "..", "..", "..", "shared"))
    folder = os.path.join(shared, "vectors", "volumes")
    found = {"InterUSS": [], "ED-318": []}
    for path in sorted(glob.glob(folder + "/interuss-*.yaml")):
        found["InterUSS"] += flights(path)
    for path in sorted(glob.glob(folder + "/Example_*.json") + glob.glob(folder + "/*ed318.json")):
        found["ED-318"] += zones(path)
    if not any(found.values()):
        print("skipped: no volumes in %s" % folder)
        return 77
    volumes = [v for family in found.values() for v in family]
    both = [(x, y) for i, x in enumerate(volumes) for y in volumes[:i + 1]]
    truth = oracle.answers([(x.shape, y.shape) for x, y in both])
    asked = [pairs.thresholds(t.distance, pairs.random.Random(k)) for k, t in enumerate(truth)]
    out = ask(sys.argv[1], [line(x, y, t) for (x, y), t in zip(both, asked)])
    wrong, conflicts, known = requests(sys.argv[1], folder), 0, {}
    for (x, y), answer, t, said in zip(both, truth, asked, out):
        got = said.split()
        fault = "refused" if got[0] == "refused" else pairs.judge(answer, t, " ".join(got[:-1] + [got[5]]))
        want = answer.distance == 0 and in_common(x, y)
        if not fault and (got[-1] == "1") != want:
            fault = "verdict %s, not %d" % (got[-1], want)
        conflicts += want
        known[(x.name, y.name)] = got[-1]
        if fault:
            wrong += 1
            print("%s, %s: %s" % (x.name, y.name, fault))
    for name, want in (("flight1_planned", "1"), ("flight1m_planned", "1"), ("flight1c_planned", "0")):
        got = known.get(("flight2_planned", name), known.get((name, "flight2_planned"), want))
        if got != want: # what the intents' own names say: c is free of conflict
            wrong += 1
            print("flight2_planned, %s: %s" % (name, got))
    print("%s; %d pairs, %d conflicts, %d wrong" % (
        ", ".join("%d volumes of %s" % (len(v), k) for k, v in found.items()), len(both), conflicts, wrong))
    return 1 if wrong or len(out) != len(both) or not all(found.values()) else 0


sys.exit(main())
