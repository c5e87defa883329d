# `make run` and `make test` set up all they need. HOST, PORT and DATA_DIR are taken from the environment.
PYTHON ?= python3
# NumPy is loaded by pytest before the engine could say so: one BLAS thread (see catalog/engine/__init__.py).
export OPENBLAS_NUM_THREADS ?= 1
VENV := .venv
BIN := $(VENV)/bin
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
.PHONY: help run test-milvus chaos fuzz audit lock browser test check format bench-robustness bench-speed bench-scale bench-renderings bench-load bench-pages index-kill screenshots train clean

help:
	@echo "make run     set up, start the site and its workers, show the demo"
	@echo "make test    set up, run the whole test suite"
	@echo "make test-milvus   the tests of the index in a real Milvus server (x86-64 Linux)"
	@echo "make check   lint of code and templates, format, types, migrations, system checks"
	@echo "make bench-robustness | bench-speed | bench-scale | bench-renderings | bench-load | bench-pages   (QUICK=1: the short form)"
	@echo "make screenshots   every staff page of the demo as a picture, in docs/images"
	@echo "make fuzz    a thousand hostile files through the API of a running site   (QUICK=1: 160)"
	@echo "make chaos   the service under faults, on SQLite and PostgreSQL   (QUICK=1: the short form)"
	@echo "make index-kill   kill -9 while the index is written, 100 times   (QUICK=1: 10)"
	@echo "make lock    write the lock files anew after a change of requirements*.txt;   make audit: known holes in them"
	@echo "make train   learn the engine's projection again from the training packages"

$(VENV)/.run: requirements.lock
	@$(MAKE_VENV)
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock
	@$(MAKE_VENV)
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.run

run: $(VENV)/.run
	@exec $(BIN)/python manage.py run_site

# The browser tests drive Debian's Chromium; where it cannot be installed they are skipped.
browser:
	@command -v chromium >/dev/null && exit; \
	as_root=""; [ "$$(id -u)" = 0 ] || as_root="sudo -n"; \
	if command -v apt-get >/dev/null && $$as_root true 2>/dev/null; then \
		echo "Installing Debian's Chromium for the browser tests …"; \
		$$as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq \
			--no-install-recommends chromium >/dev/null; \
	fi; \
	command -v chromium >/dev/null || echo "Chromium is missing and cannot be installed from here:" \
		"the browser tests are left out (apt install chromium)"

test: $(VENV)/.dev browser
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --cov --cov-report=term:skip-covered

$(VENV)/.milvus: requirements-milvus.txt requirements-milvus-dev.txt $(VENV)/.dev
	@$(PIP_INSTALL) -r requirements-milvus-dev.txt
	@touch $@

test-milvus: $(VENV)/.milvus
	$(BIN)/python -m pytest -m milvus tests/engine/test_index_contract.py tests/catalog/test_milvus_service.py \
		tests/catalog/test_milvus_nodes.py

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint templates
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-robustness bench-speed bench-scale bench-renderings bench-load bench-pages: bench-%: $(VENV)/.dev
	$(BIN)/python -m bench.$*

fuzz: $(VENV)/.dev
	$(BIN)/python -m bench.fuzz

chaos: $(VENV)/.dev
	$(BIN)/python -m bench.chaos $(or $(CHAOS_DATABASES),sqlite postgresql)

index-kill: $(VENV)/.dev
	$(BIN)/python -m bench.index_kill

screenshots: $(VENV)/.dev browser
	$(BIN)/python -m bench.screenshots

# What is pinned in the .txt files and everything it needs, with hashes, for every Python that is taken.
lock:
	@test -x $(BIN)/uv || { $(MAKE_VENV); $(BIN)/python -m pip install -q $$(grep -o '^uv==[^ ]*' requirements-dev.txt); }
	for name in requirements requirements-dev; do $(BIN)/uv pip compile --universal --generate-hashes --no-annotate -q \
		--python-version 3.11 --custom-compile-command "make lock" $$name.txt -o $$name.lock; done

audit: $(VENV)/.dev
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

train: $(VENV)/.dev
	$(BIN)/python -m bench.corpus fetch
	$(BIN)/python -m catalog.engine.training $(addprefix bench/cache/corpus/,$(TRAINING_PACKAGES))

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage htmlcov
