// SPDX-License-Identifier: Apache-2.0
/*
 * Calls. The functions of a rule are a closed list: those of function.h,
 * CIDR_MATCH, which becomes an operator, and where they may stand the
 * aggregates and FIRST_SEEN.
 */
#include "compiler/type_int.h"

#include "compiler/foreign.h"
#include "compiler/suggest.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *name;
	enum plan_aggregate_op op;
} aggregates[] = {
	{ "count", PLAN_COUNT_VALUES },
	{ "sum", PLAN_SUM },
	{ "avg", PLAN_AVG },
	{ "min", PLAN_MIN },
	{ "max", PLAN_MAX },
};

#define CIDR_MATCH "cidr_match"
#define CIDR_MATCH_SIGNATURE "CIDR_MATCH(ip, 'network')"
#define FIRST_SEEN "first_seen"

/*
 * What each argument may be: text, bytes or text, int, a constant count of
 * ancestors; "=": all of one type. The last stands for those that follow.
 */
static const char *const arguments[FUNCTION_COUNT] = {
	[FUNCTION_LENGTH] = "b",    [FUNCTION_SUBSTR] = "ti",
	[FUNCTION_INSTR] = "t",	    [FUNCTION_UPPER] = "t",
	[FUNCTION_LOWER] = "t",	    [FUNCTION_TRIM] = "t",
	[FUNCTION_REPLACE] = "t",   [FUNCTION_HEX] = "b",
	[FUNCTION_UNHEX] = "t",	    [FUNCTION_COALESCE] = "=",
	[FUNCTION_NULLIF] = "=",    [FUNCTION_IFNULL] = "=",
	[FUNCTION_BASENAME] = "t",  [FUNCTION_DIRNAME] = "t",
	[FUNCTION_ANCESTOR] = "ia", [FUNCTION_HAS_ANCESTOR] = "it",
	[FUNCTION_ENTROPY] = "b",   [FUNCTION_BASE64_DECODE] = "t",
};

static const char *upper(struct binder *b, const char *name)
{
	char *ret = compilation_copy(b->c, name, strlen(name));

	for (char *c = ret; c && *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return ret ? ret : name;
}

/* "there are LENGTH, SUBSTR ... and CIDR_MATCH" */
static const char *all_functions(struct binder *b)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, "there are ");
	for (unsigned i = 0; i < FUNCTION_COUNT; i++)
		buf_printf(&text, "%s, ",
			   upper(b, function_info((enum function)i)->name));
	buf_printf(&text, "%s, %s, COUNT, SUM, AVG, MIN and MAX",
		   upper(b, CIDR_MATCH), upper(b, FIRST_SEEN));
	return compilation_take(b->c, &text);
}

static void unknown_function(struct binder *b, const struct ast_expr *ast)
{
	struct suggest s = suggest_for(ast->text);
	const char *hint = foreign_function(ast->text);

	for (unsigned i = 0; i < FUNCTION_COUNT; i++)
		suggest_offer(&s, function_info((enum function)i)->name);
	for (size_t i = 0; i < ARRAY_SIZE(aggregates); i++)
		suggest_offer(&s, aggregates[i].name);
	suggest_offer(&s, CIDR_MATCH);
	suggest_offer(&s, FIRST_SEEN);
	if (!hint && s.best)
		hint = compilation_text(b->c, "did you mean %s?",
					upper(b, s.best));
	compilation_error(b->c, ast->span, hint ? hint : all_functions(b),
			  "'%s' is not one of the functions of a rule",
			  ast->text);
}

/* False: complained. */
static bool has_arguments(struct binder *b, const struct ast_expr *ast,
			  unsigned least, unsigned most, const char *signature)
{
	if (ast->over) {
		compilation_error(b->c, ast->span, NULL,
				  "OVER goes with an aggregate, and %s is none",
				  upper(b, ast->text));
		return false;
	}
	if (ast->arg_count >= least && ast->arg_count <= most)
		return true;
	if (least == most)
		compilation_error(b->c, ast->span,
				  compilation_text(b->c, "write %s", signature),
				  "%s takes %u argument%s, not %u",
				  upper(b, ast->text), least,
				  least == 1 ? "" : "s", ast->arg_count);
	else
		compilation_error(b->c, ast->span,
				  compilation_text(b->c, "write %s", signature),
				  "%s takes %u to %u arguments, not %u",
				  upper(b, ast->text), least, most,
				  ast->arg_count);
	return false;
}

static bool fits(char argument, const struct expr *x)
{
	if (x->type == VALUE_NULL)
		return argument != 'a';
	if (argument == 't')
		return x->type == VALUE_TEXT;
	if (argument == 'b')
		return x->type == VALUE_TEXT || x->type == VALUE_BYTES;
	return x->type == VALUE_INT;
}

static const char *wanted(char argument)
{
	return argument == 't' ? "a text" :
	       argument == 'b' ? "a text or bytes" :
				 "an integer";
}

static bool check_ancestor(struct binder *b, const struct ast_expr *ast,
			   const struct expr *x)
{
	if (build_is_const(x) && x->value.i >= 1 &&
	    x->value.i <= FUNCTION_ANCESTORS_MAX)
		return true;
	compilation_error(b->c, ast->span, "1 is the parent",
			  "the number of an ancestor is a constant from 1 to "
			  "%d",
			  FUNCTION_ANCESTORS_MAX);
	return false;
}

/* False: complained. */
static bool check_argument(struct binder *b, const struct function_info *info,
			   char argument, const struct ast_expr *arg,
			   const struct expr *x)
{
	bool to_text = argument != 'i' && argument != 'a';

	if (fits(argument, x))
		return argument != 'a' || check_ancestor(b, arg, x);
	compilation_error(
		b->c, arg->span,
		x->type == VALUE_LIST ?
			"a list is asked with ANY(args) or ALL(args), "
			"and args_count is its length" :
		to_text || x->type == VALUE_TEXT ?
			compilation_text(b->c, "write CAST(%s AS %s)",
					 bind_quote(b, arg),
					 to_text ? "TEXT" : "BIGINT") :
			NULL,
		"%s takes %s here, but %s is %s", info->signature,
		wanted(argument), bind_quote(b, arg), value_type_name(x->type));
	return false;
}

/* COALESCE and such: all arguments have one type, which is the result's. */
static const struct expr *unified_call(struct binder *b,
				       const struct scope *scope,
				       const struct ast_expr *ast,
				       struct expr *call)
{
	struct operand *operands =
		compilation_alloc(b->c, ast->arg_count, sizeof(*operands));
	const char *name = upper(b, ast->text);
	enum value_type type;

	if (!operands)
		return NULL;
	for (unsigned i = 0; i < ast->arg_count; i++)
		operands[i] = type_operand(b, scope, ast->args[i]);
	if (!type_unify(b, operands, ast->arg_count, name, &type))
		return NULL;
	if (type == VALUE_LIST && call->function == FUNCTION_NULLIF) {
		compilation_error(b->c, ast->span, NULL,
				  "lists do not compare, as NULLIF has to");
		return NULL;
	}
	for (unsigned i = 0; i < ast->arg_count; i++)
		call->args[i] = operands[i].expr;
	call->type = type;
	return type_compute(b, ast, call);
}

static const struct expr *function_call(struct binder *b,
					const struct scope *scope,
					const struct ast_expr *ast,
					enum function function)
{
	const struct function_info *info = function_info(function);
	const char *argument = arguments[function];
	struct expr *call;
	bool ok = true;

	CHECK(argument);
	if (!has_arguments(b, ast, info->least_args, info->most_args,
			   info->signature))
		return NULL;
	call = build_op(b->c->arena, EXPR_CALL, info->type, ast->arg_count);
	if (!type_keep(b, call))
		return NULL;
	call->function = function;
	if (*argument == '=')
		return unified_call(b, scope, ast, call);
	for (unsigned i = 0; i < ast->arg_count; i++) {
		const struct expr *x = bind_expr(b, scope, ast->args[i]);

		call->args[i] = x;
		ok &= x && check_argument(b, info, *argument, ast->args[i], x);
		argument += argument[1] != '\0';
	}
	return ok ? type_compute(b, ast, call) : NULL;
}

static const struct expr *cidr_match(struct binder *b,
				     const struct scope *scope,
				     const struct ast_expr *ast)
{
	const struct expr *x;

	if (!has_arguments(b, ast, 2, 2, CIDR_MATCH_SIGNATURE))
		return NULL;
	x = bind_expr(b, scope, ast->args[0]);
	if (!x)
		return NULL;
	if (x->type != VALUE_IP) {
		compilation_error(
			b->c, ast->args[0]->span,
			literal_is_network(ast->args[0]) ?
				"the address comes first, then the network" :
			x->type == VALUE_TEXT ?
				compilation_text(b->c, "write CAST(%s AS IP)",
						 bind_quote(b, ast->args[0])) :
				NULL,
			CIDR_MATCH_SIGNATURE " takes an address, but %s is %s",
			bind_quote(b, ast->args[0]), value_type_name(x->type));
		return NULL;
	}
	if (ast->args[1]->op != AST_TEXT) {
		compilation_error(b->c, ast->args[1]->span,
				  "as in " CIDR_MATCH_SIGNATURE,
				  "a network is written in quotes");
		return NULL;
	}
	return literal_network(b, ast->args[1], x);
}

bool bind_aggregate_op(const struct ast_expr *ast,
		       enum plan_aggregate_op *ret_op)
{
	if (ast->op != AST_CALL)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(aggregates); i++) {
		if (strcmp(aggregates[i].name, ast->text) != 0)
			continue;
		*ret_op = aggregates[i].op;
		if (*ret_op == PLAN_COUNT_VALUES && ast->star)
			*ret_op = PLAN_COUNT_ROWS;
		else if (*ret_op == PLAN_COUNT_VALUES && ast->distinct)
			*ret_op = PLAN_COUNT_DISTINCT;
		return true;
	}
	return false;
}

/* Where no aggregate stands; NULL: where it may. */
static const struct {
	const char *name;
	const char *hint;
} closed[CLAUSE_COUNT] = {
	[CLAUSE_WHERE] = { "WHERE",
			   "with a GROUP BY write it in HAVING; else name it "
			   "in a subquery: SELECT ... FROM (SELECT ..., "
			   "COUNT(*) OVER (...) AS n FROM ...) AS t WHERE n "
			   ">= 10" },
	[CLAUSE_ON] = { "ON", "name it in a subquery and join that" },
	[CLAUSE_GROUP] = { "GROUP BY", "group by columns" },
	[CLAUSE_KEY] = { "PARTITION BY", "a key is made of columns" },
	[CLAUSE_DEFINE] = { "DEFINE",
			    "a step looks at one row; give it a stream that "
			    "is a subquery with the aggregate" },
	[CLAUSE_MEASURE] = { "MEASURES",
			     "name columns of the steps, as in A.pid" },
	[CLAUSE_EXISTS] = { "the subquery of EXISTS",
			    "name it in a subquery and join that" },
	[CLAUSE_ARGUMENT] = { "another aggregate",
			      "name the inner one in a subquery" },
};

static const struct expr *aggregate_call(struct binder *b,
					 const struct scope *scope,
					 const struct ast_expr *ast)
{
	const char *where = closed[b->clause].name;
	const char *name = upper(b, ast->text);

	if (where)
		compilation_error(b->c, ast->span, closed[b->clause].hint,
				  "%s%s cannot stand in %s",
				  ast->star ? "COUNT(*)" : name,
				  ast->over ? " OVER" : "", where);
	else if (!ast->star && ast->arg_count != 1)
		compilation_error(
			b->c, ast->span,
			compilation_text(b->c, "write %s(column)", name),
			"%s takes 1 argument, not %u", name, ast->arg_count);
	else
		return bind_aggregate(b, scope, ast);
	return NULL;
}

const struct expr *type_call(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast)
{
	enum plan_aggregate_op op;

	if (bind_aggregate_op(ast, &op))
		return aggregate_call(b, scope, ast);
	for (unsigned i = 0; i < FUNCTION_COUNT; i++)
		if (strcmp(function_info((enum function)i)->name, ast->text) ==
		    0)
			return function_call(b, scope, ast, (enum function)i);
	if (strcmp(ast->text, CIDR_MATCH) == 0)
		return cidr_match(b, scope, ast);
	if (strcmp(ast->text, FIRST_SEEN) == 0)
		compilation_error(b->c, ast->span,
				  "write WHERE ... AND FIRST_SEEN(exe, "
				  "INTERVAL '1' DAY)",
				  "FIRST_SEEN stands in WHERE as a condition "
				  "of its own, joined with AND");
	else
		unknown_function(b, ast);
	return NULL;
}

void type_misplaced_exists(struct binder *b, const struct ast_expr *ast)
{
	compilation_error(b->c, ast->span,
			  "write WHERE ... AND [NOT] EXISTS (SELECT ...)",
			  "EXISTS stands in WHERE as a condition of its own, "
			  "joined with AND");
}
