// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A small cron: each line of a table has a day ("*" for all), an hour, a name and a
 * command for the shell; the table is read again when it changes. It has a bug that
 * needs days to show: a job may still run when the table is read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct job {
	char *name;
	char day[8];
	int hour;
	char command[200];
	struct job *next;
};

struct run {
	pid_t pid;
	struct job *job;
	struct run *next;
};

static struct job *jobs;
static struct run *runs;

static void say(const char *name, const char *what)
{
	char date[32];
	time_t now = time(NULL);

	strftime(date, sizeof(date), "%a %H:%M", localtime(&now));
	printf("%s  %s %s\n", date, name, what);
}

static void forget_jobs(void)
{
	while (jobs) {
		struct job *job = jobs;

		jobs = job->next;
		free(job->name);
		free(job);
	}
}

static struct job *parse_job(const char *line)
{
	struct job *job = malloc(sizeof(*job));
	char name[40];

	if (sscanf(line, "%7s %d %39s %199[^\n]", job->day, &job->hour, name, job->command) != 4) {
		free(job);
		return NULL;
	}
	job->name = strdup(name);
	return job;
}

static void read_table(const char *path)
{
	FILE *table = fopen(path, "r");
	struct job **end = &jobs;
	char line[300];

	forget_jobs();
	while (table && fgets(line, sizeof(line), table)) {
		*end = parse_job(line);
		if (*end)
			end = &(*end)->next;
	}
	*end = NULL;
	if (table)
		fclose(table);
	say(path, "read");
}

static void start_job(struct job *job)
{
	struct run *run = malloc(sizeof(*run));

	run->job = job;
	run->pid = fork();
	if (!run->pid) {
		execl("/bin/sh", "sh", "-c", job->command, NULL);
		_exit(127);
	}
	run->next = runs;
	runs = run;
	say(job->name, "begins");
}

static void start_due_jobs(const struct tm *now)
{
	char day[8];

	strftime(day, sizeof(day), "%a", now);
	for (struct job *job = jobs; job; job = job->next)
		if (job->hour == now->tm_hour && (*job->day == '*' || !strcmp(job->day, day)))
			start_job(job);
}

static void finish_run(struct run *run)
{
	say(run->job->name, "has ended");
	free(run);
}

static void collect_runs(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (struct run **at = &runs; *at; at = &(*at)->next)
			if ((*at)->pid == pid) {
				struct run *run = *at;

				*at = run->next;
				finish_run(run);
				break;
			}
}

int main(int argc, char **argv)
{
	struct stat seen = {0}, st;

	setlinebuf(stdout);
	for (;;) {
		time_t now = time(NULL);
		struct tm *tm = localtime(&now);

		collect_runs();
		if (!stat(argv[1], &st) && st.st_size != seen.st_size) {
			seen = st;
			read_table(argv[1]);
		}
		if (!tm->tm_min)
			start_due_jobs(tm);
		sleep(60 - now % 60);
	}
}
