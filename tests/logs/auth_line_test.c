// SPDX-License-Identifier: Apache-2.0
/*
 * Lines as the programs write them, what each says; lines of which an enemy
 * chose a part; and lines that say nothing of a log-in.
 */
#include "support/unit.h"

#include "user/base/check.h"
#include "user/base/text.h"
#include "user/logs/auth_line.h"

#include <string.h>

struct expected {
	const char *program, *message;
	enum auth_result result;
	const char *method, *service, *user, *ip; /* "": not said */
	uint16_t port;
	const char *target, *tty, *command; /* NULL: "" */
	uint32_t repeats;		    /* 0: 1 */
	bool ambiguous;
};

#define PAM "logname= uid=0 euid=0 tty="

static const struct expected lines[] = {
	/* OpenSSH */
	{ .program = "sshd",
	  "Accepted password for root from 192.0.2.1 port 51234 ssh2",
	  AUTH_SUCCESS,
	  "password",
	  "sshd",
	  "root",
	  "192.0.2.1",
	  51234 },
	{ .program = "sshd-session",
	  "Accepted publickey for git from 2001:db8::1 port 4 ssh2: ED25519 "
	  "SHA256:iVv2k8rL0bJ4",
	  AUTH_SUCCESS,
	  "publickey",
	  "sshd",
	  "git",
	  "2001:db8::1",
	  4 },
	{ .program = "sshd",
	  "Accepted publickey for eve from 192.0.2.1 port 4 ssh2: RSA-CERT "
	  "SHA256:aa ID eve (serial 7) CA RSA SHA256:bb",
	  AUTH_SUCCESS,
	  "publickey",
	  "sshd",
	  "eve",
	  "192.0.2.1",
	  4 },
	{ .program = "/usr/sbin/sshd",
	  "Accepted keyboard-interactive/pam for a from ::ffff:192.0.2.1 port "
	  "1 ssh2",
	  AUTH_SUCCESS,
	  "keyboard-interactive",
	  "sshd",
	  "a",
	  "192.0.2.1",
	  1 },
	{ .program = "sshd",
	  "Accepted password for a from fe80::1%eth0 port 65535 ssh2",
	  AUTH_SUCCESS,
	  "password",
	  "sshd",
	  "a",
	  "fe80::1",
	  65535 },
	{ .program = "sshd",
	  "Failed password for root from 192.0.2.7 port 22 ssh2",
	  AUTH_FAILURE,
	  "password",
	  "sshd",
	  "root",
	  "192.0.2.7",
	  22 },
	{ .program = "sshd",
	  "Failed password for invalid user admin from 192.0.2.7 port 22 ssh2",
	  AUTH_FAILURE,
	  "password",
	  "sshd",
	  "admin",
	  "192.0.2.7",
	  22 },
	{ .program = "sshd",
	  "Failed password for invalid user  from 192.0.2.7 port 22 ssh2",
	  AUTH_FAILURE,
	  "password",
	  "sshd",
	  "",
	  "192.0.2.7",
	  22 },
	{ .program = "sshd",
	  "Partial publickey for a from 192.0.2.7 port 22 ssh2: RSA SHA256:x",
	  AUTH_PARTIAL,
	  "publickey",
	  "sshd",
	  "a",
	  "192.0.2.7",
	  22 },
	{ .program = "sshd",
	  "message repeated 5 times: [ Failed password for root from 192.0.2.7 "
	  "port 22 ssh2]",
	  AUTH_FAILURE,
	  "password",
	  "sshd",
	  "root",
	  "192.0.2.7",
	  22,
	  .repeats = 5 },
	{ .program = "sshd",
	  "message repeated 99999999999 times: [ Failed password for root from "
	  "192.0.2.7 port 22 ssh2]",
	  AUTH_FAILURE,
	  "password",
	  "sshd",
	  "root",
	  "192.0.2.7",
	  22,
	  .repeats = AUTH_REPEATS_MAX },
	{ .program = "sshd",
	  "Invalid user admin from 192.0.2.7 port 22",
	  AUTH_INVALID_USER,
	  "",
	  "sshd",
	  "admin",
	  "192.0.2.7",
	  22 },
	{ .program = "sshd",
	  "Invalid user admin from 192.0.2.7",
	  AUTH_INVALID_USER,
	  "",
	  "sshd",
	  "admin",
	  "192.0.2.7",
	  0 },
	{ .program = "sshd",
	  "Connection closed by authenticating user root 192.0.2.7 port 22 "
	  "[preauth]",
	  AUTH_CLOSED,
	  "",
	  "sshd",
	  "root",
	  "192.0.2.7",
	  22 },
	{ .program = "sshd",
	  "Disconnected from invalid user admin 192.0.2.7 port 22 [preauth]",
	  AUTH_CLOSED,
	  "",
	  "sshd",
	  "admin",
	  "192.0.2.7",
	  22 },
	{ .program = "sshd",
	  "Disconnecting authenticating user root 192.0.2.7 port 22: Too many "
	  "authentication failures [preauth]",
	  AUTH_CLOSED,
	  "",
	  "sshd",
	  "root",
	  "192.0.2.7",
	  22 },
	{ .program = "sshd",
	  "error: maximum authentication attempts exceeded for invalid user "
	  "admin from 192.0.2.7 port 22 ssh2 [preauth]",
	  AUTH_REFUSED,
	  "",
	  "sshd",
	  "admin",
	  "192.0.2.7",
	  22 },
	{ .program = "sshd",
	  "User root from 192.0.2.7 not allowed because not listed in "
	  "AllowUsers",
	  AUTH_REFUSED,
	  "",
	  "sshd",
	  "root",
	  "192.0.2.7",
	  0 },
	{ .program = "sshd",
	  "User bob from host.example not allowed because account is locked",
	  AUTH_REFUSED,
	  "",
	  "sshd",
	  "bob",
	  "",
	  0 },
	{ .program = "sshd",
	  "ROOT LOGIN REFUSED FROM 192.0.2.7 port 22 [preauth]",
	  AUTH_REFUSED,
	  "",
	  "sshd",
	  "root",
	  "192.0.2.7",
	  22 },
	{ .program = "sshd",
	  "fatal: Access denied for user bob by PAM account configuration "
	  "[preauth]",
	  AUTH_REFUSED,
	  "",
	  "sshd",
	  "bob",
	  "",
	  0 },
	/* Dropbear */
	{ .program = "dropbear",
	  "Bad password attempt for 'root' from 192.0.2.7:4711",
	  AUTH_FAILURE,
	  "password",
	  "dropbear",
	  "root",
	  "192.0.2.7",
	  4711 },
	{ .program = "dropbear",
	  "Pubkey auth succeeded for 'root' with ssh-rsa key SHA256:x from "
	  "192.0.2.7:4711",
	  AUTH_SUCCESS,
	  "publickey",
	  "dropbear",
	  "root",
	  "192.0.2.7",
	  4711 },
	{ .program = "dropbear",
	  "Login attempt for nonexistent user from 192.0.2.7:4711",
	  AUTH_INVALID_USER,
	  "",
	  "dropbear",
	  "",
	  "192.0.2.7",
	  4711 },
	/* sudo */
	{ .program = "sudo",
	  "   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; "
	  "COMMAND=/usr/bin/id -u",
	  AUTH_SUCCESS,
	  "sudo",
	  "sudo",
	  "alice",
	  "",
	  0,
	  "root",
	  "pts/0",
	  "/usr/bin/id -u" },
	{ .program = "sudo",
	  "   alice : TTY=pts/0 ; PWD=/ ; USER=root ; GROUP=adm ; "
	  "COMMAND=/bin/sh",
	  AUTH_SUCCESS,
	  "sudo",
	  "sudo",
	  "alice",
	  "",
	  0,
	  "root",
	  "pts/0",
	  "/bin/sh" },
	{ .program = "sudo",
	  "   alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; "
	  "USER=root ; COMMAND=/bin/sh",
	  AUTH_FAILURE,
	  "sudo",
	  "sudo",
	  "alice",
	  "",
	  0,
	  "root",
	  "pts/0",
	  "/bin/sh",
	  3 },
	{ .program = "sudo",
	  "alice : 1 incorrect password attempt ; TTY=pts/0 ; PWD=/ ; "
	  "USER=root ; COMMAND=/bin/sh",
	  AUTH_FAILURE,
	  "sudo",
	  "sudo",
	  "alice",
	  "",
	  0,
	  "root",
	  "pts/0",
	  "/bin/sh" },
	{ .program = "sudo",
	  "  bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; "
	  "COMMAND=/bin/sh",
	  AUTH_REFUSED,
	  "sudo",
	  "sudo",
	  "bob",
	  "",
	  0,
	  "root",
	  "pts/0",
	  "/bin/sh" },
	{ .program = "sudo",
	  "  bob : a password is required ; TTY=unknown ; PWD=/ ; USER=root ; "
	  "COMMAND=/bin/sh",
	  AUTH_REFUSED,
	  "sudo",
	  "sudo",
	  "bob",
	  "",
	  0,
	  "root",
	  "unknown",
	  "/bin/sh" },
	/* su, login, doas, pkexec */
	{ .program = "su",
	  "FAILED SU (to root) alice on pts/0",
	  AUTH_FAILURE,
	  "su",
	  "su",
	  "alice",
	  "",
	  0,
	  "root",
	  "pts/0" },
	{ .program = "su",
	  "(to root) alice on pts/0",
	  AUTH_SUCCESS,
	  "su",
	  "su",
	  "alice",
	  "",
	  0,
	  "root",
	  "pts/0" },
	{ .program = "su",
	  "Successful su for root by alice",
	  AUTH_SUCCESS,
	  "su",
	  "su",
	  "alice",
	  "",
	  0,
	  "root" },
	{ .program = "su",
	  "FAILED su for root by alice",
	  AUTH_FAILURE,
	  "su",
	  "su",
	  "alice",
	  "",
	  0,
	  "root" },
	{ .program = "login",
	  "FAILED LOGIN (2) on '/dev/tty1' FOR 'root', Authentication failure",
	  AUTH_FAILURE,
	  "login",
	  "login",
	  "root",
	  "",
	  0,
	  NULL,
	  "/dev/tty1" },
	{ .program = "login",
	  "FAILED LOGIN 1 FROM 192.0.2.7 FOR bob, Authentication failure",
	  AUTH_FAILURE,
	  "login",
	  "login",
	  "bob",
	  "192.0.2.7" },
	{ .program = "login",
	  "ROOT LOGIN ON tty1",
	  AUTH_SUCCESS,
	  "login",
	  "login",
	  "root",
	  "",
	  0,
	  NULL,
	  "tty1" },
	{ .program = "login",
	  "LOGIN ON tty1 BY bob",
	  AUTH_SUCCESS,
	  "login",
	  "login",
	  "bob",
	  "",
	  0,
	  NULL,
	  "tty1" },
	{ .program = "doas",
	  "alice ran command id -u as root from /home/alice",
	  AUTH_SUCCESS,
	  "doas",
	  "doas",
	  "alice",
	  "",
	  0,
	  "root",
	  NULL,
	  "id -u" },
	{ .program = "doas",
	  "failed auth for alice",
	  AUTH_FAILURE,
	  "doas",
	  "doas",
	  "alice",
	  "" },
	{ .program = "pkexec",
	  "alice: Executing command [USER=root] [TTY=/dev/pts/0] "
	  "[CWD=/home/alice] [COMMAND=/usr/bin/id]",
	  AUTH_SUCCESS,
	  "pkexec",
	  "pkexec",
	  "alice",
	  "",
	  0,
	  "root",
	  "/dev/pts/0",
	  "/usr/bin/id" },
	/* PAM */
	{ .program = "gdm-password]",
	  "pam_unix(gdm-password:auth): authentication failure; " PAM
	  ":0 ruser= rhost=  user=alice",
	  AUTH_FAILURE,
	  "pam",
	  "gdm-password",
	  "alice",
	  "",
	  0,
	  NULL,
	  ":0" },
	{ .program = "vsftpd",
	  "pam_unix(vsftpd:auth): authentication failure; " PAM
	  "ftp ruser=bob rhost=192.0.2.7 ",
	  AUTH_FAILURE,
	  "pam",
	  "vsftpd",
	  "",
	  "192.0.2.7",
	  0,
	  NULL,
	  "ftp" },
	{ .program = "vsftpd",
	  "pam_unix(vsftpd:auth): 2 more authentication failures; " PAM
	  "ftp ruser=bob rhost=::1  user=bob",
	  AUTH_FAILURE,
	  "pam",
	  "vsftpd",
	  "bob",
	  "::1",
	  0,
	  NULL,
	  "ftp",
	  .repeats = 2 },
	{ .program = "auth",
	  "pam_sss(dovecot:auth): authentication failure; " PAM
	  "dovecot ruser=x rhost=192.0.2.7 user=x",
	  AUTH_FAILURE,
	  "pam",
	  "dovecot",
	  "x",
	  "192.0.2.7",
	  0,
	  NULL,
	  "dovecot" },
	{ .program = "sshd",
	  "pam_faillock(sshd:auth): Consecutive login failures for user bob "
	  "account temporarily locked",
	  AUTH_REFUSED,
	  "pam",
	  "sshd",
	  "bob",
	  "" },
	{ .program = "sshd",
	  "pam_unix(sshd:session): session opened for user alice(uid=1000) by "
	  "(uid=0)",
	  AUTH_SESSION_OPEN,
	  "session",
	  "sshd",
	  "alice",
	  "" },
	{ .program = "CRON",
	  "pam_unix(cron:session): session opened for user root by "
	  "(uid=0)",
	  AUTH_SESSION_OPEN,
	  "session",
	  "cron",
	  "root",
	  "" },
	{ .program = "su",
	  "pam_unix(su-l:session): session opened for user root(uid=0) by "
	  "alice(uid=1000)",
	  AUTH_SESSION_OPEN,
	  "session",
	  "su-l",
	  "root",
	  "" },
	{ .program = "sshd",
	  "pam_unix(sshd:session): session closed for user alice",
	  AUTH_SESSION_CLOSE,
	  "session",
	  "sshd",
	  "alice",
	  "" },
};

/* The address is the peer's, whatever the user name says. */
static const struct expected forged[] = {
	{ .program = "sshd",
	  "Failed password for invalid user root from 192.0.2.1 port 1 ssh2 "
	  "from 192.0.2.66 port 9 ssh2",
	  AUTH_FAILURE,
	  "password",
	  "sshd",
	  "root from 192.0.2.1 port 1 ssh2",
	  "192.0.2.66",
	  9 },
	{ .program = "sshd",
	  "Failed publickey for invalid user x from 192.0.2.1 port 1 ssh2: RSA "
	  "SHA256:a from 192.0.2.66 port 9 ssh2: RSA SHA256:b",
	  AUTH_FAILURE,
	  "publickey",
	  "sshd",
	  "x from 192.0.2.1 port 1 ssh2: RSA SHA256:a",
	  "192.0.2.66",
	  9 },
	{ .program = "sshd",
	  "Invalid user x from 192.0.2.1 port 1 from 192.0.2.66 port 9",
	  AUTH_INVALID_USER,
	  "",
	  "sshd",
	  "x from 192.0.2.1 port 1",
	  "192.0.2.66",
	  9 },
	{ .program = "sshd",
	  "Connection closed by invalid user x 192.0.2.1 port 1 192.0.2.66 "
	  "port 9 [preauth]",
	  AUTH_CLOSED,
	  "",
	  "sshd",
	  "x 192.0.2.1 port 1",
	  "192.0.2.66",
	  9 },
	{ .program = "sshd",
	  "Invalid user Accepted password for root from 192.0.2.66 "
	  "port 9",
	  AUTH_INVALID_USER,
	  "",
	  "sshd",
	  "Accepted password for root",
	  "192.0.2.66",
	  9 },
	/* Both the user and the key id are the client's: nobody can tell. */
	{ .program = "sshd",
	  "Failed publickey for invalid user x from 192.0.2.66 port 9 ssh2: "
	  "RSA-CERT SHA256:a ID k from 192.0.2.1 port 1 ssh2: y (serial 0) CA "
	  "RSA SHA256:b",
	  AUTH_FAILURE,
	  "publickey",
	  "sshd",
	  "",
	  "",
	  0,
	  .ambiguous = true },
	/* A folder's name. */
	{ .program = "sudo",
	  "alice : TTY=pts/0 ; PWD=/tmp/x ; USER=nobody ; COMMAND=/bin/true ; "
	  "USER=root ; COMMAND=/bin/sh",
	  AUTH_SUCCESS,
	  "sudo",
	  "sudo",
	  "alice",
	  "",
	  0,
	  "",
	  "pts/0",
	  "",
	  .ambiguous = true },
	{ .program = "vsftpd",
	  "pam_unix(vsftpd:auth): authentication failure; " PAM
	  "ftp ruser=a rhost=192.0.2.1  user=a rhost=192.0.2.66  user=b",
	  AUTH_FAILURE,
	  "pam",
	  "vsftpd",
	  "",
	  "",
	  0,
	  NULL,
	  "ftp",
	  .ambiguous = true },
};

static const char *const silent[][2] = {
	{ "bash", "Accepted password for root from 192.0.2.1 port 1 ssh2" },
	{ "", "Failed password for root from 192.0.2.1 port 1 ssh2" },
	{ "sshd", "" },
	{ "sshd", "Accepted" },
	{ "sshd", "Server listening on 0.0.0.0 port 22." },
	{ "sshd", "Accepted password for root from nowhere port 1 ssh2" },
	{ "sshd", "Accepted password for root from 192.0.2.1 port 65536 ssh2" },
	{ "sshd", "Failed none for invalid user a from 192.0.2.1 port 1 ssh2" },
	{ "sshd", "Postponed publickey for a from 192.0.2.1 port 1 ssh2" },
	{ "sshd", "message repeated 0 times: [ Failed password for root from "
		  "192.0.2.7 port 22 ssh2]" },
	/* The program tells of it itself. */
	{ "sshd", "pam_unix(sshd:auth): authentication failure; " PAM
		  "ssh ruser= rhost=192.0.2.7  user=root" },
	{ "sudo", "pam_unix(sudo:auth): authentication failure; " PAM
		  "pts/0 ruser=alice rhost=  user=alice" },
	{ "sudo", "alice : (command continued) x ; TTY=a ; PWD=/ ; USER=root ; "
		  "COMMAND=/bin/sh" },
	{ "useradd",
	  "new user: name=eve, UID=0, GID=0, home=/, shell=/bin/sh" },
	{ "systemd-logind", "New session 5 of user alice." },
};

static void assert_text(struct log_text got, const char *expected)
{
	if (!expected)
		expected = "";
	if (!log_text_is(got, expected))
		fail_msg("'%.*s' is not '%s'", (int)got.len, got.p, expected);
}

static void check(const struct expected *e)
{
	struct auth_line line;
	char ip[TEXT_IP_BYTES];

	print_message("%s: %s\n", e->program, e->message);
	assert_true(auth_line_parse(log_text(e->program, strlen(e->program)),
				    log_text(e->message, strlen(e->message)),
				    &line));
	assert_int_equal(line.result, e->result);
	assert_text(line.method, e->method);
	assert_text(line.service, e->service);
	assert_text(line.user, e->user);
	assert_text(line.target_user, e->target);
	assert_text(line.tty, e->tty);
	assert_text(line.command, e->command);
	text_ip(value_bytes(VALUE_IP, line.address, line.address_bytes), ip);
	assert_string_equal(ip, e->ip);
	assert_int_equal(line.port, e->port);
	assert_int_equal(line.repeats, e->repeats ? e->repeats : 1);
	assert_int_equal(line.ambiguous, e->ambiguous);
}

static void line__of_each_program__is_understood(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		check(&lines[i]);
}

static void line__forged_in_part__misleads_nobody(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(forged); i++)
		check(&forged[i]);
}

static void line__of_anything_else__is_no_log_in(void **state)
{
	struct auth_line line;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(silent); i++) {
		const char *program = silent[i][0], *message = silent[i][1];

		print_message("%s: %s\n", program, message);
		assert_false(auth_line_parse(log_text(program, strlen(program)),
					     log_text(message, strlen(message)),
					     &line));
	}
}

/* Made to be tried in as many ways as possible: told, of an unknown peer. */
static void line__with_countless_readings__is_ambiguous(void **state)
{
	char text[AUTH_MESSAGE_MAX];
	struct auth_line line;
	size_t n = (size_t)snprintf(text, sizeof(text),
				    "Failed publickey for invalid user ");

	(void)state;
	while (n < sizeof(text) - 32)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      " from ::1 port 1 ssh2: ");
	assert_true(
		auth_line_parse(log_text("sshd", 4), log_text(text, n), &line));
	assert_true(line.ambiguous);
	assert_int_equal(line.result, AUTH_FAILURE);
	assert_int_equal(line.address_bytes, 0);
	assert_int_equal(line.user.len, 0);
}

static void line__too_long__is_not_looked_at(void **state)
{
	static char text[AUTH_MESSAGE_MAX + 1];
	static const char good[] = " from 192.0.2.1 port 1 ssh2";
	struct auth_line line;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "Failed password for ", 20);
	memcpy(text + sizeof(text) - sizeof(good) + 1, good, sizeof(good) - 1);
	assert_false(auth_line_parse(log_text("sshd", 4),
				     log_text(text, sizeof(text)), &line));
	memmove(text + 20, text + 21, sizeof(text) - 21);
	assert_true(auth_line_parse(log_text("sshd", 4),
				    log_text(text, sizeof(text) - 1), &line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line__of_each_program__is_understood),
		cmocka_unit_test(line__forged_in_part__misleads_nobody),
		cmocka_unit_test(line__of_anything_else__is_no_log_in),
		cmocka_unit_test(line__with_countless_readings__is_ambiguous),
		cmocka_unit_test(line__too_long__is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
