# Two commands: `make heal REPO=path` (without REPO: the demo) and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: heal forge test check lint docs format lock clean

heal: $(READY)
ifdef REPO
	@$(BIN)/gitops-healer heal "$(REPO)"
else
	@$(BIN)/gitops-healer demo
endif

# A small forge with git, REST, GraphQL and pages, to try what the healer does at GitHub.
forge: $(READY)
	@$(BIN)/python -m tests.forge_server --demo

test: $(READY)
	$(BIN)/pytest -n auto --dist worksteal

check: lint test

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Pages that are written from the code.
docs: $(READY)
	$(BIN)/python -m gitops_healer.report.reference
	$(BIN)/python -m gitops_healer.report.action_inputs

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	@echo "installing what is needed into $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q gitops_healer  # editable installs are not compiled: each start would do it again
	@touch $(READY)

# Renew every locked version within what pyproject.toml allows.
lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --upgrade pip
	build/lock/bin/python -m pip install --quiet --group dev hatchling editables .
	echo "# Every version that the project is developed and tested with; renewed by: make lock" > requirements.lock
	build/lock/bin/python -m pip freeze --exclude gitops-healer --exclude pip --exclude setuptools >> requirements.lock

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
