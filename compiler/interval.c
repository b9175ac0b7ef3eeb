// SPDX-License-Identifier: Apache-2.0
#include "compiler/interval.h"

#include "user/base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

static const struct {
	const char *name;
	const char *plural;
	int64_t ns;
} units[] = {
	{ "DAY", "DAYS", (int64_t)86400 * 1000000000 },
	{ "HOUR", "HOURS", (int64_t)3600 * 1000000000 },
	{ "MINUTE", "MINUTES", (int64_t)60 * 1000000000 },
	{ "SECOND", "SECONDS", 1000000000 },
	{ "MILLISECOND", "MILLISECONDS", 1000000 },
};

int64_t interval_unit(const char *unit)
{
	for (unsigned i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcasecmp(unit, units[i].name) ||
		    !strcasecmp(unit, units[i].plural))
			return units[i].ns;
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The part after the point: every digit must stand for whole nanoseconds. */
static enum interval_outcome parse_fraction(const char *digits, int64_t unit_ns,
					    int64_t *ns)
{
	if (!is_digit(*digits))
		return INTERVAL_MALFORMED;
	for (; is_digit(*digits); digits++) {
		if (*digits == '0') {
			unit_ns = unit_ns % 10 ? 0 : unit_ns / 10;
			continue;
		}
		if (unit_ns == 0 || (unit_ns * (*digits - '0')) % 10)
			return INTERVAL_TOO_FINE;
		*ns += unit_ns * (*digits - '0') / 10;
		unit_ns = unit_ns % 10 ? 0 : unit_ns / 10;
	}
	return *digits ? INTERVAL_MALFORMED : INTERVAL_OK;
}

enum interval_outcome interval_parse(const char *number, int64_t unit_ns,
				     int64_t *ret_ns)
{
	enum interval_outcome outcome = INTERVAL_OK;
	int64_t ns = 0;

	CHECK(unit_ns > 0);
	if (!is_digit(*number))
		return INTERVAL_MALFORMED;
	for (; is_digit(*number); number++) {
		if (__builtin_mul_overflow(ns, 10, &ns) ||
		    __builtin_add_overflow(ns, *number - '0', &ns))
			return INTERVAL_TOO_LONG;
	}
	if (__builtin_mul_overflow(ns, unit_ns, &ns) || ns > INTERVAL_NS_MAX)
		return INTERVAL_TOO_LONG;
	if (*number == '.')
		outcome = parse_fraction(number + 1, unit_ns, &ns);
	else if (*number)
		return INTERVAL_MALFORMED;
	if (outcome == INTERVAL_OK && ns > INTERVAL_NS_MAX)
		return INTERVAL_TOO_LONG;
	if (outcome == INTERVAL_OK)
		*ret_ns = ns;
	return outcome;
}

void interval_print(struct buf *out, int64_t ns)
{
	const unsigned last = ARRAY_SIZE(units) - 1;
	char fraction[8];
	int digits;

	for (unsigned i = 0; i <= last; i++) {
		if (ns % units[i].ns)
			continue;
		if (ns == 0)
			i = 3;
		buf_printf(out, "INTERVAL '%" PRId64 "' %s", ns / units[i].ns,
			   units[i].name);
		return;
	}
	digits = snprintf(fraction, sizeof(fraction), "%06d",
			  (int)(ns % units[last].ns));
	while (digits > 1 && fraction[digits - 1] == '0')
		fraction[--digits] = '\0';
	buf_printf(out, "INTERVAL '%" PRId64 ".%s' %s", ns / units[last].ns,
		   fraction, units[last].name);
}
