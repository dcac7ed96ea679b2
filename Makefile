# `make lab` installs the course and opens it; `make help` lists the rest.

PYTHON = python3
BIN = .venv/bin

.PHONY: help lab test test-offline test-browser notebooks slides solutions assignment bench latency class-trial lint links

help:
	@echo "make lab           install everything into .venv, then open the first notebook"
	@echo "make test          run every test that needs neither a browser nor a network"
	@echo "make test-offline  the same with the network cut off (Linux)"
	@echo "make test-browser  run the tests in a real browser (needs Chromium)"
	@echo "make notebooks     run all notebooks anew and store their outputs"
	@echo "make slides        write lecture slides that need no network into build/slides"
	@echo "make solutions     write solved notebooks into build/solutions"
	@echo "make assignment    write assignments for nbgrader into build/assignment"
	@echo "make bench         measure speed and accuracy, and write docs/results.md"
	@echo "make latency       measure how long the labs take to answer (needs Chromium)"
	@echo "make class-trial   try and measure a class server with 20 accounts (Linux, as root; needs npm)"
	@echo "make lint          check the style of all code, notebooks too"
	@echo "make links         point all links at the repository named in pyproject.toml"
	@echo
	@echo "Another Python than python3: make lab PYTHON=python3.12"

lab: .venv/installed
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb

# Two processes with one thread each: with more threads than cores, each waits for the others.
test: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist worksteal

# The tests refuse network calls of Python by themselves; here nothing else can make one either.
test-offline: .venv/installed
	unshare --map-root-user --net sh -c 'ip link set lo up && \
	    OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist worksteal'

# The notebooks in one process, the rest beside them in another.
test-browser: .venv/installed-browser
	$(BIN)/python -m pytest tests/browser --numprocesses 2 --dist loadfile

notebooks: .venv/installed
	$(BIN)/python -m nnutils.notebooks refresh

solutions: .venv/installed
	$(BIN)/python -m nnutils.notebooks solutions

slides: .venv/installed
	$(BIN)/python -m nnutils.slides

assignment: .venv/installed-teach
	$(BIN)/python -m nnutils.assignment

bench: .venv/installed
	$(BIN)/python -m benchmarks.mnist_seeds
	$(BIN)/python -m benchmarks.digit_pad
	$(BIN)/python -m benchmarks.mlp_torch
	$(BIN)/python -m benchmarks.mlp_numpy
	$(BIN)/python -m benchmarks.conv2d
	$(BIN)/python -m benchmarks.notebooks
	$(MAKE) latency

# How long the labs take to answer is measured by the tests in the browser.
latency: .venv/installed-browser
	NNUTILS_WRITE_RESULTS=1 $(BIN)/python -m pytest tests/browser/test_notebooks.py -k test_latency

class-trial: .venv/installed-hub
	$(BIN)/python -m benchmarks.class_server

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

links: .venv/installed
	$(BIN)/python -m nnutils.notebooks links

# pip brings uv, and uv brings the rest: for nearly everything it needs a tenth of pip's time.
.venv/uv:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2> /dev/null || { \
	    echo "The course needs Python 3.11 or newer. $(PYTHON) is: `$(PYTHON) --version 2>&1`"; \
	    echo "With a newer one installed, say for example: make PYTHON=python3.12 $(MAKECMDGOALS)"; \
	    exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2> /dev/null || { \
	    echo "This Python cannot make virtual environments."; \
	    echo "On Debian and Ubuntu: sudo apt install python3-venv"; \
	    exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	@touch $@

.venv/installed: .venv/uv pyproject.toml constraints.txt
	$(BIN)/uv pip install --python $(BIN)/python --constraints constraints.txt --editable ".[test]"
	@touch $@

.venv/installed-browser: .venv/installed
	$(BIN)/uv pip install --python $(BIN)/python --constraints constraints.txt --editable ".[test,browser]"
	@touch $@

.venv/installed-teach: .venv/installed
	$(BIN)/uv pip install --python $(BIN)/python --constraints constraints.txt --editable ".[test,teach]"
	@touch $@

.venv/installed-hub: .venv/installed
	$(BIN)/uv pip install --python $(BIN)/python --constraints constraints.txt --editable ".[test,hub]"
	npm install --no-package-lock --prefix build/class-server configurable-http-proxy
	@touch $@
