// SPDX-License-Identifier: Apache-2.0
/* Joins that are not written out, against the same written out. */
#include "compiler/same_plan.h"
#include "stream/stream_fixture.h"

static const struct {
	const char *name, *alias;
	const char *condition; /* of its own columns, behind the alias */
} streams[] = {
	{ "process.exec", "e", "args_count > 2" },
	{ "process.exit", "x", "uid = 7" },
	{ "network.connect", "n", "dst_port = 4444" },
	{ "file.open", "f", "path LIKE '%/tmp/%'" },
};

/* Two different streams. */
static void choose(uint64_t *seed, unsigned *a, unsigned *b)
{
	*a = chance(seed, ARRAY_SIZE(streams));
	*b = (*a + 1 + chance(seed, ARRAY_SIZE(streams) - 1)) %
	     (unsigned)ARRAY_SIZE(streams);
}

static void auto_join__random__same_plan_as_written_out(void **state)
{
	uint64_t seed = test_seed();
	unsigned rounds = check_full() ? 5000 : 200;

	(void)state;
	for (unsigned i = 0; i < rounds; i++) {
		char left[1024], right[1024];
		unsigned a, b, seconds = chance(&seed, 3);
		char bound[128] = "";
		const char *when;

		choose(&seed, &a, &b);
		when = chance(&seed, 2) ? streams[a].condition : "uid = 0";
		if (seconds)
			snprintf(bound, sizeof(bound),
				 " AND b.ts BETWEEN a.ts - INTERVAL '%u' "
				 "SECOND AND a.ts",
				 seconds);
		snprintf(left, sizeof(left),
			 "SELECT a.pid, b.uid FROM %s a AUTO JOIN %s b ON "
			 "b.pid_key = a.pid_key%s WHEN a.%s WHERE b.%s",
			 streams[a].name, streams[b].name, bound, when,
			 streams[b].condition);
		snprintf(right, sizeof(right),
			 "SELECT a.pid, b.uid FROM %s a JOIN %s b ON "
			 "b.pid_key = a.pid_key%s AND a.%s WHERE b.%s",
			 streams[a].name, streams[b].name,
			 seconds ? bound :
				   " AND b.ts BETWEEN a.ts AND a.ts + INTERVAL "
				   "'1' MINUTE",
			 when, streams[b].condition);
		same_plan(left, right);
	}
}

static void implied_join__random__same_plan_as_written_out(void **state)
{
	uint64_t seed = test_seed();
	unsigned rounds = check_full() ? 5000 : 200;

	(void)state;
	for (unsigned i = 0; i < rounds; i++) {
		char left[1024], right[1024];
		const char *x, *y;
		unsigned a, b;

		choose(&seed, &a, &b);
		x = streams[a].alias;
		y = streams[b].alias;
		snprintf(left, sizeof(left),
			 "SELECT %s.pid FROM %s %s WHERE %s.%s AND %s.%s", x,
			 streams[a].name, x, x, streams[a].condition, y,
			 streams[b].condition);
		snprintf(right, sizeof(right),
			 "SELECT %s.pid FROM %s %s JOIN %s %s ON %s.pid_key = "
			 "%s.pid_key AND %s.ts BETWEEN %s.ts - INTERVAL '1' "
			 "MINUTE AND %s.ts + INTERVAL '1' MINUTE WHERE %s.%s "
			 "AND %s.%s",
			 x, streams[a].name, x, streams[b].name, y, y, x, y, x,
			 x, x, streams[a].condition, y, streams[b].condition);
		same_plan(left, right);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_join__random__same_plan_as_written_out),
		cmocka_unit_test(
			implied_join__random__same_plan_as_written_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
