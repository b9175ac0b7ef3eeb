// SPDX-License-Identifier: Apache-2.0
#include "user/event/mask.h"

#include "user/base/check.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Of a name, in lower case with _ for -, its end. */
static const char *const secret_names[] = {
	"password",   "passwd",	    "passphrase",  "secret",
	"token",      "api_key",    "apikey",	   "access_key",
	"secret_key", "credential", "credentials", "authorization",
};

/* Words of a value that follow its name. */
#define WORDS_NAMED 1
#define WORDS_AUTHORIZATION 2

struct masker {
	char *out; /* never beyond what was read; what put() moves is gone */
	unsigned pending; /* so many words from here on are secret */
	bool adjacent;	  /* the first only if it follows at once */
	bool named;	  /* the word before was a name and nothing else */
};

static bool is_white(char c)
{
	return c == 0 || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

static bool is_separator(char c)
{
	return is_white(c) || is_quote(c) || strchr("&;|<>()`?,{}", c);
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool ends_with(const char *name, size_t len, const char *end)
{
	size_t n = strlen(end);

	if (n > len)
		return false;
	for (name += len - n; *end; name++, end++) {
		int c = tolower((unsigned char)*name);

		if ((c == '-' ? '_' : c) != *end)
			return false;
	}
	return true;
}

/* How many words the value of a name has; 0: it is no secret. */
static unsigned secret_words(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(secret_names); i++)
		if (ends_with(name, len, secret_names[i]))
			return ends_with(name, len, "authorization") ?
				       WORDS_AUTHORIZATION :
				       WORDS_NAMED;
	return 0;
}

static void put(struct masker *m, const char *bytes, size_t len)
{
	memmove(m->out, bytes, len);
	m->out += len;
}

/* Never longer than what it stands for. */
static void put_mask(struct masker *m, size_t len)
{
	put(m, "***", len < 3 ? len : 3);
}

/* Where the value of a secret's name begins in a word, or `len`. The last part of
 * a path is no name: /etc/passwd:/mnt. */
static size_t find_value(const char *word, size_t len, unsigned *ret_words)
{
	for (size_t i = 0, name = 0; i < len; i++) {
		bool path = name && word[name - 1] == '/';

		if (!path && (word[i] == '=' || word[i] == ':')) {
			*ret_words = secret_words(word + name, i - name);
			if (*ret_words)
				return i + 1;
		}
		if (!is_name(word[i]))
			name = i + 1;
	}
	return len;
}

/* The password of a URL: from where to where; false when it has none. */
static bool find_url_password(const char *word, size_t len, size_t *ret_from,
			      size_t *ret_to)
{
	const char *start = memmem(word, len, "://", 3), *colon, *at, *end;

	if (!start)
		return false;
	start += 3;
	end = memchr(start, '/', len - (size_t)(start - word));
	if (!end)
		end = word + len;
	at = memrchr(start, '@', (size_t)(end - start));
	colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
	if (!colon)
		return false;
	*ret_from = (size_t)(colon - word) + 1;
	*ret_to = (size_t)(at - word);
	return true;
}

static void take_named(struct masker *m, const char *word, size_t len,
		       size_t value, unsigned words)
{
	m->pending = value < len ? words - 1 : words;
	m->adjacent = value == len && word[len - 1] == '=';
	put(m, word, value);
	put_mask(m, len - value);
}

static void take_word(struct masker *m, const char *word, size_t len)
{
	bool named = m->named;
	size_t from, to;
	unsigned words = 0;

	m->named = false;
	m->adjacent = false;
	if (m->pending && *word != '-') {
		put_mask(m, len);
		m->pending--;
		return;
	}
	m->pending = 0;
	if (find_url_password(word, len, &from, &to)) {
		put(m, word, from);
		put_mask(m, to - from);
		put(m, word + to, len - to);
		return;
	}
	from = find_value(word, len, &words);
	if (words) {
		take_named(m, word, len, from, words);
		return;
	}
	words = secret_words(word, len);
	m->named = words > 0;
	if (*word == '-')
		m->pending = words;
	else if (named && len == 1 && (*word == ':' || *word == '='))
		m->pending = WORDS_NAMED;
	put(m, word, len);
}

/* What a value may be behind. */
static void take_separator(struct masker *m, char c)
{
	if (!is_quote(c) && (m->adjacent || !is_white(c)))
		m->pending = 0;
	if (!is_quote(c) && c != ' ')
		m->named = false;
}

size_t mask_args(char *args, size_t len)
{
	struct masker m = { .out = args };
	size_t word = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && !is_separator(args[i]))
			continue;
		if (i > word)
			take_word(&m, args + word, i - word);
		if (i == len)
			break;
		take_separator(&m, args[i]);
		put(&m, args + i, 1);
		word = i + 1;
	}
	return (size_t)(m.out - args);
}
