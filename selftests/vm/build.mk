# SPDX-License-Identifier: GPL-2.0-or-later
# The module, built for and tested on two of Debian's kernels in a VM.
#
# A folder of tests adds to
#
#	VM_TESTS	build/selftests/FOLDER/vm/PROGRAM, static, TAP: runs as root, as a
#			user in the group sundial and as one outside of it. What needs
#			root skips, saying that it "needs root".
#	VM_ROOT_TESTS	the same, as root only
#	VM_PATCH_TESTS	the same as root, if they attach to tracepoints of the kernel: in a boot
#			of their own, see run.sh
#	VM_LOAD_TESTS	the same, while the module is not loaded: they load
#			/modules/sundial.ko themselves, and unload it
#	VM_FILES	other files beside them, as BPF objects; they are the current folder
#	VM_MODULES	selftests/FOLDER/module: sources and Kbuild of modules that only tests
#			need; found in /modules
#
# and has kselftest's settings (timeout=SECONDS) and config (of the kernel) in FOLDER.

VM_CHECKS  += selftests/vm/merge.sh selftests/vm/splats.sh selftests/vm/linux-6.12.sh selftests/vm/linux-6.1.sh
CHECK_DEPS += vm-tests

VM_TESTS      += $(BUILD)/selftests/vm/vm/access_test $(BUILD)/selftests/vm/vm/view_test
VM_LOAD_TESTS += $(BUILD)/selftests/vm/vm/parameters_test $(BUILD)/selftests/vm/vm/load_test
VM_MODULES    += selftests/vm/module
VM_FILES      += $(BUILD)/selftests/vm/vm/module.sh $(BUILD)/selftests/vm/vm/60-sundial.rules

$(BUILD)/selftests/vm/vm/load_test: selftests/vm/load_test.sh
$(BUILD)/selftests/vm/vm/module.sh: kmod/module.sh
$(BUILD)/selftests/vm/vm/60-sundial.rules: kmod/60-sundial.rules
$(addprefix $(BUILD)/selftests/vm/vm/,load_test module.sh 60-sundial.rules):
	@mkdir -p $(@D)
	cp $< $@

$(BUILD)/selftests/vm/vm/%: selftests/vm/%.c include/uapi/linux/sundial.h $(KSELFTEST)/lib.mk
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -static -o $@ $<

.PHONY: vm-tests
vm-tests: $(VM_TESTS) $(VM_ROOT_TESTS) $(VM_PATCH_TESTS) $(VM_LOAD_TESTS) $(VM_FILES)
	@mkdir -p $(BUILD)/vm
	@printf '%s\n' $(VM_TESTS:%='all %') $(VM_ROOT_TESTS:%='root %') $(VM_LOAD_TESTS:%='load %') \
		$(VM_PATCH_TESTS:%='patch %') \
		$(VM_FILES:%='file %') \
		$(VM_MODULES:%='module %') >$(BUILD)/vm/manifest.$$$$ && mv $(BUILD)/vm/manifest.$$$$ $(BUILD)/vm/manifest

.PHONY: check-kasan
check-kasan: $(CHECK_DEPS)	## run the tests of the module in debug kernels, built here: KASAN and more; KCSAN
	@selftests/run.sh selftests/vm/kasan.sh selftests/vm/kcsan.sh
