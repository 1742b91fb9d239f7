#!/bin/bash
# Scripts parse and lint: bash -n and shellcheck for shell, compilation for Python.
# Exit: 0 all good, 1 something is not.
set -u
cd -- "$(dirname -- "$0")/.." || exit 2
bad=0
shells=()
while IFS= read -r file; do
  case $(head -c 64 -- "$file" | head -n 1 | tr -d '\0') in
    '#!'*bash | '#!'*/sh) shells+=("$file") ;;
  esac
done < <(scripts/tracked-files.sh | grep -vE '\.(c|h|md|json|py|go|scd|txt|cddl|yaml|svg|po)$|/corpus/')
for file in "${shells[@]}"; do
  bash -n "$file" || bad=1
  [ -x "$file" ] || { echo "$file: not executable"; bad=1; }
done
shellcheck --severity=warning -- "${shells[@]}" || bad=1
while IFS= read -r file; do
  /usr/bin/python3 -c 'import ast, sys; ast.parse(open(sys.argv[1], encoding="utf-8").read(), sys.argv[1])' \
    "$file" || bad=1
done < <(scripts/tracked-files.sh '*.py')
exit $bad
