# Everything a newcomer needs is a target here; `make` alone lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# The same characters everywhere, whatever the machine is set to.
export LC_ALL := C.UTF-8
BIN := .venv/bin
PYTHON ?=
export PYTHON

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

.PHONY: setup
setup: ## Make .venv from the lock (seconds; nothing is installed outside the checkout)
	@tools/setup

.PHONY: demo
demo: setup ## Run 1,000 orders through everything; ORDERS=<number or files of invoices> for others
	@$(BIN)/ordermill demo $(if $(ORDERS),--orders $(ORDERS))

.PHONY: up
up: setup ## Start the servers, the services and the outside world, until `make down`
	@$(BIN)/ordermill up

.PHONY: down
down: setup ## Stop what `make up` or `make demo` started
	@$(BIN)/ordermill down

.PHONY: doctor
doctor: setup ## Look for what would keep the stack from starting, and say what to do
	@$(BIN)/ordermill doctor

.PHONY: test
test: setup ## Run every test, on servers of their own
	@$(BIN)/python -m pytest

.PHONY: faults
faults: setup ## Kill, freeze, poison and starve everything under load (a quarter of an hour); LONG=1 for half an hour
	@ORDERMILL_FAULTS_PAGE="make faults$(if $(LONG), LONG=1)" ORDERMILL_FAULTS_LONG=$(LONG) $(BIN)/python -m pytest -m faults tests/faults tests/stack

.PHONY: simulate
simulate: setup ## Run the chassis through seeded crashes and races; SEEDS=<number, range or "mutants">
	@$(BIN)/python -m tests.simulation $(or $(SEEDS),1-100)

.PHONY: bench
bench: setup ## Measure the pipeline beside its floor (minutes); OPTIONS=<what to add>, SMOKE=1 for a small one
	@$(if $(SMOKE),$(BIN)/python -m pytest -m bench,$(BIN)/ordermill bench $(OPTIONS))

.PHONY: lint
lint: setup ## Check format, style, types and the direction of imports
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports

.PHONY: fmt
fmt: setup ## Format the code and mend what can be mended
	@$(BIN)/python -m ruff format .
	@$(BIN)/python -m ruff check --fix .

.PHONY: generate
generate: setup ## Write schemas, topics.md, the AsyncAPI document, the reference, dashboards and alerts anew
	@$(BIN)/python -m contracts.generate
	@$(BIN)/python -m tools.monitoring
	@$(BIN)/python -m tools.reference

.PHONY: lock
lock: setup ## Write both lock files anew from pyproject.toml
	@tools/lock

.PHONY: clean
clean: ## Stop the stacks of this checkout and delete all that was made in it
	@for home in .ordermill .ordermill-bench .ordermill-test .ordermill-test-faults .ordermill-test-cluster; do \
	    if [ -d $$home ] && [ -x $(BIN)/ordermill ]; then ORDERMILL_HOME=$$home $(BIN)/ordermill down --wipe || exit 1; fi; \
	done
	@rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
