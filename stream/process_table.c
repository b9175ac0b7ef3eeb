// SPDX-License-Identifier: Apache-2.0
/*
 * Entries by pid_key in a hash table, and in one of two lists, oldest first:
 * alive by when an event last named them, ended by when they ended. So what goes
 * for want of room is what is least heard of, not the daemons that came first.
 *
 * Bytes are those of all contexts that entries use, each counted once; a
 * context that only borrows another's strings keeps that one counted, too.
 */
#include "stream/process_table_int.h"
#include "user/base/siphash.h"

#include <linux/sched.h>
#include <stdlib.h>

#define PID_MASK ((1LL << PID_KEY_SHIFT) - 1)

int process_table_new(const struct process_table_options *options,
		      struct process_table **ret_table, struct err *err)
{
	struct process_table *table = calloc(1, sizeof(*table));

	if (!table)
		return err_nomem(err);
	table->options = *options;
	list_init(&table->alive);
	list_init(&table->ended);
	*ret_table = table;
	return 0;
}

static void use(struct process_table *table, const struct context *context)
{
	if (!context || (*context_uses(context))++)
		return;
	table->stats.bytes += context->size_bytes;
	use(table, context_origin(context));
}

static void unuse(struct process_table *table, const struct context *context)
{
	if (!context || --*context_uses(context))
		return;
	table->stats.bytes -= context->size_bytes;
	unuse(table, context_origin(context));
}

/* Takes over the caller's reference to `context`. */
static void set_context(struct process_table *table, struct process *process,
			const struct context *context)
{
	const struct context *old = process->context;

	use(table, context);
	process->context = context;
	unuse(table, old);
	context_drop(old);
}

static void remove_process(struct process_table *table, struct process *process)
{
	set_context(table, process, NULL);
	hmap_remove(&table->map, &process->node);
	hmap_remove(&table->pids, &process->by_pid);
	list_remove(&process->list);
	table->stats.held--;
	if (!process->ended)
		table->stats.live--;
	free(process);
}

static struct process *first_of(struct list *list)
{
	return list_empty(list) ? NULL :
				  CONTAINER(list->next, struct process, list);
}

struct process_table *process_table_free(struct process_table *table)
{
	struct process *process;

	if (!table)
		return NULL;
	while ((process = first_of(&table->alive)))
		remove_process(table, process);
	while ((process = first_of(&table->ended)))
		remove_process(table, process);
	hmap_release(&table->map);
	hmap_release(&table->pids);
	context_drop(table->previous);
	context_drop(table->attempted);
	free(table);
	return NULL;
}

void process_table_ask(struct process_table *table, uint64_t ambient)
{
	table->ambient = ambient;
}

static uint64_t hash_of(const struct process_table *table, int64_t key)
{
	return siphash(table->options.seed, &key, sizeof(key));
}

struct process *process_find(const struct process_table *table,
			     struct value key)
{
	struct hmap_node *node;

	if (key.type != VALUE_INT)
		return NULL;
	node = hmap_first(&table->map, hash_of(table, key.i));
	for (; node; node = hmap_next(node)) {
		struct process *process = CONTAINER(node, struct process, node);

		if (process->key == key.i)
			return process;
	}
	return NULL;
}

struct process *process_find_pid(const struct process_table *table, int64_t pid)
{
	struct hmap_node *node = hmap_first(&table->pids, hash_of(table, pid));
	struct process *best = NULL;

	for (; node; node = hmap_next(node)) {
		struct process *process =
			CONTAINER(node, struct process, by_pid);

		if ((process->key & PID_MASK) != pid)
			continue;
		if (!best || process->ended < best->ended ||
		    (process->ended == best->ended && process->key > best->key))
			best = process;
	}
	return best;
}

/* An event names it. */
static void touch(struct process_table *table, struct process *process)
{
	if (process->ended)
		return;
	list_remove(&process->list);
	list_insert(&table->alive, &process->list);
}

static void forget(struct process_table *table, struct process *process)
{
	table->stats.evicted++;
	table->stats.forgotten += !process->ended;
	remove_process(table, process);
}

/* The oldest that ended, else the oldest, but not `keep`. */
static bool evict(struct process_table *table, const struct process *keep)
{
	struct list *lists[] = { &table->ended, &table->alive };

	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
		struct process *process = first_of(lists[i]);

		if (process && process == keep)
			process = process->list.next == lists[i] ?
					  NULL :
					  CONTAINER(process->list.next,
						    struct process, list);
		if (!process)
			continue;
		forget(table, process);
		return true;
	}
	return false;
}

static struct process *add(struct process_table *table, int64_t key)
{
	struct process *process;

	while (table->stats.held >= table->options.processes_max)
		if (!evict(table, NULL))
			return NULL;
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	if (hmap_insert(&table->map, &process->node, hash_of(table, key)) < 0) {
		free(process);
		return NULL;
	}
	process->key = key;
	if (hmap_insert(&table->pids, &process->by_pid,
			hash_of(table, key & PID_MASK)) < 0) {
		hmap_remove(&table->map, &process->node);
		free(process);
		return NULL;
	}
	list_insert(&table->alive, &process->list);
	table->stats.held++;
	table->stats.live++;
	return process;
}

/* Found or added, and alive whatever it was before. */
static struct process *find_alive(struct process_table *table, struct value key)
{
	struct process *process = process_find(table, key);

	if (key.type != VALUE_INT)
		return NULL;
	if (!process)
		return add(table, key.i);
	if (process->ended) {
		process->ended = false;
		table->stats.live++;
		list_remove(&process->list);
		list_insert(&table->alive, &process->list);
	}
	return process;
}

/* No memory for a context means that the process is unknown, not a failure. */
static void learn(struct process_table *table, struct process *process,
		  struct context *context)
{
	set_context(table, process, context);
	while (table->stats.bytes > table->options.strings_bytes_max)
		if (!evict(table, process))
			break;
	if (table->stats.bytes > table->options.strings_bytes_max)
		forget(table, process);
}

static struct value start_of(const struct process_table *table,
			     struct value start_ns)
{
	struct value start = value_null();

	if (start_ns.type != VALUE_INT ||
	    __builtin_add_overflow(start_ns.i, table->options.clock_offset_ns,
				   &start.i))
		return value_null();
	start.type = VALUE_TIMESTAMP;
	return start;
}

static void set_parent(struct process *process, struct value key)
{
	if (key.type == VALUE_INT && key.i)
		process->parent_key = key.i;
}

/* Whoever moves now moves another, too: where they are is not known any more. */
static void share_cwd(struct process_table *table, struct process *process)
{
	struct context *context;

	if (process->shares_cwd)
		return;
	process->shares_cwd = true;
	context = context_of_chdir(process->context, value_null());
	if (context)
		learn(table, process, context);
}

static bool has_shared_cwd(const struct row *row)
{
	struct value flags = row_get(row, COL_PROCESS_FORK_clone_flags);

	return flags.type == VALUE_INT && flags.i & CLONE_FS;
}

static void apply_fork(struct process_table *table, const struct row *row)
{
	struct value key = row_get(row, COL_PROCESS_FORK_child_key);
	struct value start = row_get(row, COL_PROCESS_FORK_child_start_ns);
	struct value thread = row_get(row, COL_PROCESS_FORK_is_thread);
	struct process *creator =
		process_find(table, row_get(row, COL_pid_key));
	struct context *context;
	bool is_kernel = creator && creator->is_kernel;
	bool shares_cwd = has_shared_cwd(row) && !is_kernel;
	struct process *child;

	/* A thread is its process. */
	if (thread.type == VALUE_BOOL && thread.i)
		return;
	if (creator && shares_cwd) {
		share_cwd(table, creator);
		creator = process_find(table, row_get(row, COL_pid_key));
	}
	context = context_of_fork(creator ? creator->context : NULL,
				  start_of(table, start));
	if (creator)
		touch(table, creator);
	child = find_alive(table, key);
	if (!child) {
		context_drop(context);
		return;
	}
	child->from_snapshot = false;
	child->is_kernel = is_kernel;
	child->shares_cwd = shares_cwd;
	set_parent(child, row_get(row, COL_PROCESS_FORK_child_parent_key));
	learn(table, child, context);
	table->cause = PROCESS_FORKED;
}

/* What an exec or a snapshot row tells of a program. */
static void read_program(const struct process_table *table,
			 const struct row *row, unsigned first_column,
			 struct program *ret_program)
{
	struct value flags = row_get(row, first_column + 3);

	*ret_program = (struct program){
		.exe = row_get(row, first_column),
		.args = row_get(row, first_column + 1),
		.start = start_of(table, row_get(row, first_column + 2)),
		.cwd = row_get(row, first_column + 4),
		.env = row_get(row, first_column + 5),
		.ino = row_get(row, first_column + 6),
		.dev = row_get(row, first_column + 7),
	};
	if (flags.type == VALUE_INT)
		ret_program->flags = (uint32_t)flags.i;
	/* No directory has no name: it could not be read. */
	if (!ret_program->cwd.len)
		ret_program->cwd = value_null();
}

/* A program that does not tell where it runs runs where the one before did. */
static void apply_program(struct process_table *table, const struct row *row,
			  struct process *process, unsigned first_column)
{
	struct program program;

	read_program(table, row, first_column, &program);
	if (value_is_null(program.cwd) && process->context)
		program.cwd =
			process->context->values[COL_cwd - COL_CONTEXT_FIRST];
	if (process->shares_cwd)
		program.cwd = value_null();
	process->is_kernel = program.flags & EVENT_FLAG_KTHREAD;
	learn(table, process, context_of_program(&program));
}

/* They stand side by side in both streams. */
#define PROGRAM_COLUMN(name, n)                       \
	BUILD_CHECK(COL_PROCESS_EXEC_##name ==        \
		    COL_PROCESS_EXEC_exec_exe + (n)); \
	BUILD_CHECK(COL_PROCESS_SNAPSHOT_##name ==    \
		    COL_PROCESS_SNAPSHOT_exec_exe + (n))
PROGRAM_COLUMN(exec_args, 1);
PROGRAM_COLUMN(exec_start_ns, 2);
PROGRAM_COLUMN(exec_flags, 3);
PROGRAM_COLUMN(exec_cwd, 4);
PROGRAM_COLUMN(exec_env, 5);
PROGRAM_COLUMN(exec_ino, 6);
PROGRAM_COLUMN(exec_dev, 7);

static bool has_failed(const struct row *row)
{
	struct value retval = row_get(row, COL_retval);

	return retval.type == VALUE_INT && retval.i < 0;
}

/* It runs what it ran before; the row is of what it tried to run. */
static void apply_failed_exec(struct process_table *table,
			      const struct row *row)
{
	struct process *process =
		process_find(table, row_get(row, COL_pid_key));
	struct program program;

	read_program(table, row, COL_PROCESS_EXEC_exec_exe, &program);
	if (process && process->context) {
		const struct value *now = process->context->values;

		program.cwd = now[COL_cwd - COL_CONTEXT_FIRST];
		program.start = now[COL_start_ts - COL_CONTEXT_FIRST];
	}
	table->attempted = context_of_program(&program);
}

static void put_previous(struct process_table *table, struct row *row,
			 const struct process *process)
{
	unsigned slot = row_slot(COL_PROCESS_EXEC_prev_exe);

	if (!process->context || slot >= row->value_count)
		return;
	table->previous = context_hold(process->context);
	row->values[slot] =
		table->previous->values[COL_exe - COL_CONTEXT_FIRST];
}

static void apply_exec(struct process_table *table, struct row *row)
{
	struct process *process;

	if (has_failed(row)) {
		apply_failed_exec(table, row);
		return;
	}
	process = find_alive(table, row_get(row, COL_pid_key));
	if (!process)
		return;
	put_previous(table, row, process);
	process->from_snapshot = false;
	apply_program(table, row, process, COL_PROCESS_EXEC_exec_exe);
	table->cause = PROCESS_EXECED;
}

static void apply_chdir(struct process_table *table, const struct row *row)
{
	struct process *process =
		process_find(table, row_get(row, COL_pid_key));
	struct value path = row_get(row, COL_PROCESS_CHDIR_path);
	struct context *context;

	if (!process || process->ended || has_failed(row) ||
	    process->shares_cwd)
		return;
	context = context_of_chdir(process->context, path);
	if (context)
		learn(table, process, context);
}

static void apply_snapshot(struct process_table *table, const struct row *row)
{
	struct value key = row_get(row, COL_pid_key);
	struct process *process = process_find(table, key);

	if (process && !process->from_snapshot)
		return;
	process = find_alive(table, key);
	if (!process)
		return;
	process->from_snapshot = true;
	apply_program(table, row, process, COL_PROCESS_SNAPSHOT_exec_exe);
	table->cause = PROCESS_PRESENT;
}

/* A number of the sample, when its flag says that there is one. */
static struct value sampled(const struct row *row, unsigned flag,
			    unsigned number)
{
	struct value has = row_get(row, flag);

	return has.type == VALUE_BOOL && has.i ? row_get(row, number) :
						 value_null();
}

static void apply_sample(struct process_table *table, const struct row *row)
{
	struct process *process =
		process_find(table, row_get(row, COL_pid_key));
	struct value cpu = sampled(row, COL_PROCESS_SAMPLE_sample_has_cpu,
				   COL_PROCESS_SAMPLE_sample_cpu_milli);
	struct sample sample = {
		.memory_usage =
			sampled(row, COL_PROCESS_SAMPLE_sample_has_memory,
				COL_PROCESS_SAMPLE_sample_memory_bytes),
		.status = row_get(row, COL_PROCESS_SAMPLE_sample_status),
		.hash = row_get(row, COL_PROCESS_SAMPLE_sample_hash),
	};
	struct context *context;

	if (!process || process->ended)
		return;
	if (cpu.type == VALUE_INT) {
		sample.cpu_usage.type = VALUE_DOUBLE;
		sample.cpu_usage.d = (double)cpu.i / 1000;
	}
	if (sample.status.len > SAMPLE_STATUS_BYTES_MAX)
		sample.status.len = SAMPLE_STATUS_BYTES_MAX;
	context = context_of_sample(process->context, &sample, &table->changes);
	if (!context)
		return;
	learn(table, process, context);
	table->cause = PROCESS_SAMPLED;
}

static void apply_exit(struct process_table *table, const struct row *row)
{
	struct process *process =
		process_find(table, row_get(row, COL_pid_key));

	if (!process || process->ended)
		return;
	process->ended = true;
	process->ended_ns = row->ts;
	process->from_snapshot = false;
	table->stats.live--;
	list_remove(&process->list);
	list_insert(&table->ended, &process->list);
}

/* A process changes its parent when that one ends. */
static void note_parent(struct process_table *table, const struct row *row)
{
	struct process *process =
		process_find(table, row_get(row, COL_pid_key));

	if (process)
		set_parent(process, row_get(row, COL_parent_key));
}

static const struct context *look_up(struct process_table *table,
				     struct value key)
{
	struct process *process;

	if (key.type != VALUE_INT || key.i == 0)
		return NULL;
	process = process_find(table, key);
	if (process)
		touch(table, process);
	if (!process || !process->context) {
		table->stats.unknown++;
		return NULL;
	}
	return process->context;
}

static void take_back(const struct context **lent)
{
	context_drop(*lent);
	*lent = NULL;
}

void process_table_apply(struct process_table *table, struct row *row)
{
	table->cause = PROCESS_CAUSES;
	table->changes = (struct sample_changes){ 0 };
	table->options.clock_offset_ns =
		row_clock_offset(row, table->options.clock_offset_ns);
	take_back(&table->previous);
	take_back(&table->attempted);
	if (row->stream == STREAM_PROCESS_FORK)
		apply_fork(table, row);
	else if (row->stream == STREAM_PROCESS_EXEC)
		apply_exec(table, row);
	else if (row->stream == STREAM_PROCESS_SNAPSHOT)
		apply_snapshot(table, row);
	else if (row->stream == STREAM_PROCESS_EXIT)
		apply_exit(table, row);
	else if (row->stream == STREAM_PROCESS_SAMPLE)
		apply_sample(table, row);
	else if (row->stream == STREAM_PROCESS_CHDIR)
		apply_chdir(table, row);
	note_parent(table, row);
	row->self = look_up(table, row_get(row, COL_pid_key));
	row->parent = look_up(table, row_get(row, COL_parent_key));
	process_table_fill_ambient(table, row);
	if (table->attempted)
		row->self = table->attempted;
}

/* The child is what appeared, not its creator. */
static void name_child(const struct row *fork, struct row *row)
{
	row->values[COL_pid] = row_get(fork, COL_PROCESS_FORK_child_pid);
	row->values[COL_tid] = row->values[COL_pid];
	row->values[COL_ppid] = row_get(fork, COL_PROCESS_FORK_child_ppid);
	row->values[COL_pid_key] = row_get(fork, COL_PROCESS_FORK_child_key);
	row->values[COL_parent_key] =
		row_get(fork, COL_PROCESS_FORK_child_parent_key);
	row->values[COL_ns_pid] = value_null();
}

static void put_changes(struct row *row, const struct sample_changes *c)
{
	row->values[row_slot(COL_PROCESS_cpu_changed)] = value_bool(c->cpu);
	row->values[row_slot(COL_PROCESS_memory_changed)] =
		value_bool(c->memory);
	row->values[row_slot(COL_PROCESS_status_changed)] =
		value_bool(c->status);
	row->values[row_slot(COL_PROCESS_hash_changed)] = value_bool(c->hash);
}

bool process_table_appeared(struct process_table *table,
			    const struct row *applied, struct row *ret_row)
{
	const struct stream *stream = catalog_stream(STREAM_PROCESS);

	if (table->cause == PROCESS_CAUSES)
		return false;
	*ret_row = (struct row){ .stream = STREAM_PROCESS,
				 .value_count = (uint16_t)row_slots(stream),
				 .cpu = applied->cpu,
				 .ts = applied->ts,
				 .seq = applied->seq };
	memcpy(ret_row->values, applied->values,
	       COL_HEAD_COUNT * sizeof(*ret_row->values));
	ret_row->values[row_slot(COL_PROCESS_cause)] = value_int(table->cause);
	put_changes(ret_row, &table->changes);
	if (applied->stream == STREAM_PROCESS_FORK)
		name_child(applied, ret_row);
	ret_row->self = look_up(table, ret_row->values[COL_pid_key]);
	ret_row->parent = look_up(table, ret_row->values[COL_parent_key]);
	process_table_fill_ambient(table, ret_row);
	return true;
}

const struct context *process_table_ancestor(const struct process_table *table,
					     int64_t pid_key, unsigned n)
{
	const struct process *process = process_find(table, value_int(pid_key));

	for (; process && n; n--)
		process = process->parent_key ?
				  process_find(table,
					       value_int(process->parent_key)) :
				  NULL;
	return process ? process->context : NULL;
}

void process_table_expire(struct process_table *table, int64_t now_ns)
{
	struct process *process;

	while ((process = first_of(&table->ended))) {
		int64_t until;

		if (__builtin_add_overflow(process->ended_ns,
					   table->options.linger_ns, &until) ||
		    until >= now_ns)
			return;
		remove_process(table, process);
	}
}

void process_table_stats(const struct process_table *table,
			 struct process_table_stats *ret_stats)
{
	*ret_stats = table->stats;
}
