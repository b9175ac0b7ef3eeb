/* SPDX-License-Identifier: Apache-2.0 */
/* What several commands read from their command lines. */
#ifndef SHRIKE_CLI_OPTIONS_H
#define SHRIKE_CLI_OPTIONS_H

#include "user/daemon/ruleset.h"
#include "user/logs/logs.h"
#include "user/sink/sink.h"

#include <getopt.h>

#define OPTION_RULES_MAX 256

/* Long options without a letter. */
enum option_id {
	OPTION_STORE = 256,
	OPTION_FOR,
	OPTION_RECORD,
	OPTION_NO_PUSHDOWN,
	OPTION_RING,
	OPTION_DRY_RUN,
	OPTION_STREAMS,
	OPTION_FORMAT,
	OPTION_FAIL_ON_MATCH,
	OPTION_FAIL_ON_LOSS,
	OPTION_CHECKPOINT,
	OPTION_KEY,
	OPTION_NO_STORE,
	OPTION_DUMP,
	OPTION_LOG_FILE,
	OPTION_LOG_JOURNAL,
	OPTION_HOST_ROOT,
	OPTION_THROTTLE,
	OPTION_STRICT,
};

struct rule_paths {
	const char *paths[OPTION_RULES_MAX];
	unsigned count;
};

/* EXIT_OK, or EXIT_USAGE after it has said why. */
int option_rules(const char *command, struct rule_paths *paths,
		 const char *path);
int option_sink(const char *command, const char *format,
		struct sink_options *ret_sink);
int option_duration(const char *command, const char *text, int64_t *ret_ns);
int option_bytes(const char *command, const char *text, uint32_t *ret_bytes);
/* Events a second, 0: no limit. */
int option_rate(const char *command, const char *text, uint32_t *ret_rate);

/* --log-file and --log-journal, c says which. */
int option_logs(const char *command, int c, const char *path,
		struct logs_options *ret_logs);

/* /var/lib/shrike for root, ./shrike.store for others. */
const char *option_default_store(void);

/* Colours: only on a terminal, and not with NO_COLOR. */
bool option_color(int fd);

/*
 * Load rules and print their diagnostics to standard error. EXIT_OK with a rule
 * set to release, or an exit code.
 */
int option_ruleset(const struct rule_paths *paths, bool quiet,
		   struct ruleset **ret_ruleset);

/* The same for the commands that show what compiling gives. */
struct show_options {
	bool quiet;	  /* no warnings */
	bool json;	  /* diagnostics as JSON to standard output */
	const char *dump; /* a pass, to standard output; NULL: none */
};
int option_ruleset_show(const struct rule_paths *paths,
			const struct show_options *show,
			struct ruleset **ret_ruleset);

/*
 * The same for this machine to run: rules that read what it lacks are left out,
 * with a warning that -q does not silence; `strict`: EXIT_MACHINE instead, as
 * when none is left.
 */
int option_ruleset_here(const struct rule_paths *paths, bool quiet, bool strict,
			struct ruleset **ret_ruleset);

/* --dump PASS: EXIT_OK, or EXIT_USAGE after it has named the passes. */
int option_dump(const char *command, const char *pass,
		struct show_options *ret_show);

#endif
