#!/usr/bin/env bash
# Check and test the backend of the example application, with the packages of its own requirements.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.venv/bin:$PATH
reports=$PWD/.testbed/reports
environment=$PWD/.testbed/apps/shop

cd examples/apps/shop/backend
uv venv --quiet --allow-existing "$environment"
uv pip sync --quiet --require-hashes --python "$environment/bin/python" requirements-dev.txt
export PATH=$environment/bin:$PATH PYTHONDONTWRITEBYTECODE=1
ruff check --quiet .
mypy --no-error-summary
python -m pytest --quiet -p no:cacheprovider --junitxml="$reports/apps.xml"
