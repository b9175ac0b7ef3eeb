// SPDX-License-Identifier: Apache-2.0
#include "user/event/path_name.h"

#include <string.h>

/* Without its last component and the slash before it. */
static size_t cut_last(const char *path, size_t len)
{
	while (len && path[len - 1] != '/')
		len--;
	return len ? len - 1 : 0;
}

size_t path_canonical(char *path, size_t len)
{
	size_t out = 0;
	size_t at = 0;

	if (!len || path[0] != '/')
		return len;
	while (at < len) {
		const char *name = path + at + 1;
		const char *slash = memchr(name, '/', len - at - 1);
		size_t name_len = slash ? (size_t)(slash - name) : len - at - 1;

		at += 1 + name_len;
		if (!name_len || (name_len == 1 && name[0] == '.'))
			continue;
		if (name_len == 2 && name[0] == '.' && name[1] == '.') {
			out = cut_last(path, out);
			continue;
		}
		path[out++] = '/';
		memmove(path + out, name, name_len);
		out += name_len;
	}
	return out ? out : 1;
}
