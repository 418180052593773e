# SPDX-License-Identifier: GPL-2.0-or-later
# The flight recorder: sundial-record, and the library that reads and writes its files.

RECORD_OUT   := $(BUILD)/user/record
RECORD_LIB   := $(RECORD_OUT)/libsundial-record.a
RECORD_FLAGS := -Ibpf -I$(BUILD)/bpf
RECORD_DEPS  := $(wildcard user/record/*.h user/record/lib/*.h bpf/*.h bpf/record/*.h)
RECORD_LIB_OBJ := $(patsubst user/record/%.c,$(RECORD_OUT)/%.o,$(wildcard user/record/lib/*.c))
RECORD_OBJ   := $(patsubst user/record/%.c,$(RECORD_OUT)/%.o,$(wildcard user/record/*.c))

$(RECORD_LIB_OBJ) $(RECORD_OBJ): $(RECORD_OUT)/%.o: user/record/%.c $(RECORD_DEPS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(RECORD_FLAGS) $(CFLAGS) $(WARN) -Wno-missing-field-initializers -fPIC -c -o $@ $<

$(RECORD_OBJ): $(BUILD)/bpf/record.skel.h $(BUILD)/bpf/record_plain.skel.h user/record/inject/inject.h

$(RECORD_LIB): $(RECORD_LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

# The C++ library is for its demangler alone.
$(BUILD)/sundial-record: $(RECORD_OBJ) $(RECORD_LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lbpf -ldw -lelf -lz -lm -l:libstdc++.so.6

.PHONY: install-record
install-record: $(RECORD_LIB) $(BUILD)/sundial-record $(BUILD)/sundial-inject.so
	install -d $(DESTDIR)$(PREFIX)/libexec/sundial $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/include/sundial
	install -m 755 $(BUILD)/sundial-record $(BUILD)/sundial-inject.so $(DESTDIR)$(PREFIX)/libexec/sundial/
	install -m 644 $(RECORD_LIB) $(DESTDIR)$(PREFIX)/lib/
	install -m 644 user/record/lib/librecord.h bpf/events.h $(DESTDIR)$(PREFIX)/include/sundial/
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@PREFIX@|$(PREFIX)|' user/record/sundial-record.service.in >$(DESTDIR)$(PREFIX)/lib/systemd/system/sundial-record.service

ALL += $(RECORD_LIB) $(BUILD)/sundial-record
INSTALLS += install-record

# The library that record --inject puts before the program's allocator.
INJECT_SRC := $(wildcard user/record/inject/*.c) user/record/inject/entry.S

$(BUILD)/sundial-inject.so: $(INJECT_SRC) $(wildcard user/record/inject/*.h) bpf/events.h
	$(CC) $(CPPFLAGS) -Ibpf $(CFLAGS) $(WARN) -flto -fPIC -fvisibility=hidden -fno-builtin -shared \
		-Wl,--no-undefined -o $@ $(INJECT_SRC) -ldl -pthread

ALL += $(BUILD)/sundial-inject.so
