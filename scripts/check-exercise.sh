#!/bin/bash
# Plays one exercise.  Usage: scripts/check-exercise.sh BUILD_DIR simulated|live FILE
#   simulated  twice with one seed: both hold, and the transcripts are the same bytes
#   live       once, with real daemons
set -u
[ $# -eq 3 ] || { echo "usage: $0 BUILD_DIR simulated|live FILE" >&2; exit 2; }
build=$(realpath -- "$1") || exit 2
cd -- "$(dirname -- "$0")/.." || exit 2
player=$build/readback-exercise
out=$(mktemp -d) || exit 2
trap 'rm -rf -- "$out"' EXIT
play() { # transcript arguments
  local to=$1
  shift
  timeout -k 10 600 "$player" "$@" >"$to" 2>"$to.err" </dev/null && return 0
  echo "exit status $? of $player $*; the end of what it said:"
  tail -n 40 "$to"
  tail -n 20 "$to.err"
  return 1
}
case $2 in
  simulated)
    play "$out/one" --seed 7 "$3" && play "$out/two" --seed 7 "$3" || exit 1
    cmp "$out/one" "$out/two" || { diff "$out/one" "$out/two" | head -n 20; exit 1; }
    head -n 1 "$out/one" | grep -q EXERCISE || { echo 'the first line does not say EXERCISE'; exit 1; } ;;
  live) play "$out/one" --live "$3" || exit 1 ;;
  *) echo "$0: $2 is neither simulated nor live" >&2; exit 2 ;;
esac
