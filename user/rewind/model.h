/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording in memory: its records sorted by what they are, events by time. */
#ifndef REWIND_MODEL_H
#define REWIND_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "record/lib/librecord.h"

/* Records of one kind; they are part of the mapped file. */
struct records {
	const struct record_header **all;
	size_t count, room;
};

struct model {
	struct sundial_record_reader *reader;
	struct sundial_record_time time;
	bool whole;
	uint64_t first_host_ns; /* of the earliest event */
	bool has_virtual;	/* some event's virtual time is not its host time */
	struct records events;	/* in order of time, by model_when */
	struct records lives;	/* of those, exec and fork */
	struct records infos, mappings, blocks, misuses, crashes, pages, counts;
	struct records samplings, totals, placements, words;
	struct records machines; /* registers of crashes of other machines */
	struct records stacks;	 /* the one of number n is at n - 1 */
	struct thread_names *names;
};

/* 0 or negative errno; the model of a file that could be opened at all. */
int model_load(const char *path, struct model *model);
void model_free(struct model *model);

/* The value of an info, or NULL. */
const char *model_info(const struct model *model, const char *key);

/* The same of one host. */
const char *model_info_of(const struct model *model, uint64_t domain, const char *key);

/* The latest of what tgid wrote to standard error, or NULL. */
const char *model_words(const struct model *model, uint32_t tgid);

/* The registers of that thread, if it was of another machine than x86-64; else NULL. */
const struct record_machine *model_machine(const struct model *model,
					   const struct record_crash *crash);

/* The thread that a signal ended, with the signal's own; NULL if there was no crash. */
const struct record_crash *model_crash(const struct model *model);

/*
 * Copies bytes of a crashed thread's memory; whether all of it was kept. Memory of
 * any thread of the same process will do.
 */
bool model_memory(const struct model *model, uint32_t tgid, uint64_t address, void *to,
		  size_t bytes);

/* The status of the page of address, -1 if it was not asked for. */
int model_page_status(const struct model *model, uint32_t tgid, uint64_t address);

/* The block of tgid that address lies in, of that state (how); the one freed last. */
const struct record_block *model_block_at(const struct model *model, uint32_t tgid, uint32_t epoch,
					  enum record_how how, uint64_t address);

/* The last mapping of tgid that contains address, or NULL. */
const struct record_mapping *model_mapping_at(const struct model *model, uint32_t tgid,
					      uint64_t address);

/* Whether call a was after call b. */
bool site_after(const struct record_site *a, const struct record_site *b);

/* The stack of a call, or NULL. */
const struct record_stack *model_stack(const struct model *model, uint32_t id);

/* Whether there is no host time in it: both times of its records are virtual. */
bool model_is_simulated(const struct model *model);

/* A span in words: "0.000031 s", "1:00:00 h", "6 d 05:00:00". */
void span_words(uint64_t ns, char *text, size_t bytes);

/* A moment: seconds from the first event, or the date that a simulated program saw. */
void when_words(const struct model *model, uint64_t host_ns, char *text, size_t bytes);

/* Seconds from the first event to host_ns. */
double model_seconds(const struct model *model, uint64_t host_ns);

/*
 * The time by which events are ordered and shown: virtual if the recording has any,
 * since one host's time says nothing of what another simulated one did; else the host's.
 */
uint64_t model_when(const struct model *model, const struct record_header *event);

/* The first and the last event's; 0 without events. */
uint64_t model_first(const struct model *model);
uint64_t model_last(const struct model *model);

/* What a thread was called last, or NULL. */
const char *model_thread_name(const struct model *model, uint64_t domain, uint32_t tid);

/* The host of a clock domain; "?" if it is not known. */
const char *model_host(const struct model *model, uint64_t domain);

/* Of names.c: collects what threads are called; 0 or negative errno. */
int thread_names_load(struct model *model);
void thread_names_free(struct thread_names *names);

#endif
