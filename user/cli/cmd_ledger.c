// SPDX-License-Identifier: Apache-2.0
#include "ledger/checkpoint.h"
#include "store/store.h"
#include "store/verify.h"
#include "user/base/text.h"
#include "user/cli/cli.h"
#include "user/cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOTE_BYTES_MAX ((size_t)64 * 1024)

struct arguments {
	const char *dir;
	const char *checkpoint_path;
	const char *key_path;
	bool fail_on_loss;
};

static const struct option long_options[] = {
	{ "store", required_argument, NULL, OPTION_STORE },
	{ "checkpoint", required_argument, NULL, OPTION_CHECKPOINT },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "fail-on-loss", no_argument, NULL, OPTION_FAIL_ON_LOSS },
	{ 0 },
};

static int file_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = -1;

	out->limit = NOTE_BYTES_MAX;
	while (fd >= 0) {
		uint8_t *to = buf_reserve(out, 4096);

		n = to ? read(fd, to, 4096) : -1;
		if (n <= 0)
			break;
		out->len += (size_t)n;
	}
	if (n < 0)
		fprintf(stderr, "shrike: %s: %s\n", path,
			out->failed ? "too large" : strerror(errno));
	if (fd >= 0)
		close(fd);
	return n < 0 ? VERIFY_USAGE : VERIFY_OK;
}

/* The exit code: a verdict that nobody could read is not a good one. */
static int verdict_print(const char *dir, struct verify_report *verdict)
{
	struct buf text = BUF_INIT;
	int rc;

	if (verdict->result == VERIFY_OK || verdict->result == VERIFY_LOSS) {
		buf_printf(&text,
			   "verified: %s, %" PRIu64 " entries, %" PRIu64
			   " matches, %" PRIu64 " events lost, root ",
			   dir, verdict->entries, verdict->matches,
			   verdict->lost);
		text_hex(&text, verdict->root, sizeof(verdict->root));
		buf_putc(&text, '\n');
	}
	buf_put(&text, verdict->text.bytes, verdict->text.len);
	rc = emit(STDOUT_FILENO, &text);
	buf_release(&text);
	return rc && verdict->result == VERIFY_OK ? VERIFY_USAGE :
						    verdict->result;
}

static int verify(const struct arguments *a)
{
	struct verify_options options = { .fail_on_loss = a->fail_on_loss };
	struct buf note = BUF_INIT, key = BUF_INIT;
	struct verify_report verdict = { 0 };
	uint8_t public_key[32];
	struct err err = { 0 };
	int rc = VERIFY_OK;

	if (a->checkpoint_path)
		rc = file_read(a->checkpoint_path, &note);
	if (!rc && a->key_path)
		rc = file_read(a->key_path, &key);
	if (!rc && a->key_path) {
		if (checkpoint_vkey_parse(key.bytes, key.len, public_key,
					  &err)) {
			report(&err);
			rc = VERIFY_USAGE;
		}
		options.public_key = public_key;
	}
	if (!rc) {
		options.checkpoint =
			a->checkpoint_path ? buf_text(&note) : NULL;
		options.checkpoint_bytes = note.len;
		if (store_verify(a->dir, &options, &verdict, &err)) {
			report(&err);
			rc = VERIFY_USAGE;
		} else {
			rc = verdict_print(a->dir, &verdict);
		}
	}
	buf_release(&verdict.text);
	buf_release(&note);
	buf_release(&key);
	return rc;
}

/* The latest signed checkpoint, or the key it is signed with. */
static int print(const struct arguments *a, bool key)
{
	const struct store_options options = { .mode = STORE_READ };
	struct buf text = BUF_INIT;
	struct store *store;
	struct err err = { 0 };
	int rc = store_open(a->dir, &options, &store, &err);

	if (rc)
		return report(&err);
	rc = key ? store_vkey(store, &text, &err) :
		   store_checkpoint(store, &text, &err);
	store_close(store);
	if (rc < 0)
		rc = report(&err);
	else if (rc)
		rc = usage_error("ledger",
				 "%s has no checkpoint yet: one is "
				 "signed when a run ends",
				 a->dir);
	else
		rc = emit(STDOUT_FILENO, &text);
	buf_release(&text);
	return rc;
}

static int option_take(int c, struct arguments *a)
{
	switch (c) {
	case OPTION_STORE:
		a->dir = optarg;
		return EXIT_OK;
	case OPTION_CHECKPOINT:
		a->checkpoint_path = optarg;
		return EXIT_OK;
	case OPTION_KEY:
		a->key_path = optarg;
		return EXIT_OK;
	case OPTION_FAIL_ON_LOSS:
		a->fail_on_loss = true;
		return EXIT_OK;
	default:
		return option_wrong("ledger");
	}
}

/* To who asked for a verdict, 2 says "tampered with". */
static int usage_code(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "verify") == 0)
			return VERIFY_USAGE;
	return EXIT_USAGE;
}

int cmd_ledger(int argc, char **argv)
{
	struct arguments a = { .dir = option_default_store() };
	const char *verb;
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (option_take(c, &a))
			return usage_code(argc, argv);
	if (optind != argc - 1) {
		usage_error("ledger", "one of verify, checkpoint, key");
		return usage_code(argc, argv);
	}
	verb = argv[optind];
	if (strcmp(verb, "verify") == 0)
		return verify(&a);
	if (strcmp(verb, "checkpoint") == 0)
		return print(&a, false);
	if (strcmp(verb, "key") == 0)
		return print(&a, true);
	return usage_error("ledger",
			   "there is no '%s'; verify, checkpoint or "
			   "key",
			   verb);
}
