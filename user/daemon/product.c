// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/product.h"

#include "compiler/plan_print.h"
#include "compiler/task.h"
#include "user/base/io.h"
#include "user/event/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECT_NAME "rules.bpf.o"

struct folder {
	int fd;
	const char *path;
};

static int fail(const struct folder *folder, const char *name, int code,
		struct err *err)
{
	return err_set(err, ERR_INPUT, code, "%s/%s: %s", folder->path, name,
		       strerror(-code));
}

static int write_new(const struct folder *folder, const char *name,
		     const void *bytes, size_t len)
{
	int fd = openat(folder->fd, name,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			0644);
	int rc;

	if (fd < 0)
		return -errno;
	rc = write_all(fd, bytes, len);
	if (!rc && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && !rc)
		rc = -errno;
	return rc;
}

static int replace(const struct folder *folder, const char *name,
		   const void *bytes, size_t len, struct err *err)
{
	char scratch[64];
	int rc;

	snprintf(scratch, sizeof(scratch), ".%s.%d", name, (int)getpid());
	rc = write_new(folder, scratch, bytes, len);
	if (!rc && renameat(folder->fd, scratch, folder->fd, name) < 0)
		rc = -errno;
	if (!rc)
		return 0;
	if (rc != -EEXIST)
		unlinkat(folder->fd, scratch, 0);
	return fail(folder, name, rc, err);
}

static int replace_text(const struct folder *folder, const char *name,
			struct buf *text, struct err *err)
{
	int rc = text->failed ?
			 err_nomem(err) :
			 replace(folder, name, text->bytes, text->len, err);

	buf_release(text);
	return rc;
}

static int column_names(const struct collection_task *task, struct arena *arena,
			struct task_doc *doc)
{
	const struct stream *stream = catalog_stream(task->stream);
	const char **names = arena_array(arena, catalog_column_count(stream),
					 sizeof(const char *));

	if (!names)
		return -ENOMEM;
	doc->columns = names;
	for (unsigned i = 0; i < catalog_column_count(stream); i++)
		if (task->columns[i / 64] >> i % 64 & 1)
			names[doc->column_count++] =
				catalog_column_at(stream, i)->name;
	return 0;
}

static int encode_tasks(const struct program *program, struct arena *arena,
			struct buf *out, struct err *err)
{
	struct task_doc *docs =
		arena_array(arena, program->task_count, sizeof(*docs));

	for (unsigned i = 0; docs && i < program->task_count; i++) {
		const struct collection_task *task = &program->tasks[i];

		docs[i] = (struct task_doc){
			.id = task->id,
			.rule = task->rule->name,
			.stream = catalog_stream(task->stream)->name,
			.predicate = task->predicate,
			.rate_limit = task->rate_limit,
			.time_to_live_ns = task->time_to_live_ns,
		};
		memcpy(docs[i].rule_digest, task->rule->digest,
		       sizeof(docs[i].rule_digest));
		if (column_names(task, arena, &docs[i]))
			return err_nomem(err);
	}
	return docs ? tasks_encode(docs, program->task_count, out, err) :
		      err_nomem(err);
}

static int write_object(const struct folder *folder,
			const struct program *program, struct err *err)
{
	if (program->object)
		return replace(folder, OBJECT_NAME, program->object,
			       program->object_bytes, err);
	if (unlinkat(folder->fd, OBJECT_NAME, 0) < 0 && errno != ENOENT)
		return fail(folder, OBJECT_NAME, -errno, err);
	return 0;
}

static int write_all_products(const struct folder *folder,
			      const struct program *program, struct err *err)
{
	struct buf plan = BUF_INIT, subscriptions = BUF_INIT;
	struct buf tasks = BUF_INIT, messages = BUF_INIT;
	struct arena arena;
	int rc = write_object(folder, program, err);

	plan_print(&plan, program->plan);
	subscriptions_print(&subscriptions, program);
	tasks_print(&tasks, program);
	arena_init(&arena, COMPILE_ARENA_BYTES);
	if (!rc)
		rc = encode_tasks(program, &arena, &messages, err);
	if (!rc)
		rc = replace_text(folder, "plan.txt", &plan, err);
	if (!rc)
		rc = replace_text(folder, "subscriptions.txt", &subscriptions,
				  err);
	if (!rc)
		rc = replace_text(folder, "tasks.txt", &tasks, err);
	if (!rc)
		rc = replace_text(folder, "tasks.pb", &messages, err);
	arena_release(&arena);
	buf_release(&plan);
	buf_release(&subscriptions);
	buf_release(&tasks);
	buf_release(&messages);
	return rc;
}

int products_write(const struct ruleset *ruleset, const char *folder_path,
		   struct err *err)
{
	struct folder folder = { .path = folder_path };
	int rc;

	if (mkdir(folder_path, 0755) < 0 && errno != EEXIST)
		return err_set(err, ERR_INPUT, -errno, "%s: %s", folder_path,
			       strerror(errno));
	folder.fd = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder.fd < 0)
		return err_set(err, ERR_INPUT, -errno, "%s: %s", folder_path,
			       strerror(errno));
	rc = write_all_products(&folder, ruleset->program, err);
	close(folder.fd);
	return rc;
}
