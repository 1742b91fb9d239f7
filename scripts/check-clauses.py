#!/usr/bin/python3
"""Every clause that the code cites in a refusal stands in spec/.

A clause is a heading (`## 4.2`), a paragraph or list item that begins with its number (`4.2.3 ...`,
possibly in bold), or item 3 of the numbered list under `## 4.2`.
Exit: 0 all found, 1 some are missing (each is named with the place that cites it).
"""
import glob
import os
import re
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
CITED = re.compile(r'"([1-9]\d?\.\d{1,2}(?:\.\d{1,2})?)"')
HEADING = re.compile(r"^#{2,4}\s+(\d+\.\d+(?:\.\d+)?)\b")
NUMBERED = re.compile(r"^\s*(?:[-*]\s+|\|\s*)?\**(\d+\.\d+\.\d+)\**[.:]?\s")
ITEM = re.compile(r"^\s{0,3}(\d+)\.\s")


def written():
    found = set()
    for path in glob.glob("spec/*.md"):
        section = None
        with open(path, encoding="utf-8") as text:
            for line in text:
                heading = HEADING.match(line)
                if heading:
                    section = heading.group(1)
                    found.add(section)
                    continue
                numbered = NUMBERED.match(line)
                if numbered:
                    found.add(numbered.group(1))
                item = ITEM.match(line)
                if item and section:
                    found.add(section + "." + item.group(1))
    return found


def cited():
    for room in ("src", "shell", "cmd", "include"):
        for path in sorted(glob.glob(room + "/**/*.[ch]", recursive=True)):
            with open(path, encoding="utf-8") as text:
                for number, line in enumerate(text, 1):
                    for clause in CITED.findall(line):
                        yield clause, "%s:%d" % (path, number)


def main():
    known = written()
    missing = 0
    seen = 0
    for clause, place in cited():
        seen += 1
        if clause not in known:
            print("%s: clause %s is not in spec/" % (place, clause))
            missing += 1
    print("%d citations, %d of clauses that are not written" % (seen, missing))
    return 1 if missing or not seen else 0


sys.exit(main())
