// SPDX-License-Identifier: Apache-2.0
#include "user/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, enum err_kind kind, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err || err->code)
		return code;
	err->code = code;
	err->kind = kind;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;
	size_t used;
	int n;

	if (!err)
		return 0;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	used = n < 0 ? 0 : (size_t)n;
	if (used >= sizeof(text))
		used = sizeof(text) - 1;
	snprintf(text + used, sizeof(text) - used, ": %.*s",
		 (int)(sizeof(text) - used), err->text);
	memcpy(err->text, text, sizeof(text));
	return err->code;
}

int err_nomem(struct err *err)
{
	return err_set(err, ERR_INTERNAL, -ENOMEM, "out of memory");
}
