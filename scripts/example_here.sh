#!/usr/bin/env bash
# Run a stack of examples/stacks in the environment development on this machine, as its developers do: run the playbook
# `workspace` in a copy of the sources, then `docker compose up`, and then send the probes that a deploy sends.
set -euo pipefail
cd "$(dirname "$0")/.."

stack=${1:?give a stack of examples/stacks, such as bot}
checkout=$PWD/.testbed/example-$stack
inventory=$checkout/examples/stacks/$stack/development
export COMPOSE_PROJECT_NAME=example-$stack EDGE_PORT=8425
variables=(app_version=development)

say() { printf '\n\033[1m==> %s\033[0m (%d s so far)\n' "$*" "$SECONDS"; }

# Read `SERVICE STATE HEALTH EXIT_CODE` of each container. Succeed if each is healthy or has ended with code 0.
all_healthy() {
  awk '$2 == "running" && $3 == "healthy" {next} $2 == "exited" && $NF == 0 {next} {bad = 1} END {exit bad || !NR}'
}

say "Prepare a Docker engine and base images on this machine"
python3 -m testbed engine
python3 -m testbed images
case $stack in
  bot)
    python3 -m testbed telegram
    variables+=(app_telegram_api=http://telegram:8081 "vault_telegram_token=$(openssl rand -hex 13)") ;;
  traefik)
    python3 -m testbed registry traefik
    variables+=(app_traefik=3) ;;
  langflow)
    python3 -m testbed registry
    python3 -m testbed langflow "${LANGFLOW_IMAGE:-}"
    variables+=("app_langflow_image=127.0.0.1:5000/example/langflow:1.13.0") ;;
esac

if [[ -e $checkout/compose.yaml ]]; then
  say "Remove the containers of an earlier run"
  if [[ $stack == bot ]]; then docker network disconnect --force "${COMPOSE_PROJECT_NAME}_app" slipway-telegram || :; fi
  (cd "$checkout" && docker compose down --volumes --remove-orphans --timeout 2)
fi
say "Copy the sources to $checkout"
rm -rf "$checkout"
mkdir -p "$checkout"
git ls-files -z -- examples | xargs -0 cp --parents --no-dereference --target-directory "$checkout"

say "playbooks/workspace.yml"
ansible-playbook -i "$inventory" playbooks/workspace.yml -e "workspace_path=$checkout" "${variables[@]/#/-e}"

# The engine would name the port and not who has it.
(cd "$checkout" && docker compose config --format json) | python3 -m scripts.free_ports
say "docker compose up"
deadline=$((SECONDS + 300))
(
  cd "$checkout"
  docker compose build
  docker compose create
  if [[ $stack == bot ]]; then docker network connect --alias telegram "${COMPOSE_PROJECT_NAME}_app" slipway-telegram; fi
  docker compose up --detach
  # Not --wait: for Compose, a job that has ended successfully is a failure.
  until docker compose ps --all --format '{{.Service}} {{.State}} {{.Health}} {{.ExitCode}}' | all_healthy; do
    [[ $SECONDS -lt $deadline ]] || { docker compose ps --all; echo "error: not all services are healthy" >&2; exit 1; }
    sleep 1
  done
  docker compose ps --all
)

say "Send the probes of the description: stack_probes"
ansible-playbook -i "$inventory" scripts/example_probes.yml -e "base=http://127.0.0.1:$EDGE_PORT" "${variables[@]/#/-e}"

cat <<END

The stack $stack in the environment development answers at http://127.0.0.1:$EDGE_PORT
  reload what you save: cd $checkout && COMPOSE_PROJECT_NAME=$COMPOSE_PROJECT_NAME EDGE_PORT=$EDGE_PORT docker compose up --watch
  remove it: cd $checkout && COMPOSE_PROJECT_NAME=$COMPOSE_PROJECT_NAME docker compose down --volumes
END
