#!/usr/bin/env bash
# The demo's next version, rolled out with the real playbook while load runs on the public port.
# Ends with 1 where a single request failed.
set -euo pipefail
cd "$(dirname "$0")/.."

inventory=inventories/demo

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }

python3 -m scripts.demo_version >/dev/null || scripts/demo.sh
live=$(python3 -m scripts.demo_version)
next=$(python3 -m scripts.demo_version --next)

say "Version $next, built and pushed: playbooks/images.yml"
ansible-playbook -i "$inventory" playbooks/images.yml -e "app_version=$next"

say "From $live to $next under load: playbooks/deploy.yml -e app_version=$next"
echo "    Each second: what a visitor got who asks 20 times a second. After | the rollout's own lines."
python3 -m testbed.load -- ansible-playbook -i "$inventory" playbooks/deploy.yml -e "app_version=$next"
