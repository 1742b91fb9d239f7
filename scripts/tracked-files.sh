#!/bin/bash
# Names the project's own files, one a line: what git tracks, or without git what lies here outside
# of build folders. Arguments: patterns of names, e.g. '*.c' '*.h'; none means all.
set -u
cd -- "$(dirname -- "$0")/.." || exit 2
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  # a file that is tracked but deleted here has nothing to check
  git ls-files -- "$@" | while IFS= read -r file; do [ -f "$file" ] && echo "$file"; done
else
  any=(-name '*')
  for pattern; do any+=(-o -path "./$pattern"); done
  [ $# -gt 0 ] && any=("${any[@]:3}")
  find . -path ./.git -prune -o -path './build*' -prune -o -type f \( "${any[@]}" \) -print |
    sed 's/^\.\///' | sort
fi
exit 0
