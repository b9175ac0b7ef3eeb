// SPDX-License-Identifier: Apache-2.0
#include "compiler/comparison.h"

bool comparison_is(enum expr_op op)
{
	return op == EXPR_EQ || op == EXPR_NE || op == EXPR_LT ||
	       op == EXPR_LE || op == EXPR_GT || op == EXPR_GE;
}

enum expr_op comparison_mirror(enum expr_op op)
{
	switch ((int)op) {
	case EXPR_LT:
		return EXPR_GT;
	case EXPR_LE:
		return EXPR_GE;
	case EXPR_GT:
		return EXPR_LT;
	case EXPR_GE:
		return EXPR_LE;
	default:
		return op;
	}
}

enum expr_op comparison_opposite(enum expr_op op)
{
	switch ((int)op) {
	case EXPR_EQ:
		return EXPR_NE;
	case EXPR_NE:
		return EXPR_EQ;
	case EXPR_LT:
		return EXPR_GE;
	case EXPR_LE:
		return EXPR_GT;
	case EXPR_GT:
		return EXPR_LE;
	default:
		return EXPR_LT;
	}
}

bool comparison_holds(enum expr_op op, int order)
{
	switch ((int)op) {
	case EXPR_EQ:
		return order == 0;
	case EXPR_NE:
		return order != 0;
	case EXPR_LT:
		return order < 0;
	case EXPR_LE:
		return order <= 0;
	case EXPR_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}
