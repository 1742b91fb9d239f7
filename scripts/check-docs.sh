#!/bin/bash
# Documents: every relative link in a Markdown file leads to a file of the project; every man page
# is made without a warning. Exit: 0 all good, 1 something is not (each line says what).
set -u
cd -- "$(dirname -- "$0")/.." || exit 2
bad=0
while IFS= read -r doc; do
  while IFS= read -r link; do
    case $link in http://* | https://* | mailto:* | '#'*) continue ;; esac
    target=$(dirname -- "$doc")/${link%%#*}
    [ -e "$target" ] || { echo "$doc: link to $link leads nowhere"; bad=1; }
  done < <(sed -e '/^```/,/^```/d' -e 's/`[^`]*`//g' -- "$doc" |
    grep -oE '\]\([^) ]+\)' | sed -E 's/^\]\((.*)\)$/\1/')
done < <(scripts/tracked-files.sh '*.md')

pages=0
while IFS= read -r page; do
  pages=$((pages + 1))
  made=$(scdoc <"$page" 2>&1) || { echo "$page: $made"; bad=1; continue; }
  words=$(groff -t -man -Tutf8 -ww -W break -z <<<"$made" 2>&1)
  [ -z "$words" ] || { echo "$page: $words"; bad=1; }
done < <(scripts/tracked-files.sh 'man/*.scd')
[ "$pages" -gt 0 ] || { echo 'man: no page'; bad=1; }
exit $bad
