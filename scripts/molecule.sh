#!/usr/bin/env bash
# Bring up the testbed and run molecule's scenarios on it: those named as arguments one after the other, or all but the
# ones marked as long. All of them go in two lanes beside each other, as there are two cores: those on the servers that
# scenarios share, and those with servers of their own; the ones that measure under load follow alone.
# Servers that scenarios share are new for a run of all, and gone after it; a run of some leaves them for the next.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.venv/bin:$PATH MOLECULE_GLOB='molecule/*/molecule.yml'

remove_shared() {
  awk '$2 == "name:" {name = $3} $1 == "shared:" && $2 == "true" {print name}' molecule/*/molecule.yml | sort -u |
    xargs --no-run-if-empty -n 1 python3 -m testbed server down
}

# Print the scenarios whose molecule.yml says true for the given key.
marked() {
  grep -l "^ *$1: true" molecule/*/molecule.yml | cut -d / -f 2
}

# Run the named scenarios in their order, up to the first that fails.
run() {
  local scenario began
  for scenario; do
    began=$SECONDS
    echo "==> molecule: $scenario"
    molecule test --no-command-borders --scenario-name "$scenario" ||
      { echo "==> molecule: $scenario failed after $((SECONDS - began)) s"; return 1; }
    echo "==> molecule: $scenario done in $((SECONDS - began)) s"
  done
}

# Run the named scenarios as one of two lanes: every line of output says which of them it comes from.
lane() {
  local scenario
  for scenario; do
    run "$scenario" 2>&1 | sed -u "s/^/$scenario | /" || return 1
  done
}

python3 -m testbed engine
python3 -m testbed images
python3 -m testbed registry

if [[ $# -gt 0 ]]; then
  run "$@"
  exit
fi

mapfile -t shared < <(marked shared)
mapfile -t alone < <(comm -23 <(marked alone) <(marked long))
mapfile -t own < <(printf '%s\n' molecule/*/molecule.yml | cut -d / -f 2 |
  grep -vxFf <(marked long; marked shared; marked alone))
remove_shared
trap remove_shared EXIT
lane "${own[@]}" &
own_lane=$!
failed=
lane "${shared[@]}" || failed=yes
wait "$own_lane" || failed=yes
[[ -z $failed ]]
run "${alone[@]}"
