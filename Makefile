# Two commands for a fresh machine with Python 3.11 or newer: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
# Kept compiled, whatever the shell says: tests start hundreds of interpreters, and each would compile all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test deep check docs dist release lock messages clean

demo: .venv/installed
	@$(BIN)/textback demo

test: .venv/installed-dev
	$(BIN)/python -m tests.lab.prepare
	$(BIN)/python -m pytest -q -n 4 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# What `make test` does a share of: random offices and random nights by the thousand; axe on every page and every state of
# it at every width in both themes; a foreign lock held for a minute; every call through a FreePBX; a FreeSWITCH's stream cut at every event; two hundred stops under load.
# Takes an hour.
deep: .venv/installed-dev
	$(BIN)/python -m pytest -q --hypothesis-profile=thousands tests/end_to_end/test_state_machine.py tests/oncall/test_escalation_wild.py
	$(BIN)/python -m pytest -q --hypothesis-profile=thousands tests/web/test_browser.py tests/web/test_hands.py tests/web/test_states.py tests/web/test_story.py
	$(BIN)/python -m pytest -q --hypothesis-profile=thousands tests/end_to_end/test_faults.py
	$(BIN)/python -m pytest -q --hypothesis-profile=thousands tests/calls/test_live_calls.py tests/esl/test_recordings.py
	TEXTBACK_STOPS=200 $(BIN)/python -m pytest -q tests/end_to_end/test_stopped.py

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.collected

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Textback needs Python 3.11 or newer; this is $$($(PYTHON) --version 2>&1). Set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "Python's venv is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "setup: a Python environment in .venv, once"
	@$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python requirements.txt requirements-uv.txt pyproject.toml
	@$(BIN)/python -m tests.lab.install requirements.txt
	@touch $@

.venv/installed-dev: .venv/bin/python requirements-dev.txt requirements-uv.txt pyproject.toml
	@$(BIN)/python -m tests.lab.install requirements-dev.txt
	@touch $@ .venv/installed

COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links

lock: .venv/bin/python
	$(BIN)/python -m pip install --quiet pip-tools
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(COMPILE) --extra dev --output-file requirements-dev.txt pyproject.toml
	echo uv | $(COMPILE) --output-file requirements-uv.txt -
	echo 'asyncmy>=0.2.18' | $(COMPILE) --output-file requirements-mariadb.txt -

# One archive that installs without a network: wheels for these Pythons on glibc 2.28 or newer (Debian 12, EL9), and a script.
PYTHONS ?= 3.11 3.12 3.13
OFFLINE := build/offline/textback

dist: .venv/bin/python
	rm -rf $(OFFLINE)
	mkdir -p $(OFFLINE)/wheels dist
	for version in $(PYTHONS); do \
	  $(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt \
	    --requirement requirements-mariadb.txt --only-binary=:all: --python-version $$version --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 \
	    --dest $(OFFLINE)/wheels || exit 1; \
	done
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir $(OFFLINE) .
	cp requirements.txt requirements-mariadb.txt bridge/deploy/install.sh $(OFFLINE)
	tar -C build/offline -czf dist/textback-offline.tar.gz textback

# `make release VERSION=1.2.3`: version, changelog, archive, commit and tag, after `make test`.
release: .venv/installed-dev
	@$(BIN)/python -m tests.house.release $(VERSION)

# Every word of the page into the catalogues of its languages; what is new there is empty until somebody translates it.
messages: .venv/installed-dev
	$(BIN)/pybabel -q extract -F bridge/web/locale/babel.cfg -k N_ -k say -k count:1,2 -k ngettext:1,2 --no-location \
	  --omit-header -o .venv/messages.pot bridge storage
	$(BIN)/pybabel -q update -i .venv/messages.pot -l es -o bridge/web/locale/es/messages.po -w 110 --ignore-pot-creation-date \
	  --no-fuzzy-matching
	sed -i -E '/^"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By):/d' \
	  bridge/web/locale/es/messages.po

# What is made from the code: CONFIGURATION.md and HTTP.md in bridge/deploy.
docs: .venv/installed-dev
	$(BIN)/python -m tests.house.docs

clean:
	rm -rf .venv .lab build dist *.egg-info
