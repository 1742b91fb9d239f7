#!/bin/bash
# cppcheck over every C file of the project that a build folder compiles; no finding is allowed.
# What is left out, and why:
#   missingIncludeSystem    cppcheck does not read the C library's headers, and need not
#   unmatchedSuppression    an inline suppression may matter to one configuration only
#   readdirCalled           readdir is safe on a stream of one's own, and readdir_r is deprecated
#   ctuuninitvar            guesses across files; it follows neither TAILQ_FOREACH nor out-parameters
#   the build folder        what is made there is a table of half a million bytes
# Usage: scripts/check-cppcheck.sh BUILD_DIR
set -u
[ $# -eq 1 ] || { echo "usage: $0 BUILD_DIR" >&2; exit 2; }
build=$(realpath -- "$1") || exit 2
cd -- "$(dirname -- "$0")/.." || exit 2
rm -rf -- "$build/cppcheck" && mkdir -p "$build/cppcheck" || exit 2
exec cppcheck --project="$build/compile_commands.json" --cppcheck-build-dir="$build/cppcheck" \
  -i "$build" -j "$(nproc)" --quiet --inline-suppr --error-exitcode=1 --std=c11 \
  --library=posix --library=bsd --library=sqlite3 --library=scripts/cppcheck.cfg \
  --enable=warning,performance,portability --suppress=missingIncludeSystem \
  --suppress=unmatchedSuppression --suppress=readdirCalled --suppress=ctuuninitvar --template='{file}:{line}: {severity}: {message} [{id}]'
