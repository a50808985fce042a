#!/usr/bin/env bash
# Start the testbed and run molecule scenarios on it. The arguments are names of scenarios. Without arguments, all
# scenarios run that are not marked as long. These options select some of them:
#   --alone   scenarios that need the whole machine
#   --shared  scenarios that share a server
#   --single  all others; they can run at the same time as --shared
#   --long    those that are marked as long, and those that have a long form
# A run of all shared scenarios boots new servers and removes them. A run of named scenarios keeps the shared servers.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.venv/bin:$PATH MOLECULE_GLOB='molecule/*/molecule.yml'

# Print the scenarios with (-l) or without (-L) a mark.
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
  --long) mapfile -t scenarios < <(marked -l 'long|long_form') ;;
esac
case ${1---all} in
  --all | --shared)
    remove_shared
    trap remove_shared EXIT
    ;;
esac
for scenario in "${scenarios[@]}"; do
  start=$SECONDS
  echo "==> molecule: $scenario"
  molecule test --no-command-borders --scenario-name "$scenario"
  echo "==> molecule: $scenario done in $((SECONDS - start)) s"
done
