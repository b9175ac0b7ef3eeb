// SPDX-License-Identifier: Apache-2.0
/*
 * One match for people:
 *
 *   TIME severity rule: name=value name=value [coverage: 3 events lost]
 *     |- 10:00:00.000000001 process.exec bash[12] bash -i, parent sshd[1]
 *     |- 10:00:00.000000002 network.connect bash[12] tcp 192.0.2.1:443
 *     `- match 00112233445566778899aabbccddeeff, ledger 7, T1059
 */
#include "user/sink/sink_int.h"

#include "user/base/text.h"
#include "user/sink/escape.h"

#include <inttypes.h>

#define BRANCH "  |- "
#define LAST_BRANCH "  `- "

static const char *severity_color(const char *severity)
{
	static const struct {
		const char *severity;
		const char *color;
	} colors[] = {
		{ "emerg", "\033[1;31m" },    { "alert", "\033[1;31m" },
		{ "critical", "\033[1;31m" }, { "crit", "\033[1;31m" },
		{ "high", "\033[31m" },	      { "error", "\033[31m" },
		{ "err", "\033[31m" },	      { "medium", "\033[33m" },
		{ "warning", "\033[33m" },    { "low", "\033[36m" },
		{ "notice", "\033[36m" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(colors); i++)
		if (strcmp(colors[i].severity, severity) == 0)
			return colors[i].color;
	return "\033[1m";
}

static void put_c_text(struct buf *out, const char *text)
{
	escape_text(out, text, strlen(text));
}

static void put_word(struct buf *out, struct value value)
{
	if (value.type == VALUE_TEXT)
		escape_word(out, value.p, value.len);
	else
		sink_text_value(out, value);
}

static void put_time_of_day(struct buf *out, struct value ts)
{
	char text[TEXT_TIME_BYTES];

	if (ts.type != VALUE_TIMESTAMP) {
		buf_puts(out, "(no time)");
		return;
	}
	/* Behind "2026-11-21T", without the Z. */
	text_time(ts.i, text);
	buf_put(out, text + 11, strlen(text) - 12);
}

/* "name[pid]"; a process that is not known goes by its task's name. */
static void put_process(struct buf *out, const struct context *context,
			struct value otherwise, struct value pid)
{
	struct value name = otherwise;

	if (context &&
	    !value_is_null(context->values[COL_name - COL_CONTEXT_FIRST]))
		name = context->values[COL_name - COL_CONTEXT_FIRST];
	if (value_is_null(name))
		buf_putc(out, '?');
	else
		put_word(out, name);
	buf_putc(out, '[');
	sink_text_value(out, pid);
	buf_putc(out, ']');
}

static void put_exec(struct buf *out, const struct row *row, unsigned args)
{
	struct value what = row_get(row, COL_cmdline);

	if (value_is_null(what) || !what.len)
		what = row_get(row, args);
	if (value_is_null(what) || !what.len)
		what = row_get(row, COL_exe);
	sink_text_value(out, what);
}

static void put_connect(struct buf *out, const struct row *row)
{
	const struct stream *stream = catalog_stream(row->stream);
	struct value proto = row_get(row, COL_NETWORK_CONNECT_proto);
	struct value ip = row_get(row, COL_NETWORK_CONNECT_dst_ip);
	struct value outcome = row_get(row, COL_NETWORK_CONNECT_outcome);
	struct value retval = row_get(row, COL_retval);
	const struct column *column;
	const char *literal;

	column = catalog_column_at(stream, COL_NETWORK_CONNECT_proto);
	literal = catalog_spelled(row->stream, column, proto);
	if (literal)
		buf_puts(out, literal);
	else
		sink_text_value(out, proto);
	buf_puts(out, ip.len == 16 ? " [" : " ");
	sink_text_value(out, ip);
	buf_puts(out, ip.len == 16 ? "]:" : ":");
	sink_text_value(out, row_get(row, COL_NETWORK_CONNECT_dst_port));
	if (value_is_null(outcome) || outcome.i == CONNECT_ATTEMPTED)
		return;
	column = catalog_column_at(stream, COL_NETWORK_CONNECT_outcome);
	literal = catalog_spelled(row->stream, column, outcome);
	buf_puts(out, ", ");
	if (literal)
		buf_puts(out, literal);
	else
		sink_text_value(out, outcome);
	if (!value_is_null(retval) && retval.i < 0)
		buf_printf(out, " (%" PRId64 ")", retval.i);
}

static void put_open(struct buf *out, const struct row *row)
{
	put_word(out, row_get(row, COL_FILE_OPEN_path));
	if (row_get(row, COL_FILE_OPEN_is_write).i)
		buf_puts(out, " for writing");
	if (row_get(row, COL_FILE_OPEN_created).i)
		buf_puts(out, ", created");
}

static void put_program(struct buf *out, const struct row *row)
{
	put_exec(out, row,
		 row->stream == STREAM_PROCESS_EXEC ?
			 COL_PROCESS_EXEC_exec_args :
			 COL_PROCESS_SNAPSHOT_exec_args);
}

static void put_fork(struct buf *out, const struct row *row)
{
	buf_puts(out, "child ");
	sink_text_value(out, row_get(row, COL_PROCESS_FORK_child_pid));
}

static void put_exit(struct buf *out, const struct row *row)
{
	struct value signal = row_get(row, COL_PROCESS_EXIT_signal);
	struct value code = row_get(row, COL_PROCESS_EXIT_code);

	buf_puts(out, signal.i ? "signal " : "status ");
	sink_text_value(out, signal.i ? signal : code);
}

static void put_present(struct buf *out, const struct row *row)
{
	sink_text_value(out, row_get(row, COL_exe));
}

/* "name=value ..." of the stream's own columns, as far as they are known. */
static void put_columns(struct buf *out, const struct row *row)
{
	const struct stream *stream = catalog_stream(row->stream);
	unsigned n = catalog_column_count(stream);
	const char *space = "";

	for (unsigned id = COL_OWN_FIRST; id < n; id++) {
		const struct column *column = catalog_column_at(stream, id);
		struct value value = row_get(row, id);
		const char *literal;

		if (value_is_null(value) || column->hidden)
			continue;
		buf_printf(out, "%s%s=", space, column->name);
		literal = catalog_spelled(row->stream, column, value);
		if (literal)
			buf_puts(out, literal);
		else
			put_word(out, value);
		space = " ";
	}
}

/* "sshd: Failed password for root ..." */
static void put_log(struct buf *out, const struct row *row)
{
	bool auth = row->stream == STREAM_SECURITY_AUTH;
	struct value program = row_get(row, auth ? COL_SECURITY_AUTH_program :
						   COL_SECURITY_LOG_program);

	if (!value_is_null(program)) {
		put_word(out, program);
		buf_puts(out, ": ");
	}
	sink_text_value(out, row_get(row, auth ? COL_SECURITY_AUTH_message :
						 COL_SECURITY_LOG_message));
}

/* What matters of an event, by its stream. */
static void put_what(struct buf *out, const struct row *row)
{
	static void (*const put[STREAM_COUNT])(struct buf *,
					       const struct row *) = {
		[STREAM_PROCESS_EXEC] = put_program,
		[STREAM_PROCESS_SNAPSHOT] = put_program,
		[STREAM_SECURITY_LOG] = put_log,
		[STREAM_SECURITY_AUTH] = put_log,
		[STREAM_PROCESS_FORK] = put_fork,
		[STREAM_PROCESS_EXIT] = put_exit,
		[STREAM_NETWORK_CONNECT] = put_connect,
		[STREAM_FILE_OPEN] = put_open,
		[STREAM_PROCESS] = put_present,
	};

	(put[row->stream] ? put[row->stream] : put_columns)(out, row);
}

#define SHORT_ID 12 /* as runtimes show it */

/* ", docker web", ", docker 4c01db0b339c in shop/app-7d" */
static void put_container(struct buf *out, const struct row *row)
{
	struct value runtime = row_get(row, COL_container_runtime);
	struct value id = row_get(row, COL_container_id);
	struct value name = row_get(row, COL_container_name);
	struct value pod = row_get(row, COL_k8s_pod);

	if (value_is_null(id))
		return;
	buf_puts(out, ", ");
	if (value_is_null(runtime))
		buf_puts(out, "container");
	else
		put_word(out, runtime);
	buf_putc(out, ' ');
	if (id.len > SHORT_ID)
		id.len = SHORT_ID;
	put_word(out, value_is_null(name) ? id : name);
	if (value_is_null(pod))
		return;
	buf_puts(out, " in ");
	if (!value_is_null(row_get(row, COL_k8s_namespace))) {
		put_word(out, row_get(row, COL_k8s_namespace));
		buf_putc(out, '/');
	}
	put_word(out, pod);
}

static void put_event(struct buf *out, const struct row *row)
{
	buf_puts(out, BRANCH);
	put_time_of_day(out, row_get(row, COL_ts));
	buf_printf(out, " %s ", catalog_stream(row->stream)->name);
	/* Of a log's line it may be that nobody knows whose it is. */
	if (!value_is_null(row_get(row, COL_pid))) {
		put_process(out, row->self, row_get(row, COL_comm),
			    row_get(row, COL_pid));
		buf_putc(out, ' ');
	}
	put_what(out, row);
	if (!value_is_null(row_get(row, COL_ppid))) {
		buf_puts(out, ", parent ");
		put_process(out, row->parent, value_null(),
			    row_get(row, COL_ppid));
	}
	put_container(out, row);
	buf_putc(out, '\n');
}

static void put_coverage(struct buf *out, const struct match_doc *doc)
{
	if (strcmp(doc->coverage, "complete") == 0)
		return;
	buf_puts(out, " [");
	put_c_text(out, doc->coverage);
	if (doc->lost)
		buf_printf(out, ": %" PRIu64 " events lost", doc->lost);
	buf_putc(out, ']');
}

static void put_head(struct buf *out, const struct match_doc *doc, bool color)
{
	sink_time(out, doc->ts_ns);
	buf_putc(out, ' ');
	if (color)
		buf_puts(out, severity_color(doc->severity));
	put_c_text(out, doc->severity);
	if (color)
		buf_puts(out, "\033[0;1m");
	buf_putc(out, ' ');
	put_c_text(out, doc->rule);
	if (color)
		buf_puts(out, "\033[0m");
	if (doc->field_count)
		buf_putc(out, ':');
	for (unsigned i = 0; i < doc->field_count; i++) {
		buf_putc(out, ' ');
		put_c_text(out, doc->fields[i].name);
		buf_putc(out, '=');
		put_word(out, doc->fields[i].value);
	}
	put_coverage(out, doc);
	buf_putc(out, '\n');
}

void sink_match_text(const struct match_doc *doc, uint64_t seq, bool color,
		     struct buf *out)
{
	put_head(out, doc, color);
	if (doc->event_total > doc->event_count)
		buf_printf(out,
			   BRANCH "the last %u of %" PRIu64 " events follow\n",
			   doc->event_count, doc->event_total);
	for (unsigned i = 0; i < doc->event_count; i++)
		put_event(out, doc->events[i]);
	buf_puts(out, LAST_BRANCH "match ");
	text_hex(out, doc->id, sizeof(doc->id));
	if (seq != SINK_NO_SEQ)
		buf_printf(out, ", ledger %" PRIu64, seq);
	if (*doc->attack) {
		buf_puts(out, ", ");
		put_c_text(out, doc->attack);
	}
	buf_putc(out, '\n');
}
