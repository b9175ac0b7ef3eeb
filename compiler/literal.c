// SPDX-License-Identifier: Apache-2.0
/* Texts that stand for addresses and for spelled values of columns. */
#include "compiler/bind_int.h"

#include "compiler/suggest.h"

#include <arpa/inet.h>
#include <string.h>

static bool literal_ip(struct binder *b, const struct ast_expr *ast,
		       const struct expr **literal)
{
	uint8_t *bytes = compilation_alloc(b->c, 1, 16);
	size_t len = 0;

	if (!bytes)
		return false;
	if (inet_pton(AF_INET, ast->text, bytes) == 1)
		len = 4;
	else if (inet_pton(AF_INET6, ast->text, bytes) == 1)
		len = 16;
	if (!len) {
		compilation_error(b->c, ast->span,
				  strchr(ast->text, '/') ?
					  "networks are not supported: list "
					  "the addresses with IN" :
					  "as in '192.0.2.1' or '2001:db8::1'",
				  "'%s' is not an IPv4 or IPv6 address",
				  ast->text);
		return false;
	}
	*literal = build_const(b->c->arena, VALUE_IP,
			       value_bytes(VALUE_IP, bytes, len));
	b->c->nomem |= !*literal;
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
		*literal =
			build_const(b->c->arena, VALUE_INT, value_int(value));
		b->c->nomem |= !*literal;
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
	if (beside->op != EXPR_COLUMN || beside->type != VALUE_INT)
		return true;
	stream = b->rule->inputs[beside->input].stream;
	column = catalog_column_at(catalog_stream(stream), beside->column);
	if (!catalog_literal(stream, column, 0, &value))
		return true;
	return literal_enum(b, ast, stream, column, literal);
}
