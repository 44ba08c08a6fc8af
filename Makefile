# `make synth` and `make test` need Python 3.10 or newer with venv, and nothing else: Node comes along as a dependency.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
STAMP := $(VENV)/.synth
# pip shows its steps and a bar on a terminal; elsewhere only what goes wrong.
PIP := $(BIN)/python -m pip install --disable-pip-version-check $(if $(shell test -t 2 && echo terminal),,--quiet)
# Custom resource definition to make a binding of: kubectl get crd NAME -o yaml > FILE
CRD ?= crds/externalsecrets.external-secrets.io.yaml

.PHONY: synth test roundtrip admission verdicts flows metrics lint fix types check golden fuzz bench boot imports schema docs dist clean help

help: ## List the targets.
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-9s %s\n", $$1, $$2}'

synth: $(RUNTIME) ## Write the YAML of the reference app to dist/.
	@echo "Running main.py"
	@touch $(STAMP)
	@$(BIN)/python main.py
	@find "$${CDK8S_OUTDIR:-dist}" -name '*.yaml' -newer $(STAMP) | sort | sed 's/^/wrote: /'

test: $(DEV) ## Run the ordinary tests.
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not boot and not roundtrip and not admission" $(ARGS)

roundtrip: $(DEV) ## Back up, restore and start behind the gate on the real servers; takes minutes.
	$(BIN)/python -m pytest -m roundtrip $(ARGS)

admission: $(DEV) ## Ask a real API server, of which KUBEBUILDER_ASSETS names the directory.
	$(BIN)/python -m pytest -m admission $(ARGS)

verdicts: $(DEV) ## Record what that server says to single values, for the ordinary tests.
	PYTHONPATH=tests $(BIN)/python -m api_server.record

flows: $(DEV) ## Record which connections the pods make, for the ordinary tests.
	PYTHONPATH=tests $(BIN)/python -m boot.record_flows $(ARGS)

metrics: $(DEV) ## Record the names of the metrics that Prometheus finds, for the ordinary tests.
	PYTHONPATH=tests $(BIN)/python -m boot.record_metrics

lint: $(DEV) ## Check style and format.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

fix: $(DEV) ## Mend what the linters can mend.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(DEV) ## Check types, with both checkers.
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pyright

check: lint types test ## All of the above.

golden: $(DEV) ## Accept the YAML of the reference app as the new snapshots.
	$(BIN)/python -m pytest tests/test_golden.py tests/test_surface.py tests/test_examples.py \
	  tests/test_env_import.py tests/test_cowboysysop.py --update-golden

fuzz: $(DEV) ## Property tests with 10,000 examples each.
	HYPOTHESIS_EXAMPLES=10000 $(BIN)/python -m pytest -m "not boot and not roundtrip and not admission" -k "properties or fuzz" $(ARGS)

bench: $(DEV) ## Time synthesis against a bare cdk8s app.
	$(BIN)/python benchmarks/synth.py

boot: $(DEV) ## Start the real Flowise from the YAML, 3.1.4 as image/ locks it; installs it below ~/.cache (3 GB a release).
	@echo "Installing Flowise's releases below ~/.cache, those that aren't there: minutes and 3 GB each"
	$(BIN)/python tests/boot/install.py
	@echo "Starting Flowise from the YAML, a line a test: up to two minutes each"
	$(BIN)/python -m pytest tests/boot -m boot -v $(ARGS)

imports: $(DEV) ## Make the binding in imports/ again from the file CRD.
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npx --yes cdk8s-cli@2 import "flowise:=$(CRD)" --language python --output imports --no-save

schema: $(DEV) ## Make the schema of what is passed through to Kubernetes again, from the newest that is known.
	$(BIN)/python tests/kubernetes_schema.py

docs: $(DEV) ## Build the documentation in build/site, with every warning an error, and look at each page.
	$(PIP) -e '.[docs]'
	$(BIN)/python docs/generate/pictures.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	SITE=build/site $(BIN)/python -m pytest tests/test_site.py $(ARGS)

dist: $(DEV) ## Build sdist and wheel in build/dist, and check them. SOURCE=https://... is the repository's address.
	$(PIP) -e '.[dist]'
	@rm -rf build/dist
	$(if $(SOURCE),FLOWISE_CONSTRUCTS_SOURCE=$(SOURCE)) $(BIN)/python -m build --outdir build/dist
	$(BIN)/python -m twine check --strict build/dist/*

clean: ## Remove what the targets make.
	rm -rf $(VENV) dist build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(RUNTIME): pyproject.toml
	@echo "Making the virtual environment $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@echo "Installing the package, with cdk8s and Node: about a minute, 65 MB to download"
	@$(PIP) -e .
	@touch $@

$(DEV): $(RUNTIME)
	@echo "Installing what tests, linters and type checkers need: about a minute"
	@$(PIP) -e '.[dev]'
	@touch $@
