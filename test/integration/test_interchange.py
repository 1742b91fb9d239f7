#!/usr/bin/python3
"""Files of places against programs that share nothing with ours.

Usage: test_interchange.py INTERCHANGE_TOOL
What our writers wrote is read by ogr2ogr (gdal-bin), by python's json and csv, and checked by
python3-jsonschema against the schemas of ED-318; our readers get files that those programs wrote.
Numbers are compared exactly, as decimals. The samples lie in READBACK_SHARED (default ../shared
beside the project).
Exit: 0 all agree, 1 something does not, 77 a program or the samples are missing and all else agrees.
"""
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from decimal import ROUND_HALF_UP, Decimal

TOOL = sys.argv[1]
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
SHARED = os.environ.get("READBACK_SHARED", os.path.join(ROOT, "..", "shared"))
SAMPLES = os.path.join(SHARED, "vectors", "volumes")
SCHEMAS = os.path.join(SHARED, "schemas", "ed318")
WORK = tempfile.mkdtemp(prefix="interchange-")
counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(ok, *words):
    counts["passed" if ok else "failed"] += 1
    if not ok:
        print("FAILED:", *words)
    return ok


def skip(*words):
    counts["skipped"] += 1
    print("skipped:", *words)


def path(name, data=None):
    full = os.path.join(WORK, name)
    if data is not None:
        with open(full, "wb") as out:
            out.write(data if isinstance(data, bytes) else json.dumps(data).encode())
    return full


def tool(verb, name, *options):
    """the tool's output, or the refusal as an object"""
    run = subprocess.run([TOOL, verb, name, *options], capture_output=True, check=False)
    text = run.stdout.decode()
    if run.returncode == 1:
        return json.loads(text.splitlines()[-1])
    assert run.returncode == 0, (run.args, run.returncode, run.stderr)
    return text


def dump(name, *options, verb="dump"):
    text = tool(verb, name, *options)
    assert isinstance(text, str), text
    return [json.loads(line) for line in text.splitlines()]


def nanodegrees(value):
    return int((value * 10**9).quantize(Decimal(1), ROUND_HALF_UP))


def ring(points):
    """vertices [lat, lon] in nanodegrees of a ring [lon, lat] of decimals, doubled points once"""
    out = []
    for p in points:
        v = [nanodegrees(p[1]), nanodegrees(p[0])]
        if not out or out[-1] != v:
            out.append(v)
    return out[:-1]


def turned(vertices):
    """the same ring the other way round, from the same point on"""
    return [vertices[0]] + vertices[:0:-1]


def same_ring(a, b):
    """from whichever point on, in whichever direction"""
    if len(a) != len(b):
        return False
    return any(a[i:] + a[:i] in (b, turned(b)) for i in range(len(a)))


def wkt_rings(text):
    """the outer rings of POLYGON or MULTIPOLYGON, as lists of decimals"""
    rings = []
    for part in text.replace("MULTIPOLYGON", "").replace("POLYGON", "").split("))"):
        part = part.strip(" (,")
        if part:
            rings.append([[Decimal(n) for n in p.split()[:2]] for p in part.split(",")])
    return rings


def ogr(*args):
    return subprocess.run(["ogr2ogr", *args], capture_output=True, check=True).stdout.decode()


def ogr_rows(name, *more):
    """what ogr2ogr makes of a file: rows of a CSV with the geometry as WKT"""
    text = ogr("-f", "CSV", "/vsistdout/", name, "-lco", "GEOMETRY=AS_WKT", *more)
    csv.field_size_limit(1 << 24)
    return list(csv.DictReader(io.StringIO(text)))


# ---- ED-318 and ED-269 -----------------------------------------------------------------------------


def geometries(feature):
    g = feature["geometry"]
    return g["geometries"] if g["type"] == "GeometryCollection" else [g]


def sample_is_read_exactly(name):
    with open(os.path.join(SAMPLES, name), encoding="utf-8") as f:
        want = json.load(f, parse_float=Decimal, parse_int=Decimal)["features"]
    got = dump(os.path.join(SAMPLES, name), "edges=geodesic")
    check(len(got) == len(want), name, "number of features")
    for w, g in zip(want, got):
        check(g["title"] == w["properties"]["name"][0]["text"], name, g["title"])
        check(len(g["volumes"]) == len(geometries(w)), name, "number of volumes")
        for geometry, volume in zip(geometries(w), g["volumes"]):
            layer = geometry["layer"]
            check(volume["ceiling"] == [layer["upper"] * 1000, layer["upperReference"]], name)
            check(volume["floor"] == [layer["lower"] * 1000, layer["lowerReference"]], name)
            if geometry["type"] == "Point":
                check(volume["center"] == [nanodegrees(c) for c in geometry["coordinates"][::-1]])
                check(volume["radius_mm"] == geometry["extent"]["radius"] * 1000)
            else:
                check(volume["vertices"] == ring(geometry["coordinates"][0]), name, "vertices")


def validator():
    import jsonschema
    import jsonschema.validators

    store = {}
    for name in os.listdir(SCHEMAS):
        with open(os.path.join(SCHEMAS, name), encoding="utf-8") as f:
            store["https://schema.invalid/" + name] = json.load(f)
    base = "https://schema.invalid/Schema_GeoZones.json"
    resolver = jsonschema.RefResolver(base, store[base], store)
    return jsonschema.Draft7Validator(store[base], resolver=resolver)


def without_remarks(features):
    return [{k: v for k, v in f.items() if k != "remarks"} for f in features]


def one_way_round(features):
    """each ring from its first point in one of the two directions"""
    for f in features:
        for v in f["volumes"]:
            if v["shape"] == "polygon":
                v["vertices"] = max(v["vertices"], turned(v["vertices"]))
    return features


def written_again(name, verb, *options):
    """the file written by us, and whether its features are the same"""
    text = tool(verb, name, *options)
    assert isinstance(text, str), text
    again = path("again.json", text.encode())
    a, b = (one_way_round(without_remarks(dump(n, *options))) for n in (name, again))
    check(a == b, name, verb, "does not come back")
    return again


def ed318():
    if not os.path.isdir(SAMPLES) or not os.path.isdir(SCHEMAS):
        return skip("the samples of ED-318 are missing")
    samples = ["Example_Collection.json", "Example_GeoZone_2_Layers.json",
               "Example_GeoZone_Circle.json", "cis_source_sample_ed318.json"]
    try:
        schema = validator()
    except ImportError:
        schema = skip("python3-jsonschema is missing")
    for name in samples:
        sample_is_read_exactly(name)
        full = os.path.join(SAMPLES, name)
        once = dump(full, "edges=geodesic")
        for chunk in (1000, 4096):
            check(dump(full, "edges=geodesic", "chunk=%d" % chunk) == once, name, chunk)
        again = written_again(full, "ed318", "edges=geodesic")
        if schema:
            with open(again, encoding="utf-8") as f:
                errors = [e.message for e in schema.iter_errors(json.load(f))]
            check(not errors, name, errors[:1])
    refused = tool("dump", os.path.join(SAMPLES, "InvalidExample_GeoZone_2_Layers.json"))
    check(refused["clause"] == "12.4.1", refused)
    if any("Polygon" in json.dumps(geometries(f)) for f in json.load(
            open(os.path.join(SAMPLES, samples[0]), encoding="utf-8"))["features"]):
        refused = tool("dump", os.path.join(SAMPLES, samples[0]))
        check(refused.get("clause") == "12.4.2", refused)
    return None


def ed269():
    name = os.path.join(SAMPLES, "cis_source_sample_ed269.json")
    if not os.path.exists(name):
        return skip("the sample of ED-269 is missing")
    with open(name, encoding="utf-8") as f:
        want = json.load(f, parse_float=Decimal)["UASZoneList"]
    got = dump(name, "edges=parallel")
    check(len(got) == len(want) == 1)
    points = want[0]["geometry"][0]["horizontalProjection"]["coordinates"][0]
    volume = got[0]["volumes"][0]
    check(volume["vertices"] == ring(points), "ED-269 vertices")
    check(volume["floor"] == [0, "AGL"] and "ceiling" not in volume and "from" not in volume)
    check(volume["edges"] == "parallel")
    written_again(name, "ed318", "edges=parallel")
    return None


# ---- GeoJSON ---------------------------------------------------------------------------------------


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def sample_features():
    square = [[36.123456789, 35.1], [36.2, 35.1], [36.2, 35.25], [36.1, 35.2]]
    return [
        feature({"type": "Polygon", "coordinates": [square[::-1] + square[-1:]]}, name="مشفى"),
        feature({"type": "Point", "coordinates": [-0.123456789, -89.5]}, name="pole",
                radius_m=1500.125),
        feature({"type": "LineString", "coordinates": square}, name="road", half_width_m=250),
        feature({"type": "MultiPolygon", "coordinates": [
            [square + square[:1]], [[[p[0] + 1, p[1]] for p in square + square[:1]]]]},
            name="two", description="a \"text\"\nof lines"),
    ]


def plain():
    features = sample_features()
    name = path("plain.json", {"type": "FeatureCollection", "features": features})
    for options in ([], ["edges=geodesic"], ["edges=parallel", "chunk=13"]):
        again = written_again(name, "geojson", *options)
    written_again(name, "ed318")
    with open(again, encoding="utf-8") as f:
        for one in json.load(f, parse_float=Decimal)["features"]: # right-hand rule, RFC 7946 3.1.6
            for g in geometries(one):
                if g["type"] == "Polygon":
                    points = g["coordinates"][0]
                    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:]))
                    check(area > 0, "ring runs clockwise")
    lines = path("lines.json", b"\n".join(json.dumps(f).encode() for f in features))
    sequence = path("seq.json", b"".join(b"\x1e" + json.dumps(f, indent=1).encode() + b"\n"
                                         for f in features))
    marked = path("bom.json", b"\xef\xbb\xbf" + json.dumps(
        {"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode())
    for other in (lines, sequence, marked):
        check(dump(other) == dump(name), other)
        check(dump(other, "chunk=1") == dump(name), other, "byte by byte")


def with_gdal():
    if shutil.which("ogr2ogr") is None:
        return skip("ogr2ogr (gdal-bin) is missing")
    name = path("plain.json", {"type": "FeatureCollection", "features": sample_features()})
    again = written_again(name, "geojson")
    got = dump(again)
    rows = ogr_rows(again)
    check([r["name"] for r in rows] == [f["title"] for f in got], "names by ogr2ogr")
    polygon = wkt_rings(rows[0]["WKT"])[0]
    check(same_ring(ring(polygon), got[0]["volumes"][0]["vertices"]), "polygon by ogr2ogr")
    check(rows[1]["WKT"].startswith("POINT ("), rows[1]["WKT"])
    # what it writes is read, and says the same
    for kind, options in (("GeoJSON", ["-lco", "COORDINATE_PRECISION=9"]),
                          ("GeoJSON", ["-lco", "RFC7946=YES", "-lco", "COORDINATE_PRECISION=9"]),
                          ("GeoJSONSeq", ["-lco", "COORDINATE_PRECISION=9"]),
                          ("GeoJSONSeq", ["-lco", "RS=YES", "-lco", "COORDINATE_PRECISION=9"])):
        made = path("made.json")
        if os.path.exists(made):
            os.remove(made)
        ogr("-f", kind, *options, made, again)
        a, b = (one_way_round(without_remarks(f)) for f in (dump(made), dump(again)))
        check(a == b, "by ogr2ogr as", kind, *options)
    cut_at_the_antimeridian()
    return None


def cut_at_the_antimeridian():
    points = [[178.5, 10], [-178.25, 10.5], [-178, 12], [179, 11.75], [178.5, 10]]
    name = path("over.json", feature({"type": "Polygon", "coordinates": [points]}))
    made = path("cut.json")
    ogr("-f", "GeoJSON", "-wrapdateline", "-lco", "COORDINATE_PRECISION=9", made, name)
    with open(made, encoding="utf-8") as f:
        kind = json.load(f)["features"][0]["geometry"]["type"]
    check(kind == "MultiPolygon", "ogr2ogr cut it:", kind)
    got = dump(made)[0]
    check("joined" in got["remarks"] and len(got["volumes"]) == 1, got)
    kept = [v for v in got["volumes"][0]["vertices"] if abs(v[1]) != 180 * 10**9]
    want = dump(name)[0]["volumes"][0]["vertices"]
    check(same_ring(kept, want), "joined again", kept, want)


# ---- KML -------------------------------------------------------------------------------------------

KML = "http://www.opengis.net/kml/2.2"


def kml_by_python(name):
    """(name, list of rings or points as decimals) of each placemark, by python's own XML parser"""
    out = []
    for mark in ElementTree.parse(name).getroot().iter("{%s}Placemark" % KML):
        places = [[[Decimal(n) for n in t.split(",")] for t in c.text.split()]
                  for c in mark.iter("{%s}coordinates" % KML)]
        out.append((mark.findtext("{%s}name" % KML, ""), places))
    return out


def kml():
    features = sample_features()
    features[0]["properties"]["readback"] = {"class": "site", "volumes": [{
        "edges": "geodesic", "ceiling": [150.5, "AMSL"], "floor": [30, "FL"], "method": "<a & \"b\">",
        "from": "2026-03-12T19:00:00Z", "to": "2026-03-13T00:00:00.250Z"}]}
    name = path("for-kml.json", {"type": "FeatureCollection", "features": features})
    text = tool("kml", name)
    assert isinstance(text, str), text
    made = path("made.kml", text.encode())
    ours = dump(made)
    check(one_way_round(without_remarks(ours)) == one_way_round(without_remarks(dump(name))),
          "KML does not come back")
    read = kml_by_python(made)
    check([r[0] for r in read] == [f["title"] for f in ours], "names by python")
    check(same_ring(ring(read[0][1][0]), dump(made)[0]["volumes"][0]["vertices"]), "ring by python")
    check({p[2] for p in read[0][1][0]} == {Decimal("150.5")}, "ceiling by python")
    check(read[1][1][0][0][:2] == [Decimal("-0.123456789"), Decimal("-89.5")], "point by python")
    schema = os.path.join(SHARED, "schemas", "public", "kml22.xsd")
    if shutil.which("xmllint") is None or not os.path.exists(schema):
        skip("xmllint (libxml2-utils) or the schema of KML is missing")
    else:
        run = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", schema, made],
                             capture_output=True, check=False)
        check(run.returncode == 0, "xmllint:", run.stderr.decode()[-300:])
    if shutil.which("ogr2ogr") is None:
        return skip("ogr2ogr (gdal-bin) is missing")
    rows = ogr_rows(made)
    check([r["Name"] for r in rows] == [f["title"] for f in ours], "names by ogr2ogr")
    check(same_ring(ring(wkt_rings(rows[0]["WKT"].replace(" Z", ""))[0]),
                    dump(made)[0]["volumes"][0]["vertices"]), "ring by ogr2ogr")
    return kml_of_others(name)


def kml_of_others(name):
    """ogr2ogr makes KML of a file of ours, and GeoJSON of our KML"""
    want = one_way_round(without_remarks(dump(written_again(name, "geojson"))))
    made = path("others.kml")
    if os.path.exists(made):
        os.remove(made)
    ogr("-f", "KML", made, path("again.json"))
    got = one_way_round(without_remarks(dump(made)))
    check(len(got) == len(want), "placemarks of ogr2ogr")
    for g, w in zip(got, want):
        for gv, wv in zip(g["volumes"], w["volumes"]): # it writes 15 digits: within a nanodegree
            a, b = gv.pop("vertices", []), wv.pop("vertices", [])
            check(len(a) == len(b), "number of vertices by ogr2ogr")
            a, b = max(a, turned(a)) if a else a, max(b, turned(b)) if b else b
            check(all(abs(x - y) <= 1 for p, q in zip(a, b) for x, y in zip(p, q)), "vertices")
        check(g == w, "KML of ogr2ogr", g, w)
    refused = tool("dump", path("bomb.kml", b'<!DOCTYPE kml [<!ENTITY a "b">]><kml/>'))
    check(refused["clause"] == "12.7.1", refused)


def main():
    for part in (ed318, ed269, plain, with_gdal, kml):
        part()
    shutil.rmtree(WORK)
    print("%d passed, %d failed" % (counts["passed"], counts["failed"]))
    if counts["failed"] or not counts["passed"]:
        return 1
    return 77 if counts["skipped"] else 0


sys.exit(main())
