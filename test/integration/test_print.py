#!/usr/bin/python3
"""`readback print`: real daemons; the page read by other programs than ours: Python's HTML and XML parsers, zbarimg
for the code, chromium on A4, geographiclib for the sketch. Usage: test_print.py READBACK READBACKD"""
import html.parser
import json
import math
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
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE]
from test_cli import FAILED, NOBODY, OK, USAGE, READBACK, Party, read, until  # noqa: E402
from test_closed import command_lines, files_of  # noqa: E402

VOID = {"meta", "br"}
TITLE = "Qanariya <script>alert(1)</script> & \"clinic\" عيادة"
TEXT = "Qanariya-text \u202eesrever\u202c of the <b>ward</b>\n  السطر الثاني 123"
LAT, LON = 35.917263, 36.6331
SITE = {"title": TITLE, "text": TEXT, "circle": "%s, %s, 150m" % (LAT, LON), "accuracy": "10m", "method": "GPS on the roof",
        "surveyed": "2026-12-20T11:00:00Z", "declared-by": "relief-one", "markings": "Qanariya-roof, lit by night",
        "review-by": "2040-07-01T00:00:00Z"}


class Checker(html.parser.HTMLParser):
    """well-formed: every element closed in order, and no element that could run or fetch"""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.seen, self.text, self.errors = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append("end of " + tag)

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def look(page):
    c = Checker()
    c.feed(page)
    c.close()
    assert not c.open and not c.errors, (c.open, c.errors)
    tags = {t for t, _ in c.seen}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "a", "form", "base", "audio", "video"}, tags
    for _, attrs in c.seen:
        assert not [k for k in attrs if k.startswith("on") or k in ("src", "href", "xlink:href", "action")], attrs
    xml.etree.ElementTree.fromstring(page.split("\n", 1)[1])  # stricter
    return re.sub(r"\s+", " ", " ".join(c.text)), c


def pages_of(pdf):
    r = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True)
    return int(re.search(r"Pages:\s+(\d+)", r.stdout)[1]), re.search(r"Page size:.*", r.stdout)[0]


class Print(unittest.TestCase):
    """un-cell writes what relief-one told by mail; northland is named, southland is not. The order matters."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="readback-print-")
        cls.cell = Party(cls.top, "un-cell", "--name", "en=Notification Cell", "--name", "ar=خلية الإشعار")
        cls.n, cls.s = Party(cls.top, "northland", "--name", "en=Northland <Staff>"), Party(cls.top, "southland")

    @classmethod
    def tearDownClass(cls):
        for p in (cls.cell, cls.n, cls.s):
            p.stop()
        shutil.rmtree(cls.top)

    def path(self, name):
        return os.path.join(self.top, name)

    def page(self, p, record, *words):
        return p.ok("print", record, *words).stdout

    def release(self, p, *words, form):
        text = "".join("%s: %s\n" % (k, v.replace("\n", "\n  ")) for k, v in form.items())
        return json.loads(p.ok(*words, "--form", "-", "--yes", "--despite", "--json", stdin=text).stdout)["record"]

    def sheets(self, name, page):
        """the number of sheets of A4; a picture of the first lies beside it"""
        source, pdf = self.path(name + ".html"), self.path(name + ".pdf")
        with open(source, "w") as f:
            f.write(page)
        subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
                        "--disable-background-networking", "--user-data-dir=" + self.path("chromium"),
                        "--print-to-pdf=" + pdf, "file://" + source], capture_output=True, timeout=120, check=True)
        n, size = pages_of(pdf)
        self.assertIn("(A4)", size)
        return n

    def test_01_channel(self):
        for p in (self.cell, self.n, self.s):
            p.start()
            p.card = self.path(p.handle + ".card")
            p.ok("card", "--out", p.card)
            p.fingerprint = p.json("fingerprint")["fingerprint"]
        for p in (self.cell, self.n, self.s):
            for q in (self.cell, self.n, self.s):
                if p is not q:
                    p.ok("accredit", q.card, "--fingerprint", q.fingerprint)
        out = self.cell.ok("channel", "propose", "--exercise", "--title", "Places & <routes>", "--member", "northland:party:north",
                           "--member", "southland:party:south", "--receipt-every", "1s", "--yes", "--json")
        Print.channel = json.loads(out.stdout)["channel"]
        for p in (self.n, self.s):
            until(lambda: p.json("inbox")["invitations"], "the invitation")
            p.ok("channel", "accept", self.channel[:8], "--yes")
        for p in (self.cell, self.n, self.s):
            until(lambda: p.json("channel", "show")["state"] == "in-force", "the charter in force")

    def test_02_site(self):
        Print.site = self.release(self.cell, "site", "--recipients", "northland", "--reported-who", "relief-one",
                                  "--reported-carrier", "mail", form=SITE)
        until(lambda: self.n.run("show", self.site).returncode == OK, "the site at northland")
        until(lambda: self.n.json("show", self.site)["body"], "its content at northland")
        for p in (self.cell, self.n):
            page = self.page(p, self.site)
            text, c = look(page)
            for words in ("Notice · site", TITLE, "Notification Cell", "un-cell", "Northland <Staff>", "Qanariya-text", "U+202E",
                          "esrever", "السطر الثاني 123", "Qanariya-roof", "010000ZJUL40", "35.917263, 36.633100", "37S BV 86435 77360",
                          "GPS on the roof", "relief-one", "Names a protected place.", "nobody else", "Places & <routes>",
                          " ".join(re.findall("........", self.site)), self.cell.fingerprint, "Read by (name)",
                          "Legal protection is unchanged by this notice, and by its absence."):
                self.assertIn(words, text)
            self.assertNotIn("\u202e", page)
            self.assertLess(page.index("EXERCISE"), page.index("<h1"))
            self.assertEqual(dict(c.seen)["html"], {"lang": "en", "dir": "ltr"})
            self.assertNotIn("southland", text)  # it is not told that there is anything
            self.assertNotRegex(text, r"(?i)\b(safe|approved|received|clear)\b")
        if subprocess.run(["which", "GeoConvert"], capture_output=True).returncode == 0:
            mgrs = subprocess.run(["GeoConvert", "-m", "-p", "0"], input="%s %s" % (LAT, LON), capture_output=True, text=True)
            self.assertIn(mgrs.stdout.strip(), text.replace("37S BV 86435 77360", "37SBV8643577360"))

    def test_03_not_for_us(self):
        until(lambda: self.s.run("show", self.site).returncode == OK, "the leaf at southland")
        r = self.s.ok("print", self.site, "--out", self.path("none.html"), want=FAILED)
        self.assertIn("not for us", r.stderr)
        self.assertFalse(os.path.exists(self.path("none.html")))
        self.assertNotIn("Qanariya", r.stdout + r.stderr)

    def test_04_where_to(self):
        out = self.path("site.html")
        mask = os.umask(0)
        try:
            r = self.cell.ok("print", self.site[:12], "--out", out)
        finally:
            os.umask(mask)
        self.assertEqual(r.stdout, "")
        self.assertIn("CLOSED", r.stderr)
        self.assertIn("in the clear", r.stderr)
        self.assertTrue(r.stderr.startswith("EXERCISE"))
        self.assertNotIn("Qanariya", r.stderr)
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        before = read(out)
        self.assertIn(b"Qanariya-text", before)
        r = self.cell.ok("print", self.site, "--language", "ar", "--out", out, want=FAILED)
        self.assertIn("--force", r.stderr)
        self.assertEqual(read(out), before)
        os.chmod(out, 0o644)
        os.link(out, self.path("other-name"))
        r = self.cell.ok("print", self.site, "--language", "ar", "--out", out, "--force", "--json")
        self.assertEqual(json.loads(r.stdout), {"exercise": True, "record": self.site, "out": out, "closed": True})
        self.assertIn('dir="rtl"', read(out).decode())
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        self.assertEqual(read(self.path("other-name")), before)  # what had that name is another file
        os.symlink(self.path("elsewhere"), self.path("link"))
        self.cell.ok("print", self.site, "--out", self.path("link"), want=FAILED)
        self.cell.ok("print", self.site, "--out", self.path("link"), "--force", want=FAILED)
        self.cell.ok("print", self.site, "--out", self.top, "--force", want=FAILED)
        self.cell.ok("print", self.site, "--out", self.path("no/such/folder"), want=FAILED)
        self.assertFalse(os.path.exists(self.path("elsewhere")))
        # a terminal gets none of it
        main, end = pty.openpty()
        env = dict(os.environ, READBACK_HOME=self.cell.home)
        r = subprocess.run([READBACK, "print", self.site], stdin=subprocess.DEVNULL, stdout=end, stderr=subprocess.PIPE, env=env,
                           text=True, timeout=60)
        os.close(end)
        self.assertEqual(r.returncode, USAGE)
        self.assertIn("--out", r.stderr)
        try:
            shown = os.read(main, 10000)
        except OSError:
            shown = b""
        os.close(main)
        self.assertEqual(shown, b"")
        with open("/dev/full", "w") as full:
            r = subprocess.run([READBACK, "print", self.site], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                               env=env, text=True, timeout=60)
        self.assertEqual(r.returncode, FAILED)

    def test_05_words_off(self):
        x = self.path("x.html")
        for words in ([], [self.site, "--language", "de"], [self.site, "more"], ["xyz"], [self.site, "--reasons"], [self.site, "--force"],
                      [self.site, "--json"], [self.site, "--out", ""], [self.site, "--out", "-"]):
            r = self.cell.ok("print", *words, want=USAGE)
            self.assertEqual(r.stdout, "")
        self.cell.ok("print", "0123456789ab", "--out", x, want=FAILED)
        charter = self.cell.json("channel", "show")["charter_record"]
        r = self.cell.ok("print", charter, "--out", x, want=FAILED)
        self.assertIn("the record is a charter", r.stderr)
        self.cell.ok("print", charter, "--status", "--out", x, want=FAILED)
        self.assertFalse(os.path.exists(x))

    def test_06_nowhere_else(self):
        """nothing of it on a disk but in the page, in no arguments, in no log"""
        seen = []
        env = dict(os.environ, READBACK_HOME=self.cell.home, TMPDIR=self.path("tmp"))
        os.mkdir(self.path("tmp"))
        for _ in range(5):
            p = subprocess.Popen([READBACK, "print", self.site], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
            while p.poll() is None:  # a page is less than a pipe holds
                seen.append(command_lines())
            self.assertIn(b"Qanariya", p.communicate(timeout=60)[0])
        self.assertNotIn(b"Qanariya", b"".join(seen))
        self.assertEqual(os.listdir(self.path("tmp")), [])
        for home in (self.cell.home, self.n.home, self.s.home):
            for path, data in files_of(home):
                self.assertNotIn(b"Qanariya", data, path)

    def test_07_code(self):
        if not shutil.which("zbarimg") or not shutil.which("chromium") or not shutil.which("pdftoppm"):
            self.skipTest("zbar-tools, chromium or poppler-utils is not there")
        self.assertEqual(self.sheets("code", self.page(self.cell, self.site)), 1)
        for dpi in (150, 200):  # a fax has about 200
            subprocess.run(["pdftoppm", "-r", str(dpi), "-png", "-mono" if dpi == 200 else "-gray", self.path("code.pdf"),
                            self.path("code%d" % dpi)], check=True)
            r = subprocess.run(["zbarimg", "-q", "--raw", self.path("code%d-1.png" % dpi)], capture_output=True, text=True)
            self.assertEqual(r.stdout.strip(), "READBACK:%s:%s:%s" % (
                self.site.upper(), self.channel.upper(), self.cell.fingerprint.replace(" ", "")), dpi)

    def test_08_operation(self):
        start = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() + 86400))
        Print.ring = [(35.3, 36.9), (35.3, 37.4), (35.05, 37.55), (34.9, 37.1)]
        out = self.n.ok("operation", "--title", "Air activity", "--polygon", " ".join("%s,%s" % x for x in self.ring), "--circle",
                        "35.1,36.75,5km", "--from", start, "--for", "3h", "--floor", "900m amsl", "--ceiling", "FL250", "--precedence",
                        "IMMEDIATE", "--yes", "--despite", "--json")
        Print.operation = json.loads(out.stdout)["record"]
        text, _ = look(self.page(self.n, self.operation))
        for words in ("Notice · operation", "IMMEDIATE", "every member of the channel", "southland", "FL250", "900 m (2953 ft)",
                      "above mean sea level", "37S CV 09059 08335", "Place 2", start[11:16] + " UTC"):
            self.assertIn(words, text)
        self.assertNotIn("Names a protected place", text)

    def test_09_sketch(self):
        try:
            from geographiclib.geodesic import Geodesic
        except ImportError:
            self.skipTest("python3-geographiclib is not there")
        move = {"title": "Convoy", "corridor": "500m; 36.2021, 37.1343; 35.93064, 36.63393; 35.66, 36.68; 35.4519, 36.6532",
                "from": "2040-01-28T04:00:00Z", "for": "14h"}
        Print.move = self.release(self.cell, "movement", "--recipients", "northland", form=move)
        page = self.page(self.cell, self.move)
        svg = page[page.index("<figure"):page.index("</figure>")]
        points = [tuple(map(float, x.split(","))) for x in move["corridor"].replace(" ", "").split(";")[1:]]
        dots = [tuple(map(float, x)) for x in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="\.55"', svg)]
        self.assertEqual(len(dots), len(points))
        bar = float(re.search(r"v1\.6h([\d.]+)v-1\.6", svg)[1])
        number, unit = re.search(r">([\d.]+) (k?m)</text>\n<g transform", svg).groups()
        mm = bar / (float(number) * (1000 if unit == "km" else 1))
        for i in range(len(points)):
            for k in range(i):
                g = Geodesic.WGS84.Inverse(*points[i], *points[k])
                paper = math.hypot(dots[i][0] - dots[k][0], dots[i][1] - dots[k][1]) / mm
                # half a percent, and the rounding to a hundredth of a millimetre on paper
                self.assertLess(abs(paper - g["s12"]), 0.005 * g["s12"] + 0.03 / mm)
                turn = math.degrees(math.atan2(dots[k][0] - dots[i][0], dots[i][1] - dots[k][1])) - g["azi1"]
                self.assertLess(abs(math.remainder(turn, 360)), 1.5)
        width = re.search(r'stroke="url\(#hatch\)" stroke-width="([\d.]+)"', svg)[1]
        self.assertLess(abs(float(width) / mm - 1000), 0.006 / mm)
        self.assertIn("Idlib", svg)
        self.assertIn("not a map", svg)

    def test_10_sheets(self):
        if not shutil.which("chromium") or not shutil.which("pdfinfo"):
            self.skipTest("chromium or poppler-utils is not there")
        for lang in ("en", "ar", "ru"):
            for name, record in (("site", self.site), ("operation", self.operation), ("movement", self.move)):
                who = self.n if name == "operation" else self.cell
                self.assertEqual(self.sheets(name + "-" + lang, self.page(who, record, "--language", lang)), 1, (name, lang))
        long = dict(SITE, text="\n".join("Line %d of what does not fit one sheet." % i for i in range(40)))
        record = self.release(self.cell, "site", "--recipients", "northland", form=long)
        self.assertEqual(self.sheets("long", self.page(self.cell, record)), 2)
        if shutil.which("pdftotext"):
            text = subprocess.run(["pdftotext", "-layout", self.path("long.pdf"), "-"], capture_output=True, text=True).stdout
            first, second = text.split("\f")[:2]
            self.assertTrue(first.lstrip().startswith("EXERCISE") and second.lstrip().startswith("EXERCISE"))
            self.assertIn("Page 2 of 2", second)

    def test_11_status(self):
        page = self.page(self.cell, self.site, "--status")
        self.assertIn("not known to be read", look(page)[0])
        self.n.ok("read", self.site, "--yes")
        self.release(self.n, "passed-down", self.site, form={"level": "3rd <brigade>", "by": "Col. Test"})
        self.release(self.n, "dispute-fact", self.site, form={"reason": "Qanariya-vehicles seen"})
        self.release(self.cell, "query", self.site, "--reported-who", "lakeland", "--reported-carrier", "phone",
                     form={"reason": "which side of the road", "by": "Maj. Beispiel"})
        until(lambda: {x["position"] for x in self.cell.json("show", self.site)["positions"]} >= {"read", "passed-down", "dispute-fact", "query"},
              "the answers")
        until(lambda: [h for h in self.cell.json("show", self.site)["holders"] if h["member"] == "northland" and h["held"]], "held")
        text, _ = look(self.page(self.cell, self.site, "--status"))
        held = [h for h in self.cell.json("show", self.site)["holders"] if h["member"] == "northland"][0]["held_since"]
        for words in ("What became of a notice · site", "For relief-one", "3rd <brigade>", "Col. Test", "disputes a fact", "said to us alone",
                      held[11:16], "lakeland", "phone", "Maj. Beispiel", "query", "Nobody can see from here", "Legal protection is unchanged",
                      "Held or read is not agreed"):
            self.assertIn(words, text)
        for words in ("Qanariya-vehicles", "southland", str(LAT), "not known to be held", "Not known to be read"):
            self.assertNotIn(words, text)
        r = self.cell.ok("print", self.site, "--status", "--reasons")
        self.assertIn("Qanariya-vehicles seen", look(r.stdout)[0])
        self.assertIn("said to us alone", r.stderr)

    def test_12_superseded(self):
        after = self.release(self.cell, "site", "--recipients", "northland", "--supersedes", self.site, form=dict(SITE, title="Moved"))
        until(lambda: self.cell.json("show", self.site)["superseded_by"] == after, "superseded")
        r = self.cell.ok("print", self.site)
        text, _ = look(r.stdout)
        self.assertIn("SUPERSEDED: do not act on this page.", text)
        self.assertLess(text.index("SUPERSEDED"), text.index("Qanariya-text"))
        self.assertIn("superseded by " + after[:12], r.stderr)

    def test_13_stop_fire(self):
        out = self.cell.ok("stop-fire", "--title", "Shells at the bridge", "--in", "10m", "--yes", "--despite", "--json")
        record = json.loads(out.stdout)["record"]
        text, _ = look(self.page(self.cell, record, "--language", "ru"))
        for words in ("Прекратить огонь", "FLASH", "выполнит", "Shells at the bridge"):
            self.assertIn(words, text)

    def test_14_nobody(self):
        self.s.stop()
        self.s.ok("print", self.site, "--out", self.path("x.html"), want=NOBODY)
        self.assertFalse(os.path.exists(self.path("x.html")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
