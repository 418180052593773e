// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysv_test.c - System V shared memory, semaphores and message queues.
 */
#include "check.h"

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
};

/* Ends the test where IPC of this kind is missing; otherwise passes id on. */
static int have(int id)
{
	if (id == -1 && errno == ENOSYS)
		skip("no System V IPC here");
	REQUIRE(id >= 0);
	return id;
}

TEST(shm_is_shared_with_children, "shmget shmat shmdt shmctl")
{
	int id = have(shmget(IPC_PRIVATE, 10000, 0600));
	struct shmid_ds ds;
	char *a = shmat(id, NULL, 0), *b = shmat(id, NULL, SHM_RDONLY);
	pid_t pid;

	REQUIRE(a != (void *)-1 && b != (void *)-1 && a != b);
	CHECK_OK(shmctl(id, IPC_STAT, &ds));
	CHECK(ds.shm_segsz == 10000 && ds.shm_nattch == 2 && ds.shm_cpid == getpid());
	pid = fork();
	if (!pid) {
		strcpy(a, "child");
		_exit(0);
	}
	JOIN(pid);
	CHECK(!strcmp(b, "child"));
	CHECK_OK(shmctl(id, IPC_RMID, NULL));
	/* Marked; it goes with the last attachment. */
	CHECK(!strcmp(a, "child"));
	CHECK_OK(shmdt(a));
	CHECK_OK(shmdt(b));
	CHECK_ERRNO(shmat(id, NULL, 0), EINVAL);
}

TEST(shm_errors, "shmget shmat shmdt shmctl")
{
	key_t key = 0x53000000 + getpid();
	int id = have(shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600));
	struct shmid_ds ds;

	CHECK_ERRNO(shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	CHECK_EQ(shmget(key, 4096, 0600), id);
	CHECK_ERRNO(shmget(key, 8192, 0600), EINVAL);
	CHECK_ERRNO(shmget(key + 100000000, 4096, 0600), ENOENT);
	CHECK_ERRNO(shmget(IPC_PRIVATE, 0, 0600), EINVAL);
	CHECK_ERRNO(shmat(-1, NULL, 0), EINVAL);
	CHECK_ERRNO(shmat(id, (void *)1, 0), EINVAL);
	CHECK_ERRNO(shmdt((void *)4096), EINVAL);
	CHECK_ERRNO(shmctl(id, 9999, NULL), EINVAL);
	CHECK_ERRNO(sys(shmctl, id, IPC_STAT, bad), EFAULT);
	CHECK_OK(shmctl(id, IPC_RMID, NULL));
	CHECK_ERRNO(shmctl(id, IPC_STAT, &ds), EINVAL);
}

static int sem_id;

static long op(int num, int value, int flags)
{
	struct sembuf sb = {.sem_num = num, .sem_op = value, .sem_flg = flags};

	return semop(sem_id, &sb, 1);
}

static int value_of(int num)
{
	return semctl(sem_id, num, GETVAL);
}

static void raise_semaphore(void *arg)
{
	CHECK_OK(op(0, 1, 0));
}

static void raise_from_tick(void)
{
	op(0, 1, 0);
}

TEST(semaphores_count, "semget semop semctl")
{
	unsigned short all[3] = {1, 2, 3}, got[3];
	struct semid_ds ds;
	struct sembuf two[2] = {{0, -1, IPC_NOWAIT}, {1, -5, IPC_NOWAIT}};

	sem_id = have(semget(IPC_PRIVATE, 3, 0600));
	CHECK_OK(semctl(sem_id, 0, SETALL, (union semun){.array = all}));
	CHECK_OK(semctl(sem_id, 0, GETALL, (union semun){.array = got}));
	CHECK(!memcmp(all, got, sizeof(all)));
	CHECK_OK(semctl(sem_id, 0, IPC_STAT, (union semun){.buf = &ds}));
	CHECK_EQ(ds.sem_nsems, 3);
	CHECK_OK(op(2, -3, 0));
	CHECK_ERRNO(op(2, -1, IPC_NOWAIT), EAGAIN);
	CHECK_OK(op(2, 0, 0));
	/* All or nothing. */
	CHECK_ERRNO(semop(sem_id, two, 2), EAGAIN);
	CHECK_EQ(value_of(0), 1);
	CHECK_OK(semctl(sem_id, 1, SETVAL, (union semun){.val = 9}));
	CHECK_EQ(value_of(1), 9);
	CHECK_EQ(semctl(sem_id, 1, GETPID), getpid());
	CHECK_EQ(semctl(sem_id, 1, GETNCNT), 0);
	CHECK_OK(semctl(sem_id, 0, IPC_RMID));
	CHECK_ERRNO(op(0, 1, 0), EINVAL);
}

TEST(semaphore_errors, "semget semop semctl semtimedop")
{
	struct sembuf many[600] = {0};
	struct timespec wrong = {0, -1};

	sem_id = have(semget(IPC_PRIVATE, 2, 0600));
	CHECK_ERRNO(op(2, 1, 0), EFBIG);
	CHECK_ERRNO(semop(sem_id, many, 600), E2BIG);
	CHECK_ERRNO(semop(sem_id, many, 0), EINVAL);
	CHECK_ERRNO(sys(semop, sem_id, bad, 1), EFAULT);
	CHECK_ERRNO(sys(semtimedop, sem_id, many, 1, bad), EFAULT);
	CHECK_ERRNO(semtimedop(sem_id, many, 1, &wrong), EINVAL);
	CHECK_ERRNO(semget(IPC_PRIVATE, -1, 0600), EINVAL);
	CHECK_ERRNO(semctl(sem_id, 5, GETVAL), EINVAL);
	CHECK_ERRNO(semctl(sem_id, 0, SETVAL, (union semun){.val = 40000}), ERANGE);
	CHECK_ERRNO(semctl(sem_id, 0, 9999), EINVAL);
	CHECK_OK(semctl(sem_id, 0, SETVAL, (union semun){.val = 32767}));
	CHECK_ERRNO(op(0, 1, 0), ERANGE);
	CHECK_OK(semctl(sem_id, 0, IPC_RMID));
}

static void remove_semaphore(void *arg)
{
	CHECK_OK(semctl(sem_id, 0, IPC_RMID));
}

TEST(semaphores_block, "semop semtimedop")
{
	struct sembuf down = {0, -1, 0};
	struct timespec ts = ms_to_ts(20);
	int64_t start = now_ns(CLOCK_MONOTONIC);
	pid_t pid;

	sem_id = have(semget(IPC_PRIVATE, 1, 0600));
	CHECK_ERRNO(semtimedop(sem_id, &down, 1, &ts), EAGAIN);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20000000);
	pid = spawn_after(20, raise_semaphore, NULL);
	CHECK_OK(semop(sem_id, &down, 1));
	JOIN(pid);
	CHECK_NEVER_RESTARTED(semop(sem_id, &down, 1));
	tick_start(SA_RESTART, raise_from_tick);
	while (semop(sem_id, &down, 1) == -1)
		CHECK_EQ(errno, EINTR);
	tick_stop();
	pid = spawn_after(20, remove_semaphore, NULL);
	CHECK_ERRNO(semop(sem_id, &down, 1), EIDRM);
	JOIN(pid);
}

static void up_with_undo(void *arg)
{
	CHECK_OK(op(0, 3, SEM_UNDO));
	CHECK_EQ(value_of(0), 4);
}

TEST(semaphore_undo_at_exit, "semop exit_group")
{
	sem_id = have(semget(IPC_PRIVATE, 1, 0600));
	CHECK_OK(op(0, 1, 0));
	JOIN(spawn(up_with_undo, NULL));
	CHECK_EQ(value_of(0), 1);
	CHECK_OK(semctl(sem_id, 0, IPC_RMID));
}

struct message {
	long type;
	char text[16];
};

static int queue;

static long put(long type, const char *text, int flags)
{
	struct message m = {.type = type};

	strcpy(m.text, text);
	return msgsnd(queue, &m, strlen(text), flags);
}

static void put_later(void *arg)
{
	CHECK_OK(put(7, "late", 0));
}

TEST(messages_by_type, "msgget msgsnd msgrcv msgctl")
{
	struct message m;
	struct msqid_ds ds;

	queue = have(msgget(IPC_PRIVATE, 0600));
	CHECK_OK(put(3, "three", 0));
	CHECK_OK(put(1, "one", 0));
	CHECK_OK(put(2, "two", 0));
	CHECK_OK(msgctl(queue, IPC_STAT, &ds));
	CHECK(ds.msg_qnum == 3 && ds.msg_lspid == getpid());
	CHECK_EQ(msgrcv(queue, &m, 16, 2, 0), 3);
	CHECK(m.type == 2 && !memcmp(m.text, "two", 3));
	/* The lowest type up to 3, then the first of any. */
	CHECK_EQ(msgrcv(queue, &m, 16, -3, 0), 3);
	CHECK_EQ(m.type, 1);
	CHECK_ERRNO(msgrcv(queue, &m, 2, 0, 0), E2BIG);
	CHECK_EQ(msgrcv(queue, &m, 2, 0, MSG_NOERROR), 2);
	CHECK_ERRNO(msgrcv(queue, &m, 16, 0, IPC_NOWAIT), ENOMSG);
	CHECK_OK(msgctl(queue, IPC_RMID, NULL));
	CHECK_ERRNO(put(1, "x", 0), EINVAL);
}

TEST(message_errors, "msgget msgsnd msgrcv msgctl")
{
	key_t key = 0x54000000 + getpid();
	struct message m = {.type = 0};

	queue = have(msgget(key, IPC_CREAT | IPC_EXCL | 0600));
	CHECK_ERRNO(msgget(key, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	CHECK_ERRNO(msgget(key + 100000000, 0600), ENOENT);
	CHECK_ERRNO(msgsnd(queue, &m, 1, 0), EINVAL);
	m.type = 1;
	CHECK_ERRNO(sys(msgsnd, queue, &m, 1 << 20, 0), EINVAL);
	CHECK_ERRNO(sys(msgsnd, queue, bad, 1, 0), EFAULT);
	CHECK_OK(put(1, "x", 0));
	CHECK_ERRNO(sys(msgrcv, queue, bad, 16, 0, 0), EFAULT);
	CHECK_ERRNO(sys(msgrcv, queue, &m, -1L, 0, 0), EINVAL);
	CHECK_ERRNO(sys(msgctl, queue, IPC_STAT, bad), EFAULT);
	CHECK_ERRNO(msgctl(queue, 9999, NULL), EINVAL);
	CHECK_OK(msgctl(queue, IPC_RMID, NULL));
}

static void remove_queue(void *arg)
{
	CHECK_OK(msgctl(queue, IPC_RMID, NULL));
}

TEST(messages_block, "msgsnd msgrcv")
{
	struct message m;
	pid_t pid;

	queue = have(msgget(IPC_PRIVATE, 0600));
	pid = spawn_after(20, put_later, NULL);
	CHECK_EQ(msgrcv(queue, &m, 16, 7, 0), 4);
	JOIN(pid);
	CHECK_NEVER_RESTARTED(msgrcv(queue, &m, 16, 0, 0));
	while (put(1, "0123456789", IPC_NOWAIT) == 0)
		;
	CHECK_EQ(errno, EAGAIN);
	CHECK_NEVER_RESTARTED(put(1, "0123456789", 0));
	pid = spawn_after(20, remove_queue, NULL);
	CHECK_ERRNO(put(1, "0123456789", 0), EIDRM);
	JOIN(pid);
}
