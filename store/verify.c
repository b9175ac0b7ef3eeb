// SPDX-License-Identifier: Apache-2.0
/*
 * Verification as a whole: read every record, let each table's checks see it,
 * say what was found and what could not be checked.
 */
#include "store/verify_int.h"

#include "store/store_folder.h"
#include "user/base/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINDINGS_MAX 20
#define DISORDERS_MAX 8

/* Which result stands when several are found. */
static int rank(enum verify_result result)
{
	switch (result) {
	case VERIFY_UNREADABLE:
		return 6;
	case VERIFY_TAMPERED:
		return 5;
	case VERIFY_FORKED:
		return 4;
	case VERIFY_POLICY:
		return 3;
	case VERIFY_LOSS:
		return 2;
	case VERIFY_USAGE:
		return 1;
	case VERIFY_OK:
		break;
	}
	return 0;
}

void verify_find(struct verifier *verifier, enum verify_result result,
		 uint64_t seq, const char *fmt, ...)
{
	struct verify_report *report = verifier->report;
	char line[512];
	va_list ap;

	if (rank(result) > rank(report->result))
		report->result = result;
	if (seq != NO_SEQ && result == VERIFY_TAMPERED &&
	    (!report->has_bad_seq || seq < report->bad_seq)) {
		report->bad_seq = seq;
		report->has_bad_seq = true;
	}
	if (++verifier->finding_count > FINDINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_printf(&report->text, "%s\n", line);
}

void *verify_grow(void *array_ptr, size_t *count, size_t item_bytes)
{
	size_t n = *count;
	void *array;

	memcpy(&array, array_ptr, sizeof(array));
	if (n == 0 || (n >= 64 && (n & (n - 1)) == 0)) {
		size_t room = n ? n * 2 : 64;

		array = reallocarray(array, room, item_bytes);
		if (!array)
			return NULL;
		memcpy(array_ptr, &array, sizeof(array));
	}
	*count = n + 1;
	return memset((uint8_t *)array + n * item_bytes, 0, item_bytes);
}

bool record_key_is(const struct verify_record *record,
		   const struct tuple_key *key)
{
	return record->key_bytes == key->len &&
	       memcmp(record->key, key->bytes, key->len) == 0;
}

/* --- tables in turn ------------------------------------------------------ */

static int step(struct verifier *verifier, const struct verify_record *record)
{
	switch (record->table) {
	case TABLE_META:
		return verify_meta(verifier, record);
	case TABLE_CHECKPOINT:
		return verify_checkpoint(verifier, record);
	case TABLE_LEAF:
		return verify_leaf(verifier, record);
	case TABLE_LEDGER:
		return verify_entry(verifier, record);
	case TABLE_MATCH:
		return verify_match(verifier, record);
	case TABLE_MATCH_ID:
		return verify_by_id(verifier, record);
	case TABLE_MATCH_TIME:
		return verify_by_time(verifier, record);
	case TABLE_MATCH_RULE:
		return verify_by_rule(verifier, record);
	case TABLE_RULE:
		return verify_rule(verifier, record);
	case TABLE_COUNT:
		break;
	}
	return -EINVAL;
}

static int end_table(struct verifier *verifier, struct err *err)
{
	switch (verifier->table) {
	case TABLE_META:
		verify_meta_end(verifier);
		break;
	case TABLE_CHECKPOINT:
		return verify_trusted(verifier, err);
	case TABLE_LEDGER:
		verify_ledger_end(verifier);
		break;
	case TABLE_MATCH:
		verify_match_end(verifier);
		break;
	case TABLE_RULE:
		verify_indexes_end(verifier);
		break;
	case TABLE_LEAF:
	case TABLE_MATCH_ID:
	case TABLE_MATCH_TIME:
	case TABLE_MATCH_RULE:
	case TABLE_COUNT:
		break;
	}
	return 0;
}

/* Ends tables up to `table`, empty ones too. */
static int advance(struct verifier *verifier, enum store_table table,
		   struct err *err)
{
	int rc = 0;

	while (verifier->table < table && rc == 0) {
		rc = end_table(verifier, err);
		verifier->table++;
	}
	return rc;
}

/* Keys must ascend: LMDB promises it, a damaged file may not. */
static bool ascends(struct tuple_key *last, enum store_table last_table,
		    const struct verify_record *record)
{
	size_t n =
		record->key_bytes < last->len ? record->key_bytes : last->len;
	int order = memcmp(record->key, last->bytes, n);
	bool ok = record->table > last_table || last->len == 0 || order > 0 ||
		  (order == 0 && record->key_bytes > last->len);

	memcpy(last->bytes, record->key, record->key_bytes);
	last->len = record->key_bytes;
	return ok && record->table >= last_table;
}

/* Reads on, unless a page that is its own child would be read for ever. */
static bool disorder(struct verifier *verifier, enum store_table table)
{
	bool last = ++verifier->disorder_count == DISORDERS_MAX;

	verify_find(verifier, VERIFY_TAMPERED, NO_SEQ,
		    "keys of table %s are out of order%s",
		    store_table_name(table),
		    last ? ": nothing after them was read" : "");
	return last;
}

static int read_all(struct verifier *verifier, struct verify_source *source,
		    struct err *err)
{
	struct err why = { 0 };
	struct verify_record record;
	struct tuple_key last;
	int rc;

	tuple_key_init(&last);
	while ((rc = verify_source_next(source, &record, &why)) == 0) {
		bool ok = ascends(&last, verifier->table, &record);

		rc = advance(verifier, record.table, err);
		if (rc == 0 && record.table == verifier->table &&
		    step(verifier, &record))
			rc = err_nomem(err);
		if (rc)
			return rc;
		if (!ok && disorder(verifier, record.table))
			return 0;
	}
	if (rc < 0) {
		verify_find(verifier, VERIFY_UNREADABLE, NO_SEQ, "%s",
			    why.text);
		return 0;
	}
	return advance(verifier, TABLE_COUNT, err);
}

/* --- the report ---------------------------------------------------------- */

static void say_unchecked(struct verifier *verifier)
{
	struct buf *text = &verifier->report->text;
	unsigned long long covered = verifier->signed_size;
	unsigned long long size = verifier->head.frontier.size;

	if (verifier->finding_count > FINDINGS_MAX)
		buf_printf(text, "and %u more\n",
			   verifier->finding_count - FINDINGS_MAX);
	if (verifier->report->has_bad_seq)
		buf_printf(text, "first bad sequence: %llu\n",
			   (unsigned long long)verifier->report->bad_seq);
	if (covered < size)
		buf_printf(
			text,
			"not checked: entries from %llu on are covered by no "
			"signed checkpoint\n",
			covered);
	if (!verifier->options->checkpoint)
		buf_puts(text, "not checked: no external checkpoint was given: "
			       "truncation cannot be excluded\n");
	if (!verifier->options->public_key)
		buf_puts(text, "not checked: no trusted key was given: "
			       "signatures were held to the store's own key\n");
	if (verifier->pruned)
		buf_printf(text,
			   "not checked: %llu payloads were pruned, their "
			   "digests remain\n",
			   (unsigned long long)verifier->pruned);
}

static void fill_report(struct verifier *verifier)
{
	struct verify_report *report = verifier->report;

	report->entries = verifier->head.frontier.size;
	report->matches = verifier->head.matches;
	report->lost = verifier->head.lost;
	merkle_root(&verifier->head.frontier, report->root);
	if (verifier->options->fail_on_loss && report->lost)
		verify_find(verifier, VERIFY_LOSS, NO_SEQ,
			    "the ledger records %llu lost events",
			    (unsigned long long)report->lost);
	if (report->result != VERIFY_UNREADABLE)
		say_unchecked(verifier);
}

static int run(struct verifier *verifier, const char *dir, struct err *err)
{
	struct verify_source source;
	int rc = verify_source_open(dir, &source, err);

	if (rc)
		return rc;
	rc = read_all(verifier, &source, err);
	verify_source_close(&source);
	if (rc == 0)
		fill_report(verifier);
	if (rc == 0 && verifier->report->text.failed)
		rc = err_nomem(err);
	return rc;
}

int store_verify(const char *dir, const struct verify_options *options,
		 struct verify_report *ret_report, struct err *err)
{
	struct verify_report report = { .result = VERIFY_OK };
	struct verifier *verifier;
	enum folder_state state;
	struct err why = { 0 };
	int rc = folder_probe(dir, false, &state, &why);

	/* A store, but of a newer version or with a damaged marker. */
	if (rc == -ENOTSUP || rc == -EBADMSG) {
		report.result = VERIFY_UNREADABLE;
		buf_printf(&report.text, "%s\n", why.text);
		*ret_report = report;
		return report.text.failed ? err_nomem(err) : 0;
	}
	if (rc)
		return err_set(err, why.kind, rc, "%s", why.text);
	if (state != FOLDER_OURS)
		return err_set(err, ERR_INPUT, -ENOENT, "there is no store %s",
			       dir);
	verifier = calloc(1, sizeof(*verifier));
	if (!verifier)
		return err_nomem(err);
	verifier->options = options;
	verifier->report = &report;
	arena_init(&verifier->arena, STORE_VALUE_BYTES_MAX * 4);
	rc = run(verifier, dir, err);
	arena_release(&verifier->arena);
	free(verifier->roots);
	free(verifier->leaves);
	free(verifier->prunes);
	free(verifier->matches);
	free(verifier->rules);
	free(verifier);
	if (rc)
		buf_release(&report.text);
	else
		*ret_report = report;
	return rc;
}
