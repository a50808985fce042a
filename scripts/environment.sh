#!/usr/bin/env bash
# Install exactly the packages of requirements.txt into .venv. This takes milliseconds if they are installed.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv/requirements.sha256
wanted=$(sha256sum requirements.txt)
if [[ -x .venv/bin/ansible && -f $stamp && $(<"$stamp") == "$wanted" ]]; then
  exit 0
fi

python=$(command -v python3) || { echo "environment: python3 is missing; install Python 3.11 or later" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  { echo "environment: $("$python" --version) is too old; install Python 3.11 or later" >&2; exit 1; }

# Trust the certificate authorities of the machine, also local ones.
export UV_NATIVE_TLS=${UV_NATIVE_TLS:-true}

uv=$(command -v uv || true)
if [[ ! -x .venv/bin/python ]]; then
  echo "==> environment: creating .venv with $("$python" --version)"
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
    # Use the pinned release and its hashes from requirements.txt.
    awk '/^[^ #]/ {keep = /^uv==/} keep' requirements.txt >.venv/uv.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
  fi
fi

# uv does not read pip's configuration. Give it the index that pip uses.
pip=$([[ -x .venv/bin/pip ]] && echo .venv/bin/python || echo "$python")
index=${PIP_INDEX_URL:-$("$pip" -m pip config get global.index-url 2>/dev/null || true)}
if [[ -n $index ]]; then
  export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}
fi

echo "==> environment: installing $(grep -c '==' requirements.txt) pinned packages with uv"
VIRTUAL_ENV=$PWD/.venv "$uv" pip sync --quiet --require-hashes requirements.txt
printf '%s\n' "$wanted" >"$stamp"
