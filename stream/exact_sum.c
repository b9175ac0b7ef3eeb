// SPDX-License-Identifier: Apache-2.0
#include "stream/exact_sum_int.h"

#include <math.h>

#define MANTISSA_BITS 52
#define EXPONENT_MASK 0x7ffu
#define LOWEST_EXPONENT (-1074) /* of bit 0 */

BUILD_CHECK(EXACT_SUM_WORDS * 64 >= 2046 + MANTISSA_BITS + 64 + 1);

/* Carries run to the top at most: the words there are sign and headroom. */
static void add_at(uint64_t *words, unsigned at, uint64_t low, uint64_t high)
{
	bool carry = __builtin_add_overflow(words[at], low, &words[at]);

	while (++at < EXACT_SUM_WORDS && (high || carry)) {
		uint64_t add = high;
		bool over = __builtin_add_overflow(words[at], add, &words[at]);

		over |= __builtin_add_overflow(words[at], (uint64_t)carry,
					       &words[at]);
		carry = over;
		high = 0;
	}
}

static void subtract_at(uint64_t *words, unsigned at, uint64_t low,
			uint64_t high)
{
	bool borrow = __builtin_sub_overflow(words[at], low, &words[at]);

	while (++at < EXACT_SUM_WORDS && (high || borrow)) {
		uint64_t take = high;
		bool under =
			__builtin_sub_overflow(words[at], take, &words[at]);

		under |= __builtin_sub_overflow(words[at], (uint64_t)borrow,
						&words[at]);
		borrow = under;
		high = 0;
	}
}

/* `subtract`: take the addend d away; else add it. */
static void change(struct exact_sum *sum, double d, bool subtract)
{
	uint64_t bits, mantissa;
	unsigned exponent, shift;

	memcpy(&bits, &d, sizeof(bits));
	mantissa = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
	exponent = (unsigned)(bits >> MANTISSA_BITS) & EXPONENT_MASK;
	if (exponent == EXPONENT_MASK) {
		sum->infinite[bits >> 63] += subtract ? -1 : 1;
		return;
	}
	if (exponent)
		mantissa |= (uint64_t)1 << MANTISSA_BITS;
	else
		exponent = 1;
	shift = (exponent - 1) % 64;
	if ((bits >> 63 != 0) != subtract)
		subtract_at(sum->words, (exponent - 1) / 64, mantissa << shift,
			    shift ? mantissa >> (64 - shift) : 0);
	else
		add_at(sum->words, (exponent - 1) / 64, mantissa << shift,
		       shift ? mantissa >> (64 - shift) : 0);
}

void exact_sum_add(struct exact_sum *sum, double d)
{
	change(sum, d, false);
}

void exact_sum_subtract(struct exact_sum *sum, double d)
{
	change(sum, d, true);
}

/*
 * The 64 bits from the highest set one down, bit 0 also for all below them:
 * enough to round to 53 bits, half to even.
 */
static double magnitude(const uint64_t *words)
{
	unsigned top = EXACT_SUM_WORDS - 1;
	unsigned shift;
	uint64_t bits, below;

	while (top && !words[top])
		top--;
	if (!top)
		return ldexp((double)words[0], LOWEST_EXPONENT);
	shift = (unsigned)__builtin_clzll(words[top]);
	bits = words[top] << shift;
	below = words[top - 1];
	if (shift) {
		bits |= below >> (64 - shift);
		below <<= shift;
	}
	for (unsigned i = 0; i + 1 < top; i++)
		below |= words[i];
	bits |= below != 0;
	return ldexp((double)bits, (int)(top * 64 - shift) + LOWEST_EXPONENT);
}

static struct value value_double(double d)
{
	return (struct value){ .type = VALUE_DOUBLE, .d = d };
}

struct value exact_sum_value(const struct exact_sum *sum)
{
	uint64_t words[EXACT_SUM_WORDS];
	bool negative = sum->words[EXACT_SUM_WORDS - 1] >> 63 != 0;
	bool carry = negative;

	if (sum->infinite[0] && sum->infinite[1])
		return value_null();
	if (sum->infinite[0] || sum->infinite[1])
		return value_double(sum->infinite[0] ? HUGE_VAL : -HUGE_VAL);
	for (unsigned i = 0; i < EXACT_SUM_WORDS; i++) {
		words[i] = negative ? ~sum->words[i] : sum->words[i];
		carry = __builtin_add_overflow(words[i], (uint64_t)carry,
					       &words[i]);
	}
	return value_double(negative ? -magnitude(words) : magnitude(words));
}
