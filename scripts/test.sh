#!/usr/bin/env bash
# Run the checks one after the other, say how long each took, and close with one line that counts the tests of all.
set -euo pipefail
cd "$(dirname "$0")/.."

reports=.testbed/reports
rm -rf "$reports"
mkdir -p "$reports"

step=none
trap 'python3 scripts/tally.py "$reports" --seconds "$SECONDS" --failed-step "$step"' EXIT
for step in "$@"; do
  echo "==> $step"
  began=$SECONDS
  "${MAKE:-make}" --no-print-directory "$step" || { echo "==> $step: failed after $((SECONDS - began)) s"; exit 1; }
  echo "==> $step: done in $((SECONDS - began)) s"
done
step=none
