# `make lab` installs the course and opens it; `make help` lists the rest.
# Each target brings what it needs, on a fresh clone too.

PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin

.PHONY: help
help:
	@sed -n "s/^\([a-z-]*\):.*## /  make \1 \t/p" Makefile | expand -t 22
	@echo
	@echo "Another Python than python3:           make lab PYTHON=python3.12"
	@echo "PyTorch for the processor alone, small: make lab TORCH=cpu"

.PHONY: lab
lab: $(VENV)/has-course $(VENV)/has-looked-for-mnist ## install the course, then open the first notebook
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb

# Two processes with one thread each: with more threads than cores, each waits for the others.
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2
PYTEST_ALL = $(PYTEST) --dist worksteal -m "not mnist and not colab"

.PHONY: test
test: $(VENV)/has-test $(VENV)/bare ## run every test that needs no browser, no network and no MNIST
	$(PYTEST_ALL)

# A process gets one test at a time: two of them take minutes, and `worksteal` keeps two together.
.PHONY: test-mnist
test-mnist: $(VENV)/has-test ## run what needs the real MNIST (NNUTILS_DATA is their folder, else data/)
	$(PYTEST) --dist loadgroup -m mnist

# The tests refuse network calls of Python by themselves; here nothing else can make one either.
.PHONY: test-offline
test-offline: $(VENV)/has-test $(VENV)/bare ## the same with the network cut off (Linux)
	unshare --map-root-user --net sh -c 'ip link set lo up && $(PYTEST_ALL)'

# The notebooks in one process, the rest beside them in another.
# A machine that pauses can fail a test: what has failed runs once more, alone. Failing twice counts.
PYTEST_BROWSER = $(BIN)/python -m pytest tests/browser -m "not colab"

.PHONY: test-browser
test-browser: $(VENV)/has-browser ## run the tests in a real browser (needs Chromium)
	$(PYTEST_BROWSER) --numprocesses 2 --dist loadfile || { \
	    test $$? -eq 1 && echo "Once more; what passes now has PASSED ONLY AT THE SECOND TRY:" && \
	    $(PYTEST_BROWSER) --last-failed --last-failed-no-failures none --verbose; }

# The first cell of a notebook fetches the course there: this needs a network.
.PHONY: test-colab
test-colab: $(VENV)/has-browser $(VENV)/colab ## run all notebooks with Colab's Jupyter, the labs in other pages than JupyterLab
	$(PYTEST) --dist loadfile -m colab tests/notebooks/test_colab.py
	$(BIN)/python -m pytest -m colab tests/browser

.PHONY: notebooks
notebooks: $(VENV)/has-test ## write what is derived, run all notebooks (or NB=FILE) and store them
	$(BIN)/python -m tools.derive
	$(BIN)/python -m tools.notebooks refresh $(NB)

.PHONY: report
report: $(VENV)/has-teach ## print sizes, minutes and measured times beside what is usual
	$(BIN)/python -m tools.report

.PHONY: slides
slides: $(VENV)/has-course $(VENV)/has-teach ## write lecture slides that need no network into build/slides
	$(BIN)/python -m tools.slides

.PHONY: site
site: $(VENV)/has-course $(VENV)/has-teach ## write the course as a web site that needs no kernel into build/site
	$(BIN)/python -m tools.site

.PHONY: solutions
solutions: $(VENV)/has-teach ## write solved notebooks into build/solutions
	$(BIN)/python -m tools.notebooks solutions

.PHONY: assignment
assignment: $(VENV)/has-teach ## write assignments for nbgrader into build/assignment
	$(BIN)/python -m tools.assignment

.PHONY: bench
bench: $(VENV)/has-test latency ## measure speed and accuracy, and write docs/results.md
	$(BIN)/python -m benchmarks.schedules
	$(BIN)/python -m benchmarks.mnist_seeds
	$(BIN)/python -m benchmarks.digit_pad
	$(BIN)/python -m benchmarks.mlp_torch
	$(BIN)/python -m benchmarks.mlp_numpy
	$(BIN)/python -m benchmarks.stages
	$(BIN)/python -m benchmarks.fooled
	$(BIN)/python -m benchmarks.rules
	$(BIN)/python -m benchmarks.kernel
	$(BIN)/python -m benchmarks.conv2d
	$(BIN)/python -m benchmarks.notebooks

.PHONY: bench-gpu
bench-gpu: $(VENV)/has-test ## measure what a graphics card gives (says so where there is none)
	$(BIN)/python -m benchmarks.gpu

# How long the labs take to answer is measured by the tests in the browser.
.PHONY: latency
latency: $(VENV)/has-browser ## measure how long the labs take to answer (needs Chromium)
	NNUTILS_WRITE_RESULTS=1 $(BIN)/python -m pytest tests/browser/test_notebooks.py -k test_latency

.PHONY: lint
lint: $(VENV)/has-lint ## check the style of all code, notebooks too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: links
links: $(VENV)/has-teach ## point all links at this course's repository
	$(BIN)/python -m tools.links

# --- Installation ---------------------------------------------------------------------------------

INSTALL = $(BIN)/uv pip install --python $(BIN)/python --constraints constraints.txt

# One extra of pyproject.toml: $(VENV)/has-teach holds what the extra `teach` names. With TORCH=cpu,
# or another name that uv knows, PyTorch comes from its own index first, if that can be reached.
$(VENV)/has-%: $(VENV)/uv pyproject.toml constraints.txt
	@$(if $(and $(TORCH),$(filter course test browser,$*)),\
	    $(INSTALL) --torch-backend=$(TORCH) torch torchvision 2> $(VENV)/torch.log || \
	    echo "PyTorch's build $(TORCH) cannot be had here ($(VENV)/torch.log): the usual one follows.")
	$(INSTALL) --editable ".[$*]"
	@touch $@

# MNIST, once, while there is a network for the installation. The course works without it too.
$(VENV)/has-looked-for-mnist: $(VENV)/has-course
	$(BIN)/python -c "from nnutils.datasets import load_mnist; load_mnist()"
	@touch $@

COLAB_WIDGETS = ipywidgets==7.7.1

# The package as a wheel and what it needs itself, no more, with Colab's ipywidgets: a test runs it.
$(VENV)/bare: $(VENV)/has-test $(shell find nnutils -type f -not -name '*.pyc') pyproject.toml
	$(BIN)/uv venv --quiet --clear $@
	$(BIN)/python -m hatchling build --target wheel --directory $@/wheel
	grep -Ev "^(ipywidgets|widgetsnbextension|jupyterlab-widgets)==" constraints.txt > $@/constraints.txt
	$(BIN)/uv pip install --python $@ --constraints $@/constraints.txt \
	    $@/wheel/*.whl $(COLAB_WIDGETS)
	@touch $@

# What Colab has, as far as the course meets it: its Jupyter as it publishes it, and no course. With
# Python 3.13 where uv can have it.
$(VENV)/colab: $(VENV)/has-test
	$(BIN)/uv venv --quiet --clear --seed --python 3.13 $@ 2> /dev/null || \
	    $(BIN)/uv venv --quiet --clear --seed --python $(BIN)/python $@
	grep -E "^(matplotlib|numpy|torch|torchvision)==" constraints.txt > $@/constraints.txt
	$(BIN)/uv pip install --python $@ --constraints $@/constraints.txt ipykernel==6.17.1 \
	    ipython==7.34.0 $(COLAB_WIDGETS) notebook==6.5.7 \
	    matplotlib numpy pillow platformdirs pytest setuptools torch torchvision tqdm
	@touch $@

# An environment that no longer runs (its folder was moved, its Python replaced) is made anew. Its
# programs name their Python in their first line: `pip` runs only if it is still there.
ifneq ($(wildcard $(VENV)/uv),)
ifneq ($(shell $(BIN)/python -c "" 2>&1 && $(BIN)/pip --version > /dev/null 2>&1 && echo runs),runs)
$(info $(VENV) no longer runs: it is made anew.)
$(shell rm -rf $(VENV))
endif
endif

# pip brings uv, and uv brings the rest: for nearly everything it needs a tenth of pip's time.
$(VENV)/uv:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2> /dev/null || { \
	    echo "The course needs Python 3.11 or newer. $(PYTHON) is: `$(PYTHON) --version 2>&1`"; \
	    echo "With a newer one installed, say for example: make PYTHON=python3.12 $(MAKECMDGOALS)"; \
	    exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2> /dev/null || { \
	    echo "This Python cannot make virtual environments."; \
	    echo "On Debian and Ubuntu: sudo apt install python3-venv"; \
	    exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	@touch $@
