#!/usr/bin/env bash
# Deploy a stack of examples/stacks to a temporary server. STACK and ENVIRONMENT are the names of its directories. The
# environment development runs on this machine instead.
set -euo pipefail
cd "$(dirname "$0")/.."

stack=${1:?give a stack of examples/stacks, such as bot}
environment=${2:?give one of its environments, such as production}
inventory=examples/stacks/$stack/$environment
[[ -d $inventory ]] || { echo "error: there is no $inventory; these exist:" examples/stacks/*/*/hosts.yml; exit 1; }
if [[ $environment == development ]]; then exec scripts/example_here.sh "$stack"; fi
address=172.31.250.46
known_hosts=.testbed/known_hosts.example
# No authority on the internet issues a certificate for this server. It has an authority of its own.
case $environment in
  production | staging) domain=localhost tls='{"source": "internal"}' port=443 url=https://localhost:8424 ;;
  *) domain=127.0.0.1 tls='{}' port=80 url=http://127.0.0.1:8424 ;;
esac

say() { printf '\n\033[1m==> %s\033[0m (%d s so far)\n' "$*" "$SECONDS"; }

images=(backend)
case $stack in
  monorepo | traefik) images+=(frontend) ;;
  template) images+=(edge) ;;
  langflow) images+=(next) ;;
esac
if [[ $environment == test ]]; then images+=(tests); fi

say "Prepare a Docker engine, base images and a registry on this machine"
python3 -m testbed engine
python3 -m testbed images
python3 -m testbed registry
python3 -m testbed shop --versions 1.0.0 --images "${images[@]}"
if [[ $stack == bot ]]; then python3 -m testbed telegram; fi
# The real Langflow is a download of gigabytes. If you have its image, set LANGFLOW_IMAGE to its reference.
if [[ $stack == langflow ]]; then python3 -m testbed langflow "${LANGFLOW_IMAGE:-}"; fi
if [[ $stack == traefik ]]; then python3 -m testbed registry traefik; fi

say "Boot a server: a container with systemd, SSH and its own Docker engine"
python3 -m testbed server down example
python3 -m scripts.free_ports 127.0.0.1:8424
python3 -m testbed server up example --image server-engine --address "$address" --publish "127.0.0.1:8424:$port"
rm -f "$known_hosts"

# Variables of the testbed's server, in place of the environment's real ones. The token is generated for this run.
variables=.testbed/example.json
(umask 077 && python3 - "$address" "$known_hosts" "$domain" "$tls" > "$variables") <<'END'
import json, secrets, sys
address, known_hosts, domain, tls = sys.argv[1:]
print(json.dumps({
    "ansible_host": address,
    "ansible_ssh_private_key_file": ".testbed/id_ed25519",
    "ansible_ssh_common_args": f"-o UserKnownHostsFile={known_hosts} -o StrictHostKeyChecking=accept-new",
    "engine_insecure_registries": ["registry:5000"],
    "engine_registry_mirrors": ["http://registry:5000"],
    "app_registry": "registry:5000",
    "app_version": "1.0.0",
    "stack_domain": domain,
    "app_tls": json.loads(tls),
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
  say "Run the application's tests again by hand. If they fail, this command fails."
  ssh -i .testbed/id_ed25519 -o UserKnownHostsFile="$known_hosts" -o LogLevel=ERROR "deploy@$address" \
    "cd /opt/stacks/$stack/current && sudo docker compose run --rm tests"
fi

if [[ $port == 443 ]]; then
  say "Ask it over HTTPS, and trust its own authority"
  ansible-playbook -i "$inventory" -e "@$variables" -e "certificates_export=$PWD/.testbed/example.pem" \
    playbooks/certificates.yml
  curl --silent --show-error --fail --cacert .testbed/example.pem --output /dev/null \
    --write-out '%{http_code} over HTTP/%{http_version}\n' "$url/api/health"
fi

cat <<END

The stack $stack in the environment $environment answers at $url
  remove it: python3 -m testbed server down example
END
