// SPDX-License-Identifier: Apache-2.0
/*
 * Marks and what was seen as bytes, all integers little-endian:
 *
 *   offset  size  meaning
 *   0       8     "SHRKMRK" and a NUL
 *   8       4     version, 1
 *   12      4     n, number of records
 *   16      8     SipHash of the records under an all-zero key
 *   24      -     n records
 *
 *   0       1     1: a mute, named by its rule's digest
 *                 2: a threshold that is up, by its root node's digest
 *                 3: a key that FIRST_SEEN has seen, by its node's digest
 *   1       32    digest
 *   33      8     mute: the first ts that is not muted; threshold: 0; key seen:
 *                 the last ts it came at
 *   41      4     k, length of the key
 *   45      k     key, as keyset_int.h draws it
 *
 * The hash finds damage, not malice: whoever may write this state may write it.
 */
#include "stream/engine_int.h"

#include "user/base/siphash.h"

#include <endian.h>

#define SAVE_VERSION 1u
#define HEAD_BYTES 24u
#define RECORD_BYTES 45u

enum { RECORD_MUTE = 1, RECORD_UP, RECORD_SEEN };

static const uint8_t magic[8] = "SHRKMRK";

static uint64_t checksum(const uint8_t *bytes, size_t len)
{
	static const uint64_t zero[2];

	return siphash(zero, bytes, len);
}

static void put_record(struct buf *out, uint8_t type, const uint8_t *digest,
		       int64_t ts, const struct key_head *key)
{
	buf_putc(out, (char)type);
	buf_put(out, digest, PLAN_DIGEST_BYTES);
	buf_put_le64(out, (uint64_t)ts);
	buf_put_le32(out, (uint32_t)key->len);
	buf_put(out, key->bytes, key->len);
}

static uint32_t save_marks(const struct marks *marks, uint8_t type,
			   const uint8_t *digest, struct buf *out)
{
	const struct list *head = &marks->set.used;
	uint32_t n = 0;

	for (const struct list *at = head->next; at != head; at = at->next) {
		const struct mark *mark =
			CONTAINER(CONTAINER(at, struct key_head, used),
				  struct mark, head);

		put_record(out, type, digest,
			   type == RECORD_MUTE ? mark->until : 0, &mark->head);
		n++;
	}
	return n;
}

static uint32_t save_seen(const struct op *op, struct buf *out)
{
	const struct list *head = &op->seen.keys.used;
	uint32_t n = 0;

	for (const struct list *at = head->next; at != head; at = at->next) {
		const struct seen_key *key =
			CONTAINER(CONTAINER(at, struct key_head, used),
				  struct seen_key, head);

		put_record(out, RECORD_SEEN, op->node->digest, key->last_ts,
			   &key->head);
		n++;
	}
	return n;
}

static uint32_t save_rule(const struct rule *rule, struct buf *out)
{
	uint32_t n =
		save_marks(&rule->mutes, RECORD_MUTE, rule->plan->digest, out);

	n += save_marks(&rule->edges, RECORD_UP, rule->plan->root->digest, out);
	for (unsigned i = 0; i < rule->op_count; i++)
		if (rule->ops[i].node->kind == PLAN_FIRST_SEEN)
			n += save_seen(&rule->ops[i], out);
	return n;
}

int engine_save(struct engine *engine, struct buf *out, struct err *err)
{
	struct buf records = BUF_INIT;
	uint32_t n = 0;

	for (unsigned i = 0; i < engine->plan->rule_count; i++)
		n += save_rule(&engine->rules[i], &records);
	buf_put(out, magic, sizeof(magic));
	buf_put_le32(out, SAVE_VERSION);
	buf_put_le32(out, n);
	buf_put_le64(out, checksum(records.bytes, records.len));
	buf_put(out, records.bytes, records.len);
	if (!out->failed)
		out->failed = records.failed;
	buf_release(&records);
	if (out->failed)
		return err_set(err, ERR_INTERNAL, out->failed,
			       "saved state does not fit in memory");
	return 0;
}

struct record {
	uint8_t type;
	const uint8_t *digest;
	int64_t ts;
	struct buf key;
};

static uint32_t get_le32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t get_le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* The record at the front of [*at, end); moves *at behind it. */
static bool record_next(const uint8_t **at, const uint8_t *end,
			struct record *ret_record)
{
	const uint8_t *p = *at;
	size_t len;

	if ((size_t)(end - p) < RECORD_BYTES)
		return false;
	len = get_le32(p + 41);
	if ((size_t)(end - p) - RECORD_BYTES < len)
		return false;
	if (p[0] < RECORD_MUTE || p[0] > RECORD_SEEN)
		return false;
	ret_record->type = p[0];
	ret_record->digest = p + 1;
	ret_record->ts = (int64_t)get_le64(p + 33);
	ret_record->key = (struct buf){
		.bytes = (uint8_t *)(uintptr_t)(p + RECORD_BYTES),
		.len = len,
	};
	*at = p + RECORD_BYTES + len;
	return true;
}

static bool well_formed(const uint8_t *bytes, size_t len)
{
	const uint8_t *at, *end;
	struct record record;
	uint32_t n;

	if (len < HEAD_BYTES || memcmp(bytes, magic, sizeof(magic)) != 0 ||
	    get_le32(bytes + 8) != SAVE_VERSION)
		return false;
	at = bytes + HEAD_BYTES;
	end = bytes + len;
	if (get_le64(bytes + 16) != checksum(at, len - HEAD_BYTES))
		return false;
	for (n = get_le32(bytes + 12); n; n--)
		if (!record_next(&at, end, &record))
			return false;
	return at == end;
}

static bool names(const struct record *record, const uint8_t *digest)
{
	return memcmp(digest, record->digest, PLAN_DIGEST_BYTES) == 0;
}

static void restore_seen(struct rule *rule, const struct record *record)
{
	for (unsigned i = 0; i < rule->op_count; i++) {
		struct op *op = &rule->ops[i];

		if (op->node->kind == PLAN_FIRST_SEEN &&
		    names(record, op->node->digest))
			seen_restore(op, &record->key, record->ts);
	}
}

static void restore_record(struct engine *engine, const struct record *record)
{
	for (unsigned i = 0; i < engine->plan->rule_count; i++) {
		struct rule *rule = &engine->rules[i];

		if (record->type == RECORD_SEEN) {
			restore_seen(rule, record);
		} else if (record->type == RECORD_MUTE) {
			if (rule->plan->suppress_ns > 0 &&
			    names(record, rule->plan->digest))
				marks_set(&rule->mutes, &record->key,
					  record->ts, ts_sub(record->ts, 1));
		} else if (rule->top &&
			   names(record, rule->plan->root->digest)) {
			marks_set(&rule->edges, &record->key, INT64_MAX,
				  INT64_MAX);
		}
	}
}

int engine_restore(struct engine *engine, const void *bytes, size_t len,
		   struct err *err)
{
	const uint8_t *at = bytes, *end;
	struct record record;

	if (!well_formed(at, len))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "saved detection state is damaged");
	end = at + len;
	at += HEAD_BYTES;
	while (at < end && record_next(&at, end, &record))
		restore_record(engine, &record);
	return 0;
}
