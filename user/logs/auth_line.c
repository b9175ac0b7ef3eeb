// SPDX-License-Identifier: Apache-2.0
/*
 * The templates follow the sources: OpenSSH auth.c:auth_log(), packet.c and
 * auth2*.c; Linux-PAM modules/pam_unix; sudo's new_logline(); util-linux and
 * shadow login.c and su.c.
 */
#include "user/logs/auth_line.h"

#include "user/base/check.h"
#include "user/logs/auth_pattern.h"

#define NOTHING AUTH_RESULT_COUNT

struct auth_template {
	const char *program; /* NULL: any, the message names the service */
	enum auth_result result;
	const char *method; /* NULL: as captured */
	const char *pattern;
};

/* What OpenSSH says of a key: nothing, its type and print, a certificate. */
#define SSHD(result, text)                                                     \
	{ "sshd", result, NULL, text " from %a port %p ssh2" },                \
		{ "sshd", result, NULL, text " from %a port %p ssh2: %w %w" }, \
	{                                                                      \
		"sshd", result, NULL, text " from %a port %p ssh2: %*"         \
	}

#define SSHD_GONE(text)                                                       \
	{ "sshd", AUTH_CLOSED, NULL,                                          \
	  text " authenticating user %u %a port %p" },                        \
	{                                                                     \
		"sshd", AUTH_CLOSED, NULL, text " invalid user %u %a port %p" \
	}

#define SUDO_FOR " ; TTY=%y ; PWD=%* ; USER=%T ; COMMAND=%c"
#define PAM_WHO "logname=%* uid=%n euid=%n tty=%y ruser=%* rhost=%h"

#define PAM_FAILURE(text)                                               \
	{ NULL, AUTH_FAILURE, "pam", text PAM_WHO "  user=%u" },        \
		{ NULL, AUTH_FAILURE, "pam", text PAM_WHO " user=%u" }, \
	{                                                               \
		NULL, AUTH_FAILURE, "pam", text PAM_WHO                 \
	}

/* The first that fits decides. */
static const struct auth_template templates[] = {
	SSHD(AUTH_SUCCESS, "Accepted %m for %u"),
	SSHD(AUTH_FAILURE, "Failed %m for invalid user %u"),
	SSHD(AUTH_FAILURE, "Failed %m for %u"),
	SSHD(AUTH_PARTIAL, "Partial %m for %u"),
	{ "sshd", AUTH_INVALID_USER, NULL, "Invalid user %u from %a port %p" },
	{ "sshd", AUTH_INVALID_USER, NULL, "Invalid user %u from %a" },
	SSHD_GONE("Connection closed by"),
	SSHD_GONE("Connection reset by"),
	SSHD_GONE("Disconnected from"),
	{ "sshd", AUTH_CLOSED, NULL,
	  "Disconnecting authenticating user %u %a port %p: %*" },
	{ "sshd", AUTH_CLOSED, NULL,
	  "Disconnecting invalid user %u %a port %p: %*" },
	{ "sshd", AUTH_REFUSED, NULL,
	  "maximum authentication attempts exceeded for invalid user %u from "
	  "%a port %p ssh2" },
	{ "sshd", AUTH_REFUSED, NULL,
	  "maximum authentication attempts exceeded for %u from %a port %p "
	  "ssh2" },
	{ "sshd", AUTH_REFUSED, NULL,
	  "User %u from %h not allowed because %*" },
	{ "sshd", AUTH_REFUSED, NULL, "ROOT LOGIN REFUSED FROM %a port %p" },
	{ "sshd", AUTH_REFUSED, NULL, "ROOT LOGIN REFUSED FROM %a" },
	{ "sshd", AUTH_REFUSED, NULL,
	  "Access denied for user %u by PAM account configuration" },

	{ "dropbear", AUTH_SUCCESS, "password",
	  "Password auth succeeded for '%u' from %a:%p" },
	{ "dropbear", AUTH_SUCCESS, "publickey",
	  "Pubkey auth succeeded for '%u' with %w key %w from %a:%p" },
	{ "dropbear", AUTH_FAILURE, "password",
	  "Bad password attempt for '%u' from %a:%p" },
	{ "dropbear", AUTH_FAILURE, "password",
	  "Bad PAM password attempt for '%u' from %a:%p" },
	{ "dropbear", AUTH_INVALID_USER, NULL,
	  "Login attempt for nonexistent user from %a:%p" },

	/* What a long command goes on with is its caller's to choose. */
	{ "sudo", NOTHING, NULL, "%U : (command continued) %*" },
	{ "sudo", AUTH_SUCCESS, "sudo",
	  "%U : TTY=%y ; PWD=%* ; USER=%T ; COMMAND=%c" },
	{ "sudo", AUTH_SUCCESS, "sudo",
	  "%U : TTY=%y ; PWD=%* ; USER=%T ; GROUP=%w ; COMMAND=%c" },
	{ "sudo", AUTH_SUCCESS, "sudo",
	  "%U : TTY=%y ; PWD=%* ; USER=%T ; TSID=%w ; COMMAND=%c" },
	{ "sudo", AUTH_SUCCESS, "sudo",
	  "%U : TTY=%y ; PWD=%* ; USER=%T ; ENV=%* ; COMMAND=%c" },
	{ "sudo", AUTH_FAILURE, "sudo",
	  "%U : %N incorrect password attempts" SUDO_FOR },
	{ "sudo", AUTH_FAILURE, "sudo",
	  "%U : %N incorrect password attempt" SUDO_FOR },
	{ "sudo", AUTH_REFUSED, "sudo", "%U : %*" SUDO_FOR },

	{ "su", AUTH_FAILURE, "su", "FAILED SU (to %t) %u on %y" },
	{ "su", AUTH_SUCCESS, "su", "(to %t) %u on %y" },
	{ "su", AUTH_FAILURE, "su", "FAILED su for %t by %u" },
	{ "su", AUTH_SUCCESS, "su", "Successful su for %t by %u" },

	{ "login", AUTH_FAILURE, "login",
	  "FAILED LOGIN (%n) on '%y' from '%h' FOR '%u', %*" },
	{ "login", AUTH_FAILURE, "login",
	  "FAILED LOGIN (%n) on '%y' FOR '%u', %*" },
	{ "login", AUTH_FAILURE, "login",
	  "FAILED LOGIN SESSION FROM %h FOR %u, %*" },
	{ "login", AUTH_FAILURE, "login",
	  "FAILED LOGIN %n FROM %h FOR %u, %*" },
	{ "login", AUTH_REFUSED, "login",
	  "TOO MANY LOGIN TRIES (%n) FROM %h FOR %u, %*" },
	{ "login", AUTH_REFUSED, "login",
	  "TOO MANY LOGIN TRIES (%n)%* FOR '%u'" },
	{ "login", AUTH_SUCCESS, "login", "ROOT LOGIN ON %y FROM %h" },
	{ "login", AUTH_SUCCESS, "login", "ROOT LOGIN ON %y" },
	{ "login", AUTH_SUCCESS, "login", "ROOT LOGIN  on '%y' from '%h'" },
	{ "login", AUTH_SUCCESS, "login", "ROOT LOGIN  on '%y'" },
	{ "login", AUTH_SUCCESS, "login", "LOGIN ON %y BY %u FROM %h" },
	{ "login", AUTH_SUCCESS, "login", "LOGIN ON %y BY %u" },

	{ "doas", AUTH_SUCCESS, "doas", "%U ran command %c as %T from %*" },
	{ "doas", AUTH_FAILURE, "doas", "failed auth for %U" },
	{ "doas", AUTH_REFUSED, "doas", "command not permitted for %U: %c" },

	{ "pkexec", AUTH_SUCCESS, "pkexec",
	  "%U: Executing command [USER=%T] [TTY=%y] [CWD=%*] [COMMAND=%c]" },
	{ "pkexec", AUTH_REFUSED, "pkexec",
	  "%U: Error executing command as another user: Not authorized "
	  "[USER=%T] [TTY=%y] [CWD=%*] [COMMAND=%c]" },

	PAM_FAILURE("pam_%w(%s:auth): authentication failure; "),
	PAM_FAILURE("pam_%w(%s:auth): %N more authentication failures; "),
	PAM_FAILURE("pam_%w(%s:auth): %N more authentication failure; "),
	{ NULL, AUTH_REFUSED, "pam",
	  "pam_faillock(%s:auth): Consecutive login failures for user %u "
	  "account temporarily locked" },
	{ NULL, AUTH_SESSION_OPEN, "session",
	  "pam_%w(%s:session): session opened for user %u(uid=%n) by "
	  "%*(uid=%w)" },
	{ NULL, AUTH_SESSION_OPEN, "session",
	  "pam_%w(%s:session): session opened for user %u by %*(uid=%w)" },
	{ NULL, AUTH_SESSION_CLOSE, "session",
	  "pam_%w(%s:session): session closed for user %u" },
};

/* Those whose own lines tell of each attempt. */
static const char *const tell_themselves[] = { "sshd",	 "dropbear", "sudo",
					       "sudo-i", "su",	     "su-l",
					       "login",	 "remote",   "doas" };

static struct log_text without_prefix(struct log_text text, const char *prefix)
{
	size_t n = strlen(prefix);

	if (text.len >= n && memcmp(text.p, prefix, n) == 0) {
		text.p += n;
		text.len -= n;
	}
	return text;
}

static struct log_text without_suffix(struct log_text text, const char *suffix)
{
	size_t n = strlen(suffix);

	if (text.len >= n && memcmp(text.p + text.len - n, suffix, n) == 0)
		text.len -= n;
	return text;
}

static struct log_text trimmed(struct log_text text)
{
	while (text.len && text.p[0] == ' ')
		text = log_text(text.p + 1, text.len - 1);
	while (text.len && text.p[text.len - 1] == ' ')
		text.len--;
	return text;
}

static uint32_t number(struct log_text digits, uint32_t max)
{
	uint32_t n = 0;

	for (size_t i = 0; i < digits.len; i++) {
		n = n * 10 + (uint32_t)(digits.p[i] - '0');
		if (n > max)
			return max;
	}
	return n;
}

/* rsyslog folds equal lines: "message repeated 3 times: [ MESSAGE]". */
static struct log_text unfolded(struct log_text message, uint32_t *ret_repeats)
{
	static const char prefix[] = "message repeated ";
	static const char times[] = " times: [ ";
	struct log_text text = without_prefix(message, prefix);
	struct log_text digits = log_text(text.p, 0);

	if (text.len == message.len || text.p[text.len - 1] != ']')
		return message;
	while (digits.len < text.len && digits.p[digits.len] >= '0' &&
	       digits.p[digits.len] <= '9')
		digits.len++;
	text = log_text(text.p + digits.len, text.len - digits.len);
	if (!digits.len || text.len < sizeof(times) ||
	    memcmp(text.p, times, sizeof(times) - 1) != 0)
		return message;
	*ret_repeats = number(digits, AUTH_REPEATS_MAX);
	text = without_prefix(text, times);
	return log_text(text.p, text.len - 1);
}

/* "/usr/sbin/sshd", "sshd-session": the name in the table. */
static struct log_text program_name(struct log_text program)
{
	for (size_t i = program.len; i > 0; i--)
		if (program.p[i - 1] == '/') {
			program = log_text(program.p + i, program.len - i);
			break;
		}
	if (log_text_is(program, "sshd-session") ||
	    log_text_is(program, "sshd-auth"))
		return log_text("sshd", 4);
	if (log_text_is(program, "su-l"))
		return log_text("su", 2);
	return program;
}

static bool tells_itself(struct log_text service)
{
	for (unsigned i = 0; i < ARRAY_SIZE(tell_themselves); i++)
		if (log_text_is(service, tell_themselves[i]))
			return true;
	return false;
}

/* "keyboard-interactive/pam" is the method and a device of its own. */
static struct log_text method_of(const struct auth_template *template,
				 struct log_text captured)
{
	const char *slash;

	if (template->method)
		return log_text(template->method, strlen(template->method));
	slash = captured.len ? memchr(captured.p, '/', captured.len) : NULL;
	if (slash)
		captured.len = (size_t)(slash - captured.p);
	return captured;
}

static void fill(const struct auth_template *template,
		 const struct auth_match *match, struct log_text program,
		 struct auth_line *line)
{
	const struct log_text *c = match->captures;

	line->result = template->result;
	line->ambiguous = match->ambiguous;
	line->method = method_of(template, c[AUTH_METHOD]);
	line->service = template->program ? program : c[AUTH_SERVICE];
	line->user = c[AUTH_USER];
	line->target_user = c[AUTH_TARGET];
	line->tty = c[AUTH_TTY];
	line->command = c[AUTH_COMMAND];
	line->port = (uint16_t)number(c[AUTH_PORT], UINT16_MAX);
	line->address_bytes =
		(uint8_t)auth_address(c[AUTH_ADDRESS], line->address);
	/* "ROOT LOGIN ...", of two programs, names no user. */
	if (strncmp(template->pattern, "ROOT LOGIN", 10) == 0)
		line->user = log_text("root", 4);
	/* Wrong passwords that were counted until the last. */
	if (c[AUTH_TIMES].len) {
		line->repeats *= number(c[AUTH_TIMES], AUTH_REPEATS_MAX);
		if (line->repeats > AUTH_REPEATS_MAX)
			line->repeats = AUTH_REPEATS_MAX;
	}
}

/* Does the line tell of what nothing else tells? */
static bool counts(const struct auth_template *template,
		   const struct auth_line *line)
{
	if (template->result == NOTHING || !line->repeats)
		return false;
	if (!template->program && template->result == AUTH_FAILURE)
		return !tells_itself(line->service);
	/* How a client asks what methods there are. */
	return !log_text_is(line->method, "none");
}

bool auth_line_parse(struct log_text program, struct log_text message,
		     struct auth_line *ret_line)
{
	struct auth_line line = { .repeats = 1 };
	struct auth_match match;

	if (message.len > AUTH_MESSAGE_MAX)
		return false;
	program = program_name(program);
	message = trimmed(unfolded(trimmed(message), &line.repeats));
	if (log_text_is(program, "sshd")) {
		message = without_suffix(message, " [preauth]");
		message = without_prefix(message, "error: ");
		message = without_prefix(message, "fatal: ");
	}
	for (unsigned i = 0; i < ARRAY_SIZE(templates); i++) {
		const struct auth_template *template = &templates[i];

		if (template->program &&
		    !log_text_is(program, template->program))
			continue;
		if (!auth_pattern_match(template->pattern, message, &match))
			continue;
		fill(template, &match, program, &line);
		if (!counts(template, &line))
			return false;
		*ret_line = line;
		return true;
	}
	return false;
}
