// SPDX-License-Identifier: Apache-2.0
/*
 * Verification: a good store, each way of tampering with one, a store held to a
 * checkpoint from outside, and files with a flipped bit.
 */
#include "tests/store/store_fixture.h"

#include "ledger/checkpoint.h"
#include "store/query.h"
#include "store/store_int.h"
#include "store/verify_source.h"

#include <fcntl.h>

#define MATCHES 200 /* entries 3 .. 202; two chunks of leaf hashes */
#define SEQ 57	    /* the entry that is tampered with: match 54 */

static struct verify_report verify(const char *dir)
{
	const struct verify_options options = { 0 };

	return verify_with(dir, &options);
}

static void assert_result(struct verify_report *report,
			  enum verify_result result, const char *word)
{
	const char *text = buf_text(&report->text);

	if (report->result != result || !strstr(text, word))
		fail_msg("result %d, not %d \"%s\": %s", (int)report->result,
			 (int)result, word, text);
	buf_release(&report->text);
}

static void assert_tampered(const char *dir, uint64_t seq, const char *word)
{
	struct verify_report report = verify(dir);

	assert_true(report.has_bad_seq);
	assert_int_equal(report.bad_seq, seq);
	assert_result(&report, VERIFY_TAMPERED, word);
}

/* --- behind the store's back ----------------------------------------------- */

struct tamper {
	struct store_env env;
	struct store_txn txn;
};

static void tamper_begin(struct tamper *tamper, const char *dir)
{
	struct err err = { 0 };

	assert_int_equal(store_env_open(dir, true, &tamper->env, &err), 0);
	txn_begin(&tamper->txn, &tamper->env, true);
}

static void tamper_end(struct tamper *tamper)
{
	struct err err = { 0 };

	assert_int_equal(txn_commit(&tamper->txn, "tamper", &err), 0);
	store_env_release(&tamper->env);
}

static void delete_key(struct tamper *tamper, enum store_table table,
		       const struct tuple_key *key)
{
	MDB_val k = { key->len, (void *)key->bytes };

	assert_int_equal(
		mdb_del(tamper->txn.txn, tamper->env.tables[table], &k, NULL),
		0);
}

/* Flip a bit of the byte at `offset` of a value. */
static void flip_value(struct tamper *tamper, enum store_table table,
		       const struct tuple_key *key, size_t offset)
{
	uint8_t bytes[8192];
	MDB_val value;

	assert_true(txn_get(&tamper->txn, table, key, &value));
	assert_in_range(value.mv_size, offset + 1, sizeof(bytes));
	memcpy(bytes, value.mv_data, value.mv_size);
	bytes[offset] ^= 0x10;
	txn_put(&tamper->txn, table, key, bytes, value.mv_size);
}

static void flip_numbered(const char *dir, enum store_table table,
			  uint64_t number, size_t offset)
{
	struct tamper tamper;
	struct tuple_key key;

	tamper_begin(&tamper, dir);
	key_number(&key, number);
	flip_value(&tamper, table, &key, offset);
	tamper_end(&tamper);
}

static void flip_meta(const char *dir, const char *name, size_t offset)
{
	struct tamper tamper;
	struct tuple_key key;

	tamper_begin(&tamper, dir);
	key_name(&key, name);
	flip_value(&tamper, TABLE_META, &key, offset);
	tamper_end(&tamper);
}

static void delete_numbered(const char *dir, enum store_table table,
			    uint64_t number)
{
	struct tamper tamper;
	struct tuple_key key;

	tamper_begin(&tamper, dir);
	key_number(&key, number);
	delete_key(&tamper, table, &key);
	tamper_end(&tamper);
}

/* One more entry, as the store itself would append it. */
static void append_behind(struct store *store, struct ledger_entry *entry)
{
	struct err err = { 0 };
	struct store_txn txn;

	txn_begin(&txn, &store->env, true);
	ledger_append(&txn, &store->head, entry);
	head_write(&txn, &store->head);
	assert_int_equal(txn_commit(&txn, "append", &err), 0);
}

/* --- tests ------------------------------------------------------------------ */

static void good_store__verified__says_what_was_not_checked(void **state)
{
	struct verify_report report;
	struct store_head head;
	struct err err = { 0 };
	struct store *store;
	char path[128];

	make_store(path_in(*state, "s", path), MATCHES);
	store = open_store(path, STORE_READ);
	assert_int_equal(store_head(store, &head, &err), 0);
	store_close(store);
	report = verify(path);
	assert_int_equal(report.entries, MATCHES + 4);
	assert_int_equal(report.matches, MATCHES);
	assert_false(report.has_bad_seq);
	assert_memory_equal(report.root, head.root, sizeof(head.root));
	assert_result(&report, VERIFY_OK, "truncation cannot be excluded");
}

static void live_writer__verified__one_snapshot(void **state)
{
	struct store *store;
	char path[128];

	store = open_store(path_in(*state, "s", path), STORE_WRITE);
	begin_run(store, 1, false);
	commit_one(store, 1, "r");
	assert_verified(path);
	commit_one(store, 2, "r");
	assert_verified(path);
	end_run(store);
	store_close(store);
	assert_verified(path);
}

/* A reader that is gone pins no pages: the file does not grow for ever. */
static void live_writer__reader_died__pages_are_reused(void **state)
{
	struct store *store;
	uint64_t before = 0;
	char path[128];

	store = open_store(path_in(*state, "s", path), STORE_WRITE);
	begin_run(store, 1, false);
	for (uint64_t n = 0; n < 400; n++) {
		if (n == 200) {
			assert_verified(path);
			before = store_env_used_bytes(&store->env);
		}
		commit_one(store, n, "even");
	}
	assert_in_range(store_env_used_bytes(&store->env) - before, 0,
			(uint64_t)1 << 20);
	end_run(store);
	store_close(store);
}

static void no_store__refused(void **state)
{
	const struct verify_options options = { 0 };
	struct verify_report report;
	struct err err = { 0 };
	char path[128];

	assert_int_equal(store_verify(path_in(*state, "s", path), &options,
				      &report, &err),
			 -ENOENT);
}

static void one_record__changed__named(void **state)
{
	static const struct {
		enum store_table table;
		uint64_t number;
		size_t offset;
		uint64_t bad_seq;
		const char *word;
	} cases[] = {
		{ TABLE_MATCH, SEQ, 0, SEQ, "digest" },	 /* salt */
		{ TABLE_MATCH, SEQ, 40, SEQ, "digest" }, /* payload */
		{ TABLE_LEDGER, SEQ, 20, SEQ, "leaf hash" },
		{ TABLE_LEDGER, SEQ, LEDGER_ENTRY_BYTES - 40, SEQ,
		  "leaf hash" },
		{ TABLE_LEDGER, 0, 100, 0, "leaf hash" },
		{ TABLE_LEDGER, MATCHES + 3, 100, MATCHES + 3, "leaf hash" },
		{ TABLE_LEAF, 0, SEQ * 32 + 3, SEQ, "leaf hash" },
		{ TABLE_LEAF, 1, 3, 127, "leaf hash" },
		{ TABLE_CHECKPOINT, MATCHES + 4, 70, MATCHES + 3,
		  "checkpoint" },
		{ TABLE_CHECKPOINT, MATCHES + 4, 150, MATCHES + 3,
		  "checkpoint" },
	};
	char path[128];

	make_store(path_in(*state, "s", path), MATCHES);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		flip_numbered(path, cases[i].table, cases[i].number,
			      cases[i].offset);
		assert_tampered(path, cases[i].bad_seq, cases[i].word);
		flip_numbered(path, cases[i].table, cases[i].number,
			      cases[i].offset); /* back */
	}
	assert_verified(path);
}

static void one_record__removed__named(void **state)
{
	static const struct {
		enum store_table table;
		uint64_t number;
		uint64_t bad_seq;
		const char *word;
	} cases[] = {
		{ TABLE_MATCH, SEQ, SEQ, "no PRUNE entry" },
		{ TABLE_LEDGER, SEQ, SEQ, "missing" },
		{ TABLE_LEDGER, MATCHES + 3, MATCHES + 3, "head counts" },
		{ TABLE_LEAF, 1, 127, "leaf hash" },
	};
	char path[128], copy[128];

	make_store(path_in(*state, "s", path), MATCHES);
	path_in(*state, "copy", copy);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		run_command("rm -rf %s && cp -r %s %s", copy, path, copy);
		delete_numbered(copy, cases[i].table, cases[i].number);
		assert_tampered(copy, cases[i].bad_seq, cases[i].word);
	}
}

static void meta__changed__tampered(void **state)
{
	static const struct {
		const char *name;
		size_t offset;
		const char *word;
	} cases[] = {
		{ "head", 0, "chain value" }, { "head", 39, "counts" },
		{ "head", 47, "lost" },	      { "head", 70, "tree" },
		{ "store", 0, "GENESIS" },    { "store", 20, "GENESIS" },
		{ "ruleset", 5, "ruleset" },
	};
	struct verify_report report;
	char path[128];

	make_store(path_in(*state, "s", path), MATCHES);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		flip_meta(path, cases[i].name, cases[i].offset);
		report = verify(path);
		assert_result(&report, VERIFY_TAMPERED, cases[i].word);
		flip_meta(path, cases[i].name, cases[i].offset);
	}
	assert_verified(path);
}

static struct tuple_key index_key(enum store_table table)
{
	const uint64_t n = SEQ - 3;
	struct tuple_key key;
	uint8_t id[16];

	put_be64(id, n * 0x9e3779b97f4a7c15ULL);
	put_be64(id + 8, n);
	if (table == TABLE_MATCH_ID)
		key_id(&key, id, sizeof(id));
	else if (table == TABLE_MATCH_TIME)
		key_time(&key, (int64_t)n * 1000, SEQ);
	else
		key_rule_seq(&key, n % 2 ? "odd" : "even", SEQ);
	return key;
}

static void index_key__removed_or_changed__named(void **state)
{
	static const enum store_table tables[] = { TABLE_MATCH_ID,
						   TABLE_MATCH_TIME,
						   TABLE_MATCH_RULE };
	char path[128], copy[128];

	make_store(path_in(*state, "s", path), MATCHES);
	path_in(*state, "copy", copy);
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(tables); i++) {
		struct tuple_key key = index_key(tables[i / 2]);
		uint8_t value[8];
		struct tamper tamper;

		run_command("rm -rf %s && cp -r %s %s", copy, path, copy);
		tamper_begin(&tamper, copy);
		delete_key(&tamper, tables[i / 2], &key);
		if (i % 2) {
			put_be64(value, SEQ);
			key.bytes[key.len - 1] ^= 0x80;
			txn_put(&tamper.txn, tables[i / 2], &key, value, 8);
		}
		tamper_end(&tamper);
		assert_tampered(copy, SEQ, store_table_name(tables[i / 2]));
	}
}

static void index_key__of_nothing__tampered(void **state)
{
	uint8_t value[8];
	struct tamper tamper;
	struct tuple_key key;
	char path[128];

	make_store(path_in(*state, "s", path), MATCHES);
	tamper_begin(&tamper, path);
	put_be64(value, 5000);
	key_time(&key, 1, 5000);
	txn_put(&tamper.txn, TABLE_MATCH_TIME, &key, value, sizeof(value));
	tamper_end(&tamper);
	assert_tampered(path, 5000, "no match");
}

static void payload__without_entry__tampered(void **state)
{
	struct tamper tamper;
	struct tuple_key key;
	char path[128];

	make_store(path_in(*state, "s", path), MATCHES);
	tamper_begin(&tamper, path);
	key_number(&key, 1);
	txn_put(&tamper.txn, TABLE_MATCH, &key, "0123456789abcdefpayload", 23);
	tamper_end(&tamper);
	assert_tampered(path, 1, "no MATCH entry");
}

static void rule_count__changed__tampered(void **state)
{
	struct verify_report report;
	struct tamper tamper;
	struct tuple_key key;
	char path[128];

	make_store(path_in(*state, "s", path), MATCHES);
	tamper_begin(&tamper, path);
	key_rule(&key, "odd");
	flip_value(&tamper, TABLE_RULE, &key, 7);
	tamper_end(&tamper);
	report = verify(path);
	assert_result(&report, VERIFY_TAMPERED, "count of table rule");
}

/* An entry is replaced and everything that follows from it in the store is made
 * to fit; only what was signed tells. */
static void forged_tail__everything_fits__checkpoint_tells(void **state)
{
	struct store_txn *txn;
	uint8_t bytes[LEDGER_ENTRY_BYTES], leaf[32], head_bytes[HEAD_BYTES_MAX];
	struct ledger_head head = { 0 };
	struct ledger_entry entry;
	struct tamper tamper;
	struct tuple_key key;
	struct err err = { 0 };
	uint8_t leaves[4 * 32];
	MDB_val value;
	char path[128];

	make_store(path_in(*state, "s", path), 0);
	tamper_begin(&tamper, path);
	txn = &tamper.txn;
	for (uint64_t seq = 0; seq < 4; seq++) {
		key_number(&key, seq);
		assert_true(txn_get(txn, TABLE_LEDGER, &key, &value));
		assert_int_equal(entry_decode(value.mv_data, value.mv_size,
					      &entry, &err),
				 0);
		entry.wall_ns += seq == 2;
		memcpy(entry.previous, head.chain, 32);
		entry_encode(&entry, bytes);
		txn_put(txn, TABLE_LEDGER, &key, bytes, sizeof(bytes));
		merkle_leaf(bytes, sizeof(bytes), leaf);
		memcpy(leaves + 32 * seq, leaf, 32);
		merkle_append(&head.frontier, leaf);
		entry_chain(bytes, head.chain);
	}
	key_number(&key, 0);
	txn_put(txn, TABLE_LEAF, &key, leaves, sizeof(leaves));
	key_name(&key, "head");
	txn_put(txn, TABLE_META, &key, head_bytes,
		head_encode(&head, head_bytes));
	tamper_end(&tamper);
	assert_tampered(path, 3, "not those of its signed checkpoint");
}

static void pruned_payload__prune_entry__verified(void **state)
{
	struct ledger_entry entry = { .type = ENTRY_PRUNE };
	struct tuple_key key = index_key(TABLE_MATCH_ID);
	struct verify_report report;
	struct tamper tamper;
	struct store *store;
	uint8_t value[8];
	char path[128];

	make_store(path_in(*state, "s", path), MATCHES);
	tamper_begin(&tamper, path);
	for (int t = TABLE_MATCH_ID; t <= TABLE_MATCH_RULE; t++) {
		key = index_key((enum store_table)t);
		delete_key(&tamper, (enum store_table)t, &key);
	}
	key_number(&key, SEQ);
	delete_key(&tamper, TABLE_MATCH, &key);
	key_rule(&key, "even");
	put_be64(value, MATCHES / 2 - 1);
	txn_put(&tamper.txn, TABLE_RULE, &key, value, sizeof(value));
	tamper_end(&tamper);
	assert_tampered(path, SEQ, "no PRUNE entry");

	store = open_store(path, STORE_WRITE);
	begin_run(store, 1, false);
	key = index_key(TABLE_MATCH_ID);
	memcpy(entry.match_id, key.bytes + 1, 16);
	append_behind(store, &entry);
	store_close(store);
	report = verify(path);
	assert_result(&report, VERIFY_OK, "1 payloads were pruned");
}

/* --- checkpoints and keys from outside --------------------------------------- */

static struct verify_report verify_held(const char *dir, const struct buf *note,
					const uint8_t *key)
{
	const struct verify_options options = {
		.checkpoint = (const char *)note->bytes,
		.checkpoint_bytes = note->len,
		.public_key = key,
	};

	return verify_with(dir, &options);
}

static struct buf last_note(const char *dir)
{
	struct store *store = open_store(dir, STORE_READ);
	struct buf note = BUF_INIT;
	struct err err = { 0 };

	assert_int_equal(store_checkpoint(store, &note, &err), 0);
	store_close(store);
	return note;
}

static void rolled_back__trusted_checkpoint__forked(void **state)
{
	struct verify_report report;
	char path[128], old[128];
	struct buf note;

	make_store(path_in(*state, "s", path), 5);
	run_command("cp -r %s %s", path, path_in(*state, "old", old));
	make_store(path, 9); /* goes on */
	note = last_note(path);
	report = verify_held(path, &note, NULL);
	assert_result(&report, VERIFY_OK, "");
	report = verify_held(old, &note, NULL);
	assert_result(&report, VERIFY_FORKED, "truncated or rolled back");
	buf_release(&note);
}

static void other_history__trusted_checkpoint__forked(void **state)
{
	struct verify_report report;
	char path[128], fork_path[128], other[128];
	struct store *store;
	struct buf note;

	make_store(path_in(*state, "s", path), 5);
	run_command("cp -r %s %s", path, path_in(*state, "f", fork_path));
	make_store(path, 9);
	store = open_store(fork_path, STORE_WRITE);
	begin_run(store, 1, false);
	for (unsigned n = 0; n < 20; n++)
		commit_one(store, 100 + n, "r");
	end_run(store);
	store_close(store);
	note = last_note(path);
	assert_verified(fork_path);
	report = verify_held(fork_path, &note, NULL);
	assert_result(&report, VERIFY_FORKED, "not those of the trusted");
	make_store(path_in(*state, "o", other), 5);
	report = verify_held(other, &note, NULL);
	assert_result(&report, VERIFY_FORKED, "another ledger");
	buf_release(&note);
}

static void trusted_key__another__policy(void **state)
{
	struct verify_options options = { 0 };
	struct verify_report report;
	struct signing_key key;
	struct err err = { 0 };
	uint8_t seed[32] = { 1 };
	char path[128], name[160];
	FILE *file;

	make_store(path_in(*state, "s", path), 5);
	assert_int_equal(signing_key_from_seed(seed, &key, &err), 0);
	options.public_key = key.public_key;
	report = verify_with(path, &options);
	assert_result(&report, VERIFY_POLICY, "not the trusted one");
	snprintf(name, sizeof(name), "%s/ledger.key", path);
	file = fopen(name, "r");
	assert_non_null(file);
	assert_int_equal(fread(seed, 1, 32, file), 32);
	fclose(file);
	assert_int_equal(signing_key_from_seed(seed, &key, &err), 0);
	report = verify_with(path, &options);
	assert_result(&report, VERIFY_OK, "");
}

static void trusted_checkpoint__no_note__refused(void **state)
{
	const struct verify_options options = { .checkpoint = "nonsense",
						.checkpoint_bytes = 8 };
	struct verify_report report;
	struct err err = { 0 };
	char path[128];

	make_store(path_in(*state, "s", path), 1);
	assert_int_equal(store_verify(path, &options, &report, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "trusted checkpoint"));
}

static void loss__recorded__reported_when_asked(void **state)
{
	struct verify_options options = { 0 };
	struct store_turn turn = { .moment = moment_at(1), .lost = 12 };
	struct verify_report report;
	struct err err = { 0 };
	struct store *store;
	char path[128];

	store = open_store(path_in(*state, "s", path), STORE_WRITE);
	begin_run(store, 1, false);
	assert_int_equal(store_commit(store, &turn, &err), 0);
	store_close(store);
	report = verify_with(path, &options);
	assert_int_equal(report.lost, 12);
	assert_result(&report, VERIFY_OK, "covered by no signed checkpoint");
	options.fail_on_loss = true;
	report = verify_with(path, &options);
	assert_result(&report, VERIFY_LOSS, "12 lost events");
}

/* --- reading what was changed ------------------------------------------------ */

static int ignore_row(void *ctx, const struct query_row *row, struct err *err)
{
	(void)ctx;
	(void)row;
	(void)err;
	return 0;
}

static void assert_not_shown(const char *dir, uint64_t n, const char *word)
{
	const struct query_limits limits = { 0 };
	struct store *store = open_store(dir, STORE_READ);
	struct buf payload = BUF_INIT;
	struct err err = { 0 };
	uint8_t id[8];
	uint64_t seq;

	put_be64(id, n * 0x9e3779b97f4a7c15ULL);
	assert_int_equal(store_match(store, id, 8, &payload, &seq, &err),
			 -EBADMSG);
	if (!strstr(err.text, word))
		fail_msg("%s", err.text);
	err = (struct err){ 0 };
	if (strcmp(word, "index") != 0)
		assert_int_equal(store_query(store, "SELECT host FROM matches",
					     &limits, ignore_row, NULL, &err),
				 -EBADMSG);
	buf_release(&payload);
	store_close(store);
}

static void payload__changed__is_no_answer(void **state)
{
	char path[128];

	make_store(path_in(*state, "s", path), MATCHES);
	flip_numbered(path, TABLE_MATCH, SEQ, 40);
	assert_not_shown(path, SEQ - 3, "another digest");
}

static void entry__removed__is_no_answer(void **state)
{
	char path[128];

	make_store(path_in(*state, "s", path), MATCHES);
	delete_numbered(path, TABLE_LEDGER, SEQ);
	assert_not_shown(path, SEQ - 3, "no entry");
}

static void index_of_ids__changed__is_no_answer(void **state)
{
	struct tamper tamper;
	struct tuple_key key;
	char path[128];
	uint8_t id[16];

	make_store(path_in(*state, "s", path), MATCHES);
	put_be64(id, (SEQ - 3) * 0x9e3779b97f4a7c15ULL);
	put_be64(id + 8, SEQ - 3);
	tamper_begin(&tamper, path);
	key_id(&key, id, sizeof(id));
	flip_value(&tamper, TABLE_MATCH_ID, &key, 7);
	tamper_end(&tamper);
	assert_not_shown(path, SEQ - 3, "index");
}

/* --- damaged files ------------------------------------------------------------ */

static void cut_file__verified__unreadable(void **state)
{
	struct verify_report report;
	char path[128];

	make_store(path_in(*state, "s", path), 100);
	run_command("truncate -s 12288 %s/data.mdb", path);
	report = verify(path);
	assert_result(&report, VERIFY_UNREADABLE, "cut short");
	run_command("truncate -s 0 %s/data.mdb && rm %s/lock.mdb", path, path);
	report = verify(path);
	assert_result(&report, VERIFY_UNREADABLE, "");
}

static void newer_format__verified__unreadable(void **state)
{
	struct verify_report report;
	char path[128];

	make_store(path_in(*state, "s", path), 1);
	run_command("echo 'shrike store 99' > %s/format", path);
	report = verify(path);
	assert_result(&report, VERIFY_UNREADABLE, "newer version");
	run_command("echo 'shrike store' > %s/format", path);
	report = verify(path);
	assert_result(&report, VERIFY_UNREADABLE, "format");
}

/* All records of all tables, read in a process of its own. */
static bool content_digest(const char *dir, uint8_t ret[32])
{
	struct verify_source source;
	struct verify_record record;
	struct digest digest;
	struct err err = { 0 };
	int rc;

	digest_init(&digest);
	assert_int_equal(verify_source_open(dir, &source, &err), 0);
	while ((rc = verify_source_next(&source, &record, &err)) == 0) {
		digest_put_u64(&digest, record.table);
		digest_put_u64(&digest, record.key_bytes);
		digest_put(&digest, record.key, record.key_bytes);
		digest_put_u64(&digest, record.value_bytes);
		digest_put(&digest, record.value, record.value_bytes);
	}
	verify_source_close(&source);
	digest_final(&digest, ret, 32);
	return rc == 1;
}

static void flip_bit(int fd, off_t at, unsigned bit)
{
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte = (uint8_t)(byte ^ (1u << bit));
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void random_bit__flipped__never_passes_changed_content(void **state)
{
	unsigned rounds = full_counts() ? 3000 : 200;
	uint8_t good[32], digest[32];
	unsigned passed = 0, found = 0;
	uint64_t seed = 99;
	char path[128], data[160];
	struct buf note;
	struct stat st;
	int fd;

	make_store(path_in(*state, "s", path), 60);
	note = last_note(path);
	assert_true(content_digest(path, good));
	snprintf(data, sizeof(data), "%s/data.mdb", path);
	fd = open(data, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (unsigned i = 0; i < rounds; i++) {
		off_t at = (off_t)(next_random(&seed) % (uint64_t)st.st_size);
		unsigned bit = next_random(&seed) % 8;
		struct verify_report report;

		flip_bit(fd, at, bit);
		report = verify_held(path, &note, NULL);
		if (report.result == VERIFY_OK) {
			assert_true(content_digest(path, digest));
			assert_memory_equal(digest, good, sizeof(good));
			passed++;
		} else {
			found++;
		}
		buf_release(&report.text);
		flip_bit(fd, at, bit);
	}
	assert_true(passed > 0 && found > 0);
	close(fd);
	buf_release(&note);
	assert_verified(path);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_store__verified__says_what_was_not_checked),
		TEST(live_writer__verified__one_snapshot),
		TEST(live_writer__reader_died__pages_are_reused),
		TEST(no_store__refused),
		TEST(one_record__changed__named),
		TEST(one_record__removed__named),
		TEST(meta__changed__tampered),
		TEST(index_key__removed_or_changed__named),
		TEST(index_key__of_nothing__tampered),
		TEST(payload__without_entry__tampered),
		TEST(rule_count__changed__tampered),
		TEST(forged_tail__everything_fits__checkpoint_tells),
		TEST(pruned_payload__prune_entry__verified),
		TEST(rolled_back__trusted_checkpoint__forked),
		TEST(other_history__trusted_checkpoint__forked),
		TEST(trusted_key__another__policy),
		TEST(trusted_checkpoint__no_note__refused),
		TEST(loss__recorded__reported_when_asked),
		TEST(payload__changed__is_no_answer),
		TEST(entry__removed__is_no_answer),
		TEST(index_of_ids__changed__is_no_answer),
		TEST(cut_file__verified__unreadable),
		TEST(newer_format__verified__unreadable),
		TEST(random_bit__flipped__never_passes_changed_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
