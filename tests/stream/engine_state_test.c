// SPDX-License-Identifier: Apache-2.0
/* The engine's parts: pool, timers, keys, gaps. */
#include "stream_fixture.h"

#include "stream/engine_int.h"

static void pool__random_use__stays_within_limit(void **state)
{
	enum { SLOTS = 64, LIMIT = 100000 };
	uint64_t seed = test_seed(), refused = 0;
	uint8_t *blocks[SLOTS] = { NULL };
	size_t sizes[SLOTS] = { 0 };
	struct pool pool;

	(void)state;
	pool_init(&pool, LIMIT);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned slot = chance(&seed, SLOTS);

		if (blocks[slot]) {
			for (size_t k = 0; k < sizes[slot]; k++)
				assert_int_equal(blocks[slot][k], slot);
			pool_free(&pool, blocks[slot]);
			blocks[slot] = NULL;
			continue;
		}
		sizes[slot] = chance(&seed, 6000);
		blocks[slot] = pool_alloc(&pool, sizes[slot]);
		assert_true(pool.used_bytes + pool.free_bytes <= LIMIT);
		if (!blocks[slot]) {
			refused++;
			continue;
		}
		assert_true(pool_bytes(blocks[slot]) > sizes[slot]);
		for (size_t k = 0; k < sizes[slot]; k++)
			assert_int_equal(blocks[slot][k], 0);
		memset(blocks[slot], (int)slot, sizes[slot]);
	}
	for (unsigned slot = 0; slot < SLOTS; slot++)
		pool_free(&pool, blocks[slot]);
	assert_int_equal(pool.used_bytes, 0);
	assert_true(refused > 0);
	assert_null(pool_alloc(&pool, SIZE_MAX));
	pool_release(&pool);
}

static bool in_order(const struct timer *a, const struct timer *b)
{
	if (a->deadline != b->deadline)
		return a->deadline < b->deadline;
	if (timer_rank(a) != timer_rank(b))
		return timer_rank(a) < timer_rank(b);
	return a->order < b->order;
}

/* By deadline, then by rank of their operator, then by arming. */
static void timers__random_deadlines__expire_in_order(void **state)
{
	enum { TIMERS = 300 };
	struct op ops[3] = { { .rank = 0 }, { .rank = 1 }, { .rank = 2 } };
	struct timer timer[TIMERS] = { 0 };
	uint64_t seed = test_seed();
	struct timers timers = { 0 };
	struct timer *first, *last = NULL;
	unsigned disarmed = 0, fired = 0;

	(void)state;
	for (unsigned i = 0; i < TIMERS; i++) {
		unsigned op = chance(&seed, 4);

		timer[i].op = op < 3 ? &ops[op] : NULL;
		assert_int_equal(
			timers_arm(&timers, &timer[i], chance(&seed, 30)), 0);
	}
	for (unsigned i = 0; i < TIMERS; i += 3, disarmed++)
		timers_disarm(&timers, &timer[i]);
	timers_disarm(&timers, &timer[0]);
	for (; (first = timers_first(&timers)); last = first, fired++) {
		assert_true(!last || in_order(last, first));
		assert_int_not_equal((first - timer) % 3, 0);
		timers_disarm(&timers, first);
	}
	assert_int_equal(fired, TIMERS - disarmed);
	timers_release(&timers);
}

static void key_of(struct buf *key, struct value a, struct value b)
{
	buf_reset(key);
	key_put(key, a);
	key_put(key, b);
}

static bool same_key(struct value a, struct value b, struct value c,
		     struct value d)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same;

	key_of(&x, a, b);
	key_of(&y, c, d);
	same = x.len == y.len && memcmp(x.bytes, y.bytes, x.len) == 0;
	buf_release(&x);
	buf_release(&y);
	return same;
}

static void key__equal_values__equal_bytes(void **state)
{
	struct value one = value_int(1), null = value_null();
	struct value real = { .type = VALUE_DOUBLE, .d = 1.0 };
	struct value half = { .type = VALUE_DOUBLE, .d = 0.5 };
	struct value a = value_text("a"), ab = value_text("ab");
	struct value b = value_text("b"), bc = value_text("bc");

	(void)state;
	assert_true(same_key(one, null, real, null));
	assert_true(same_key(value_bool(true), a, one, a));
	assert_false(same_key(half, a, one, a));
	assert_false(same_key(ab, value_text("c"), a, bc));
	assert_false(same_key(a, b, b, a));
	assert_false(same_key(null, a, a, null));
	assert_false(same_key(value_bytes(VALUE_IP, "abcd", 4), a,
			      value_text("abcd"), a));
}

static void keyset__many_keys__found_and_ordered_by_use(void **state)
{
	static const uint64_t seed[2] = { 1, 2 };
	struct buf key = BUF_INIT;
	struct key_head *head;
	struct keyset set;
	struct pool pool;

	(void)state;
	pool_init(&pool, 1 << 20);
	keyset_init(&set);
	for (int i = 0; i < 1000; i++) {
		key_of(&key, value_int(i), value_text("x"));
		assert_null(keyset_find(&set, seed, &key));
		assert_non_null(
			keyset_add(&set, &pool, sizeof(*head), seed, &key));
	}
	key_of(&key, value_int(0), value_text("x"));
	head = keyset_find(&set, seed, &key);
	assert_non_null(head);
	assert_ptr_not_equal(keyset_oldest(&set), head);
	key_of(&key, value_int(1), value_text("x"));
	assert_memory_equal(keyset_oldest(&set)->bytes, key.bytes, key.len);
	while ((head = keyset_oldest(&set)))
		keyset_remove(&set, &pool, head);
	assert_null(keyset_find(&set, seed, &key));
	keyset_release(&set);
	pool_release(&pool);
	buf_release(&key);
}

static uint64_t lost_in(const struct gaps *gaps, int64_t start, int64_t end)
{
	uint64_t lost = 0;

	if (!gaps_overlap(gaps, start, end, &lost))
		assert_int_equal(lost, 0);
	return lost;
}

static void gaps__half_open__overlap_closed_windows(void **state)
{
	struct gaps gaps = { 0 };

	(void)state;
	gaps_add(&gaps, 10, 20, 3);
	gaps_add(&gaps, 30, 40, 5);
	assert_int_equal(lost_in(&gaps, 0, 9), 0);
	assert_int_equal(lost_in(&gaps, 0, 10), 3);
	assert_int_equal(lost_in(&gaps, 19, 19), 3);
	assert_int_equal(lost_in(&gaps, 20, 29), 0);
	assert_int_equal(lost_in(&gaps, 15, 35), 8);
	gaps_add(&gaps, 15, 31, 7);
	assert_int_equal(gaps.count, 1);
	assert_int_equal(lost_in(&gaps, 39, 50), 15);
	gaps_expire(&gaps, 39);
	assert_int_equal(gaps.count, 1);
	gaps_expire(&gaps, 40);
	assert_int_equal(gaps.count, 0);
}

/* However many there are, none is forgotten. */
static void gaps__too_many__closest_merge(void **state)
{
	uint64_t seed = test_seed(), sum = 0;
	struct gaps gaps = { 0 };
	bool lost[2001] = { false };

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		int64_t from = chance(&seed, 1990);
		int64_t to = from + 1 + chance(&seed, 3);

		gaps_add(&gaps, from, to, i);
		sum += i;
		while (from < to)
			lost[from++] = true;
		assert_true(gaps.count <= GAPS_MAX);
		for (unsigned k = 1; k < gaps.count; k++)
			assert_true(gaps.gaps[k - 1].to <= gaps.gaps[k].from);
	}
	for (int64_t ts = 0; ts < 2000; ts++) {
		uint64_t n = 0;

		if (lost[ts])
			assert_true(gaps_overlap(&gaps, ts, ts, &n));
	}
	assert_int_equal(lost_in(&gaps, 0, 3000), sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool__random_use__stays_within_limit),
		cmocka_unit_test(timers__random_deadlines__expire_in_order),
		cmocka_unit_test(key__equal_values__equal_bytes),
		cmocka_unit_test(keyset__many_keys__found_and_ordered_by_use),
		cmocka_unit_test(gaps__half_open__overlap_closed_windows),
		cmocka_unit_test(gaps__too_many__closest_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
