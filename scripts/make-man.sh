#!/bin/bash
# A man page on stdout from scdoc's form on stdin. Pages have tables: the first line has `man` run tbl for them.
# Usage: scripts/make-man.sh SCDOC
set -eu
[ $# -eq 1 ] || { echo "usage: $0 SCDOC" >&2; exit 2; }
printf '%s\n' "'\\\" t"
exec "$1"
