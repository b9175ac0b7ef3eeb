// SPDX-License-Identifier: Apache-2.0
#include "stream/context_int.h"

#include "stream/list_int.h"
#include "stream/process_table.h"

#include <stdlib.h>

struct context_block {
	uint32_t uses;
	struct context context;
};

#define AT(column) ((column)-COL_CONTEXT_FIRST)

static struct context_block *block_of(const struct context *context)
{
	return CONTAINER(context, struct context_block, context);
}

const struct context *context_hold(const struct context *context)
{
	if (context)
		block_of(context)->context.refs++;
	return context;
}

void context_drop(const struct context *context)
{
	struct context_block *block;

	if (!context)
		return;
	block = block_of(context);
	if (--block->context.refs)
		return;
	context_drop(block->context.origin);
	free(block);
}

const struct context *context_origin(const struct context *context)
{
	return context->origin;
}

uint32_t *context_uses(const struct context *context)
{
	return &block_of(context)->uses;
}

uint64_t context_keep(const struct context *context, const void *keeper)
{
	struct context *own = (struct context *)(uintptr_t)context;

	if (!own || (own->kept && own->keeper != keeper))
		return 0;
	own->keeper = keeper;
	if (own->kept++)
		return 0;
	return own->size_bytes + context_keep(own->origin, keeper);
}

uint64_t context_unkeep(const struct context *context, const void *keeper)
{
	struct context *own = (struct context *)(uintptr_t)context;

	if (!own || !own->kept || own->keeper != keeper || --own->kept)
		return 0;
	own->keeper = NULL;
	return own->size_bytes + context_unkeep(own->origin, keeper);
}

static struct context_block *block_new(size_t bytes)
{
	struct context_block *block = calloc(1, sizeof(*block) + bytes);

	if (!block)
		return NULL;
	block->context.refs = 1;
	block->context.size_bytes = (uint32_t)(sizeof(*block) + bytes);
	return block;
}

static struct value copy_bytes(struct value v, uint8_t **at)
{
	if (!value_is_bytes(v))
		return v;
	if (v.len)
		memcpy(*at, v.p, v.len);
	v.p = *at;
	*at += v.len;
	return v;
}

static struct value base_name(struct value path)
{
	const uint8_t *slash;

	if (path.type != VALUE_TEXT || path.len == 0)
		return path;
	slash = memrchr(path.p, '/', path.len);
	if (slash) {
		path.len -= (uint32_t)(slash + 1 - path.p);
		path.p = slash + 1;
	}
	return path;
}

static int64_t count_args(struct value args)
{
	int64_t n = 0;

	for (uint32_t i = 0; i < args.len; i++)
		n += args.p[i] == 0 || i + 1 == args.len;
	return n;
}

/* The arguments with spaces between them. */
static struct value join_args(struct value args, uint8_t **at)
{
	uint32_t len = args.len;
	struct value ret;

	if (len && args.p[len - 1] == 0)
		len--;
	for (uint32_t i = 0; i < len; i++)
		(*at)[i] = args.p[i] ? args.p[i] : ' ';
	ret = value_bytes(VALUE_TEXT, *at, len);
	*at += len;
	return ret;
}

static size_t bytes_of(struct value v)
{
	return value_is_bytes(v) ? v.len : 0;
}

static void put_args(struct value *values, struct value args, uint8_t **at)
{
	values[AT(COL_args)] = copy_bytes(args, at);
	values[AT(COL_args_count)] = value_int(count_args(args));
	values[AT(COL_cmdline)] = join_args(args, at);
}

struct context *context_of_program(const struct program *program)
{
	struct value exe = program->exe, args = program->args;
	size_t exe_len = exe.type == VALUE_TEXT ? exe.len : 0;
	size_t args_len = args.type == VALUE_LIST ? args.len : 0;
	struct context_block *block =
		block_new(exe_len + 2 * args_len + bytes_of(program->cwd) +
			  bytes_of(program->env));
	struct value *values;
	uint8_t *at;

	if (!block)
		return NULL;
	values = block->context.values;
	at = (uint8_t *)(block + 1);
	if (exe.type == VALUE_TEXT) {
		values[AT(COL_exe)] = copy_bytes(exe, &at);
		values[AT(COL_name)] = base_name(values[AT(COL_exe)]);
		values[AT(COL_exe_ino)] = program->ino;
		values[AT(COL_exe_dev)] = program->dev;
	}
	if (args.type == VALUE_LIST)
		put_args(values, args, &at);
	values[AT(COL_cwd)] = copy_bytes(program->cwd, &at);
	values[AT(COL_env)] = copy_bytes(program->env, &at);
	values[AT(COL_start_ts)] = program->start;
	values[AT(COL_exe_memfd)] =
		value_bool(program->flags & EVENT_FLAG_EXE_MEMFD);
	values[AT(COL_exe_deleted)] =
		value_bool(program->flags & EVENT_FLAG_EXE_DELETED);
	values[AT(COL_exe_upper_layer)] =
		value_bool(program->flags & EVENT_FLAG_EXE_UPPER_LAYER);
	return &block->context;
}

/*
 * A copy of `from` (NULL: of nothing) that borrows the strings of its program,
 * with `cwd` as its own and room for `bytes` more behind it.
 */
static struct context_block *derive(const struct context *from,
				    struct value cwd, size_t bytes,
				    uint8_t **ret_at)
{
	struct context_block *block = block_new(bytes_of(cwd) + bytes);
	const struct context *origin;

	if (!block)
		return NULL;
	if (from) {
		origin = context_origin(from);
		memcpy(block->context.values, from->values,
		       sizeof(from->values));
		block->context.origin = context_hold(origin ? origin : from);
	}
	*ret_at = (uint8_t *)(block + 1);
	block->context.values[AT(COL_cwd)] = copy_bytes(cwd, ret_at);
	return block;
}

static struct value cwd_of(const struct context *context)
{
	return context ? context->values[AT(COL_cwd)] : value_null();
}

struct context *context_of_fork(const struct context *from, struct value start)
{
	uint8_t *at;
	struct context_block *block = derive(from, cwd_of(from), 0, &at);

	if (!block)
		return NULL;
	/* Of the program, as its name is; the rest is another's. */
	block->context.values[AT(COL_cpu_usage)] = value_null();
	block->context.values[AT(COL_memory_usage)] = value_null();
	block->context.values[AT(COL_status)] = value_null();
	block->context.values[AT(COL_executable_hash)] = value_null();
	block->context.values[AT(COL_start_ts)] = start;
	return &block->context;
}

static struct value copied(const struct context *from, unsigned column,
			   uint8_t **at)
{
	return from ? copy_bytes(from->values[AT(column)], at) : value_null();
}

struct context *context_of_chdir(const struct context *from, struct value cwd)
{
	uint8_t *at;
	struct context_block *block = derive(
		from, cwd, SAMPLE_STATUS_BYTES_MAX + VALUE_HASH_BYTES, &at);
	struct value *values;

	if (!block)
		return NULL;
	values = block->context.values;
	values[AT(COL_status)] = copied(from, COL_status, &at);
	values[AT(COL_executable_hash)] =
		copied(from, COL_executable_hash, &at);
	return &block->context;
}

static bool differs(struct value sampled, struct value known)
{
	return !value_is_null(sampled) && !value_equal(sampled, known);
}

static void take(struct value *known, struct value sampled, uint8_t **at)
{
	*known = copy_bytes(value_is_null(sampled) ? *known : sampled, at);
}

/* Its own status and hash, whoever's the other strings are. */
struct context *context_of_sample(const struct context *from,
				  const struct sample *sample,
				  struct sample_changes *ret_changes)
{
	static const struct value unknown[CONTEXT_COUNT];
	const struct value *known = from ? from->values : unknown;
	struct context_block *block;
	struct value *values;
	uint8_t *at;

	*ret_changes = (struct sample_changes){
		.cpu = differs(sample->cpu_usage, known[AT(COL_cpu_usage)]),
		.memory = differs(sample->memory_usage,
				  known[AT(COL_memory_usage)]),
		.status = differs(sample->status, known[AT(COL_status)]),
		.hash = differs(sample->hash, known[AT(COL_executable_hash)]),
	};
	if (!ret_changes->cpu && !ret_changes->memory && !ret_changes->status &&
	    !ret_changes->hash)
		return NULL;
	block = derive(from, cwd_of(from),
		       SAMPLE_STATUS_BYTES_MAX + VALUE_HASH_BYTES, &at);
	if (!block)
		return NULL;
	values = block->context.values;
	take(&values[AT(COL_cpu_usage)], sample->cpu_usage, &at);
	take(&values[AT(COL_memory_usage)], sample->memory_usage, &at);
	take(&values[AT(COL_status)], sample->status, &at);
	take(&values[AT(COL_executable_hash)], sample->hash, &at);
	return &block->context;
}
