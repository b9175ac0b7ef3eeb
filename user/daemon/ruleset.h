/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule set: rule files read, compiled and named by digests.
 */
#ifndef SHRIKE_DAEMON_RULESET_H
#define SHRIKE_DAEMON_RULESET_H

#include "compiler/compiler.h"
#include "user/base/err.h"

#define RULESET_FILES_MAX 4096

struct ruleset {
	struct arena arena; /* holds everything below */
	struct compile_source *sources;
	unsigned source_count;
	struct diagnostics *diagnostics;
	struct program *program; /* NULL when a rule was rejected */
	uint8_t object_digest[PLAN_DIGEST_BYTES]; /* of the kernel object */
};

/*
 * Read and compile `paths`: files, or folders whose *.sql files are taken in
 * the order of their names. 0, or RULESET_REJECTED or RULESET_LACKING (see
 * compile()) with diagnostics to print (the rule set must be released all the
 * same), or a negative errno. `options` may be NULL.
 */
enum ruleset_outcome {
	RULESET_OK = 0,
	RULESET_REJECTED = 1,
	RULESET_LACKING = 2
};
int ruleset_load(const char *const *paths, unsigned path_count,
		 const struct compile_options *options,
		 struct ruleset **ret_ruleset, struct err *err);
struct ruleset *ruleset_free(struct ruleset *ruleset);

#endif
