#!/usr/bin/python3
"""`readback check` as people and programs use it, without a home and without a daemon, and as somebody
would who wants to break it: formats, classes, terms, exit statuses, broken and hostile files, bounds
of memory.

Usage: test_check.py READBACK
"""
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading

PROGRAM = os.path.abspath(sys.argv[1])
SHARED = os.environ.get("READBACK_SHARED") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared")
counts = {"passed": 0, "failed": 0, "skipped": 0}
AT = "2027-01-31T12:00:00Z"


def check(ok, *words):
    counts["passed" if ok else "failed"] += 1
    if not ok:
        print("FAILED:", *words)


def write(name, data):
    with open(name, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return name


def run(*words, stdin=b"", text=False, limit=None):
    def bound():
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    out = subprocess.run([PROGRAM, "check", *words, "--at", AT], input=stdin, capture_output=True, env={},
                         check=False, preexec_fn=bound)
    out.stdout, out.stderr = out.stdout.decode(), out.stderr.decode()
    if not text:
        out.said = [json.loads(line) for line in out.stdout.splitlines()]
        out.plans = [o for o in out.said if "plan" in o]
        out.refused = [o["register"] for o in out.said if "refused" in o.get("register", {})]
        out.summary = out.said[-1]["summary"] if out.said else {}
    return out


def point(lat, lon, radius=100, cls=None, **more):
    properties = dict(more)
    feature_id = properties.pop("id", None)
    if radius:
        properties["radius_m"] = radius
    if cls or "volumes" in properties:
        properties["readback"] = {}
        if cls:
            properties["readback"]["class"] = cls
        if "volumes" in properties:
            properties["readback"]["volumes"] = properties.pop("volumes")
    f = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": properties}
    if feature_id is not None:
        f["id"] = feature_id
    return json.dumps(f)


def answers(out):
    return [o["check"]["answer"] if o.get("check") else None for o in out.plans]


SITES = ("name;latitude;longitude;radius_m;surveyed;declared_by\n"
         "Hospital;35.9312;36.6331;150;2026-03-12;msf\n"
         "School;36.1;36.7;80;;\n")
NEAR = point(35.94, 36.64, 500, "operation", id="near", name="A \"quoted\" title",
             **{"from": "2027-02-01T13:00:00Z", "to": "2027-02-01T15:00:00Z"})
FAR = point(10, 10, 500, "operation", id="far")


# ---- what is found, and how it is said -------------------------------------------------------

def found():
    write("sites.csv", SITES)
    write("plans.ndjson", NEAR + "\n" + FAR + "\n")
    base = ("--register", "sites.csv", "--plan", "plans.ndjson")
    out = run(*base, "--json")
    check(out.returncode == 0 and answers(out) == ["none found"] * 2, "without a stand-off", out)
    out = run(*base, "--json", "--standoff", "site=2km", "--lead", "operation=48h")
    check(out.returncode == 4 and answers(out) == ["conflict", "none found"], "stand-off", out)
    c = out.plans[0]["check"]
    x = c["conflicts"][0]
    check((x["file"], x["feature"], x["title"], x["author"], x["rule"]) == ("sites.csv", 2, "Hospital", "msf", "site"), x)
    check(x["standoff_mm"] == 2000000 and 507000 < x["distance_mm"] < 509000 and x["depth_mm"] is None, x)
    check(x["from"] == "2027-02-01T13:00:00Z" and x["to"] == "2027-02-01T15:00:00Z", x)
    check(c["lead"] == {"state": "too short", "counted_from": "now", "asked_ms": 48 * 3600000, "given_ms": 25 * 3600000,
                        "held_by": None, "held_since": None, "written_ms": None}, c["lead"])
    check(c["coverage"]["places"] == 2 and c["coverage"]["undated"] == 1 and c["conflicts_n"] == 1, c["coverage"])
    check(sorted(c["coverage"]["members"]) == ["msf", "sites.csv"], c["coverage"])
    check(out.plans[1]["check"]["coverage"]["plan_untimed"], "a plan without times")
    check(out.summary["status"] == 4 and out.summary["complete"] and out.summary["plans"] == 2, out.summary)
    again = run(*base, "--json", "--standoff", "site=2km", "--lead", "operation=48h")
    check(again.stdout == out.stdout, "the same files give the same words")
    out = run(*base, "--standoff", "site=2km", "--lead", "operation=48h", text=True)
    check("CONFLICT with 1" in out.stdout and "none found" in out.stdout, out.stdout)
    check(out.stdout.count("Compared with 2 places of 2 members") == 2, "coverage with each plan", out.stdout)
    check("Lead time: too short" in out.stdout and "It names no time" in out.stdout, out.stdout)
    check("\033" not in out.stdout + out.stderr, "no colours in a pipe")
    for word in ("clear", "safe", "approved", " OK"):
        check(word not in out.stdout.replace("None found is not clear", ""), "claims too much:", word)
    piped = run("--register", "sites.csv", "--plan", "-", "--json", "--standoff", "site=2km",
                stdin=(NEAR + "\n" + FAR).encode())
    check(answers(piped) == ["conflict", "none found"], "from standard input", piped)


def streaming():
    """each plan is answered before the next one is there"""
    p = subprocess.Popen([PROGRAM, "check", "--json", "--register", "sites.csv", "--plan", "-", "--standoff",
                          "site=2km", "--at", AT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})
    p.stdout.readline()
    for line, answer in ((NEAR, "conflict"), (FAR, "none found"), (NEAR, "conflict")):
        p.stdin.write(line.encode() + b"\n")
        p.stdin.flush()
        check(json.loads(p.stdout.readline())["check"]["answer"] == answer, "one plan, one answer")
    p.stdin.close()
    check("summary" in json.loads(p.stdout.readline()) and p.wait() == 4, "the end")
    p.stdout.close()


def not_excluded():
    low = '{"volumes":[{"radius_m":100,"floor":[0,"AGL"],"ceiling":[100,"AGL"]}],"class":"operation"}'
    plan = ('{"type":"Feature","geometry":{"type":"Point","coordinates":[36.7,36.1]},"properties":{"readback":%s}}' % low)
    site = point(36.1, 36.7, None, "site", volumes=[{"radius_m": 50, "floor": [300, "WGS84"], "ceiling": [400, "WGS84"]}])
    write("heights.json", site)
    out = run("--register", "heights.json", "--plan", "-", "--json", stdin=plan.encode())
    check(out.returncode == 5 and answers(out) == ["cannot be excluded"], "heights above ground", out)
    check(out.plans[0]["check"]["conflicts"][0]["unsure"] == ["datum", "terrain"], out.plans)
    out = run("--register", "heights.json", "--plan", "-", "--json", "--terrain", "-430m..100m", stdin=plan.encode())
    check(out.returncode == 0 and answers(out) == ["none found"], "with the range of the ground", out)
    out = run("--register", "heights.json", "--plan", "-", "--json", "--terrain", "290m..310m", stdin=plan.encode())
    check(out.returncode == 4 and answers(out) == ["conflict"], "surely in one another", out)
    # what could not be read outweighs what cannot be excluded, and a conflict outweighs both
    bad = plan.encode() + b"\n{\"type\":\"Feature\"}\n"
    out = run("--register", "heights.json", "--plan", "-", "--json", stdin=bad)
    check(out.returncode == 6 and answers(out) == ["cannot be excluded", None], "6 before 5", out)
    out = run("--register", "heights.json", "--plan", "-", "--json", "--terrain", "290m..310m", stdin=bad)
    check(out.returncode == 4, "4 before 6", out)


def classes():
    nameless = point(36.1, 36.7)
    write("x.json", nameless)
    out = run("--register", "x.json", "--plan", "-:operation", "--json", stdin=nameless.encode())
    check(out.returncode == 6 and out.refused[0]["refused"]["clause"] == "15.1.2", "no class", out)
    check(answers(out) == ["not compared"], "an empty register compares nothing", out)
    for cls, want in (("site", 4), ("movement", 4), ("truce", 4), ("no-strike", 4), ("operation", 4), ("area", 6)):
        out = run("--register", "x.json:" + cls, "--plan", "-:operation", "--json", stdin=nameless.encode())
        check(out.returncode == want, "class", cls, out)
    write("area.json", point(36.1, 36.7, 100, "area"))
    out = run("--register", "area.json:truce", "--plan", "-:operation", "--json", stdin=nameless.encode())
    check(out.returncode == 4 and out.plans[0]["check"]["conflicts"][0]["rule"] == "area under truce", out)
    write("own.json", point(36.1, 36.7, 100, "site"))
    out = run("--register", "own.json:movement", "--plan", "-:operation", "--json", stdin=nameless.encode())
    check(out.plans[0]["check"]["conflicts"][0]["class"] == "site", "its own class goes before the file's", out)
    mine = point(36.1, 36.7, None, "operation", volumes=[{"radius_m": 10, "declared_by": "northland"}])
    theirs = mine.replace("northland", "southland")
    write("ops.ndjson", mine)
    for plan, words, want in ((mine, (), 6), (theirs, (), 4), (mine, ("--by-file",), 4)):
        out = run("--register", "ops.ndjson", "--plan", "-", "--json", *words, stdin=plan.encode())
        check(out.returncode == want, "one party's operations", words, out)
    out = run("--register", "ops.ndjson", "--plan", "ops.ndjson", "--json", "--by-file")
    check(out.returncode == 6 and answers(out) == ["not compared"], "a thing is not compared with itself", out)


def ids():
    """the same id twice hides nothing, whichever of them is asked about"""
    two = "\n".join(point(36.1 + d, 36.7, None, "operation", id="one", volumes=[{"radius_m": 500, "declared_by": who}])
                    for d, who in ((0, "a"), (0.001, "b")))
    write("two.ndjson", two)
    out = run("--register", "two.ndjson", "--plan", "two.ndjson", "--json")
    check(answers(out) == ["conflict"] * 2 and out.summary["places"] == 2, out)
    records = [o["check"]["conflicts"][0]["record"] for o in out.plans]
    check([o["check"]["conflicts"][0]["feature"] for o in out.plans] == [2, 1] and len(set(records)) == 2, out)


def formats():
    kml = ('<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>Clinic</name>'
           '<Point><coordinates>36.64,35.94</coordinates></Point></Placemark><Placemark><name>none</name>'
           '</Placemark></Document></kml>')
    write("a.kml", kml)
    out = run("--register", "a.kml:site", "--plan", "plans.ndjson", "--json", "--radius", "150m")
    check(out.returncode == 4 and out.summary["malformed"] == 1 and out.summary["places"] == 1, out)
    out = run("--register", "-:site", "--plan", "plans.ndjson", "--json", "--radius", "150m", stdin=kml.encode())
    check(out.returncode == 4 and out.said[1]["register"]["format"] == "kml", "by its first byte", out)
    out = run("--register", "-", "--plan", "plans.ndjson", "--json", "--standoff", "site=2km", stdin=SITES.encode())
    check(out.returncode == 4 and out.said[0]["register"]["format"] == "csv", "by its first byte", out)
    collection = '\ufeff{"type":"FeatureCollection","name":"x","features":[%s,%s]}' % (NEAR, FAR)
    line = ('{"type":"Feature","geometry":{"type":"LineString","coordinates":[[36.6,35.9],[36.7,36.0]]},"properties":{}}')
    out = run("--register", "-:movement", "--plan", "plans.ndjson", "--json", "--half-width", "2km", stdin=line.encode())
    check(out.returncode == 4, "a line with a half-width", out)
    out = run("--register", "sites.csv", "--plan", "-", "--json", "--standoff", "site=2km", stdin=collection.encode())
    check(answers(out) == ["conflict", "none found"], "a collection with a byte order mark", out)
    records = "\x1e" + NEAR + "\n\x1e" + FAR + "\n"
    out = run("--register", "sites.csv", "--plan", "-", "--json", "--standoff", "site=2km", stdin=records.encode())
    check(answers(out) == ["conflict", "none found"], "RFC 8142", out)
    sample = os.path.join(SHARED, "vectors", "volumes", "Example_GeoZone_Circle.json")
    if not os.path.exists(sample):
        counts["skipped"] += 1
        return
    out = run("--register", "sites.csv", "--plan", sample + ":operation", "--json", "--edges", "geodesic")
    check(out.plans and all(answers(out)), "a sample of ED-318", out)


def theatre():
    swapped = point(36.7, 36.1, 100, "site")
    write("swapped.json", swapped)
    out = run("--register", "swapped.json", "--plan", "-", "--json", "--theatre", "35.0,36.5..36.4,42.0", stdin=FAR.encode())
    pointed = [o["register"]["pointed_out"] for o in out.said if "pointed_out" in o.get("register", {})]
    check(pointed == [["swapped"]] and out.plans[0]["plan"]["pointed_out"] == ["theatre"], out)


# ---- what is off -----------------------------------------------------------------------------

def usage():
    base = ("--register", "sites.csv", "--plan", "plans.ndjson")
    for words in ((), ("--register", "sites.csv"), ("--plan", "plans.ndjson"), base + ("--standoff", "2km"),
                  base + ("--standoff", "site=-2km"), base + ("--standoff", "site=2"), base + ("--lead", "operation=3"),
                  base + ("--standoff", "hospital=1km"), base + ("--standoff", "site=30000km"),
                  base + ("--terrain", "9m..1m"), base + ("--terrain", "0m amsl..10m amsl"), base + ("--terrain", "0m"),
                  base + ("--edges", "round"), base + ("--radius", "0m"), base + ("--theatre", "1,2..91,4"),
                  base + ("--theatre", "3,2..1,4"), base + ("--most", "0"), base + ("more.json",),
                  base + ("--register", "sites.csv"), ("--register", "-", "--plan", "-"), ("--register", ":site", "--plan", "-")):
        out = run(*words, text=True)
        check(out.returncode == 2 and out.stdout == "" and out.stderr, "usage", words, out)
    for path in ("nowhere.json", "."):
        out = run("--register", path, "--plan", "plans.ndjson", text=True)
        check(out.returncode == 1 and path in out.stderr, "cannot be read", path, out)
        out = run("--register", "sites.csv", "--standoff", "site=2km", "--plan", "plans.ndjson", "--plan", path, "--json")
        check(out.returncode == 4 and out.summary["complete"] is False, "a conflict is not hidden by it", path, out)
    out = run("--register", "sites.csv", "--plan", "-", "--json")
    check(out.returncode == 6, "no plan at all", out)


def broken():
    """one bad line among good ones: told, counted, and the others are compared"""
    good = point(35.94, 36.64, 500, "operation").encode()
    ring = json.dumps({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [
        [[36 + k / 1000, 35 + (k % 2) / 1000 + 0.01 * (k > 512)] for k in range(513)] + [[36, 35]]]},
        "properties": {"readback": {"class": "operation"}}}).encode()
    cases = {
        "truncated": good[:-20], "deep": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        "deep and open": b'{"a":' * 100000, "a huge exponent": good.replace(b"36.64", b"1e999999999"),
        "very many digits": good.replace(b"36.64", b"36." + b"6" * 200000 + b"x"), "NaN": good.replace(b"36.64", b"NaN"),
        "Infinity": good.replace(b"36.64", b"-Infinity"), "out of range": good.replace(b"36.64", b"536.64"),
        "a name twice": good.replace(b'"type": "Feature"', b'"type": "Feature", "type": "Feature"'),
        "513 points": ring, "UTF-16": good.decode().encode("utf-16"), "Latin-1": good.replace(b'"radius_m"', b'"n\xe9"'),
        "NUL": good.replace(b"Feature", b"Fea\x00ture"), "words": b"select * from places", "a list": b"[1,2,3]",
        "a number": b"42", "a lone surrogate": good.replace(b"radius_m", b"\\ud800"), "a string": b'"Feature"',
        "no place": b'{"type":"Feature","properties":{},"geometry":null}', "1 MiB": b'{"a":"' + b"x" * (1 << 20) + b'"}',
        "no radius": point(35, 36, None, "operation").encode(), "an open ring": ring.replace(b", [36, 35]", b""),
        "an edge too long": b'{"type":"Feature","geometry":{"type":"LineString","coordinates":[[0,0],[90,0]]},'
                            b'"properties":{"half_width_m":5,"readback":{"class":"operation"}}}',
        "closing brackets": b"]}]}}", "a control character": good.replace(b"Feature", b"Fea\x07ture")}
    for name, bad in cases.items():
        out = run("--register", "sites.csv", "--standoff", "site=2km", "--plan", "-", "--json",
                  stdin=good + b"\n" + bad + b"\n" + good + b"\n")
        lost = [o for o in out.plans if "refused" in o]
        check(answers(out)[0] == "conflict" and answers(out)[-1] == "conflict" and len(lost) == 1, name, answers(out))
        check(lost and lost[0]["plan"]["feature"] == 2 and lost[0]["refused"]["clause"]
              and len(good) < lost[0]["refused"]["offset"] <= len(good) + len(bad) + 2, name, lost)
        check(out.returncode == 4 and out.summary["not_compared"] == 1, name, out.summary)
        text = run("--register", "sites.csv", "--plan", "-", stdin=bad, text=True)
        check(text.returncode == 6 and "clause" in text.stderr, name, text.returncode, text.stderr)
        check("536.64" not in text.stderr and "select" not in text.stderr, name, "repeats what stands in the file")
    write("bad.ndjson", b"\n".join([cases["NaN"], good.replace(b"operation", b"site"), cases["no place"]]))
    out = run("--register", "bad.ndjson", "--plan", "-", "--json", stdin=FAR.encode())
    check(out.returncode == 6 and answers(out) == ["none found"], "a register with gaps", out)
    check(out.plans[0]["check"]["coverage"]["malformed"] == 2 and [r["feature"] for r in out.refused] == [1, 3], out)
    out = run("--register", "bad.ndjson", "--plan", "-", "--json", "--strict", stdin=FAR.encode())
    check(out.returncode == 6 and not out.plans and out.summary["complete"] is False, "--strict", out)
    # within a collection nothing behind it can be told apart
    whole = b'{"type":"FeatureCollection","features":[%s,{"a":nan},%s]}' % (good, good)
    out = run("--register", "sites.csv", "--plan", "-", "--json", "--standoff", "site=2km", stdin=whole)
    check(out.returncode == 4 and out.plans[1]["refused"]["rest"] and len(out.plans) == 2, out)
    # many refusals: some are told to people, all to programs
    write("many.ndjson", b"\n".join([cases["no place"]] * 500))
    out = run("--register", "many.ndjson", "--plan", "-", stdin=FAR.encode(), text=True)
    check(out.stderr.count("\n") <= 25 and "--json has all of it" in out.stderr, out.stderr[-300:])
    check("500 COULD NOT BE READ" in out.stdout, out.stdout)
    check(len(run("--register", "many.ndjson", "--plan", "-", "--json", stdin=FAR.encode()).refused) == 500, "all")
    for name, data in (("a.kmz", b"PK\x03\x04" + b"\0" * 100), ("a.kml", "<kml>".encode("utf-16")), ("b.csv", SITES.encode("utf-16")),
                       ("c.kml", b'<!DOCTYPE x [<!ENTITY a "b">]><kml>&a;</kml>'), ("d.csv", b"a;b\n1;2\n"),
                       ("e.csv", b"x" * (17 << 20)), ("f.kml", b"<" + b"x" * (17 << 20))):
        out = run("--register", write(name, data), "--plan", "-", "--json", stdin=FAR.encode())
        check(out.returncode == 6 and out.refused and out.refused[0]["refused"]["rest"], name, out.stdout[:300])


def a_line_without_end():
    """2 GB in one line, refused in bounded memory, and the line behind it is compared"""
    p = subprocess.Popen([PROGRAM, "check", "--json", "--register", "sites.csv", "--standoff", "site=2km", "--plan", "-",
                          "--at", AT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})

    def feed():
        block = b"x" * (1 << 20)
        p.stdin.write(b'{"type":"Feature","a":"')
        for _ in range(2048):
            p.stdin.write(block)
        p.stdin.write(b'"}\n' + NEAR.encode() + b"\n")
        p.stdin.close()
    thread = threading.Thread(target=feed)
    thread.start()
    said = [json.loads(line) for line in p.stdout]
    thread.join()
    p.stdout.close()
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    check(p.returncode == 4 and said[1]["refused"]["clause"] == "12.2.2", said)
    check(said[2]["check"]["answer"] == "conflict" and said[2]["plan"]["feature"] == 2, said)
    check(used.ru_maxrss < 256 << 10, "memory: %d kB" % used.ru_maxrss)


def members():
    lines = [point(35 + k / 100, 36, None, "site", volumes=[{"radius_m": 10, "declared_by": "m%d" % k}]) for k in range(65)]
    write("m64.ndjson", "\n".join(lines[:64]))
    write("m65.ndjson", "\n".join(lines))
    out = run("--register", "m64.ndjson", "--plan", "-", "--json", stdin=FAR.encode())
    check(out.returncode == 0 and len(out.plans[0]["check"]["coverage"]["members"]) == 64, out)
    out = run("--register", "m65.ndjson", "--plan", "-", stdin=FAR.encode(), text=True)
    check(out.returncode == 1 and "15.1.3" in out.stderr, "one too many", out)
    out = run("--register", "m65.ndjson", "--plan", "-", "--json", "--by-file", stdin=FAR.encode())
    check(out.returncode == 0 and out.summary["places"] == 65, out)


def many():
    """20,000 places, more than one batch of a plan's list, and too little memory said in words"""
    write("large.ndjson", "\n".join(
        '{"type":"Feature","id":%d,"geometry":{"type":"Point","coordinates":[%.5f,%.5f]},"properties":{"radius_m":50}}'
        % (k, 36 + k % 200 / 1000, 35 + k // 200 / 1000) for k in range(20000)))
    all_of_it = point(35.05, 36.1, 40000, "operation").encode()
    words = ("--register", "large.ndjson:site", "--plan", "-", "--json")
    out = run(*words, stdin=all_of_it)
    check(out.returncode == 4 and out.summary["places"] == 20000, out.summary)
    c = out.plans[0]["check"]
    check(c["conflicts_n"] == 20000 and len(c["conflicts"]) == 10000, c["conflicts_n"], len(c["conflicts"]))
    depths = [x["depth_mm"] for x in c["conflicts"]]
    check(depths == sorted(depths, reverse=True), "worst first")
    out = run("--register", "large.ndjson:site", "--plan", "-", "--most", "3", stdin=all_of_it, text=True)
    check("CONFLICT with 20000" in out.stdout and "and 19997 more" in out.stdout, out.stdout)
    if run("--help", limit=260 << 20, text=True).returncode != 0:  # as with a sanitizer
        counts["skipped"] += 1
        return
    write("huge.ndjson", "\n".join(
        '{"type":"Feature","geometry":{"type":"LineString","coordinates":[%s]},"properties":{"half_width_m":5}}' % ",".join(
            "[%.4f,%.4f]" % (36 + i / 1000, 35 + k / 1000 + i % 2 / 500) for i in range(500)) for k in range(3000)))
    out = run("--register", "huge.ndjson:movement", "--plan", "-", stdin=all_of_it, limit=260 << 20, text=True)
    check(out.returncode == 1 and "memory is short" in out.stderr and "Compared" not in out.stdout,
          "no room for all", out.returncode, out.stderr)


def main():
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        os.chdir(folder)
        for part in (found, streaming, not_excluded, classes, ids, formats, theatre, usage, broken, a_line_without_end,
                     members, many):
            part()
        check(not os.path.exists(".readback"), "no home is made")
        os.chdir("/")
    print("%d passed, %d failed, %d skipped" % (counts["passed"], counts["failed"], counts["skipped"]))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
