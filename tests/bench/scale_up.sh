#!/bin/sh
# The usual script for "no downtime" with Compose: start as many new containers next to the old ones, wait until they
# are healthy, then stop the old ones. It does not check whether the proxy still uses the old ones.
set -eu
cd /opt/homemade

scale_up() {
  old=$(docker compose ps --quiet "$1")
  docker compose up --detach --no-deps --no-recreate --scale "$1=$((2 * $2))" "$1"
  for new in $(docker compose ps --quiet "$1" | grep -vF "$old"); do
    until [ "$(docker inspect --format '{{.State.Health.Status}}' "$new")" = healthy ]; do sleep 0.2; done
  done
  # shellcheck disable=SC2086 # one word per container
  docker stop $old
  # shellcheck disable=SC2086
  docker rm $old
}

scale_up backend 2
scale_up frontend 1
docker compose up --detach --no-deps worker beat
