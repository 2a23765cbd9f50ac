# Two commands are enough on a fresh machine with Python 3.11+ (venv and pip): `make verify` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
# One thread per process: the thread pools of NumPy and torch slow each other down when two processes share the cores.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help verify paper test lint bench slow checks browser proofs docs cuda clean setup
.DELETE_ON_ERROR:

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(VENV)/.ready ## make .venv with the pinned packages and this one

$(VENV)/.ready: requirements.lock requirements-torch.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Python %d.%d found; 3.11 or newer is needed: make PYTHON=python3.12 ..." % v[:2])'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) -r requirements-torch.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

verify: setup ## check every claim, simulate, train, measure, write build/report/index.html
	$(BIN)/contrastive-theory verify

paper: setup ## every figure and table for a paper into build/paper; \input{all} takes them all
	$(BIN)/contrastive-theory figures --style paper --width iclr --format pdf,svg --out build/paper

test: setup ## run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not bench and not slow and not browser"

lint: setup ## ruff, mypy --strict, layer contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## measure ratios against what you would use instead (slow)
	$(BIN)/python -m pytest -m bench -s tests

slow: setup ## thousands of hostile inputs, kills and full disks (slow)
	$(BIN)/python -m pytest -n 2 -m slow tests

checks: setup ## install what the tests against CP-SAT, Dask and kornia need
	$(PIP) --require-hashes --no-deps -r requirements-checks.lock

cuda: ## measure on a GPU within nine minutes: make cuda CIFAR=PATH (PYTHON=... with a CUDA build of torch)
	@python=$(PYTHON); $$python -c 'import torch, numba, sklearn, safetensors' 2> /dev/null || \
		{ $(MAKE) --no-print-directory setup && python=$(BIN)/python; } && \
		$$python -m empirical.cuda $(if $(CIFAR),--path "$(CIFAR)") --out "$(or $(OUT),build/cuda)"

browser: setup ## install Debian's Chromium, what drives it and pdftotext, and test the pages in it
	command -v chromium > /dev/null && command -v pdftotext > /dev/null || { apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends chromium poppler-utils; }
	$(PIP) --require-hashes --no-deps -r requirements-browser.lock
	$(BIN)/python -m pytest -n 2 --dist worksteal -m browser --no-skips tests/figures

proofs: ## check the formal proofs with Coq, which Debian's packages bring
	command -v coqc > /dev/null || { apt-get update -qq && \
		apt-get install -y -qq coq libcoq-mathcomp-algebra libcoq-mathcomp-algebra-tactics; }
	$(MAKE) --no-print-directory -C theory/formal

docs: setup ## build the documentation site, build/docs/index.html
	$(PIP) --require-hashes --no-deps -r requirements-docs.lock
	$(BIN)/contrastive-theory claims > /dev/null
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs

clean: ## remove build/ and the caches
	rm -rf build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
