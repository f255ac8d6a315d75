# Everything happens in .venv, which is made on first use. `make` alone tells what can be made: what stands behind ## here.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
STAMP := $(VENV)/.installed

.PHONY: help run test lint format bench statistics invariants gallery symptoms matrix soak clean rig

# A PYTHON that is asked for makes .venv, and not the one that is there.
ifneq ($(filter command environment,$(firstword $(origin PYTHON))),)
ifneq ($(wildcard $(BIN)/python),)
WHICH := -c 'import sys; print(sys.base_prefix, sys.version)' 2>/dev/null
ifneq ($(shell $(PYTHON) $(WHICH)),$(shell $(BIN)/python $(WHICH)))
$(warning $(VENV) was made with another Python than PYTHON=$(PYTHON), which is not used: 'make clean' first takes $(VENV) away)
endif
endif
endif

CONFIG ?= fixtures/sim.yaml

help:                  ## this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(RUNS)           ## the service, ready on https://127.0.0.1:8443; CONFIG=sim.yaml runs your own
	$(BIN)/twistd -n --pidfile= ucmsim --config $(CONFIG)

# What tests go through here other tests measure: to measure it would take as long again, and that is minutes.
UNMEASURED := $(addprefix tests/test_,$(addsuffix .py, \
	audio \
	clients \
	collector \
	differential \
	differential_query \
	digests \
	docs \
	download \
	fault_live \
	fleet \
	gallery_wire \
	generator \
	giving_way \
	golden \
	hostile \
	hostile_memory \
	hostile_mutants \
	hostile_requests \
	listing \
	playing \
	plugin \
	plugin_lost \
	projection_changes \
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
	worked_authentication \
	worked_examples \
	worked_faults \
	worked_generations \
	worked_requests \
	worked_tls \
	zones))

# Half of their time these wait for processes that they started: twice as many at once wait together.
WAITING := $(shell echo $$((2 * $$(nproc 2>/dev/null || echo 2))))

# Some tests alone are not measured: what they go through is never enough of the whole.
# Whatever the environment says, bytecode is kept: hundreds of processes would compile the same modules, each anew.
test: export PYTHONDONTWRITEBYTECODE =
test: lint             ## linter, type checker and every test; TESTS=tests/test_cli.py only these
ifdef TESTS
	$(BIN)/python -m pytest -n auto --dist worksteal $(TESTS)
else
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist worksteal $(UNMEASURED:%=--ignore=%)
	$(BIN)/python -m pytest -n $(WAITING) --dist worksteal $(UNMEASURED)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --fail-under=85
endif

lint: $(STAMP)         ## format, ruff and mypy, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(STAMP)       ## put into the house format what can be
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)        ## how fast it is, beside nginx, Twisted and limits of its own
	$(BIN)/python -m bench

statistics: $(STAMP)   ## made-up traffic of fifty seeds, held against what is due; five minutes
	$(BIN)/python -m tests.traffic_statistics --seeds 50

invariants: $(STAMP)   ## what holds in every history, in 200 of them; a minute
	$(BIN)/python -m tests.traffic_invariants --seeds 200

gallery: $(STAMP)      ## every bad certificate shown to usual clients; writes docs/verdicts.md
	$(BIN)/python -m tests.verdictpage

symptoms: $(STAMP)     ## every fault shown to usual clients; writes docs/symptoms.md
	$(BIN)/python -m tests.symptoms

rig: $(STAMP)          ## 500 PBXs and 50 collectors, every row accounted for; eight minutes
	$(BIN)/python -m tests.rig

matrix: $(STAMP)       ## the pytest plugin beside its neighbours, each in a venv of its own
	$(BIN)/python -m tests.matrix

soak: $(STAMP)         ## 200 tests on four workers, twenty times, and what they leave behind
	$(BIN)/python -m tests.soak

clean:                 ## take away .venv and all that was built
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis ucmsim-state
	find ucmsim twisted tests bench \( -name __pycache__ -o -name dropin.cache \) -prune -exec rm -rf {} +

$(RUNS): pyproject.toml
	@echo "ucmsim is installed into $(VENV), which takes up to a minute"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $(RUNS)

$(STAMP): $(RUNS)
	@echo "and what tests, linters and documentation need, which takes up to a minute more"
	@$(BIN)/python -m pip install --quiet --editable . --group test --group lint --group docs
	@touch $(STAMP)
