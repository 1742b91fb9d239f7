#!/bin/bash
# Makes the Debian packages of what lies here: copies the project's own files aside, lays packaging/debian
# out as debian/, and has dpkg-buildpackage build them.
# Usage: scripts/build-deb.sh [OUT]   (default build-deb/); packages: scripts/packages/deb.txt
# Environment: DEB_BUILD_OPTIONS, as dpkg-buildpackage knows it.
# Exit: 0 the packages lie in OUT, 1 the build failed, 2 usage.
set -u
[ $# -le 1 ] || { echo "usage: $0 [OUT]" >&2; exit 2; }
out=$(realpath -m -- "${1:-build-deb}")
cd -- "$(dirname -- "$0")/.." || exit 2
work=$(mktemp -d) || exit 1
trap 'rm -rf -- "$work"' EXIT
tree=$work/readback
mkdir -p "$tree" "$out" || exit 1
scripts/tracked-files.sh | tar -cf - -T - | tar -xf - -C "$tree" || exit 1
cp -r -- "$tree/packaging/debian" "$tree/debian" || exit 1
cp -- packaging/systemd/readbackd@.service "$tree/debian/readback.readbackd@.service" &&
  cp -- packaging/systemd/readback-relay.service "$tree/debian/readback.readback-relay.service" &&
  cp -- packaging/systemd/readback.sysusers "$tree/debian/readback.sysusers" &&
  cp -- packaging/systemd/readback.tmpfiles "$tree/debian/readback.tmpfiles" || exit 1
export DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-} nocheck" LC_ALL=C.UTF-8
(cd -- "$tree" && dpkg-buildpackage -b -us -uc -ui) || exit 1
rm -f -- "$out"/readback*_*.deb "$out"/readback_*.changes "$out"/readback_*.buildinfo
mv -- "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$out/" || exit 1
ls -- "$out"
