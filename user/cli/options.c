// SPDX-License-Identifier: Apache-2.0
#include "user/cli/options.h"

#include "user/cli/cli.h"
#include "user/collect/probe.h"

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

int option_logs(const char *command, int c, const char *path,
		struct logs_options *ret_logs)
{
	if (c == OPTION_LOG_JOURNAL) {
		ret_logs->journal = path;
		return EXIT_OK;
	}
	if (ret_logs->file_count == LOGS_FILES_MAX)
		return usage_error(command, "--log-file more than %u times",
				   LOGS_FILES_MAX);
	ret_logs->files[ret_logs->file_count++] = path;
	return EXIT_OK;
}

int option_rate(const char *command, const char *text, uint32_t *ret_rate)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (end == text || *text == '-' || errno || *end || n > 1000000000)
		return usage_error(command,
				   "'%s' is no number of events a second, from "
				   "0 (no limit) to 1000000000",
				   text);
	*ret_rate = (uint32_t)n;
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

int option_dump(const char *command, const char *pass,
		struct show_options *ret_show)
{
	struct buf names = BUF_INIT;
	int rc = EXIT_OK;

	if (compile_pass_known(pass)) {
		ret_show->dump = pass;
	} else {
		compile_pass_names(&names);
		rc = usage_error(command, "no pass '%s': one of %s", pass,
				 buf_text(&names));
		buf_release(&names);
	}
	return rc;
}

static int print_diagnostics(const struct diagnostics *diagnostics, bool json)
{
	struct buf text = BUF_INIT;
	int rc;

	if (json)
		diagnostics_json(diagnostics, &text);
	else
		diagnostics_print(diagnostics, option_color(STDERR_FILENO),
				  &text);
	rc = emit(json ? STDOUT_FILENO : STDERR_FILENO, &text);
	buf_release(&text);
	return json ? rc : EXIT_OK;
}

/* Compiles and prints. EXIT_OK with a rule set, or an exit code. */
static int ruleset_open(const struct rule_paths *paths,
			const struct show_options *show,
			const struct compile_options *options,
			struct ruleset **ret_ruleset)
{
	struct ruleset *ruleset = NULL;
	struct err err = { 0 };
	int rc = ruleset_load(paths->paths, paths->count, options, &ruleset,
			      &err);
	int printed = EXIT_OK;

	if (rc < 0)
		return report(&err);
	if (show->dump)
		printed = emit(STDOUT_FILENO, options->out);
	if (!printed && (rc || show->json || ruleset->program->left_out_count ||
			 (!show->quiet && ruleset->diagnostics->count)))
		printed = print_diagnostics(ruleset->diagnostics, show->json);
	if (rc || printed) {
		ruleset_free(ruleset);
		return printed		     ? printed :
		       rc == RULESET_LACKING ? EXIT_MACHINE :
					       EXIT_USAGE;
	}
	*ret_ruleset = ruleset;
	return EXIT_OK;
}

int option_ruleset_show(const struct rule_paths *paths,
			const struct show_options *show,
			struct ruleset **ret_ruleset)
{
	struct buf dumped = BUF_INIT;
	const struct compile_options options = { .dump = show->dump,
						 .out = &dumped };
	int rc = ruleset_open(paths, show, &options, ret_ruleset);

	buf_release(&dumped);
	return rc;
}

/*
 * By stream, what lies in `texts`, each behind a NUL. Where nothing can be said
 * of the machine nothing is left out: the collector tells why it cannot start.
 */
static int lacks_read(struct buf *texts, const char *ret_lacks[STREAM_COUNT],
		      struct err *err)
{
	size_t at[STREAM_COUNT];
	struct probe probe;

	if (probe_read(&probe, err)) {
		*err = (struct err){ 0 };
		return 0;
	}
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		struct probe_stream stream;

		probe_stream(&probe, i, &stream);
		at[i] = texts->len;
		probe_lacks(&stream, texts);
		buf_putc(texts, 0);
	}
	probe_release(&probe);
	if (texts->failed)
		return err_nomem(err);
	for (unsigned i = 0; i < STREAM_COUNT; i++)
		if (texts->bytes[at[i]])
			ret_lacks[i] = (const char *)texts->bytes + at[i];
	return 0;
}

int option_ruleset_here(const struct rule_paths *paths, bool quiet, bool strict,
			struct ruleset **ret_ruleset)
{
	const struct show_options show = { .quiet = quiet };
	const char *lacks[STREAM_COUNT] = { NULL };
	const struct compile_options options = { .lacks = lacks,
						 .strict = strict };
	struct buf texts = BUF_INIT;
	struct err err = { 0 };
	int rc = lacks_read(&texts, lacks, &err);

	if (rc)
		rc = report(&err);
	else
		rc = ruleset_open(paths, &show, &options, ret_ruleset);
	buf_release(&texts);
	return rc;
}

int option_ruleset(const struct rule_paths *paths, bool quiet,
		   struct ruleset **ret_ruleset)
{
	const struct show_options show = { .quiet = quiet };

	return option_ruleset_show(paths, &show, ret_ruleset);
}
