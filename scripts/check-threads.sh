#!/bin/bash
# The tests that start threads, under ThreadSanitizer.  Usage: scripts/check-threads.sh BUILD_DIR
# Exit: 0 no race, 1 a race or no build, 77 this kernel's memory layout does not let TSan run.
set -u
[ $# -eq 1 ] || { echo "usage: $0 BUILD_DIR" >&2; exit 2; }
build=$1
cd -- "$(dirname -- "$0")/.." || exit 2
[ -f "$build/build.ninja" ] || { rm -rf "$build"; meson setup "$build" -Db_sanitize=thread; } || exit 1
run=0
while IFS= read -r source; do
  program=$(dirname -- "$source")/$(basename -- "$source" .c | tr _ -)
  ninja -C "$build" "$program" || exit 1
  said=$("$build/$program" 2>&1)
  status=$?
  case $said in *'unexpected memory mapping'*) echo 'TSan cannot run here'; exit 77 ;; esac
  echo "$said"
  [ $status -eq 0 ] || { echo "$program ended with $status"; exit 1; }
  run=$((run + 1))
done < <(scripts/tracked-files.sh 'test/*.c' | xargs grep -lE '\b(pthread|thrd)_create\b')
[ $run -gt 0 ] || { echo 'no test starts a thread'; exit 1; }
