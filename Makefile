# A thin front for meson and the tools; `make help` lists what there is.
# meson is Debian's, whatever python comes first in PATH.
MESON  := $(shell test -x /usr/bin/meson && echo /usr/bin/meson || echo meson)
PYTHON := $(shell test -x /usr/bin/python3 && echo /usr/bin/python3 || echo python3)
BUILD  ?= build
PREFIX ?= /usr/local

.PHONY: all build demo test fast install bench fuzz interop nmap paths paths-linux golden golden-all \
	worlds tidy format clean help \
	setup-build setup-test setup-tidy

all: build

build: setup-build $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet
	@echo "built $(BUILD)/causeway"

$(BUILD)/build.ninja:
	@$(MESON) setup $(BUILD) >/dev/null

demo: build
	@tools/demo.sh $(BUILD)/causeway

test: setup-build setup-test
	@$(PYTHON) tools/run_tests.py full

fast: setup-build setup-test
	@$(PYTHON) tools/run_tests.py fast

bench: setup-build setup-test $(BUILD)/build.ninja
	@$(MESON) setup --reconfigure -Dtests=enabled $(BUILD) >/dev/null
	@ninja -C $(BUILD) --quiet
	@$(BUILD)/tests/bench/bench_stack
	@$(PYTHON) tests/bench/bench_lab.py $(BUILD)/causeway \
		$(BUILD)/tests/bench/bulk

fuzz: setup-build setup-test
	@$(PYTHON) tools/run_tests.py fuzz

# The kernel of this machine as the peer, in network namespaces.
RUNS ?= 1
interop: build
	@$(PYTHON) tests/interop/interop_test.py $(BUILD)/causeway --runs $(RUNS)
	@$(PYTHON) tests/interop/addr_test.py $(BUILD)/causeway

# Paths with this kernel on them; `paths` keeps its figures and makes ours anew.
paths-linux: build
	@$(PYTHON) tests/interop/paths.py $(BUILD)/causeway

paths: build
	@$(PYTHON) tests/interop/paths.py $(BUILD)/causeway --ours

# What scanners make of us; nmap and hping3 are for whoever asks for this.
nmap: build
	@$(PYTHON) tests/interop/nmap_test.py $(BUILD)/causeway

# Measured paths in virtual time: writes tests/sim/golden/*.txt, shows what is
# new; git has what was.
golden: build
	@$(PYTHON) tests/sim/golden.py $(BUILD)/causeway --update
	@git diff --stat -- tests/sim/golden docs/performance.md

golden-all: build
	@$(PYTHON) tests/sim/golden.py $(BUILD)/causeway --update --all
	@git diff --stat -- tests/sim/golden

# Every placement of three faults, too: some twenty minutes.
worlds: build
	@nice -n 19 $(PYTHON) tests/sim/worlds_test.py $(BUILD)/causeway 3

install: build
	@$(MESON) configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@$(MESON) install -C $(BUILD)

# clang-tidy reads what clang was told.
tidy: setup-test setup-tidy
	@$(PYTHON) tools/tidy.py
	@[ -f build-clang/build.ninja ] || \
		CC=clang $(MESON) setup --buildtype=release build-clang >/dev/null
	@run-clang-tidy -quiet -p build-clang '$(CURDIR)/src/.*\.c$$'

format: setup-test
	@clang-format -i $$(git ls-files '*.c' '*.h')

conformance:
	@$(PYTHON) tools/conformance.py

setup-build:
	@tools/setup.sh build

setup-test:
	@tools/setup.sh test

setup-tidy:
	@tools/setup.sh tidy

clean:
	@rm -rf $(BUILD) build-*

help:
	@echo "make            build $(BUILD)/causeway"
	@echo "make demo       build, then show two programs talk over a bad link"
	@echo "make test       everything that continuous integration runs"
	@echo "make fast       the tests of the suite 'fast', in seconds"
	@echo "make install    install to PREFIX ($(PREFIX)); DESTDIR is heeded"
	@echo "make bench      measure"
	@echo "make interop    Causeway and this kernel as each other's peer (RUNS=$(RUNS))"
	@echo "make paths-linux  this kernel's TCP on paths of ours: docs/performance.md"
	@echo "make nmap       nmap and hping3 against a stack of ours, in a namespace"
	@echo "make golden     measure the paths of tests/sim/golden again (golden-all: more)"
	@echo "make worlds     every placement of three faults in a short connection"
	@echo "make fuzz       fuzz each target for a minute (FUZZ_SECONDS)"
	@echo "make tidy       the source as text, and clang-tidy"
	@echo "make conformance  write docs/conformance.md from the labels"
	@echo "make format     clang-format on every C file"
	@echo "make clean      remove the build directories"
