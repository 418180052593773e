# SPDX-License-Identifier: GPL-2.0-or-later
# Programs and a library built against three editions of the uapi header, in one
# test: first/ as it was released, today's, and one that future.sh makes of it.

GROWTH_OUT   := $(BUILD)/selftests/growth
GROWTH_PEERS := $(foreach edition,first now future,$(GROWTH_OUT)/peer-$(edition).o)
GROWTH_LATER := $(GROWTH_OUT)/libsundial-later.o

GROWTH_INCLUDE_first  := -Iselftests/growth/first
GROWTH_INCLUDE_now    := -Iinclude/uapi
GROWTH_INCLUDE_future := -I$(GROWTH_OUT)/future

$(GROWTH_OUT)/future/linux/sundial.h: include/uapi/linux/sundial.h selftests/growth/future.sh
	@mkdir -p $(@D)
	selftests/growth/future.sh $< >$@

$(GROWTH_PEERS): $(GROWTH_OUT)/peer-%.o: selftests/growth/peer.c selftests/growth/peer.h \
		$(GROWTH_OUT)/future/linux/sundial.h
	$(CC) $(GROWTH_INCLUDE_$*) -DPEER_EDITION=$* -O2 -g $(WARN) -c -o $@ $<

# The whole library against the later header, every symbol of it renamed.
$(GROWTH_LATER): $(wildcard user/lib/*.c user/lib/*.h) $(GROWTH_OUT)/future/linux/sundial.h
	@mkdir -p $(@D)/later
	set -e; for object in $(LIB_OBJS:$(LIB_OUT)/%.o=%); do \
		$(CC) $(GROWTH_INCLUDE_future) $(CPPFLAGS) -O2 -g -c -o $(@D)/later/$$object.o user/lib/$$object.c; \
	done
	ld -r -o $@.all $(LIB_OBJS:$(LIB_OUT)/%=$(@D)/later/%)
	nm -g --defined-only $@.all | awk '{ print $$3, "later_" $$3 }' >$(@D)/later/renamed
	objcopy --redefine-syms=$(@D)/later/renamed $@.all $@

GROWTH_DEPS := selftests/growth/growth_test.c selftests/growth/peer.h $(CLOCK_DEPS) $(GROWTH_PEERS) \
	       $(GROWTH_LATER) $(CLOCK_LIB)
GROWTH_LINK = $< $(GROWTH_PEERS) $(GROWTH_LATER) $(CLOCK_LIB)

$(GROWTH_OUT)/memfd/growth_test: $(GROWTH_DEPS)
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -DSUNDIAL_TEST_MEMFD_ONLY -o $@ $(GROWTH_LINK)

$(GROWTH_OUT)/vm/growth_test: $(GROWTH_DEPS)
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -static -o $@ $(GROWTH_LINK)

CHECKS += $(GROWTH_OUT)/memfd/growth_test
VM_TESTS += $(GROWTH_OUT)/vm/growth_test
