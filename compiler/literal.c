// SPDX-License-Identifier: Apache-2.0
/*
 * Texts that stand for addresses, networks, times, hashes and for spelled
 * values of columns.
 */
#include "compiler/type_int.h"

#include "compiler/suggest.h"
#include "user/base/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define HASH_DIGITS 64

static const struct expr *constant(struct binder *b, enum value_type type,
				   struct value v)
{
	v.type = (uint8_t)type;
	return type_keep(b, build_const(b->c->arena, type, v));
}

/* Bytes of the address that `text` spells, 4 or 16; 0: it is none. */
static size_t parse_ip(const char *text, uint8_t bytes[16])
{
	if (inet_pton(AF_INET, text, bytes) == 1)
		return 4;
	return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

static const struct expr *ip_constant(struct binder *b, const uint8_t *bytes,
				      size_t len)
{
	char *copy = compilation_copy(b->c, (const char *)bytes, len);

	return copy ? constant(b, VALUE_IP, value_bytes(VALUE_IP, copy, len)) :
		      NULL;
}

static void no_ip(struct binder *b, const struct ast_expr *ast)
{
	compilation_error(b->c, ast->span,
			  "as in '192.0.2.1', '2001:db8::1' or '10.0.0.0/8'",
			  "'%s' is not an IPv4 or IPv6 address", ast->text);
}

static bool literal_ip(struct binder *b, const struct ast_expr *ast,
		       const struct expr **literal)
{
	uint8_t bytes[16];
	size_t len = parse_ip(ast->text, bytes);

	if (len)
		*literal = ip_constant(b, bytes, len);
	else if (literal_is_network(ast))
		compilation_error(b->c, ast->span,
				  "write ip = '10.0.0.0/8', ip IN (...) or "
				  "CIDR_MATCH(ip, '10.0.0.0/8')",
				  "a network stands beside =, <> and in IN");
	else
		no_ip(b, ast);
	return len && *literal;
}

bool literal_is_network(const struct ast_expr *ast)
{
	return ast->op == AST_TEXT && strchr(ast->text, '/');
}

struct network {
	uint8_t bytes[16];
	size_t len;	 /* 4 or 16 */
	unsigned prefix; /* bits */
};

/* False: complained. An address is a network of its own. */
static bool parse_network(struct binder *b, const struct ast_expr *ast,
			  struct network *ret)
{
	const char *slash = strchrnul(ast->text, '/');
	const char *digits = *slash ? slash + 1 : "";
	const char *address =
		compilation_copy(b->c, ast->text, (size_t)(slash - ast->text));

	if (!address)
		return false;
	ret->len = parse_ip(address, ret->bytes);
	if (!ret->len) {
		no_ip(b, ast);
		return false;
	}
	ret->prefix = (unsigned)ret->len * 8;
	if (!*slash)
		return true;
	if (*digits && strlen(digits) <= 3 &&
	    strspn(digits, "0123456789") == strlen(digits) &&
	    strtoul(digits, NULL, 10) <= ret->prefix) {
		ret->prefix = (unsigned)strtoul(digits, NULL, 10);
		return true;
	}
	compilation_error(b->c, ast->span, NULL,
			  "the network of '%s' has 0 to %u bits, not '%s'",
			  address, ret->prefix, digits);
	return false;
}

/* True: some bit below the prefix was set; it no longer is. */
static bool clear_host(struct network *network)
{
	bool set = false;

	for (unsigned bit = network->prefix; bit < network->len * 8; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		set |= network->bytes[bit / 8] & mask;
		network->bytes[bit / 8] &= (uint8_t)~mask;
	}
	return set;
}

const struct expr *literal_network(struct binder *b, const struct ast_expr *ast,
				   const struct expr *x)
{
	struct network network;
	const struct expr *ip;
	char text[TEXT_IP_BYTES];
	struct expr *expr;

	if (!parse_network(b, ast, &network))
		return NULL;
	if (clear_host(&network)) {
		text_ip(value_bytes(VALUE_IP, network.bytes, network.len),
			text);
		compilation_error(
			b->c, ast->span,
			compilation_text(b->c,
					 "write '%s/%u', or the address alone",
					 text, network.prefix),
			"'%s' is an address in a network, not a network",
			ast->text);
		return NULL;
	}
	ip = ip_constant(b, network.bytes, network.len);
	if (!ip)
		return NULL;
	if (network.prefix == network.len * 8)
		return type_keep(
			b, build_two(b->c->arena, EXPR_EQ, VALUE_BOOL, x, ip));
	expr = build_op(b->c->arena, EXPR_CIDR, VALUE_BOOL, 1);
	if (!type_keep(b, expr))
		return NULL;
	expr->args[0] = x;
	expr->value = ip->value;
	expr->prefix = (uint8_t)network.prefix;
	return expr;
}

/* Take `count` digits, -1: they are not there. */
static int take_digits(const char **at, unsigned count)
{
	int ret = 0;

	for (unsigned i = 0; i < count; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		ret = ret * 10 + (**at - '0');
	}
	return ret;
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year =
		(153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 -
			     year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static bool take_date(const char **at, int64_t *ret_seconds)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	int year, month, day;
	bool leap;

	year = take_digits(at, 4);
	if (year < 1678 || year > 2261 || !take(at, '-'))
		return false;
	month = take_digits(at, 2);
	if (month < 1 || month > 12 || !take(at, '-'))
		return false;
	day = take_digits(at, 2);
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (day < 1 || day > days[month - 1] ||
	    (month == 2 && day == 29 && !leap))
		return false;
	*ret_seconds = days_of(year, month, day) * 86400;
	return true;
}

static bool take_clock(const char **at, int64_t *seconds, int64_t *ret_ns)
{
	int64_t unit = 100000000;
	int hour, minute, second;

	*ret_ns = 0;
	hour = take_digits(at, 2);
	if (hour < 0 || hour > 23 || !take(at, ':'))
		return false;
	minute = take_digits(at, 2);
	if (minute < 0 || minute > 59 || !take(at, ':'))
		return false;
	second = take_digits(at, 2);
	if (second < 0 || second > 59)
		return false;
	*seconds += hour * 3600 + minute * 60 + second;
	if (!take(at, '.'))
		return true;
	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10) {
		if (!unit)
			return false;
		*ret_ns += (**at - '0') * unit;
	}
	return true;
}

/* Z or +hh:mm. */
static bool take_zone(const char **at, int64_t *seconds)
{
	int sign = **at == '-' ? 1 : -1;
	int hour, minute;

	if (take(at, 'Z'))
		return true;
	if (!take(at, '+') && !take(at, '-'))
		return false;
	hour = take_digits(at, 2);
	if (hour < 0 || hour > 23 || !take(at, ':'))
		return false;
	minute = take_digits(at, 2);
	if (minute < 0 || minute > 59)
		return false;
	*seconds += sign * (hour * 3600 + minute * 60);
	return true;
}

/* RFC 3339, or a date: its midnight in UTC. */
static bool parse_time(const char *text, int64_t *ret_ns)
{
	int64_t seconds, ns = 0;

	if (!take_date(&text, &seconds))
		return false;
	if (*text &&
	    !((take(&text, 'T') || take(&text, ' ')) &&
	      take_clock(&text, &seconds, &ns) && take_zone(&text, &seconds)))
		return false;
	if (*text)
		return false;
	*ret_ns = seconds * 1000000000 + ns;
	return true;
}

static bool literal_timestamp(struct binder *b, const struct ast_expr *ast,
			      const struct expr **literal)
{
	int64_t ns;

	if (!parse_time(ast->text, &ns)) {
		compilation_error(b->c, ast->span,
				  "as in '2026-01-31T23:59:59Z', "
				  "'2026-01-31T23:59:59.5+01:00' or "
				  "'2026-01-31'",
				  "'%s' is not a time", ast->text);
		return false;
	}
	*literal = constant(b, VALUE_TIMESTAMP, value_int(ns));
	return *literal;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The catalog's columns of bytes are hashes. */
static bool literal_hash(struct binder *b, const struct ast_expr *ast,
			 const struct expr *beside, const struct expr **literal)
{
	size_t len = strlen(ast->text);
	char bytes[HASH_DIGITS / 2], *copy;
	bool ok = len == HASH_DIGITS;

	for (size_t i = 0; ok && i < len; i += 2) {
		int high = hex_digit(ast->text[i]);
		int low = hex_digit(ast->text[i + 1]);

		ok = high >= 0 && low >= 0;
		bytes[i / 2] = (char)(high << 4 | low);
	}
	if (!ok) {
		compilation_error(b->c, ast->span, NULL,
				  "a hash is %d hexadecimal digits, but '%s' "
				  "is %zu characters",
				  HASH_DIGITS, ast->text, len);
		return false;
	}
	copy = compilation_copy(b->c, bytes, sizeof(bytes));
	if (!copy)
		return false;
	*literal = constant(b, beside->type,
			    value_bytes(beside->type, copy, sizeof(bytes)));
	return *literal;
}

static const char *spelled_list(struct binder *b, enum stream_id stream,
				const struct column *column)
{
	struct buf text = BUF_INIT;
	const char *spelled;
	int64_t value;

	buf_puts(&text, "one of");
	for (unsigned i = 0;
	     (spelled = catalog_literal(stream, column, i, &value)); i++)
		buf_printf(&text, "%s '%s'", i ? "," : "", spelled);
	return compilation_take(b->c, &text);
}

/* The column's values have names, or the caller would not be here. */
static bool literal_enum(struct binder *b, const struct ast_expr *ast,
			 enum stream_id stream, const struct column *column,
			 const struct expr **literal)
{
	struct suggest s = suggest_for(ast->text);
	const char *spelled, *suggestion;
	int64_t value;

	for (unsigned i = 0;
	     (spelled = catalog_literal(stream, column, i, &value)); i++) {
		suggest_offer(&s, spelled);
		if (strcmp(spelled, ast->text) != 0)
			continue;
		*literal = constant(b, VALUE_INT, value_int(value));
		return *literal;
	}
	suggestion = suggest_text(b->c, &s);
	compilation_error(b->c, ast->span,
			  suggestion ? suggestion :
				       spelled_list(b, stream, column),
			  "'%s' is no value of %s", ast->text, column->name);
	return false;
}

bool bind_literal(struct binder *b, const struct ast_expr *ast,
		  const struct expr *beside, const struct expr **literal)
{
	const struct column *column;
	enum stream_id stream;
	int64_t value;

	if (ast->op != AST_TEXT)
		return true;
	if (beside->type == VALUE_IP)
		return literal_ip(b, ast, literal);
	if (beside->type == VALUE_TIMESTAMP)
		return literal_timestamp(b, ast, literal);
	column = bind_origin(b, beside, &stream);
	if (!column)
		return true;
	if (column->type == VALUE_BYTES)
		return literal_hash(b, ast, beside, literal);
	if (column->type != VALUE_INT ||
	    !catalog_literal(stream, column, 0, &value))
		return true;
	return literal_enum(b, ast, stream, column, literal);
}
