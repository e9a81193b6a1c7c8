# Every target does its own set-up, so on a fresh machine `make demo` or `make test` is all it takes.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
MARKS ?= not gpu

.DEFAULT_GOAL := help
.PHONY: help demo test lint types bench docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/ready-dev ## train two classifiers of handwritten digits; pictures in examples/output
	$(BIN)/python examples/digits.py

test: .venv/ready-dev ## run the tests on two workers; MARKS="not gpu and not slow" is quicker
	$(BIN)/python -m pytest -n 2 -m "$(MARKS)"

lint: .venv/ready-dev ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready-dev ## check the types of the library
	$(BIN)/mypy

bench: .venv/ready-bench ## compare speed and memory with HIPS autograd and JAX
	$(BIN)/python -m bench.run

docs: .venv/ready-docs ## write the API reference into build/docs
	$(BIN)/pdoc autodiff --docformat google --math --output-directory build/docs

clean: ## remove the virtual environment and all that was built
	rm -rf .venv build dist examples/output .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One virtual environment; a stamp for each extra that is installed in it.
.venv/ready-%: pyproject.toml
	@test -n "$(PYTHON)" || { echo "autodiff needs Python 3.11 or later: make PYTHON=/path/to/python"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	@touch $@
