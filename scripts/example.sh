#!/usr/bin/env bash
# Deploy one of examples/stacks to a throwaway server: STACK and ENVIRONMENT as its directories are called. Its
# development form runs on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."

stack=${1:?name a stack of examples/stacks, such as bot}
environment=${2:?name one of its environments, such as production}
inventory=examples/stacks/$stack/$environment
[[ -d $inventory ]] || { echo "error: there is no $inventory; there are:" examples/stacks/*/*/hosts.yml; exit 1; }
if [[ $environment == development ]]; then exec scripts/example_here.sh "$stack"; fi
address=172.31.250.46
known_hosts=.testbed/known_hosts.example

say() { printf '\n\033[1m==> %s\033[0m (%d s so far)\n' "$*" "$SECONDS"; }

images=(backend)
case $stack in
  monorepo | traefik) images+=(frontend) ;;
  template) images+=(edge) ;;
  langflow) images+=(next) ;;
esac
if [[ $environment == test ]]; then images+=(tests); fi

say "An engine, base images and a registry on this machine"
python3 -m testbed engine
python3 -m testbed images
python3 -m testbed registry
python3 -m testbed shop --versions 1.0.0 --images "${images[@]}"
if [[ $stack == bot ]]; then python3 -m testbed telegram; fi
# The real Langflow is a download of gigabytes: where its image is there, LANGFLOW_IMAGE names it.
if [[ $stack == langflow ]]; then python3 -m testbed langflow "${LANGFLOW_IMAGE:-}"; fi
if [[ $stack == traefik ]]; then python3 -m testbed registry traefik; fi

say "A throwaway server that boots systemd"
python3 -m testbed server down example
python3 -m testbed server up example --image server-engine --address "$address" --publish 127.0.0.1:8424:80
rm -f "$known_hosts"

# What a server of the testbed has in place of the environment's real ones. The token is made for this run.
variables=.testbed/example.json
(umask 077 && python3 - "$address" "$known_hosts" > "$variables") <<'END'
import json, secrets, sys
address, known_hosts = sys.argv[1:]
print(json.dumps({
    "ansible_host": address,
    "ansible_ssh_private_key_file": ".testbed/id_ed25519",
    "ansible_ssh_common_args": f"-o UserKnownHostsFile={known_hosts} -o StrictHostKeyChecking=accept-new",
    "engine_insecure_registries": ["registry:5000"],
    "engine_registry_mirrors": ["http://registry:5000"],
    "app_registry": "registry:5000",
    "app_version": "1.0.0",
    "app_http_address": "",
    "app_http_port": 80,
    "app_langflow_image": "registry:5000/example/langflow:1.13.0",
    "app_traefik": "3",
    "app_telegram_api": "http://172.31.250.3:8081",
    "vault_telegram_token": secrets.token_urlsafe(26),
}))
END
for playbook in provision deploy verify; do
  say "playbooks/$playbook.yml"
  ansible-playbook -i "$inventory" -e "@$variables" "playbooks/$playbook.yml"
done

if [[ $environment == test ]]; then
  say "The application's tests once more, by hand: their status is that of this command"
  ssh -i .testbed/id_ed25519 -o UserKnownHostsFile="$known_hosts" -o LogLevel=ERROR "deploy@$address" \
    "cd /opt/stacks/$stack/current && sudo docker compose run --rm tests"
fi

cat <<END

The stack $stack in its environment $environment answers at http://127.0.0.1:8424
  away with it: python3 -m testbed server down example
END
