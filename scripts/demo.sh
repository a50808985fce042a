#!/usr/bin/env bash
# The main job, start to end: a bare machine becomes one with a server on it that runs the example application.
# Every step is safe to repeat; a second run changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

inventory=inventories/demo
begun=$SECONDS

say() { printf '\n\033[1m==> %s\033[0m (%d s so far)\n' "$*" "$((SECONDS - begun))"; }

say "An engine, base images and a registry on this machine"
python3 -m testbed engine
python3 -m testbed images
python3 -m testbed registry

say "The example application, built and pushed to the registry"
ansible-playbook -i "$inventory" playbooks/images.yml

say "A throwaway server that boots systemd"
python3 -m testbed server up demo --image server --publish 127.0.0.1:2222:22 --publish 127.0.0.1:8420:8420
# Its own, and not that of a server that was there before.
docker exec slipway-demo cat /etc/ssh/ssh_host_ed25519_key.pub | sed 's/^/[127.0.0.1]:2222 /' > .testbed/known_hosts

say "The server provisioned over SSH: playbooks/provision.yml"
ansible-playbook -i "$inventory" playbooks/provision.yml

say "The stack deployed: playbooks/deploy.yml"
ansible-playbook -i "$inventory" playbooks/deploy.yml

say "What runs: playbooks/status.yml"
ansible-playbook -i "$inventory" playbooks/status.yml

cat <<END

The stack answers at http://127.0.0.1:8420
  on the server:                        ssh -i .testbed/id_ed25519 -p 2222 -o UserKnownHostsFile=.testbed/known_hosts deploy@127.0.0.1
  there:                                cd /opt/stacks/shop/current && docker compose ps
  its next version, under load:         make demo-upgrade
  a version that is broken, under load: make demo-break
  away with it:                         make demo-down
END
