# SPDX-License-Identifier: GPL-2.0-or-later
# The module, built for and tested on two of Debian's kernels in a VM; and its
# installation as source for DKMS.

VM_CHECKS  += selftests/vm/linux-6.12.sh selftests/vm/linux-6.1.sh
CHECK_DEPS += $(CLOCK_VM_TESTS)

KMOD_SRC := $(DESTDIR)/usr/src/sundial-0.1

.PHONY: install-kmod
install-kmod:
	install -d $(KMOD_SRC)/kmod $(KMOD_SRC)/include/uapi/linux $(DESTDIR)$(PREFIX)/share/man/man4
	install -m 644 kmod/dkms.conf Kbuild $(KMOD_SRC)/
	install -m 644 kmod/*.c kmod/*.h $(KMOD_SRC)/kmod/
	install -m 644 include/uapi/linux/sundial.h $(KMOD_SRC)/include/uapi/linux/
	install -m 644 Documentation/man/*.4 $(DESTDIR)$(PREFIX)/share/man/man4/

INSTALLS += install-kmod
