#!/usr/bin/env bash
# Run the checks one after the other, say how long each took, and close with one line that counts the tests of all.
# Those in one argument, joined by a comma, go beside each other: each keeps one core busy. What the first of them says
# comes when it has ended.
set -euo pipefail
cd "$(dirname "$0")/.."

reports=.testbed/reports
rm -rf "$reports"
mkdir -p "$reports"

check() {
  local began=$SECONDS
  echo "==> $1"
  "${MAKE:-make}" --no-print-directory "$1" || { echo "==> $1: failed after $((SECONDS - began)) s"; return 1; }
  echo "==> $1: done in $((SECONDS - began)) s"
}

step=none
trap 'python3 scripts/tally.py "$reports" --seconds "$SECONDS" --failed-step "$step"' EXIT
for step in "$@"; do
  if [[ $step == *,* ]]; then
    echo "==> ${step%%,*}, beside ${step##*,}"
    check "${step%%,*}" >"$reports/first.log" 2>&1 &
    first=$!
    failed=
    check "${step##*,}" || failed=yes
    wait "$first" || failed=yes
    cat "$reports/first.log"
    [[ -z $failed ]] || exit 1
  else
    check "$step" || exit 1
  fi
done
step=none
