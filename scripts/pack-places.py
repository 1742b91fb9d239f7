#!/usr/bin/python3
"""Packs data/places.tsv into the bytes of spec 13.2, as a C file that the build compiles.

Usage: scripts/pack-places.py PLACES OUT
OUT ending in .c is a C file, else it is the bytes alone.
"""
import struct
import sys


def units(text):
    """Degrees with five decimals, to 1e-5 degree."""
    whole, part = text.lstrip("-").split(".")
    assert len(part) == 5
    return int(whole + part) * (-1 if text.startswith("-") else 1)


def packed(path):
    records, names, used = [], [], 0
    with open(path, encoding="utf-8") as places:
        for line in places:
            if line.startswith("#"):
                continue
            lat, lon, country, population, *three = line.rstrip("\n").split("\t")
            name, ar, ru = (text.encode() for text in three)
            records.append(struct.pack(">IIII2sBBB", units(lat) + 9000000, units(lon) + 18000000,
                                       int(population), used, country.encode(), len(name), len(ar), len(ru)))
            names.append(name + ar + ru)
            used += len(names[-1])
    return b"RBPLACE1" + struct.pack(">I", len(records)) + b"".join(records) + b"".join(names)


def as_c(data):
    lines = [",".join(map(str, data[at:at + 64])) + ",\n" for at in range(0, len(data), 64)]
    return ("/* Made from data/places.tsv by scripts/pack-places.py. */\n"
            '#include "readback/gazetteer.h"\n'
            "static const uint8_t places[%d] = {\n%s};\n"
            "const struct rb_slice rb_gazetteer_builtin = {places, sizeof places};\n"
            % (len(data), "".join(lines)))


def main(args):
    if len(args) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    data = packed(args[0])
    with open(args[1], "wb") as out:
        out.write(as_c(data).encode() if args[1].endswith(".c") else data)
    return 0


sys.exit(main(sys.argv[1:]))
