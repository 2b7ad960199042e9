# Everything a developer or CI does. Each target works on a machine with python3, git and make.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup quickstart test lint format check bench bench-canary bench-drift bench-models bench-release bench-safety schemas clean bench-logs

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

$(STAMP): pyproject.toml
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

setup: $(STAMP)  ## make .venv with everything development needs

quickstart: $(STAMP)  ## install, run deployment-guardian on a healthy canary, print its report
	@$(BIN)/aofctl run agent library/cicd/deployment-guardian --llm off "$$(cat examples/requests/healthy-canary.txt)"

test: $(STAMP)  ## run the tests
	$(BIN)/python -m pytest -q -n auto

lint: $(STAMP)  ## format check, lint, types, layers
	$(BIN)/ruff format --check aof tests benchmarks
	$(BIN)/ruff check aof tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)  ## rewrite files as the linter wants them
	$(BIN)/ruff format aof tests benchmarks
	$(BIN)/ruff check --fix aof tests benchmarks

check: lint test  ## everything CI runs

bench: $(STAMP)  ## print the benchmarks
	$(BIN)/python -m benchmarks

bench-canary: $(STAMP)  ## how often the canary judge is wrong: simulated rollouts (an hour or two)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m benchmarks.canary_speed
	$(BIN)/python -m benchmarks.canary

bench-logs: $(STAMP)  ## accuracy and speed of the log analysis beside tail and grep
	$(BIN)/python -m benchmarks.logs --speed
bench-release: $(STAMP)  ## next version and changelog of 50,000 commits, beside git and peers
	$(BIN)/python -m benchmarks.release

bench-drift: $(STAMP)  ## speed and memory of the drift analysis, 5,000 objects
	$(BIN)/python -m benchmarks.drift

bench-safety: $(STAMP)  ## redaction, run log, and apply killed hundreds of times
	$(BIN)/python -m benchmarks.redaction
	$(BIN)/python -m benchmarks.runlog
	$(BIN)/python -m benchmarks.kill_apply

bench-models: $(STAMP)  ## what a model turn costs us, the provider apart
	$(BIN)/python -m benchmarks.models

schemas: $(STAMP)  ## write schemas/*.json from the manifest models
	$(BIN)/python -m aof.validation.json_schema schemas

clean:  ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
