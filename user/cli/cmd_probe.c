// SPDX-License-Identifier: Apache-2.0
#include "user/cli/cli.h"
#include "user/cli/options.h"
#include "user/collect/probe.h"

#include "user/base/catalog.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const struct option long_options[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ "output", required_argument, NULL, 'o' },
	{ 0 },
};

/* What is asked of the kernel itself. */
struct offer_line {
	const char *name;
	bool there;
	const char *lacking; /* what follows when it is not there */
};

#define OFFER_LINES 5

static void offer_lines(const struct probe *probe,
			struct offer_line ret_lines[OFFER_LINES])
{
	const struct kernel_offer *offer = &probe->offer;
	const struct offer_line lines[OFFER_LINES] = {
		{ "load programs", probe->may_load,
		  "run as root, or with CAP_BPF and CAP_PERFMON" },
		{ "security hooks", offer->lsm,
		  "bpf is not in /sys/kernel/security/lsm (lsm=...,bpf), or refused" },
		{ "cgroup v2", offer->cgroup_fd >= 0,
		  "no cgroup2 file system is mounted" },
		{ "io_uring requests",
		  kernel_tracepoint(offer, "io_uring_submit_req") ||
			  kernel_tracepoint(offer, "io_uring_submit_sqe"),
		  "files and sockets that io_uring opens are not seen" },
		{ "RCU in iterators",
		  kernel_has_function(offer, "bpf_rcu_read_lock"),
		  "before 6.2: paths of processes at start may be cut" },
	};

	memcpy(ret_lines, lines, sizeof(lines));
}

/* --- text ------------------------------------------------------------------*/

static void stream_text(const struct probe *probe, enum stream_id id,
			struct buf *out)
{
	struct probe_stream stream;
	const char *comma = "";

	probe_stream(probe, id, &stream);
	buf_printf(out, "  %-18s ", catalog_stream(id)->name);
	if (!stream.by_kernel) {
		buf_puts(out, "user space\n");
		return;
	}
	if (!stream.served)
		buf_puts(out, "not here: ");
	for (unsigned i = 0; i < stream.source_count; i++) {
		const struct probe_source *source = &stream.sources[i];

		/* What is not there and does not matter. */
		if (!source->there && source->optional && !stream.served)
			continue;
		buf_printf(out, "%s%s%s", comma,
			   source->there ? "" : "without ", source->name);
		comma = ", ";
	}
	if (!stream.source_count)
		buf_puts(out, "this version does not collect it");
	buf_putc(out, '\n');
}

static void rule_text(const struct probe *probe, const struct plan_rule *rule,
		      struct buf *out)
{
	for (unsigned i = 0; i < rule->input_count; i++) {
		struct probe_stream stream;
		const char *name;

		if (rule->input_rules[i])
			continue;
		probe_stream(probe, rule->input_streams[i], &stream);
		name = catalog_stream(rule->input_streams[i])->name;
		if (!stream.served)
			buf_printf(out, "  %s: cannot run here, for %s\n",
				   rule->name, name);
		for (unsigned k = 0; stream.served && k < stream.source_count;
		     k++)
			if (!stream.sources[k].there)
				buf_printf(out, "  %s: %s without %s\n",
					   rule->name, name,
					   stream.sources[k].name);
	}
}

static void probe_text(const struct probe *probe, const struct plan *plan,
		       struct buf *out)
{
	struct offer_line lines[OFFER_LINES];
	struct utsname name;
	size_t before;

	uname(&name);
	buf_printf(out, "%s %s, %s\n", name.sysname, name.release,
		   name.machine);
	offer_lines(probe, lines);
	for (unsigned i = 0; i < OFFER_LINES; i++)
		buf_printf(out, "  %-18s %s%s\n", lines[i].name,
			   lines[i].there ? "yes" : "no: ",
			   lines[i].there ? "" : lines[i].lacking);
	buf_puts(out, "\nstreams\n");
	for (unsigned i = 0; i < STREAM_VISIBLE_COUNT; i++)
		stream_text(probe, i, out);
	if (!plan)
		return;
	buf_puts(out, "\nrules\n");
	before = out->len;
	for (unsigned i = 0; i < plan->rule_count; i++)
		rule_text(probe, &plan->rules[i], out);
	if (out->len == before)
		buf_printf(out, "  all %u lose nothing here\n",
			   plan->rule_count);
}

/* --- JSON ------------------------------------------------------------------*/

static void string_json(struct buf *out, const char *text)
{
	sink_json_text(out, text, strlen(text));
}

static void key_json(struct buf *out, const char *comma, const char *key)
{
	buf_puts(out, comma);
	string_json(out, key);
	buf_putc(out, ':');
}

static const char *bool_json(bool b)
{
	return b ? "true" : "false";
}

static void stream_json(const struct probe *probe, enum stream_id id,
			struct buf *out)
{
	struct probe_stream stream;

	probe_stream(probe, id, &stream);
	key_json(out, id ? "," : "", catalog_stream(id)->name);
	buf_printf(out, "{\"kernel\":%s,\"served\":%s,\"sources\":[",
		   bool_json(stream.by_kernel), bool_json(stream.served));
	for (unsigned i = 0; i < stream.source_count; i++) {
		const struct probe_source *source = &stream.sources[i];

		key_json(out, i ? ",{" : "{", "name");
		string_json(out, source->name);
		buf_printf(out, ",\"there\":%s,\"optional\":%s}",
			   bool_json(source->there),
			   bool_json(source->optional));
	}
	buf_puts(out, "]}");
}

static void rule_json(const struct probe *probe, const struct plan_rule *rule,
		      bool first, struct buf *out)
{
	const char *comma = "";
	bool runs = true;

	key_json(out, first ? "" : ",", rule->name);
	buf_puts(out, "{\"lacks\":[");
	for (unsigned i = 0; i < rule->input_count; i++) {
		struct probe_stream stream;

		if (rule->input_rules[i])
			continue;
		probe_stream(probe, rule->input_streams[i], &stream);
		runs &= stream.served;
		for (unsigned k = 0; k < stream.source_count; k++) {
			if (stream.sources[k].there)
				continue;
			buf_puts(out, comma);
			string_json(out, stream.sources[k].name);
			comma = ",";
		}
	}
	buf_printf(out, "],\"runs\":%s}", bool_json(runs));
}

static void probe_json(const struct probe *probe, const struct plan *plan,
		       struct buf *out)
{
	struct offer_line lines[OFFER_LINES];
	struct utsname name;

	uname(&name);
	buf_puts(out, "{\"release\":");
	string_json(out, name.release);
	buf_puts(out, ",\"machine\":");
	string_json(out, name.machine);
	buf_puts(out, ",\"kernel\":{");
	offer_lines(probe, lines);
	for (unsigned i = 0; i < OFFER_LINES; i++) {
		key_json(out, i ? "," : "", lines[i].name);
		buf_puts(out, bool_json(lines[i].there));
	}
	buf_puts(out, "},\"streams\":{");
	for (unsigned i = 0; i < STREAM_VISIBLE_COUNT; i++)
		stream_json(probe, i, out);
	buf_puts(out, "}");
	if (plan) {
		buf_puts(out, ",\"rules\":{");
		for (unsigned i = 0; i < plan->rule_count; i++)
			rule_json(probe, &plan->rules[i], i == 0, out);
		buf_puts(out, "}");
	}
	buf_puts(out, "}\n");
}

/* EXIT_FINDINGS when a rule cannot run here. */
static int rules_verdict(const struct probe *probe, const struct plan *plan)
{
	for (unsigned i = 0; plan && i < plan->rule_count; i++)
		for (unsigned k = 0; k < plan->rules[i].input_count; k++) {
			struct probe_stream stream;

			if (plan->rules[i].input_rules[k])
				continue;
			probe_stream(probe, plan->rules[i].input_streams[k],
				     &stream);
			if (!stream.served)
				return EXIT_FINDINGS;
		}
	return EXIT_OK;
}

static int probe_show(const struct ruleset *ruleset, bool json)
{
	const struct plan *plan = ruleset ? ruleset->program->plan : NULL;
	struct buf out = BUF_INIT;
	struct err err = { 0 };
	struct probe probe;
	int rc = probe_read(&probe, &err);

	if (rc)
		return report(&err);
	if (json)
		probe_json(&probe, plan, &out);
	else
		probe_text(&probe, plan, &out);
	rc = emit(STDOUT_FILENO, &out);
	if (!rc)
		rc = rules_verdict(&probe, plan);
	buf_release(&out);
	probe_release(&probe);
	return rc;
}

int cmd_probe(int argc, char **argv)
{
	struct rule_paths rules = { .count = 0 };
	struct ruleset *ruleset = NULL;
	struct sink_options sink = { 0 };
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "r:o:", long_options, NULL)) != -1)
		if (c == 'r')
			rc = option_rules("probe", &rules, optarg);
		else if (c == 'o')
			rc = option_sink("probe", optarg, &sink);
		else
			rc = option_wrong("probe");
	if (rc)
		return rc;
	if (optind < argc)
		return usage_error("probe",
				   "'%s' is no option; rules follow -r",
				   argv[optind]);
	if (rules.count)
		rc = option_ruleset(&rules, true, &ruleset);
	if (rc)
		return rc;
	rc = probe_show(ruleset, sink.format == SINK_JSON);
	ruleset_free(ruleset);
	return rc;
}
