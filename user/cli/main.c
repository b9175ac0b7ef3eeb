// SPDX-License-Identifier: Apache-2.0
#include "user/cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define RULES_HELP \
	"  -r, --rules PATH     a rule file, or a folder of *.sql; repeatable\n"
#define STORE_HELP                                                                  \
	"      --store DIR      where matches are kept (default: /var/lib/shrike\n" \
	"                       as root, ./shrike.store otherwise)\n"
#define OUTPUT_HELP "  -o, --output FORMAT  text (default) or json\n"

static const struct command commands[] = {
	{ "run", "-r RULES [options]", "detect, store and print, live",
	  RULES_HELP STORE_HELP
	  "      --no-store       print matches without storing them\n" OUTPUT_HELP
	  "      --for TIME       stop by itself: 30s, 5m, 1h\n"
	  "      --record TRACE   also record what it sees\n"
	  "      --ring BYTES     size of each ring: a power of two, 8M\n"
	  "      --no-pushdown    decide everything in user space (to compare)\n"
	  "      --dry-run        compile, load and attach, then end\n"
	  "  -q, --quiet          no list of what is attached\n",
	  cmd_run },
	{ "check", "RULES...", "diagnose rules, run nothing",
	  "  -q, --quiet          no warnings\n", cmd_check },
	{ "explain", "RULES...", "what of a rule runs where, and why", "",
	  cmd_explain },
	{ "record", "-o TRACE [options]", "record events to a trace file",
	  "  -o, --output TRACE   the file to write; must not exist\n" RULES_HELP
	  "                       (then only what they could use is recorded)\n"
	  "      --streams A,B    streams to record without rules: all\n"
	  "      --for TIME       stop by itself\n"
	  "      --ring BYTES     size of each ring\n"
	  "  -q, --quiet          no list of what is attached\n",
	  cmd_record },
	{ "replay", "-r RULES [options] TRACE", "detect over a recorded trace",
	  RULES_HELP
	  "      --store DIR      keep the matches in a new store there\n" OUTPUT_HELP
	  "      --fail-on-match  exit 1 when there was a match\n"
	  "  -q, --quiet          no summary\n",
	  cmd_replay },
	{ "query", "[options] \"SQL\"", "read-only SQL over stored matches",
	  STORE_HELP "      --format FORMAT  table (default), json or csv\n"
		     "  Tables: matches, evidence, ledger.\n",
	  cmd_query },
	{ "show", "[options] MATCH", "one match with its evidence",
	  STORE_HELP OUTPUT_HELP
	  "  MATCH is a match id, or its first 8 hex digits or more.\n",
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
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

void command_help(const struct command *command)
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

int main(int argc, char **argv)
{
	const struct command *command;

	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("shrike " SHRIKE_VERSION);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		command = argc > 2 ? command_find(argv[2]) : NULL;
		if (command)
			command_help(command);
		else
			help(stdout);
		return EXIT_OK;
	}
	command = command_find(argv[1]);
	if (!command) {
		fprintf(stderr,
			"shrike: there is no command '%s'; 'shrike --help' "
			"lists them\n",
			argv[1]);
		return EXIT_USAGE;
	}
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") != 0)
			continue;
		command_help(command);
		return EXIT_OK;
	}
	return command->run(argc - 1, argv + 1);
}
