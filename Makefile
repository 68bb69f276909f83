# Every target makes and fills .venv by itself; nothing but Python >= 3.11 and make is needed.

BIN := .venv/bin
QUINTET_TEST_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/postgres
SERVE_OPTIONS ?= --demo
FUZZ_ROUNDS ?= 20
CRASHES ?= 500

# Most of a start without bytecode is compiling it.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-telemetry setup-dev serve test test-postgres fuzz crash-matrix soak attacks loop security mutants \
  check sbom format schema bench bench-compare bench-overhead profile lock clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A version manager's shim may be found and still not run: each candidate is tried, not only looked for.
$(BIN)/python:
	@for candidate in python3.13 python3.12 python3.11 python3; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    $$candidate -m venv .venv && exit 0; \
	    rm -rf .venv; \
	    echo "$$candidate could not make .venv: its venv module is missing (Debian: python3-venv)." >&2; exit 1; \
	  fi; \
	done; \
	echo "Quintet needs Python 3.11 or newer; none of python3.13, python3.12, python3.11, python3 is." >&2; exit 1

PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check

# $(call install,LOCK): install LOCK unless the stamp in .venv says that this Python has it already.
define install
	@stamp=.venv/$(1).stamp; wanted="$$($(BIN)/python -V) $$(cksum < $(1))"; \
	if [ "$$(cat $$stamp 2>/dev/null)" != "$$wanted" ]; then \
	  echo "Installing $(1) into .venv ..."; \
	  $(PIP_INSTALL) --require-hashes -r $(1) && echo "$$wanted" > $$stamp; \
	fi
endef

setup: $(BIN)/python ## make .venv with what the server needs
	$(call install,requirements.lock)

setup-telemetry: $(BIN)/python ## make .venv with what the server needs to send traces, too
	$(call install,requirements-telemetry.lock)

setup-dev: $(BIN)/python
	$(call install,requirements-dev.lock)

serve: setup ## serve the demo chain on http://127.0.0.1:8000
	@$(BIN)/python cli.py serve $(SERVE_OPTIONS)

PYTEST = $(BIN)/python -m pytest -n auto --dist worksteal -q --durations 10

test: setup-dev ## run the tests on SQLite
	@env -u QUINTET_TEST_DATABASE_URL $(PYTEST)

test-postgres: setup-dev ## run those of them that use a database on PostgreSQL
	@QUINTET_TEST_DATABASE_URL='$(QUINTET_TEST_DATABASE_URL)' $(PYTEST) --only-databases

fuzz: setup-dev ## every mutation with hostile values and every root field by everybody, on both databases
	@env -u QUINTET_TEST_DATABASE_URL QUINTET_TEST_EVERYBODY=1 QUINTET_TEST_FUZZ_ROUNDS=$(FUZZ_ROUNDS) \
	  $(BIN)/python -m pytest -n auto -q tests/schema/test_root_fields.py tests/schema/test_hostile_mutations.py
	@QUINTET_TEST_DATABASE_URL='$(QUINTET_TEST_DATABASE_URL)' QUINTET_TEST_EVERYBODY=1 QUINTET_TEST_FUZZ_ROUNDS=$(FUZZ_ROUNDS) \
	  $(BIN)/python -m pytest -n auto -q tests/schema/test_root_fields.py tests/schema/test_hostile_mutations.py

crash-matrix: setup-dev ## kill servers, worker and PostgreSQL during 500 purchases, and signal every step, on both databases
	@env -u QUINTET_TEST_DATABASE_URL QUINTET_TEST_CRASHES=$(CRASHES) $(BIN)/python -m pytest -n0 -q -s tests/journeys/test_crash_matrix.py
	@env -u QUINTET_TEST_DATABASE_URL QUINTET_TEST_EVERY_STEP=1 $(BIN)/python -m pytest -n0 -q tests/serving/test_signals.py
	@QUINTET_TEST_DATABASE_URL='$(QUINTET_TEST_DATABASE_URL)' QUINTET_TEST_EVERY_STEP=1 \
	  $(BIN)/python -m pytest -n0 -q tests/serving/test_signals.py tests/serving/test_database_away.py

mutants: setup-dev ## put small faults into rules and guards, which their tests must notice (MUTANT_OPTIONS=orders/)
	@env -u QUINTET_TEST_DATABASE_URL nice -n 19 $(BIN)/python -m tests.mutants $(MUTANT_OPTIONS)

soak: setup-dev ## ten minutes of mixed load, and a curve of it in benchmarks/SOAK-*.svg (SOAK_OPTIONS)
	@$(BIN)/python -m benchmarks.soak $(SOAK_OPTIONS)

# The tools have a place of their own: .venv-security, with a lock that is written anew by
#   uv pip compile tests/security/requirements.in --override tests/security/overrides.txt \
#     --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements-security.lock
security: setup-dev ## schemathesis, GraphQLer and published checks (SECURITY_OPTIONS, such as --seconds 600)
	@stamp=.venv-security/lock.stamp; wanted="$$(cksum < requirements-security.lock)"; \
	if [ "$$(cat $$stamp 2>/dev/null)" != "$$wanted" ]; then \
	  $(BIN)/python -m venv .venv-security && \
	  .venv-security/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes \
	    -r requirements-security.lock && echo "$$wanted" > $$stamp; \
	fi
	@$(BIN)/python -m tests.security --python .venv-security/bin/python $(SECURITY_OPTIONS)

attacks: setup-dev ## attack a server in every way (ATTACK_OPTIONS='--write after' keeps the table)
	@$(BIN)/python -m benchmarks.attacks $(ATTACK_OPTIONS)

loop: setup-dev ## how long one operation holds the event loop (LOOP_OPTIONS=--write keeps the table)
	@$(BIN)/python -m benchmarks.loop $(LOOP_OPTIONS)

check: setup-dev ## lint, format, types, import contracts, licences, known vulnerabilities
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python .ci/supply.py licences
	@$(BIN)/python .ci/supply.py vulnerabilities

sbom: setup-dev ## write quintet.cdx.json, a bill of materials (CycloneDX)
	@$(BIN)/python .ci/supply.py sbom quintet.cdx.json

format: setup-dev ## format and sort imports
	@$(BIN)/ruff check --quiet --select I --fix .
	@$(BIN)/ruff format .

schema: setup-dev ## write schema/schema.graphql and what docs/{costs,roles,client-caches}.md take from the code
	@$(BIN)/python cli.py schema

bench: setup-dev ## measure every row against its goal (BENCH_OPTIONS=--write puts the table into RESULTS.md)
	@$(BIN)/python -m benchmarks $(BENCH_OPTIONS)

bench-compare: setup-dev ## measure another revision and this tree in turn: REV=main
	@$(BIN)/python -m benchmarks.compare '$(REV)' $(BENCH_OPTIONS)

bench-overhead: setup-dev ## measure what prices and limits take: the server with them and without, in turn
	@$(BIN)/python -m benchmarks.overhead $(BENCH_OPTIONS)

profile: setup-dev ## draw a row's flame graph into benchmarks/profiles: ROW=R1
	@$(BIN)/python -m benchmarks.profile '$(ROW)' $(BENCH_OPTIONS)

COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
  --generate-hashes --no-header --no-annotate $(LOCK_OPTIONS)

lock: $(BIN)/python ## write the lock files anew (LOCK_OPTIONS=--upgrade for newer versions)
	@$(PIP_INSTALL) 'uv>=0.13,<1'
	@$(COMPILE) -o requirements.lock
	@$(COMPILE) --extra telemetry -c requirements.lock -o requirements-telemetry.lock
	@$(COMPILE) --extra telemetry --group dev -c requirements-telemetry.lock -o requirements-dev.lock

clean: ## remove .venv and caches
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
