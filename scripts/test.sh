#!/usr/bin/env bash
# Run the checks one after the other, say how long each took, and close with one line that counts the tests of all.
# Of those that commas join, the first goes beside the others, as each keeps one core busy; what it says comes when all
# of them have ended.
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
  IFS=, read -ra names <<<"$step"
  beside= failed=
  if [[ ${#names[@]} -gt 1 ]]; then
    echo "==> ${names[0]}, beside ${names[*]:1}"
    check "${names[0]}" >"$reports/beside.log" 2>&1 &
    beside=$!
    names=("${names[@]:1}")
  fi
  for name in "${names[@]}"; do
    check "$name" || { failed=yes; break; }
  done
  if [[ -n $beside ]]; then
    wait "$beside" || failed=yes
    cat "$reports/beside.log"
  fi
  [[ -z $failed ]] || exit 1
done
step=none
