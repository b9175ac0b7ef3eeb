// SPDX-License-Identifier: Apache-2.0
/*
 * Commits against a model in memory, with the store closed and opened between;
 * full disks and quotas.
 */
#include "tests/store/store_fixture.h"

#include "ledger/merkle.h"

#include <sys/mount.h>
#include <sys/resource.h>

#define MODEL_MATCHES 64

struct model {
	uint64_t entries;
	uint64_t matches;
	bool stored[MODEL_MATCHES];
	uint64_t seq[MODEL_MATCHES];
	bool has_state;
	uint8_t state[100];
	size_t state_bytes;
	int64_t watermark;
	uint8_t ruleset;
	uint64_t lost;
};

static const char *rule_of(uint64_t n)
{
	static const char *const rules[] = { "shell", "a\x01rule", "r" };

	return rules[n % 3];
}

static void model_begin(struct model *model, struct store *store,
			uint8_t ruleset)
{
	begin_run(store, ruleset, false);
	model->entries +=
		(model->entries == 0) + 1 + (model->ruleset != ruleset);
	model->ruleset = ruleset;
}

/* One turn of up to five matches, some of them stored before. */
static void model_commit(struct model *model, struct store *store,
			 struct arena *arena, uint64_t *seed)
{
	struct store_match matches[5];
	uint64_t numbers[5];
	struct store_turn turn = { .moment = moment_at(9), .matches = matches };
	struct err err = { 0 };
	bool carried;

	turn.match_count = (unsigned)(next_random(seed) % 6);
	for (unsigned i = 0; i < turn.match_count; i++) {
		numbers[i] = next_random(seed) % MODEL_MATCHES;
		matches[i] = make_match(arena, numbers[i], rule_of(numbers[i]),
					(int64_t)numbers[i] - 20);
	}
	turn.lost = next_random(seed) % 3 ? 0 : next_random(seed) % 10;
	carried = turn.lost == 0;
	if (next_random(seed) % 2) {
		model->has_state = true;
		model->state_bytes = next_random(seed) % 100;
		model->watermark = (int64_t)next_random(seed);
		memset(model->state, (int)(*seed & 0xff), 100);
		turn.state = model->state;
		turn.state_bytes = model->state_bytes;
		turn.watermark = model->watermark;
	}
	if (store_commit(store, &turn, &err))
		fail_msg("%s", err.text);
	for (unsigned i = 0; i < turn.match_count; i++) {
		uint64_t n = numbers[i];

		assert_int_equal(matches[i].ret_known, model->stored[n]);
		if (!model->stored[n]) {
			model->stored[n] = true;
			model->seq[n] = model->entries++;
			model->matches++;
			carried = true;
		}
		assert_int_equal(matches[i].ret_seq, model->seq[n]);
	}
	model->entries += !carried;
	model->lost += turn.lost;
}

static void check_match(const struct model *model, struct store *store,
			struct arena *arena, uint64_t n)
{
	struct store_match match =
		make_match(arena, n, rule_of(n), (int64_t)n - 20);
	struct buf payload = BUF_INIT;
	struct err err = { 0 };
	uint64_t seq;
	int rc = store_match(store, match.id, 16, &payload, &seq, &err);

	assert_int_equal(rc, model->stored[n] ? 0 : 1);
	if (model->stored[n]) {
		assert_int_equal(seq, model->seq[n]);
		assert_int_equal(payload.len, match.payload_bytes);
		assert_memory_equal(payload.bytes, match.payload, payload.len);
	}
	buf_release(&payload);
}

static void check_model(const struct model *model, struct store *store,
			struct arena *arena)
{
	const struct store_moment moment = moment_at(0);
	struct buf state = BUF_INIT;
	struct store_head head;
	struct err err = { 0 };
	int64_t watermark;
	int rc;

	assert_int_equal(store_head(store, &head, &err), 0);
	assert_int_equal(head.entries, model->entries);
	assert_int_equal(head.matches, model->matches);
	rc = store_state(store, moment.boot_id, &state, &watermark, &err);
	assert_int_equal(rc, model->has_state ? 0 : 1);
	if (model->has_state) {
		assert_int_equal(watermark, model->watermark);
		assert_int_equal(state.len, model->state_bytes);
		if (state.len)
			assert_memory_equal(state.bytes, model->state,
					    state.len);
	}
	buf_release(&state);
	for (uint64_t n = 0; n < MODEL_MATCHES; n++)
		check_match(model, store, arena, n);
}

static void random_turns__reopened_between__equal_model(void **state)
{
	unsigned rounds = full_counts() ? 2000 : 120;
	struct model model = { 0 };
	uint64_t seed = 11;
	struct arena arena;
	struct store *store;
	char path[128];

	arena_init(&arena, 16 << 20);
	store = open_store(path_in(*state, "s", path), STORE_WRITE);
	model_begin(&model, store, 1);
	for (unsigned i = 0; i < rounds; i++) {
		model_commit(&model, store, &arena, &seed);
		if (next_random(&seed) % 8 == 0) {
			check_model(&model, store, &arena);
			if (next_random(&seed) % 2) {
				end_run(store);
				model.entries++;
			}
			store_close(store);
			store = open_store(path, STORE_WRITE);
			model_begin(&model, store,
				    (uint8_t)(1 + next_random(&seed) % 2));
		}
		arena_reset(&arena);
	}
	check_model(&model, store, &arena);
	store_close(store);
	arena_release(&arena);
	assert_verified(path);
}

static void nothing_to_write__no_transaction(void **state)
{
	struct store_turn turn = { .moment = moment_at(1) };
	struct err err = { 0 };
	MDB_envinfo before, after;
	struct store_env env;
	struct store *store;
	char path[128];

	store = open_store(path_in(*state, "s", path), STORE_WRITE);
	begin_run(store, 1, false);
	store_close(store);
	assert_int_equal(store_env_open(path, false, &env, &err), 0);
	mdb_env_info(env.env, &before);
	store_env_release(&env);
	store = open_store(path, STORE_WRITE);
	store_close(store);
	assert_int_equal(store_env_open(path, false, &env, &err), 0);
	mdb_env_info(env.env, &after);
	store_env_release(&env);
	assert_int_equal(before.me_last_txnid, after.me_last_txnid);

	store = open_store(path, STORE_WRITE);
	begin_run(store, 1, false);
	assert_int_equal(store_commit(store, &turn, &err), 0);
	store_close(store);
	assert_int_equal(store_env_open(path, false, &env, &err), 0);
	mdb_env_info(env.env, &after);
	store_env_release(&env);
	assert_int_equal(before.me_last_txnid + 1, after.me_last_txnid);
}

static void replays__same_input__same_root(void **state)
{
	struct store_head head[2];
	struct err err = { 0 };
	struct buf note[2] = { BUF_INIT, BUF_INIT };

	for (int i = 0; i < 2; i++) {
		char name[8] = { 'r', (char)('0' + i) }, path[128];
		struct store *store;

		store = open_store(path_in(*state, name, path), STORE_CREATE);
		begin_run(store, 1, true);
		for (unsigned n = 0; n < 10; n++)
			commit_one(store, n, "r");
		end_run(store);
		assert_int_equal(store_head(store, &head[i], &err), 0);
		assert_int_equal(store_checkpoint(store, &note[i], &err), 0);
		store_close(store);
		assert_verified(path);
	}
	assert_memory_equal(head[0].root, head[1].root, 32);
	assert_memory_equal(head[0].chain, head[1].chain, 32);
	assert_string_equal(buf_text(&note[0]), buf_text(&note[1]));
	buf_release(&note[0]);
	buf_release(&note[1]);
}

static void other_boot__state__not_given(void **state)
{
	const uint8_t other[16] = { 1 };
	struct store_turn turn = { .moment = moment_at(1),
				   .state = "x",
				   .state_bytes = 1 };
	struct buf out = BUF_INIT;
	struct err err = { 0 };
	struct store *store;
	int64_t watermark;
	char path[128];

	store = open_store(path_in(*state, "s", path), STORE_WRITE);
	begin_run(store, 1, false);
	assert_int_equal(store_commit(store, &turn, &err), 0);
	assert_int_equal(store_state(store, other, &out, &watermark, &err), 1);
	assert_int_equal(store_checkpoint(store, &out, &err), 1);
	store_close(store);
	assert_int_equal(out.len, 0);
}

static void id_prefix__of_one_match__finds_it(void **state)
{
	struct buf out = BUF_INIT;
	struct err err = { 0 };
	struct store *store;
	uint64_t seq;
	char path[128];
	uint8_t id[16];

	store = open_store(path_in(*state, "s", path), STORE_WRITE);
	begin_run(store, 1, false);
	commit_one(store, 0, "r"); /* id 0 */
	commit_one(store, 1, "r");
	memset(id, 0, sizeof(id));
	assert_int_equal(store_match(store, id, 4, &out, &seq, &err), 0);
	assert_int_equal(seq, 3);
	put_be64(id, 0x9e3779b97f4a7c15ULL);
	assert_int_equal(store_match(store, id, 5, &out, &seq, &err), 0);
	assert_int_equal(seq, 4);
	id[3] ^= 1;
	assert_int_equal(store_match(store, id, 5, &out, &seq, &err), 1);
	store_close(store);
	buf_release(&out);
}

static void two_ids__same_beginning__ambiguous(void **state)
{
	struct arena arena;
	struct store_match matches[2];
	struct store_turn turn = { .moment = moment_at(1),
				   .matches = matches,
				   .match_count = 2 };
	struct buf out = BUF_INIT;
	struct err err = { 0 };
	struct store *store;
	uint64_t seq;
	char path[128];

	arena_init(&arena, 1 << 20);
	matches[0] = make_match(&arena, 1, "r", 1);
	matches[1] = make_match(&arena, 2, "r", 1);
	memcpy(matches[1].id, matches[0].id, 8);
	store = open_store(path_in(*state, "s", path), STORE_WRITE);
	begin_run(store, 1, false);
	assert_int_equal(store_commit(store, &turn, &err), 0);
	assert_int_equal(store_match(store, matches[0].id, 8, &out, &seq, &err),
			 2);
	assert_int_equal(
		store_match(store, matches[0].id, 16, &out, &seq, &err), 0);
	store_close(store);
	buf_release(&out);
	arena_release(&arena);
}

/* Commit until it fails; how many were acknowledged. */
static unsigned fill(struct store *store, struct arena *arena, unsigned most,
		     struct err *err)
{
	unsigned n = 0;
	int rc = 0;

	while (n < most) {
		struct store_match match = make_match(arena, n, "r", n);
		struct store_turn turn = { .moment = moment_at(1),
					   .matches = &match,
					   .match_count = 1 };

		rc = store_commit(store, &turn, err);
		arena_reset(arena);
		if (rc)
			break;
		n++;
	}
	assert_int_equal(rc, -ENOSPC);
	assert_int_equal(err->kind, ERR_INPUT);
	return n;
}

static void check_stored(const char *path, unsigned n)
{
	struct store *store = open_store(path, STORE_READ);
	struct store_head head;
	struct err err = { 0 };

	assert_int_equal(store_head(store, &head, &err), 0);
	assert_int_equal(head.matches, n);
	store_close(store);
	assert_verified(path);
}

static void quota__reached__no_space_and_intact(void **state)
{
	struct store_options options = { .mode = STORE_WRITE,
					 .size_bytes_max = 400000 };
	struct store_turn turn = { .moment = moment_at(1), .lost = 1 };
	struct err err = { 0 };
	struct arena arena;
	struct store *store;
	struct stat st;
	char path[128], data[160];
	unsigned n;

	arena_init(&arena, 1 << 20);
	path_in(*state, "s", path);
	assert_int_equal(store_open(path, &options, &store, &err), 0);
	begin_run(store, 1, false);
	n = fill(store, &arena, 100000, &err);
	assert_true(n > 50);
	assert_non_null(strstr(err.text, "limit"));
	err = (struct err){ 0 };
	assert_int_equal(store_commit(store, &turn, &err), -EIO);
	store_close(store);
	snprintf(data, sizeof(data), "%s/data.mdb", path);
	assert_int_equal(stat(data, &st), 0);
	assert_true(st.st_size <= 400000);
	check_stored(path, n);
	arena_release(&arena);
}

static void full_disk__commit__no_space_and_intact(void **state)
{
	struct err err = { 0 };
	struct arena arena;
	struct store *store;
	char path[128];
	unsigned n;

	if (geteuid() != 0)
		skip();
	assert_int_equal(mount("none", *state, "tmpfs", 0, "size=1m"), 0);
	arena_init(&arena, 1 << 20);
	store = open_store(path_in(*state, "s", path), STORE_WRITE);
	begin_run(store, 1, false);
	n = fill(store, &arena, 100000, &err);
	assert_true(n > 50);
	store_close(store);
	check_stored(path, n);
	run_command("mount -o remount,size=4m %s", (char *)*state);
	store = open_store(path, STORE_WRITE);
	begin_run(store, 1, false);
	commit_one(store, n + 1, "r");
	end_run(store);
	store_close(store);
	check_stored(path, n + 1);
	arena_release(&arena);
	assert_int_equal(umount(*state), 0);
}

static void small_address_space__open__uses_what_there_is(void **state)
{
	const struct rlimit small = { (rlim_t)4 << 30, (rlim_t)4 << 30 };
	char path[128];
	int status;
	pid_t child;

#ifdef __SANITIZE_ADDRESS__
	skip(); /* its shadow memory needs the address space */
#endif
	path_in(*state, "s", path);
	child = fork();
	if (child == 0) {
		if (setrlimit(RLIMIT_AS, &small))
			_exit(2);
		make_store(path, 3);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	check_stored(path, 3);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_turns__reopened_between__equal_model),
		TEST(nothing_to_write__no_transaction),
		TEST(replays__same_input__same_root),
		TEST(other_boot__state__not_given),
		TEST(id_prefix__of_one_match__finds_it),
		TEST(two_ids__same_beginning__ambiguous),
		TEST(quota__reached__no_space_and_intact),
		TEST(full_disk__commit__no_space_and_intact),
		TEST(small_address_space__open__uses_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
