// SPDX-License-Identifier: Apache-2.0
/*
 * Terms on processes: which parts of a condition ask of a process nothing but
 * what its exec decided, the table in which each distinct one has a bit, and
 * the test of that bit in a stream's predicate. Own process and parent share
 * the table: a parent's bits are those of its own exec.
 *
 * A part is a term when less knowledge can only make it NULL: the engine may
 * know less of a process than the kernel, which must then not say no.
 *
 * More terms than bits share them: a bit stands for any of its terms.
 */
#include "compiler/plan_print.h"
#include "compiler/process_term.h"
#include "compiler/pushdown_process.h"

#include <string.h>

#define TERMS_FIRST_SIZE 64

/* Set by an exec, kept by a fork, changed by nothing else. */
static bool is_lasting(unsigned column)
{
	switch (column) {
	case COL_exe:
	case COL_name:
	case COL_args:
	case COL_args_count:
	case COL_cmdline:
	case COL_exe_memfd:
	case COL_exe_deleted:
		return true;
	default:
		return false;
	}
}

static enum process_scope column_scope(unsigned column)
{
	if (column < COL_CONTEXT_FIRST || column >= COL_OWN_FIRST)
		return PROCESS_SCOPE_OTHER;
	if (column < COL_PARENT_FIRST)
		return is_lasting(column) ? PROCESS_SCOPE_OWN :
					    PROCESS_SCOPE_OTHER;
	return is_lasting(catalog_parent_source(column)) ?
		       PROCESS_SCOPE_PARENT :
		       PROCESS_SCOPE_OTHER;
}

/* Can it be TRUE because something is not known? */
static bool asks_for_null(const struct expr *expr)
{
	switch ((int)expr->op) {
	case EXPR_SLOT:
	case EXPR_IS_NULL:
	case EXPR_IS_TRUE:
	case EXPR_CASE:
		return true;
	case EXPR_CALL:
		return expr->function == FUNCTION_COALESCE ||
		       expr->function == FUNCTION_IFNULL ||
		       expr->function == FUNCTION_NULLIF ||
		       expr->function == FUNCTION_ANCESTOR ||
		       expr->function == FUNCTION_HAS_ANCESTOR;
	default:
		return false;
	}
}

enum process_scope process_scope(const struct expr *expr)
{
	enum process_scope scope = PROCESS_SCOPE_NONE;

	if (expr->op == EXPR_COLUMN)
		return column_scope(expr->column);
	if (asks_for_null(expr))
		return PROCESS_SCOPE_OTHER;
	for (unsigned i = 0; i < expr->arg_count; i++) {
		enum process_scope s = process_scope(expr->args[i]);

		if (scope == PROCESS_SCOPE_NONE)
			scope = s;
		else if (s != PROCESS_SCOPE_NONE && s != scope)
			return PROCESS_SCOPE_OTHER;
	}
	return scope;
}

/* --- the table ------------------------------------------------------------ */

struct process_term_table *process_terms_new(struct arena *arena)
{
	struct process_term_table *table = arena_alloc(arena, sizeof(*table));

	if (table)
		table->arena = arena;
	return table;
}

/* The same of input 0 and of the process itself, for any stream. */
static const struct expr *rebase(struct arena *arena, const struct expr *expr)
{
	struct expr *copy = arena_alloc(arena, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *expr;
	copy->input = 0;
	copy->text = NULL;
	if (expr->op == EXPR_COLUMN && expr->column >= COL_PARENT_FIRST)
		copy->column = (uint16_t)catalog_parent_source(expr->column);
	if (!expr->arg_count)
		return copy;
	copy->args = arena_array(arena, expr->arg_count,
				 sizeof(const struct expr *));
	for (unsigned i = 0; copy->args && i < expr->arg_count; i++) {
		copy->args[i] = rebase(arena, expr->args[i]);
		if (!copy->args[i])
			return NULL;
	}
	return copy->args ? copy : NULL;
}

static const struct expr *negate(struct arena *arena, const struct expr *expr)
{
	struct expr *not = arena_alloc(arena, sizeof(*not ));
	const struct expr **args = arena_array(arena, 1, sizeof(*args));

	if (!not || !args)
		return NULL;
	args[0] = expr;
	*not = (struct expr){
		.op = EXPR_NOT, .type = VALUE_BOOL, .arg_count = 1, .args = args
	};
	return not ;
}

static const char *canonical(struct arena *arena, const struct expr *expr)
{
	return plan_expr_text(arena, expr, "process", STREAM_PROCESS_EXEC);
}

static uint32_t hash_text(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

static bool make_room(struct process_term_table *table)
{
	unsigned size = table->size ? 2 * table->size : TERMS_FIRST_SIZE;
	struct process_term_entry *entries;

	if (table->count < table->size)
		return true;
	entries = arena_array(table->arena, size, sizeof(*entries));
	if (!entries)
		return false;
	if (table->count)
		memcpy(entries, table->entries,
		       table->count * sizeof(*entries));
	table->entries = entries;
	table->size = size;
	return true;
}

/* Its place in the table; false: no memory. */
static bool find(struct process_term_table *table, const struct expr *expr,
		 bool wanted, unsigned *ret_index)
{
	struct process_term_entry entry;

	expr = rebase(table->arena, expr);
	if (expr && !wanted)
		expr = negate(table->arena, expr);
	if (!expr || !(entry.text = canonical(table->arena, expr)))
		return false;
	entry.expr = expr;
	entry.hash = hash_text(entry.text);
	for (unsigned i = 0; i < table->count; i++) {
		const struct process_term_entry *other = &table->entries[i];

		if (other->hash == entry.hash &&
		    strcmp(other->text, entry.text) == 0) {
			*ret_index = i;
			return true;
		}
	}
	if (!make_room(table))
		return false;
	*ret_index = table->count;
	table->entries[table->count++] = entry;
	return true;
}

const struct cond *process_cond(struct cond_set *set,
				struct process_term_table *table,
				const struct expr *expr, bool wanted,
				unsigned *ret_bit)
{
	bool parent = process_scope(expr) == PROCESS_SCOPE_PARENT;
	struct field half = { .size = sizeof(__u32) };
	unsigned index, bit;

	if (!find(table, expr, wanted, &index)) {
		set->failed = true;
		return cond_const(true);
	}
	bit = index % PROCESS_TERMS_MAX;
	*ret_bit = bit;
	half.offset =
		(uint16_t)((parent ? offsetof(struct event_head, parent_terms) :
				     offsetof(struct event_head, terms)) +
			   bit / 32 * sizeof(__u32));
	return cond_bits(set, half, 1u << bit % 32, true);
}

unsigned process_terms_count(const struct process_term_table *table)
{
	return table->count;
}

void process_terms_cut(struct process_term_table *table, unsigned count)
{
	CHECK(count <= table->count);
	table->count = count;
}

/* --- the function --------------------------------------------------------- */

/* What bit `bit` stands for: one of its entries, any of them. */
static bool bit_expr(const struct process_term_table *table, unsigned bit,
		     struct bit_term *ret_term)
{
	unsigned count = (table->count - bit - 1) / PROCESS_TERMS_MAX + 1;
	struct arena *arena = table->arena;
	const struct expr *expr = table->entries[bit].expr;
	const char *text;

	if (count > 1) {
		struct expr *any = arena_alloc(arena, sizeof(*any));
		const struct expr **args =
			arena_array(arena, count, sizeof(*args));

		if (!any || !args)
			return false;
		for (unsigned i = 0; i < count; i++)
			args[i] = table->entries[bit + i * PROCESS_TERMS_MAX]
					  .expr;
		*any = (struct expr){ .op = EXPR_OR,
				      .type = VALUE_BOOL,
				      .arg_count = (uint16_t)count,
				      .args = args };
		expr = any;
	}
	text = count > 1 ? canonical(arena, expr) : table->entries[bit].text;
	*ret_term = (struct bit_term){
		.expr = expr,
		.text = text ? plan_text_line(arena, text) : NULL,
	};
	return ret_term->text;
}

int process_terms_compile(const struct process_term_table *table,
			  struct kernel_function *ret_function,
			  const struct process_term **ret_terms,
			  unsigned *ret_count, struct err *err)
{
	static const struct bits_function what = {
		.name = "process_terms",
		.out = "process_terms",
		.out_bytes = sizeof(struct process_terms),
	};
	unsigned count = table->count < PROCESS_TERMS_MAX ? table->count :
							    PROCESS_TERMS_MAX;
	struct bit_term *bits = arena_array(table->arena, count, sizeof(*bits));
	struct process_term *terms =
		arena_array(table->arena, count, sizeof(*terms));
	int r;

	if (!bits || !terms)
		return err_nomem(err);
	for (unsigned i = 0; i < count; i++)
		if (!bit_expr(table, i, &bits[i]))
			return err_nomem(err);
	r = pushdown_bits(table->arena, &what, bits, count, ret_function, err);
	if (r)
		return r;
	for (unsigned i = 0; i < count; i++)
		terms[i] = (struct process_term){ .bit = i,
						  .expr = bits[i].expr,
						  .text = bits[i].text,
						  .in_kernel = !bits[i].reason,
						  .reason = bits[i].reason };
	*ret_terms = terms;
	*ret_count = count;
	return 0;
}
