#!/usr/bin/python3
"""Counts test cases in what `meson test` left behind.

usage: count-tests.py [--leave-out NAME]... BUILD_DIR

Reads BUILD_DIR/meson-logs/testlog.json. A program that speaks TAP counts with each of its cases,
any other as one. Prints the end of each failing program's output and the name of each failing
and each skipped case, and as its last line "PASSED FAILED SKIPPED".
Exit: 0 counted, 1 nothing to count.
"""
import json
import re
import sys

CASE = re.compile(r"^(ok|not ok)\b\s*(\d+)?\s*(?:-\s*)?(.*)$")
SKIP = re.compile(r"#\s*SKIP\b\s*(.*)", re.IGNORECASE)
TAIL_LINES = 60


def cases(output):
    """(result, name) of each TAP case; cmocka writes a skip as `not ok N # SKIP name`."""
    found = []
    for line in output.splitlines():
        match = CASE.match(line)
        # cmocka's last line about a group, "not ok - group", has no number: it is no case
        if match is None or match.group(2) is None:
            continue
        skip = SKIP.search(match.group(3))
        if skip is not None:
            found.append(("skip", match.group(3)[: skip.start()].strip() or skip.group(1)))
        else:
            found.append(("ok" if match.group(1) == "ok" else "fail", match.group(3)))
    return found


def judge(test):
    """The cases of one program. A program that failed has at least one failed case."""
    found = cases(test.get("stdout") or "")
    result = test["result"]
    if result == "SKIP" and not any(r == "fail" for r, _ in found):
        return [c for c in found if c[0] != "ok"] or [("skip", "")]
    good = result in ("OK", "EXPECTEDFAIL", "SKIP")
    if not found:
        return [("ok" if good else "fail", "")]
    if not good and not any(r == "fail" for r, _ in found):
        found.append(("fail", "ended with %s, status %s" % (result, test.get("returncode"))))
    return found


def main():
    leave_out = set()
    args = sys.argv[1:]
    while len(args) > 1 and args[0] == "--leave-out":
        leave_out.add(args[1])
        args = args[2:]
    if len(args) != 1:
        sys.exit(__doc__)
    total = {"ok": 0, "fail": 0, "skip": 0}
    names = {"fail": [], "skip": []}
    try:
        with open(args[0] + "/meson-logs/testlog.json", encoding="utf-8") as log:
            tests = [json.loads(line) for line in log if line.strip()]
    except OSError as error:
        sys.exit(str(error))
    for test in tests:
        name = test["name"].split(" / ")[-1].split(":")[-1]
        if name in leave_out:
            continue
        found = judge(test)
        for result, case in found:
            total[result] += 1
            if result != "ok":
                names[result].append(name + (": " + case if case else ""))
        if any(result == "fail" for result, _ in found):
            output = (test.get("stdout") or "") + (test.get("stderr") or "")
            print("---- %s: the end of its output" % name)
            print("\n".join(output.splitlines()[-TAIL_LINES:]))
    for name in names["skip"]:
        print("skipped: " + name)
    for name in names["fail"]:
        print("FAILED: " + name)
    print(total["ok"], total["fail"], total["skip"])
    sys.exit(0 if sum(total.values()) > 0 else 1)


main()
