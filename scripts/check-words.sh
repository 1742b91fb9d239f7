#!/bin/bash
# The project's files speak of the project only: no path of one person's machine, no document that is
# not here, nothing left undone.
# Exit: 0 none found, 1 some (file:line:text).
set -u
cd -- "$(dirname -- "$0")/.." || exit 2
mapfile -t files < <(scripts/tracked-files.sh | grep -vE '^(scripts/check-words\.sh|LICENSE)$|/corpus/')
found=0
refuse() { # what pattern
  local hits
  hits=$(printf '%s\0' "${files[@]}" | xargs -0 grep -HnIE -- "$2") || return 0
  echo "$1:"
  head -n 20 <<<"$hits"
  found=1
}
refuse "a path of one machine" '(^|[^[:alnum:]_.$}/-])/(root|Users)/[[:alnum:]]'
refuse "a document that is not in the project" '(^|[^[:alnum:]_-])(design|house|field|dependencies|tlog|exercises)\.md'
refuse "left undone" '(^|[^[:alnum:]_])(TODO|FIXME|XXX)([^[:alnum:]_]|$)'
exit $found
