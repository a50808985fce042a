#!/usr/bin/env bash
# Bring up the testbed and run molecule's scenarios on it: those named as arguments, or all but the ones marked as long.
# Of these, --alone are those that need the machine to themselves, --shared those that share a server, and --single all
# others: shared and single ones may run side by side.
# Servers that scenarios share are new for a run of all of them, and gone after it; a run of some leaves them for the
# next.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.venv/bin:$PATH MOLECULE_GLOB='molecule/*/molecule.yml'

# Scenarios that have (-l) or lack (-L) a mark.
marked() {
  (cd molecule && grep "$1" -E "^ *($2): true" ./*/molecule.yml | cut -d/ -f2)
}

remove_shared() {
  awk '$2 == "name:" {name = $3} $1 == "shared:" && $2 == "true" {print name}' molecule/*/molecule.yml | sort -u |
    xargs --no-run-if-empty -n 1 python3 -m testbed server down
}

python3 -m testbed engine
python3 -m testbed images
python3 -m testbed registry

scenarios=("$@")
case ${1---all} in
  --all) mapfile -t scenarios < <(marked -L long) ;;
  --alone) mapfile -t scenarios < <(marked -l alone) ;;
  --shared) mapfile -t scenarios < <(marked -l shared) ;;
  --single) mapfile -t scenarios < <(marked -L 'long|alone|shared') ;;
esac
case ${1---all} in
  --all | --shared)
    remove_shared
    trap remove_shared EXIT
    ;;
esac
for scenario in "${scenarios[@]}"; do
  began=$SECONDS
  echo "==> molecule: $scenario"
  molecule test --no-command-borders --scenario-name "$scenario"
  echo "==> molecule: $scenario done in $((SECONDS - began)) s"
done
