// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/ruleset.h"

#include "ledger/hash.h"
#include "user/base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The whole file, at most one byte over what a rule file may have. */
static int file_read(int fd, const char *path, struct buf *text,
		     struct err *err)
{
	for (;;) {
		uint8_t *to = buf_reserve(text, 64 * 1024);
		ssize_t n;

		if (!to)
			return err_nomem(err);
		n = read(fd, to, 64 * 1024);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_USAGE, -errno, "%s: %s", path,
				       strerror(errno));
		if (n == 0)
			return 0;
		text->len += (size_t)n;
		if (text->len > COMPILE_FILE_BYTES_MAX)
			return err_set(err, ERR_USAGE, -EFBIG,
				       "%s: larger than %zu MiB, the most a "
				       "rule file may have",
				       path, COMPILE_FILE_BYTES_MAX >> 20);
	}
}

static int source_read(struct ruleset *ruleset, const char *path, int fd,
		       struct err *err)
{
	struct compile_source *source =
		&ruleset->sources[ruleset->source_count];
	struct buf text = BUF_INIT;
	int rc;

	if (ruleset->source_count == RULESET_FILES_MAX)
		return err_set(err, ERR_USAGE, -E2BIG,
			       "more than %d rule files", RULESET_FILES_MAX);
	rc = file_read(fd, path, &text, err);
	if (!rc) {
		source->name = arena_copy(&ruleset->arena, path, strlen(path));
		source->text =
			arena_copy(&ruleset->arena, text.bytes, text.len);
		source->len = text.len;
		if (!source->name || !source->text)
			rc = err_nomem(err);
		ruleset->source_count++;
	}
	buf_release(&text);
	return rc;
}

static int file_add(struct ruleset *ruleset, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc;

	if (fd < 0)
		return err_set(err, ERR_USAGE, -errno, "%s: %s", path,
			       strerror(errno));
	rc = source_read(ruleset, path, fd, err);
	close(fd);
	return rc;
}

static int is_rule_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 4 &&
	       strcmp(entry->d_name + len - 4, ".sql") == 0;
}

static int folder_add(struct ruleset *ruleset, const char *path,
		      struct err *err)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_rule_file, alphasort), rc = 0;

	if (n < 0)
		return err_set(err, ERR_USAGE, -errno, "%s: %s", path,
			       strerror(errno));
	if (n == 0)
		rc = err_set(err, ERR_USAGE, -ENOENT,
			     "%s: no rule files (*.sql) in this folder", path);
	for (int i = 0; i < n; i++) {
		const char *full = arena_printf(&ruleset->arena, "%s/%s", path,
						entries[i]->d_name);

		if (!rc)
			rc = full ? file_add(ruleset, full, err) :
				    err_nomem(err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static int path_add(struct ruleset *ruleset, const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, ERR_USAGE, -errno, "%s: %s", path,
			       strerror(errno));
	return S_ISDIR(st.st_mode) ? folder_add(ruleset, path, err) :
				     file_add(ruleset, path, err);
}

/* A node's saved state is named by its rule and its place in the tree. */
static void node_digests(struct plan_node *node, const uint8_t *rule_digest,
			 uint64_t *place)
{
	struct digest digest;

	if (!node)
		return;
	digest_init_context(&digest, "shrike plan node v1");
	digest_put(&digest, rule_digest, PLAN_DIGEST_BYTES);
	digest_put_u64(&digest, (*place)++);
	digest_final(&digest, node->digest, sizeof(node->digest));
	node_digests(node->child[0], rule_digest, place);
	node_digests(node->child[1], rule_digest, place);
}

/* The compiler is below the ledger's hash; it leaves its digests to us. */
static void plan_digests(struct program *program)
{
	struct plan *plan = (struct plan *)program->plan;
	struct plan_rule *rules = (struct plan_rule *)plan->rules;
	struct digest all, one;

	digest_init_context(&all, "shrike rule set v1");
	for (unsigned i = 0; i < plan->rule_count; i++) {
		uint64_t place = 0;

		digest_init_context(&one, "shrike rule v1");
		digest_put(&one, rules[i].canonical,
			   strlen(rules[i].canonical));
		digest_final(&one, rules[i].digest, PLAN_DIGEST_BYTES);
		node_digests(rules[i].root, rules[i].digest, &place);
		digest_put(&all, rules[i].digest, PLAN_DIGEST_BYTES);
	}
	digest_final(&all, plan->digest, PLAN_DIGEST_BYTES);
}

static void object_digest(struct ruleset *ruleset)
{
	struct digest digest;

	digest_init_context(&digest, "shrike kernel object v1");
	digest_put(&digest, ruleset->program->object,
		   ruleset->program->object_bytes);
	digest_final(&digest, ruleset->object_digest, PLAN_DIGEST_BYTES);
}

static int ruleset_compile(struct ruleset *ruleset,
			   const struct compile_options *options,
			   struct err *err)
{
	int rc;

	ruleset->diagnostics =
		arena_alloc(&ruleset->arena, sizeof(*ruleset->diagnostics));
	if (!ruleset->diagnostics)
		return err_nomem(err);
	diagnostics_init(ruleset->diagnostics, &ruleset->arena,
			 ruleset->sources, ruleset->source_count);
	rc = compile(&ruleset->arena, ruleset->sources, ruleset->source_count,
		     options, ruleset->diagnostics, &ruleset->program, err);
	if (rc)
		return rc == COMPILE_REJECTED ? RULESET_REJECTED :
		       rc == COMPILE_LACKING  ? RULESET_LACKING :
						rc;
	plan_digests(ruleset->program);
	object_digest(ruleset);
	return 0;
}

int ruleset_load(const char *const *paths, unsigned path_count,
		 const struct compile_options *options,
		 struct ruleset **ret_ruleset, struct err *err)
{
	struct ruleset *ruleset = calloc(1, sizeof(*ruleset));
	int rc = 0;

	if (!ruleset)
		return err_nomem(err);
	arena_init(&ruleset->arena, COMPILE_ARENA_BYTES);
	ruleset->sources = arena_array(&ruleset->arena, RULESET_FILES_MAX,
				       sizeof(*ruleset->sources));
	if (!ruleset->sources)
		rc = err_nomem(err);
	for (unsigned i = 0; i < path_count && !rc; i++)
		rc = path_add(ruleset, paths[i], err);
	if (!rc)
		rc = ruleset_compile(ruleset, options, err);
	if (rc < 0)
		return ruleset_free(ruleset), rc;
	*ret_ruleset = ruleset;
	return rc;
}

struct ruleset *ruleset_free(struct ruleset *ruleset)
{
	if (!ruleset)
		return NULL;
	arena_release(&ruleset->arena);
	free(ruleset);
	return NULL;
}
