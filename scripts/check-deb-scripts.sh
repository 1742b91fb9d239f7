#!/bin/bash
# What a Debian package does when it is installed, upgraded, removed and purged: its maintainer scripts are read and
# run with every argument that dpkg may give them, in front of them stubs that write down who was called, and a
# folder in the stead of /run/systemd/system. Nothing of this machine is touched; it takes no root.
# Usage: scripts/check-deb-scripts.sh DEB FOLDER
# Exit: 0 good, 1 not.
set -u
[ $# -eq 2 ] || { echo "usage: $0 DEB FOLDER" >&2; exit 2; }
bad=0
work=$(realpath -m -- "$2")
rm -rf -- "$work"
mkdir -p "$work/control" "$work/scripts" "$work/stubs" "$work/systemd" || exit 1
dpkg-deb -e "$1" "$work/control" || exit 1
calls=$work/calls
for name in systemctl systemd-sysusers systemd-tmpfiles deb-systemd-helper deb-systemd-invoke update-rc.d invoke-rc.d \
  adduser addgroup useradd deluser userdel chown chmod rm rmdir mv; do
  printf '#!/bin/sh\necho "%s $*" >>"%s"\n' "$name" "$calls" >"$work/stubs/$name"
  chmod +x "$work/stubs/$name"
done
for script in preinst postinst prerm postrm; do
  [ -e "$work/control/$script" ] || continue
  [ -x "$work/control/$script" ] || { echo "$script is not executable"; bad=1; }
  sh -n "$work/control/$script" || bad=1
  sed -e "s#/run/systemd/system#$work/systemd#g" -e "s#/usr/bin/deb-systemd#$work/stubs/deb-systemd#g" \
    "$work/control/$script" >"$work/scripts/$script"
done

run() { # script arguments...: it ends well, and $calls has what it called
  local script=$1
  shift
  : >"$calls"
  [ -e "$work/scripts/$script" ] || return 0
  env -i PATH="$work/stubs:/usr/bin:/bin" DPKG_MAINTSCRIPT_NAME="$script" DPKG_MAINTSCRIPT_PACKAGE=readback \
    sh -e "$work/scripts/$script" "$@" </dev/null || { echo "$script $*: status $?"; bad=1; }
  ran="$script $*"
}
called() { grep -qE -- "$1" "$calls" || { echo "$ran does not call: $1"; bad=1; }; }
not_called() {
  ! grep -E -- "$1" "$calls" || { echo "$ran calls that"; bad=1; }
}
homes='(rm|rmdir|mv|chown|chmod|deluser|userdel) '

# a fresh one: the user before anything else, and nothing is started that nobody asked for
run preinst install
run postinst configure ''
called '^systemd-sysusers .*readback\.conf$'
called '^systemd-tmpfiles .*--create readback\.conf$'
[ "$(head -n 1 "$calls")" = "$(grep '^systemd-sysusers' "$calls")" ] || { echo 'something comes before the user'; bad=1; }
not_called '(start|restart|enable) .*readbackd@'
not_called 'invoke (re)?start'

# a newer one: what runs goes on with the newer program, and is not stopped in between for good
run prerm upgrade 99
not_called 'stop'
run preinst upgrade 0.0
stopped=$(grep -c stop "$calls")
run postinst configure 0.0
called '^systemctl .*daemon-reload'
for unit in 'readbackd@\*\.service' 'readback-relay\.service'; do
  called "try-restart .*$unit"
done
[ "$stopped" -eq 0 ] || { echo 'an upgrade stops what it only starts again where it runs'; bad=1; }

# taken away: nothing runs without its program, and homes stay, purged or not
run prerm remove
for unit in 'readbackd@\*\.service' 'readback-relay\.service'; do
  called "stop .*$unit"
done
for how in remove purge upgrade failed-upgrade abort-install abort-upgrade disappear; do
  run postrm "$how" 99
  not_called "^$homes"
done
for how in abort-upgrade abort-remove abort-deconfigure; do
  run postinst "$how" 99
  not_called "^$homes"
done
run prerm failed-upgrade 0.0
run prerm deconfigure in-favour other 1
if grep -nE '/var/lib/readback|/etc/readback' "$work"/control/p*; then
  echo 'a script names homes, or what an operator wrote'
  bad=1
fi

# where no systemd runs nobody is told to stop or restart
rmdir -- "$work/systemd"
for words in 'postinst configure 0.0' 'prerm remove' 'prerm upgrade 99' 'preinst upgrade 0.0' 'postrm remove'; do
  # shellcheck disable=SC2086 # words
  run $words
  not_called '^systemctl |^deb-systemd-invoke '
done
exit $bad
