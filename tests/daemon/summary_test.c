// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/daemon/summary.h"

static void expect(const struct summary *summary, bool json, const char *text)
{
	struct buf out = BUF_INIT;

	summary_print(summary, json, &out);
	assert_string_equal(buf_text(&out), text);
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
	expect(&s, false,
	       "0 matches (0 suppressed) from 0 events in 2.0 s, "
	       "12 rules left out (this kernel lacks what they read), "
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
	       "\"late\":0,\"held\":0,\"matches\":0,\"suppressed\":0,"
	       "\"evicted\":0,\"forgotten\":2,\"containers_forgotten\":8,"
	       "\"containers_unnamed\":9,\"containers_refused\":10,"
	       "\"cgroups_unseen\":11,\"unsampled\":3,\"unhashed\":1,"
	       "\"cut\":4,\"unparsed\":5,\"ambiguous\":6,\"unread\":7,"
	       "\"left_out\":12,\"commits\":0}}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summary__nothing_to_tell__is_one_line),
		cmocka_unit_test(summary__what_was_not_known__is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
