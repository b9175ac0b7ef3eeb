// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/daemon/summary.h"

#include <string.h>

static void expect(const struct summary *summary, bool json, const char *text)
{
	struct buf out = BUF_INIT;

	summary_print(summary, json, &out);
	assert_string_equal(buf_text(&out), text);
	buf_release(&out);
}

static void has(const struct summary *summary, const char *part)
{
	struct buf out = BUF_INIT;

	summary_print(summary, true, &out);
	if (!strstr(buf_text(&out), part))
		fail_msg("no %s in %s", part, buf_text(&out));
	buf_release(&out);
}

static void summary__nothing_to_tell__is_one_line(void **state)
{
	struct summary s = { .seconds = 1.5 };

	(void)state;
	s.pipeline.matches = 1;
	s.pipeline.rows = 2;
	expect(&s, false, "1 match (0 suppressed) from 2 events in 1.5 s\n");
}

static void summary__what_was_not_known__is_counted(void **state)
{
	struct summary s = { .seconds = 2 };

	(void)state;
	s.pipeline.forgotten = 2;
	s.pipeline.containers_forgotten = 8;
	s.containers.unnamed = 9;
	s.containers.refused = 10;
	s.containers.unseen = 11;
	s.sampler.unknown = 3;
	s.sampler.unhashed = 1;
	s.logs.cut = 4;
	s.logs.unparsed = 5;
	s.logs.ambiguous = 6;
	s.logs.failed = 7;
	s.left_out = 12;
	s.processes_full = 13;
	expect(&s, false,
	       "0 matches (0 suppressed) from 0 events in 2.0 s, "
	       "12 rules left out (this kernel lacks what they read), "
	       "13 times no room for what predicates ask of a process, "
	       "2 live processes forgotten (too many), "
	       "8 cgroups of containers forgotten (too many), "
	       "9 containers without files of a runtime, "
	       "10 containers not looked for again (too many), "
	       "11 cgroups not looked at (too many), "
	       "3 processes not sampled (too many), "
	       "1 program file not hashed (gone, not readable or too large), "
	       "4 log lines cut, 5 log lines of no known form, "
	       "6 log-ins of which something could be forged, "
	       "7 logs not readable\n");
	expect(&s, true,
	       "{\"summary\":{\"seconds\":2.000,\"streams\":{},\"rows\":0,"
	       "\"asked\":0,\"late\":0,\"held\":0,\"matches\":0,\"suppressed\":0,"
	       "\"evicted\":0,\"forgotten\":2,\"containers_forgotten\":8,"
	       "\"containers_unnamed\":9,\"containers_refused\":10,"
	       "\"cgroups_unseen\":11,\"unsampled\":3,\"unhashed\":1,"
	       "\"cut\":4,\"unparsed\":5,\"ambiguous\":6,\"unread\":7,"
	       "\"left_out\":12,"
	       "\"processes_full\":13,\"commits\":0}}\n");
}

/* What a run counted, each kind: per stream, and for machines per CPU and hook. */
static void summary__of_a_run__has_each_counter(void **state)
{
	static struct event_counters cpus[STREAM_KERNEL_COUNT * 2];
	struct summary s = { .seconds = 1,
			     .live = true,
			     .cpus = cpus,
			     .cpu_count = 2,
			     .hooks = { { "sys_exit", 6 } },
			     .hook_count = 1 };

	(void)state;
	s.wanted[STREAM_FILE_OPEN] = true;
	s.counters[STREAM_FILE_OPEN] = (struct collect_counters){
		.generated = 20,
		.filtered = 1,
		.delivered = 3,
		.lost = 4,
		.throttled = 5,
		.missed = 6,
		.damaged = 7,
	};
	s.late[STREAM_FILE_OPEN] = 8;
	cpus[STREAM_FILE_OPEN * 2 + 1] = (struct event_counters){
		.generated = 14,
		.filtered = 1,
		.submitted = 4,
		.lost = 4,
		.throttled = 5,
	};
	expect(&s, false,
	       "\nstream              generated    filtered   delivered      "
	       "lost throttled    missed damaged    late\n"
	       "file.open                  20           1           3         "
	       "4         5         6       7       8\n"
	       "0 matches (0 suppressed) from 0 events in 1.0 s, "
	       "8 events late\n");
	has(&s, "\"file.open\":{\"generated\":20,\"filtered\":1,"
		"\"delivered\":3,\"lost\":4,\"throttled\":5,\"missed\":6,"
		"\"damaged\":7,\"late\":8,\"cpus\":[{\"generated\":0,"
		"\"filtered\":0,\"submitted\":0,\"lost\":0,"
		"\"throttled\":0},{\"generated\":14,\"filtered\":1,"
		"\"submitted\":4,\"lost\":4,\"throttled\":5}]}},"
		"\"hooks\":{\"sys_exit\":{\"missed\":6}},\"rows\":0,"
		"\"asked\":0,\"late\":8,");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summary__nothing_to_tell__is_one_line),
		cmocka_unit_test(summary__what_was_not_known__is_counted),
		cmocka_unit_test(summary__of_a_run__has_each_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
