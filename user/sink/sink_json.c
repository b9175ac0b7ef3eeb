// SPDX-License-Identifier: Apache-2.0
/*
 * One match as one line of JSON:
 *
 *   {"time":T,"host":S,"rule":S,"severity":S,"description":S,"attack":[S...],
 *    "match_id":HEX,"rule_digest":HEX,"key":{name:V...},"fields":{name:V...},
 *    "window":{"start":T,"end":T},"coverage":S,"lost":N,"event_total":N,
 *    "events":[{"stream":S,"time":T,"id":{"ts":N,"cpu":N,"seq":N},
 *               "process":{column:V...},"parent":{column:V...},
 *               column:V...}...],
 *    "ledger":{"seq":N}}
 *
 * A column whose value is not known is left out.
 */
#include "user/sink/sink_int.h"

#include "user/sink/escape.h"

#include <inttypes.h>

struct json {
	struct buf *out;
	bool comma; /* a member stands in front */
};

static void key(struct json *json, const char *name)
{
	if (json->comma)
		buf_putc(json->out, ',');
	json->comma = true;
	sink_json_text(json->out, name, strlen(name));
	buf_putc(json->out, ':');
}

static void open_object(struct json *json, const char *name)
{
	key(json, name);
	buf_putc(json->out, '{');
	json->comma = false;
}

static void close_object(struct json *json)
{
	buf_putc(json->out, '}');
	json->comma = true;
}

static void put_value(struct json *json, const char *name, struct value value)
{
	key(json, name);
	sink_json_value(json->out, value);
}

static void put_text(struct json *json, const char *name, const char *text)
{
	put_value(json, name, value_text(text));
}

static void put_u64(struct json *json, const char *name, uint64_t u)
{
	key(json, name);
	buf_printf(json->out, "%" PRIu64, u);
}

static void put_time(struct json *json, const char *name, int64_t ns)
{
	put_value(json, name,
		  (struct value){ .type = VALUE_TIMESTAMP, .i = ns });
}

static void put_hex(struct json *json, const char *name, const uint8_t *bytes,
		    size_t len)
{
	put_value(json, name, value_bytes(VALUE_BYTES, bytes, len));
}

static void put_column(struct json *json, const struct row *row, unsigned id,
		       const char *name)
{
	const struct column *column;
	struct value value = row_get(row, id);
	const char *literal;

	if (value_is_null(value))
		return;
	column = catalog_column_at(catalog_stream(row->stream), id);
	literal = catalog_spelled(row->stream, column, value);
	put_value(json, name ? name : column->name,
		  literal ? value_text(literal) : value);
}

/* Head columns that tell of the event, not of the process that caused it. */
static bool is_event_column(unsigned id)
{
	return id == COL_ts || id == COL_mono_ns || id == COL_seq ||
	       id == COL_cpu || id == COL_truncated || id == COL_compat;
}

static void put_context(struct json *json, const struct row *row,
			const struct context *context)
{
	const struct stream *stream = catalog_stream(row->stream);

	for (unsigned i = 0; context && i < CONTEXT_COUNT; i++)
		if (!value_is_null(context->values[i]))
			put_value(
				json,
				catalog_column_at(stream, COL_CONTEXT_FIRST + i)
					->name,
				context->values[i]);
}

static void put_process(struct json *json, const struct row *row)
{
	open_object(json, "process");
	for (unsigned id = 0; id < COL_HEAD_COUNT; id++)
		if (!is_event_column(id))
			put_column(json, row, id, NULL);
	put_context(json, row, row->self);
	close_object(json);
}

static void put_parent(struct json *json, const struct row *row)
{
	open_object(json, "parent");
	put_column(json, row, COL_ppid, "pid");
	put_column(json, row, COL_parent_key, "pid_key");
	put_context(json, row, row->parent);
	close_object(json);
}

static void put_event(struct json *json, const struct row *row)
{
	const struct stream *stream = catalog_stream(row->stream);
	unsigned n = catalog_column_count(stream);

	put_text(json, "stream", stream->name);
	put_column(json, row, COL_ts, "time");
	open_object(json, "id");
	put_value(json, "ts", value_int(row->ts));
	put_u64(json, "cpu", row->cpu);
	put_u64(json, "seq", row->seq);
	close_object(json);
	put_process(json, row);
	put_parent(json, row);
	put_column(json, row, COL_truncated, NULL);
	put_column(json, row, COL_compat, NULL);
	for (unsigned id = COL_OWN_FIRST; id < n; id++)
		if (!catalog_column_at(stream, id)->hidden)
			put_column(json, row, id, NULL);
}

static void put_fields(struct json *json, const char *name,
		       const struct match_field *fields, unsigned n)
{
	open_object(json, name);
	for (unsigned i = 0; i < n; i++)
		put_value(json, fields[i].name, fields[i].value);
	close_object(json);
}

/* "T1059, T1105" as an array */
static void put_attack(struct json *json, const char *list)
{
	bool more = false;

	key(json, "attack");
	buf_putc(json->out, '[');
	while (*(list += strspn(list, ", "))) {
		size_t len = strcspn(list, ", ");

		if (more)
			buf_putc(json->out, ',');
		sink_json_text(json->out, list, len);
		list += len;
		more = true;
	}
	buf_putc(json->out, ']');
}

static void put_events(struct json *json, const struct match_doc *doc)
{
	key(json, "events");
	buf_putc(json->out, '[');
	for (unsigned i = 0; i < doc->event_count; i++) {
		buf_puts(json->out, i ? ",{" : "{");
		json->comma = false;
		put_event(json, doc->events[i]);
		close_object(json);
	}
	buf_putc(json->out, ']');
}

void sink_match_json(const struct match_doc *doc, uint64_t seq, struct buf *out)
{
	struct json json = { .out = out };

	buf_putc(out, '{');
	put_time(&json, "time", doc->ts_ns);
	put_text(&json, "host", doc->host);
	put_text(&json, "rule", doc->rule);
	put_text(&json, "severity", doc->severity);
	put_text(&json, "description", doc->description);
	put_attack(&json, doc->attack);
	put_hex(&json, "match_id", doc->id, sizeof(doc->id));
	put_hex(&json, "rule_digest", doc->rule_digest,
		sizeof(doc->rule_digest));
	put_fields(&json, "key", doc->keys, doc->key_count);
	put_fields(&json, "fields", doc->fields, doc->field_count);
	open_object(&json, "window");
	put_time(&json, "start", doc->window_start_ns);
	put_time(&json, "end", doc->window_end_ns);
	close_object(&json);
	put_text(&json, "coverage", doc->coverage);
	put_u64(&json, "lost", doc->lost);
	put_u64(&json, "event_total", doc->event_total);
	put_events(&json, doc);
	if (seq != SINK_NO_SEQ) {
		open_object(&json, "ledger");
		put_u64(&json, "seq", seq);
		close_object(&json);
	}
	buf_puts(out, "}\n");
}
