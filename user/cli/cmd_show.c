// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"
#include "user/cli/cli.h"
#include "user/cli/options.h"
#include "user/event/codec.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ID_BYTES_MIN 4
#define SHOW_ARENA_BYTES ((size_t)64 * 1024 * 1024)

static const struct option long_options[] = {
	{ "store", required_argument, NULL, OPTION_STORE },
	{ "output", required_argument, NULL, 'o' },
	{ 0 },
};

/* An even number of hex digits. */
static int id_parse(const char *text, uint8_t ret_id[16], size_t *ret_bytes)
{
	size_t len = strlen(text);

	if (len % 2 || len / 2 < ID_BYTES_MIN || len / 2 > 16 ||
	    strspn(text, "0123456789abcdefABCDEF") != len)
		return usage_error("show",
				   "'%s' is no match id: 32 hex digits, or an "
				   "even number of its first ones, at least 8",
				   text);
	for (size_t i = 0; i < len / 2; i++) {
		unsigned byte;

		sscanf(text + 2 * i, "%2x", &byte);
		ret_id[i] = (uint8_t)byte;
	}
	*ret_bytes = len / 2;
	return EXIT_OK;
}

static int match_print(const struct buf *payload, uint64_t seq,
		       const struct sink_options *sink)
{
	struct buf text = BUF_INIT;
	struct err err = { 0 };
	struct match_doc *doc;
	struct arena arena;
	int rc;

	arena_init(&arena, SHOW_ARENA_BYTES);
	rc = match_decode(payload->bytes, payload->len, &arena, &doc, &err);
	if (rc) {
		rc = report(&err);
	} else {
		sink_match(sink, doc, seq, &text);
		rc = emit(STDOUT_FILENO, &text);
	}
	arena_release(&arena);
	buf_release(&text);
	return rc;
}

static int show(const char *dir, const uint8_t *id, size_t id_bytes,
		const struct sink_options *sink)
{
	const struct store_options options = { .mode = STORE_READ };
	struct buf payload = BUF_INIT;
	struct store *store;
	struct err err = { 0 };
	uint64_t seq;
	int rc = store_open(dir, &options, &store, &err);

	if (rc)
		return report(&err);
	rc = store_match(store, id, id_bytes, &payload, &seq, &err);
	store_close(store);
	if (rc < 0)
		rc = report(&err);
	else if (rc)
		rc = usage_error("show",
				 rc == 1 ? "there is no such match in %s" :
					   "more than one match in %s "
					   "begins so: give more digits",
				 dir);
	else
		rc = match_print(&payload, seq, sink);
	buf_release(&payload);
	return rc;
}

int cmd_show(int argc, char **argv)
{
	struct sink_options sink = { .color = option_color(STDOUT_FILENO) };
	const char *dir = option_default_store();
	uint8_t id[16];
	size_t id_bytes = 0;
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "o:", long_options, NULL)) != -1) {
		if (c == OPTION_STORE)
			dir = optarg;
		else if (c == 'o')
			rc = option_sink("show", optarg, &sink);
		else
			rc = option_wrong("show");
	}
	if (!rc && optind != argc - 1)
		rc = usage_error("show", "one match id is needed");
	if (!rc)
		rc = id_parse(argv[optind], id, &id_bytes);
	return rc ? rc : show(dir, id, id_bytes, &sink);
}
