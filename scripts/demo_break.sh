#!/usr/bin/env bash
# Deploy a version whose health check always fails to the demo, under load.
# The exit code is 0 if the deploy failed and the old version answered every request.
set -euo pipefail
cd "$(dirname "$0")/.."

inventory=inventories/demo

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }

python3 -m scripts.demo_version >/dev/null || scripts/demo.sh
live=$(python3 -m scripts.demo_version)
bad=$(python3 -m scripts.demo_version --next)-unhealthy

say "Build and push version $bad, whose health check always fails"
python3 -m testbed shop --versions "$bad"

say "Deploy $bad in place of $live, under load: playbooks/deploy.yml -e app_version=$bad"
echo "    The health check gets as much time as Docker gives it, about a minute. Then the deploy must fail."
python3 -m testbed.load --fails -- ansible-playbook -i "$inventory" playbooks/deploy.yml -e "app_version=$bad"
