#!/usr/bin/python3
"""Lists of sites and files of places from outside: a CSV as a spreadsheet writes it is read, released and read
again; GeoJSON and KML come in, and go out to ogrinfo and to Python's own reader. Three homes, three real daemons.
Usage: test_import.py READBACK READBACKD"""
import csv
import io
import json
import os
import pty
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE]
from test_cli import CONFIRM, FAILED, NOBODY, OK, SECOND, USAGE, READBACK, Party, read, until  # noqa: E402

HOSPITAL = "مشفى الأمل"  # a name that stands nowhere else
# as a spreadsheet in a land of decimal commas saves it; columns in no order of ours, a row of nothing,
# a note of two lines
LIST = "\ufeff" + "\r\n".join((
    "ملاحظات;Longitude;الاسم;Phone;Latitude;Radius (m);Accuracy;Date",
    "\"beds: 40;\nof them 6 \"\"intensive\"\"\";36,63310;%s;x;35,93120;150;10;12.03.2026" % HOSPITAL,
    ";36,70123;Clinic B;;35,80123;;;",
    ";;;;;;;",
    ";36,70123;  clinic  b ;;35,80123;;;",      # 5: row 3 again
    ";36,63312;School;;35,93122;;;",            # 6: by the hospital
    ";36,00000;Turned;;41,00000;;;",            # 7: latitude and longitude exchanged
    ";36,50000;Bakery;;x35,70000;;;",           # 8: no number
    ";37,12345;عيادة الجسر;;36,12345;300;;2026-03-12",
    "")) + "\r\n"
THEATRE = {"south": "32", "west": "35", "north": "37.5", "east": "42.5", "terrain_min": "-400", "terrain_max": "2900"}


class Import(unittest.TestCase):
    """alfa imports, bravo is told, charlie is not. The order of the tests matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-import-")
        cls.a = Party(cls.top, "alfa", "--officer", "duty", "--officer", "chief")
        cls.b, cls.c = Party(cls.top, "bravo"), Party(cls.top, "charlie")

    @classmethod
    def tearDownClass(cls):
        for p in (cls.a, cls.b, cls.c):
            p.stop()
        shutil.rmtree(cls.top)

    def file(self, name, data):
        path = os.path.join(self.top, name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return path

    def sites(self, path, *more, want=OK, to="bravo", channel="Places", **kw):
        return self.a.ok("sites", "import", path, channel, "--recipients", to, "--radius", "200m", "--officer", "duty",
                         *more, want=want, **kw)

    def report(self, *words, **more):
        return json.loads(self.sites(*words, "--json", **more).stdout)

    def places(self, p, channel="Places"):
        return p.json("places", channel)["places"]

    def states(self, report):
        return {r["row"]: r["state"] for r in report["rows"]}

    def test_01_channels(self):
        for p in (self.a, self.b, self.c):
            p.start()
            p.card = os.path.join(self.top, p.handle + ".card")
            p.ok("card", "--out", p.card)
        for p in (self.a, self.b, self.c):
            for q in (self.a, self.b, self.c):
                if p is not q:
                    p.ok("accredit", q.card, "--fingerprint", q.json("fingerprint")["fingerprint"])
        charter = {"title": "Places", "members": [{"handle": h} for h in ("alfa", "bravo", "charlie")],
                   "accept_members": ["bravo", "charlie"], "theatre": THEATRE, "receipt_interval": "1s", "rules_version": 1,
                   "accept_by": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))}
        path = self.file("charter.json", json.dumps(charter))
        first = json.loads(self.a.ok("channel", "propose", path, "--officer", "duty", "--yes", "--json").stdout)["channel"]
        second = json.loads(self.a.ok("channel", "propose", "--exercise", "--title", "Two", "--member", "bravo", "--two-officers", "notice",
                                      "--officer", "duty", "--yes", "--json").stdout)["channel"]
        for p, channels in ((self.b, (first, second)), (self.c, (first,))):
            for c in channels:
                until(lambda: [i for i in p.json("inbox")["invitations"] if i["channel"] == c], "the invitation")
                p.ok("channel", "accept", c, "--yes")
        for p in (self.a, self.b, self.c):
            until(lambda: p.json("channel", "show", first)["state"] == "in-force", "the charter in force")
        until(lambda: self.a.json("channel", "show", second)["state"] == "in-force", "the second charter in force")

    def test_02_a_report_first(self):
        path = self.file("list.csv", LIST)
        r = self.sites(path, "--dry-run", want=FAILED)
        r = self.report(path, "--dry-run", want=FAILED)
        self.assertEqual(self.states(r), {2: "due", 3: "due", 5: "there already", 6: "due", 7: "due", 8: "refused", 9: "due"})
        said = {x["row"]: [(f["column"], f["double"], f["double_of"], f["other_row"]) for f in x["findings"]] for x in r["rows"]}
        self.assertEqual(said, {2: [], 3: [], 5: [(None, "same", "row", 3)], 6: [(None, "near", "row", 2)],
                                7: [("latitude", None, None, 0)], 8: [("latitude", None, None, 0)], 9: []})
        self.assertEqual(r["unknown_columns"], ["Phone"])
        self.assertTrue(r["theatre"])
        for x in r["rows"]:  # findings say nothing of what stands in the row
            for f in x["findings"]:
                self.assertNotRegex(f["sentence"], r"School|Turned|Bakery|Clinic|\\d\\d\\.\\d")
        self.assertEqual(self.places(self.a), [])

    def test_03_nothing_without_a_word(self):
        path = self.file("list.csv", LIST)
        r = self.sites(path, want=CONFIRM)  # nobody to ask
        self.assertIn("Turned", r.stderr)
        r = self.sites(path, "--yes", want=CONFIRM)  # but rows are pointed out
        self.assertIn("nothing was released", r.stderr)
        self.assertEqual(self.places(self.a), [])

    def test_04_the_plain_rows(self):
        path, refused = self.file("list.csv", LIST), os.path.join(self.top, "refused.csv")
        r = self.report(path, "--yes", "--skip-pointed-out", "--refused-out", refused, "--reported-who", "The cell",
                        "--reported-carrier", "mail", "--review-by", "2030-01-01T00:00:00Z", want=FAILED)
        self.assertEqual(self.states(r), {2: "released", 3: "released", 5: "there already", 6: "left out", 7: "left out",
                                          8: "refused", 9: "released"})
        mine = {p["record"]: p for p in self.places(self.a)}
        self.assertEqual(set(mine), {x["record"] for x in r["rows"] if "record" in x})
        for p in mine.values():
            self.assertEqual((p["class"], p["closed"], p["review_by"]), ("site", True, "2030-01-01T00:00:00Z"))
            self.assertEqual(sorted(p["recipients"]), ["alfa", "bravo"])
        self.assertEqual({p["title"] for p in mine.values()}, {HOSPITAL, "Clinic B", "عيادة الجسر"})
        until(lambda: {p["title"] for p in self.places(self.b)} == {HOSPITAL, "Clinic B", "عيادة الجسر"}, "three sites at bravo's")
        shown = self.b.json("show", next(p["record"] for p in mine.values() if p["title"] == HOSPITAL))
        v, = shown["body"]["volumes"]
        self.assertEqual(v["circle"], {"lat": 35.9312, "lon": 36.6331, "radius": 150})
        self.assertEqual((v["accuracy"], v["surveyed"], v["as_entered"]), (10, "2026-03-12T00:00:00Z", "35,93120 ; 36,63310"))
        self.assertEqual(shown["body"]["text"], "beds: 40;\nof them 6 \"intensive\"")
        self.assertEqual(shown["envelope"]["reported"]["who"], "The cell")
        # the refused row as it stood, with the reason, for its owner alone
        self.assertEqual(stat.S_IMODE(os.stat(refused).st_mode), 0o600)
        rows = list(csv.reader(io.StringIO(read(refused).decode("utf-8-sig"), newline=""), delimiter=";"))
        self.assertEqual([x[2] for x in rows], ["الاسم", "Bakery"])
        self.assertEqual((rows[0][-1], rows[1][-1]), ("why", "latitude: a word that has no meaning here"))

    def test_05_put_right_and_read_again(self):
        path = os.path.join(self.top, "refused.csv")
        r = self.report(self.file("right.csv", read(path).replace(b"x35,7", b"35,7")), "--yes")
        self.assertEqual(self.states(r), {2: "released"})
        before, held = read(path), len(self.places(self.a))  # a file is never overwritten, and it is said first
        self.sites(self.file("list.csv", LIST), "--yes", "--despite", "--refused-out", path, want=FAILED)
        self.assertEqual((read(path), len(self.places(self.a))), (before, held))

    def test_06_the_same_list_again(self):
        path = self.file("list.csv", LIST)
        before = len(self.places(self.a))
        r = self.report(path, "--yes", "--despite", want=FAILED)  # row 8 is off as before
        self.assertEqual(self.states(r), {2: "there already", 3: "there already", 5: "there already", 6: "released",
                                          7: "released", 8: "refused", 9: "there already"})
        self.assertEqual(len(self.places(self.a)), before + 2)
        r = self.report(path, "--yes", want=FAILED)
        self.assertEqual(set(self.states(r).values()), {"there already", "refused"})
        self.assertEqual(r["registered"], before + 2)
        self.assertEqual(len(self.places(self.a)), before + 2)
        # who was not told is not passed over
        r = self.report(path, "--dry-run", to="bravo,charlie", want=FAILED)
        self.assertEqual([f["double_of"] for f in r["rows"][0]["findings"] if f["double"] == "same"], ["ours-to-fewer"])
        self.assertEqual(r["rows"][0]["state"], "due")

    def test_07_asked_at_a_terminal(self):
        path = self.file("one.csv", "name,lat,lon\nTent,36.71234,36.71234\n")
        for answer, code, word in ((b"n\n", CONFIRM, "Nothing was released"), (b"y\n", OK, "released 1,")):
            here, there = pty.openpty()
            env = dict(os.environ, READBACK_PASSPHRASE_FILE=self.a.pw, READBACK_HOME=self.a.home)
            p = subprocess.Popen([READBACK, "sites", "import", path, "Places", "--recipients", "bravo", "--radius", "200m",
                                  "--officer", "duty"], stdin=there, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
            os.close(there)
            os.write(here, answer)
            out, err = (x.decode() for x in p.communicate(timeout=60))
            os.close(here)
            self.assertEqual(p.returncode, code, out + err)
            self.assertIn("Release 1 notice? [y/N]", err)
            self.assertIn(word, out + err)

    def test_08_files_that_cannot_be_read(self):
        text = LIST.lstrip("\ufeff").replace("ة", "ه")
        before = len(self.places(self.a))
        for data, says in ((text.encode("cp1256"), "code page"), (LIST.encode("utf-16-le"), "UTF-16"), (LIST.encode("utf-16-be"), "UTF-16"),
                           (text.encode("utf-16-le"), "UTF-16"), (b"PK\x03\x04" + bytes(100), "workbook")):
            r = self.sites(self.file("bad.csv", data), "--yes", want=FAILED)
            self.assertIn(says, r.stderr)
            self.assertIn("save it anew as CSV in UTF-8", r.stderr)
            self.assertIn("clause 12.6.1", r.stderr)
        for data, clause in (("", "12.6.3"), ("name;lat\nA;1\n", "12.6.3"), ("name,lat,lon\n\"A,1,2\n", "12.6.2")):
            r = self.sites(self.file("bad.csv", data), "--yes", want=FAILED)
            self.assertIn(clause, r.stderr)
        r = self.sites(self.file("bad.csv", b"name,lat,lon\n" + b"x" * (6 << 20)), "--yes", want=FAILED)
        self.assertIn("too long", r.stderr)
        self.assertEqual(len(self.places(self.a)), before)

    def test_09_words_that_are_off(self):
        path = self.file("list.csv", LIST)
        for words in ((), ("--radius", "150"), ("--near", "x"), ("--letter", "S"), ("--supersedes", "0" * 64), ("--recipients", "delta"),
                      ("--review-by", "soon")):
            r = self.a.run("sites", "import", *((path, "Places") if words else ()), "--recipients", "bravo", "--officer", "duty", *words, "--yes")
            self.assertEqual(r.returncode, USAGE, r.stderr)
        path = self.file("new.csv", "name,lat,lon\nNew,36.71,36.71\n")
        r = self.a.run("sites", "import", path, "Places", "--officer", "duty", "--radius", "10km", "--yes", "--despite")
        self.assertEqual(r.returncode, FAILED)  # to nobody
        self.assertIn("bravo", r.stderr)

    def test_09_grids(self):
        """a letter that can be read in two ways is asked about, once for the whole list"""
        path = self.file("grid.csv", "name,mgrs\nOne,37S BU 31234 90123\nTwo,37S 331234 3990123\n")
        r = self.report(path, "--dry-run", want=FAILED)
        self.assertEqual([[f["clause"] for f in x["findings"]] for x in r["rows"]], [[], ["11.3.4"]])
        r = self.report(path, "--dry-run", "--letter", "band")
        self.assertEqual(set(self.states(r).values()), {"due"})
        r = self.report(path, "--dry-run", "--letter", "hemisphere", want=CONFIRM)  # far in the south
        self.assertIn("outside of the theatre", [f["sentence"] for f in r["rows"][1]["findings"]])
        self.assertIn("import", self.a.ok("sites", want=USAGE).stderr)
        self.a.ok("sites", "import", "-", "--form", "-", want=USAGE, stdin="x")

    def test_10_many(self):
        n = 230
        rows = "".join("Post %03d,%.5f,%.5f\n" % (i, 32.5 + i * 0.01, 37 + i * 0.01) for i in range(n))
        path = self.file("many.csv", "name,lat,lon\n" + rows)
        r = self.report(path, "--yes")
        self.assertEqual(r["counts"]["released"], n)
        self.assertEqual(len({x["record"] for x in r["rows"]}), n)
        until(lambda: len([p for p in self.places(self.b) if p["title"].startswith("Post")]) == n, "all at bravo's", 60)
        r = self.report(path, "--yes")
        self.assertEqual((r["counts"]["there already"], r["counts"]["released"]), (n, 0))

    def test_11_two_officers(self):
        path = self.file("two.csv", "name,lat,lon\nA,36.11111,36.11111\nB,36.22222,36.22222\n")
        r = self.report(path, "--yes", channel="Two", want=SECOND)
        self.assertTrue(r["exercise"])
        drafts = {x["draft"] for x in r["rows"]}
        self.assertEqual(drafts, {d["draft"] for d in self.a.json("drafts")["drafts"]})
        self.assertEqual(self.places(self.a, "Two"), [])
        r = self.report(path, "--yes", channel="Two")  # they wait: not said twice
        self.assertEqual((set(self.states(r).values()), r["drafts"]), ({"there already"}, 2))
        self.assertIn("EXERCISE", self.sites(path, "--dry-run", channel="Two").stdout)
        r = self.a.ok("sites", "sign", "Two", "--officer", "duty", "--yes")  # has signed them all
        self.assertIn("No site waits", r.stderr)
        r = self.a.ok("sites", "sign", "Two", "--officer", "chief", want=CONFIRM)  # nobody to ask
        self.assertRegex(r.stderr, r"EXERCISE[\s\S]*A, in \"Two\"[\s\S]*36.11111")
        self.a.ok("sites", "sign", "Places", "--officer", "chief", "--yes")
        self.assertEqual(len(self.a.json("drafts")["drafts"]), 2)
        self.a.ok("sign", drafts.pop(), "--officer", "chief", "--yes")
        r = json.loads(self.a.ok("sites", "sign", "--officer", "chief", "--yes", "--json").stdout)
        self.assertEqual(r["released"], 1)
        self.assertEqual({p["title"] for p in self.places(self.a, "Two")}, {"A", "B"})
        r = self.report(path, "--yes", channel="Two")
        self.assertEqual((set(self.states(r).values()), r["drafts"], r["registered"]), ({"there already"}, 0, 2))

    # ---- files of places ----

    GEOJSON = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"name": "Range", "colour": "red"}, "geometry": {"type": "Polygon", "coordinates": [
            [[36.1, 35.1], [36.4, 35.1], [36.4, 35.3], [36.1, 35.1]]]}},
        {"type": "Feature", "properties": {"name": "Road"}, "geometry": {"type": "LineString", "coordinates": [[36.5, 35.5], [36.6, 35.6]]}},
        {"type": "Feature", "properties": {"name": "Hole"}, "geometry": {"type": "Polygon", "coordinates": [
            [[36.1, 35.1], [36.4, 35.1], [36.4, 35.3], [36.1, 35.1]], [[36.2, 35.12], [36.3, 35.12], [36.3, 35.2], [36.2, 35.12]]]}},
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [41.0, 36.0]}},
        {"type": "Feature", "properties": {"name": "Far"}, "geometry": {"type": "Point", "coordinates": [36.0, 41.0]}}]}
    KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Style id="s"/>
<Placemark><name>%s</name><description>by the river</description><Point><coordinates>36.81111,35.41111,0</coordinates></Point></Placemark>
<Placemark><name>Overlay</name></Placemark></Document></kml>""" % HOSPITAL

    def areas(self, path, *more, want=OK):
        words = ("places", "import", path, "Places", "--class", "area", "--half-width", "1km", "--radius", "2km", "--officer", "duty", "--json")
        return json.loads(self.a.ok(*words, *more, want=want).stdout)

    def test_12_geojson(self):
        path, refused = self.file("areas.json", json.dumps(self.GEOJSON)), os.path.join(self.top, "holes.json")
        when = ("--from", "2030-01-01T06:00:00Z", "--to", "2030-01-01T18:00:00Z")
        r = self.areas(path, "--dry-run", *when, want=FAILED)
        self.assertEqual(self.states(r), {1: "due", 2: "due", 3: "refused", 4: "refused", 5: "due"})
        clauses = {x["row"]: [f["clause"] for f in x["findings"]] for x in r["rows"]}
        self.assertEqual(clauses, {1: [], 2: [], 3: ["12.3.3"], 4: ["3.6.10"], 5: ["11.9.1"]})
        text = self.a.ok("places", "import", path, "Places", "--class", "area", "--half-width", "1km", "--radius", "2km", "--dry-run", want=FAILED).stdout
        self.assertIn("not carried over: further properties", text)
        r = self.areas(path, "--yes", "--despite", "--refused-out", refused, "--title", "Unnamed", *when, want=FAILED)
        self.assertEqual(self.states(r), {1: "released", 2: "released", 3: "refused", 4: "released", 5: "released"})
        self.assertEqual(json.loads(read(refused))["features"], [self.GEOJSON["features"][2]])
        shown = self.a.json("show", r["rows"][0]["record"])["body"]
        v, = shown["volumes"]
        self.assertEqual((shown["class"], v["polygon"]["edges"], len(v["polygon"]["points"])), ("area", "lonlat", 3))
        self.assertEqual((v["time"]["from"], v["time"]["length"]), ("2030-01-01T06:00:00Z", "12h"))
        v, = self.a.json("show", r["rows"][1]["record"])["body"]["volumes"]
        self.assertEqual(v["corridor"]["half_width"], 1000)
        r = self.areas(path, "--yes", "--title", "Unnamed", *when, want=FAILED)
        self.assertEqual(self.states(r), {1: "there already", 2: "there already", 3: "refused", 4: "there already", 5: "there already"})

    def test_13_kml_and_what_is_closed(self):
        path = self.file("site.kml", self.KML)
        words = ("places", "import", path, "Places", "--class", "site", "--recipients", "bravo", "--officer", "duty", "--radius", "100m")
        r = self.a.ok(*words, "--title", "X", "--yes", want=USAGE)  # content of closed records, on the command line
        self.assertIn("--form", r.stderr)
        r = json.loads(self.a.ok(*words, "--form", "-", "--yes", "--despite", "--json", stdin="title: X\n", want=FAILED).stdout)
        self.assertEqual([x["state"] for x in r["rows"]], ["released", "refused"])
        p = next(p for p in self.places(self.a) if p["record"] == r["rows"][0]["record"])
        self.assertEqual((p["title"], p["closed"], sorted(p["recipients"])), (HOSPITAL, True, ["alfa", "bravo"]))
        for data, says in ((b"PK\x03\x04" + bytes(9), "unpack"), (self.KML.encode("utf-16"), "UTF-16"), (self.KML.encode("cp1256"), "UTF-8"),
                           (b"<kml>", "12.7.1"), (b'{"type":"Feature"', "12.")):
            r = self.a.ok("places", "import", self.file("bad.kml", data), "Places", "--class", "area", "--officer", "duty", "--yes", want=FAILED)
            self.assertIn(says, r.stderr)
        self.a.ok("places", "import", path, "Places", "--yes", want=USAGE)  # of which class?
        self.a.ok("places", "import", path, "Places", "--class", "nest", "--yes", want=USAGE)

    def export(self, name, *words, want=OK):
        path = os.path.join(self.top, name)
        r = self.a.ok("places", "export", "Places", "--out", path, *words, want=want)
        return path, r.stdout

    def test_14_export(self):
        have = [p for p in self.places(self.a) if p["stands"]]
        for form in ("geojson", "kml"):
            path, said = self.export("out." + form, "--format", form)
            self.assertIn("%d places" % len(have), said)
            self.assertIn("not seen by other programs: the radius", said)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.a.ok("places", "export", "Places", "--out", path, "--format", form, want=FAILED)  # never overwritten
        gdal = shutil.which("ogrinfo")
        if gdal is None:
            self.skipTest("ogrinfo")
        for form in ("geojson", "kml"):
            out = subprocess.run([gdal, "-al", os.path.join(self.top, "out." + form)], capture_output=True, text=True, check=True)
            self.assertEqual(out.stderr, "")
            self.assertEqual(len(re.findall(r"^OGRFeature", out.stdout, re.M)), len(have))
            self.assertIn(HOSPITAL, out.stdout)
            self.assertIn("POINT (36.6331 35.9312)", out.stdout.replace("POINT Z", "POINT"))
            self.assertRegex(out.stdout, r"POLYGON \(\(36.1 35.1,36.4 35.1,36.4 35.3,36.1 35.1\)\)")

    def test_15_export_as_a_list(self):
        path, said = self.export("out.csv", "--format", "csv", "--class", "site")
        rows = list(csv.DictReader(io.StringIO(read(path).decode("utf-8-sig"), newline=""), delimiter=";"))
        have = [p for p in self.places(self.a) if p["stands"] and p["class"] == "site"]
        self.assertEqual(len(rows), len(have))
        hospital = next(x for x in rows if x["name"] == HOSPITAL and x["accuracy_m"])
        self.assertEqual((hospital["latitude"], hospital["longitude"], hospital["radius_m"]), ("35,9312", "36,6331", "150"))
        self.assertEqual((hospital["surveyed"], hospital["notes"]), ("2026-03-12", "beds: 40;\nof them 6 \"intensive\""))
        r = self.report(path, "--dry-run")  # and it is read here again
        self.assertEqual(r["counts"]["there already"], len(have))
        _, said = self.export("areas.csv", "--format", "csv", "--class", "area")
        self.assertIn("left out: 2", said)  # outlines that are no circles

    def test_16_export_as_zones(self):
        self.export("zones.json", "--format", "ed318", want=USAGE)
        path, said = self.export("zones.json", "--format", "ed318", "--class", "area", "--country", "SYR", "--zone-type", "NO_RESTRICTION")
        zones = json.loads(read(path))["features"]
        self.assertEqual({(z["properties"]["country"], z["properties"]["type"]) for z in zones}, {("SYR", "NO_RESTRICTION")})
        r = self.a.json("places", "import", path, "Places", "--class", "area", "--dry-run")
        self.assertEqual(set(self.states(r).values()), {"there already"})
        for words in (("--country", "SY", "--zone-type", "PROHIBITED"), ("--country", "SYR", "--zone-type", "SECRET")):
            self.export("bad.json", "--format", "ed318", *words, want=USAGE)
        self.assertFalse(os.path.exists(os.path.join(self.top, "bad.json")))

    def test_16_cut_short(self):
        """the daemon is killed on the way; the same list read again says each site once"""
        n = 400
        rows = "".join("Halt %03d,%.5f,%.5f\n" % (i, 33.0 + i * 0.01, 38 + i * 0.01) for i in range(n))
        path = self.file("halts.csv", "name,lat,lon\n" + rows)
        env = dict(os.environ, READBACK_PASSPHRASE_FILE=self.a.pw, READBACK_HOME=self.a.home)
        p = subprocess.Popen([READBACK, "sites", "import", path, "Places", "--recipients", "bravo", "--radius", "200m", "--officer", "duty",
                              "--yes", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env)

        def halts(q):
            return [x["title"] for x in self.places(q) if x["title"].startswith("Halt")]
        until(lambda: halts(self.a) or p.poll() is not None, "the first of them")
        self.a.daemon.kill()
        self.a.daemon.wait()
        out, err = p.communicate(timeout=60)
        self.assertIn(p.returncode, (OK, FAILED, NOBODY), err)  # FAILED: it was asked, and what was done is not known
        self.assertTrue(p.returncode == OK or b"cut short" in err, err)
        self.a.start()
        self.report(path, "--yes")
        self.assertEqual(sorted(halts(self.a)), ["Halt %03d" % i for i in range(n)])
        until(lambda: len(halts(self.b)) >= n, "all at bravo's", 60)
        self.assertEqual(sorted(halts(self.b)), ["Halt %03d" % i for i in range(n)])

    def test_17_nowhere_else(self):
        """what a closed row says is with its readers, and in no log"""
        for p in (self.a, self.b, self.c):
            log = read(p.home + ".log")
            for word in (HOSPITAL, "Clinic B", "36.6331", "Post 001", "intensive"):
                self.assertNotIn(word.encode(), log)
        until(lambda: self.c.json("places", "Places")["unreadable"] > 0, "closed records at charlie's")
        self.assertEqual([p for p in self.places(self.c) if p["class"] == "site"], [])
        for path, _, files in os.walk(self.c.home):
            for f in files:
                if os.path.isfile(os.path.join(path, f)):
                    self.assertNotIn(HOSPITAL.encode(), read(path, f))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
