#!/usr/bin/env bash
# A version whose health check never becomes good, shipped to the demo under load.
# Ends with 0 where the deploy failed, said why, and the old version answered every request.
set -euo pipefail
cd "$(dirname "$0")/.."

inventory=inventories/demo

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }

python3 -m scripts.demo_version >/dev/null || scripts/demo.sh
live=$(python3 -m scripts.demo_version)
bad=$(python3 -m scripts.demo_version --next)-unhealthy

say "Version $bad, built and pushed: its backend says it is unwell"
python3 -m testbed shop --versions "$bad"

say "From $live to $bad under load: playbooks/deploy.yml -e app_version=$bad"
echo "    The health check has its time to become good, as long as the engine itself would give it: about a minute."
python3 -m testbed.load --fails -- ansible-playbook -i "$inventory" playbooks/deploy.yml -e "app_version=$bad"
