// SPDX-License-Identifier: Apache-2.0
/*
 * What each operator takes and gives; what it says of anything else: where,
 * why, and what to write.
 */
#include "compiler/typed.h"

#define TEXT_SIZE 1024

static const struct {
	const char *expr; /* over network.connect */
	enum value_type type;
} accepted[] = {
	{ "pid + 1", VALUE_INT },
	{ "pid * 2 / 3 % 4 - 5", VALUE_INT },
	{ "-pid", VALUE_INT },
	{ "cpu_usage + 1", VALUE_DOUBLE },
	{ "1 / 2.0", VALUE_DOUBLE },
	{ "-cpu_usage", VALUE_DOUBLE },
	{ "cpu_usage % 7", VALUE_DOUBLE },
	{ "ts - start_ts", VALUE_INTERVAL },
	{ "ts + INTERVAL '5' SECOND", VALUE_TIMESTAMP },
	{ "INTERVAL '5' SECOND + ts", VALUE_TIMESTAMP },
	{ "ts - INTERVAL '5' SECOND", VALUE_TIMESTAMP },
	{ "INTERVAL '5' SECOND * 3", VALUE_INTERVAL },
	{ "3 * INTERVAL '5' SECOND", VALUE_INTERVAL },
	{ "-(ts - start_ts)", VALUE_INTERVAL },
	{ "pid + NULL", VALUE_INT },
	{ "NULL * INTERVAL '1' SECOND", VALUE_INTERVAL },
	{ "exe || ':' || pid || cpu_usage || NULL", VALUE_TEXT },
	{ "CASE WHEN pid = 1 THEN 1 ELSE 2.5 END", VALUE_DOUBLE },
	{ "CASE WHEN pid = 1 THEN exe END", VALUE_TEXT },
	{ "CASE WHEN pid = 1 THEN dst_ip ELSE '10.0.0.1' END", VALUE_IP },
	{ "CASE WHEN pid = 1 THEN NULL ELSE ts END", VALUE_TIMESTAMP },
	{ "CASE WHEN pid = 1 THEN family ELSE 'inet6' END", VALUE_TEXT },
	{ "CASE WHEN pid = 1 THEN family ELSE family END", VALUE_TEXT },
	{ "CASE WHEN pid = 1 THEN args ELSE parent_args END", VALUE_LIST },
	{ "CASE WHEN NULL THEN NULL END", VALUE_NULL },
	{ "CASE pid WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END", VALUE_TEXT },
	{ "CAST(pid AS TEXT)", VALUE_TEXT },
	{ "CAST(exe AS smallint)", VALUE_INT },
	{ "CAST(pid AS double)", VALUE_DOUBLE },
	{ "CAST(exe AS ip)", VALUE_IP },
	{ "CAST('10.0.0.1' AS ip)", VALUE_IP },
	{ "CAST(exe AS timestamp)", VALUE_TIMESTAMP },
	{ "CAST(NULL AS bytes)", VALUE_BYTES },
	{ "CAST(ts AS bigint)", VALUE_INT },
	{ "CAST(ts AS timestamp)", VALUE_TIMESTAMP },
	{ "CAST(args AS text)", VALUE_TEXT },
	{ "pid = 1.5", VALUE_BOOL },
	{ "pid IS NULL", VALUE_BOOL },
	{ "compat IS NOT TRUE", VALUE_BOOL },
	{ "(pid = 1) IS FALSE", VALUE_BOOL },
	{ "'-c' = ANY(args)", VALUE_BOOL },
	{ "ANY(args) LIKE '--pass%'", VALUE_BOOL },
	{ "ALL(args) NOT ILIKE '-X%'", VALUE_BOOL },
	{ "ALL(args) <> '-x'", VALUE_BOOL },
	{ "'b' > ANY(args)", VALUE_BOOL },
	{ "ANY(args) REGEXP '^-+h'", VALUE_BOOL },
	{ "exe ILIKE '%SH' ESCAPE '!'", VALUE_BOOL },
	{ "exe LIKE 'a' || '%'", VALUE_BOOL },
	{ "exe REGEXP '(?i)python[0-9.]+$'", VALUE_BOOL },
	{ "dst_ip = '10.0.0.0/8'", VALUE_BOOL },
	{ "dst_ip <> '2001:db8::/32'", VALUE_BOOL },
	{ "dst_ip IN ('10.0.0.0/8', '::1', '192.0.2.1')", VALUE_BOOL },
	{ "CIDR_MATCH(dst_ip, '0.0.0.0/0')", VALUE_BOOL },
	{ "CIDR_MATCH(dst_ip, '10.1.2.3')", VALUE_BOOL },
	{ "ts > '2026-01-01T00:00:00Z'", VALUE_BOOL },
	{ "ts BETWEEN '2026-01-01' AND '2026-02-01'", VALUE_BOOL },
	{ "ts - start_ts < INTERVAL '5' SECOND", VALUE_BOOL },
	{ "family = 'inet6'", VALUE_BOOL },
	{ "family IN ('inet', 'inet6')", VALUE_BOOL },
	{ "pid IN (1 + 1, 2 * 3)", VALUE_BOOL },
	{ "executable_hash = "
	  "'00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF'",
	  VALUE_BOOL },
	{ "LENGTH(exe)", VALUE_INT },
	{ "LENGTH(x'00ff')", VALUE_INT },
	{ "SUBSTR(exe, 2)", VALUE_TEXT },
	{ "SUBSTR(exe, -2, 1)", VALUE_TEXT },
	{ "INSTR(exe, 'x')", VALUE_INT },
	{ "UPPER(LOWER(TRIM(exe, '/ ')))", VALUE_TEXT },
	{ "REPLACE(exe, 'a', 'b')", VALUE_TEXT },
	{ "HEX(exe)", VALUE_TEXT },
	{ "UNHEX('00ff')", VALUE_BYTES },
	{ "COALESCE(name, exe, 'none')", VALUE_TEXT },
	{ "COALESCE(pid, 1.5)", VALUE_DOUBLE },
	{ "IFNULL(dst_ip, '::')", VALUE_IP },
	{ "NULLIF(pid, 0)", VALUE_INT },
	{ "BASENAME(exe) || DIRNAME(exe)", VALUE_TEXT },
	{ "ANCESTOR(pid_key, 2)", VALUE_TEXT },
	{ "HAS_ANCESTOR(pid_key, 'sshd')", VALUE_BOOL },
	{ "ENTROPY(cmdline)", VALUE_DOUBLE },
	{ "BASE64_DECODE('aGk=')", VALUE_TEXT },
};

static void type__of_each_expression__is_as_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		char text[TEXT_SIZE];
		struct typed t;
		enum value_type type;

		snprintf(text, sizeof(text),
			 "SELECT %s AS x FROM network.connect;",
			 accepted[i].expr);
		typed_bind(&t, text);
		if (!t.rule)
			typed_print(&t);
		assert_non_null(t.rule);
		type = t.rule->outputs[0].expr->type;
		if (type != accepted[i].type)
			print_error("%s is %s\n", accepted[i].expr,
				    value_type_name(type));
		assert_int_equal(type, accepted[i].type);
		typed_release(&t);
	}
}

static const struct {
	const char *expr; /* over network.connect */
	const char *at;	  /* what the message points at */
	const char *message;
	const char *suggestion; /* NULL: none */
} rejected[] = {
	{ "pid + exe", "pid + exe", "+ does not go with BIGINT and TEXT",
	  "write CAST(exe AS BIGINT)" },
	{ "exe + name", "exe + name", "+ does not go with TEXT and TEXT",
	  "write exe || name" },
	{ "ts + ts", "ts + ts", "+ does not go with TIMESTAMP and TIMESTAMP",
	  "subtract them, or add an interval to one" },
	{ "ts * 2", "ts * 2", "* does not go with TIMESTAMP and BIGINT",
	  "add an interval, as in ts + INTERVAL '5' SECOND" },
	{ "compat + 1", "compat + 1", "+ does not go with BOOLEAN and BIGINT",
	  NULL },
	{ "-exe", "-exe", "- takes a number or an interval, but exe is TEXT",
	  NULL },
	{ "9223372036854775807 + 1", "9223372036854775807 + 1",
	  "9223372036854775807 + 1 does not fit 64 bits", NULL },
	{ "4611686018427387904 * 2", "4611686018427387904 * 2",
	  "4611686018427387904 * 2 does not fit 64 bits", NULL },
	{ "pid + 1 / 0", "1 / 0", "1 / 0 divides by zero", NULL },
	{ "1 % (2 - 2)", "1 % (2 - 2)", "1 % (2 - 2) divides by zero", NULL },
	{ "1.5 / 0", "1.5 / 0", "1.5 / 0 divides by zero", NULL },
	{ "1e308 * 10", "1e308 * 10", "1e+308 * 10 does not fit a DOUBLE",
	  NULL },
	{ "exe || ts", "ts", "|| joins texts and numbers, but ts is TIMESTAMP",
	  "write CAST(ts AS TEXT)" },
	{ "exe || args", "args",
	  "|| joins texts and numbers, but args is TEXT LIST",
	  "use cmdline: it is the args with spaces" },
	{ "CASE WHEN pid = 1 THEN pid ELSE exe END", "exe",
	  "CASE gives one type, but pid is BIGINT and exe is TEXT",
	  "write CAST(pid AS TEXT)" },
	{ "CASE WHEN pid THEN 1 END", "pid",
	  "a condition is true or false, but pid is BIGINT",
	  "compare it, as in pid <> 0" },
	{ "CASE WHEN pid = 1 THEN dst_ip ELSE 'x' END", "'x'",
	  "'x' is not an IPv4 or IPv6 address",
	  "as in '192.0.2.1', '2001:db8::1' or '10.0.0.0/8'" },
	{ "CAST(exe AS txet)", "CAST(exe AS txet)", "there is no type 'txet'",
	  "did you mean 'text'?" },
	{ "CAST(exe AS json)", "CAST(exe AS json)", "there is no type 'json'",
	  "one of bool, bigint, double, text, bytes, ip, timestamp, interval "
	  "and hash256" },
	{ "CAST(dst_ip AS bigint)", "CAST(dst_ip AS bigint)",
	  "dst_ip (IP) does not become BIGINT", NULL },
	{ "CAST('10.0.0' AS ip)", "'10.0.0'", "'10.0.0' is no IP", NULL },
	{ "CAST('yesterday' AS timestamp)", "'yesterday'",
	  "'yesterday' is no TIMESTAMP", NULL },
	{ "pid = 'x'", "pid = 'x'",
	  "cannot compare pid (BIGINT) with 'x' (TEXT)",
	  "write a number, as in pid = 0" },
	{ "pid = '22'", "pid = '22'",
	  "cannot compare pid (BIGINT) with '22' (TEXT)",
	  "write 22 without quotes" },
	{ "pid = exe", "pid = exe",
	  "cannot compare pid (BIGINT) with exe (TEXT)",
	  "write CAST(pid AS TEXT)" },
	{ "exe = 5", "exe = 5", "cannot compare exe (TEXT) with 5 (BIGINT)",
	  "write '5'" },
	{ "ts = 5", "ts = 5", "cannot compare ts (TIMESTAMP) with 5 (BIGINT)",
	  "a time is written '2026-01-31T23:59:59Z'" },
	{ "ts - start_ts > 5", "ts - start_ts > 5",
	  "cannot compare ts - start_ts (INTERVAL) with 5 (BIGINT)",
	  "write INTERVAL '5' SECOND" },
	{ "compat = 0", "compat = 0",
	  "cannot compare compat (BOOLEAN) with 0 (BIGINT)",
	  "write NOT compat" },
	{ "compat > FALSE", "compat > FALSE",
	  "BOOLEAN has no order: it compares with =, <> and IN", NULL },
	{ "dst_ip BETWEEN '10.0.0.0' AND '10.0.0.9'",
	  "dst_ip BETWEEN '10.0.0.0' AND '10.0.0.9'",
	  "IP has no order: it compares with =, <> and IN",
	  "write a network: dst_ip IN ('10.0.0.0/8'" },
	{ "dst_ip > '10.0.0.0/8'", "dst_ip > '10.0.0.0/8'",
	  "IP has no order: it compares with =, <> and IN",
	  "write a network: dst_ip IN ('10.0.0.0/8'" },
	{ "args = '-c'", "args = '-c'",
	  "cannot compare args (TEXT LIST) with '-c' (TEXT)",
	  "write '-c' = ANY(args)" },
	{ "ANY(args) = 5", "ANY(args) = 5",
	  "cannot compare ANY(args) (TEXT) with 5 (BIGINT)", "write '5'" },
	{ "'x' = ALL(exe)", "exe", "ALL takes a list, but exe is TEXT",
	  "as in ALL(args)" },
	{ "exe LIKE name", "name", "LIKE takes a pattern in quotes",
	  "to look for a text that is not constant: INSTR(exe, name) > 0" },
	{ "args LIKE '%x'", "args", "LIKE takes a text, but args is TEXT LIST",
	  "write ANY(args) LIKE ..., or search the cmdline" },
	{ "pid ILIKE '1%'", "pid", "ILIKE takes a text, but pid is BIGINT",
	  "write CAST(pid AS TEXT) ILIKE ..." },
	{ "exe LIKE 'a!' ESCAPE '!'", "'a!'",
	  "the pattern ends in its escape character", NULL },
	{ "pid IN (1, ppid)", "ppid", "IN takes constants only",
	  "write x = a OR x = b" },
	{ "pid IN (1, 'x')", "'x'",
	  "cannot compare pid (BIGINT) with 'x' (TEXT)",
	  "write a number, as in pid = 0" },
	{ "dst_ip = '10.0.0.1/8'", "'10.0.0.1/8'",
	  "'10.0.0.1/8' is an address in a network, not a network",
	  "write '10.0.0.0/8', or the address alone" },
	{ "dst_ip IN ('2001:db8::1/33')", "'2001:db8::1/33'",
	  "'2001:db8::1/33' is an address in a network, not a network",
	  "write '2001:db8::/33', or the address alone" },
	{ "dst_ip = '10.0.0.0/33'", "'10.0.0.0/33'",
	  "the network of '10.0.0.0' has 0 to 32 bits, not '33'", NULL },
	{ "dst_ip = '10.0.0.0/'", "'10.0.0.0/'",
	  "the network of '10.0.0.0' has 0 to 32 bits, not ''", NULL },
	{ "dst_ip = '10.0/8'", "'10.0/8'",
	  "'10.0/8' is not an IPv4 or IPv6 address",
	  "as in '192.0.2.1', '2001:db8::1' or '10.0.0.0/8'" },
	{ "COALESCE(dst_ip, '10.0.0.0/8')", "'10.0.0.0/8'",
	  "a network stands beside =, <> and in IN",
	  "write ip = '10.0.0.0/8', ip IN (...) or CIDR_MATCH(ip, "
	  "'10.0.0.0/8')" },
	{ "CIDR_MATCH(exe, '10.0.0.0/8')", "exe",
	  "CIDR_MATCH(ip, 'network') takes an address, but exe is TEXT",
	  "write CAST(exe AS IP)" },
	{ "CIDR_MATCH(dst_ip, exe)", "exe", "a network is written in quotes",
	  "as in CIDR_MATCH(ip, 'network')" },
	{ "CIDR_MATCH(dst_ip)", "CIDR_MATCH(dst_ip)",
	  "CIDR_MATCH takes 2 arguments, not 1",
	  "write CIDR_MATCH(ip, 'network')" },
	{ "ts > '2026-13-01T00:00:00Z'", "'2026-13-01T00:00:00Z'",
	  "'2026-13-01T00:00:00Z' is not a time",
	  "as in '2026-01-31T23:59:59Z'" },
	{ "family = 'inet4'", "'inet4'", "'inet4' is no value of family",
	  "did you mean 'inet'?" },
	{ "executable_hash = 'abc'", "'abc'",
	  "a hash is 64 hexadecimal digits, but 'abc' is 3 characters", NULL },
	{ "executable_hash < executable_hash",
	  "executable_hash < executable_hash",
	  "HASH256 has no order: it compares with =, <> and IN", NULL },
	{ "LENGHT(exe)", "LENGHT(exe)",
	  "'lenght' is not one of the functions of a rule",
	  "did you mean LENGTH?" },
	{ "printf('%s', exe)", "printf('%s', exe)",
	  "'printf' is not one of the functions of a rule",
	  "there are LENGTH, SUBSTR, INSTR, " },
	{ "now()", "now()", "'now' is not one of the functions of a rule",
	  "a rule has no clock: ts is the time of its event" },
	{ "regexp_like(exe, 'x')", "regexp_like(exe, 'x')",
	  "'regexp_like' is not one of the functions of a rule",
	  "write x REGEXP 'pattern'" },
	{ "load_extension('x')", "load_extension('x')",
	  "'load_extension' is not one of the functions of a rule",
	  "there are LENGTH, SUBSTR, INSTR, " },
	{ "LENGTH(exe, 1)", "LENGTH(exe, 1)", "LENGTH takes 1 argument, not 2",
	  "write LENGTH(text)" },
	{ "SUBSTR(exe)", "SUBSTR(exe)", "SUBSTR takes 2 to 3 arguments, not 1",
	  "write SUBSTR(text, from [, count])" },
	{ "SUBSTR(exe, 'x')", "'x'",
	  "SUBSTR(text, from [, count]) takes an integer here, but 'x' is "
	  "TEXT",
	  "write CAST('x' AS BIGINT)" },
	{ "UPPER(pid)", "pid",
	  "UPPER(text) takes a text here, but pid is BIGINT",
	  "write CAST(pid AS TEXT)" },
	{ "LENGTH(args)", "args",
	  "LENGTH(text) takes a text or bytes here, but args is TEXT LIST",
	  "a list is asked with ANY(args) or ALL(args), and args_count is its "
	  "length" },
	{ "COALESCE(pid, exe)", "exe",
	  "COALESCE gives one type, but pid is BIGINT and exe is TEXT",
	  "write CAST(pid AS TEXT)" },
	{ "NULLIF(args, parent_args)", "NULLIF(args, parent_args)",
	  "lists do not compare, as NULLIF has to", NULL },
	{ "UNHEX('0g')", "'0g'", "'0g' is not hexadecimal",
	  "a byte is two digits, as in UNHEX('00ff')" },
	{ "x'123'", "x'123'", NULL, NULL },
	{ "BASE64_DECODE('a=b')", "'a=b'", "'a=b' is not base64", NULL },
	{ "ANCESTOR(pid_key, 65)", "65",
	  "the number of an ancestor is a constant from 1 to 64",
	  "1 is the parent" },
	{ "ANCESTOR(pid_key, pid)", "pid",
	  "the number of an ancestor is a constant from 1 to 64",
	  "1 is the parent" },
	{ "FIRST_SEEN(exe, INTERVAL '1' DAY)",
	  "FIRST_SEEN(exe, INTERVAL '1' DAY)",
	  "FIRST_SEEN stands in WHERE as a condition of its own, joined with "
	  "AND",
	  "write WHERE ... AND FIRST_SEEN(exe, INTERVAL '1' DAY)" },
	{ "MIN(pid, ppid)", "MIN(pid, ppid)", "MIN takes 1 argument, not 2",
	  "write MIN(column)" },
	{ "exe REGEXP 'it''s a(b'", "(", "a ( without its ): write \\(", NULL },
	{ "exe REGEXP '(.)\\1'", NULL, "back-references are not supported",
	  NULL },
	{ "exe REGEXP name", "name", "REGEXP takes a pattern in quotes",
	  "to look for a text that is not constant: INSTR(exe, name) > 0" },
	{ "name = 'x' OR EXISTS (SELECT pid FROM process.exec)",
	  "EXISTS (SELECT pid FROM process.exec)",
	  "EXISTS stands in WHERE as a condition of its own, joined with AND",
	  "write WHERE ... AND [NOT] EXISTS (SELECT ...)" },
	{ "LENGTH(exe) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '5' SECOND "
	  "PRECEDING AND CURRENT ROW)",
	  NULL, "OVER goes with an aggregate, and LENGTH is none", NULL },
};

static void type__each_mistake__is_placed_and_explained(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rejected); i++) {
		const char *message = rejected[i].message;
		const char *suggestion = rejected[i].suggestion;
		char text[TEXT_SIZE], at[TEXT_SIZE];
		const struct diagnostic *d;
		struct typed t;
		bool ok;

		snprintf(text, sizeof(text),
			 "SELECT %s AS x FROM network.connect;",
			 rejected[i].expr);
		typed_bind(&t, text);
		d = &t.diagnostics->items[0];
		ok = !t.rule && t.diagnostics->error_count == 1;
		if (ok && message)
			ok = strcmp(d->message, message) == 0 &&
			     !d->suggestion == !suggestion &&
			     (!suggestion || strncmp(d->suggestion, suggestion,
						     strlen(suggestion)) == 0);
		if (ok && rejected[i].at)
			ok = strcmp(typed_at(&t, 0, at, sizeof(at)),
				    rejected[i].at) == 0;
		if (!ok)
			typed_print(&t);
		failed += !ok;
		typed_release(&t);
	}
	assert_int_equal(failed, 0);
}

static const struct {
	const char *where;   /* over network.connect */
	const char *warning; /* NULL: none */
} warned[] = {
	{ "dst_port = 65536", "dst_port is from 0 to 65535, never 65536" },
	{ "dst_port <> 65536", "dst_port is from 0 to 65535, never 65536" },
	{ "dst_port > 65535",
	  "dst_port is from 0 to 65535, this is never true" },
	{ "dst_port >= 0", "dst_port is from 0 to 65535, this is always true" },
	{ "70000 > dst_port",
	  "dst_port is from 0 to 65535, this is always true" },
	{ "dst_port > 65534", NULL },
	{ "dst_port <> 0", NULL },
	{ "dst_port = 0", NULL },
	{ "dst_port = 65535", NULL },
	{ "dst_port BETWEEN 0 AND 1023", NULL },
	{ "dst_port BETWEEN 1024 AND 65535", NULL },
	{ "dst_port BETWEEN 1024 AND 65536",
	  "dst_port is from 0 to 65535, this is always true" },
	{ "dst_port BETWEEN 2 AND 1",
	  "nothing is between these: the first is above the second" },
	{ "ts BETWEEN '2026-02-01' AND '2026-01-01'",
	  "nothing is between these: the first is above the second" },
	{ "comm = '1234567890123456'",
	  "comm has at most 15 bytes, it is never this" },
	{ "comm LIKE '%123456789012345_%'",
	  "comm has at most 15 bytes, it is never this" },
	{ "comm ILIKE '%12345678901234_%'", NULL },
	{ "exe = NULL", "a comparison with NULL is never true" },
	{ "exe LIKE NULL", "LIKE NULL is never true" },
	{ "exe <> exe", "a column never differs from itself: this is never "
			"true" },
	{ "pid <= pid", "a column always equals itself, unless it is NULL" },
	{ "pid <= ppid", NULL },
	{ "pid NOT IN (1, NULL)", "pid NOT IN (..., NULL) is never true" },
	{ "pid IN (NULL, NULL)", "pid IN (NULL) is never true" },
	{ "pid IN (1, NULL)", "nothing equals the NULL in this list" },
	{ "pid IN (1, 1)", NULL },
	{ "exe LIKE '/bin/sh'", NULL },
};

static void type__what_a_column_decides__is_warned_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(warned); i++) {
		unsigned wanted = warned[i].warning ? 1 : 0;
		char text[TEXT_SIZE];
		struct typed t;
		bool ok;

		snprintf(text, sizeof(text),
			 "SELECT pid FROM network.connect WHERE %s;",
			 warned[i].where);
		typed_bind(&t, text);
		ok = t.rule && t.diagnostics->warning_count == wanted;
		if (ok && wanted)
			ok = strcmp(t.diagnostics->items[0].message,
				    warned[i].warning) == 0;
		if (!ok)
			typed_print(&t);
		assert_true(ok);
		typed_release(&t);
	}
}

static const struct expr *condition(struct typed *t, const char *where)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "SELECT (%s) AS x FROM network.connect;",
		 where);
	typed_bind(t, text);
	if (!t->rule)
		typed_print(t);
	assert_non_null(t->rule);
	return t->rule->outputs[0].expr;
}

static void type__network__becomes_its_bits(void **state)
{
	const struct expr *expr;
	struct typed t;

	(void)state;
	expr = condition(&t, "dst_ip = '10.0.0.0/8'");
	assert_int_equal(expr->op, EXPR_CIDR);
	assert_int_equal(expr->prefix, 8);
	assert_int_equal(expr->value.len, 4);
	assert_int_equal(expr->value.p[0], 10);
	typed_release(&t);
	expr = condition(&t, "'2001:db8::/32' <> dst_ip");
	assert_int_equal(expr->op, EXPR_NOT);
	assert_int_equal(expr->args[0]->op, EXPR_CIDR);
	assert_int_equal(expr->args[0]->prefix, 32);
	assert_int_equal(expr->args[0]->value.len, 16);
	typed_release(&t);
	expr = condition(&t, "CIDR_MATCH(dst_ip, '10.1.2.3/32')");
	assert_int_equal(expr->op, EXPR_EQ);
	typed_release(&t);
}

static void type__addresses_and_networks__are_one_or(void **state)
{
	const struct expr *expr;
	struct typed t;

	(void)state;
	expr = condition(&t, "dst_ip IN ('10.0.0.0/8', '::1', '1.2.3.4', "
			     "'::1', '192.168.0.0/16')");
	assert_int_equal(expr->op, EXPR_OR);
	assert_int_equal(expr->arg_count, 3);
	assert_int_equal(expr->args[0]->op, EXPR_IN);
	assert_int_equal(expr->args[0]->arg_count, 3);
	assert_int_equal(expr->args[1]->op, EXPR_CIDR);
	assert_int_equal(expr->args[2]->op, EXPR_CIDR);
	typed_release(&t);
	expr = condition(&t, "dst_ip IN ('10.0.0.0/8')");
	assert_int_equal(expr->op, EXPR_CIDR);
	typed_release(&t);
}

/* The element is at the left, so the order turns. */
static void type__any__asks_its_element(void **state)
{
	const struct expr *expr;
	struct typed t;

	(void)state;
	expr = condition(&t, "'b' < ANY(args)");
	assert_int_equal(expr->op, EXPR_ANY);
	assert_int_equal(expr->args[0]->type, VALUE_LIST);
	assert_int_equal(expr->args[1]->op, EXPR_GT);
	assert_int_equal(expr->args[1]->args[0]->op, EXPR_ELEMENT);
	typed_release(&t);
	expr = condition(&t, "ALL(args) NOT LIKE 'x%'");
	assert_int_equal(expr->op, EXPR_ALL);
	assert_int_equal(expr->args[1]->op, EXPR_NOT);
	assert_int_equal(expr->args[1]->args[0]->op, EXPR_LIKE);
	typed_release(&t);
}

static const struct {
	const char *text;
	int64_t seconds;
} times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01", 0 },
	{ "2000-02-29T23:59:59Z", 951868799 },
	{ "2026-01-01T01:00:00+01:00", 1767225600 },
	{ "2026-01-01 00:00:00Z", 1767225600 },
	{ "1969-12-31T23:59:59Z", -1 },
};

static void type__times__are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		char text[TEXT_SIZE];
		struct typed t;
		const struct expr *expr;

		snprintf(text, sizeof(text), "ts = '%s'", times[i].text);
		expr = condition(&t, text);
		assert_int_equal(expr->args[1]->type, VALUE_TIMESTAMP);
		assert_int_equal(expr->args[1]->value.i,
				 times[i].seconds * 1000000000);
		typed_release(&t);
	}
}

/* A function that is none, in each place where an expression stands. */
static const char *const places[] = {
	"SELECT %s AS x FROM process.exec;",
	"SELECT pid FROM process.exec WHERE %s;",
	"SELECT pid FROM process.exec WHERE pid IN (1, %s);",
	"SELECT CASE WHEN %s THEN 1 END AS x FROM process.exec;",
	"SELECT CASE WHEN pid = 1 THEN %s END AS x FROM process.exec;",
	"SELECT CASE WHEN pid = 1 THEN 1 ELSE %s END AS x FROM process.exec;",
	"SELECT e.pid FROM process.exec e JOIN network.connect c ON "
	"c.pid_key = e.pid_key AND c.ts = e.ts AND c.dst_port = %s;",
	"SELECT LENGTH(LOWER(%s)) AS x FROM process.exec;",
	"SELECT COALESCE(exe, %s) AS x FROM process.exec;",
	"SELECT CAST(%s AS TEXT) AS x FROM process.exec;",
	"SELECT pid FROM process.exec WHERE pid BETWEEN 1 AND %s;",
	"SELECT pid FROM process.exec WHERE pid BETWEEN %s AND 9;",
	"SELECT pid FROM process.exec WHERE %s LIKE 'x';",
	"SELECT pid FROM process.exec WHERE exe LIKE %s;",
	"SELECT pid FROM process.exec WHERE exe REGEXP %s;",
	"SELECT pid FROM process.exec WHERE %s = ANY(args);",
	"SELECT pid FROM process.exec WHERE 'x' = ANY(%s);",
	"SELECT -%s AS x FROM process.exec;",
	"SELECT 1 + 2 * %s AS x FROM process.exec;",
	"SELECT exe || %s AS x FROM process.exec;",
	"SELECT pid FROM process.exec WHERE NOT (%s IS NULL);",
	"SELECT pid FROM process.exec WHERE (%s) IS TRUE;",
	"SELECT pid FROM process.exec WHERE CIDR_MATCH(%s, '::/0');",
	"SELECT t.x FROM (SELECT %s AS x FROM process.exec) AS t;",
	"SELECT t.pid FROM (SELECT pid FROM process.exec WHERE %s = 1) AS t;",
};

static void type__forbidden_function__is_refused_everywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		static const char message[] =
			"'random' is not one of the functions of a rule";
		const char *hole = strstr(places[i], "%s");
		char text[TEXT_SIZE], at[TEXT_SIZE];
		struct typed t;
		bool ok;

		snprintf(text, sizeof(text), "%.*srandom()%s",
			 (int)(hole - places[i]), places[i], hole + 2);
		typed_bind(&t, text);
		ok = !t.rule && t.diagnostics->error_count == 1 &&
		     strcmp(t.diagnostics->items[0].message, message) == 0 &&
		     strcmp(typed_at(&t, 0, at, sizeof(at)), "random()") == 0;
		if (!ok)
			typed_print(&t);
		assert_true(ok);
		typed_release(&t);
	}
}

/* Every function of the list is typed: none is left out of the tables. */
static void type__each_function__has_its_arguments(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FUNCTION_COUNT; i++) {
		const struct function_info *info =
			function_info((enum function)i);
		char text[TEXT_SIZE];
		struct typed t;

		snprintf(text, sizeof(text),
			 "SELECT %s() AS x FROM process.exec;", info->name);
		typed_bind(&t, text);
		assert_null(t.rule);
		assert_non_null(
			strstr(t.diagnostics->items[0].message, " argument"));
		assert_non_null(strstr(t.diagnostics->items[0].suggestion,
				       info->signature));
		typed_release(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(type__of_each_expression__is_as_said),
		cmocka_unit_test(type__each_mistake__is_placed_and_explained),
		cmocka_unit_test(type__what_a_column_decides__is_warned_of),
		cmocka_unit_test(type__network__becomes_its_bits),
		cmocka_unit_test(type__addresses_and_networks__are_one_or),
		cmocka_unit_test(type__any__asks_its_element),
		cmocka_unit_test(type__times__are_read),
		cmocka_unit_test(
			type__forbidden_function__is_refused_everywhere),
		cmocka_unit_test(type__each_function__has_its_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
