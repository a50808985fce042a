#!/usr/bin/env bash
# Start the testbed and run molecule scenarios on it. The arguments are names of scenarios. Without arguments, all
# scenarios run that are not marked as long. These options select some of them:
#   --alone   scenarios that need the whole machine
#   --shared  scenarios that share the server `stacks`
#   --data    scenarios that share the server `data`: backup and restore. They can run at the same time as --shared
#   --long    those that are marked as long, and those that have a long form
#   --list    only print what `make test` runs beside --alone, one argument of this script per line
# A run of all scenarios of a shared server boots a new one and removes it. A run of named scenarios keeps it.
# A scenario that fails does not stop those after it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.venv/bin:$PATH MOLECULE_GLOB='molecule/*/molecule.yml'

# Print the scenarios with (-l) or without (-L) a mark.
marked() {
  (cd molecule && grep "$1" -E "^ *($2): true" ./*/molecule.yml | cut -d/ -f2)
}

# Print the scenarios that share a server.
sharing() {
  (cd molecule && grep -lE "^ *- name: $1\$" ./*/molecule.yml | cut -d/ -f2)
}

remove_shared() {
  for server in "${servers[@]}"; do
    python3 -m testbed server down "$server"
  done
}

if [[ ${1-} == --list ]]; then
  printf '%s\n' --shared --data
  marked -L 'long|alone|shared'
  exit
fi

python3 -m testbed engine
python3 -m testbed images
python3 -m testbed registry

scenarios=("$@")
servers=()
case ${1---all} in
  --all)
    mapfile -t scenarios < <(marked -L long)
    servers=(stacks data)
    ;;
  --alone) mapfile -t scenarios < <(marked -l alone) ;;
  --shared)
    mapfile -t scenarios < <(sharing stacks)
    servers=(stacks)
    ;;
  --data)
    mapfile -t scenarios < <(sharing data)
    servers=(data)
    ;;
  --long)
    mapfile -t scenarios < <(marked -l 'long|long_form')
    servers=(stacks data)
    ;;
esac
if [[ ${#servers[@]} -gt 0 ]]; then
  remove_shared
  trap remove_shared EXIT
fi
failed=()
for scenario in "${scenarios[@]}"; do
  start=$SECONDS outcome=done
  echo "==> molecule: $scenario"
  molecule test --no-command-borders --scenario-name "$scenario" || { failed+=("$scenario"); outcome=failed; }
  echo "==> molecule: $scenario $outcome after $((SECONDS - start)) s"
done
if [[ ${#failed[@]} -gt 0 ]]; then
  echo "==> molecule: failed: ${failed[*]}"
  exit 1
fi
