# One way in: the same targets on a laptop and in CI. `make help` lists them.
# Needs Python 3.11 or newer and make; everything else comes locked and hashed into .venv.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

$(STAMP): requirements/dev.lock pyproject.toml clients/python/pyproject.toml synthetic/pyproject.toml
	@test -n "$(PYTHON)" || { echo 'NSOR needs Python 3.11 or newer with its venv module; set PYTHON=/path/to/python3' >&2; exit 1; }
	@echo 'Installing every locked dependency into .venv; nothing is printed for some minutes ...'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e clients/python -e . -e synthetic
	@touch $@

.PHONY: venv
venv: $(STAMP) ## create .venv with every locked dependency

.PHONY: lock
lock: $(STAMP) ## resolve the lock files again (needs uv)
	cd requirements && for name in client bridge console print dev; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	    --custom-compile-command 'make lock' $$name.in --output-file $$name.lock; done

.PHONY: protos
protos: $(STAMP) ## generate the typed stubs from the contract
	$(BIN)/buf format -w protos
	protos/generate
	$(BIN)/python -m nsor_server.access.contract > tests/access/golden_matrix.new
	mv tests/access/golden_matrix.new tests/access/golden_matrix.txt
	$(BIN)/python -m nsor_server.storage.expected

.PHONY: codes
codes: $(STAMP) ## write the codes that the client finds offline from the policy data
	clients/generate-codes

.PHONY: states
states: $(STAMP) ## write docs/states.md from the table of what happens to convictions
	docs/generate-states

.PHONY: catalog
catalog: $(STAMP) ## write what the migrations make, which the server compares its database with
	$(BIN)/python -m nsor_server.storage.expected

.PHONY: certs
certs: $(STAMP) ## make a development CA, server and agency certificates in certs/dev
	$(BIN)/nsor-server pki development --out certs/dev --agencies certs/agencies.toml
	$(BIN)/python -m certs.flawed certs/dev
	$(BIN)/python -m certs.focal_persons certs/dev

.PHONY: serve
serve: certs ## run the register on the embedded PostgreSQL with the development certificates
	demo/serve

.PHONY: demo
demo: certs ## watch the whole story on 1,000 synthetic conviction orders
	$(BIN)/python -m demo.story

.PHONY: lint
lint: $(STAMP) ## ruff, mypy --strict, layers, buf, stale stubs, codes and states
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	protos/lint
	protos/generate --check
	clients/generate-codes --check
	docs/generate-states --check
	$(BIN)/python -m nsor_server.storage.expected --check

.PHONY: format
format: $(STAMP) ## put code and contract into their form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/buf format -w protos

# Tests wait for processes nearly as long as they compute: two cores are busy with five of them.
WORKERS ?= 5
# Where the environment forbids bytecode beside the sources, as containers often do, each process of the tests would
# compile all of it: then it is kept in a folder of its own.
WITH_BYTECODE := $(if $(PYTHONDONTWRITEBYTECODE),env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=$(CURDIR)/build/bytecode)

.PHONY: test
ifdef T
test: $(STAMP)
	$(WITH_BYTECODE) $(BIN)/pytest $(T)
else
test: $(STAMP) ## run all tests, those that differ by the user as root and as a plain user; T=PATH runs some, WORKERS=5 at a time
	$(WITH_BYTECODE) $(BIN)/pytest -n $(WORKERS)
	$(WITH_BYTECODE) tests/as-other-user $(WORKERS)
endif

.PHONY: peers
peers: $(STAMP) ## build the programs of others that check the ledger and keep its traces in the tests: needs Go
	$(BIN)/python -m tests.peers.go $(if $(filter 1,$(WHERE_THERE_IS_GO)),--where-there-is-go)

.PHONY: screenshots
screenshots: $(STAMP) ## pictures of each page of both consoles after the demonstration, in build/screenshots: needs chromium; README=1
	$(BIN)/python -m tests.web.screenshots $(if $(filter 1,$(README)),--readme)

.PHONY: coverage
coverage: $(STAMP) ## what the tests run, by branch: a report in build/coverage; T=PATH as with test
	$(BIN)/pytest $(or $(T),-n $(WORKERS)) --cov --cov-report=term:skip-covered --cov-report=html

.PHONY: mutants
mutants: $(STAMP) ## break access, ledger and law in every small way and list what no test sees; M=FILE T=PATH S=SHARE
	$(BIN)/python -m tests.mutants $(if $(M),--module $(M)) $(if $(T),--tests $(T)) $(if $(S),--share $(S))

.PHONY: bench
bench: $(STAMP) ## what RPCs, an import, manifests and a verification cost, what one agency does to others, and how well people are found by name; REGISTRATIONS=, ENTRIES=, ROWS=, DUTIES=, OTHERS=, PEERS=1
	$(BIN)/python -m tests.bench.run $(if $(REGISTRATIONS),--registrations $(REGISTRATIONS)) \
	  $(if $(ENTRIES),--entries $(ENTRIES)) $(if $(filter 1,$(PEERS)),--peers)
	$(BIN)/python -m tests.bench.equivalence
	$(BIN)/python -m tests.bench.tracing $(if $(REGISTRATIONS),--registrations $(REGISTRATIONS))
	$(BIN)/python -m tests.bench.verify
	$(BIN)/python -m tests.bench.imports $(if $(ROWS),--rows $(ROWS))
	$(BIN)/python -m tests.bench.screening $(if $(REGISTRATIONS),--registrations $(REGISTRATIONS))
	$(BIN)/python -m tests.bench.neighbours
	$(BIN)/python -m tests.bench.events
	$(BIN)/python -m tests.bench.searching $(if $(REGISTRATIONS),--registrations $(REGISTRATIONS))
	$(BIN)/python -m tests.bench.duties $(if $(DUTIES),--duties $(DUTIES))
	$(BIN)/python -m tests.bench.search $(if $(OTHERS),--others $(OTHERS))

.PHONY: soak
soak: $(STAMP) ## ten minutes of load with crashes, lost standbys and reloads; the whole tampering table; attacks from the network
	$(BIN)/python -m tests.soak.run
	$(MAKE) tampering
	$(BIN)/python -m tests.attack.network

.PHONY: tampering
tampering: $(STAMP) ## a part of the whole tampering table: PART=2/8, or all of it, which takes hours
	NSOR_TAMPERING=$(or $(PART),all) $(BIN)/pytest -s tests/attack/test_tampering.py

.PHONY: clean
clean: ## delete what make made: the venv, development certificates and state
	rm -rf $(VENV) build certs/dev .nsor .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
