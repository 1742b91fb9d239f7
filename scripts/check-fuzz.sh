#!/bin/bash
# Runs each libFuzzer target of a build folder (configured with -Dfuzz=true) over its committed
# corpus and then for some seconds with new input. What it finds that is new stays in the build
# folder; an input that breaks a target is kept there too and named.
# Usage: scripts/check-fuzz.sh BUILD_DIR SECONDS
set -u
[ $# -eq 2 ] || { echo "usage: $0 BUILD_DIR SECONDS" >&2; exit 2; }
build=$(realpath -- "$1") || exit 2
seconds=$2
cd -- "$(dirname -- "$0")/.." || exit 2
targets=("$build"/test/fuzz/fuzz_*)
run=0
bad=0
for target in "${targets[@]}"; do
  [ -f "$target" ] && [ -x "$target" ] || continue
  name=$(basename -- "$target")
  mkdir -p "$build/fuzz/$name" || exit 2
  log=$build/fuzz/$name.log
  corpus=("$build/fuzz/$name")
  [ -d "test/fuzz/corpus/$name" ] && corpus+=("test/fuzz/corpus/$name")
  if timeout -k 10 $((seconds + 120)) "$target" -max_total_time="$seconds" -timeout=20 \
    -rss_limit_mb=2048 -artifact_prefix="$build/fuzz/$name-" "${corpus[@]}" >"$log" 2>&1 </dev/null; then
    run=$((run + 1))
    echo "$name: $(grep -oE 'Done [0-9]+ runs' "$log" | tail -n 1)"
  else
    bad=1
    tail -n 40 "$log"
    echo "$name: BROKEN, see $log"
  fi
done
[ $run -gt 0 ] || { echo "no fuzz target in $build"; bad=1; }
exit $bad
