# `make run` and `make test` set up all they need. HOST, PORT and DATA_DIR are taken from the environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help run test check format bench-robustness bench-speed bench-scale train clean

help:
	@echo "make run     set up, start the site and its workers, show the demo"
	@echo "make test    set up, run the whole test suite"
	@echo "make check   lint, format, types, migrations, system checks"
	@echo "make bench-robustness | bench-speed | bench-scale   (QUICK=1: the short form)"
	@echo "make train   learn the engine's projection again from the training packages"

$(VENV)/.run: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned requirements …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned requirements …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.run

run: $(VENV)/.run
	@exec $(BIN)/python manage.py run_site

test: $(VENV)/.dev
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-robustness bench-speed bench-scale: bench-%: $(VENV)/.dev
	$(BIN)/python -m bench.$*

train: $(VENV)/.dev
	$(BIN)/python -m bench.corpus fetch
	$(BIN)/python -m catalog.engine.training bench/cache/corpus

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage htmlcov
