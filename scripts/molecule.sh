#!/usr/bin/env bash
# Bring up the testbed and run molecule's scenarios on it: all of them, or those named as arguments.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.venv/bin:$PATH MOLECULE_GLOB='molecule/*/molecule.yml'

python3 -m testbed engine
python3 -m testbed images
python3 -m testbed registry

scenarios=("$@")
[[ $# -gt 0 ]] || mapfile -t scenarios < <(cd molecule && dirname ./*/molecule.yml | cut -c3-)
for scenario in "${scenarios[@]}"; do
  began=$SECONDS
  echo "==> molecule: $scenario"
  molecule test --no-command-borders --scenario-name "$scenario"
  echo "==> molecule: $scenario done in $((SECONDS - began)) s"
done
