# make run [CONFIG=sim.yaml] | test [TESTS=tests/test_cli.py] | lint | bench | statistics | invariants | gallery | symptoms | rig | matrix | soak | clean. Everything happens in .venv, which is made on first use.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run test lint format bench statistics invariants gallery symptoms matrix soak clean rig

CONFIG ?= fixtures/sim.yaml

run: $(STAMP)
	$(BIN)/twistd -n --pidfile= ucmsim --config $(CONFIG)

# What tests go through here other tests measure: to measure it would take as long again, and that is minutes.
UNMEASURED := $(addprefix tests/test_,$(addsuffix .py, \
	audio \
	clients \
	collector \
	differential \
	digests \
	docs \
	download \
	fault_live \
	fleet \
	gallery_wire \
	generator \
	golden \
	hostile \
	hostile_memory \
	hostile_mutants \
	hostile_requests \
	listing \
	playing \
	plugin \
	projection \
	recapi_wire \
	recordfiles \
	recordings \
	rig \
	scenario_docs \
	scenarios_shipped \
	schemathesis \
	service \
	service_banner \
	service_settings \
	stopping \
	symptoms \
	traffic \
	traffic_invariants \
	traffic_settings \
	traffic_statistics \
	traversal \
	watching \
	worked_examples \
	zones))

# Some tests alone are not measured: what they go through is never enough of the whole.
# Whatever the environment says, bytecode is kept: hundreds of processes would compile the same modules, each anew.
test: export PYTHONDONTWRITEBYTECODE =
test: lint
ifdef TESTS
	$(BIN)/python -m pytest -n auto --dist worksteal $(TESTS)
else
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist worksteal $(UNMEASURED:%=--ignore=%)
	$(BIN)/python -m pytest -n auto --dist worksteal $(UNMEASURED)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --fail-under=85
endif

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python -m bench

statistics: $(STAMP)
	$(BIN)/python -m tests.traffic_statistics --seeds 50

invariants: $(STAMP)
	$(BIN)/python -m tests.traffic_invariants --seeds 200

gallery: $(STAMP)
	$(BIN)/python -m tests.verdictpage

symptoms: $(STAMP)
	$(BIN)/python -m tests.symptoms

rig: $(STAMP)
	$(BIN)/python -m tests.rig

matrix: $(STAMP)
	$(BIN)/python -m tests.matrix

soak: $(STAMP)
	$(BIN)/python -m tests.soak

clean:
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis ucmsim-state
	find ucmsim twisted tests bench \( -name __pycache__ -o -name dropin.cache \) -prune -exec rm -rf {} +

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group test --group lint --group docs
	touch $(STAMP)
