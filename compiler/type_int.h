/* SPDX-License-Identifier: Apache-2.0 */
/* Between type*.c and literal.c. Functions return NULL when they complained. */
#ifndef SHRIKE_COMPILER_TYPE_INT_H
#define SHRIKE_COMPILER_TYPE_INT_H

#include "compiler/bind_int.h"

/* What a rule says and what became of it; `expr` NULL: complained. */
struct operand {
	const struct ast_expr *ast;
	const struct expr *expr;
};

/* type.c */
const struct expr *type_keep(struct binder *b, const struct expr *expr);
/* NOT of it when `ast` is negated. */
const struct expr *type_negate(struct binder *b, const struct ast_expr *ast,
			       const struct expr *expr);
struct operand type_operand(struct binder *b, const struct scope *scope,
			    const struct ast_expr *ast);

static inline bool type_is_number(enum value_type type)
{
	return type == VALUE_INT || type == VALUE_DOUBLE;
}

/* type_const.c: the same, as a constant when all its args are; see there. */
const struct expr *type_compute(struct binder *b, const struct ast_expr *ast,
				const struct expr *expr);

/* type_compare.c */
const struct expr *type_comparison(struct binder *b, const struct scope *scope,
				   const struct ast_expr *ast);
const struct expr *type_between(struct binder *b, const struct scope *scope,
				const struct ast_expr *ast);
void type_mismatch(struct binder *b, struct span span, struct operand l,
		   struct operand r);
bool type_comparable(enum value_type l, enum value_type r);

/* type_in.c */
const struct expr *type_in(struct binder *b, const struct scope *scope,
			   const struct ast_expr *ast);

/* type_arith.c */
const struct expr *type_arith(struct binder *b, const struct scope *scope,
			      const struct ast_expr *ast);
const struct expr *type_negative(struct binder *b, const struct scope *scope,
				 const struct ast_expr *ast);
const struct expr *type_concat(struct binder *b, const struct scope *scope,
			       const struct ast_expr *ast);

/* type_pattern.c */
const struct expr *type_like(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast);
const struct expr *type_regexp(struct binder *b, const struct scope *scope,
			       const struct ast_expr *ast);

/*
 * type_quantifier.c: ANY(list), ALL(list). The element is an operand like any
 * other; what is asked of it becomes the body.
 */
bool type_is_quantifier(const struct ast_expr *ast);
const struct expr *type_quantifier_list(struct binder *b,
					const struct scope *scope,
					const struct ast_expr *ast);
struct operand type_element(struct binder *b, const struct ast_expr *ast);
const struct expr *type_quantify(struct binder *b, const struct ast_expr *ast,
				 const struct expr *list,
				 const struct expr *body);

/* type_case.c */
const struct expr *type_case(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast);
/*
 * Give operands one type: that of all, DOUBLE of numbers; texts become
 * constants of it. `what` names what they are of, for the message. False:
 * complained.
 */
bool type_unify(struct binder *b, struct operand *operands, unsigned count,
		const char *what, enum value_type *ret_type);

/* type_cast.c */
const struct expr *type_cast(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast);
const struct expr *type_cast_to(struct binder *b, const struct ast_expr *ast,
				const struct expr *expr, enum value_type type);

/* type_call.c */
const struct expr *type_call(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast);
/* EXISTS where it may not stand. */
void type_misplaced_exists(struct binder *b, const struct ast_expr *ast);

/* literal.c: `x` lies in the network or is the address that `ast` spells. */
const struct expr *literal_network(struct binder *b, const struct ast_expr *ast,
				   const struct expr *x);
bool literal_is_network(const struct ast_expr *ast);

/*
 * warn_text.c: warn of a text that is compared, or a pattern, which looks as if
 * it meant what it means elsewhere, or that the column never has.
 */
void warn_equal(struct binder *b, const struct ast_expr *ast,
		const struct expr *x);
void warn_like(struct binder *b, const struct ast_expr *like,
	       const struct expr *x);
void warn_regexp(struct binder *b, const struct ast_expr *regexp);

#endif
