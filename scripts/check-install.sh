#!/bin/bash
# Installs a build folder below another folder and looks whether what should be there is there and
# starts.  Usage: scripts/check-install.sh BUILD_DIR DESTINATION
set -u
[ $# -eq 2 ] || { echo "usage: $0 BUILD_DIR DESTINATION" >&2; exit 2; }
build=$1
to=$(realpath -m -- "$2")
cd -- "$(dirname -- "$0")/.." || exit 2
rm -rf -- "$to"
meson install -C "$build" --no-rebuild --quiet --destdir "$to" || exit 1
bad=0
for program in readback readbackd readback-relay readback-verify readback-exercise; do
  at=$(find "$to" -path "*/bin/$program" -type f -perm -u+x)
  [ -n "$at" ] || { echo "$program is not installed"; bad=1; continue; }
  "$at" --help >/dev/null </dev/null || { echo "$program --help: status $?"; bad=1; }
  [ -n "$(find "$to" -path "*/man*/$program.[18]")" ] || { echo "$program has no man page"; bad=1; }
done
for file in libreadback-core.a readback/err.h; do
  [ -n "$(find "$to" -path "*/$file")" ] || { echo "$file is not installed"; bad=1; }
done
exit $bad
