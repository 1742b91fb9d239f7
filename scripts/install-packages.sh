#!/bin/bash
# Sees to it that the Debian packages of some lists are installed: at once as root, with sudo after
# asking, else it says exactly which are missing. Quick when nothing is missing.
# Usage: scripts/install-packages.sh LIST...   (names of scripts/packages/LIST.txt)
# Exit: 0 all there, 2 some are missing and could not be installed.
set -u
cd -- "$(dirname -- "$0")/packages" || exit 2
lists=()
for list; do lists+=("$list.txt"); done
[ ${#lists[@]} -gt 0 ] || { echo "usage: $0 LIST..." >&2; exit 2; }
mapfile -t wanted < <(sed -e 's/[[:space:]]*#.*//' -e '/^$/d' -- "${lists[@]}")

if ! command -v dpkg-query >/dev/null; then
  echo "This is not Debian. Install what these packages of Debian 12 contain, then run ninja by hand" >&2
  echo "(see CONTRIBUTING.md): ${wanted[*]}" >&2
  exit 2
fi

missing() {
  local have
  # also counts a package that another one provides, such as pkgconf for pkg-config
  have=$(dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Provides}\n' 2>/dev/null |
    sed -n 's/^ii *|//p' | sed -E 's/\([^)]*\)//g' | tr '|, ' '\n\n\n')
  printf '%s\n' "${wanted[@]}" | grep -vxF -f <(sed '/^$/d' <<<"$have")
}

mapfile -t need < <(missing)
[ ${#need[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && [ -t 0 ]; then
    echo "These Debian packages are missing: ${need[*]}"
    read -r -p 'Install them with sudo apt-get? [y/N] ' answer
    case $answer in [yY]*) root=(sudo) ;; esac
  fi
  if [ ${#root[@]} -eq 0 ]; then
    echo "Missing Debian packages. Please install them and run this again:" >&2
    echo "  apt-get install --no-install-recommends ${need[*]}" >&2
    exit 2
  fi
fi

apt() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" </dev/null; }
install() { apt install -y --no-install-recommends -o Dpkg::Use-Pty=0 "${need[@]}"; }
known() { # has apt a list that names every one of them?
  [ "$(apt-cache policy "${need[@]}" 2>/dev/null | grep -c 'Candidate: [^(]')" -eq ${#need[@]} ]
}

echo "Installing Debian packages: ${need[*]}"
log=$(mktemp) || exit 2
trap 'rm -f -- "$log"' EXIT
{ known || apt update; } >"$log" 2>&1
if ! install >>"$log" 2>&1; then
  # the lists may be older than the mirror
  apt update >>"$log" 2>&1
  install >>"$log" 2>&1 || tail -n 15 -- "$log" >&2
fi
mapfile -t need < <(missing)
[ ${#need[@]} -eq 0 ] && exit 0
echo "Could not be installed: ${need[*]}" >&2
exit 2
