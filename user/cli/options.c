// SPDX-License-Identifier: Apache-2.0
#include "user/cli/options.h"

#include "user/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int option_rules(const char *command, struct rule_paths *paths,
		 const char *path)
{
	if (paths->count == OPTION_RULES_MAX)
		return usage_error(command, "-r more than %d times",
				   OPTION_RULES_MAX);
	paths->paths[paths->count++] = path;
	return EXIT_OK;
}

int option_sink(const char *command, const char *format,
		struct sink_options *ret_sink)
{
	if (strcmp(format, "text") == 0)
		ret_sink->format = SINK_TEXT;
	else if (strcmp(format, "json") == 0)
		ret_sink->format = SINK_JSON;
	else
		return usage_error(command, "unknown format '%s': text or json",
				   format);
	return EXIT_OK;
}

int option_duration(const char *command, const char *text, int64_t *ret_ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "ms", 1e6 }, { "s", 1e9 },    { "", 1e9 },
		      { "m", 60e9 }, { "h", 3600e9 }, { "d", 86400e9 } };
	char *end;
	double n;

	errno = 0;
	n = strtod(text, &end);
	for (unsigned i = 0; i < ARRAY_SIZE(units); i++) {
		if (end == text || errno || strcmp(end, units[i].unit) != 0)
			continue;
		if (!(n > 0) || n * units[i].ns > 9e18)
			break;
		*ret_ns = (int64_t)(n * units[i].ns);
		return EXIT_OK;
	}
	return usage_error(command, "'%s' is no duration: 30s, 5m, 1h", text);
}

int option_bytes(const char *command, const char *text, uint32_t *ret_bytes)
{
	unsigned long long n;
	unsigned shift = 0;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end == 'k' || *end == 'K')
		shift = 10;
	else if (*end == 'm' || *end == 'M')
		shift = 20;
	end += shift > 0;
	if (end == text || *text == '-' || errno || *end || n > 1ULL << 30 ||
	    n << shift > 1ULL << 30 || n << shift < 4096 || (n & (n - 1)) != 0)
		return usage_error(command,
				   "'%s' is no ring size: a power of two from "
				   "4K to 1024M",
				   text);
	*ret_bytes = (uint32_t)(n << shift);
	return EXIT_OK;
}

const char *option_default_store(void)
{
	return geteuid() == 0 ? "/var/lib/shrike" : "./shrike.store";
}

bool option_color(int fd)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(fd) && (!no_color || !*no_color);
}

int option_ruleset(const struct rule_paths *paths, bool quiet,
		   struct ruleset **ret_ruleset)
{
	struct ruleset *ruleset = NULL;
	struct buf text = BUF_INIT;
	struct err err = { 0 };
	int rc = ruleset_load(paths->paths, paths->count, NULL, &ruleset, &err);

	if (rc < 0)
		return report(&err);
	if (rc || (!quiet && ruleset->diagnostics->count))
		diagnostics_print(ruleset->diagnostics,
				  option_color(STDERR_FILENO), &text);
	emit(STDERR_FILENO, &text);
	buf_release(&text);
	if (rc) {
		ruleset_free(ruleset);
		return EXIT_USAGE;
	}
	*ret_ruleset = ruleset;
	return EXIT_OK;
}
