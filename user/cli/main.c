// SPDX-License-Identifier: Apache-2.0
#include "user/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RULES_HELP \
	"  -r, --rules PATH     a rule file, or a folder of *.sql; repeatable\n"
#define STORE_HELP                                                                  \
	"      --store DIR      where matches are kept (default: /var/lib/shrike\n" \
	"                       as root, ./shrike.store otherwise)\n"
#define DUMP_HELP                                                               \
	"      --dump PASS      what a pass of the compiler made: lex, parse, " \
	"expand,\n"                                                             \
	"                       bind, type, fold, plan, bounds, share, "        \
	"pushdown,\n"                                                           \
	"                       kernel-ir, regalloc, ebpf, subscriptions, "     \
	"tasks\n"
#define LOGS_HELP                                                                \
	"      --log-file FILE  read the security streams from it; repeatable\n" \
	"      --log-journal DIR\n"                                              \
	"                       and from the journal files there\n"
#define OUTPUT_HELP "  -o, --output FORMAT  text (default) or json\n"

static const struct command commands[] = {
	{ "run", "-r RULES [options]", "detect, store and print, live",
	  RULES_HELP STORE_HELP
	  "      --no-store       print matches without storing them\n" OUTPUT_HELP
	  "      --for TIME       stop by itself: 30s, 5m, 1h\n"
	  "      --record TRACE   also record what it sees\n" LOGS_HELP
	  "      --ring BYTES     size of each ring, a power of two (8M)\n"
	  "      --host-root DIR  where the host's files are, of a sensor in a\n"
	  "                       container\n"
	  "      --throttle N     events a second of one stream that one cgroup\n"
	  "                       may send (1000000); 0: no limit\n"
	  "      --strict         rather do not start than leave out a rule that\n"
	  "                       this machine cannot run\n"
	  "      --no-pushdown    decide everything in user space (to compare)\n"
	  "      --dry-run        compile, load and attach, then end\n"
	  "  -q, --quiet          no list of what is attached\n",
	  cmd_run },
	{ "check", "RULES...", "diagnose rules, run nothing",
	  RULES_HELP
	  "      --format FORMAT  text (default) or json, for editors\n" DUMP_HELP
	  "  -q, --quiet          no warnings\n",
	  cmd_check },
	{ "explain", "RULES...", "what of a rule runs where, and why",
	  RULES_HELP DUMP_HELP, cmd_explain },
	{ "compile", "-r RULES -o DIR", "write what compiling gives as files",
	  RULES_HELP
	  "  -o, --output DIR     the folder; made when it is not there: "
	  "rules.bpf.o,\n"
	  "                       plan.txt, subscriptions.txt, tasks.pb, "
	  "tasks.txt\n" DUMP_HELP,
	  cmd_compile },
	{ "record", "-o TRACE [options]", "record events to a trace file",
	  "  -o, --output TRACE   the file to write; must not exist\n" RULES_HELP
	  "                       (then only what they could use is recorded)\n"
	  "      --streams A,B    streams to record without rules: all\n"
	  "      --for TIME       stop by itself\n" LOGS_HELP
	  "      --ring BYTES     size of each ring\n"
	  "      --host-root DIR  where the host's files are\n"
	  "      --throttle N     as for run\n"
	  "      --strict         as for run\n"
	  "  -q, --quiet          no list of what is attached\n",
	  cmd_record },
	{ "replay", "-r RULES [options] TRACE", "detect over a recorded trace",
	  RULES_HELP
	  "      --store DIR      keep the matches in a new store there\n" OUTPUT_HELP
	  "      --fail-on-match  exit 1 when there was a match\n"
	  "  -q, --quiet          no summary\n",
	  cmd_replay },
	{ "query", "[options] \"SQL\"", "read-only SQL over stored matches",
	  STORE_HELP
	  "      --format FORMAT  table (default), json or csv\n"
	  "  Tables: matches (match_id, rule, ts, severity, host, "
	  "...), evidence (the events\n"
	  "  of each match: match_id, n, stream, ts, pid, exe, ...), "
	  "ledger.\n"
	  "  SELECT * FROM matches LIMIT 1 shows all columns.\n",
	  cmd_query },
	{ "show", "[options] MATCH", "one match with its evidence",
	  STORE_HELP OUTPUT_HELP
	  "  MATCH is a match id, or the first 8, 10, 12, ... digits of it.\n",
	  cmd_show },
	{ "ledger", "verify|checkpoint|key [options]",
	  "verify the ledger, or print its signed checkpoint",
	  STORE_HELP
	  "      --checkpoint F   verify: a checkpoint you kept elsewhere\n"
	  "      --key F          verify: the verifier key to trust\n"
	  "      --fail-on-loss   verify: exit 7 when events were lost\n"
	  "  Exit codes of verify: 0 verified, 1 usage or I/O, 2 tampered,\n"
	  "  3 signature or policy, 5 truncated, rolled back or forked,\n"
	  "  6 store unreadable, 7 recorded loss.\n",
	  cmd_ledger },
	{ "streams", "[NAME]", "the catalog of streams and columns",
	  "      --format FORMAT  text (default) or markdown\n", cmd_streams },
	{ "probe", "[options]", "what this machine can collect, and what not",
	  "  -r, --rules PATH     also say what these rules would lose here\n" OUTPUT_HELP,
	  cmd_probe },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void command_help(const struct command *command)
{
	printf("usage: shrike %s %s\n\n%s.\n", command->name, command->usage,
	       command->summary);
	if (*command->help)
		printf("\n%s", command->help);
}

static void help(FILE *out)
{
	fprintf(out, "usage: shrike COMMAND [options]\n\n"
		     "A Linux endpoint detector: SQL rules over kernel events, "
		     "stored with evidence.\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name,
			commands[i].summary);
	fprintf(out, "\n'shrike COMMAND --help' says more; --version the "
		     "version.\n");
}

static int unknown_command(const char *name)
{
	fprintf(stderr,
		"shrike: there is no command '%s'; 'shrike --help' "
		"lists them\n",
		name);
	return EXIT_USAGE;
}

/* shrike --help [COMMAND] */
static int help_of(const char *name)
{
	const struct command *command = name ? command_find(name) : NULL;

	if (name && !command)
		return unknown_command(name);
	if (command)
		command_help(command);
	else
		help(stdout);
	return EXIT_OK;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int command_run(const struct command *command, int argc, char **argv)
{
	char name[32];

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!is_help(argv[i]))
			continue;
		command_help(command);
		return EXIT_OK;
	}
	/* getopt begins its messages with it. */
	snprintf(name, sizeof(name), "shrike %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

/*
 * A descriptor that the caller closed would go to the next file that is opened,
 * and what is printed into that file. Reading from and writing to what stands
 * in for the first two fails; messages that nobody wants go nowhere.
 */
static int take_descriptors(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_WRONLY };

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
			return EXIT_MACHINE;
	return EXIT_OK;
}

/* What stdio still holds; lost output is an error of its own. */
static int flush(int rc)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return rc;
	if (errno != EPIPE)
		fprintf(stderr, "shrike: cannot write: %s\n", strerror(errno));
	return rc ? rc : EXIT_INPUT;
}

int main(int argc, char **argv)
{
	const struct command *command;

	signal(SIGPIPE, SIG_IGN);
	if (take_descriptors())
		return EXIT_MACHINE;
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("shrike " SHRIKE_VERSION);
		return flush(EXIT_OK);
	}
	if (is_help(argv[1]) || strcmp(argv[1], "help") == 0)
		return flush(help_of(argc > 2 ? argv[2] : NULL));
	command = command_find(argv[1]);
	if (!command)
		return unknown_command(argv[1]);
	return flush(command_run(command, argc - 1, argv + 1));
}
