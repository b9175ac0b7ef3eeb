// SPDX-License-Identifier: Apache-2.0
#include "user/event/environment.h"

#include "user/base/check.h"

#include <string.h>

/* In alphabetical order. */
static const char *const names[] = {
	"BASH_ENV",
	"DISPLAY",
	"EDITOR",
	"ENV",
	"GCONV_PATH",
	"GIT_SSH_COMMAND",
	"GLIBC_TUNABLES",
	"HISTCONTROL",
	"HISTFILE",
	"HISTFILESIZE",
	"HISTIGNORE",
	"HISTSIZE",
	"HOME",
	"IFS",
	"JAVA_TOOL_OPTIONS",
	"KUBERNETES_SERVICE_HOST",
	"LD_AUDIT",
	"LD_BIND_NOW",
	"LD_DEBUG",
	"LD_LIBRARY_PATH",
	"LD_PRELOAD",
	"LESSOPEN",
	"LOGNAME",
	"NODE_OPTIONS",
	"NODE_PATH",
	"OLDPWD",
	"PATH",
	"PERL5LIB",
	"PERL5OPT",
	"PKEXEC_UID",
	"PROMPT_COMMAND",
	"PWD",
	"PYTHONHOME",
	"PYTHONPATH",
	"PYTHONSTARTUP",
	"RUBYLIB",
	"RUBYOPT",
	"SHELL",
	"SSH_CLIENT",
	"SSH_CONNECTION",
	"SSH_ORIGINAL_COMMAND",
	"SSH_TTY",
	"SUDO_COMMAND",
	"SUDO_GID",
	"SUDO_UID",
	"SUDO_USER",
	"TERM",
	"TMPDIR",
	"USER",
	"XDG_SESSION_ID",
	"XDG_SESSION_TYPE",
	"container",
};

const char *environment_name(size_t index)
{
	return index < ARRAY_SIZE(names) ? names[index] : NULL;
}

static bool is_kept(const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : 0;

	for (size_t i = 0; equals && i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == name_len &&
		    memcmp(names[i], text, name_len) == 0)
			return true;
	return false;
}

/* The NUL at or behind `at`, or the end. */
static size_t end_of(const char *bytes, size_t at, size_t len)
{
	const char *end = memchr(bytes + at, 0, len - at);

	return end ? (size_t)(end - bytes) : len;
}

size_t environment_keep(char *bytes, size_t len, size_t meet)
{
	size_t at = 0, out = 0;

	while (at < len) {
		size_t end = end_of(bytes, at, len);
		size_t next = end + 1;

		if (meet && at < meet && end + 1 >= meet) {
			end = end < meet ? end : meet;
			next = meet < len ? end_of(bytes, meet, len) + 1 : len;
		}
		if (is_kept(bytes + at, end - at)) {
			memmove(bytes + out, bytes + at, end - at);
			out += end - at;
			bytes[out++] = 0;
		}
		at = next;
	}
	return out;
}
