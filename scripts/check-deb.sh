#!/bin/bash
# The Debian packages: built, without a word of lintian's that matters, unpacked below a folder, the programs
# run from there, the maintainer scripts run beside stubs (check-deb-scripts.sh).  Usage: scripts/check-deb.sh FOLDER
# Exit: 0 good, 1 not.
set -u
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
folder=$(realpath -m -- "$1")
cd -- "$(dirname -- "$0")/.." || exit 2
rm -rf -- "$folder"
mkdir -p "$folder" || exit 1
scripts/build-deb.sh "$folder" || exit 1
bad=0
lintian --allow-root --fail-on error,warning --pedantic "$folder"/*.changes || bad=1
root=$folder/root
for deb in "$folder"/readback_*.deb "$folder"/readback-verify_*.deb; do
  dpkg -x "$deb" "$root" || exit 1
done

wants() { [ -e "$root/$1" ] || { echo "the packages lack /$1"; bad=1; }; }
for file in usr/bin/readback usr/bin/readbackd usr/bin/readback-verify usr/bin/readback-exercise \
  usr/bin/readback-relay lib/systemd/system/readbackd@.service lib/systemd/system/readback-relay.service usr/lib/sysusers.d/readback.conf usr/lib/tmpfiles.d/readback.conf \
  usr/share/bash-completion/completions/readback usr/share/zsh/vendor-completions/_readback \
  usr/share/fish/vendor_completions.d/readback.fish usr/share/man/man7/readback-operation.7.gz \
  usr/share/man/man8/readbackd.8.gz usr/share/man/man8/readback-relay.8.gz usr/share/man/man1/readback-verify.1.gz \
  usr/share/doc/readback/examples/config.ini.example usr/share/doc/readback-verify/copyright; do
  case $file in # where newer releases keep units
    lib/systemd/*) [ -e "$root/usr/$file" ] && continue ;;
  esac
  wants "$file"
done
for program in readback readbackd readback-relay readback-verify readback-exercise; do
  "$root/usr/bin/$program" --help >/dev/null </dev/null || { echo "$program --help: status $?"; bad=1; }
done
if dpkg -c "$folder"/readback-verify_*.deb | grep -qE 'readbackd|systemd'; then
  echo 'readback-verify has more than an outsider wants'
  bad=1
fi
scripts/check-deb-scripts.sh "$folder"/readback_*.deb "$folder/maintainer" || bad=1
# an exercise, played by what was packaged, over TLS
"$root/usr/bin/readback-exercise" --live --readbackd "$root/usr/bin/readbackd" exercises/a-standing-channels.json \
  >"$folder/exercise.log" 2>&1 || { tail -n 20 "$folder/exercise.log"; bad=1; }
exit $bad
