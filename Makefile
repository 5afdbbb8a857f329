# The same commands as in the README, for people who like make.
PYTHON ?= python3
BIN := .venv/bin

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv --without-pip .venv
	$(PYTHON) -m pip --python $(BIN)/python install -q -e '.[dev]'
	touch $@

.PHONY: run test check
run: .venv/.installed
	$(BIN)/cronterm jobs.example.yaml

test: .venv/.installed
	$(BIN)/pytest

check: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest
