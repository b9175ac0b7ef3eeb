// SPDX-License-Identifier: Apache-2.0
#include "user/logs/auth_pattern.h"

#include "user/base/check.h"

#include <arpa/inet.h>
#include <stdint.h>

#define FREE_MAX 4096u /* of a capture, bytes */
#define WORD_MAX 256u

struct matcher {
	const char *end;
	struct log_text taken[AUTH_CAPTURE_COUNT];
	struct auth_match *match;
	unsigned solutions;
	unsigned steps;
};

struct kind {
	char letter;
	enum auth_capture role; /* AUTH_CAPTURE_COUNT: not kept */
	bool free;
	unsigned min;
};

static const struct kind kinds[] = {
	{ 'u', AUTH_USER, true, 0 },
	{ 't', AUTH_TARGET, true, 0 },
	{ 'U', AUTH_USER, false, 1 },
	{ 'T', AUTH_TARGET, false, 1 },
	{ 'c', AUTH_COMMAND, true, 1 },
	{ '*', AUTH_CAPTURE_COUNT, true, 0 },
	{ 'm', AUTH_METHOD, false, 1 },
	{ 's', AUTH_SERVICE, false, 1 },
	{ 'w', AUTH_CAPTURE_COUNT, false, 1 },
	{ 'a', AUTH_ADDRESS, false, 2 },
	{ 'h', AUTH_ADDRESS, false, 0 },
	{ 'y', AUTH_TTY, false, 0 },
	{ 'p', AUTH_PORT, false, 1 },
	{ 'n', AUTH_CAPTURE_COUNT, false, 1 },
	{ 'N', AUTH_TIMES, false, 1 },
};

static const struct kind *kind_of(char letter)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].letter == letter)
			return &kinds[i];
	CHECK(!"a template has no such capture");
	return NULL;
}

size_t auth_address(struct log_text text, unsigned char ret_bytes[16])
{
	char copy[INET6_ADDRSTRLEN];
	const char *zone;
	size_t len;

	if (!text.len)
		return 0;
	zone = memchr(text.p, '%', text.len);
	len = zone ? (size_t)(zone - text.p) : text.len;
	if (len >= sizeof(copy) || memchr(text.p, '\0', len))
		return 0;
	memcpy(copy, text.p, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, ret_bytes) == 1)
		return 4;
	if (inet_pton(AF_INET6, copy, ret_bytes) != 1)
		return 0;
	/* A dual-stack socket calls an IPv4 peer so. */
	if (memcmp(ret_bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) != 0)
		return 16;
	memmove(ret_bytes, ret_bytes + 12, 4);
	return 4;
}

static bool number_is(struct log_text text, unsigned digits, uint64_t max)
{
	uint64_t n = 0;

	if (text.len > digits)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	return n <= max;
}

static bool fits(const struct kind *kind, struct log_text text)
{
	unsigned char bytes[16];

	switch (kind->letter) {
	case 'a':
		return auth_address(text, bytes) > 0;
	case 'p':
		return number_is(text, 5, UINT16_MAX);
	case 'n':
	case 'N':
		return number_is(text, 10, UINT32_MAX);
	default:
		return true;
	}
}

/* One way to read the message: keep what all ways so far agree on. */
static void solved(struct matcher *m)
{
	struct auth_match *match = m->match;

	if (m->solutions++ == 0) {
		memcpy(match->captures, m->taken, sizeof(m->taken));
		return;
	}
	for (unsigned i = 0; i < AUTH_CAPTURE_COUNT; i++) {
		if (log_text_equal(match->captures[i], m->taken[i]))
			continue;
		match->captures[i] = (struct log_text){ 0 };
		match->ambiguous = true;
	}
}

static bool exhausted(struct matcher *m)
{
	return m->steps++ >= AUTH_PATTERN_STEPS;
}

static void match_at(struct matcher *m, const char *pattern, const char *at);

/* Every length the capture can have, where what follows it may begin. */
static void capture(struct matcher *m, const char *pattern, const char *at)
{
	const struct kind *kind = kind_of(pattern[1]);
	size_t left = (size_t)(m->end - at);
	size_t max = kind->free ? FREE_MAX : WORD_MAX;
	const char next = pattern[2];
	struct log_text before = { 0 };

	max = left < max ? left : max;
	if (kind->role != AUTH_CAPTURE_COUNT)
		before = m->taken[kind->role];
	for (size_t n = 0; n <= max && !exhausted(m); n++) {
		bool here = next == '\0' ?
				    n == left :
				    next == '%' || (n < left && at[n] == next);

		if (n >= kind->min && here && fits(kind, log_text(at, n))) {
			if (kind->role != AUTH_CAPTURE_COUNT)
				m->taken[kind->role] = log_text(at, n);
			match_at(m, pattern + 2, at + n);
		}
		if (!kind->free && n < left && at[n] == ' ')
			break;
	}
	if (kind->role != AUTH_CAPTURE_COUNT)
		m->taken[kind->role] = before;
}

static void match_at(struct matcher *m, const char *pattern, const char *at)
{
	while (*pattern && *pattern != '%') {
		if (at == m->end || *at != *pattern || exhausted(m))
			return;
		pattern++;
		at++;
	}
	if (*pattern)
		capture(m, pattern, at);
	else if (at == m->end)
		solved(m);
}

bool auth_pattern_match(const char *pattern, struct log_text message,
			struct auth_match *ret_match)
{
	struct auth_match match = { .ambiguous = false };
	struct matcher m = { .end = message.p + message.len, .match = &match };

	match_at(&m, pattern, message.p);
	/* So much was tried only because it begins as the template does. */
	if (m.steps > AUTH_PATTERN_STEPS)
		match = (struct auth_match){ .ambiguous = true };
	else if (!m.solutions)
		return false;
	*ret_match = match;
	return true;
}
