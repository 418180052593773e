# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of what BPF programs see: over the module in the VM, and over mappable
# arrays, which need no module, also on this machine.

# Named here and not by the variables of other folders, which come later.
BPFTEST_KSELF := $(BUILD)/selftests/kselftest
BPFTEST_LIB   := $(BUILD)/user/lib/libsundial.a
BPFTEST_OUT   := $(BUILD)/selftests/bpf
BPFTEST_FLAGS := -I$(BPFTEST_KSELF) -I$(BPFTEST_OUT) -Iselftests/bpf $(CPPFLAGS) $(CFLAGS) -Wall -Wextra \
		 -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
		 -Wno-clobbered -pthread
BPFTEST_DEPS  := selftests/bpf/common.h selftests/bpf/ask.h selftests/device.h $(BPFTEST_OUT)/ask.skel.h user/lib/sundial.h user/lib/sundial_page.h \
		 include/uapi/linux/sundial.h \
		 $(BPFTEST_KSELF)/lib.mk
BPFTEST_VM    := array_test bind_test contexts_test hammer_test vclock_test
BPFTEST_HOST  := array_test contexts_test hammer_test vclock_test
BPFTEST_NOTES := $(BUILD)/selftests/clock/provoked.o

$(BPFTEST_OUT)/ask.bpf.o: selftests/bpf/ask.bpf.c selftests/bpf/ask.h bpf/sundial.bpf.h include/uapi/linux/sundial.h
	@mkdir -p $(@D)
	$(BPF_CLANG) $(BPF_FLAGS) -c -o $@ $<

$(BPFTEST_OUT)/vm/%: selftests/bpf/%.c $(BPFTEST_DEPS) $(BPFTEST_LIB) $(BPFTEST_NOTES)
	@mkdir -p $(@D)
	$(CC) $(BPFTEST_FLAGS) -static -o $@ $< -Wl,--wrap=ioctl $(BPFTEST_NOTES) $(BPFTEST_LIB) $(BPF_LIBS)

$(BPFTEST_OUT)/host/%: selftests/bpf/%.c $(BPFTEST_DEPS) $(BPFTEST_LIB)
	@mkdir -p $(@D)
	$(CC) $(BPFTEST_FLAGS) -o $@ $< $(BPFTEST_LIB) $(BPF_LIBS)

$(BPFTEST_OUT)/vm/doctor_test: selftests/bpf/doctor_test.sh
	@mkdir -p $(@D)
	install -m 755 $< $@

# The command itself, for a machine without libraries.
$(BPFTEST_OUT)/vm/sundial: $(BUILD)/sundial
	$(CC) $(CFLAGS) -static -s -o $@ $(CLI_OBJ) $(CLI_RT_OBJ) $(BPFTEST_LIB) $(BUILD)/rv64/librv64.a \
		$(BUILD)/user/record/libsundial-record.a

$(BPFTEST_OUT)/vm/vclock: $(BPF_OUT)/vclock bpf/vclock.c bpf/vclock.h
	$(CC) $(CPPFLAGS) $(CFLAGS) -Ibpf -I$(BPF_OUT) -static -s -o $@ bpf/vclock.c $(BPF_LIBS)

CHECK_DEPS    += $(BPF_OUT)/vclock
CHECKS	      += $(BPFTEST_HOST:%=$(BPFTEST_OUT)/host/%)
SOAKS	      += $(BPFTEST_OUT)/host/hammer_test
VM_LOAD_TESTS += $(BPFTEST_OUT)/vm/unload_test
VM_FILES      += $(BPFTEST_OUT)/vm/sundial $(BPFTEST_OUT)/vm/vclock
VM_ROOT_TESTS += $(BPFTEST_OUT)/vm/doctor_test $(filter-out %/contexts_test,$(BPFTEST_VM:%=$(BPFTEST_OUT)/vm/%))
VM_PATCH_TESTS += $(BPFTEST_OUT)/vm/contexts_test

.SECONDARY: $(BPFTEST_OUT)/ask.bpf.o $(BPFTEST_OUT)/ask.skel.h
