// SPDX-License-Identifier: Apache-2.0
/*
 * Executes a program an exact number of times, waits for each, and prints how
 * many succeeded.
 *
 *   load_exec --count N [--rate R] --program PATH
 */
#include "pace.h"

#include <getopt.h>
#include <inttypes.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static void exec_once(const char *program)
{
	char *argv[] = { (char *)program, NULL };
	pid_t pid;
	int status;

	errno = posix_spawn(&pid, program, NULL, NULL, argv, environ);
	if (errno)
		fail("posix_spawn");
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "load_exec: %s failed\n", program);
		exit(1);
	}
}

static const struct option OPTIONS[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "rate", required_argument, NULL, 'r' },
	{ "program", required_argument, NULL, 'p' },
	{ NULL, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
	const char *program = NULL;
	uint64_t count = 0;
	uint64_t rate = 0;
	struct pace pace;
	int option;

	while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		if (option == 'n')
			count = parse_number(optarg, "--count");
		else if (option == 'r')
			rate = parse_number(optarg, "--rate");
		else if (option == 'p')
			program = optarg;
		else
			return 2;
	}
	if (optind != argc || !count || !program) {
		fprintf(stderr, "load_exec: bad arguments\n");
		return 2;
	}
	pace_start(&pace, rate);
	for (uint64_t i = 0; i < count; i++) {
		pace_wait(&pace, i);
		exec_once(program);
	}
	printf("{\"execs\":%" PRIu64 ",\"seconds\":%.3f}\n", count,
	       pace_seconds(&pace));
	return 0;
}
