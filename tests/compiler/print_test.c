// SPDX-License-Identifier: Apache-2.0
/*
 * Printing a syntax tree and reading it again gives the same tree: random rules
 * are made as trees, printed, parsed and compared.
 */
#include "compiler/front.h"

#include "compiler/parse.h"
#include "compiler/print.h"

struct maker {
	struct arena *arena;
	uint64_t seed;
};

static unsigned pick(struct maker *m, unsigned n)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return (unsigned)(m->seed % n);
}

static void *make(struct maker *m, size_t n, size_t size)
{
	void *ret = arena_array(m->arena, n, size);

	assert_non_null(ret);
	return ret;
}

static const char *make_name(struct maker *m)
{
	static const char *const names[] = { "pid",  "exe", "a",     "x_1",
					     "flag", "row", "first", "count" };

	return names[pick(m, ARRAY_SIZE(names))];
}

static struct ast_expr *make_expr(struct maker *m, unsigned depth);

static struct ast_expr *make_op(struct maker *m, enum ast_op op, unsigned args,
				unsigned depth)
{
	struct ast_expr *expr = make(m, 1, sizeof(*expr));

	expr->op = op;
	expr->arg_count = args;
	expr->args = make(m, args, sizeof(*expr->args));
	for (unsigned i = 0; i < args; i++)
		expr->args[i] = make_expr(m, depth);
	return expr;
}

static struct ast_expr *make_column(struct maker *m)
{
	static const char *const qualifiers[] = { NULL, "e", "file.open" };
	struct ast_expr *expr = make_op(m, AST_NAME, 0, 0);

	expr->text = make_name(m);
	expr->qualifier = qualifiers[pick(m, 3)];
	return expr;
}

static int64_t make_interval(struct maker *m)
{
	static const int64_t units[] = {
		1, 1000, 1000000, 1000000000, 60000000000, 86400000000000
	};

	return (1 + (int64_t)pick(m, 1000)) * units[pick(m, 6)];
}

static struct ast_expr *make_count(struct maker *m)
{
	struct ast_expr *expr = make_op(m, AST_CALL, 0, 0);
	struct ast_over *window = make(m, 1, sizeof(*window));

	window->key_count = pick(m, 3);
	window->keys = make(m, window->key_count, sizeof(*window->keys));
	for (unsigned i = 0; i < window->key_count; i++)
		window->keys[i] = make_column(m);
	window->order = make_column(m);
	window->range_ns = make_interval(m);
	expr->text = "count";
	expr->star = true;
	expr->over = pick(m, 4) ? window : NULL;
	return expr;
}

static struct ast_expr *make_leaf(struct maker *m)
{
	static const char *const texts[] = { "",   "a",	    "it's",
					     "''", "%/x_y", "\xc3\xa9\n--" };
	static const int64_t numbers[] = {
		0, 1, -1, 65536, INT64_MAX, INT64_MIN
	};
	struct ast_expr *expr = make_op(m, AST_NULL, 0, 0);

	switch (pick(m, 8)) {
	case 0:
		expr->op = AST_BOOL;
		expr->number = pick(m, 2);
		return expr;
	case 1:
	case 2:
		expr->op = AST_INT;
		expr->number = numbers[pick(m, ARRAY_SIZE(numbers))];
		return expr;
	case 3:
		expr->op = AST_INTERVAL;
		expr->number = make_interval(m);
		return expr;
	case 4:
		expr->op = AST_TEXT;
		expr->text = texts[pick(m, ARRAY_SIZE(texts))];
		return expr;
	case 5:
		return make_count(m);
	case 6:
		return expr;
	default:
		return make_column(m);
	}
}

static struct ast_expr *make_expr(struct maker *m, unsigned depth)
{
	enum ast_op op = AST_NOT + pick(m, AST_LIKE + 1 - AST_NOT);
	unsigned args = 2;
	struct ast_expr *expr;

	if (!depth || !pick(m, 4) || (op >= AST_MUL && op <= AST_NEG) ||
	    op == AST_IS_TRUE || op == AST_IS_FALSE || op == AST_IN_LIST)
		return make_leaf(m);
	if (op == AST_NOT || op == AST_IS_NULL)
		args = 1;
	else if (op == AST_AND || op == AST_OR || op == AST_IN)
		args = 2 + pick(m, 3);
	else if (op == AST_BETWEEN)
		args = 3;
	expr = make_op(m, op, args, depth - 1);
	if (op == AST_IS_NULL || op == AST_IN || op == AST_BETWEEN ||
	    op == AST_LIKE)
		expr->negated = pick(m, 2);
	return expr;
}

static struct ast_select *make_select(struct maker *m, unsigned nesting)
{
	struct ast_select *select = make(m, 1, sizeof(*select));

	select->output_count = 1 + pick(m, 3);
	select->outputs =
		make(m, select->output_count, sizeof(*select->outputs));
	for (unsigned i = 0; i < select->output_count; i++) {
		select->outputs[i].expr = make_expr(m, 2);
		select->outputs[i].alias = pick(m, 2) ? make_name(m) : NULL;
	}
	select->item_count = 1 + pick(m, 3);
	select->items = make(m, select->item_count, sizeof(*select->items));
	for (unsigned i = 0; i < select->item_count; i++) {
		struct ast_item *item = &select->items[i];

		if (nesting && !pick(m, 3))
			item->select = make_select(m, nesting - 1);
		else
			item->stream = pick(m, 2) ? "process.exec" : "a";
		item->alias = pick(m, 2) ? make_name(m) : NULL;
		item->on = i ? make_expr(m, 3) : NULL;
	}
	select->where = pick(m, 2) ? make_expr(m, 4) : NULL;
	return select;
}

static struct ast_rule *make_rule(struct maker *m)
{
	struct ast_rule *rule = make(m, 1, sizeof(*rule));

	rule->name = "r";
	rule->option_count = pick(m, 3);
	rule->options = make(m, rule->option_count, sizeof(*rule->options));
	for (unsigned i = 0; i < rule->option_count; i++) {
		struct ast_expr *value = make_op(m, AST_TEXT, 0, 0);

		rule->options[i].name = make_name(m);
		value->text = "it's";
		rule->options[i].value = value;
	}
	rule->select = make_select(m, 2);
	rule->emit = (enum ast_emit)pick(m, 3);
	rule->suppress_ns = pick(m, 2) ? make_interval(m) : 0;
	rule->gap = (enum ast_gap)pick(m, 3);
	return rule;
}

static void same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a)
		assert_string_equal(a, b);
}

static void same_expr(const struct ast_expr *a, const struct ast_expr *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (!a)
		return;
	assert_int_equal(a->op, b->op);
	assert_int_equal(a->negated, b->negated);
	assert_int_equal(a->number, b->number);
	same_text(a->text, b->text);
	same_text(a->qualifier, b->qualifier);
	assert_int_equal(a->arg_count, b->arg_count);
	for (unsigned i = 0; i < a->arg_count; i++)
		same_expr(a->args[i], b->args[i]);
	assert_int_equal(a->over == NULL, b->over == NULL);
	if (!a->over)
		return;
	assert_int_equal(a->over->key_count, b->over->key_count);
	for (unsigned i = 0; i < a->over->key_count; i++)
		same_expr(a->over->keys[i], b->over->keys[i]);
	same_expr(a->over->order, b->over->order);
	assert_int_equal(a->over->range_ns, b->over->range_ns);
}

static void same_select(const struct ast_select *a, const struct ast_select *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (!a)
		return;
	assert_int_equal(a->output_count, b->output_count);
	for (unsigned i = 0; i < a->output_count; i++) {
		same_expr(a->outputs[i].expr, b->outputs[i].expr);
		same_text(a->outputs[i].alias, b->outputs[i].alias);
	}
	assert_int_equal(a->item_count, b->item_count);
	for (unsigned i = 0; i < a->item_count; i++) {
		same_text(a->items[i].stream, b->items[i].stream);
		same_text(a->items[i].alias, b->items[i].alias);
		same_select(a->items[i].select, b->items[i].select);
		same_expr(a->items[i].on, b->items[i].on);
	}
	same_expr(a->where, b->where);
}

static void same_rule(const struct ast_rule *a, const struct ast_rule *b)
{
	same_text(a->name, b->name);
	assert_int_equal(a->option_count, b->option_count);
	for (unsigned i = 0; i < a->option_count; i++) {
		same_text(a->options[i].name, b->options[i].name);
		same_expr(a->options[i].value, b->options[i].value);
	}
	same_select(a->select, b->select);
	assert_int_equal(a->emit, b->emit);
	assert_int_equal(a->suppress_ns, b->suppress_ns);
	assert_int_equal(a->gap, b->gap);
}

static void print__random_rules__read_back_as_they_were(void **state)
{
	const uint64_t seed = 0x5eed2026;
	unsigned rounds = getenv("CHECK_FULL") ? 100000 : 3000;
	struct arena arena;
	struct maker m = { .arena = &arena, .seed = seed };

	(void)state;
	print_message("seed %#llx\n", (unsigned long long)seed);
	arena_init(&arena, (size_t)64 << 20);
	for (unsigned i = 0; i < rounds; i++) {
		struct diagnostics *diagnostics;
		struct compile_source source = { .name = "x.sql" };
		struct compilation c = { .arena = &arena };
		struct ast_program rules = { 0 };
		struct buf text = BUF_INIT, again = BUF_INIT;
		struct ast_rule *rule;

		arena_reset(&arena);
		rule = make_rule(&m);
		print_rule(&text, rule);
		source.text = buf_text(&text);
		source.len = text.len;
		diagnostics = make(&m, 1, sizeof(*diagnostics));
		diagnostics_init(diagnostics, &arena, &source, 1);
		c.diagnostics = diagnostics;
		parse_source(&c, &source, 0, &rules);
		if (rules.rule_count != 1)
			print_error("round %u: %s\n%s\n", i, buf_text(&text),
				    diagnostics->count ?
					    diagnostics->items[0].message :
					    "");
		assert_int_equal(rules.rule_count, 1);
		same_rule(rule, rules.rules[0]);
		print_rule(&again, rules.rules[0]);
		assert_string_equal(buf_text(&text), buf_text(&again));
		buf_release(&text);
		buf_release(&again);
	}
	arena_release(&arena);
}

static void print__spelling__does_not_change_the_canonical_text(void **state)
{
	struct front a, b;

	(void)state;
	front_compile(&a, "create rule R as select PID from process.exec E "
			  "where ((UID = 0x10)) and exe not like 'a' -- x\n"
			  "suppress for interval '0.5' minute");
	front_compile(&b, "CREATE RULE r AS SELECT pid FROM process.exec AS e "
			  "WHERE uid=16 AND NOT/**/exe LIKE 'b' SUPPRESS FOR "
			  "INTERVAL '30' SECONDS;");
	assert_string_equal(front_rule(&a)->canonical,
			    "CREATE RULE r AS\n"
			    "SELECT pid\n"
			    "FROM process.exec AS e\n"
			    "WHERE uid = 16 AND exe NOT LIKE 'a'\n"
			    "SUPPRESS FOR INTERVAL '30' SECOND;\n");
	assert_string_equal(front_rule(&b)->canonical,
			    "CREATE RULE r AS\n"
			    "SELECT pid\n"
			    "FROM process.exec AS e\n"
			    "WHERE uid = 16 AND NOT exe LIKE 'b'\n"
			    "SUPPRESS FOR INTERVAL '30' SECOND;\n");
	front_release(&a);
	front_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print__random_rules__read_back_as_they_were),
		cmocka_unit_test(
			print__spelling__does_not_change_the_canonical_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
