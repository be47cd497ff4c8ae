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
.SECONDARY:

-include $(shell find $(B)/o -name '*.d' 2>/dev/null)
