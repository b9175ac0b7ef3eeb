// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/publish.h"

#include "ledger/hash.h"
#include "user/event/codec.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static const char *const coverage_names[] = {
	[COVERAGE_COMPLETE] = "complete",
	[COVERAGE_CAPPED] = "capped",
	[COVERAGE_EVICTED] = "evicted",
	[COVERAGE_GAP] = "gap",
};

BUILD_CHECK(ARRAY_SIZE(coverage_names) == COVERAGE_COUNT);

/* Length first, so that no two values give the same bytes. */
static void digest_value(struct digest *digest, struct value value)
{
	digest_put_u64(digest, value.type);
	if (value_is_bytes(value)) {
		digest_put_u64(digest, value.len);
		digest_put(digest, value.p, value.len);
	} else if (!value_is_null(value)) {
		digest_put_u64(digest, (uint64_t)value.i);
	}
}

static void digest_row(struct digest *digest, const struct row *row)
{
	digest_put_u64(digest, row->stream);
	digest_put_u64(digest, (uint64_t)row->ts);
	digest_put_u64(digest, row->cpu);
	digest_put_u64(digest, row->seq);
}

/*
 * What played part `i`: an event by its id, a match by its rule and its number.
 * Where there is none, the moment tells windows over the same rows apart.
 */
static void digest_part(struct digest *digest, const struct match *match,
			unsigned i)
{
	const struct row *row = match->rows[i];
	const struct plan_rule *const *rules = match->rule->input_rules;

	if (!row) {
		digest_put_u64(digest, UINT64_MAX);
		digest_put_u64(digest, (uint64_t)match->ts);
		return;
	}
	digest_row(digest, row);
	if (row->stream == PLAN_STREAM_MATCHES)
		digest_put(digest, rules[i]->digest, sizeof(rules[i]->digest));
}

/*
 * match_id: the rule, the boot, which rows played which part, the ids of all
 * contributing events in order, the key. A threshold names its window by what
 * it kept and how many there were.
 */
static void match_identity(const struct match *match,
			   const struct pipeline_origin *origin,
			   uint8_t ret_id[16])
{
	struct digest digest;

	digest_init_context(&digest, "shrike match v1");
	digest_put(&digest, match->rule->digest, sizeof(match->rule->digest));
	digest_put(&digest, origin->boot_id, sizeof(origin->boot_id));
	digest_put_u64(&digest, match->rule->input_count);
	for (unsigned i = 0; i < match->rule->input_count; i++)
		digest_part(&digest, match, i);
	digest_put_u64(&digest, match->evidence_total);
	digest_put_u64(&digest, match->evidence_count);
	for (unsigned i = 0; i < match->evidence_count; i++)
		digest_row(&digest, match->evidence[i]);
	digest_put_u64(&digest, match->rule->key_count);
	for (unsigned i = 0; i < match->rule->key_count; i++)
		digest_value(&digest, match->keys[i]);
	digest_final(&digest, ret_id, 16);
}

static const struct match_field *fields_of(const struct plan_output *outputs,
					   const struct value *values,
					   unsigned count, struct arena *arena)
{
	struct match_field *fields = arena_array(arena, count, sizeof(*fields));

	for (unsigned i = 0; fields && i < count; i++)
		fields[i] = (struct match_field){ .name = outputs[i].name,
						  .value = values[i] };
	return fields;
}

static int salt_for(const struct pipeline_origin *origin, const uint8_t id[16],
		    uint8_t ret_salt[16], struct err *err)
{
	struct digest digest;

	if (!origin->replay) {
		if (getrandom(ret_salt, 16, 0) == 16)
			return 0;
		return err_set(err, ERR_MACHINE, -errno, "no random bytes: %s",
			       strerror(errno));
	}
	digest_init_context(&digest, "shrike replay salt v1");
	digest_put(&digest, origin->trace_digest, sizeof(origin->trace_digest));
	digest_put(&digest, id, 16);
	digest_final(&digest, ret_salt, 16);
	return 0;
}

static uint64_t last_pid_key(const struct match *match)
{
	const struct row *last;

	if (!match->evidence_count)
		return 0;
	last = match->evidence[match->evidence_count - 1];
	return (uint64_t)row_get(last, COL_pid_key).i;
}

/* As it was when the match's last event was. */
static int64_t clock_offset(const struct match *match,
			    const struct pipeline_origin *origin)
{
	if (!match->evidence_count)
		return origin->clock_offset_ns;
	return row_clock_offset(match->evidence[match->evidence_count - 1],
				origin->clock_offset_ns);
}

static int document(const struct match *match,
		    const struct pipeline_origin *origin, struct arena *arena,
		    struct match_doc *ret_doc, struct err *err)
{
	const struct plan_rule *rule = match->rule;
	int64_t offset = clock_offset(match, origin);

	*ret_doc = (struct match_doc){
		.ts_ns = match->ts + offset,
		.host = origin->host,
		.rule = rule->name,
		.severity = rule->severity,
		.description = rule->description,
		.attack = rule->attack,
		.window_start_ns = match->window_start + offset,
		.window_end_ns = match->window_end + offset,
		.coverage = coverage_names[match->coverage],
		.lost = match->lost,
		.field_count = rule->output_count,
		.fields = fields_of(rule->outputs, match->outputs,
				    rule->output_count, arena),
		.key_count = rule->key_count,
		.keys = fields_of(rule->keys, match->keys, rule->key_count,
				  arena),
		.event_count = match->evidence_count,
		.events = match->evidence,
		.event_total = match->evidence_total,
	};
	if (!ret_doc->fields || !ret_doc->keys)
		return err_nomem(err);
	match_identity(match, origin, ret_doc->id);
	memcpy(ret_doc->rule_digest, rule->digest, sizeof(rule->digest));
	return 0;
}

int publish(const struct match *match, const struct pipeline_origin *origin,
	    struct arena *arena, struct store_match *ret_match, struct err *err)
{
	struct buf payload = BUF_INIT;
	struct match_doc doc;
	char *bytes = NULL;
	int rc;

	rc = document(match, origin, arena, &doc, err);
	if (!rc)
		rc = match_encode(&doc, &payload, err);
	if (!rc) {
		bytes = arena_copy(arena, payload.bytes, payload.len);
		rc = bytes ? 0 : err_nomem(err);
	}
	if (!rc) {
		*ret_match = (struct store_match){
			.ts_ns = doc.ts_ns,
			.rule = doc.rule,
			.severity = doc.severity,
			.coverage = doc.coverage,
			.pid_key = last_pid_key(match),
			.payload = bytes,
			.payload_bytes = payload.len,
		};
		memcpy(ret_match->id, doc.id, sizeof(doc.id));
		memcpy(ret_match->rule_digest, doc.rule_digest,
		       sizeof(doc.rule_digest));
		rc = salt_for(origin, doc.id, ret_match->salt, err);
	}
	buf_release(&payload);
	return rc;
}
