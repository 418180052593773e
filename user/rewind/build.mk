# SPDX-License-Identifier: GPL-2.0-or-later
# sundial-rewind: shows recordings.

REWIND_OUT   := $(BUILD)/user/rewind
REWIND_OBJ   := $(patsubst user/rewind/%.c,$(REWIND_OUT)/%.o,$(wildcard user/rewind/*.c)) $(REWIND_OUT)/page.o
REWIND_DEPS  := $(wildcard user/rewind/*.h user/record/lib/librecord.h bpf/events.h user/simkernel/syscalls.tbl)

$(REWIND_OUT)/page.o: user/rewind/page.S user/rewind/page.css user/rewind/page.js
	@mkdir -p $(@D)
	$(CC) -c -o $@ $<

$(filter-out %/page.o,$(REWIND_OBJ)): $(REWIND_OUT)/%.o: user/rewind/%.c $(REWIND_DEPS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Ibpf -I/usr/include/libiberty $(CFLAGS) $(WARN) -Wno-missing-field-initializers -c -o $@ $<

$(BUILD)/sundial-rewind: $(REWIND_OBJ) $(BUILD)/user/record/libsundial-record.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ldw -lelf -ljansson -lncursesw -ltinfo -liberty

.PHONY: install-rewind
install-rewind: $(BUILD)/sundial-rewind
	install -d $(DESTDIR)$(PREFIX)/libexec/sundial
	install -m 755 $(BUILD)/sundial-rewind $(DESTDIR)$(PREFIX)/libexec/sundial/

ALL += $(BUILD)/sundial-rewind
INSTALLS += install-rewind
