# SPDX-License-Identifier: GPL-2.0
# The module on this machine: its installation (source for DKMS, who may open the
# device, manual pages), and loading it straight from this tree.

KMOD_VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' kmod/dkms.conf)
KMOD_SRC     := $(DESTDIR)/usr/src/sundial-$(KMOD_VERSION)
KMOD_STAGE   := $(BUILD)/kmod
MODULE	     ?= $(KMOD_STAGE)/usr/src/sundial-$(KMOD_VERSION)/sundial.ko

.PHONY: install-kmod module load unload sign
install-kmod:
	install -d $(KMOD_SRC)/kmod $(KMOD_SRC)/include/uapi/linux $(DESTDIR)$(PREFIX)/share/man/man4 \
		$(DESTDIR)/usr/lib/udev/rules.d $(DESTDIR)/usr/lib/sysusers.d $(DESTDIR)$(PREFIX)/share/doc/sundial
	install -m 644 kmod/dkms.conf Kbuild $(KMOD_SRC)/
	install -m 644 kmod/*.c kmod/*.h $(KMOD_SRC)/kmod/
	install -m 644 include/uapi/linux/sundial.h $(KMOD_SRC)/include/uapi/linux/
	install -m 644 Documentation/man/*.4 $(DESTDIR)$(PREFIX)/share/man/man4/
	install -m 644 Documentation/module.md kmod/modprobe.conf $(DESTDIR)$(PREFIX)/share/doc/sundial/
	install -m 644 kmod/60-sundial.rules $(DESTDIR)/usr/lib/udev/rules.d/
	install -m 644 kmod/sysusers.conf $(DESTDIR)/usr/lib/sysusers.d/sundial.conf

INSTALLS += install-kmod

# From the source that is installed for DKMS, so that the tree stays clean.
module:		## build sundial.ko for this kernel, in build/kmod/
	@rm -rf $(KMOD_STAGE)
	@$(MAKE) --no-print-directory -s install-kmod DESTDIR=$(CURDIR)/$(KMOD_STAGE)
	@kmod/module.sh build $(dir $(MODULE))

load: module	## build sundial.ko and load it; OPTIONS="max_clock_pages=4096"
	@kmod/module.sh load $(MODULE) $(OPTIONS)

unload:		## unload it
	@kmod/module.sh unload

sign:		## sign it for Secure Boot: KEY=key.pem CERT=cert.der [MODULE=sundial.ko]
	@kmod/module.sh sign "$(MODULE)" "$(KEY)" "$(CERT)"
