# Everything runs from .venv, which is made when it is missing or older than pyproject.toml.
#
#   make demo          run the example forgestack: plan, write, check, build, start, verify (without Docker: the first three)
#   make demo-down     remove all of it again
#   make test          every test, on a Docker engine; PYTEST_ARGS="-k health" for some
#   make check         lint, types, import rules and the tests that need no engine
#   make requirements  which requirements of the example systems no passing test proves
#   make bench         how long bayplan takes
#   make standins      only the Docker engine and, where no registry can be reached, the base images

PYTHON ?= python3
PYTEST_ARGS ?=

BIN := $(CURDIR)/.venv/bin
INSTALLED := .venv/.installed
STANDINS := tests/standins
DEMO := build/demo/forgestack
DEMO_COMPOSE := $(DEMO)/docker-compose.prod.yml
DEMO_IMAGES := node:20-alpine postgres:15-alpine redis:7-alpine
IN_CI := $(filter true 1,$(CI))

.PHONY: help demo demo-down test check requirements bench standins node
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "bayplan needs Python 3.11 or newer, and $(PYTHON) is `$(PYTHON) --version 2>&1 | head -n 1`." >&2; \
	  echo "If another one is installed: make PYTHON=python3.12 ..." >&2; exit 3; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 3; }
	@echo "installing bayplan and its development tools into .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --disable-pip-version-check -qq install -e '.[dev]'
	@touch $@

node:
	@command -v node >/dev/null || { echo "Node.js is missing: the demo and the tests need node and npm." >&2; exit 3; }

standins: $(INSTALLED)
	@$(STANDINS)/engine
	@PYTHON=$(BIN)/python $(STANDINS)/images

# An earlier demo goes first, for its volumes know passwords that the new one does not. What it proved is kept.
demo: $(INSTALLED) node
	@if [ -e $(DEMO_COMPOSE) ] && docker info >/dev/null 2>&1; then cd $(DEMO) && $(BIN)/bayplan down --volumes; fi
	@mkdir -p $(DEMO)
	@find $(DEMO) -mindepth 1 -maxdepth 1 ! -name .bayplan -exec rm -rf {} +
	@rm -f $(DEMO)/.bayplan/lock.json
	@cp -R examples/forgestack/repo/. $(DEMO)/
	@echo "the demo runs in $(DEMO): a scratch folder, where edits last until the next make demo"
	@if $(STANDINS)/engine; then \
	  PYTHON=$(BIN)/python $(STANDINS)/images $(DEMO_IMAGES) && cd $(DEMO) && $(BIN)/bayplan up; \
	else \
	  echo "without a Docker engine the demo plans, writes and checks, and starts nothing"; \
	  cd $(DEMO) && $(BIN)/bayplan plan && $(BIN)/bayplan write && $(BIN)/bayplan check; \
	fi

demo-down: $(INSTALLED)
	@if [ -e $(DEMO_COMPOSE) ] && docker info >/dev/null 2>&1; then \
	  images=`PYTHON=$(BIN)/python $(STANDINS)/built-images $(DEMO_COMPOSE)`; \
	  (cd $(DEMO) && $(BIN)/bayplan down --volumes) && \
	  for image in $$images; do docker image rm --force $$image >/dev/null 2>&1 || true; done; \
	fi
	@rm -rf $(DEMO)
	@rmdir build/demo build 2>/dev/null || true
	@echo "nothing of the demo is left"

test: $(INSTALLED) node
	@$(STANDINS)/tools
	@if $(STANDINS)/engine; then PYTHON=$(BIN)/python $(STANDINS)/images; \
	elif [ -n "$(IN_CI)" ]; then echo "no Docker engine, and CI proves nothing without one" >&2; exit 3; \
	else echo "without a Docker engine the tests marked engine are skipped; pytest lists them"; fi
	@$(if $(IN_CI),BAYPLAN_REQUIRE_ENGINE=1) $(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q -m 'not engine' tests/unit $(PYTEST_ARGS)

requirements: $(INSTALLED)
	@$(BIN)/python scripts/requirements.py

bench: $(INSTALLED)
	@$(BIN)/python bench/run.py
