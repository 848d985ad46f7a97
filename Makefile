# Scene3D. `make help` lists the targets.
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
SETUP := var/.setup-run
SETUP_DEV := var/.setup-dev
NEEDED_BY_RUN := requirements/install.py requirements/base.txt requirements/offline.txt package-lock.json scene3d/engine/weights.py

.PHONY: help setup demo run mlflow test test-long test-diagnosis test-fuzz test-stack test-faults test-crowd test-soak check dashboards format requirements clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | column -ts $$'\t'

setup: $(SETUP) ## everything that running needs

demo: $(SETUP) ## run with a sample scene; ARGS=--once ends after it
	$(PYTHON) manage.py demo $(ARGS)

run: $(SETUP) ## run for daily use
	$(PYTHON) manage.py run_stack $(ARGS)

mlflow: $(SETUP) ## the UI of what was tracked, on this machine alone; ARGS="--port 5001"
	$(PYTHON) manage.py mlflow_ui $(ARGS)

test: check ## all checks, then all tests that fit into fifteen minutes
	$(PYTHON) -m pytest -n 2 --dist loadfile -m "not (long or stack or flow or browser)" $(ARGS)
	$(PYTHON) -m pytest -m "(flow or browser) and not (long or stack)" $(ARGS)
	node --test tests/viewer/

test-long: $(SETUP_DEV) ## the tests that `make test` has no time for (a quarter of an hour)
	$(PYTHON) -m pytest -m long $(ARGS)

test-diagnosis: $(SETUP_DEV) ## 100 generated bad photos: is each named rightly? (half an hour)
	$(PYTHON) -m tests.engine.diagnosis_score

test-fuzz: $(SETUP_DEV) ## 10,000 mutated archives and 10,000 mutated photos through the checks (some minutes)
	$(PYTHON) -m tests.jobs.fuzzing

test-stack: $(SETUP_DEV) ## the closed loop with the real Prometheus and Alertmanager, which it installs
	.ci/install-monitoring
	$(PYTHON) -m pytest -m stack $(ARGS)

test-faults: $(SETUP_DEV) ## the fault matrix: 800 broken runs (an hour); ARGS="--runs 2"
	$(PYTHON) -m tests.faults control
	$(PYTHON) -m tests.faults matrix $(ARGS)
	$(PYTHON) -m tests.faults matrix --engine real --runs 3 $(ARGS)

test-crowd: $(SETUP_DEV) ## 1,000 jobs on 10 workers, all killed half-way; ARGS="--jobs 100"
	$(PYTHON) -m tests.faults crowd $(ARGS)

test-soak: $(SETUP_DEV) ## two hours of random faults; ARGS="--minutes 5"
	$(PYTHON) -m tests.faults soak $(ARGS)

check: $(SETUP_DEV) ## linters, types, walls, templates, migrations, deployment
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint templates --lint --check --quiet
	$(PYTHON) manage.py makemigrations --check --dry-run
	SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))') DJANGO_SETTINGS_MODULE=scene3d.settings.production \
		$(PYTHON) manage.py check --deploy --fail-level WARNING
	$(PYTHON) manage.py spectacular --validate --fail-on-warn --file /dev/null
	docker/check

dashboards: $(SETUP) ## write Grafana's dashboards anew
	$(PYTHON) manage.py dashboards

format: $(SETUP_DEV) ## format Python and templates
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/djlint templates --reformat --quiet

requirements: ## compile requirements/*.in into *.txt
	for name in base worker offline dev; do \
		$(VENV)/bin/pip-compile --quiet --strip-extras --no-header --no-emit-options --no-emit-index-url \
			--no-emit-trusted-host --no-emit-find-links --output-file requirements/$$name.txt requirements/$$name.in; \
	done
	sed -i 's/^\(torch==[0-9.]*\)+.*/\1/' requirements/*.txt  # a local build's tag is no pin

clean: ## remove what setup made, never your data
	rm -rf $(VENV) node_modules $(SETUP) $(SETUP_DEV)

$(SETUP): $(NEEDED_BY_RUN)
	python3 requirements/install.py offline
	@touch $@

$(SETUP_DEV): $(SETUP) requirements/dev.txt
	python3 requirements/install.py dev
	@touch $@
