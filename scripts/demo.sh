#!/usr/bin/env bash
# Start a server on a bare machine and deploy the example application to it.
# You can repeat every step. A second run changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

inventory=inventories/demo
start=$SECONDS

say() { printf '\n\033[1m==> %s\033[0m (%d s so far)\n' "$*" "$((SECONDS - start))"; }

say "Prepare a Docker engine, base images and a registry on this machine"
python3 -m testbed engine
python3 -m testbed images
python3 -m testbed registry

say "Build the example application and push it: playbooks/images.yml"
ansible-playbook -i "$inventory" playbooks/images.yml

say "Boot a server: a container with systemd, SSH and its own Docker engine"
python3 -m testbed server up demo --image server --publish 127.0.0.1:2222:22 --publish 127.0.0.1:8420:8420
# Replace the host key of an earlier server.
docker exec slipway-demo cat /etc/ssh/ssh_host_ed25519_key.pub | sed 's/^/[127.0.0.1]:2222 /' > .testbed/known_hosts

say "Provision the server over SSH: playbooks/provision.yml"
ansible-playbook -i "$inventory" playbooks/provision.yml

say "Deploy the stack: playbooks/deploy.yml"
ansible-playbook -i "$inventory" playbooks/deploy.yml

say "Show what runs: playbooks/status.yml"
ansible-playbook -i "$inventory" playbooks/status.yml

cat <<END

The stack answers at http://127.0.0.1:8420
  log in to the server:                 ssh -i .testbed/id_ed25519 -p 2222 -o UserKnownHostsFile=.testbed/known_hosts deploy@127.0.0.1
  list the containers there:            cd /opt/stacks/shop/current && docker compose ps
  deploy the next version under load:   make demo-upgrade
  deploy a broken version under load:   make demo-break
  remove everything:                    make demo-down
END
