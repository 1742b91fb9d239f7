#!/usr/bin/python3
"""Verdicts over published volumes: the flight intents of InterUSS and the samples of ED-318, all pairs
of them, as test/integration/py/oracle.py sees them.

Usage: test_verdict_vectors.py VERDICT_PAIRS
The files are in READBACK_SHARED/vectors/volumes (default ../shared beside the project).
Exit: 0 none wrong, 1 some wrong, 77 files or packages are missing.
"""
import copy
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


def flights(path):
    with open(path, encoding="utf-8") as f:
        intents = yaml.safe_load(f)["intents"]

    def whole(name):
        intent = intents[name]
        if "full" in intent:
            return intent["full"]
        return merged(whole(intent["delta"]["source"]), intent["delta"]["mutation"])

    for name in intents:
        for area in whole(name)["basic_information"]["area"]:
            ring = [(round(v["lat"] * 1e9), round(v["lng"] * 1e9)) for v in area["outline_polygon"]["vertices"]]
            band = [round(area[k]["value"] * 1000) for k in ("altitude_lower", "altitude_upper")]
            if band[0] <= band[1]:
                yield name, (WGS84, *band), ("P", 0, ring)


def zones(path):
    with open(path, encoding="utf-8") as f:
        features = json.load(f)["features"]
    for k, feature in enumerate(features):
        geometry = feature["geometry"]
        for g in geometry.get("geometries", [geometry]):
            layer = g["layer"]
            datum = {"AGL": AGL, "AMSL": AMSL, "WGS84": WGS84}[layer["lowerReference"]]
            if layer["upperReference"] != layer["lowerReference"] or layer["uom"] != "m":
                continue
            band = (datum, round(layer["lower"] * 1000), round(layer["upper"] * 1000))
            name = "%s#%d" % (os.path.basename(path), k)
            if g["type"] == "Point":
                lon, lat = g["coordinates"]
                yield name, band, ("C", round(lat * 1e9), round(lon * 1e9), round(g["extent"]["radius"] * 1000))
            else:
                ring = [(round(lat * 1e9), round(lon * 1e9)) for lon, lat in g["coordinates"][0][:-1]]
                for edges in (0, 2):
                    yield name, band, ("P", edges, ring)


def main():
    shared = os.environ.get("READBACK_SHARED", os.path.join(HERE, "..", "..", "..", "shared"))
    folder = os.path.join(shared, "vectors", "volumes")
    found = []
    for path in sorted(glob.glob(folder + "/interuss-*.yaml")):
        found += flights(path)
    for path in sorted(glob.glob(folder + "/Example_*.json") + glob.glob(folder + "/*ed318.json")):
        found += zones(path)
    if not found:
        print("skipped: no volumes in %s" % folder)
        return 77
    both = [(x, y) for i, x in enumerate(found) for y in found[:i + 1]]
    truth = oracle.answers([(x[2], y[2]) for x, y in both])
    asked = [pairs.thresholds(t.distance, pairs.random.Random(k)) for k, t in enumerate(truth)]
    lines = ["B %d %d %d %s B %d %d %d %s %d %s" % (x[1] + (pairs.words(x[2]),) + y[1] + (
        pairs.words(y[2]), len(t), " ".join(map(str, t)))) for (x, y), t in zip(both, asked)]
    out = subprocess.run([sys.argv[1]], input="\n".join(lines) + "\n", text=True, capture_output=True,
                         check=True).stdout.splitlines()
    wrong, conflicts, known = 0, 0, {}
    for (x, y), answer, t, line in zip(both, truth, asked, out):
        got = line.split()
        fault = "refused" if got[0] == "refused" else pairs.judge(answer, t, " ".join(got[:-1] + [got[5]]))
        # of one datum, or far apart: nothing is left open
        meet = answer.distance == 0 and x[1][0] == y[1][0]
        want = meet and x[1][1] <= y[1][2] and y[1][1] <= x[1][2]
        if not fault and (got[-1] == "1") != want:
            fault = "verdict %s, not %d" % (got[-1], want)
        conflicts += want
        known[(x[0], y[0])] = got[-1]
        if fault:
            wrong += 1
            print("%s, %s: %s" % (x[0], y[0], fault))
    for name, want in (("flight1_planned", "1"), ("flight1m_planned", "1"), ("flight1c_planned", "0")):
        got = known.get(("flight2_planned", name), known.get((name, "flight2_planned"), want))
        if got != want: # what the intents' own names say: c is free of conflict
            wrong += 1
            print("flight2_planned, %s: %s" % (name, got))
    print("%d volumes, %d pairs, %d conflicts, %d wrong" % (len(found), len(both), conflicts, wrong))
    return 1 if wrong or len(out) != len(both) else 0


sys.exit(main())
