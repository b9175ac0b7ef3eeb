// SPDX-License-Identifier: Apache-2.0
/*
 * Matches to messages Match and back. A match carries the schema of the streams
 * its evidence has: what is stored now is readable by later versions.
 */
#include "user/event/message.h"

#include <errno.h>

/* Scratch memory of one encoding, besides the values' bytes. */
#define SCRATCH_BYTES_MAX ((size_t)64 * 1024 * 1024)

static int fill_fields(const struct match_field *fields, unsigned n,
		       struct arena *arena, Shrike__Field ***ret_fields,
		       struct err *err)
{
	Shrike__Field *to = arena_array(arena, n, sizeof(*to));
	Shrike__Field **pointers;

	pointers = arena_array(arena, n, sizeof(Shrike__Field *));
	if (!to || !pointers)
		return err_nomem(err);
	for (unsigned i = 0; i < n; i++) {
		struct value value = fields[i].value;

		if (!message_value_valid(value))
			return err_set(err, ERR_INTERNAL, -EINVAL,
				       "field %s has no valid value",
				       fields[i].name);
		shrike__field__init(&to[i]);
		to[i].name = message_text(fields[i].name);
		to[i].type = value.type;
		if (value_is_bytes(value))
			to[i].text = message_bytes(value.p, value.len);
		else if (!value_is_null(value))
			to[i].number = message_number(value);
		pointers[i] = &to[i];
	}
	*ret_fields = pointers;
	return 0;
}

static int fill_schema(const struct match_doc *doc, struct arena *arena,
		       Shrike__Schema **ret_schema, struct err *err)
{
	bool used[STREAM_COUNT] = { false };
	Shrike__StreamSchema *streams;
	Shrike__Schema *schema;
	int ret;

	schema = arena_alloc(arena, sizeof(*schema));
	streams = arena_array(arena, STREAM_COUNT, sizeof(*streams));
	if (!schema || !streams)
		return err_nomem(err);
	shrike__schema__init(schema);
	schema->streams = arena_array(arena, STREAM_COUNT,
				      sizeof(Shrike__StreamSchema *));
	if (!schema->streams)
		return err_nomem(err);
	for (unsigned i = 0; i < doc->event_count; i++)
		used[catalog_stream(doc->events[i]->stream)->id] = true;
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		if (!used[i])
			continue;
		ret = message_stream_schema(catalog_stream(i), arena,
					    &streams[i], err);
		if (ret)
			return ret;
		schema->streams[schema->n_streams++] = &streams[i];
	}
	*ret_schema = schema;
	return 0;
}

static int fill_events(const struct match_doc *doc, struct arena *arena,
		       Shrike__Event ***ret_events, struct err *err)
{
	unsigned n = doc->event_count;
	Shrike__Event **events = arena_array(arena, n, sizeof(Shrike__Event *));
	struct event_parts *parts = arena_array(arena, n, sizeof(*parts));
	int ret;

	if (!events || !parts)
		return err_nomem(err);
	for (unsigned i = 0; i < n; i++) {
		events[i] = &parts[i].event;
		ret = message_event_fill(doc->events[i], true, &parts[i], err);
		if (ret)
			return ret;
	}
	*ret_events = events;
	return 0;
}

static void fill_head(const struct match_doc *doc, Shrike__Match *match)
{
	match->id = message_bytes(doc->id, sizeof(doc->id));
	match->ts_ns = doc->ts_ns;
	match->host = message_text(doc->host);
	match->rule = message_text(doc->rule);
	match->rule_digest =
		message_bytes(doc->rule_digest, sizeof(doc->rule_digest));
	match->severity = message_text(doc->severity);
	match->description = message_text(doc->description);
	match->attack = message_text(doc->attack);
	match->window_start_ns = doc->window_start_ns;
	match->window_end_ns = doc->window_end_ns;
	match->coverage = message_text(doc->coverage);
	match->lost = doc->lost;
	match->event_total = doc->event_total;
}

int match_encode(const struct match_doc *doc, struct buf *out, struct err *err)
{
	Shrike__Match match = SHRIKE__MATCH__INIT;
	struct arena arena;
	int ret;

	arena_init(&arena, SCRATCH_BYTES_MAX);
	fill_head(doc, &match);
	match.n_fields = doc->field_count;
	match.n_keys = doc->key_count;
	match.n_events = doc->event_count;
	ret = fill_fields(doc->fields, doc->field_count, &arena, &match.fields,
			  err);
	if (!ret)
		ret = fill_fields(doc->keys, doc->key_count, &arena,
				  &match.keys, err);
	if (!ret)
		ret = fill_schema(doc, &arena, &match.schema, err);
	if (!ret)
		ret = fill_events(doc, &arena, &match.events, err);
	if (!ret)
		ret = message_pack(&match.base, MESSAGE_MATCH_BYTES_MAX, out,
				   err);
	arena_release(&arena);
	return err && ret ? err_prefix(err, "match of %s", doc->rule) : ret;
}

static int read_fields(Shrike__Field *const *from, size_t n,
		       struct arena *arena,
		       const struct match_field **ret_fields, struct err *err)
{
	struct match_field *to = arena_array(arena, n, sizeof(*to));
	int ret;

	if (!to)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		bool text = from[i]->type < VALUE_TYPE_COUNT &&
			    message_type_is_text(from[i]->type);

		/* One value has one encoding: the other member is empty. */
		if ((text ? from[i]->number != 0 : from[i]->text.len != 0) ||
		    (from[i]->type == VALUE_NULL && from[i]->number) ||
		    !message_value(from[i]->type, from[i]->number,
				   &from[i]->text, &to[i].value))
			return MESSAGE_MALFORMED(err, "match: malformed value");
		ret = message_string(&from[i]->name, arena, &to[i].name, err);
		if (ret)
			return ret;
	}
	*ret_fields = to;
	return 0;
}

static int read_events(const Shrike__Match *match, struct arena *arena,
		       const struct row *const **ret_events, struct err *err)
{
	size_t n = match->n_events;
	const struct row **rows = arena_array(arena, n, sizeof(*rows));
	const struct row_schema *schema;
	struct row *row;
	int ret;

	if (!rows)
		return err_nomem(err);
	if (!match->schema)
		return MESSAGE_MALFORMED(err, "match: no schema");
	ret = message_schema_read(match->schema, arena, &schema, err);
	if (ret)
		return ret;
	for (size_t i = 0; i < n; i++) {
		ret = message_event_row(match->events[i], schema, arena, &row,
					err);
		if (ret)
			return ret;
		rows[i] = row;
	}
	*ret_events = rows;
	return 0;
}

static int read_head(const Shrike__Match *match, struct arena *arena,
		     struct match_doc *doc, struct err *err)
{
	const struct {
		const ProtobufCBinaryData *from;
		const char **to;
	} texts[] = {
		{ &match->host, &doc->host },
		{ &match->rule, &doc->rule },
		{ &match->severity, &doc->severity },
		{ &match->description, &doc->description },
		{ &match->attack, &doc->attack },
		{ &match->coverage, &doc->coverage },
	};
	int ret;

	if (match->id.len != sizeof(doc->id) ||
	    match->rule_digest.len != sizeof(doc->rule_digest))
		return MESSAGE_MALFORMED(err, "match: malformed identity");
	memcpy(doc->id, match->id.data, sizeof(doc->id));
	memcpy(doc->rule_digest, match->rule_digest.data,
	       sizeof(doc->rule_digest));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ret = message_string(texts[i].from, arena, texts[i].to, err);
		if (ret)
			return ret;
	}
	doc->ts_ns = match->ts_ns;
	doc->window_start_ns = match->window_start_ns;
	doc->window_end_ns = match->window_end_ns;
	doc->lost = match->lost;
	doc->event_total = match->event_total;
	return 0;
}

int match_decode(const void *bytes, size_t len, struct arena *arena,
		 struct match_doc **ret_doc, struct err *err)
{
	const Shrike__Match *match;
	struct match_doc *doc;
	void *message;
	int ret;

	ret = message_unpack(&shrike__match__descriptor, bytes, len,
			     MESSAGE_MATCH_BYTES_MAX, arena, &message, err);
	if (ret)
		return ret;
	match = message;
	doc = arena_alloc(arena, sizeof(*doc));
	if (!doc)
		return err_nomem(err);
	/* At most one a byte of a message that is far below 4 GiB. */
	doc->field_count = (unsigned)match->n_fields;
	doc->key_count = (unsigned)match->n_keys;
	doc->event_count = (unsigned)match->n_events;
	ret = read_head(match, arena, doc, err);
	if (!ret)
		ret = read_fields(match->fields, match->n_fields, arena,
				  &doc->fields, err);
	if (!ret)
		ret = read_fields(match->keys, match->n_keys, arena, &doc->keys,
				  err);
	if (!ret)
		ret = read_events(match, arena, &doc->events, err);
	if (ret)
		return ret;
	*ret_doc = doc;
	return 0;
}
