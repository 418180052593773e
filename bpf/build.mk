# SPDX-License-Identifier: GPL-2.0-or-later
# What BPF programs are built with: vmlinux.h, objects, skeletons.
#
# vmlinux.h is made from the BTF of the running kernel; where that has none, from
# the vmlinux of the headers that the VM tests fetch. CO-RE makes them equal.

BPF_OUT	  := $(BUILD)/bpf
BPF_CLANG := clang
BPF_ARCH  := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(shell uname -m)))
BPF_FLAGS := -g -O2 -Wall -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -Iinclude/uapi -Ibpf -I$(BPF_OUT) \
	     -idirafter /usr/include/$(shell $(CC) -dumpmachine)
BPF_LIBS  := -lbpf -lelf -lz
BPF_BTF	  := $(wildcard /sys/kernel/btf/vmlinux)

$(BPF_OUT)/vmlinux.h:
	@mkdir -p $(@D)
ifeq ($(BPF_BTF),)
	selftests/vm/kernel.sh 6.12 $(BUILD)/vm/6.12/kernel
	bpftool btf dump file $(BUILD)/vm/6.12/kernel/headers/vmlinux format c >$@.tmp
else
	bpftool btf dump file $(BPF_BTF) format c >$@.tmp
endif
	@mv $@.tmp $@

$(BPF_OUT)/%.bpf.o: bpf/%.bpf.c bpf/sundial.bpf.h include/uapi/linux/sundial.h $(BPF_OUT)/vmlinux.h $(wildcard bpf/*.h)
	$(BPF_CLANG) $(BPF_FLAGS) -c -o $@ $<

# Its buffers need atomic operations that return the old value.
$(BPF_OUT)/record.bpf.o: BPF_FLAGS += -mcpu=v3
$(BPF_OUT)/record.bpf.o: $(wildcard bpf/record/*.h)

# The same without the module's functions.
$(BPF_OUT)/record_plain.bpf.o: bpf/record.bpf.c bpf/sundial.bpf.h include/uapi/linux/sundial.h \
			       $(BPF_OUT)/vmlinux.h $(wildcard bpf/*.h bpf/record/*.h)
	$(BPF_CLANG) $(BPF_FLAGS) -mcpu=v3 -DRECORD_PLAIN -c -o $@ $<

%.skel.h: %.bpf.o
	bpftool gen skeleton $< name $(basename $(basename $(notdir $<))) >$@.tmp
	@mv $@.tmp $@

# Each tool is x.bpf.c, x.h and x.c.
$(BPF_OUT)/vclock: bpf/vclock.c bpf/vclock.h $(BPF_OUT)/vclock.skel.h
	$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -Wno-missing-field-initializers -Ibpf -I$(BPF_OUT) -o $@ $< $(BPF_LIBS)

.SECONDARY: $(BPF_OUT)/vclock.bpf.o $(BPF_OUT)/vclock.skel.h
