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
#include <strings.h>

#define HASH_DIGITS ((size_t)2 * VALUE_HASH_BYTES)

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

static bool literal_timestamp(struct binder *b, const struct ast_expr *ast,
			      const struct expr **literal)
{
	const char *text = ast->text;
	int64_t ns;

	/* A date is its midnight. */
	if (strlen(text) == strlen("2026-01-31"))
		text = compilation_text(b->c, "%sT00:00:00Z", text);
	if (!text)
		return false;
	if (!text_time_parse(text, strlen(text), &ns)) {
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

static bool literal_hash(struct binder *b, const struct ast_expr *ast,
			 const struct expr **literal)
{
	size_t len = strlen(ast->text);
	char bytes[VALUE_HASH_BYTES], *copy;
	bool ok = len == HASH_DIGITS;

	for (size_t i = 0; ok && i < len; i += 2) {
		int high = hex_digit(ast->text[i]);
		int low = hex_digit(ast->text[i + 1]);

		ok = high >= 0 && low >= 0;
		bytes[i / 2] = (char)(high << 4 | low);
	}
	if (!ok) {
		compilation_error(b->c, ast->span, NULL,
				  "a hash is %zu hexadecimal digits, but '%s' "
				  "is %zu characters",
				  HASH_DIGITS, ast->text, len);
		return false;
	}
	copy = compilation_copy(b->c, bytes, sizeof(bytes));
	if (!copy)
		return false;
	*literal = constant(b, VALUE_HASH,
			    value_bytes(VALUE_HASH, copy, sizeof(bytes)));
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
		if (strcasecmp(spelled, ast->text) == 0)
			s.best = spelled;
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
	if (beside->type == VALUE_HASH)
		return literal_hash(b, ast, literal);
	column = bind_origin(b, beside, &stream);
	if (!column)
		return true;
	if (column->type != VALUE_INT ||
	    !catalog_literal(stream, column, 0, &value))
		return true;
	return literal_enum(b, ast, stream, column, literal);
}
