#!/usr/bin/env bash
# Run the molecule scenarios of `make test` that do not need the whole machine, two at a time. Those that share a server
# follow each other, and begin first, because they take the longest. A scenario that fails does not stop the others. The
# output of each is printed when it has ended. The exit code is not 0 if one of them has failed.
set -euo pipefail
cd "$(dirname "$0")/.."
export REPORTS=.testbed/reports
mkdir -p "$REPORTS"

run() {
  local log=$REPORTS/molecule-${1#--}.log code=0
  echo "==> molecule: ${1#--}"
  scripts/molecule.sh "$1" >"$log" 2>&1 || code=1
  flock "$REPORTS" cat "$log"
  return "$code"
}
export -f run

scripts/molecule.sh --list | xargs -P 2 -I{} bash -c 'run "$1"' run {}
