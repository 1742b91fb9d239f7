#!/bin/bash
# clang-tidy over every C file of the project that a build folder of clang compiles (.clang-tidy
# says which checks, and why some are left out). A file of ours that no build compiles is a finding.
# Usage: scripts/check-tidy.sh BUILD_DIR [FILE...]
set -u
[ $# -ge 1 ] || { echo "usage: $0 BUILD_DIR [FILE...]" >&2; exit 2; }
build=$(realpath -- "$1") || exit 2
shift
cd -- "$(dirname -- "$0")/.." || exit 2
compiled=$(/usr/bin/python3 - "$build/compile_commands.json" <<'PY'
import json, os, sys
for entry in json.load(open(sys.argv[1])):
    print(os.path.relpath(os.path.join(entry["directory"], entry["file"])))
PY
) || exit 2
if [ $# -gt 0 ]; then files=("$@"); else mapfile -t files < <(scripts/tracked-files.sh '*.c'); fi
bad=0
mine=()
for file in "${files[@]}"; do
  if grep -qxF -- "$file" <<<"$compiled"; then mine+=("$file"); else
    echo "$file: no build compiles it"
    bad=1
  fi
done
printf '%s\0' "${mine[@]}" |
  xargs -0 -n 4 -P "$(nproc)" clang-tidy -p "$build" --quiet 2> >(grep -vE '^[0-9]+ warnings? generated|^$' >&2) || bad=1
exit $bad
