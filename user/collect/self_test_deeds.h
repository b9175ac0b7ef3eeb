/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the self-test does so that each stream has an event: in children of its
 * own, in namespaces of their own where something could be changed.
 */
#ifndef SHRIKE_COLLECT_SELF_TEST_DEEDS_H
#define SHRIKE_COLLECT_SELF_TEST_DEEDS_H

#include <stdint.h>
#include <sys/types.h>

struct self_test_result {
	uint64_t done;	/* HANDLER_STREAM() of those that must have an event */
	int exec_errno; /* why the program could not be run; 0: it was */
};

/*
 * For each stream of the mask `streams` that something harmless can be done for;
 * `argv` is the program to run. Returns 0 and the pid of the child, which is
 * gone and whose children did it all, or a negative errno.
 */
int self_test_deeds(uint64_t streams, const char *const argv[],
		    struct self_test_result *ret_result, pid_t *ret_pid);

#endif
