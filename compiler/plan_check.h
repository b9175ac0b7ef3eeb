/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every plan that leaves the compiler holds to; the engine relies on it.
 * Checked after all passes, and by the tests of each.
 */
#ifndef SHRIKE_COMPILER_PLAN_CHECK_H
#define SHRIKE_COMPILER_PLAN_CHECK_H

#include "stream/plan.h"

/* NULL, or what does not hold, of the first rule of which something does not. */
const char *plan_check(const struct plan *plan);

#endif
