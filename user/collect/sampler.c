// SPDX-License-Identifier: Apache-2.0
/*
 * /proc/PID/stat: pid (comm) state ppid ...; of its fields utime and stime (14,
 * 15) count clock ticks, starttime (22) tells that the pid is still the same
 * process, rss (24) counts pages.
 */
#include "user/collect/sampler.h"

#include "user/base/check.h"
#include "user/collect/file_hasher.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUCKETS 32768u
#define SAMPLED_A_TURN 64u
#define TURN_NS 5000000LL /* turns come more often when rings fill */
#define NS_PER_S 1000000000LL

struct process {
	struct process *next_of_bucket;
	struct process *prev, *next; /* order of the next sample */
	struct process *hash_prev, *hash_next;
	bool waits_for_hash;
	int64_t hashed_ns; /* the turn that read its file; 0: none did */
	uint8_t hash[FILE_HASH_BYTES];
	uint64_t pass; /* the last one it was sampled in; 0: none */
	uint64_t ticks;
	int64_t sampled_ns;	/* 0: never */
	struct event_head head; /* as of its last record */
};

struct sampler {
	struct sampler_wants wants;
	struct sampler_stats stats;
	struct process *buckets[BUCKETS]; /* by pid */
	struct process *first, *last;	  /* due first; sampled last */
	struct process *hash_first, *hash_last;
	struct file_hasher *hasher;
	unsigned count;
	uint64_t pass, seq;
	int64_t pass_ns, turn_ns;
	int64_t tick_ns, page_bytes;
};

int sampler_new(const struct sampler_wants *wants, struct sampler **ret_sampler,
		struct err *err)
{
	struct sampler *s = calloc(1, sizeof(*s));

	if (!s)
		return err_nomem(err);
	s->wants = *wants;
	s->tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);
	s->page_bytes = sysconf(_SC_PAGESIZE);
	s->pass_ns = INT64_MIN;
	s->hasher = file_hasher_new(SAMPLER_FILE_BYTES_MAX);
	if (!s->hasher) {
		free(s);
		return err_nomem(err);
	}
	*ret_sampler = s;
	return 0;
}

static struct process **place_of(struct sampler *s, uint32_t pid)
{
	struct process **at = &s->buckets[pid % BUCKETS];

	while (*at && (*at)->head.pid != pid)
		at = &(*at)->next_of_bucket;
	return at;
}

static void order_remove(struct sampler *s, struct process *p)
{
	*(p->prev ? &p->prev->next : &s->first) = p->next;
	*(p->next ? &p->next->prev : &s->last) = p->prev;
	p->prev = p->next = NULL;
}

static void order_append(struct sampler *s, struct process *p)
{
	p->prev = s->last;
	p->next = NULL;
	*(s->last ? &s->last->next : &s->first) = p;
	s->last = p;
}

/* What is read of its file so far is of no use to another. */
static void hash_remove(struct sampler *s, struct process *p)
{
	if (!p->waits_for_hash)
		return;
	if (p == s->hash_first)
		file_hasher_abandon(s->hasher);
	*(p->hash_prev ? &p->hash_prev->hash_next : &s->hash_first) =
		p->hash_next;
	*(p->hash_next ? &p->hash_next->hash_prev : &s->hash_last) =
		p->hash_prev;
	p->waits_for_hash = false;
}

static void hash_append(struct sampler *s, struct process *p)
{
	hash_remove(s, p);
	p->hash_prev = s->hash_last;
	p->hash_next = NULL;
	*(s->hash_last ? &s->hash_last->hash_next : &s->hash_first) = p;
	s->hash_last = p;
	p->waits_for_hash = true;
}

/* Anew when it waits already: it runs another program now. */
static void want_hash(struct sampler *s, struct process *p)
{
	if (!s->wants.hash || (p->head.flags & EVENT_FLAG_KTHREAD))
		return;
	p->hashed_ns = 0;
	hash_append(s, p);
}

static void forget(struct sampler *s, struct process **at)
{
	struct process *p = *at;

	*at = p->next_of_bucket;
	order_remove(s, p);
	hash_remove(s, p);
	s->count--;
	free(p);
}

struct sampler *sampler_free(struct sampler *s)
{
	if (!s)
		return NULL;
	while (s->first)
		forget(s, place_of(s, s->first->head.pid));
	file_hasher_free(s->hasher);
	free(s);
	return NULL;
}

/* A pid that is another process now: what was known of it goes. */
static struct process *find_or_add(struct sampler *s, uint32_t pid,
				   uint64_t pid_key)
{
	struct process **at = place_of(s, pid);

	if (*at && (*at)->head.pid_key != pid_key) {
		forget(s, at);
		at = place_of(s, pid);
	}
	if (!*at) {
		if (s->count < SAMPLER_PROCESSES_MAX)
			*at = calloc(1, sizeof(**at));
		if (!*at) {
			s->stats.unknown++;
			return NULL;
		}
		s->count++;
		order_append(s, *at);
	}
	return *at;
}

static void see_program(struct sampler *s, const struct event_head *head)
{
	struct process *p = find_or_add(s, head->pid, head->pid_key);

	if (!p)
		return;
	p->head = *head;
	want_hash(s, p);
}

static void see_fork(struct sampler *s, const struct process_fork_event *fork)
{
	struct process *p = find_or_add(s, fork->child_pid, fork->child_key);

	if (!p)
		return;
	p->head = fork->head;
	p->head.pid = p->head.tid = fork->child_pid;
	p->head.ppid = fork->child_ppid;
	p->head.pid_key = fork->child_key;
	p->head.parent_key = fork->child_parent_key;
	p->head.start_ns = fork->child_start_ns;
	want_hash(s, p);
}

void sampler_see(struct sampler *s, const void *record, size_t len)
{
	struct process_fork_event fork;
	struct event_head head;
	struct process **at;

	if (len < sizeof(head))
		return;
	memcpy(&head, record, sizeof(head));
	if (head.stream == STREAM_PROCESS_EXEC ||
	    head.stream == STREAM_PROCESS_SNAPSHOT) {
		see_program(s, &head);
	} else if (head.stream == STREAM_PROCESS_FORK && len >= sizeof(fork)) {
		memcpy(&fork, record, sizeof(fork));
		see_fork(s, &fork);
	} else if (head.stream == STREAM_PROCESS_EXIT) {
		at = place_of(s, head.pid);
		if (*at && (*at)->head.pid_key == head.pid_key)
			forget(s, at);
	}
}

struct reading {
	char state;
	uint64_t ticks;
	uint64_t memory_bytes;
};

/* False: it ended. */
static bool read_stat(const struct sampler *s, const struct process *p,
		      struct reading *ret)
{
	unsigned long long utime, stime, start, rss;
	char path[40], text[1024];
	const char *fields;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", p->head.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	fields = strrchr(text, ')');
	if (!fields ||
	    sscanf(fields + 1,
		   " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d "
		   "%*d %*d %*d %*d %*d %llu %*u %llu",
		   &ret->state, &utime, &stime, &start, &rss) != 5)
		return false;
	ret->ticks = utime + stime;
	ret->memory_bytes = rss * (uint64_t)s->page_bytes;
	return start == p->head.start_ns / (uint64_t)s->tick_ns;
}

static const char *state_name(char state)
{
	static const struct {
		char letter;
		const char *name;
	} states[] = {
		{ 'R', "running" }, { 'S', "sleeping" }, { 'D', "disk-sleep" },
		{ 'T', "stopped" }, { 't', "traced" },	 { 'Z', "zombie" },
		{ 'X', "dead" },    { 'I', "idle" },
	};

	for (unsigned i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (states[i].letter == state)
			return states[i].name;
	return "unknown";
}

/* Since the sample before, of the first one since the process started. */
static uint64_t cpu_milli(const struct sampler *s, struct process *p,
			  uint64_t ticks, int64_t now_ns)
{
	int64_t from =
		p->sampled_ns ? p->sampled_ns : (int64_t)p->head.start_ns;
	uint64_t used = ticks > p->ticks ? ticks - p->ticks : 0;
	double share = 0;

	if (now_ns > from)
		share = (double)used * (double)s->tick_ns /
			(double)(now_ns - from);
	p->ticks = ticks;
	p->sampled_ns = now_ns;
	return (uint64_t)(share * 100 * 1000 + 0.5);
}

struct sample_record {
	struct process_sample_event event;
	char bytes[64];
};

static void put_blob(struct sample_record *record, struct event_blob *blob,
		     const void *bytes, size_t len)
{
	size_t at = record->event.head.size;

	CHECK(at + len <= sizeof(*record));
	memcpy((char *)record + at, bytes, len);
	blob->off = (uint16_t)at;
	blob->len = (uint16_t)len;
	record->event.head.size += (uint32_t)len;
}

static void record_init(struct sampler *s, const struct process *p,
			int64_t now_ns, struct sample_record *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->event.head = p->head;
	ret->event.head.stream = STREAM_PROCESS_SAMPLE;
	ret->event.head.abi = EVENT_ABI;
	ret->event.head.size = sizeof(ret->event);
	ret->event.head.ts = (uint64_t)now_ns;
	ret->event.head.seq = ++s->seq;
	ret->event.head.cpu = 0;
	s->stats.samples++;
}

static int sample(struct sampler *s, struct process *p, int64_t now_ns,
		  collect_record_fn *fn, void *ctx, struct err *err)
{
	struct sample_record record;
	struct reading now;
	const char *name;

	if (!read_stat(s, p, &now))
		return 0;
	record_init(s, p, now_ns, &record);
	if (s->wants.cpu) {
		record.event.has_cpu = 1;
		record.event.cpu_milli = cpu_milli(s, p, now.ticks, now_ns);
	}
	if (s->wants.memory) {
		record.event.has_memory = 1;
		record.event.memory_bytes = now.memory_bytes;
	}
	name = state_name(now.state);
	if (s->wants.status)
		put_blob(&record, &record.event.status, name, strlen(name));
	return fn(ctx, &record, record.event.head.size, err);
}

static int sample_some(struct sampler *s, int64_t now_ns, collect_record_fn *fn,
		       void *ctx, struct err *err)
{
	int rc = 0;

	/* A new pass, but not before the last one is through. */
	if (now_ns >= s->pass_ns + SAMPLER_PERIOD_NS &&
	    (!s->first || s->first->pass == s->pass)) {
		s->pass++;
		s->pass_ns = now_ns;
	}
	for (unsigned i = 0; i < SAMPLED_A_TURN && !rc; i++) {
		struct process *p = s->first;

		if (!p || p->pass == s->pass)
			break;
		p->pass = s->pass;
		order_remove(s, p);
		order_append(s, p);
		rc = sample(s, p, now_ns, fn, ctx, err);
	}
	return rc;
}

static int give_hash(struct sampler *s, struct process *p, int64_t now_ns,
		     collect_record_fn *fn, void *ctx, struct err *err)
{
	struct sample_record record;

	record_init(s, p, now_ns, &record);
	put_blob(&record, &record.event.hash, p->hash, FILE_HASH_BYTES);
	return fn(ctx, &record, record.event.head.size, err);
}

#define EXE_PATH_BYTES 40

static void exe_path(const struct process *p, char path[EXE_PATH_BYTES])
{
	snprintf(path, EXE_PATH_BYTES, "/proc/%u/exe", p->head.pid);
}

/* Begun, or gone on with since the turn before. */
static enum file_hasher_result read_on(struct sampler *s,
				       const struct process *p,
				       uint8_t ret[FILE_HASH_BYTES])
{
	char path[EXE_PATH_BYTES];

	if (file_hasher_busy(s->hasher))
		return file_hasher_step(s->hasher, ret);
	exe_path(p, path);
	return file_hasher_begin(s->hasher, path, ret);
}

/*
 * The first of those that wait is told, or waits again: its pid may be another
 * process by now, or it ran another program while the file was read.
 */
static int take_hash(struct sampler *s, struct process *p,
		     const uint8_t hash[FILE_HASH_BYTES], int64_t now_ns,
		     collect_record_fn *fn, void *ctx, struct err *err)
{
	struct reading reading;

	if (!p->hashed_ns) {
		memcpy(p->hash, hash, FILE_HASH_BYTES);
		p->hashed_ns = now_ns;
		hash_append(s, p);
		return 0;
	}
	if (memcmp(hash, p->hash, FILE_HASH_BYTES) == 0 &&
	    read_stat(s, p, &reading))
		return give_hash(s, p, now_ns, fn, ctx, err);
	s->stats.unhashed++;
	return 0;
}

/*
 * One step on a file, or as many files as are known already and answer while
 * the hasher has patience. A hash is told in a later turn than the one that
 * read it, as of then, when the file is looked at again: a program that was
 * begun after this turn's `now` and before its file was opened has an exec of a
 * later ts, and its hash must not be the one of the program before. A look that
 * takes until another turn is void if the exec came before that turn.
 */
static int hash_some(struct sampler *s, int64_t now_ns, collect_record_fn *fn,
		     void *ctx, struct err *err)
{
	int rc = 0;

	file_hasher_turn(s->hasher);
	for (unsigned i = 0; i < SAMPLED_A_TURN && s->hash_first && !rc; i++) {
		bool was_busy = file_hasher_busy(s->hasher);
		struct process *p = s->hash_first;
		uint8_t hash[FILE_HASH_BYTES];
		enum file_hasher_result result;

		/* Those behind it were read in this turn too. */
		if (p->hashed_ns >= now_ns)
			break;
		result = read_on(s, p, hash);
		if (result == FILE_HASHER_MORE && was_busy)
			break;
		if (result == FILE_HASHER_MORE)
			continue;
		hash_remove(s, p);
		if (result == FILE_HASHER_DONE)
			rc = take_hash(s, p, hash, now_ns, fn, ctx, err);
		else
			s->stats.unhashed++;
	}
	return rc;
}

int sampler_turn(struct sampler *s, int64_t now_ns, collect_record_fn *fn,
		 void *ctx, struct err *err)
{
	int rc = 0;

	if (now_ns < s->turn_ns + TURN_NS)
		return 0;
	s->turn_ns = now_ns;
	if (s->wants.cpu || s->wants.memory || s->wants.status)
		rc = sample_some(s, now_ns, fn, ctx, err);
	if (!rc && s->wants.hash)
		rc = hash_some(s, now_ns, fn, ctx, err);
	return rc;
}

void sampler_stats(const struct sampler *s, struct sampler_stats *ret_stats)
{
	*ret_stats = s->stats;
}
