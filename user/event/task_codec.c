// SPDX-License-Identifier: Apache-2.0
/* Collection tasks to a message CollectionTasks and back. */
#include "user/event/message.h"

#include <errno.h>

#define TASKS_BYTES_MAX ((size_t)64 * 1024 * 1024)

static int fill(const struct task_doc *task, struct arena *arena,
		Shrike__CollectionTask *to, struct err *err)
{
	ProtobufCBinaryData *columns =
		arena_array(arena, task->column_count, sizeof(*columns));

	if (!columns)
		return err_nomem(err);
	for (unsigned i = 0; i < task->column_count; i++)
		columns[i] = message_text(task->columns[i]);
	shrike__collection_task__init(to);
	to->id = message_text(task->id);
	to->rule = message_text(task->rule);
	to->rule_digest =
		message_bytes(task->rule_digest, sizeof(task->rule_digest));
	to->stream = message_text(task->stream);
	to->columns = columns;
	to->n_columns = task->column_count;
	to->predicate = message_text(task->predicate);
	to->rate_limit = task->rate_limit;
	to->time_to_live_ns = task->time_to_live_ns;
	return 0;
}

static int encode(const struct task_doc *tasks, unsigned count,
		  struct arena *arena, struct buf *out, struct err *err)
{
	Shrike__CollectionTasks all = SHRIKE__COLLECTION_TASKS__INIT;
	Shrike__CollectionTask *items =
		arena_array(arena, count, sizeof(*items));
	int ret;

	all.tasks = arena_array(arena, count, sizeof(Shrike__CollectionTask *));
	if (!items || !all.tasks)
		return err_nomem(err);
	all.n_tasks = count;
	for (unsigned i = 0; i < count; i++) {
		ret = fill(&tasks[i], arena, &items[i], err);
		if (ret)
			return ret;
		all.tasks[i] = &items[i];
	}
	return message_pack(&all.base, TASKS_BYTES_MAX, out, err);
}

int tasks_encode(const struct task_doc *tasks, unsigned count, struct buf *out,
		 struct err *err)
{
	struct arena arena;
	int ret;

	arena_init(&arena, TASKS_BYTES_MAX);
	ret = encode(tasks, count, &arena, out, err);
	arena_release(&arena);
	return ret;
}

static int read_task(const Shrike__CollectionTask *task, struct arena *arena,
		     struct task_doc *to, struct err *err)
{
	const char **columns =
		arena_array(arena, task->n_columns, sizeof(*columns));
	const struct {
		const ProtobufCBinaryData *from;
		const char **to;
	} texts[] = {
		{ &task->id, &to->id },
		{ &task->rule, &to->rule },
		{ &task->stream, &to->stream },
		{ &task->predicate, &to->predicate },
	};
	int ret = 0;

	if (!columns)
		return err_nomem(err);
	if (task->rule_digest.len != sizeof(to->rule_digest))
		return MESSAGE_MALFORMED(err, "task: malformed digest");
	memcpy(to->rule_digest, task->rule_digest.data,
	       sizeof(to->rule_digest));
	for (size_t i = 0; i < ARRAY_SIZE(texts) && !ret; i++)
		ret = message_string(texts[i].from, arena, texts[i].to, err);
	for (size_t i = 0; i < task->n_columns && !ret; i++)
		ret = message_string(&task->columns[i], arena, &columns[i],
				     err);
	to->columns = columns;
	to->column_count = (unsigned)task->n_columns;
	to->rate_limit = task->rate_limit;
	to->time_to_live_ns = task->time_to_live_ns;
	return ret;
}

int tasks_decode(const void *bytes, size_t len, struct arena *arena,
		 const struct task_doc **ret_tasks, unsigned *ret_count,
		 struct err *err)
{
	const Shrike__CollectionTasks *all;
	struct task_doc *tasks;
	void *message;
	int ret;

	ret = message_unpack(&shrike__collection_tasks__descriptor, bytes, len,
			     TASKS_BYTES_MAX, arena, &message, err);
	if (ret)
		return ret;
	all = message;
	tasks = arena_array(arena, all->n_tasks, sizeof(*tasks));
	if (!tasks)
		return err_nomem(err);
	for (size_t i = 0; i < all->n_tasks; i++) {
		ret = read_task(all->tasks[i], arena, &tasks[i], err);
		if (ret)
			return ret;
	}
	*ret_tasks = tasks;
	*ret_count = (unsigned)all->n_tasks;
	return 0;
}
