# `make demo` shows everything once, `make test` runs all tests; `make help` lists the rest.

SWIFT ?= swift
PYTHON ?= python3
PREFIX ?= /usr/local
DESTDIR ?=

APUS = $(CURDIR)/.build/release/apus
# Tests have a build of their own: testable modules are compiled otherwise than released ones.
TEST_BUILD = --scratch-path .build-test -c release -Xswiftc -enable-testing
SAMPLES = $(CURDIR)/.build-test/samples
# OpenBLAS chooses its kernels for the processor at hand unless this variable tells it otherwise.
MEASURED = env -u OPENBLAS_CORETYPE

.PHONY: build deps test test-swift test-python demo bench lint format install clean help

build: deps ## the release build: .build/release/apus
	$(SWIFT) build -c release --product apus

deps: ## install what is missing (Debian packages; the Swift toolchain must be there)
	@.ci/install-dependencies

test: test-swift ## all tests
	@$(MAKE) --no-print-directory test-python

test-swift: deps
	rm -rf $(SAMPLES)
	APUS_SAMPLES=$(SAMPLES) $(SWIFT) test $(TEST_BUILD)

test-python: .venv/installed build $(SAMPLES)
	APUS=$(APUS) APUS_SAMPLES=$(SAMPLES) .venv/bin/python -m pytest -q Tests/python

# Files that the Swift tests write for programs in Python to read.
$(SAMPLES): | deps
	APUS_SAMPLES=$(SAMPLES) $(SWIFT) test $(TEST_BUILD) --filter 'PythonSamples|whatIsWrittenIsReadBackExactly'

.venv/installed: Tests/python/requirements.txt | deps
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

demo: build ## train on DFT data, evaluate, run molecular dynamics: under ten minutes
	$(MEASURED) examples/silicon/demo.sh $(APUS)

bench: build ## the time of a step for models of several sizes, beside sgemm
	$(MEASURED) examples/silicon/bench.sh $(APUS)

lint: ## formatting and style
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Package.swift

format: ## format the sources in place
	$(SWIFT) format format --in-place --recursive --parallel Sources Tests Package.swift

install: build ## to PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(APUS) $(DESTDIR)$(PREFIX)/bin/apus

clean: ## remove builds and the Python environment
	rm -rf .build .build-test .venv examples/silicon/run

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'
