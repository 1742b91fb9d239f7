#!/bin/bash
# Builds and tests in a fresh Debian of another release: a root made by debootstrap from the mirror that
# this machine is set up for, a clone of what is committed here, `./check --quick` in it.
#   scripts/check-root.sh RELEASE [COMMAND...]   RELEASE: bookworm, trixie; COMMAND instead of ./check --quick
# Needs root and the package debootstrap. The root lies below READBACK_ROOTS (default /var/tmp/readback-roots)
# and stays for the next time; the clone in it is made anew. Takes half an hour or more.
# Exit: that of the command; 2 usage, or the root could not be made.
set -u
release=${1-}
shift
case $release in bookworm | trixie) ;; *) echo "usage: $0 bookworm|trixie [COMMAND...]" >&2; exit 2 ;; esac
[ $# -gt 0 ] || set -- ./check --quick
[ "$(id -u)" -eq 0 ] || { echo "$0: only root can make a root" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "$0: the package debootstrap is missing" >&2; exit 2; }
source=$(cd -- "$(dirname -- "$0")/.." && pwd) || exit 2
root=${READBACK_ROOTS:-/var/tmp/readback-roots}/$release
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# the mirror of this machine: the first of its own archive, in either form of the list
mirror_of() {
  local lists=(/etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list)
  { grep -hsiE '^URIs:' "${lists[@]}" | awk '{print $2}'
    grep -hsE '^deb[[:space:]]' "${lists[@]}" | sed -E 's/\[[^]]*\]//' | awk '{print $2}'
  } | grep -v -- '-security' | head -n 1
}
mirror=$(mirror_of)
[ -n "$mirror" ] || { echo "$0: apt has no mirror here" >&2; exit 2; }

cleanup() {
  local at
  for at in dev/shm dev/pts dev sys proc; do
    mountpoint -q "$root/$at" && umount -l "$root/$at"
  done
}
trap cleanup EXIT
trap 'exit 130' INT TERM

make_root() {
  local script=/usr/share/debootstrap/scripts/$release
  [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid # the same steps for all later ones
  rm -rf --one-file-system -- "$root.new" "$root"
  mkdir -p "$root.new"
  debootstrap --variant=minbase --include=ca-certificates --keyring="$keyring" "$release" "$root.new" \
    "$mirror" "$script" || return 1
  mv -- "$root.new" "$root"
}

# how this machine reaches its mirror: certificates, settings of apt, names
like_here() {
  mkdir -p "$root/etc/apt/apt.conf.d" "$root/usr/local/share/ca-certificates"
  rm -f "$root"/etc/apt/apt.conf.d/*
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null
  find /etc/apt/apt.conf.d /etc/apt/auth.conf.d -maxdepth 1 -type f 2>/dev/null | while IFS= read -r file; do
    # how to fetch; what this machine does besides is not for the root
    case $file in /etc/apt/apt.conf.d/*) grep -qiE 'Acquire::(https?|[a-z:]*proxy|retries)' "$file" || continue ;; esac
    mkdir -p "$root$(dirname -- "$file")" && cp -- "$file" "$root$file"
  done
  rm -f "$root/etc/apt/sources.list.d/"*
  printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$release" >"$root/etc/apt/sources.list"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # packages start nothing
  chmod 755 "$root/usr/sbin/policy-rc.d"
}

mount_all() {
  mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --make-rslave "$root/sys" &&
    mount --bind /dev "$root/dev" && mkdir -p "$root/dev/shm" && mount -t tmpfs tmpfs "$root/dev/shm" &&
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
}

[ -x "$root/usr/bin/apt-get" ] || make_root || exit 2
like_here || exit 2
cleanup
mount_all || { echo "$0: /proc, /sys and /dev could not be given to the root" >&2; exit 2; }
within() {
  chroot "$root" /usr/bin/env -i HOME=/build PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive READBACK_SHARED=/shared CCACHE_DIR=/var/cache/ccache "$@"
}
within apt-get -qq update && within apt-get -qq -y --no-install-recommends install git bash || exit 2
rm -rf --one-file-system -- "$root/build" "$root/shared"
git clone -q --no-hardlinks -- "$source" "$root/build" || exit 2
shared=${READBACK_SHARED:-$source/../shared}
[ -d "$shared/vectors" ] && mkdir -p "$root/shared" && cp -a -- "$shared/vectors" "$root/shared/"
# shellcheck disable=SC2016 # expanded in the root
within /bin/bash -c 'cd /build && exec "$@"' check "$@"
