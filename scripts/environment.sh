#!/usr/bin/env bash
# Make .venv hold exactly what requirements.txt pins; a matter of milliseconds when it does already.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv/requirements.sha256
wanted=$(sha256sum requirements.txt)
if [[ -x .venv/bin/ansible && -f $stamp && $(<"$stamp") == "$wanted" ]]; then
  exit 0
fi

python=$(command -v python3) || { echo "environment: python3 is missing; install Python 3.11 or newer" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  { echo "environment: $("$python" --version) is too old; Python 3.11 or newer is needed" >&2; exit 1; }

# Trust what the machine trusts, an own certificate authority included.
export UV_NATIVE_TLS=${UV_NATIVE_TLS:-true}

uv=$(command -v uv || true)
if [[ ! -x .venv/bin/python ]]; then
  echo "==> environment: making .venv with $("$python" --version)"
  if [[ -n $uv ]]; then
    "$uv" venv --quiet --python "$python" .venv
  else
    "$python" -c 'import ensurepip' 2>/dev/null || scripts/venv_module.sh
    "$python" -m venv --clear .venv
  fi
fi
if [[ -z $uv ]]; then
  uv=.venv/bin/uv
  if [[ ! -x $uv ]]; then
    echo "==> environment: installing uv with pip"
    # The pinned release with its hashes, as it stands in requirements.txt.
    awk '/^[^ #]/ {keep = /^uv==/} keep' requirements.txt >.venv/uv.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
  fi
fi

# uv reads no pip configuration: hand it the index that pip would use here.
pip=$([[ -x .venv/bin/pip ]] && echo .venv/bin/python || echo "$python")
index=${PIP_INDEX_URL:-$("$pip" -m pip config get global.index-url 2>/dev/null || true)}
if [[ -n $index ]]; then
  export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}
fi

echo "==> environment: installing $(grep -c '==' requirements.txt) pinned packages with uv"
VIRTUAL_ENV=$PWD/.venv "$uv" pip sync --quiet --require-hashes requirements.txt
printf '%s\n' "$wanted" >"$stamp"
