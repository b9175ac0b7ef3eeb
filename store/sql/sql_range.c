// SPDX-License-Identifier: Apache-2.0
/*
 * Constraints of a statement as ranges of keys, and the choice between the
 * ways to the rows.
 *
 * idxStr holds two characters for each argument of xFilter: the key
 * ('0' + enum sql_key) and the operator: '=', '<' (also <=), '>' (also >=).
 */
#include "store/sql/sql_int.h"

#include <stdlib.h>
#include <string.h>

#define DAY_NS ((int64_t)86400 * 1000000000)

struct sql_range sql_range_all(void)
{
	return (struct sql_range){
		.seq_high = UINT64_MAX,
		.time_low = INT64_MIN,
		.time_high = INT64_MAX,
	};
}

/* The integers that a number can equal lie between the two. */
static bool integer_bounds(sqlite3_value *value, int64_t *ret_low,
			   int64_t *ret_high)
{
	double d;

	if (sqlite3_value_type(value) == SQLITE_INTEGER) {
		*ret_low = *ret_high = sqlite3_value_int64(value);
		return true;
	}
	if (sqlite3_value_type(value) != SQLITE_FLOAT)
		return false;
	d = sqlite3_value_double(value);
	if (d < -9e18 || d > 9e18)
		return false;
	*ret_low = (int64_t)d - 1;
	*ret_high = (int64_t)d + 1;
	return true;
}

static void add_time(struct sql_range *range, char op, int64_t low,
		     int64_t high)
{
	range->has_time = true;
	if (op != '<' && low > range->time_low)
		range->time_low = low;
	if (op != '>' && high < range->time_high)
		range->time_high = high;
}

static void add_seq(struct sql_range *range, char op, int64_t low, int64_t high)
{
	uint64_t from = low < 0 ? 0 : (uint64_t)low;
	uint64_t to = high < 0 ? 0 : (uint64_t)high;

	range->has_seq = true;
	range->one_seq |= op == '=';
	if (op != '<' && from > range->seq_low)
		range->seq_low = from;
	if (op != '>' && to < range->seq_high)
		range->seq_high = to;
}

static bool parse_id(const char *text, size_t len, uint8_t ret_id[16])
{
	if (len != 32 || strspn(text, "0123456789abcdef") != 32)
		return false;
	for (int i = 0; i < 16; i++) {
		const char pair[3] = { text[2 * i], text[2 * i + 1], '\0' };

		ret_id[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return true;
}

static void add_text(struct sql_range *range, enum sql_key key, char op,
		     const char *text, size_t len)
{
	int64_t day;

	if (key == KEY_TIME && sql_day_ns(text, len, &day) == 0)
		add_time(range, op, day, day + DAY_NS - 1);
	else if (key == KEY_RULE && op == '=' && strlen(text) == len)
		range->rule = text;
	else if (key == KEY_ID && op == '=')
		range->has_id |= parse_id(text, len, range->id);
}

void sql_range_add(struct sql_range *range, enum sql_key key, char op,
		   sqlite3_value *value)
{
	int64_t low, high;

	if (key == KEY_SEQ || key == KEY_TIME_NS) {
		if (!integer_bounds(value, &low, &high))
			return;
		if (key == KEY_SEQ)
			add_seq(range, op, low, high);
		else
			add_time(range, op, low, high);
	} else if (sqlite3_value_type(value) == SQLITE_TEXT) {
		const char *text = (const char *)sqlite3_value_text(value);

		if (text)
			add_text(range, key, op, text,
				 (size_t)sqlite3_value_bytes(value));
	}
}

struct sql_range sql_range_of(const char *idx_str, int argc,
			      sqlite3_value **argv)
{
	struct sql_range range = sql_range_all();

	for (int i = 0; i < argc; i++)
		sql_range_add(&range, (enum sql_key)(idx_str[2 * i] - '0'),
			      idx_str[2 * i + 1], argv[i]);
	return range;
}

/* --- planning ------------------------------------------------------------- */

struct plan {
	struct sql_statement *statement;
	enum store_table table;
	struct sql_range range; /* of constraints whose value is known now */
	unsigned keys;		/* bits: enum sql_key with an equality */
	unsigned ranges;	/* the same with an inequality */
	double total;
	double rules;
};

static double records(const struct plan *plan, enum store_table table)
{
	const struct store_txn *txn = &plan->statement->txn;
	MDB_stat stat;

	if (txn->rc || !txn->env->has_table[table] ||
	    mdb_stat(txn->txn, txn->env->tables[table], &stat))
		return 0;
	return (double)stat.ms_entries;
}

static char operator_of(unsigned char op)
{
	switch (op) {
	case SQLITE_INDEX_CONSTRAINT_EQ:
		return '=';
	case SQLITE_INDEX_CONSTRAINT_LT:
	case SQLITE_INDEX_CONSTRAINT_LE:
		return '<';
	case SQLITE_INDEX_CONSTRAINT_GT:
	case SQLITE_INDEX_CONSTRAINT_GE:
		return '>';
	default:
		return 0;
	}
}

/* Note one constraint; true when xFilter wants its value. */
static bool take(struct plan *plan, sqlite3_index_info *info, int i,
		 enum sql_key key, char op)
{
	sqlite3_value *value;
	bool text = key == KEY_RULE || key == KEY_ID || key == KEY_TIME;

	if (key == KEY_NONE || !op || !info->aConstraint[i].usable)
		return false;
	if (text && sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY"))
		return false;
	if (op == '=')
		plan->keys |= 1u << key;
	else
		plan->ranges |= 1u << key;
	if (sqlite3_vtab_rhs_value(info, i, &value) == SQLITE_OK)
		sql_range_add(&plan->range, key, op, value);
	return true;
}

static bool wants(const struct plan *plan, enum sql_key key)
{
	return (plan->keys | plan->ranges) >> key & 1;
}

/* Part of the records between the bounds, when they are spread evenly. */
static double part_of_seq(const struct plan *plan)
{
	struct sql_statement *statement = plan->statement;
	const struct sql_range *range = &plan->range;
	struct store_scan scan;
	uint64_t last = 0;
	double high;

	if (!range->has_seq)
		return 0.25;
	scan_open(&scan, &statement->txn, plan->table, NULL, NULL);
	if (scan_last(&scan))
		tuple_key_get_uint(scan.key.mv_data, scan.key.mv_size, &last);
	scan_close(&scan);
	high = range->seq_high < last ? (double)range->seq_high : (double)last;
	if ((double)range->seq_low > high)
		return 0;
	return (high - (double)range->seq_low + 1) / ((double)last + 1);
}

static double rows_of_rule(const struct plan *plan)
{
	struct tuple_key key;
	MDB_val value;

	if (!plan->range.rule)
		return plan->total / (plan->rules + 1);
	key_rule(&key, plan->range.rule);
	if (!txn_get(&plan->statement->txn, TABLE_RULE, &key, &value) ||
	    value.mv_size != 8)
		return 0;
	return (double)get_be64(value.mv_data);
}

static double rows_of(const struct plan *plan, enum sql_path path)
{
	bool one = plan->keys >> KEY_SEQ & 1;

	switch (path) {
	case PATH_SEQ:
		return one ? 1 : plan->total * part_of_seq(plan);
	case PATH_ID:
		return 1;
	case PATH_RULE:
		return rows_of_rule(plan);
	case PATH_TIME:
		return (plan->keys >> KEY_TIME_NS & 1) ? 1 : plan->total / 4;
	case PATH_ALL:
		break;
	}
	return plan->total;
}

static bool possible(const struct plan *plan, enum sql_path path)
{
	switch (path) {
	case PATH_ALL:
		return true;
	case PATH_SEQ:
		return wants(plan, KEY_SEQ);
	case PATH_ID:
		return plan->keys >> KEY_ID & 1;
	case PATH_RULE:
		return plan->keys >> KEY_RULE & 1;
	case PATH_TIME:
		return wants(plan, KEY_TIME_NS) || wants(plan, KEY_TIME);
	}
	return false;
}

/* An index costs a second look-up for each row. */
static enum sql_path choose(const struct plan *plan, struct sql_cost *ret_best)
{
	struct sql_cost best = { 0 };
	enum sql_path path = PATH_ALL;

	for (int p = PATH_ALL; p <= PATH_TIME; p++) {
		struct sql_cost cost;

		if (!possible(plan, (enum sql_path)p))
			continue;
		cost.rows = rows_of(plan, (enum sql_path)p);
		cost.cost = 5 + cost.rows * (p > PATH_SEQ ? 2 : 1);
		if (p == PATH_ALL || cost.cost < best.cost) {
			best = cost;
			path = (enum sql_path)p;
		}
	}
	*ret_best = best;
	return path;
}

static bool is_ordered(const sqlite3_index_info *info, enum sql_path path,
		       enum sql_key (*key_of)(int column))
{
	enum sql_key key;

	if (info->nOrderBy != 1 || info->aOrderBy[0].desc)
		return false;
	key = key_of(info->aOrderBy[0].iColumn);
	if (path == PATH_TIME)
		return key == KEY_TIME_NS || key == KEY_TIME;
	return key == KEY_SEQ;
}

int sql_plan(struct sql_statement *statement, sqlite3_index_info *info,
	     enum sql_key (*key_of)(int column), enum store_table table,
	     unsigned fan_out)
{
	struct plan plan = { .statement = statement,
			     .table = table,
			     .range = sql_range_all() };
	char *text =
		sqlite3_malloc64(2 * (sqlite3_uint64)info->nConstraint + 1);
	struct sql_cost best;
	int n = 0;

	if (!text)
		return SQLITE_NOMEM;
	for (int i = 0; i < info->nConstraint; i++) {
		enum sql_key key = key_of(info->aConstraint[i].iColumn);
		char op = operator_of(info->aConstraint[i].op);

		if (!take(&plan, info, i, key, op))
			continue;
		text[2 * n] = (char)('0' + key);
		text[2 * n + 1] = op;
		info->aConstraintUsage[i].argvIndex = ++n;
	}
	text[2 * n] = '\0';
	plan.total = records(&plan, table);
	plan.rules = records(&plan, TABLE_RULE);
	info->idxNum = choose(&plan, &best);
	info->idxStr = text;
	info->needToFreeIdxStr = 1;
	info->estimatedRows = (sqlite3_int64)(best.rows * fan_out) + 1;
	info->estimatedCost = best.cost * fan_out;
	info->orderByConsumed =
		is_ordered(info, (enum sql_path)info->idxNum, key_of);
	return SQLITE_OK;
}
