# Everything a developer does here. The tools come from .venv, which requirements.txt pins.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)

COLLECTION := .collections/ansible_collections/slipway/stack
PYTHON_CHECKED := $(wildcard $(COLLECTION)/plugins/plugin_utils $(COLLECTION)/plugins/module_utils) testbed scripts

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

environment: ## make .venv hold what requirements.txt pins
	@scripts/environment.sh

demo: environment ## boot a server on this machine and deploy the example application to it
	@scripts/demo.sh

example: environment ## deploy one of examples/stacks to a throwaway server (STACK=bot ENVIRONMENT=production)
	@scripts/example.sh "$(STACK)" "$(ENVIRONMENT)"

demo-upgrade: environment ## roll the demo to its next version while load runs, and show what became of every request
	@scripts/demo_upgrade.sh

demo-break: environment ## ship a version to the demo whose health check fails, and show the old one serving on
	@scripts/demo_break.sh

demo-down: ## remove the server, the registry, their images and networks, and the engine where the demo started it
	@python3 -m testbed down --all

lock: environment ## compile requirements.in into requirements.txt, hashes included
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --output-file requirements.txt requirements.in

docs: environment ## write the reference pages of docs/ from what they describe
	@PYTHONPATH=.collections python3 -m scripts.reference

format: environment ## let ruff put Python files in order
	ruff check --quiet --fix-only .
	ruff format --quiet .

lint: environment ## check style, types, YAML, roles and changelog fragments
	ruff check --quiet .
	ruff format --quiet --check .
	mypy --no-error-summary $(PYTHON_CHECKED)
	yamllint --strict .
	ansible-lint -q --offline
	antsibull-changelog lint

unit: environment ## run the tests that need no server
	pytest --junitxml=.testbed/reports/unit.xml

apps: environment ## check and test the backend of the example application
	@scripts/apps.sh

molecule: environment ## run the scenarios on testbed servers (SCENARIO=name for one)
	@scripts/molecule.sh $(SCENARIO)

bench: environment ## time a deploy against other ways to the same end (docs/performance.md)
	@PYTHONPATH=.collections python3 -m tests.bench $(BENCH)

molecule-alone molecule-shared molecule-single: environment
	@scripts/molecule.sh --$(@:molecule-%=%)

test: environment ## lint beside unit and apps, then molecule, two scenarios at a time but for rollouts under load
	@scripts/test.sh lint,unit,apps molecule-alone molecule-single,molecule-shared

test-long: environment ## rollouts at length and broken off after every step, and the scenarios that test leaves out
	@ROLLOUT_LONG=1 scripts/molecule.sh rollout chaos own traefik langflow bot workspace engine_mirror platforms

.PHONY: help demo demo-upgrade demo-break demo-down example environment lock docs format lint unit apps molecule bench \
  molecule-alone molecule-shared molecule-single test test-long
