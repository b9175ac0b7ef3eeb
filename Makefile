# SPDX-License-Identifier: Apache-2.0
# `make help` lists what this file can do.

MODE ?= release
# Where objects and programs go, and what is generated; `make O=... G=...` says
# otherwise.
O := build/$(MODE)
G := build/generated
VERSION := 0.1.0

prefix ?= /usr/local
exec_prefix ?= $(prefix)
sbindir ?= $(exec_prefix)/sbin
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
docdir ?= $(datadir)/doc/shrike

CC ?= cc
BPF_CLANG ?= clang-14
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
INSTALL ?= install
CLANG_FORMAT ?= clang-format-14
AR ?= ar

ifeq ($(V),1)
Q :=
else
Q := @
endif
say = @printf '  %-7s %s\n'

# --- flags -------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wformat=2 -Wundef -Wcast-align -Wimplicit-fallthrough \
	-Wswitch-enum -Wconversion -Wno-sign-conversion -Werror
# What clang puts under the same names and gcc does not.
ifneq ($(findstring clang,$(CC)),)
WARNINGS += -Wno-string-conversion -Wno-implicit-int-conversion \
	-Wno-shorten-64-to-32 -Wno-format-nonliteral \
	-Wno-bitwise-instead-of-logical \
	-Wno-gnu-variable-sized-type-not-at-end
endif
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
HARDEN_LINK := -pie -Wl,-z,relro,-z,now

CFLAGS_release := -O2 $(HARDEN)
LDFLAGS_release := $(HARDEN_LINK)
CFLAGS_asan := -O1 -fsanitize=address -fno-omit-frame-pointer
LDFLAGS_asan := -fsanitize=address
CFLAGS_ubsan := -O1 -fsanitize=undefined -fno-sanitize-recover=all
LDFLAGS_ubsan := -fsanitize=undefined
CFLAGS_coverage := -O0 --coverage
LDFLAGS_coverage := --coverage
CFLAGS_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
LDFLAGS_fuzz := -fsanitize=fuzzer,address,undefined

ifeq ($(origin CFLAGS_$(MODE)),undefined)
$(error MODE=$(MODE): release, asan, ubsan, coverage or fuzz)
endif
CFLAGS ?= -g
# No binary tells where it was built.
PREFIX_MAP := -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(O)=build \
	-ffile-prefix-map=$(G)=generated
ALL_CFLAGS := -std=gnu17 -D_GNU_SOURCE -DSHRIKE_VERSION='"$(VERSION)"' \
	-I. -I$(G) $(PREFIX_MAP) $(WARNINGS) \
	$(CFLAGS_$(MODE)) $(CFLAGS)
ALL_LDFLAGS := $(LDFLAGS_$(MODE)) $(LDFLAGS)

# --- folders, lowest level first; each is an archive -------------------------

LIBS := base stream ledger event compiler store loop collect trace logs sink \
	daemon cli
DIR_base := user/base
DIR_stream := stream
DIR_ledger := ledger
DIR_event := user/event
DIR_compiler := compiler
DIR_store := store
DIR_loop := user/loop
DIR_collect := user/collect
DIR_trace := user/trace
DIR_logs := user/logs
DIR_sink := user/sink
DIR_daemon := user/daemon
DIR_cli := user/cli

# What each may use: scripts/check-layers holds the includes to the same list.
USES_base :=
USES_stream := base
USES_ledger := base
USES_event := base
USES_compiler := stream base
USES_store := ledger event base
USES_loop := base
USES_collect := loop event ledger base
USES_trace := ledger event base
USES_logs := event base
USES_sink := event base
USES_daemon := sink logs trace collect loop store compiler event ledger stream base
USES_cli := daemon $(USES_daemon)

# The one library that each owns.
LINK_stream := -lhs -lm
LINK_ledger := $(O)/libblake3.a -lsodium
LINK_event := -lprotobuf-c
LINK_store := -llmdb -lsqlite3
LINK_loop := -luring
LINK_collect := -lbpf -ljansson
LINK_logs := -lsystemd

link_of = $(foreach l,$(1),$(LINK_$(l)))
archives = $(foreach l,$(1),$(O)/lib$(l).a)

sources_of = $(sort $(wildcard $(DIR_$(1))/*.c $(DIR_$(1))/sql/*.c))
objects_of = $(patsubst %.c,$(O)/%.o,$(call sources_of,$(1)))
SOURCES := $(foreach l,$(LIBS),$(call sources_of,$(l)))

# --- the program -------------------------------------------------------------

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all check check-full check-kernels check-asan check-ubsan coverage lint fmt bench \
	bench-list install uninstall clean dist help tests fuzz fuzzers \
	golden-update
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# The release build's program is also put where people look for it.
PROGRAM := $(if $(filter build/release,$(O)),build/shrike,$(O)/shrike)
all: $(PROGRAM)

build/shrike: build/release/shrike
	$(Q)cp $< $@

$(O)/shrike: $(call archives,cli $(USES_cli)) $(O)/libblake3.a
	$(say) LINK $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ \
		-Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
		$(filter -l%,$(call link_of,$(LIBS)))

define library
$(O)/lib$(1).a: $$(call objects_of,$(1))
	$$(say) AR $$@
	$$(Q)rm -f $$@ && $(AR) rcsD $$@ $$^
endef
$(foreach l,$(LIBS),$(eval $(call library,$(l))))

$(O)/%.o: %.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -c -o $@ $<

# --- generated: kernel programs and messages ---------------------------------

BPF_SOURCES := $(sort $(wildcard bpf/*.bpf.c))
SKELETONS := $(patsubst bpf/%.bpf.c,$(G)/%.skel.h,$(BPF_SOURCES))
BPF_ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')

$(G)/%.bpf.o: bpf/%.bpf.c
	$(say) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)$(BPF_CLANG) -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -O2 -g -mcpu=v3 \
		-Wall -Werror -Wno-unused-function -I. \
		-idirafter /usr/include/$(shell uname -m)-linux-gnu \
		$(PREFIX_MAP) -MMD -MP -c -o $@ $<

$(G)/%.skel.h: $(G)/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

$(G)/shrike.pb-c.h: user/event/shrike.proto
	$(say) PROTO $<
	$(Q)mkdir -p $(@D)
	$(Q)protoc-c --proto_path=$(<D) --c_out=$(@D) $<
$(G)/shrike.pb-c.c: $(G)/shrike.pb-c.h ;

$(O)/shrike.pb-c.o: $(G)/shrike.pb-c.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -Wcast-align -Wconversion -Werror,$(ALL_CFLAGS)) \
		-c -o $@ $<
$(O)/libevent.a: $(O)/shrike.pb-c.o
$(call objects_of,event): $(G)/shrike.pb-c.h
$(call objects_of,collect): $(SKELETONS)

# --- BLAKE3, from the sources that Debian ships ------------------------------

BLAKE3 ?= $(lastword $(sort $(wildcard /usr/share/cargo/registry/blake3-*/c)))
BLAKE3_C := blake3.c blake3_dispatch.c blake3_portable.c
ifeq ($(BPF_ARCH),x86)
BLAKE3_S := blake3_sse2_x86-64_unix.S blake3_sse41_x86-64_unix.S \
	blake3_avx2_x86-64_unix.S blake3_avx512_x86-64_unix.S
else ifeq ($(BPF_ARCH),arm64)
BLAKE3_C += blake3_neon.c
endif
BLAKE3_O := $(BLAKE3_C:%.c=$(O)/blake3/%.o) $(BLAKE3_S:%.S=$(O)/blake3/%.o)

$(O)/blake3/%.o: $(BLAKE3)/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -g $(PREFIX_MAP) $(CFLAGS_$(MODE)) -c -o $@ $<
$(O)/blake3/%.o: $(BLAKE3)/%.S
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PREFIX_MAP) -c -o $@ $<
$(O)/libblake3.a: $(BLAKE3_O)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^
$(call objects_of,ledger): EXTRA_CFLAGS += -isystem $(BLAKE3)

# --- tests: tests/<library>/<module>_test.c links only what it may use --------

TEST_SUPPORT := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/support/*.c)))
tests_of = $(sort $(wildcard tests/$(1)/*_test.c))
TEST_SOURCES := $(foreach l,$(LIBS),$(call tests_of,$(l)))
TEST_BINARIES := $(TEST_SOURCES:%.c=$(O)/%)

define library_tests
$(patsubst %.c,$(O)/%,$(call tests_of,$(1))): $(O)/tests/$(1)/%: \
		$(O)/tests/$(1)/%.o $(TEST_SUPPORT) \
		$(call archives,$(1) $(USES_$(1))) \
		$(filter %.a,$(call link_of,$(1) $(USES_$(1))))
	$$(say) LINK $$@
	$$(Q)$(CC) $$(ALL_LDFLAGS) -o $$@ $$(filter %.o,$$^) \
		-Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
		$(filter -l%,$(call link_of,$(1) $(USES_$(1)))) \
		$$(TEST_LINK) -lcmocka
endef
$(foreach l,$(LIBS),$(eval $(call library_tests,$(l))))
$(O)/tests/%.o: EXTRA_CFLAGS += -Itests
$(O)/tests/collect/file_request_live_test: TEST_LINK := -luring
$(O)/tests/collect/network_request_live_test: TEST_LINK := -luring
$(O)/tests/collect/overload_live_test: TEST_LINK := -luring
$(O)/tests/store/%: TEST_LINK := -lsqlite3
$(O)/tests/stream/%: TEST_LINK := -lsqlite3 -lpcre2-8
$(O)/tests/compiler/%: TEST_LINK := -lelf -lbpf -lsqlite3

# What the load generator runs thousands of times a second.
$(O)/tests/tools/exit_zero: ALL_LDFLAGS = $(if $(filter release,$(MODE)),-static)

$(O)/tests/tools/empty_hook: TEST_LINK := -lbpf
$(O)/tests/tools/odd_calls: TEST_LINK := -luring

# It reads traces with the program's own reader.
ROWS_LIBS := trace $(USES_trace)
$(O)/tests/tools/trace_rows: $(call archives,$(ROWS_LIBS)) $(O)/libblake3.a
$(O)/tests/tools/trace_rows: TEST_LINK := -Wl,--start-group \
	$(call archives,$(ROWS_LIBS)) $(O)/libblake3.a -Wl,--end-group \
	$(filter -l%,$(call link_of,$(ROWS_LIBS)))

# In several files.
RANDOM_OPS := $(sort $(wildcard tests/tools/random_ops/*.c))
$(O)/tests/tools/random_ops: $(RANDOM_OPS) tests/tools/random_ops/random_ops.h
$(O)/tests/tools/random_ops: TEST_LINK := $(RANDOM_OPS)

TOOLS := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/tools/*.c)))

$(O)/tests/tools/%: tests/tools/%.c
	$(say) TOOL $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $< $(TEST_LINK) -lpthread

# What is loaded in front of a program.
PRELOADS := $(patsubst tests/tools/preload/%.c,$(O)/tests/tools/%.so,\
	$(sort $(wildcard tests/tools/preload/*.c)))

$(O)/tests/tools/%.so: tests/tools/preload/%.c
	$(say) TOOL $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC $(filter-out -pie,$(ALL_LDFLAGS)) -shared -MMD -MP -o $@ $<

tests: $(TEST_BINARIES) $(TOOLS) $(PRELOADS)

check: all tests
	$(Q)tests/run $(O)

check-full: export CHECK_FULL = 1
check-full: check

# On Debian's kernels in virtual machines; K='--kernel 6.1 --lsm' chooses.
check-kernels: all tests
	$(Q)scripts/check-kernels $(K)

check-asan check-ubsan: check-%:
	$(Q)$(MAKE) MODE=$* check

coverage:
	$(Q)find build/coverage -name '*.gcda' -delete 2>/dev/null || true
	$(Q)$(MAKE) MODE=coverage all tests
	$(Q)status=0; $(MAKE) MODE=coverage check || status=$$?; \
	gcovr -r . --object-directory build/coverage -e tests -e build; \
	exit $$status

# --- fuzzing: each program of tests/fuzz for FUZZ_SECONDS ---------------------

FUZZ_CC ?= clang-14
FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_USES := compiler stream sink logs trace event ledger base

$(FUZZERS): %: %.o $(call archives,$(FUZZ_USES)) $(O)/libblake3.a
	$(say) LINK $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
		$(filter -l%,$(call link_of,$(FUZZ_USES)))

fuzzers: $(FUZZERS)

# Those of the rule language start from what is at hand and know its words.
FUZZ_SEEDS := build/fuzz/seeds

fuzz:
	$(Q)$(MAKE) MODE=fuzz CC=$(FUZZ_CC) fuzzers
	$(Q)scripts/fuzz-seeds $(FUZZ_SEEDS)
	$(Q)for program in $(patsubst $(O)/%,build/fuzz/%,$(FUZZERS)); do \
		echo "$$program, $(FUZZ_SECONDS) s"; \
		case $$program in \
		*/fuzz_parse | */fuzz_rules) \
			with="tests/fuzz/corpus $(FUZZ_SEEDS) \
			-dict=tests/fuzz/rules.dict -max_len=16384";; \
		*) with=;; \
		esac; \
		mkdir -p $$program.corpus && $$program $$program.corpus $$with \
			-max_total_time=$(FUZZ_SECONDS) -verbosity=0 \
			-timeout=10 -rss_limit_mb=1024 \
			-print_funcs=0 -print_final_stats=1 -artifact_prefix=$$program. || \
			exit 1; \
	done

# --- benchmarks ---------------------------------------------------------------

bench-list:
	$(Q)sed -n 's/^# bench: //p' tests/bench/*.sh

bench: all tests
	$(Q)[ -x 'tests/bench/$(B).sh' ] || { \
		echo 'make bench B=NAME; make bench-list has the names' >&2; \
		exit 2; }
	$(Q)SHRIKE=$(O)/shrike tests/bench/$(B).sh

# --- care ----------------------------------------------------------------------

C_FILES = $(sort $(shell git ls-files -co --exclude-standard '*.c' '*.h'))

fmt:
	$(Q)$(CLANG_FORMAT) -i $(C_FILES)

lint: compile_commands.json all
	$(Q)scripts/lint

compile_commands.json: Makefile $(SOURCES)
	$(Q)scripts/compile-commands '$(CC) $(ALL_CFLAGS)' '$(BLAKE3)' \
		$(SOURCES) >$@

golden-update: all tests
	$(Q)GOLDEN_UPDATE=1 tests/run $(O)

install: all
	$(INSTALL) -d $(DESTDIR)$(sbindir) $(DESTDIR)$(datadir)/shrike/rules \
		$(DESTDIR)$(mandir)/man8 $(DESTDIR)$(docdir)
	$(INSTALL) -m 0755 build/shrike $(DESTDIR)$(sbindir)/shrike
	$(INSTALL) -m 0644 rules/*.sql $(DESTDIR)$(datadir)/shrike/rules/
	$(INSTALL) -m 0644 docs/shrike.8 $(DESTDIR)$(mandir)/man8/
	$(INSTALL) -m 0644 README.md LICENSE docs/language.md docs/grammar.md \
		$(DESTDIR)$(docdir)/

uninstall:
	rm -f $(DESTDIR)$(sbindir)/shrike $(DESTDIR)$(mandir)/man8/shrike.8
	rm -rf $(DESTDIR)$(datadir)/shrike $(DESTDIR)$(docdir)

clean:
	rm -rf build compile_commands.json

dist:
	$(Q)mkdir -p build
	git archive --prefix=shrike-$(VERSION)/ \
		-o build/shrike-$(VERSION).tar.gz HEAD

help:
	@sed -n 's/^#? //p' Makefile

#? make                 the program, build/shrike
#? make check           tests, also the privileged ones (at most 10 minutes)
#? make check-full      the same with the full counts
#? make check-kernels   live tests and recorded rows on Debian's 6.1 and 6.12
#? make check-asan      tests under AddressSanitizer; check-ubsan likewise
#? make coverage        line coverage of the tests
#? make fuzz            tests/fuzz, FUZZ_SECONDS (60) each
#? make bench-list      names the benchmarks; make bench B=<name> runs one
#? make lint            format, layers, globals, sizes, cppcheck, shellcheck
#? make fmt             format the sources
#? make golden-update   rewrite the expected outputs
#? make compile_commands.json
#? make install         to $(DESTDIR)$(prefix); also uninstall
#? make dist            build/shrike-VERSION.tar.gz, of what is committed
#? make clean
#? Variables: V=1 shows commands, MODE=release|asan|ubsan|coverage, CC, CFLAGS,
#? O=FOLDER and G=FOLDER: build there, generate there; prefix, DESTDIR

-include $(shell find $(O) $(G) -name '*.d' 2>/dev/null)
