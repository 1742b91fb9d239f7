#!/bin/bash
# Runs each libFuzzer target of a build folder (configured with -Dfuzz=true) over its committed
# corpus and then for some seconds with new input, two targets at a time. What it finds that is new
# stays in the build folder; an input that breaks a target is kept there too and named. The work
# tree gets none: such a file that lies in it, from a run by hand, fails the check and is named.
# Usage: scripts/check-fuzz.sh BUILD_DIR SECONDS [TARGET...]
set -u
[ $# -ge 2 ] || { echo "usage: $0 BUILD_DIR SECONDS [TARGET...]" >&2; exit 2; }
build=$(realpath -- "$1") || exit 2
seconds=$2
shift 2
cd -- "$(dirname -- "$0")/.." || exit 2
mkdir -p "$build/fuzz" || exit 2

run_one() { # name
  local name=$1 log=$build/fuzz/$1.log corpus=("$build/fuzz/$1") found
  rm -f "$log.good" "$build/fuzz/$name"-{crash,leak,oom,timeout,slow-unit}-*
  mkdir -p "$build/fuzz/$name" || return
  [ -d "test/fuzz/corpus/$name" ] && corpus+=("test/fuzz/corpus/$name")
  if timeout -k 10 $((seconds + 120)) "$build/test/fuzz/$name" -max_total_time="$seconds" \
    -timeout=20 -rss_limit_mb=2048 -artifact_prefix="$build/fuzz/$name-" "${corpus[@]}" \
    >"$log" 2>&1 </dev/null; then
    : >"$log.good"
    echo "$name: $(grep -oE 'Done [0-9]+ runs' "$log" | tail -n 1)"
  else
    tail -n 40 "$log"
    for found in "$build/fuzz/$name"-{crash,leak,oom,timeout}-*; do
      [ -f "$found" ] && echo "$name: the input is $found"
    done
    echo "$name: BROKEN, see $log"
  fi
}

names=()
for target in "$build"/test/fuzz/fuzz_*; do
  [ -f "$target" ] && [ -x "$target" ] && names+=("$(basename -- "$target")")
done
[ $# -eq 0 ] || names=("$@")
[ ${#names[@]} -gt 0 ] || { echo "no fuzz target in $build"; exit 1; }
for name in "${names[@]}"; do
  while [ "$(jobs -pr | wc -l)" -ge 2 ]; do wait -n; done
  run_one "$name" &
done
wait

bad=0
for name in "${names[@]}"; do [ -f "$build/fuzz/$name.log.good" ] || bad=1; done
while IFS= read -r stray; do
  echo "left in the work tree: $stray"
  bad=1
done < <(git ls-files --others --exclude-standard 2>/dev/null |
  grep -E '(^|/)((fuzz_[a-z_]+-)?(crash|leak|oom|timeout|slow-unit|minimized-from)-[0-9a-f]{40}|fuzz-[0-9]+\.log)$')
exit $bad
