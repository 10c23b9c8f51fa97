# `make run` starts everything on a fresh machine; `make help` lists the rest.
SHELL := /bin/sh
BIN := .venv/bin
# Every dependency is pinned and hashed, Rasa's own choices included, so nothing is left to resolve:
# --no-deps. Rasa declares Python <3.11 but works on 3.11 (see pyproject.toml): --ignore-requires-python.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	--ignore-requires-python

.PHONY: help run test test-faults check format bench train lock clean
help:            ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/runtime           ## install, train if need be, start everything
	@$(BIN)/myna up

train: .venv/runtime         ## train the assistant, if anything has changed
	@$(BIN)/myna train

# Two at a time: most of them wait for processes and clocks. A file's tests stay together.
test: .venv/dev train        ## every test
	@TF_CPP_MIN_LOG_LEVEL=2 $(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile

test-faults: .venv/dev       ## processes killed, disks full, clocks wrong: the long form, 40 minutes
	@$(BIN)/python -m tests.faults
	@$(BIN)/python -m tests.faults.teeth

check: .venv/dev             ## format, lint, types, training data
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/yamllint --strict .
	@$(BIN)/myna lint

format: .venv/dev            ## put the code into its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/dev             ## all benchmarks (BENCH_DATA: folder of public data files)
	@$(BIN)/python -m myna.bench

lock: .venv/dev              ## pin what requirements*.in name (scripts/lock --upgrade: the newest of everything)
	@sh scripts/lock

clean:                       ## remove the environment, models and state
	rm -rf .venv var models/*.tar.gz

.venv/bin/python:
	@sh scripts/make-environment

.venv/runtime: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing (a minute or two, once) …"
	@$(INSTALL) --require-hashes -r requirements.txt
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements-dev.txt .venv/runtime
	@$(INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@
