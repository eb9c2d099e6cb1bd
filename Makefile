# One way in: the same targets on a laptop and in CI. `make help` lists them.
# Needs Python 3.11 or newer and make; everything else comes locked and hashed into .venv.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
PROTOS := $(shell find protos -name '*.proto')

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

$(STAMP): requirements/dev.lock pyproject.toml clients/python/pyproject.toml
	@test -n "$(PYTHON)" || { echo 'NSOR needs Python 3.11 or newer with its venv module; set PYTHON=/path/to/python3' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e clients/python -e .
	@touch $@

.PHONY: venv
venv: $(STAMP) ## create .venv with every locked dependency
