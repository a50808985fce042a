# The commands of a developer. The tools are in .venv, with the versions of requirements.txt.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)

COLLECTION := .collections/ansible_collections/slipway/stack
PYTHON_CHECKED := $(wildcard $(COLLECTION)/plugins/plugin_utils $(COLLECTION)/plugins/module_utils) testbed scripts

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

environment: ## install the packages of requirements.txt into .venv
	@scripts/environment.sh

demo: environment ## boot a server on this machine and deploy an example application to it
	@scripts/demo.sh

example: environment ## deploy a stack of examples/stacks to a temporary server (STACK=bot ENVIRONMENT=production)
	@scripts/example.sh "$(STACK)" "$(ENVIRONMENT)"

demo-upgrade: environment ## deploy the demo's next version under load, and show the result of every request
	@scripts/demo_upgrade.sh

demo-break: environment ## deploy a version with a failing health check under load: the old one keeps serving
	@scripts/demo_break.sh

demo-down: ## remove servers, registry, images and networks, and stop the engine if the demo started it
	@python3 -m testbed down --all

lock: environment ## compile requirements.in and requirements-checks.in, with hashes
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --output-file requirements.txt requirements.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --output-file requirements-checks.txt requirements-checks.in

docs: environment ## generate the reference pages of docs/
	@PYTHONPATH=.collections python3 -m scripts.reference

site: environment ## build the documentation site from docs/ in .cache/site, without a warning
	@python3 -m scripts.site

format: environment ## format the Python files
	ruff check --quiet --fix-only .
	ruff format --quiet .

lint: environment ## check style, types, YAML, roles and changelog fragments, and run a part of ansible-test sanity
	ruff check --quiet .
	ruff format --quiet --check .
	mypy --no-error-summary $(PYTHON_CHECKED)
	yamllint --strict .
	ansible-lint -q --offline
	antsibull-changelog lint
	@python3 -m scripts.sanity

sanity: environment ## run all of ansible-test sanity with each supported version of ansible-core
	@python3 -m scripts.sanity --whole

artifact-check: environment ## check the artefact with galaxy-importer and the documentation with antsibull-docs
	@python3 -m scripts.artefact_check

unit: environment ## run the tests that need no server
	pytest --junitxml=.testbed/reports/unit.xml

# The two halves of `unit`, which `test` runs at the same time.
unit-templates: environment
	pytest --junitxml=.testbed/reports/unit-templates.xml tests/templates

unit-others: environment
	pytest --junitxml=.testbed/reports/unit-others.xml tests/unit tests/contracts

apps: environment ## check and test the example application's backend
	@scripts/apps.sh

molecule: environment ## run the molecule scenarios on test servers (SCENARIO=name for one)
	@scripts/molecule.sh $(SCENARIO)

bench: environment ## compare the time of a deploy with that of other tools (docs/performance.md)
	@PYTHONPATH=.collections python3 -m tests.bench $(BENCH)

molecule-alone: environment
	@scripts/molecule.sh --alone

molecule-others: environment
	@scripts/two_at_a_time.sh

test: environment ## run lint, unit, apps and the molecule scenarios, two at a time
	@scripts/test.sh lint+unit-templates,unit-others,apps molecule-alone molecule-others

engine: environment ## run the tests that need an engine: refreshes, hardened containers, TLS, an execution environment
	@python3 -m testbed engine
	@python3 -m testbed images
	pytest -s tests/engine

# For its prerequisites, too: the tests of `engine` have a long form.
test-long: export ROLLOUT_LONG := 1
test-long: sanity artifact-check engine ## run sanity, artifact-check and the long scenarios: interrupted rollouts and other platforms
	DIFFERENTIAL_MINUTES=$${DIFFERENTIAL_MINUTES:-10} pytest -s tests/contracts/test_any_project.py
	@scripts/molecule.sh --long

.PHONY: help demo demo-upgrade demo-break demo-down example environment lock docs site format lint sanity artifact-check \
  engine unit unit-templates unit-others apps molecule bench molecule-alone molecule-others \
  test test-long
