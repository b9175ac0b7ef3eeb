// SPDX-License-Identifier: Apache-2.0
#include "user/logs/logs.h"

#include "user/base/check.h"
#include "user/logs/auth_line.h"
#include "user/logs/journal.h"
#include "user/logs/log_record.h"
#include "user/logs/log_tail.h"
#include "user/logs/syslog_line.h"

#include <stdlib.h>
#include <unistd.h>

/* Debian's and Red Hat's; none of them repeats another. */
static const char *const usual_files[] = {
	"/var/log/auth.log",
	"/var/log/secure",
	"/var/log/syslog",
	"/var/log/messages",
};

struct logs {
	bool log, auth;
	struct journal *journal; /* NULL: none */
	struct log_tail *tails[LOGS_FILES_MAX];
	unsigned tail_count;
	unsigned first; /* the source that is read first, each in its turn */
	uint64_t log_seq, auth_seq; /* also how many there were */
	uint64_t unparsed, ambiguous;
	int64_t ts;		  /* of the last record */
	struct log_record record; /* the one that is being made */
};

/*
 * One turn gives at most so many bytes of rows, as the reader keeps them: it has
 * to hold all of it at once.
 */
#define TURN_BYTES INT64_C(8000000)
#define ROW_BYTES 1024

/* One turn. */
struct turn {
	struct logs *logs;
	const struct logs_time *now;
	logs_record_fn *fn;
	void *ctx;
	int64_t left; /* of TURN_BYTES */
};

BUILD_CHECK(ARRAY_SIZE(usual_files) <= LOGS_FILES_MAX);

/* --- opening --------------------------------------------------------------*/

static int open_file(struct logs *logs, const char *path, struct err *err)
{
	int rc = log_tail_open(path, &logs->tails[logs->tail_count], err);

	logs->tail_count += rc == 0;
	return rc;
}

/* Where one of them may not be read, the others are. */
static int open_usual(struct logs *logs, struct err *err)
{
	int rc = journal_open(NULL, &logs->journal, err);

	if (rc != JOURNAL_ABSENT)
		return rc;
	for (unsigned i = 0; i < ARRAY_SIZE(usual_files); i++)
		open_file(logs, usual_files[i], NULL);
	return 0;
}

static int open_sources(struct logs *logs, const struct logs_options *options,
			struct err *err)
{
	int rc = 0;

	CHECK(options->file_count <= LOGS_FILES_MAX);
	if (!options->file_count && !options->journal)
		return open_usual(logs, err);
	if (options->journal)
		rc = journal_open(options->journal, &logs->journal, err);
	for (unsigned i = 0; i < options->file_count && !rc; i++)
		rc = open_file(logs, options->files[i], err);
	return rc;
}

int logs_open(const struct logs_options *options, struct logs **ret_logs,
	      struct err *err)
{
	struct logs *logs = calloc(1, sizeof(*logs));
	int rc;

	if (!logs)
		return err_nomem(err);
	logs->log = options->log;
	logs->auth = options->auth;
	rc = open_sources(logs, options, err);
	if (rc)
		logs_close(logs);
	else
		*ret_logs = logs;
	return rc;
}

struct logs *logs_close(struct logs *logs)
{
	if (!logs)
		return NULL;
	journal_close(logs->journal);
	for (unsigned i = 0; i < logs->tail_count; i++)
		log_tail_close(logs->tails[i]);
	free(logs);
	return NULL;
}

void logs_want(struct logs *logs, bool log, bool auth)
{
	logs->log = log;
	logs->auth = auth;
}

/* --- a turn ---------------------------------------------------------------*/

/* What is read in one turn keeps its order. */
static int64_t next_ts(struct turn *t)
{
	struct logs *logs = t->logs;

	logs->ts = t->now->boot_ns > logs->ts ? t->now->boot_ns : logs->ts + 1;
	return logs->ts;
}

static int give(struct turn *t, struct err *err)
{
	struct log_record *record = &t->logs->record;

	t->left -= ROW_BYTES + (int64_t)record->len;
	return t->fn(t->ctx, record->bytes, record->len, err);
}

/* One line may stand for several attempts: each is an event. */
static int give_auth(struct turn *t, const struct log_entry *entry,
		     struct err *err)
{
	struct logs *logs = t->logs;
	struct auth_line line;
	int rc = 0;

	if (!auth_line_parse(entry->program, entry->message, &line))
		return 0;
	logs->ambiguous += line.ambiguous;
	for (uint32_t i = 0; i < line.repeats && !rc; i++) {
		log_record_auth(&logs->record, entry, &line, next_ts(t),
				logs->auth_seq++);
		rc = give(t, err);
	}
	return rc;
}

static int take_entry(void *ctx, const struct log_entry *entry, struct err *err)
{
	struct turn *t = ctx;
	int rc = 0;

	if (t->logs->log) {
		log_record_log(&t->logs->record, entry, next_ts(t),
			       t->logs->log_seq++);
		rc = give(t, err);
	}
	if (!rc && t->logs->auth)
		rc = give_auth(t, entry, err);
	return rc ? rc : t->left > 0 ? 0 : LOG_ENOUGH;
}

static int take_line(void *ctx, const char *text, size_t len, bool cut,
		     struct err *err)
{
	struct turn *t = ctx;
	const struct log_clock clock = { t->now->realtime_ns,
					 t->now->utc_offset_ns };
	struct log_entry entry = { .origin = LOG_FILE, .cut = cut };
	struct syslog_line line;

	t->logs->unparsed += !syslog_line_parse(text, len, &clock, &line);
	entry.program = line.program;
	entry.message = line.message;
	entry.has_ts = line.has_ts;
	entry.ts = line.ts;
	entry.has_pid = line.has_pid;
	entry.pid = line.pid;
	entry.has_priority = line.has_priority;
	entry.priority = line.priority;
	entry.has_facility = line.has_priority;
	entry.facility = line.facility;
	return take_entry(t, &entry, err);
}

/* The journal is source 0, the files follow. */
static int read_source(struct turn *t, unsigned source, struct err *err)
{
	struct logs *logs = t->logs;

	if (source)
		return log_tail_turn(logs->tails[source - 1], t->now->boot_ns,
				     take_line, t, err);
	return logs->journal ? journal_turn(logs->journal, t->now->boot_ns,
					    take_entry, t, err) :
			       0;
}

int logs_turn(struct logs *logs, const struct logs_time *now,
	      logs_record_fn *fn, void *ctx, struct err *err)
{
	struct turn t = { logs, now, fn, ctx, TURN_BYTES };
	unsigned count = 1 + logs->tail_count;
	int rc = 0;

	for (unsigned i = 0; i < count && !rc; i++)
		rc = read_source(&t, (logs->first + i) % count, err);
	/* One that is flooded does not starve the others. */
	logs->first = (logs->first + 1) % count;
	return rc == LOG_ENOUGH ? 0 : rc;
}

int64_t logs_last_ts(const struct logs *logs)
{
	return logs->ts;
}

/* --- accounts -------------------------------------------------------------*/

static uint64_t lost(const struct logs *logs)
{
	uint64_t n = 0;

	if (logs->journal) {
		struct journal_stats stats;

		journal_stats(logs->journal, &stats);
		n += stats.lost;
	}
	for (unsigned i = 0; i < logs->tail_count; i++) {
		struct log_tail_stats stats;

		log_tail_stats(logs->tails[i], &stats);
		n += stats.lost;
	}
	return n;
}

void logs_counters(const struct logs *logs, enum stream_id stream,
		   struct logs_counters *ret_counters)
{
	uint64_t given;

	CHECK(STREAM_IS_SECURITY(stream));
	given = stream == STREAM_SECURITY_LOG ? logs->log_seq : logs->auth_seq;
	*ret_counters = (struct logs_counters){ .delivered = given,
						.lost = lost(logs) };
	ret_counters->generated = given + ret_counters->lost;
}

void logs_stats(const struct logs *logs, struct logs_stats *ret_stats)
{
	struct logs_stats sum = { .unparsed = logs->unparsed,
				  .ambiguous = logs->ambiguous };

	if (logs->journal) {
		struct journal_stats stats;

		journal_stats(logs->journal, &stats);
		sum.cut += stats.cut;
		sum.failed += stats.failed;
	}
	for (unsigned i = 0; i < logs->tail_count; i++) {
		struct log_tail_stats stats;

		log_tail_stats(logs->tails[i], &stats);
		sum.cut += stats.cut;
		sum.failed += stats.failed;
	}
	*ret_stats = sum;
}

void logs_describe(const struct logs *logs, struct buf *out)
{
	const char *streams = !logs->auth ? "security.log" :
			      !logs->log  ? "security.auth" :
					    "security.*";

	if (logs->journal)
		buf_printf(out, "  %-16s the journal\n", streams);
	for (unsigned i = 0; i < logs->tail_count; i++)
		buf_printf(out, "  %-16s %s%s\n", streams,
			   log_tail_path(logs->tails[i]),
			   log_tail_present(logs->tails[i]) ?
				   "" :
				   " (not there yet)");
	if (!logs->journal && !logs->tail_count)
		buf_printf(out,
			   "  %-16s nothing: there is neither a journal "
			   "nor /var/log\n",
			   streams);
}
