# Everything starts here: `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found. Install Python 3.11 or later, or name it: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "lms_bridge needs Python 3.11 or later; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "The module venv is missing. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.python requirements.lock requirements.txt setup.cfg $(wildcard plugins/*/setup.cfg)
	@echo "Installing the runtime ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -r requirements.txt
	@touch $@

$(VENV)/.test: $(VENV)/.runtime requirements-test.lock
	@echo "Installing the test tools ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

$(VENV)/.docs: $(VENV)/.runtime requirements-docs.lock
	@echo "Installing the tools of the documentation ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@touch $@

install: $(VENV)/.runtime ## Make .venv with the runtime

develop: $(VENV)/.test ## Make .venv with the test tools too, to write plugins

demo: $(VENV)/.runtime ## Try it: the bridge, a practice LMS and invented people, until Ctrl-C
	@$(BIN)/lms-bridge demo run $(if $(PROFILE),--profile $(PROFILE)) $(if $(BRIDGE_PORT),--bridge-port $(BRIDGE_PORT)) $(if $(LMS_PORT),--lms-port $(LMS_PORT))

demo-reset: ## Throw away what the demo stored; the next make demo starts over
	@rm -rf instance/demo
	@echo "The demo's data is gone. Start over with: make demo"

test: $(VENV)/.test ## Run all tests, on SQLite and PostgreSQL
	$(BIN)/python -m pytest -q -n auto --dist loadfile

test-matrix: $(VENV)/.test ## Look at every page in both languages, two widths, framed and not (needs Chromium)
	LMS_BRIDGE_BROWSER_MATRIX=1 $(BIN)/python -m pytest -q tests/browser/test_pages.py

bench: $(VENV)/.test ## Measure launches, imports, maps of units and questions about the organisation (needs PostgreSQL; PEOPLE=5600000 for a country)
	$(BIN)/python -m bench.launches
	$(BIN)/python -m bench.imports
	$(BIN)/python -m bench.competency
	$(BIN)/python -m bench.organisation $(if $(PEOPLE),--people $(PEOPLE))

bench-scale: $(VENV)/.test ## Measure the pages of leaders beside the raw facts (needs PostgreSQL; PEOPLE=5600000 for a country)
	$(BIN)/python -m bench.scale $(if $(PEOPLE),--people $(PEOPLE))

lint: $(VENV)/.test ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/mypy lms_bridge

docs: $(VENV)/.docs ## Build the documentation in docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

OURS := lms-bridge $(patsubst plugins/%/,lms-bridge-%,$(wildcard plugins/*/))
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header $(addprefix --no-emit-package ,$(OURS)) requirements.txt build-requirements.in

lock: $(VENV)/.test ## Renew the lock files from the setup.cfg of core and plugins (developers; needs uv)
	$(COMPILE) -o requirements.lock
	$(COMPILE) setup.cfg --extra test -c requirements.lock -o requirements-test.lock
	$(COMPILE) setup.cfg --extra docs -c requirements-test.lock -o requirements-docs.lock

clean: ## Remove .venv and what tests leave behind
	rm -rf $(VENV) docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help bench bench-scale demo demo-reset develop docs install test lint lock test-matrix clean
