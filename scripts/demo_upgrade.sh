#!/usr/bin/env bash
# Deploy the next version to the demo with the real playbook, while load runs on the public port.
# The exit code is 1 if a single request failed.
set -euo pipefail
cd "$(dirname "$0")/.."

inventory=inventories/demo

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }

python3 -m scripts.demo_version >/dev/null || scripts/demo.sh
live=$(python3 -m scripts.demo_version)
next=$(python3 -m scripts.demo_version --next)

say "Build version $next and push it: playbooks/images.yml"
ansible-playbook -i "$inventory" playbooks/images.yml -e "app_version=$next"

say "Deploy $next in place of $live, under load: playbooks/deploy.yml -e app_version=$next"
echo "    A visitor asks 20 times a second: one line per second shows the answers. Lines of the playbook begin with |."
python3 -m testbed.load -- ansible-playbook -i "$inventory" playbooks/deploy.yml -e "app_version=$next"
