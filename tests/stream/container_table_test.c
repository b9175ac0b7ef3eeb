// SPDX-License-Identifier: Apache-2.0
/* The container table against a naive model: an array of cgroups. */
#include "stream_fixture.h"

#include "stream/container_table.h"

#define STEPS 500
#define CGROUPS 12
#define CONTAINERS_MAX 6
#define LINGER 10

struct known {
	bool there, ended;
	int64_t start, end, order;
	int hierarchy;
	char id[32], name[32];
};

struct model {
	struct known known[CGROUPS];
	int64_t order;
	uint64_t evicted, forgotten;
	unsigned held, live;
};

struct world {
	struct arena arena;
	struct container_table *table;
	struct model m;
	uint64_t chance;
	int64_t now;
};

static struct container_table *table_new(unsigned max)
{
	const struct container_table_options options = {
		.containers_max = max,
		.linger_ns = LINGER,
		.seed = { 1, 2 },
	};
	struct container_table *table;

	assert_int_equal(container_table_new(&options, &table, NULL), 0);
	return table;
}

static struct value text(const char *from)
{
	return from ? value_text(from) : value_null();
}

static void info(struct arena *arena, struct container_table *table, int64_t ts,
		 int64_t cgroup, int hierarchy, const char *id,
		 const char *name, bool ended)
{
	struct row *row = row_make(arena, STREAM_CONTAINER_INFO, ts, 0);

	row_put(row, COL_CONTAINER_INFO_info_cgroup, value_int(cgroup));
	row_put(row, COL_CONTAINER_INFO_info_hierarchy, value_int(hierarchy));
	row_put(row, COL_CONTAINER_INFO_info_id, text(id));
	row_put(row, COL_CONTAINER_INFO_info_name, text(name));
	row_put(row, COL_CONTAINER_INFO_info_ended, value_bool(ended));
	container_table_apply(table, row);
}

static struct row *event(struct arena *arena, struct container_table *table,
			 int64_t ts, int64_t cgroup)
{
	struct row *row = row_make(arena, STREAM_FILE_OPEN, ts, 0);

	row_put(row, COL_cgroup_id, value_int(cgroup));
	container_table_apply(table, row);
	return row;
}

static void assert_text(const struct row *row, unsigned column,
			const char *expected)
{
	struct value v = row_get(row, column);

	if (!expected) {
		assert_int_equal(v.type, VALUE_NULL);
		return;
	}
	assert_int_equal(v.type, VALUE_TEXT);
	assert_int_equal(v.len, strlen(expected));
	assert_memory_equal(v.p, expected, v.len);
}

/* --- the model -------------------------------------------------------------*/

static void model_forget(struct model *m, struct known *k)
{
	m->held--;
	m->live -= !k->ended;
	k->there = false;
}

static void model_room(struct model *m)
{
	struct known *best = NULL;

	if (m->held < CONTAINERS_MAX)
		return;
	for (unsigned pass = 0; pass < 2 && !best; pass++)
		for (unsigned i = 0; i < CGROUPS; i++) {
			struct known *k = &m->known[i];

			if (k->there && k->ended == !pass &&
			    (!best || k->order < best->order))
				best = k;
		}
	assert_non_null(best);
	m->evicted++;
	m->forgotten += !best->ended;
	model_forget(m, best);
}

static void step_appear(struct world *w, unsigned cgroup)
{
	struct known *k = &w->m.known[cgroup];
	int64_t start = k->there && !k->ended ? k->start : w->now;
	bool named = chance(&w->chance, 2);

	if (k->there)
		model_forget(&w->m, k);
	model_room(&w->m);
	*k = (struct known){ .there = true,
			     .start = start,
			     .order = w->m.order++ };
	snprintf(k->id, sizeof(k->id), "id%u", chance(&w->chance, 1000));
	if (named)
		snprintf(k->name, sizeof(k->name), "name%u",
			 chance(&w->chance, 1000));
	w->m.held++;
	w->m.live++;
	info(&w->arena, w->table, w->now, cgroup, 0, k->id,
	     named ? k->name : NULL, false);
}

static void step_end(struct world *w, unsigned cgroup)
{
	struct known *k = &w->m.known[cgroup];

	if (k->there && !k->ended) {
		k->ended = true;
		k->end = w->now;
		k->order = w->m.order++;
		w->m.live--;
	}
	info(&w->arena, w->table, w->now, cgroup, 0, NULL, NULL, true);
}

static void step_event(struct world *w, unsigned cgroup)
{
	struct known *k = &w->m.known[cgroup];
	bool valid = k->there && w->now >= k->start &&
		     (!k->ended || w->now <= k->end + LINGER);
	struct row *row = event(&w->arena, w->table, w->now, cgroup);

	assert_text(row, COL_container_id, valid ? k->id : NULL);
	assert_text(row, COL_container_name,
		    valid && k->name[0] ? k->name : NULL);
	assert_text(row, COL_container_runtime, NULL);
	if (valid && !k->ended)
		k->order = w->m.order++;
}

static void step_expire(struct world *w)
{
	container_table_expire(w->table, w->now);
	for (unsigned i = 0; i < CGROUPS; i++) {
		struct known *k = &w->m.known[i];

		if (k->there && k->ended && w->now > k->end + LINGER)
			model_forget(&w->m, k);
	}
}

static void table__random_lives__as_the_model(void **state)
{
	struct world w = { .chance = test_seed() };

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct container_table_stats stats;

		w.m = (struct model){ 0 };
		w.table = table_new(CONTAINERS_MAX);
		arena_init(&w.arena, (size_t)16 << 20);
		for (unsigned i = 0; i < STEPS; i++) {
			unsigned cgroup = chance(&w.chance, CGROUPS);
			unsigned what = chance(&w.chance, 10);

			w.now += chance(&w.chance, 4);
			if (what < 3)
				step_appear(&w, cgroup);
			else if (what < 4)
				step_end(&w, cgroup);
			else if (what < 5)
				step_expire(&w);
			else
				step_event(&w, cgroup);
			container_table_stats(w.table, &stats);
			assert_int_equal(stats.held, w.m.held);
			assert_int_equal(stats.live, w.m.live);
			assert_int_equal(stats.evicted, w.m.evicted);
			assert_int_equal(stats.forgotten, w.m.forgotten);
			assert_true(stats.held <= CONTAINERS_MAX);
		}
		assert_true(w.m.evicted > 0);
		arena_release(&w.arena);
		w.table = container_table_free(w.table);
	}
}

/* --- what the model does not have ------------------------------------------*/

static struct row *container_event(struct arena *arena,
				   struct container_table *table, int64_t own,
				   int64_t cgroup, int hierarchy)
{
	struct row *row = row_make(arena, STREAM_CONTAINER_EVENT, 5, 0);

	row_put(row, COL_cgroup_id, value_int(own));
	row_put(row, COL_CONTAINER_EVENT_cgroup, value_int(cgroup));
	row_put(row, COL_CONTAINER_EVENT_hierarchy, value_int(hierarchy));
	container_table_apply(table, row);
	return row;
}

static void event__about_a_cgroup__is_told_of_that(void **state)
{
	const int64_t v1 = (int64_t)EVENT_CGROUP_V1;
	struct container_table *table = table_new(10);
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	info(&arena, table, 1, 7, 0, "seven", NULL, false);
	info(&arena, table, 1, 9 | v1, 4, "nine", NULL, false);
	/* Who did it, then what it is about. */
	assert_text(container_event(&arena, table, 1, 7, 0), COL_container_id,
		    "seven");
	assert_text(container_event(&arena, table, 7, 3, 0), COL_container_id,
		    "seven");
	assert_text(container_event(&arena, table, 7, 9, 4), COL_container_id,
		    "nine");
	/* The same number in another hierarchy is another cgroup. */
	assert_text(container_event(&arena, table, 1, 9, 5), COL_container_id,
		    NULL);
	assert_text(container_event(&arena, table, 1, 9, 0), COL_container_id,
		    NULL);
	assert_text(event(&arena, table, 5, 9 | v1), COL_container_id, "nine");
	assert_text(event(&arena, table, 5, 9), COL_container_id, NULL);
	container_table_free(table);
	arena_release(&arena);
}

static void info__all_columns__go_into_the_row(void **state)
{
	static const struct {
		unsigned from, to;
		const char *text;
	} columns[] = {
		{ COL_CONTAINER_INFO_info_id, COL_container_id, "an id" },
		{ COL_CONTAINER_INFO_info_runtime, COL_container_runtime,
		  "podman" },
		{ COL_CONTAINER_INFO_info_name, COL_container_name, "" },
		{ COL_CONTAINER_INFO_info_image, COL_container_image, "i:1" },
		{ COL_CONTAINER_INFO_info_pod, COL_k8s_pod, "p" },
		{ COL_CONTAINER_INFO_info_pod_namespace, COL_k8s_namespace,
		  "n" },
	};
	struct container_table *table = table_new(10);
	struct container_table_stats stats;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	row = row_make(&arena, STREAM_CONTAINER_INFO, 1, 0);
	row_put(row, COL_CONTAINER_INFO_info_cgroup, value_int(7));
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		row_put(row, columns[i].from, value_text(columns[i].text));
	container_table_apply(table, row);
	row = event(&arena, table, 2, 7);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		assert_text(row, columns[i].to, columns[i].text);
	container_table_stats(table, &stats);
	assert_int_equal(stats.bytes, strlen("an idpodmani:1pn"));
	info(&arena, table, 3, 7, 0, NULL, NULL, true);
	container_table_expire(table, 3 + LINGER + 1);
	container_table_stats(table, &stats);
	assert_int_equal(stats.held + stats.bytes, 0);
	container_table_free(table);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table__random_lives__as_the_model),
		cmocka_unit_test(event__about_a_cgroup__is_told_of_that),
		cmocka_unit_test(info__all_columns__go_into_the_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
