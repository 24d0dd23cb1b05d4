# One .venv for everything. Each stamp is made again when what it was made from changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
OLD := formfact needs Python 3.11, 3.12 or 3.13 and found
HINT := Install one, or name it: make PYTHON=python3.12
# Where PyTorch comes from, if not from the usual index: https://download.pytorch.org/whl/cpu is small
TORCH_INDEX ?=
PYTEST_ARGS ?= --numprocesses auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo serve test check format bench tiny-model docs tools clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

demo: $(VENV)/.run  ## Run the bundled case from answers to report, offline, into build/demo
	@$(BIN)/formfact demo --train --out build/demo

serve: $(VENV)/.run  ## Serve web and REST on 127.0.0.1:8000
	@$(BIN)/formfact serve

test: check  ## Run the checks, then every test
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev  ## Check format, lint, types and the direction of imports
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev  ## Rewrite the code in the house format
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev  ## Run the benchmarks; exit 3 of one means that its data is absent
	@$(call benchmark,start)
	@$(call benchmark,rules)
	@$(call benchmark,web)
	@$(call benchmark,published_cases)
	@$(call benchmark,diagnosis)
	@$(call benchmark,retrieval)

tiny-model: $(VENV)/.run  ## Make the tiny model for tests and demo: minutes, once for each user
	@$(BIN)/python -m trainer.tiny.build build/tiny-model

docs: $(VENV)/.dev  ## Build the documentation into docs/_build
	@$(BIN)/formfact rules docs --out docs/rulebook
	@$(BIN)/sphinx-build -W --keep-going --quiet --jobs auto docs docs/_build
	@echo "Open docs/_build/index.html"

tools:  ## Install the tools whose exports are imported, so that their tests run: 1.4 GB, minutes
	@tests/evidence/importing/install_tools.sh build/tools

clean:  ## Remove the environment and everything generated
	rm -rf $(VENV) build dist docs/_build docs/rulebook
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

benchmark = echo "benchmarks.$(1)"; $(BIN)/python -m benchmarks.$(1) --json || [ $$? -eq 3 ]

$(VENV)/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	  || { echo "$(OLD): $$($(PYTHON) --version 2>/dev/null || echo none). $(HINT)" >&2; exit 1; }
	@echo "Setting up $(VENV): some minutes, once" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(if $(TORCH_INDEX),$(PIP) --index-url $(TORCH_INDEX) torch)
	@$(PIP) --editable '.[server,retrieval,embedding,train]'
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Adding what tests and documentation need" >&2
	@$(PIP) --editable '.[server,retrieval,embedding,train,imports,parquet,judge,ray,postgres,dev,docs]'
	@touch $@
