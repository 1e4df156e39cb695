# Everything runs from .venv, which is made when it is missing or older than pyproject.toml.
#
#   make demo          run the example forgestack: plan, write, check, build, start, verify (without Docker: the first three);
#                      SYSTEM=cipherbox, everyskill or whereabouts for another one
#   make demo-down     remove all of it again
#   make test          every test, on a Docker engine; PYTEST_ARGS="-k health" for some
#   make check         lint, types, import rules and the tests that need no engine
#   make lint          the first three of these
#   make requirements  which requirements of the example systems no passing test proves
#   make bench         how long bayplan takes
#   make standins      only the Docker engine and, where no registry can be reached, the base images

PYTHON ?= python3
PYTEST_ARGS ?=

BIN := $(CURDIR)/.venv/bin
INSTALLED := .venv/.installed
STANDINS := tests/standins
SYSTEM ?= forgestack
DEMO := build/demo/$(SYSTEM)
DEMO_IMAGES = $(images_$(SYSTEM))
images_forgestack := node:20-alpine postgres:15-alpine redis:7-alpine
images_cipherbox := alpine:3.22 node:22-alpine postgres:16-alpine redis:7-alpine ipfs/kubo:v0.34.0 caddy:2-alpine
images_everyskill := node:22-alpine pgvector/pgvector:pg17 caddy:2-alpine caddy:2-builder-alpine
images_whereabouts := node:20-alpine postgres:16-alpine
# What nobody but the operator knows, with values that are right for a demo.
DEMO_VALUES = env $(values_$(SYSTEM))
values_cipherbox := GITHUB_OWNER=example
values_everyskill := PUBLIC_IP=127.0.0.1 DOMAIN=everyskill.localhost HETZNER_API_TOKEN=none
# What is for the world gets no made-up values, so it has a file of them; and its certificate lies on the machine.
DEMO_FILES = $(or $(files_$(SYSTEM)),:)
files_cipherbox = $(BIN)/bayplan -C $(DEMO) env new && mkdir -p $(DEMO)/docker/certs && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
  -nodes -days 30 -subj /CN=demo -addext subjectAltName=DNS:api.staging.example.com,DNS:app.staging.example.com \
  -out $(DEMO)/docker/certs/origin.pem -keyout $(DEMO)/docker/certs/origin.key 2>/dev/null
IN_CI := $(filter true 1,$(CI))

.PHONY: help demo demo-down test check lint requirements bench standins node
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
	@test -d examples/$(SYSTEM)/repo || { echo "there is no example $(SYSTEM): `ls examples | tr '\n' ' '`" >&2; exit 2; }
	@if [ -d $(DEMO)/.bayplan ] && docker info >/dev/null 2>&1; then cd $(DEMO) && $(DEMO_VALUES) $(BIN)/bayplan down --volumes; fi
	@mkdir -p $(DEMO)
	@find $(DEMO) -mindepth 1 -maxdepth 1 ! -name .bayplan -exec rm -rf {} +
	@rm -f $(DEMO)/.bayplan/lock.json
	@cp -R examples/$(SYSTEM)/repo/. $(DEMO)/
	@echo "the demo runs in $(DEMO): a scratch folder, where edits last until the next make demo"
	@$(DEMO_FILES)
	@if $(STANDINS)/engine; then \
	  PYTHON=$(BIN)/python $(STANDINS)/images $(DEMO_IMAGES) && cd $(DEMO) && $(DEMO_VALUES) $(BIN)/bayplan up; \
	else \
	  echo "without a Docker engine the demo plans, writes and checks, and starts nothing"; \
	  cd $(DEMO) && $(BIN)/bayplan plan && $(BIN)/bayplan write && $(BIN)/bayplan check; \
	fi

demo-down: $(INSTALLED)
	@if [ -d $(DEMO)/.bayplan ] && docker info >/dev/null 2>&1; then \
	  cd $(DEMO) && $(DEMO_VALUES) $(BIN)/bayplan down --volumes --images; \
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

lint: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint
	@$(BIN)/python -m pytest -q -m 'not engine' tests/unit $(PYTEST_ARGS)

requirements: $(INSTALLED)
	@$(BIN)/python scripts/requirements.py

bench: $(INSTALLED)
	@$(BIN)/python bench/run.py
