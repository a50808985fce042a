#!/usr/bin/env bash
# Run one of examples/stacks in its development form on this machine, as its developers would: the playbook `workspace`
# in a copy of the sources, `docker compose up`, and then the questions that a deploy asks.
set -euo pipefail
cd "$(dirname "$0")/.."

stack=${1:?name a stack of examples/stacks, such as bot}
checkout=$PWD/.testbed/example-$stack
inventory=$checkout/examples/stacks/$stack/development
export COMPOSE_PROJECT_NAME=example-$stack EDGE_PORT=8424
variables=(app_version=development)

say() { printf '\n\033[1m==> %s\033[0m (%d s so far)\n' "$*" "$SECONDS"; }

# Read `SERVICE STATE HEALTH EXIT_CODE` of each container: whether all run and are healthy, or have ended well.
all_well() {
  awk '$2 == "running" && $3 == "healthy" {next} $2 == "exited" && $NF == 0 {next} {bad = 1} END {exit bad || !NR}'
}

say "An engine and base images on this machine"
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
  say "Away with what ran there before"
  if [[ $stack == bot ]]; then docker network disconnect --force "${COMPOSE_PROJECT_NAME}_app" slipway-telegram || :; fi
  (cd "$checkout" && docker compose down --volumes --remove-orphans --timeout 2)
fi
say "A checkout of its own: $checkout"
rm -rf "$checkout"
mkdir -p "$checkout"
git ls-files -z -- examples | xargs -0 cp --parents --no-dereference --target-directory "$checkout"

say "playbooks/workspace.yml"
ansible-playbook -i "$inventory" playbooks/workspace.yml -e "workspace_path=$checkout" "${variables[@]/#/-e}"

say "docker compose up"
given_up=$((SECONDS + 300))
(
  cd "$checkout"
  docker compose build
  docker compose create
  if [[ $stack == bot ]]; then docker network connect --alias telegram "${COMPOSE_PROJECT_NAME}_app" slipway-telegram; fi
  docker compose up --detach
  # Not --wait: that takes a job which has done its work for one that has failed.
  until docker compose ps --all --format '{{.Service}} {{.State}} {{.Health}} {{.ExitCode}}' | all_well; do
    [[ $SECONDS -lt $given_up ]] || { docker compose ps --all; echo "error: not all of it is well" >&2; exit 1; }
    sleep 1
  done
  docker compose ps --all
)

say "What the description asks of it: stack_probes"
ansible-playbook -i "$inventory" scripts/example_probes.yml -e "base=http://127.0.0.1:$EDGE_PORT" "${variables[@]/#/-e}"

cat <<END

The stack $stack in its environment development answers at http://127.0.0.1:$EDGE_PORT
  with what you save seen at once: cd $checkout && COMPOSE_PROJECT_NAME=$COMPOSE_PROJECT_NAME EDGE_PORT=$EDGE_PORT docker compose up --watch
  away with it: cd $checkout && COMPOSE_PROJECT_NAME=$COMPOSE_PROJECT_NAME docker compose down --volumes
END
