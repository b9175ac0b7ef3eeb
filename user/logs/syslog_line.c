// SPDX-License-Identifier: Apache-2.0
#include "user/logs/syslog_line.h"

#include "user/base/check.h"
#include "user/base/text.h"

#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define DAY_NS (86400 * NS_PER_S)
#define PID_MAX_LIMIT 4194304u
/* A tag of RFC 3164 has 32 characters, a path may stand for one. */
#define TAG_MAX 128

struct cursor {
	const char *at;
	const char *end;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take(struct cursor *c, char expected)
{
	if (c->at == c->end || *c->at != expected)
		return false;
	c->at++;
	return true;
}

/* Up to the next space, which is taken too; empty: there is none. */
static struct log_text take_word(struct cursor *c)
{
	const char *from = c->at, *space;

	space = memchr(from, ' ', (size_t)(c->end - from));
	if (!space)
		return log_text(from, 0);
	c->at = space + 1;
	return log_text(from, (size_t)(space - from));
}

/* Decimal, at most `digits` of them; false: there is none, or more. */
static bool take_number(struct cursor *c, unsigned digits, uint32_t *ret)
{
	uint32_t n = 0;
	unsigned taken = 0;

	CHECK(digits <= 9);
	while (c->at < c->end && is_digit(*c->at)) {
		if (taken++ == digits)
			return false;
		n = n * 10 + (uint32_t)(*c->at++ - '0');
	}
	*ret = n;
	return taken > 0;
}

static void take_priority(struct cursor *c, struct syslog_line *line)
{
	struct cursor at = *c;
	uint32_t n;

	if (!take(&at, '<') || !take_number(&at, 3, &n) || !take(&at, '>') ||
	    n > 191)
		return;
	line->has_priority = true;
	line->priority = n & 7;
	line->facility = (uint8_t)(n >> 3);
	*c = at;
}

static bool take_month(struct cursor *c, int *ret_month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (c->end - c->at < 4 || c->at[3] != ' ')
		return false;
	for (int i = 0; i < 12; i++)
		if (memcmp(c->at, names + 3 * i, 3) == 0) {
			*ret_month = i;
			c->at += 4;
			return true;
		}
	return false;
}

/* Local time as if it were UTC; false: there is no such day in that year. */
static bool moment(const struct tm *parts, int year, int64_t *ret_ns)
{
	struct tm tm = *parts;
	time_t t;

	tm.tm_year = year;
	t = timegm(&tm);
	if (tm.tm_mon != parts->tm_mon || tm.tm_mday != parts->tm_mday)
		return false;
	*ret_ns = (int64_t)t * NS_PER_S;
	return true;
}

/*
 * The year is this one, unless the line would come from beyond tomorrow: it is
 * of December and this is January.
 */
static bool with_year(const struct tm *parts, const struct log_clock *clock,
		      int64_t *ret_ns)
{
	int64_t local = clock->now_ns + clock->utc_offset_ns, ns;
	time_t now = (time_t)(local / NS_PER_S);
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		return false;
	if (!moment(parts, tm.tm_year, &ns) || ns > local + DAY_NS)
		if (!moment(parts, tm.tm_year - 1, &ns))
			return false;
	*ret_ns = ns - clock->utc_offset_ns;
	return true;
}

/* "Nov 21 17:42:24 ", "Nov  1 ..." */
static bool take_old_time(struct cursor *c, const struct log_clock *clock,
			  int64_t *ret_ns)
{
	struct cursor at = *c;
	struct tm tm = { 0 };
	uint32_t day, hour, minute, second;

	if (!take_month(&at, &tm.tm_mon))
		return false;
	take(&at, ' ');
	if (!take_number(&at, 2, &day) || !take(&at, ' ') ||
	    !take_number(&at, 2, &hour) || !take(&at, ':') ||
	    !take_number(&at, 2, &minute) || !take(&at, ':') ||
	    !take_number(&at, 2, &second) || !take(&at, ' '))
		return false;
	if (day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
		return false;
	tm.tm_mday = (int)day;
	tm.tm_hour = (int)hour;
	tm.tm_min = (int)minute;
	/* A leap second would be of the next minute, perhaps the next day. */
	tm.tm_sec = second == 60 ? 59 : (int)second;
	if (!with_year(&tm, clock, ret_ns))
		return false;
	*c = at;
	return true;
}

static bool take_new_time(struct cursor *c, int64_t *ret_ns)
{
	struct cursor at = *c;
	struct log_text word = take_word(&at);

	if (word.len < 20 || word.p[4] != '-' ||
	    !text_time_parse(word.p, word.len, ret_ns))
		return false;
	*c = at;
	return true;
}

static bool parse_pid(struct log_text word, uint32_t *ret_pid)
{
	struct cursor c = { word.p, word.p + word.len };

	return take_number(&c, 7, ret_pid) && c.at == c.end &&
	       *ret_pid <= PID_MAX_LIMIT;
}

/* "sshd[42]: message", "sudo:  message", "kernel: message" */
static bool take_tag(struct cursor *c, struct syslog_line *line)
{
	const char *p = c->at, *space, *bracket;
	size_t left = (size_t)(c->end - p);
	struct log_text tag;

	space = memchr(p, ' ', left < TAG_MAX ? left : TAG_MAX);
	tag = log_text(p, space ? (size_t)(space - p) : left);
	if (tag.len < 2 || tag.len > TAG_MAX || p[tag.len - 1] != ':')
		return false;
	c->at += tag.len;
	take(c, ' ');
	tag.len--;
	bracket = memchr(p, '[', tag.len);
	if (bracket && bracket > p && p[tag.len - 1] == ']') {
		const char *pid = bracket + 1;

		line->has_pid = parse_pid(
			log_text(pid, (size_t)(p + tag.len - 1 - pid)),
			&line->pid);
		tag.len = (size_t)(bracket - p);
	}
	line->program = tag;
	return true;
}

static bool is_nil(struct log_text word)
{
	return word.len == 1 && word.p[0] == '-';
}

/* "[id name="value"][id ...]", where a value has \" for a quote; or "-". */
static bool take_structured(struct cursor *c)
{
	if (take(c, '-'))
		return true;
	if (c->at == c->end || *c->at != '[')
		return false;
	while (take(c, '[')) {
		bool quoted = false;

		for (;; c->at++) {
			if (c->at == c->end)
				return false;
			if (*c->at == '\\' && quoted && c->at + 1 < c->end)
				c->at++;
			else if (*c->at == '"')
				quoted = !quoted;
			else if (*c->at == ']' && !quoted)
				break;
		}
		c->at++;
	}
	return true;
}

/* RFC 5424, behind "<86>1 ". */
static bool take_5424(struct cursor *c, struct syslog_line *line)
{
	struct cursor at = *c;
	struct log_text program, pid;

	if (!line->has_priority || !take(&at, '1') || !take(&at, ' '))
		return false;
	line->has_ts = take_new_time(&at, &line->ts);
	if (!line->has_ts && !is_nil(take_word(&at)))
		return false;
	if (!take_word(&at).len)
		return false;
	program = take_word(&at);
	pid = take_word(&at);
	if (!program.len || !pid.len || !take_word(&at).len ||
	    !take_structured(&at))
		return false;
	take(&at, ' ');
	if (!is_nil(program))
		line->program = program;
	line->has_pid = parse_pid(pid, &line->pid);
	*c = at;
	return true;
}

static bool parse(struct cursor *c, const struct log_clock *clock,
		  struct syslog_line *line)
{
	struct log_text host;
	struct cursor at;

	take_priority(c, line);
	if (take_5424(c, line))
		return true;
	line->has_ts = take_old_time(c, clock, &line->ts) ||
		       take_new_time(c, &line->ts);
	if (!line->has_ts)
		return false;
	/* A line of the host itself may lack its name. */
	at = *c;
	if (take_tag(c, line))
		return true;
	host = take_word(&at);
	if (!host.len)
		return false;
	*c = at;
	/* "-- MARK --", "last message repeated 2 times": of no program. */
	take_tag(c, line);
	return true;
}

bool syslog_line_parse(const char *text, size_t len,
		       const struct log_clock *clock,
		       struct syslog_line *ret_line)
{
	struct syslog_line line = { .message = { text, len } };
	struct cursor c = { text, text + len };

	if (!parse(&c, clock, &line)) {
		*ret_line = (struct syslog_line){ .message = { text, len } };
		return false;
	}
	line.message = log_text(c.at, (size_t)(c.end - c.at));
	*ret_line = line;
	return true;
}
