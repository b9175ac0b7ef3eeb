/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests that need the real kernel: a collector, the records it delivered,
 * and children that do what is to be seen.
 */
#ifndef SHRIKE_TESTS_COLLECT_LIVE_H
#define SHRIKE_TESTS_COLLECT_LIVE_H

#include "support/unit.h"

#include "bpf/event.h"
#include "user/base/buf.h"
#include "user/base/check.h"
#include "user/collect/collect.h"
#include "user/collect/kernel_offer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often: `many` times in a full run (CHECK_FULL). */
static inline unsigned scaled(unsigned few, unsigned many)
{
	const char *full = getenv("CHECK_FULL");

	return full && strcmp(full, "1") == 0 ? many : few;
}

/* How many times slower than most this machine is: SLOW, at least 1. */
static inline int slow_times(void)
{
	const char *slow = getenv("SLOW");
	int times = slow ? atoi(slow) : 1;

	return times > 1 ? times : 1;
}

struct live {
	struct collector *collector;
	struct buf records; /* one after the other, each head.size bytes */
	int64_t watermark_ns;
};

static inline int live_keep(void *ctx, const void *record, size_t len,
			    struct err *err)
{
	struct live *live = ctx;

	(void)err;
	assert_true(len >= sizeof(struct event_head));
	buf_put(&live->records, record, len);
	/* Each record starts aligned. */
	while (live->records.len % 8)
		buf_putc(&live->records, 0);
	return 0;
}

/* Skips the test, or fails it under REQUIRE_LIVE=1, where bpf() is refused. */
static inline void live_open(struct live *live,
			     const struct collect_request *request)
{
	struct err err = { 0 };
	const char *require = getenv("REQUIRE_LIVE");
	int rc;

	*live = (struct live){ 0 };
	rc = collector_open(request, &live->collector, &err);
	if (rc == 0)
		return;
	if (rc == -EPERM && (!require || strcmp(require, "1") != 0)) {
		print_message("skip: %s\n", err.text);
		skip();
	}
	fail_msg("collector_open: %s", err.text);
}

/* Where the path of a name comes from: from the kernel if it lets us. */
static inline enum event_source live_name_source(void)
{
	struct kernel_offer offer;
	struct err err = { 0 };
	bool lsm;

	if (kernel_offer_read(&offer, &err))
		fail_msg("kernel_offer_read: %s", err.text);
	lsm = offer.lsm;
	kernel_offer_release(&offer);
	return lsm ? EVENT_SOURCE_LSM : EVENT_SOURCE_SYSCALL;
}

/* With all columns, and with calls of the stream that failed. */
static inline void live_open_asking(struct live *live, enum stream_id stream,
				    bool failed)
{
	struct collect_columns columns = { 0 };
	struct collect_request request = { .columns = &columns };

	memset(columns.read, 0xff, sizeof(columns.read));
	columns.failed[stream] = failed;
	request.streams[stream] = true;
	live_open(live, &request);
}

static inline void live_close(struct live *live)
{
	live->collector = collector_close(live->collector);
	buf_release(&live->records);
}

static inline void live_drain(struct live *live)
{
	struct err err = { 0 };

	if (collector_drain(live->collector, collect_now_ns(), live_keep, live,
			    &live->watermark_ns, &err))
		fail_msg("collector_drain: %s", err.text);
}

/*
 * What packets, timers and other tasks bring about is there a while after the
 * call that led to it: drains until it is so; after 30 s the test that follows
 * tells what is missing.
 */
#define LIVE_UNTIL(live, condition)                                      \
	do {                                                             \
		const int64_t end_ns = collect_now_ns() + 30000000000LL; \
                                                                         \
		while (live_drain(live),                                 \
		       !(condition) && collect_now_ns() < end_ns)        \
			poll(NULL, 0, 1);                                \
	} while (0)

/* The record after `from` (NULL: the first); NULL at the end. */
static inline const struct event_head *live_next(const struct live *live,
						 const struct event_head *from)
{
	const uint8_t *at = live->records.bytes;

	if (from)
		at = (const uint8_t *)from + ((from->size + 7U) & ~7U);
	if (!at || at >= live->records.bytes + live->records.len)
		return NULL;
	return (const void *)at;
}

/* The nth (from 0) record of the stream with this pid; NULL: there is none. */
static inline const void *live_find(const struct live *live,
				    enum stream_id stream, pid_t pid,
				    unsigned nth)
{
	const struct event_head *head = NULL;

	while ((head = live_next(live, head)))
		if (head->stream == stream && head->pid == (uint32_t)pid &&
		    nth-- == 0)
			return head;
	return NULL;
}

static inline const void *live_need(const struct live *live,
				    enum stream_id stream, pid_t pid)
{
	const void *record = live_find(live, stream, pid, 0);

	if (!record)
		fail_msg("no record of stream %d from pid %d", stream, pid);
	return record;
}

/* A blob's bytes as a string; at most 8 are alive at a time. */
static inline const char *blob_text(const void *record, struct event_blob blob)
{
	static char texts[8][EVENT_ARGS_SIZE + 16];
	static unsigned turn;
	char *text = texts[turn++ % 8];

	assert_true(blob.len < sizeof(texts[0]));
	memcpy(text, (const char *)record + blob.off, blob.len);
	text[blob.len] = '\0';
	return text;
}

static inline const char *open_path(const struct file_open_event *event)
{
	return blob_text(event, event->path);
}

/* Run `fn` in a child; returns its pid and its wait status once it is gone. */
static inline pid_t child_run(void (*fn)(void *), void *arg, int *ret_status)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (ret_status)
		*ret_status = status;
	return pid;
}

/*
 * A name that another thread changes between A and B all the time, by its last
 * byte, while calls use it; which file each call really met; how many records
 * say another.
 */
#define LIVE_RACE_CALLS 60

struct live_race {
	char name[128]; /* ends in A or B */
	char met[LIVE_RACE_CALLS];
};

static inline struct live_race *live_race_new(const char *prefix)
{
	struct live_race *race =
		mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(race != MAP_FAILED);
	snprintf(race->name, sizeof(race->name), "%sA", prefix);
	return race;
}

static inline void *live_race_change(void *arg)
{
	struct live_race *race = arg;
	volatile char *last = race->name + strlen(race->name) - 1;

	for (;;)
		*last ^= 'A' ^ 'B';
	return NULL;
}

/* In a child, which ends with its threads. */
static inline void live_race_begin(struct live_race *race)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, live_race_change, race))
		_exit(1);
}

/* Until the other thread is at it: both have a processor then. */
static inline void live_race_wait(const struct live_race *race)
{
	const volatile char *last = race->name + strlen(race->name) - 1;
	char seen = *last;

	while (*last == seen)
		sched_yield();
}

/* The path of either. */
static inline const char *live_race_path(struct live_race *race, char which,
					 char ret_path[128])
{
	memcpy(ret_path, race->name, sizeof(race->name));
	ret_path[strlen(ret_path) - 1] = which;
	return ret_path;
}

static inline bool live_race_said(const struct live_race *race, unsigned call,
				  const char *path)
{
	return path[strlen(path) - 1] == race->met[call];
}

static inline void live_race_end(struct live_race *race, unsigned wrong)
{
	print_message("%u of %u records name the file that was not met\n",
		      wrong, LIVE_RACE_CALLS);
	if (live_name_source() == EVENT_SOURCE_LSM)
		assert_int_equal(wrong, 0);
	munmap(race, sizeof(*race));
}

static inline void counters_need(struct live *live, enum stream_id stream,
				 struct collect_counters *ret_counters)
{
	struct err err = { 0 };

	if (collector_counters(live->collector, stream, ret_counters, &err))
		fail_msg("collector_counters: %s", err.text);
}

/* Each event is accounted for. Ends the collection: others go on meanwhile. */
static inline struct collect_counters counters_balance(struct live *live,
						       enum stream_id stream)
{
	struct collect_counters c;

	collector_detach(live->collector);
	live_drain(live);
	counters_need(live, stream, &c);
	assert_int_equal(c.generated, c.filtered + c.delivered + c.lost +
					      c.throttled + c.missed);
	assert_int_equal(c.damaged, 0);
	return c;
}

/* What `fn` did in a child, with status 0, is then in `live`. */
static inline pid_t live_run(struct live *live,
			     const struct collect_request *request,
			     void (*fn)(void *))
{
	int status;
	pid_t pid;

	live_open(live, request);
	pid = child_run(fn, NULL, &status);
	assert_int_equal(status, 0);
	live_drain(live);
	return pid;
}

#endif
