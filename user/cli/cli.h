/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands. Each is one file, cmd_<name>.c; main.c holds the table.
 */
#ifndef SHRIKE_CLI_CLI_H
#define SHRIKE_CLI_CLI_H

#include "user/base/buf.h"
#include "user/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum exit_code {
	EXIT_OK = 0,
	EXIT_FINDINGS = 1,   /* --fail-on-match, or an expectation failed */
	EXIT_USAGE = 2,	     /* usage or rule error */
	EXIT_MACHINE = 3,    /* this machine cannot do it */
	EXIT_INCOMPLETE = 4, /* loss, or a damaged trace */
	EXIT_INPUT = 5,	     /* a store or an input file cannot be used */
	EXIT_INTERNAL = 70,  /* a defect of ours, or no memory */
};

struct command {
	const char *name;
	const char *usage; /* what follows the name */
	const char *summary;
	const char *help; /* options, one a line */
	int (*run)(int argc, char **argv);
};

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_ledger(int argc, char **argv);
int cmd_streams(int argc, char **argv);
int cmd_probe(int argc, char **argv);

/* Print "shrike: text" and return the exit code of the error. */
int report(const struct err *err);

/* "shrike <command>: text", a hint at --help; returns EXIT_USAGE. */
int usage_error(const char *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* After getopt has said what is wrong: the same hint; returns EXIT_USAGE. */
int option_wrong(const char *command);

/*
 * Write all of it to a descriptor; EXIT_OK or an exit code after it has said
 * why. A reader that went away, as `| head` does, is not worth a message.
 */
int emit(int fd, struct buf *text);

#endif
