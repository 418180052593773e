# SPDX-License-Identifier: GPL-2.0-or-later
# The guests that the program tests run, built the ways that programs are linked.

GUEST_SRC := selftests/programs/guests
# The guests that crash do on purpose what these warnings are about.
GUEST_WARN := $(WARN) -Wno-infinite-recursion -Wno-array-bounds -Wno-use-after-free
GUEST_CC = @mkdir -p $(@D); $(CC) -O2 -g $(GUEST_WARN) -D_GNU_SOURCE -o $@ $< -pthread
GO_BUILD = @mkdir -p $(@D); cd $(GUEST_SRC)/go && GOCACHE=$(CURDIR)/build/go-cache \
	GOFLAGS=-mod=mod GOPROXY=off go build -o $(CURDIR)/$@

build/guests/%: $(GUEST_SRC)/%.c $(GUEST_SRC)/guest.h
	$(GUEST_CC)

build/guests/%-static: $(GUEST_SRC)/%.c $(GUEST_SRC)/guest.h
	$(GUEST_CC) -static

build/guests/%-static-pie: $(GUEST_SRC)/%.c $(GUEST_SRC)/guest.h
	$(GUEST_CC) -static-pie

build/guests/jemalloc-linked: $(GUEST_SRC)/jemalloc.c $(GUEST_SRC)/guest.h
	$(GUEST_CC) -ljemalloc

build/guests/sanitized-address: $(GUEST_SRC)/sanitized.c $(GUEST_SRC)/guest.h
	$(GUEST_CC) -fsanitize=address

build/guests/sanitized-thread: $(GUEST_SRC)/sanitized.c $(GUEST_SRC)/guest.h
	$(GUEST_CC) -fsanitize=thread

build/guests/sanitized-memory: $(GUEST_SRC)/sanitized.c $(GUEST_SRC)/guest.h
	@mkdir -p $(@D)
	clang -O1 -g -D_GNU_SOURCE -fsanitize=memory -o $@ $< -pthread

build/guests/go-static: $(wildcard $(GUEST_SRC)/go/clocks/*.go) $(GUEST_SRC)/go/go.mod
	$(subst go build,CGO_ENABLED=0 go build,$(GO_BUILD)) ./clocks

build/guests/go-dynamic: $(wildcard $(GUEST_SRC)/go/cgo/*.go) $(GUEST_SRC)/go/go.mod
	$(subst go build,CGO_ENABLED=1 go build,$(GO_BUILD)) ./cgo

PROGRAM_GUESTS := $(addprefix build/guests/, \
	linkage linkage-static linkage-static-pie crash crash-static spin jemalloc jemalloc-linked \
	sanitized-address sanitized-thread sanitized-memory go-static go-dynamic)

CHECK_DEPS += $(PROGRAM_GUESTS)

CHECKS += $(addprefix selftests/programs/, sleep.sh bash.sh busybox.sh linkage.sh spin.sh \
	setuid.sh perl.sh gcc.sh sqlite3.sh jemalloc.sh sanitizers.sh python3.sh nodejs.sh \
	memcached.sh stress-ng.sh redis.sh nginx.sh go.sh crash.sh crash_core.sh run.sh)
