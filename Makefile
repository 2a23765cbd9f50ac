# Two commands are enough on a fresh machine with Python 3.11+ (venv and pip): `make verify` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One thread per process: the thread pools of NumPy and torch slow each other down when two processes share the cores.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: verify test lint bench clean setup
.DELETE_ON_ERROR:

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Python %d.%d found; 3.11 or newer is needed: make PYTHON=python3.12 ..." % v[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

verify: setup
	$(BIN)/python -m theory
	$(BIN)/python -m simulate
	$(BIN)/python -m empirical --data fashion
	$(BIN)/python -m empirical --data digits
	$(BIN)/python -m empirical.training.clustering --data digits
	$(BIN)/python -m empirical.audit --encoder empirical.training.clustering:network --checkpoint build/encoders/digits.safetensors \
		--head vertices --data digits --views mild-warp --out build/audit/digits
	$(BIN)/python -m figures

test: setup
	$(BIN)/python -m pytest -n 2 -m "not bench"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m pytest -m bench -s tests

clean:
	rm -rf build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
