// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SYNC and vCPUs: who is waited for, who is not, and that nobody is in old code
 * when it returns.
 */
#include "common.h"

#define ROUNDS 500

/* A thread that is vCPU number number of tb. */
struct vcpu {
	struct sundial_tb *tb;
	struct sundial_tb_vcpu *words;
	__u32 number;
	int ret;
	bool ready; /* it is RUNNING, or has paused */
	bool stop;
	__u64 *dead; /* no generation up to this may be in use */
	__u64 used_dead;
	pthread_t thread;
};

static void set_flag(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

static bool is_set(bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void wait_for(bool *flag)
{
	while (!is_set(flag))
		sched_yield();
}

static void pause_and_tell(struct vcpu *vcpu)
{
	if (sundial_vcpu_pause(vcpu->words, sundial_tb_page(vcpu->tb)))
		sundial_tb_quiescent(vcpu->tb);
}

/* Runs code of the generation that it saw when it came in, until it must leave. */
static void *obedient(void *argument)
{
	struct vcpu *vcpu = argument;
	__u64 in_use;

	vcpu->ret = sundial_tb_vcpu(vcpu->tb, vcpu->number, 0);
	while (!vcpu->ret && !is_set(&vcpu->stop)) {
		sundial_vcpu_run(vcpu->words);
		in_use = generation(vcpu->tb, 0);
		set_flag(&vcpu->ready);
		while (!sundial_vcpu_must_pause(vcpu->words) && !is_set(&vcpu->stop))
			if (in_use <= __atomic_load_n(vcpu->dead, __ATOMIC_ACQUIRE))
				vcpu->used_dead++;
		pause_and_tell(vcpu);
	}
	set_flag(&vcpu->ready);
	return NULL;
}

/* Says RUNNING and never looks at anything again until stopped. */
static void *deaf(void *argument)
{
	struct vcpu *vcpu = argument;

	vcpu->ret = sundial_tb_vcpu(vcpu->tb, vcpu->number, 0);
	sundial_vcpu_run(vcpu->words);
	set_flag(&vcpu->ready);
	while (!is_set(&vcpu->stop))
		usleep(1000);
	return NULL;
}

/* Sits in a call after it has paused. */
static void *sleeper(void *argument)
{
	struct vcpu *vcpu = argument;

	vcpu->ret = sundial_tb_vcpu(vcpu->tb, vcpu->number, 0);
	sundial_vcpu_run(vcpu->words);
	pause_and_tell(vcpu);
	set_flag(&vcpu->ready);
	while (!is_set(&vcpu->stop))
		usleep(1000);
	return NULL;
}

static void *dies_running(void *argument)
{
	struct vcpu *vcpu = argument;

	vcpu->ret = sundial_tb_vcpu(vcpu->tb, vcpu->number, 0);
	sundial_vcpu_run(vcpu->words);
	set_flag(&vcpu->ready);
	while (!is_set(&vcpu->stop))
		;
	return NULL;
}

static void start(struct vcpu *vcpu, struct sundial_tb *tb, __u32 number, __u64 *dead,
		  void *(*function)(void *))
{
	*vcpu = (struct vcpu){
		.tb = tb,
		.words = sundial_tb_vcpu_words(tb, number),
		.number = number,
		.dead = dead,
	};
	pthread_create(&vcpu->thread, NULL, function, vcpu);
	wait_for(&vcpu->ready);
}

static int stop(struct vcpu *vcpu)
{
	set_flag(&vcpu->stop);
	pthread_join(vcpu->thread, NULL);
	return vcpu->ret;
}

TEST_F(tb, nobody_is_in_old_code_when_sync_returns)
{
	struct vcpu vcpus[2];
	__u64 dead = 0, old;
	__u32 running;
	int i;

	SET(1, 2, 0);
	for (i = 0; i < 2; i++)
		start(&vcpus[i], self->tb, i, &dead, obedient);
	for (i = 0; i < ROUNDS; i++) {
		old = generation(self->tb, 0);
		running = 0xcccccccc;
		ASSERT_EQ(0, sundial_tb_sync(self->tb, 0, 1, SUNDIAL_TB_FOREVER, &running));
		EXPECT_EQ(0, running);
		__atomic_store_n(&dead, old, __ATOMIC_RELEASE);
	}
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, stop(&vcpus[i]));
		EXPECT_EQ(0, vcpus[i].used_dead);
	}
	EXPECT_EQ(2 + 2 * ROUNDS, generation(self->tb, 0));
	EXPECT_EQ(0, sundial_tb_page(self->tb)->sleepers);
}

struct syncer {
	struct sundial_tb *tb;
	pthread_t thread;
	int rounds;
	int ret;
	bool done;
};

static void *sync_often(void *argument)
{
	struct syncer *syncer = argument;

	while (!syncer->ret && syncer->rounds--)
		syncer->ret = sundial_tb_sync(syncer->tb, 0, 1, SUNDIAL_TB_FOREVER, NULL);
	set_flag(&syncer->done);
	return NULL;
}

TEST_F(tb, several_syncs_wait_at_once)
{
	struct syncer syncers[4];
	struct vcpu vcpu;
	__u64 dead = 0;
	int i;

	SET(1, 1, 0);
	start(&vcpu, self->tb, 0, &dead, obedient);
	for (i = 0; i < 4; i++) {
		syncers[i] = (struct syncer){.tb = self->tb, .rounds = ROUNDS / 5};
		pthread_create(&syncers[i].thread, NULL, sync_often, &syncers[i]);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(syncers[i].thread, NULL);
		EXPECT_EQ(0, syncers[i].ret);
	}
	EXPECT_EQ(0, stop(&vcpu));
	EXPECT_EQ(2 + 2 * 4 * (ROUNDS / 5), generation(self->tb, 0));
	EXPECT_EQ(0, sundial_tb_page(self->tb)->sleepers);
}

TEST_F(tb, a_vcpu_that_is_quiescent_in_a_call_is_not_waited_for)
{
	struct vcpu vcpu;
	__u32 running = 0xcccccccc;

	SET(1, 1, 0);
	start(&vcpu, self->tb, 0, NULL, sleeper);
	EXPECT_EQ(0, sundial_tb_sync(self->tb, 0, 1, 0, &running));
	EXPECT_EQ(0, running);
	EXPECT_EQ(0, vcpu.words->exit);
	EXPECT_EQ(0, stop(&vcpu));
}

TEST_F(tb, a_vcpu_that_sleeps_running_is_asked_to_pause_and_times_out)
{
	struct vcpu vcpu;
	__u32 running = 0xcccccccc;

	SET(2, 1, 0);
	start(&vcpu, self->tb, 0, NULL, deaf);
	EXPECT_EQ(-ETIMEDOUT, sundial_tb_sync(self->tb, 0, 1, 0, &running));
	EXPECT_EQ(1, running);
	EXPECT_EQ(1, vcpu.words->exit);
	running = 0xcccccccc;
	EXPECT_EQ(-ETIMEDOUT, sundial_tb_sync(self->tb, 0, 1, 30 * MILLISECOND, &running));
	EXPECT_EQ(1, running);
	EXPECT_EQ(6, generation(self->tb, 0));
	running = 0xcccccccc;
	EXPECT_EQ(-ETIMEDOUT, sundial_tb_sync(self->tb, 0, 0, MILLISECOND, &running));
	EXPECT_EQ(1, running);
	EXPECT_EQ(6, generation(self->tb, 0));
	EXPECT_EQ(2, generation(self->tb, 1));
	EXPECT_EQ(0, sundial_tb_page(self->tb)->sleepers);
	EXPECT_EQ(0, stop(&vcpu));
}

TEST_F(tb, a_thread_that_ends_while_running_is_not_waited_for)
{
	struct vcpu vcpu;
	struct syncer syncer;

	SET(1, 1, 0);
	start(&vcpu, self->tb, 0, NULL, dies_running);
	syncer = (struct syncer){.tb = self->tb, .rounds = 1};
	pthread_create(&syncer.thread, NULL, sync_often, &syncer);
	while (!__atomic_load_n(&sundial_tb_page(self->tb)->sleepers, __ATOMIC_ACQUIRE))
		sched_yield();
	EXPECT_FALSE(is_set(&syncer.done));
	EXPECT_EQ(0, stop(&vcpu));
	pthread_join(syncer.thread, NULL);
	EXPECT_EQ(0, syncer.ret);
	EXPECT_EQ(0, sundial_tb_sync(self->tb, 0, 0, SUNDIAL_TB_FOREVER, NULL));
}

TEST_F(tb, a_process_that_is_killed_while_running_is_not_waited_for)
{
	struct syncer syncer;
	int ready[2];
	pid_t pid;

	SET(1, 1, 0);
	ASSERT_EQ(0, pipe(ready));
	pid = fork_child();
	if (!pid) {
		if (sundial_tb_register(self->tb) || sundial_tb_vcpu(self->tb, 0, 0))
			_exit(1);
		sundial_vcpu_run(sundial_tb_vcpu_words(self->tb, 0));
		pipe_put(ready[1]);
		for (;;)
			pause();
	}
	pipe_get(ready[0]);
	syncer = (struct syncer){.tb = self->tb, .rounds = 1};
	pthread_create(&syncer.thread, NULL, sync_often, &syncer);
	while (!__atomic_load_n(&sundial_tb_page(self->tb)->sleepers, __ATOMIC_ACQUIRE))
		sched_yield();
	kill(pid, SIGKILL);
	EXPECT_EQ(256 + SIGKILL, child_status(pid));
	pthread_join(syncer.thread, NULL);
	EXPECT_EQ(0, syncer.ret);
}

static void nothing(int signal)
{
}

TEST_F(tb, a_signal_interrupts_sync_also_with_sa_restart)
{
	struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
	struct itimerval often = {.it_interval = {.tv_usec = 5000}, .it_value = {.tv_usec = 5000}};
	struct itimerval never = {};
	struct vcpu vcpu;
	__u32 running = 0xcccccccc;

	SET(1, 1, 0);
	start(&vcpu, self->tb, 0, NULL, deaf);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	EXPECT_EQ(-EINTR, sundial_tb_sync(self->tb, 0, 1, SUNDIAL_TB_FOREVER, &running));
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_EQ(0xcccccccc, running);
	EXPECT_EQ(4, generation(self->tb, 0));
	EXPECT_EQ(0, sundial_tb_page(self->tb)->sleepers);
	EXPECT_EQ(0, stop(&vcpu));
}

TEST_F(tb, a_caller_that_is_a_running_vcpu_does_not_wait_for_itself)
{
	struct sundial_tb_vcpu *words;
	__u64 state;

	SET(1, 1, 0);
	ASSERT_EQ(0, sundial_tb_vcpu(self->tb, 0, 0));
	words = sundial_tb_vcpu_words(self->tb, 0);
	state = words->state;
	EXPECT_EQ(0, state & SUNDIAL_TB_RUNNING);
	sundial_vcpu_run(words);
	EXPECT_EQ(state + 1, words->state);
	EXPECT_EQ(0, sundial_tb_sync(self->tb, 0, 1, 0, NULL));
	EXPECT_EQ(0, words->exit);
	EXPECT_EQ(0, sundial_vcpu_pause(words, sundial_tb_page(self->tb)));
	EXPECT_EQ(state + 2, words->state);
	EXPECT_EQ(0, sundial_vcpu_pause(words, sundial_tb_page(self->tb)));
	EXPECT_EQ(state + 2, words->state);
}

TEST_F(tb, a_number_belongs_to_one_living_thread_and_a_thread_has_one_number)
{
	struct vcpu vcpu;
	int ret;

	SET(1, 3, 0);
	start(&vcpu, self->tb, 0, NULL, dies_running);
	EXPECT_EQ(SUNDIAL_TB_RUNNING, vcpu.words->state & SUNDIAL_TB_RUNNING);
	EXPECT_EQ(-EBUSY, sundial_tb_vcpu(self->tb, 0, 0));
	EXPECT_EQ(-ENOENT, sundial_tb_vcpu(self->tb, 0, SUNDIAL_TB_VCPU_OFF));
	EXPECT_EQ(-ENOENT, sundial_tb_vcpu(self->tb, 1, SUNDIAL_TB_VCPU_OFF));
	EXPECT_EQ(0, sundial_tb_vcpu(self->tb, 1, 0));
	EXPECT_EQ(0, sundial_tb_vcpu(self->tb, 1, 0));
	EXPECT_EQ(-EBUSY, sundial_tb_vcpu(self->tb, 2, 0));
	EXPECT_EQ(0, sundial_tb_vcpu(self->tb, 1, SUNDIAL_TB_VCPU_OFF));
	EXPECT_EQ(0, stop(&vcpu));
	/* the twin sees that a thread has gone a little after pthread_join() does */
	do {
		ret = sundial_tb_vcpu(self->tb, 0, 0);
	} while (ret == -EBUSY && self->backing == SUNDIAL_BACKING_MEMFD && !sched_yield());
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, vcpu.words->state & SUNDIAL_TB_RUNNING);
}

static void *scribble(void *argument)
{
	struct vcpu *vcpu = argument;
	volatile __u64 *words = (volatile __u64 *)sundial_tb_vcpu_words(vcpu->tb, 0);
	unsigned int seed = 1;

	set_flag(&vcpu->ready);
	while (!is_set(&vcpu->stop))
		words[rand_r(&seed) % (PAGE / 8)] = (__u64)rand_r(&seed) << (rand_r(&seed) % 34);
	return NULL;
}

TEST_F(tb, words_that_lie_delay_their_own_set_only)
{
	struct sundial_tb *other = NULL;
	struct vcpu liar, vcpus[2];
	int i, ret;

	SET(1, 4, 0);
	ASSERT_EQ(0, make_set(self->backing, 1, 1, 0, &other));
	for (i = 0; i < 2; i++)
		start(&vcpus[i], self->tb, i, NULL, deaf);
	start(&liar, self->tb, 2, NULL, scribble);
	for (i = 0; i < 100; i++) {
		ret = sundial_tb_sync(self->tb, 0, 1, MILLISECOND, NULL);
		EXPECT_TRUE(!ret || ret == -ETIMEDOUT);
		EXPECT_EQ(0, sundial_tb_sync(other, 0, 1, 0, NULL));
	}
	stop(&liar);
	for (i = 0; i < 2; i++)
		stop(&vcpus[i]);
	EXPECT_EQ(202, generation(self->tb, 0));
	EXPECT_EQ(202, generation(other, 0));
	sundial_tb_close(other);
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY

TEST_F(device, a_vcpu_that_execs_while_running_is_not_waited_for)
{
	int ready[2], go[2];
	pid_t pid;

	SET(1, 1, 0);
	ASSERT_EQ(0, pipe(ready) | pipe(go));
	pid = fork_child();
	if (!pid) {
		if (sundial_tb_register(self->tb) || sundial_tb_vcpu(self->tb, 0, 0))
			_exit(1);
		sundial_vcpu_run(sundial_tb_vcpu_words(self->tb, 0));
		dup2(go[0], 0);
		close(go[1]);
		pipe_put(ready[1]);
		execl("/bin/cat", "cat", NULL);
		_exit(2);
	}
	close(go[0]);
	pipe_get(ready[0]);
	EXPECT_EQ(0, sundial_tb_sync(self->tb, 0, 1, SUNDIAL_TB_FOREVER, NULL));
	EXPECT_EQ(0, kill(pid, 0));
	close(go[1]);
	EXPECT_EQ(0, child_status(pid));
}

TEST_F(device, timeout_and_interruption_are_the_errors_of_the_ioctl_too)
{
	struct sundial_tb_invalidate how;
	struct vcpu vcpu;

	SET(1, 1, 0);
	start(&vcpu, self->tb, 0, NULL, deaf);
	memset(&how, 0, sizeof(how));
	how.flags = SUNDIAL_TB_SYNC;
	how.running = 0xcccccccc;
	how.timeout_ns = 1;
	EXPECT_ERRNO(ETIMEDOUT, ioctl(sundial_tb_fd(self->tb), SUNDIAL_TB_INVALIDATE, &how));
	EXPECT_EQ(1, how.running);
	EXPECT_EQ(0, stop(&vcpu));
}

#endif

TEST_HARNESS_MAIN
