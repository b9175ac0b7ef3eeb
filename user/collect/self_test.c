// SPDX-License-Identifier: Apache-2.0
/*
 * Do hooks fire, or are they only attached? A child does something for each
 * stream: a stream that has counted no event then never will. What the child and
 * its children did is not handed to anybody.
 */
#include "user/collect/collect_int.h"

#include "user/base/catalog.h"
#include "user/collect/self_test_deeds.h"

#include <errno.h>
#include <string.h>

static int events_check(struct collector *collector, uint64_t streams,
			struct err *err)
{
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++) {
		struct collect_counters counters;
		int rc;

		if (!(streams & HANDLER_STREAM(s)))
			continue;
		rc = collector_counters(collector, s, &counters, err);
		if (rc)
			return rc;
		if (!counters.generated)
			return err_set(err, ERR_MACHINE, -ENODATA,
				       "the hook of %s is attached, but this "
				       "kernel does not call it",
				       catalog_stream(s)->name);
	}
	return 0;
}

int collector_self_test(struct collector *collector, const char *const argv[],
			struct err *err)
{
	struct self_test_result result;
	pid_t pid;
	int rc = self_test_deeds(collector->streams, argv, &result, &pid);

	if (rc)
		return err_set(err, ERR_MACHINE, rc,
			       "cannot start the self-test: %s", strerror(-rc));
	collector->tester_pid = (uint32_t)pid;
	collector->tester_until_ns = (uint64_t)collect_now_ns();
	if (result.exec_errno)
		return err_set(err, ERR_MACHINE, -result.exec_errno,
			       "cannot run %s: %s", argv[0],
			       strerror(result.exec_errno));
	return events_check(collector, result.done, err);
}
