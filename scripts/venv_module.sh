#!/usr/bin/env bash
# On Debian, Python's venv module is a separate package. Install it if this user may.
set -euo pipefail

if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
  echo "environment: Python's venv module is missing; install python3-venv, or uv" >&2
  exit 1
fi
echo "==> environment: installing python3-venv with apt-get"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3-venv >/dev/null
