#!/usr/bin/env bash
# Run the given make targets one after the other, print how long each takes, and end with a line that counts all tests.
# In an argument with commas, the first target runs at the same time as the others, because each keeps one core busy. It
# may be several, as a+b. Their output is printed when all of them have ended.
set -euo pipefail
cd "$(dirname "$0")/.."

reports=.testbed/reports
rm -rf "$reports"
mkdir -p "$reports"

check() {
  local start=$SECONDS
  echo "==> $1"
  "${MAKE:-make}" --no-print-directory "$1" || { echo "==> $1: failed after $((SECONDS - start)) s"; return 1; }
  echo "==> $1: done in $((SECONDS - start)) s"
}

check_each() {
  local name
  for name in ${1//+/ }; do
    check "$name" || return 1
  done
}

step=none
trap 'python3 scripts/tally.py "$reports" --seconds "$SECONDS" --failed-step "$step"' EXIT
for step in "$@"; do
  IFS=, read -ra names <<<"$step"
  parallel="" failed=""
  if [[ ${#names[@]} -gt 1 ]]; then
    echo "==> ${names[0]}, at the same time as ${names[*]:1}"
    check_each "${names[0]}" >"$reports/parallel.log" 2>&1 &
    parallel=$!
    names=("${names[@]:1}")
  fi
  for name in "${names[@]}"; do
    check "$name" || { failed=yes; break; }
  done
  if [[ -n $parallel ]]; then
    wait "$parallel" || failed=yes
    cat "$reports/parallel.log"
  fi
  [[ -z $failed ]] || exit 1
done
step=none
