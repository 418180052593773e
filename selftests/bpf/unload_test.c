// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module stays while a BPF program can call it, even one that nothing but a
 * file of bpffs keeps; and goes when that is gone. Starts with no module loaded.
 */
#include "common.h"

#define PIN_FOLDER "/sys/fs/bpf"
#define PIN	   PIN_FOLDER "/sundial_unload_test"
#define MODULE	   "/modules/sundial.ko"

static int unload(void)
{
	return syscall(SYS_delete_module, "sundial", O_NONBLOCK) ? -errno : 0;
}

static int load(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

/* A child loads the program, pins it and ends. */
static int pin_program(void)
{
	struct ask *skeleton;
	pid_t pid = fork_child();
	int ret;

	if (pid)
		return child_status(pid);
	skeleton = open_ask(true);
	if (!skeleton || ask__load(skeleton))
		_exit(1);
	ret = bpf_program__pin(skeleton->progs.ask, PIN);
	_exit(ret ? 2 : 0);
}

TEST(the_module_stays_while_a_pinned_program_calls_it)
{
	struct answer answer;
	int fd, tries, ret;

	libbpf_set_print(silent);
	if (has_module() || access(MODULE, R_OK))
		SKIP(return, "the module is loaded, or is not " MODULE);
	ASSERT_EQ(0, load());
	if (!has_kfuncs()) {
		EXPECT_EQ(0, unload());
		SKIP(return, NO_KFUNCS);
	}
	ASSERT_EQ(0, pin_program());
	for (tries = 0; tries < 20; tries++) {
		ASSERT_EQ(-EAGAIN, unload());
		usleep(10000);
	}
	fd = bpf_obj_get(PIN);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ask_at(fd, 0, &answer));
	EXPECT_EQ(0, answer.domain);
	EXPECT_LE(answer.host_ns, answer.now_ns);
	close(fd);
	ASSERT_EQ(0, unlink(PIN));
	/* programs are freed some time after their last user */
	for (tries = 0; tries < 1000 && (ret = unload()) == -EAGAIN; tries++)
		usleep(10000);
	EXPECT_EQ(0, ret);
	EXPECT_FALSE(has_kfuncs());
}

TEST_HARNESS_MAIN
