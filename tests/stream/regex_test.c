// SPDX-License-Identifier: Apache-2.0
/*
 * Regular expressions against PCRE2 over random patterns and texts, what is
 * refused and how, and that no pattern keeps the compiler busy.
 */
#include "stream_fixture.h"

#include "stream/regex.h"

#include <errno.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define REGEX_ARENA_BYTES ((size_t)16 << 20)

static void random_pattern(struct buf *out, uint64_t *state, unsigned depth)
{
	static const char *const atoms[] = {
		"a",   "b",   "c",	".",	"[ab]", "[^a]",
		"\\d", "\\w", "\\s",	"\\.",	"1",	"\\x00",
		"\n",  "\\W", "[a-c1]", "\xc3", "\\b",	"(?i:A)",
	};
	static const char *const repeats[] = { "*",	"+",	 "?",  "{2}",
					       "{1,3}", "{0,2}", "*?", "{2,}" };
	unsigned count = 1 + chance(state, 3);

	for (unsigned i = 0; i < count; i++) {
		if (depth && chance(state, 3) == 0) {
			buf_putc(out, '(');
			random_pattern(out, state, depth - 1);
			if (chance(state, 2)) {
				buf_putc(out, '|');
				random_pattern(out, state, depth - 1);
			}
			buf_putc(out, ')');
		} else {
			const char *atom =
				atoms[chance(state, ARRAY_SIZE(atoms))];

			buf_puts(out, atom);
			/* Vectorscan refuses to repeat what has no width. */
			if (strcmp(atom, "\\b") == 0)
				continue;
		}
		if (chance(state, 4) == 0)
			buf_puts(out,
				 repeats[chance(state, ARRAY_SIZE(repeats))]);
	}
}

/* -1: it gave up, as an engine that backtracks may */
static int pcre2_says(pcre2_code *code, const uint8_t *text, size_t len)
{
	pcre2_match_data *data =
		pcre2_match_data_create_from_pattern(code, NULL);
	int rc = pcre2_match(code, text, len, 0, 0, data, NULL);

	pcre2_match_data_free(data);
	if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT)
		return -1;
	assert_true(rc >= 0 || rc == PCRE2_ERROR_NOMATCH);
	return rc >= 0;
}

static void compare_texts(const struct regex *regex,
			  struct regex_scratch *scratch, pcre2_code *code,
			  const char *pattern, uint64_t *state,
			  unsigned *matches, unsigned *given_up)
{
	static const uint8_t letters[] = "aaabbbccA1. \n\0\xc3\xa9";

	for (unsigned k = 0; k < 10; k++) {
		uint8_t text[12];
		size_t len = chance(state, sizeof(text));
		int want;

		for (size_t i = 0; i < len; i++)
			text[i] = letters[chance(state, sizeof(letters) - 1)];
		want = pcre2_says(code, text, len);
		if (want < 0) {
			++*given_up;
			continue;
		}
		if (regex_match(regex, scratch, text, len) != want)
			fail_msg("'%s' on %zu bytes '%.*s': PCRE2 says %d",
				 pattern, len, (int)len, (const char *)text,
				 want);
		*matches += (unsigned)want;
	}
}

static void regex__random_patterns__agree_with_pcre2(void **state)
{
	unsigned total = check_full() ? 100000 : 5000, compiled = 0;
	unsigned matches = 0, given_up = 0;
	uint64_t seed = test_seed();
	struct regex_scratch *scratch = NULL;
	struct arena arena;

	(void)state;
	arena_init(&arena, REGEX_ARENA_BYTES);
	for (unsigned i = 0; i < total; i++) {
		struct buf pattern = BUF_INIT;
		const struct regex *regex;
		pcre2_code *code;
		size_t offset;
		int error;

		arena_reset(&arena);
		if (chance(&seed, 4) == 0)
			buf_putc(&pattern, '^');
		random_pattern(&pattern, &seed, chance(&seed, 3));
		if (chance(&seed, 4) == 0)
			buf_putc(&pattern, '$');
		code = pcre2_compile((PCRE2_SPTR)buf_text(&pattern),
				     pattern.len, PCRE2_DOTALL, &error, &offset,
				     NULL);
		assert_non_null(code);
		if (regex_compile(&arena, buf_text(&pattern), pattern.len,
				  &regex, NULL, NULL) == 0) {
			assert_int_equal(
				regex_scratch_fit(&scratch, regex, NULL), 0);
			compare_texts(regex, scratch, code, buf_text(&pattern),
				      &seed, &matches, &given_up);
			compiled++;
		}
		pcre2_code_free(code);
		buf_release(&pattern);
	}
	/* What Vectorscan has no form for is refused, and is rare. */
	assert_true(compiled > total * 9 / 10);
	assert_true(matches > compiled && matches < compiled * 9);
	assert_true(given_up < total / 100);
	regex_scratch_free(scratch);
	arena_release(&arena);
}

static const struct {
	const char *pattern;
	const char *message;
	int offset;
} refused[] = {
	{ "(?=a)b", "look-ahead and look-behind are not supported", -1 },
	{ "(?<!a)b", "look-ahead and look-behind are not supported", -1 },
	{ "(a)\\1", "back-references are not supported", -1 },
	{ "(?<n>a)\\k<n>", "back-references are not supported", -1 },
	{ "(?>a)", "atomic groups (?>...) are not supported", -1 },
	{ "a++", "possessive repeats are not supported: drop the +", -1 },
	{ "ab\\Kc", "\\K is not supported", 2 },
	{ "ab[c", "a [ without its ]: write \\[", 2 },
	{ "ab(c", "a ( without its ): write \\(", 2 },
	{ "ab)", "a ) without its (: write \\)", 2 },
	{ "a**",
	  "nothing here to repeat: write .* for any text, or \\ before it", 2 },
	{ "ab\\", "it ends in a \\", 2 },
	{ "a(^b|c)", "^ stands at the start of a pattern only", -1 },
	{ "[z-a]", "a range in [ ] is from the lower to the higher", 3 },
	{ "a{1001}", "a repeat of more than 1000 times", 1 },
	{ "xa{2,99999999999999999999}", "a repeat of more than 1000 times", 2 },
	{ "a(?x) b",
	  "the option x is not supported: write the pattern without "
	  "spaces and comments",
	  1 },
	{ "(*UTF8)a", "(* is not supported", 0 },
	{ "a\\Q(\\E",
	  "\\Q is not supported: put \\ before each special "
	  "character",
	  1 },
	{ "((((((((((((((a))))))))))))))", "groups nest more than 12 deep",
	  12 },
	{ "(ab{0,100}){100}",
	  "the pattern is too large when its repeats are written out: repeat "
	  "less, or write two patterns",
	  -1 },
};

static void regex__what_it_cannot_do__is_said(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, REGEX_ARENA_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		const struct regex *regex;
		struct err err = { 0 };
		int offset = -7;

		assert_int_equal(regex_compile(&arena, refused[i].pattern,
					       strlen(refused[i].pattern),
					       &regex, &offset, &err),
				 -EINVAL);
		assert_string_equal(err.text, refused[i].message);
		assert_int_equal(offset, refused[i].offset);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	arena_release(&arena);
}

/* Of processor time; what instruments the code may take longer. */
#if defined(__SANITIZE_ADDRESS__)
#define MS_MAX 5000
#else
#define MS_MAX 1000
#endif

/* As long as may be; each was found to take long without the limits. */
static void regex__the_worst_patterns__end_soon(void **state)
{
	static const struct {
		const char *before, *part, *after;
		unsigned times;
	} worst[] = {
		{ "", "(", "", 1000 },
		{ "^", "(ab|c|d.*)?", "$", 80 },
		{ "", "a.{0,300}", "", 100 },
		{ "", "[a-z]{1,1000}", "", 70 },
		{ "", "(a*)*", "", 190 },
		{ "", "(x+x+)+y", "", 110 },
		{ "^", "a.*", "$", 300 },
		{ "^(.*abc|de|f){3,300}z", "", "", 0 },
		{ "^(abc|de|f){3,1000}z", "", "", 0 },
		{ "((((((a{1,9}){1,9}){1,9}){1,9}){1,9}){1,9})", "", "", 0 },
		{ "(((((((((a*)*)*)*)*)*)*)*b)*", "", "", 0 },
		{ "b+(?:1{103}1{184})*[a-z]/+", "", "", 0 },
		{ "b((1{20}){40})+c", "", "", 0 },
		{ "b(1{300}|2{300})*c", "", "", 0 },
		{ "b(\\x31{400}[1]{400})*c", "", "", 0 },
		{ "b(", "1", ")*c", 400 },
		{ "b(", "[1]", ")*c", 300 },
		{ "b(1{110})*c", "", "", 0 },
		{ "", "((c.*)?|\\b){0,241}", "", 40 },
		{ "(a|b)*a(a|b){1000}", "", "", 0 },
		{ "(c|.)b(b([a-c]b)?(cc)?)*b(.[a-c](ac){373})*(\\b|d)$", "", "",
		  0 },
		{ "(a|((a|.)|ab))(d|(.[a-c])*).(((.a)?\\b){468}|(\\b|d)cd)", "",
		  "", 0 },
		{ "^[a-c]((ab){965}|.)c(.(a[a-c].\\b[a-c]|((\\b|d)ac)?))*$", "",
		  "", 0 },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, REGEX_ARENA_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(worst); i++) {
		struct timespec from, to;
		struct buf pattern = BUF_INIT;
		const struct regex *regex;
		int64_t ms;

		arena_reset(&arena);
		buf_puts(&pattern, worst[i].before);
		for (unsigned k = 0; k < worst[i].times; k++)
			buf_puts(&pattern, worst[i].part);
		buf_puts(&pattern, worst[i].after);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		regex_compile(&arena, buf_text(&pattern), pattern.len, &regex,
			      NULL, NULL);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		ms = (to.tv_sec - from.tv_sec) * 1000 +
		     (to.tv_nsec - from.tv_nsec) / 1000000;
		if (ms > MS_MAX)
			fail_msg("%s took %lld ms", buf_text(&pattern),
				 (long long)ms);
		buf_release(&pattern);
	}
	arena_release(&arena);
}

/* What people write passes the limits. */
static void regex__common_patterns__are_taken(void **state)
{
	static const char *const common[] = {
		"^/(usr/)?(local/)?s?bin/(ba|da|z|k|c)?sh$",
		"([0-9]{1,3}\\.){3}[0-9]{1,3}",
		"(?i)invoke-(expression|webrequest)",
		"^[A-Za-z0-9+/]{200,1000}={0,2}$",
		"\\b(nc|ncat|netcat)\\b.*\\s-[a-z]*e",
		"/dev/(tcp|udp)/[^/]+/[0-9]+",
		"^(?:[a-f0-9]{32}|[a-f0-9]{40}|[a-f0-9]{64})$",
		"curl.{0,200}\\|.{0,50}(ba)?sh",
		"(.*/){3,8}\\.[^/]+$",
		"^(?:[A-Za-z0-9+/]{76}\r?\n)*[A-Za-z0-9+/]{0,76}=*$",
		"([\\w-]{1,200}/)+x",
		"a(?:\\x[0-9a-f]{2}){40,}",
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, REGEX_ARENA_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(common); i++) {
		const struct regex *regex;
		struct err err = { 0 };

		if (regex_compile(&arena, common[i], strlen(common[i]), &regex,
				  NULL, &err))
			fail_msg("%s: %s", common[i], err.text);
	}
	arena_release(&arena);
}

static void regex__no_memory__is_told(void **state)
{
	const struct regex *regex = NULL;
	struct arena arena;

	(void)state;
	arena_init(&arena, 128);
	assert_int_equal(regex_compile(&arena, "a.*b", 4, &regex, NULL, NULL),
			 -ENOMEM);
	assert_null(regex);
	arena_release(&arena);
}

static void regex__one_scratch__serves_all_expressions(void **state)
{
	static const char *const patterns[] = { "a", "[ab]{3}.*c\\b", "x$" };
	const struct regex *regexes[3];
	struct expr_env env;
	struct arena arena;
	struct expr *all;

	(void)state;
	arena_init(&arena, REGEX_ARENA_BYTES);
	assert_int_equal(expr_env_init(&env, NULL), 0);
	all = expr_make(&arena, EXPR_AND, NULL, NULL);
	all->args = arena_array(&arena, 3, sizeof(*all->args));
	all->arg_count = 3;
	for (unsigned i = 0; i < 3; i++) {
		struct expr *test = expr_text(
			&arena, EXPR_REGEXP,
			expr_const(&arena, value_text("abb c x")), patterns[i]);

		assert_int_equal(regex_compile(&arena, patterns[i],
					       strlen(patterns[i]), &regexes[i],
					       NULL, NULL),
				 0);
		test->regex = regexes[i];
		all->args[i] = test;
	}
	assert_int_equal(expr_env_fit(&env, all, NULL), 0);
	assert_true(expr_is_true(all, &(struct tuple){ 0 }, &env));
	expr_env_release(&env);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regex__random_patterns__agree_with_pcre2),
		cmocka_unit_test(regex__what_it_cannot_do__is_said),
		cmocka_unit_test(regex__the_worst_patterns__end_soon),
		cmocka_unit_test(regex__common_patterns__are_taken),
		cmocka_unit_test(regex__no_memory__is_told),
		cmocka_unit_test(regex__one_scratch__serves_all_expressions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
