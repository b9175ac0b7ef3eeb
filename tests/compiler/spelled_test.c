// SPDX-License-Identifier: Apache-2.0
/* Every column with named values, in a match: its name, else its number. */
#include "compiler/front.h"

static struct value output_of(const struct plan_rule *rule, enum stream_id id,
			      const struct column *column, struct value value,
			      struct expr_env *env)
{
	const struct stream *stream = catalog_stream(id);
	unsigned slots = row_slots(stream);
	struct row *row =
		calloc(1, sizeof(*row) + slots * sizeof(row->values[0]));
	struct tuple tuple = { .rows = { row } };
	struct value ret;

	assert_non_null(row);
	row->stream = (uint16_t)id;
	row->value_count = (uint16_t)slots;
	row->values[row_slot(column->id)] = value;
	ret = expr_eval(rule->outputs[0].expr, &tuple, env);
	free(row);
	return ret;
}

static void assert_text(struct value value, const char *text)
{
	assert_true(value_equal(value, value_text(text)));
}

/* How many names the column has. */
static unsigned check_column(enum stream_id id, const struct column *column)
{
	struct front front;
	struct expr_env env;
	char sql[128];
	int64_t value, unnamed = 200;
	unsigned n = 0;

	if (!catalog_literal(id, column, 0, &value))
		return 0;
	snprintf(sql, sizeof(sql), "SELECT %s FROM %s;", column->name,
		 catalog_stream(id)->name);
	front_compile(&front, sql);
	assert_int_equal(expr_env_init(&env, &front.err), 0);
	for (const char *name;
	     (name = catalog_literal(id, column, n, &value)) != NULL; n++) {
		assert_text(output_of(front_rule(&front), id, column,
				      value_int(value), &env),
			    name);
		assert_true(value != unnamed);
	}
	assert_text(output_of(front_rule(&front), id, column,
			      value_int(unnamed), &env),
		    "200");
	assert_true(value_is_null(
		output_of(front_rule(&front), id, column, value_null(), &env)));
	expr_env_release(&env);
	front_release(&front);
	return n;
}

static void spelled__each_value_of_each_column__by_its_name(void **state)
{
	unsigned names = 0;

	(void)state;
	for (int id = 0; id < STREAM_VISIBLE_COUNT; id++) {
		const struct stream *stream = catalog_stream(id);

		for (unsigned i = 0; i < catalog_column_count(stream); i++)
			names += check_column(id, catalog_column_at(stream, i));
	}
	assert_true(names >= 7);
}

/* Beside a name a column gives its name; beside a number it is a number. */
static const struct {
	const char *expr;
	const char *text; /* NULL: the number 6 */
} chosen[] = {
	{ "CASE WHEN pid IS NULL THEN proto ELSE 'tcp' END", "tcp" },
	{ "CASE WHEN pid = 1 THEN proto ELSE 'tcp' END", "tcp" },
	{ "COALESCE(proto, 'tcp')", "tcp" },
	{ "IFNULL(proto, 'tcp')", "tcp" },
	{ "CAST(proto AS TEXT)", "tcp" },
	{ "proto || ''", "tcp" },
	{ "CASE WHEN pid IS NULL THEN proto END", "tcp" },
	{ "CASE WHEN pid = 1 THEN family ELSE proto END", NULL },
	{ "COALESCE(NULL, proto)", "tcp" },
	{ "IFNULL(proto, CASE WHEN pid = 1 THEN proto END)", "tcp" },
	{ "NULLIF(proto, pid)", "tcp" },
	{ "CASE WHEN pid IS NULL THEN proto ELSE 0 END", NULL },
	{ "COALESCE(proto, dst_port)", NULL },
	{ "COALESCE(proto, family)", NULL },
};

static void spelled__what_is_chosen_among_names__is_one(void **state)
{
	const struct stream *stream = catalog_stream(STREAM_NETWORK_CONNECT);
	const struct column *proto = catalog_column(stream, "proto", 5);

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(chosen); i++) {
		struct front front;
		struct expr_env env;
		struct value value;
		char sql[160];

		snprintf(sql, sizeof(sql), "SELECT %s AS x FROM %s;",
			 chosen[i].expr, stream->name);
		front_compile(&front, sql);
		assert_int_equal(expr_env_init(&env, &front.err), 0);
		value = output_of(front_rule(&front), STREAM_NETWORK_CONNECT,
				  proto, value_int(6), &env);
		if (chosen[i].text)
			assert_text(value, chosen[i].text);
		else
			assert_true(value_equal(value, value_int(6)));
		expr_env_release(&env);
		front_release(&front);
	}
}

static const char *const extremes[] = {
	"SELECT MIN(proto) AS x FROM TUMBLE(TABLE network.connect, "
	"DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY pid "
	"HAVING MIN(proto) = 'tcp'",
	"SELECT MAX(COALESCE(proto, NULL)) OVER (PARTITION BY pid ORDER BY ts "
	"RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS x "
	"FROM network.connect",
	"SELECT x FROM (SELECT pid, MIN(proto) OVER (PARTITION BY pid ORDER BY "
	"ts RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS x "
	"FROM network.connect) AS t WHERE x = 'tcp'",
	"SELECT IFNULL(MAX(proto), MIN(proto)) AS x FROM TUMBLE(TABLE "
	"network.connect, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY pid",
};

static void spelled__an_extreme__by_its_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(extremes); i++) {
		struct value slots[TUPLE_SLOTS_MAX];
		const struct tuple tuple = { .slots = slots };
		struct front front;
		struct expr_env env;
		char sql[512];

		for (unsigned k = 0; k < TUPLE_SLOTS_MAX; k++)
			slots[k] = value_int(6);
		snprintf(sql, sizeof(sql), "%s;", extremes[i]);
		front_compile(&front, sql);
		assert_int_equal(expr_env_init(&env, &front.err), 0);
		assert_text(expr_eval(front_rule(&front)->outputs[0].expr,
				      &tuple, &env),
			    "tcp");
		expr_env_release(&env);
		front_release(&front);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			spelled__each_value_of_each_column__by_its_name),
		cmocka_unit_test(spelled__what_is_chosen_among_names__is_one),
		cmocka_unit_test(spelled__an_extreme__by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
