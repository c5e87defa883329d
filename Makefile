# `make run` and `make test` set up all they need. HOST, PORT and DATA_DIR are taken from the environment.
PYTHON ?= python3
# NumPy is loaded by pytest before the engine could say so: one BLAS thread (see catalog/engine/__init__.py).
export OPENBLAS_NUM_THREADS ?= 1
# Else every process that a test starts compiles all the code anew.
unexport PYTHONDONTWRITEBYTECODE
# `make test COVERAGE=` measures none. ONLY=--only-database leaves out the tests that no database can change.
COVERAGE := --cov --cov-report=term:skip-covered
VENV := .venv
BIN := $(VENV)/bin
# The longest modules first (tests/longest_first.py), not those with the most tests.
IN_PROCESSES = $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
# The training split of bench/corpus.py: what the engine is tuned and tested on must not be learnt.
TRAINING_PACKAGES := wesnoth-1.16-music warzone2100-music supertux-data hyperrogue-music fretsonfire-songs-muldjord \
	0ad-data widelands-data
# A lock names everything: with --no-deps pip asks nobody else. (Its resolver takes an extra, coverage[toml], for
# something of its own, and refuses the lock as soon as a newer release is out: pip 23.2.)
PIP_INSTALL = echo "Installing the pinned requirements …" && $(BIN)/python -m pip install --disable-pip-version-check
define MAKE_VENV
$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	|| { echo "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }; \
test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	|| { echo "The venv module is missing: apt install python3-venv"; rm -rf $(VENV); exit 1; }
endef
.DEFAULT_GOAL := help
.PHONY: help run node test-milvus chaos fuzz audit lock browser test test-fast check format bench-robustness bench-speed bench-scale bench-renderings bench-naming bench-hold-out bench-load bench-pages bench-deciding index-kill screenshots train clean

# Lists every target that is followed by `##` and what it does.
help: ## list these targets
	@awk -F ' *## *' '/^[a-z][a-z -]*:.*## / { split($$1, line, ":"); count = split(line[1], names, " "); \
		for (i = 1; i <= count; i++) printf "make %-17s %s\n", names[i], $$2 }' $(firstword $(MAKEFILE_LIST))

$(VENV)/.run: requirements.lock
	@$(MAKE_VENV)
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock
	@$(MAKE_VENV)
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.run

run: $(VENV)/.run ## set up, start the site and its workers, show the demo
	@exec $(BIN)/python manage.py run_site

# The browser tests drive Debian's Chromium; where it cannot be installed they are skipped.
browser: ## install Debian's Chromium, which the browser tests drive
	@command -v chromium >/dev/null && exit; \
	as_root=""; [ "$$(id -u)" = 0 ] || as_root="sudo -n"; \
	if command -v apt-get >/dev/null && $$as_root true 2>/dev/null; then \
		echo "Installing Debian's Chromium for the browser tests …"; \
		$$as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq \
			--no-install-recommends chromium >/dev/null; \
	fi; \
	command -v chromium >/dev/null || echo "Chromium is missing and cannot be installed from here:" \
		"the browser tests are left out (apt install chromium)"

# Libraries of other languages that check real callbacks; where npm is missing their tests are skipped.
node: tests/node/node_modules/.package-lock.json ## install the npm packages that speak to the service in tests

tests/node/node_modules/.package-lock.json: tests/node/package-lock.json
	@if command -v npm >/dev/null; then echo "Installing the npm packages of tests/node …"; \
		npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund --silent; \
	else echo "npm is missing: the tests with npm's libraries are left out (apt install npm)"; fi

test: $(VENV)/.dev browser node ## set up, run the whole test suite
	$(IN_PROCESSES) $(COVERAGE) $(ONLY)

test-fast: $(VENV)/.dev ## the tests that need no browser, queue or server, within a minute on two cores
	$(IN_PROCESSES) -m "not slow and not browser and not cluster and not milvus"

$(VENV)/.milvus: requirements-milvus.txt requirements-milvus-dev.txt $(VENV)/.dev
	@$(PIP_INSTALL) -r requirements-milvus-dev.txt
	@touch $@

test-milvus: $(VENV)/.milvus ## the tests of the index in a real Milvus server (x86-64 Linux)
	$(BIN)/python -m pytest -m milvus tests/engine/test_index_contract.py tests/engine/test_index_growing.py \
		tests/catalog/test_milvus_service.py tests/catalog/test_milvus_nodes.py

check: $(VENV)/.dev ## lint of code and templates, format, types, migrations, system checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint templates
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

format: $(VENV)/.dev ## mend what the linter can mend, and lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-robustness bench-speed bench-scale bench-renderings bench-naming bench-load bench-pages: bench-%: $(VENV)/.dev ## the measurements of docs/bench.md (QUICK=1: the short form)
	$(BIN)/python -m bench.$*

bench-deciding: $(VENV)/.dev ## how fast a person decides in the review, in a browser
	$(BIN)/python -m bench.pages.deciding

bench-hold-out: $(VENV)/.dev ## open the split that decides, once a release
	$(BIN)/python -m bench.hold_out

fuzz: $(VENV)/.dev ## a thousand hostile files through the API of a running site (QUICK=1: 160)
	$(BIN)/python -m bench.fuzz

chaos: $(VENV)/.dev ## the service under faults, on SQLite and PostgreSQL (QUICK=1: the short form)
	$(BIN)/python -m bench.chaos $(or $(CHAOS_DATABASES),sqlite postgresql)

index-kill: $(VENV)/.dev ## kill -9 while the index is written, 100 times (QUICK=1: 10)
	$(BIN)/python -m bench.index_kill

screenshots: $(VENV)/.dev browser ## every staff page of the demo as a picture, in docs/images
	$(BIN)/python -m bench.screenshots

# What is pinned in the .txt files and everything it needs, with hashes, for every Python that is taken.
lock: ## write the lock files anew after a change of requirements*.txt
	@test -x $(BIN)/uv || { $(MAKE_VENV); $(BIN)/python -m pip install -q $$(grep -o '^uv==[^ ]*' requirements-dev.txt); }
	for name in requirements requirements-dev; do $(BIN)/uv pip compile --universal --generate-hashes --no-annotate -q \
		--python-version 3.11 --custom-compile-command "make lock" $$name.txt -o $$name.lock; done

audit: $(VENV)/.dev ## known vulnerabilities in what the lock installs
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

train: $(VENV)/.dev ## learn the engine's projection again from the training packages
	$(BIN)/python -m bench.corpus fetch
	$(BIN)/python -m catalog.engine.training $(addprefix bench/cache/corpus/,$(TRAINING_PACKAGES))

clean: ## remove the virtual environment and the tools' caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage htmlcov
