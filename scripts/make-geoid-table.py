#!/usr/bin/python3
"""Makes src/space/geoid_table.c: least and greatest height of the EGM96 geoid over WGS84, in whole
metres rounded outwards, for each cell of 5 by 5 degrees, edges included.

Usage: scripts/make-geoid-table.py [--check] [GRID]
GRID is the 15-minute grid of Debian's proj-data (default /usr/share/proj/egm96_15.gtx). --check
compares with the file that is there instead of writing it.
Exit: 0 written or alike, 1 they differ, 2 usage, 77 the grid is not installed.
The EGM96 model is by NIMA and NASA GSFC and is in the public domain in the United States.
"""
import math
import os
import struct
import sys

CELL = 5
TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src", "space", "geoid_table.c")
HEAD = """/* Least and greatest height of the EGM96 geoid over WGS84 in whole metres, rounded outwards, for
 * cells of 5 by 5 degrees from 90 S, 180 W. Made by scripts/make-geoid-table.py from the 15-minute
 * grid of EGM96 (NIMA and NASA GSFC; proj-data's egm96_15.gtx). Do not edit. */
#include "altitude.h"

/* clang-format off */
const int8_t rb_geoid_m[36][72][2] = {
"""


def read(path):
    with open(path, "rb") as f:
        south, west, dlat, dlon, rows, cols = struct.unpack(">ddddii", f.read(40))
        values = struct.unpack(">%df" % (rows * cols), f.read(4 * rows * cols))
    assert (south, west, dlat, dlon, rows, cols) == (-90, -180, 0.25, 0.25, 721, 1440)
    return [values[r * cols:(r + 1) * cols] for r in range(rows)]


def extremes(grid, row, col):
    step = CELL * 4
    seen = [grid[r][c % 1440] for r in range(row * step, row * step + step + 1)
            for c in range(col * step, col * step + step + 1)]
    return math.floor(min(seen)), math.ceil(max(seen))


def table(grid):
    out = [HEAD]
    for row in range(180 // CELL):
        cells = ["{%d,%d}" % extremes(grid, row, col) for col in range(360 // CELL)]
        out.append("{\n")
        for at in range(0, len(cells), 9):
            out.append(",".join(cells[at:at + 9]) + ",\n")
        out.append("},\n")
    out.append("};\n")
    return "".join(out)


def main(args):
    check = "--check" in args
    args = [a for a in args if a != "--check"]
    if len(args) > 1 or any(a.startswith("-") for a in args):
        print(__doc__, file=sys.stderr)
        return 2
    path = args[0] if args else "/usr/share/proj/egm96_15.gtx"
    if not os.path.exists(path):
        print("skipped: %s is not installed" % path)
        return 77
    text = table(read(path))
    if not check:
        with open(TARGET, "w", encoding="ascii") as f:
            f.write(text)
        return 0
    with open(TARGET, encoding="ascii") as f:
        alike = f.read() == text
    print("geoid table: %s" % ("as the grid says" if alike else "not as the grid says; make it again"))
    return 0 if alike else 1


sys.exit(main(sys.argv[1:]))
