# SPDX-License-Identifier: GPL-2.0-or-later
# libsundial: static, shared, pkg-config file, and their installation.

LIB_VERSION	:= 0.1
LIB_SONAME	:= libsundial.so.0
LIB_OUT		:= $(BUILD)/user/lib
LIB_OBJS	:= $(LIB_OUT)/clock.o $(LIB_OUT)/memfd.o $(LIB_OUT)/wait.o $(LIB_OUT)/bpf.o $(LIB_OUT)/tb.o $(LIB_OUT)/tbtwin.o
LIB_HEADERS	:= user/lib/sundial.h user/lib/sundial_page.h user/lib/sundial_tb.h user/lib/sundial_tbset.h
LIBSUNDIAL	:= $(LIB_OUT)/libsundial.a

$(LIB_OBJS): $(LIB_OUT)/%.o: user/lib/%.c user/lib/internal.h user/lib/tb_internal.h $(LIB_HEADERS) include/uapi/linux/sundial.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -fPIC -c -o $@ $<

$(LIBSUNDIAL): $(LIB_OBJS)
	@rm -f $@
	$(AR) rcs $@ $^

$(LIB_OUT)/$(LIB_SONAME): $(LIB_OBJS) user/lib/libsundial.map
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(LIB_SONAME) -Wl,--no-undefined \
		-Wl,--version-script=user/lib/libsundial.map -o $@ $(LIB_OBJS) -pthread
	ln -sf $(LIB_SONAME) $(LIB_OUT)/libsundial.so

# PREFIX may differ from one make to the next, so this one is always made anew.
$(LIB_OUT)/sundial.pc: user/lib/sundial.pc.in FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(LIB_VERSION)|' $< > $@

.PHONY: FORCE install-lib
FORCE:

install-lib: $(LIBSUNDIAL) $(LIB_OUT)/$(LIB_SONAME) $(LIB_OUT)/sundial.pc
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include/linux \
		$(DESTDIR)$(PREFIX)/share/man/man3
	install -m 644 $(LIBSUNDIAL) $(DESTDIR)$(PREFIX)/lib/
	install -m 755 $(LIB_OUT)/$(LIB_SONAME) $(DESTDIR)$(PREFIX)/lib/
	ln -sf $(LIB_SONAME) $(DESTDIR)$(PREFIX)/lib/libsundial.so
	install -m 644 $(LIB_OUT)/sundial.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig/
	install -m 644 $(LIB_HEADERS) $(DESTDIR)$(PREFIX)/include/
	install -m 644 include/uapi/linux/sundial.h $(DESTDIR)$(PREFIX)/include/linux/
	install -m 644 Documentation/man/libsundial.3 $(DESTDIR)$(PREFIX)/share/man/man3/

ALL += $(LIBSUNDIAL) $(LIB_OUT)/$(LIB_SONAME)
INSTALLS += install-lib
