#!/usr/bin/env bash
# Bring up the testbed and run molecule's scenarios on it: those named as arguments, or all but the ones marked as long.
# Servers that scenarios share are new for a run of all, and gone after it; a run of some leaves them for the next.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.venv/bin:$PATH MOLECULE_GLOB='molecule/*/molecule.yml'

remove_shared() {
  awk '$2 == "name:" {name = $3} $1 == "shared:" && $2 == "true" {print name}' molecule/*/molecule.yml | sort -u |
    xargs --no-run-if-empty -n 1 python3 -m testbed server down
}

python3 -m testbed engine
python3 -m testbed images
python3 -m testbed registry

scenarios=("$@")
if [[ $# -eq 0 ]]; then
  mapfile -t scenarios < <(cd molecule && grep -L '^ *long: true' ./*/molecule.yml | xargs dirname | cut -c3-)
  remove_shared
  trap remove_shared EXIT
fi
for scenario in "${scenarios[@]}"; do
  began=$SECONDS
  echo "==> molecule: $scenario"
  molecule test --no-command-borders --scenario-name "$scenario"
  echo "==> molecule: $scenario done in $((SECONDS - began)) s"
done
