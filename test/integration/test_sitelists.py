#!/usr/bin/python3
"""Site lists against python's csv module and ogr2ogr (gdal-bin), which share nothing with ours.

Usage: test_sitelists.py SITELIST_TOOL
Files are made as spreadsheets make them (separator, byte order mark, line ends, decimal commas,
quotes where needed or everywhere), read by us, written by us, and read again by the others.
Exit: 0 all agree, 1 something does not, 77 ogr2ogr is missing and all else agrees.
"""
import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from decimal import Decimal

TOOL = sys.argv[1]
WORK = tempfile.mkdtemp(prefix="sitelists-")
counts = {"passed": 0, "failed": 0, "skipped": 0}
HEADING = ["name", "latitude", "longitude", "radius_m", "accuracy_m", "method", "surveyed",
           "declared_by", "notes"]


def check(ok, *words):
    counts["passed" if ok else "failed"] += 1
    if not ok:
        print("FAILED:", *words)


def tool(verb, data, *options):
    name = os.path.join(WORK, "list.csv")
    with open(name, "wb") as out:
        out.write(data)
    run = subprocess.run([TOOL, verb, name, *options], capture_output=True, check=False)
    assert run.returncode in (0, 1), run
    return run.stdout


def dump(data, *options):
    return [json.loads(line, parse_float=Decimal) for line in
            tool("dump", data, *options).decode().splitlines()]


TEXTS = ["مشفى الشفاء", "Больница №3", "Hôpital \"Nord\"", "a;b,c\td", "=HYPERLINK(\"x\")", "+963 11",
         "-", "@home", "'quoted'", "two\nlines", "Ward 7", "'=x"]


def rows(seed):
    r = random.Random(seed)
    out = []
    for i in range(40):
        out.append({
            "name": "%s %d" % (r.choice(TEXTS).replace("\n", " ").replace("\t", " "), i),
            "latitude": Decimal(r.randrange(-90 * 10**9, 90 * 10**9)).scaleb(-9),
            "longitude": Decimal(r.randrange(-180 * 10**9, 180 * 10**9)).scaleb(-9),
            "radius_m": Decimal(r.randrange(1, 10**8)).scaleb(-3),
            "accuracy_m": r.choice(["", Decimal(r.randrange(1, 10**6)).scaleb(-3)]),
            "method": r.choice(["", "gps", "map sheet"]),
            "surveyed": r.choice(["", "2026-03-12", "2024-02-29"]),
            "declared_by": r.choice(["", "MSF", "الهلال الأحمر"]),
            "notes": r.choice(TEXTS + [""]),
        })
    return out


def number(value, comma):
    """as a spreadsheet would show it; three decimals behind a comma could be thousands"""
    text = "{:f}".format(value)
    if not comma:
        return text
    return text.replace(".", ",") + ("0" if text[-4:-3] == "." else "")


def spreadsheet(want, separator, bom, end, comma, quoting):
    out = io.StringIO()
    w = csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting)
    order = HEADING[:]
    random.Random(len(separator) + comma).shuffle(order)
    w.writerow([c.upper().replace("_M", " (m)").replace("_", " ") for c in order] + ["Extra"])
    for row in want:
        w.writerow([number(v, comma) if isinstance(v, Decimal) else v
                    for v in (row[c] for c in order)] + ["x"])
    return (b"\xef\xbb\xbf" if bom else b"") + out.getvalue().encode()


def unguarded(text):
    """what our reader takes for the text of a cell that another program wrote"""
    rest = text.lstrip("'")
    return text[1:] if rest != text and rest[:1] in tuple("=+-@\t\r") and rest else text


def same(got, want, how):
    for key in HEADING:
        w = want[key]
        if key == "surveyed":
            w = w + "T00:00:00Z" if w else None
        elif isinstance(w, str) and key != "accuracy_m":
            w = unguarded(w)
        g = got.get(key, "" if key == "accuracy_m" else None)
        if isinstance(w, Decimal):
            g = Decimal(g)
        check(g == w, how, key, repr(g), repr(w))


def files_of_spreadsheets():
    for n, (separator, bom, end, comma, quoting) in enumerate([
            (",", False, "\n", False, csv.QUOTE_MINIMAL),
            (",", True, "\r\n", True, csv.QUOTE_MINIMAL),
            (";", True, "\r\n", True, csv.QUOTE_MINIMAL),
            (";", False, "\n", False, csv.QUOTE_ALL),
            ("\t", False, "\r\n", True, csv.QUOTE_MINIMAL),
            (",", True, "\r\n", False, csv.QUOTE_NONNUMERIC)]):
        want = rows(n)
        data = spreadsheet(want, separator, bom, end, comma, quoting)
        got = dump(data)
        check(len(got) == len(want), "rows", separator)
        for g, w in zip(got, want):
            if not g["ok"]:
                check(False, separator, g["findings"])
            else:
                same(g, w, "file %d" % n)


def read_by_others():
    want = rows(77)
    data = spreadsheet(want, ",", False, "\n", False, csv.QUOTE_MINIMAL)
    ours = dump(data)
    for separator, comma in ((";", False), (";", True), (",", False)):
        options = ["separator=" + separator] + (["decimal-comma=1"] if comma else [])
        text = tool("csv", data, *options)
        check(text.startswith(b"\xef\xbb\xbf") and text.endswith(b"\r\n"), "begin and end")
        read = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""),
                                   delimiter=separator))
        check(list(read[0]) == HEADING, list(read[0]))
        check(len(read) == len(ours), "rows by python")
        for r, o in zip(read, ours):
            for cell in r.values(): # nothing that a spreadsheet would compute
                try:
                    Decimal(cell.replace(",", "."))
                except ArithmeticError:
                    check(cell[:1] not in tuple("=+-@\t\r") or not cell, "a formula", repr(cell))
            check(unguarded(r["name"]) == o["name"], r["name"], o["name"])
            check(unguarded(r["notes"]) == o["notes"], r["notes"], o["notes"])
            for key in ("latitude", "longitude", "radius_m"):
                check(Decimal(r[key].replace(",", ".")) == Decimal(o[key]), key, r[key], o[key])
        check([{k: v for k, v in row.items() if k not in ("findings", "row")} for row in dump(text)] ==
              [{k: v for k, v in row.items() if k not in ("findings", "row")} for row in ours],
              "does not come back")
    with_gdal(data, ours)


def with_gdal(data, ours):
    if shutil.which("ogr2ogr") is None:
        counts["skipped"] += 1
        print("skipped: ogr2ogr (gdal-bin) is missing")
        return
    name = os.path.join(WORK, "ours.csv")
    with open(name, "wb") as out:
        out.write(tool("csv", data, "separator=,"))
    made = os.path.join(WORK, "made.json")
    subprocess.run(["ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=10", made, name, "-oo",
                    "X_POSSIBLE_NAMES=longitude", "-oo", "Y_POSSIBLE_NAMES=latitude"],
                   check=True, capture_output=True)
    with open(made, encoding="utf-8") as f:
        features = json.load(f)["features"]
    check(len(features) == len(ours), "rows by ogr2ogr")
    for f, o in zip(features, ours):
        x, y = f["geometry"]["coordinates"]
        check(abs(x - float(o["longitude"])) < 1e-9 and abs(y - float(o["latitude"])) < 1e-9,
              "place by ogr2ogr")
        check(unguarded(f["properties"]["name"]) == o["name"], f["properties"]["name"])
    back = os.path.join(WORK, "back.csv")
    subprocess.run(["ogr2ogr", "-f", "CSV", back, name, "-lco", "SEPARATOR=SEMICOLON"],
                   check=True, capture_output=True)
    with open(back, "rb") as f:
        again = dump(f.read())
    check([r["name"] for r in again] == [r["name"] for r in ours], "names by way of ogr2ogr")
    check([r["latitude"] for r in again] == [r["latitude"] for r in ours], "by way of ogr2ogr")


def other_encodings():
    text = "name;lat;lon\r\nHôpital;35,1;36,5\r\n"
    for encoding in ("utf-16", "utf-16-be", "cp1252", "cp1256"):
        data = text.encode(encoding, "replace" if encoding == "cp1256" else "strict")
        got = dump(data, "radius=5000")
        check(got[-1].get("clause") in ("12.6.1", "12.6.3"), encoding, got)
    check(dump(text.encode(), "radius=5000")[0]["name"] == "Hôpital")


def main():
    files_of_spreadsheets()
    read_by_others()
    other_encodings()
    shutil.rmtree(WORK)
    print("%d passed, %d failed" % (counts["passed"], counts["failed"]))
    if counts["failed"] or not counts["passed"]:
        return 1
    return 77 if counts["skipped"] else 0


sys.exit(main())
