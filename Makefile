# `make run` serves Payhub on this machine; `make test` runs every check. `make help` lists the rest.
# Another interpreter: make test-fast PYTHON=python3.13 (gets an environment of its own).

PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
VENV := $(if $(filter file,$(origin PYTHON)),.venv,.venv-$(VERSION))
BIN := $(VENV)/bin
SAM_VENV := .venv-sam
# Lambda's own version where it is installed, else the one that the rest runs on.
BENCH_PYTHON := $(shell python3.13 -c '' 2>/dev/null && echo python3.13 || echo $(PYTHON))
BENCH_VENV := .venv-bench
PIP := -m pip --disable-pip-version-check --no-input

export PYTHONPATH := layers/payhub:functions:.
export SAM_CLI_TELEMETRY := 0

.PHONY: help run tour tenant test test-fast lint types contracts sam-check browser faults simulate simulate-mutants chaos bench openapi docs lock clean environment
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

run: environment ## the whole stack on http://127.0.0.1:8080 until Ctrl-C
	@exec $(BIN)/python -m local.run

tour: environment ## one real payment through every operation, against a running stack
	@exec $(BIN)/python -m local.tour

tenant: environment ## another tenant: NAME='Clinic' [JSON=settings.json [STACK=a stack in AWS]]
	@exec $(BIN)/python -m local.tenants $(if $(NAME),--name "$$NAME") $(if $(JSON),--json "$$JSON") \
	  $(if $(STACK),--stack "$$STACK")

test: lint types contracts $(SAM_VENV)/.made browser ## every check and every test
	$(BIN)/pytest -q -n 2 tests/unit tests/contract tests/architecture tests/simulation
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder tests/integration tests/journeys

test-fast: lint types contracts ## what needs no server, in under a minute
	$(BIN)/pytest -q -n 2 tests/unit tests/contract tests/architecture

lint: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: environment
	$(BIN)/mypy

contracts: environment
	$(BIN)/lint-imports --no-cache

sam-check: $(SAM_VENV)/.made ## sam validate and sam build, without Docker
	$(SAM_VENV)/bin/sam validate --lint
	$(SAM_VENV)/bin/sam build

# Without one the tests post the forms of pages themselves, so that it cannot be installed is no error.
browser: ## Chromium for the tests of pages, as root where apt-get is
	@{ command -v chromium && command -v chromedriver; } >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Chromium, once" && \
	  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes \
	    --no-install-recommends chromium chromium-driver; } >/dev/null 2>&1; } \
	  || echo "No Chromium here (packages chromium, chromium-driver): forms are posted without one"

faults: environment ## the table of every money operation under every fault, on a stack of its own
	@$(BIN)/python -m tests.support.fault_table

simulate: environment ## every fault, pair and meeting, many seeds: [SEED=n] [SEEDS=4000] [ONLY='decoda settle']
	@$(BIN)/python -m tests.support.simulation $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) \
	  $(if $(ONLY),--only "$(ONLY)")

simulate-mutants: environment ## each guard taken away, and an oracle must notice: [ONLY=keyless]
	@$(BIN)/python -m tests.support.simulation.mutants $(if $(ONLY),--only "$(ONLY)")

chaos: environment ## kills and restarts of a stack of its own among callers: [MINUTES=5] [SEED=n]
	@exec $(BIN)/python -m tests.support.chaos $(if $(MINUTES),--minutes $(MINUTES)) \
	  $(if $(SEED),--seed $(SEED))

bench: environment $(BENCH_VENV)/.made ## what functions cost, beside Powertools and FastAPI; writes docs/performance.md
	@[ "$(BENCH_PYTHON)" = python3.13 ] || echo "No python3.13 on the PATH: measuring on $(BENCH_PYTHON)"
	@$(BIN)/python -m benchmarks --python $(BENCH_VENV)/bin/python

openapi: environment ## write the OpenAPI document of all routes again, from code and template
	@$(BIN)/python -m local.openapi

docs: environment ## write the generated pages of docs/ again
	@$(BIN)/python -m local.docs

lock: ## resolve requirements/*.in again
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python $(PIP) install --quiet --requirement requirements/lock.in
	cd requirements && for list in development sam benchmarks; do \
	  ../.venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --custom-compile-command 'make lock' $$list.in --output-file $$list.txt; \
	done

clean: ## remove environments, caches and the local run's state
	rm -rf .venv* .local .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

environment: $(VENV)/.made

# An environment is made again whenever its lock changes; the stamp is written last.
$(VENV)/.made: requirements/development.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Payhub needs Python 3.11 or newer; say which: make PYTHON=python3.11 ..."; exit 1; }
	@echo "Installing what Payhub needs into $(VENV), once (a minute or two)"
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python $(PIP) install --no-deps --require-hashes --only-binary :all: --requirement $<
	@touch $@

$(BENCH_VENV)/.made: requirements/benchmarks.txt
	@echo "Installing what the benchmarks compare into $(BENCH_VENV), once"
	$(BENCH_PYTHON) -m venv --clear $(BENCH_VENV)
	$(BENCH_VENV)/bin/python $(PIP) install --no-deps --require-hashes --only-binary :all: --requirement $<
	@touch $@

$(SAM_VENV)/.made: requirements/sam.txt
	@echo "Installing aws-sam-cli into $(SAM_VENV), once"
	$(PYTHON) -m venv --clear $(SAM_VENV)
	$(SAM_VENV)/bin/python $(PIP) install --no-deps --require-hashes --requirement $<
	@touch $@
