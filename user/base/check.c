// SPDX-License-Identifier: Apache-2.0
#include "user/base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "shrike: %s:%d: broken invariant: %s\n", file, line,
		cond);
	abort();
}
