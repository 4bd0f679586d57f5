# The two commands of the README are `make demo` and `make test`; each sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/augment run --overwrite
# How many rows of a corpus the demonstration works on.
ROWS ?= 1000

.PHONY: all install demo demo-data demo-zh demo-en test quick check lint types docs fix bench clean
all: check test

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[zh,en,ray,xlsx,plot,llm]" --group dev
	touch $@

demo: demo-zh demo-en
	@echo
	@echo "reports:"
	@ls runs/demo-zh-*/report.html runs/demo-en-*/report.html

demo-data: install
	$(BIN)/augment fetch demo

demo-zh demo-en: demo-%: demo-data
	$(BIN)/augment train -c demo-$*
	$(RUN) augment -c demo-$* --limit $(ROWS)
	$(RUN) probe -c demo-$* --limit $(ROWS) --split test --split validation
	$(RUN) attack -c demo-$* --limit 200 --split test --split validation
	$(RUN) compare -c demo-$* --limit $(ROWS)

# Three processes, since on two cores one of them often waits for a worker that it has killed.
test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# What a change breaks first, in less than a minute on two cores.
quick: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile tests/config tests/ig tests/text/test_edits.py tests/text/test_segment.py \
		tests/stages/test_rank.py tests/stages/test_keep.py tests/test_layers.py tests/test_names.py tests/test_public.py tests/test_seams.py -k "not demonstration"

check: lint docs types

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

# The documentation as a site, in site/; a broken link is an error.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

fix: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install
	$(BIN)/python -m benchmarks.engine.main_job

clean:
	rm -rf .venv runs models site .mypy_cache .pytest_cache .ruff_cache
