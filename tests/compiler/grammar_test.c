// SPDX-License-Identifier: Apache-2.0
/*
 * docs/grammar.md against the parser: sentences are generated from the page and
 * read, and each keyword of the parser is on the page.
 */
#include "compiler/front.h"

#include "compiler/ast.h"
#include "compiler/parse.h"

#include <ctype.h>
#include <glob.h>

#define PAGE "docs/grammar.md"
#define RULES_MAX 100
#define NODES_MAX 1000
#define REPEAT_MAX 2 /* keeps joins, keys and steps within their limits */
#define HEIGHT_MIN 15
#define HEIGHT_MAX 150
#define TOKENS_MAX 300 /* then the shortest way out is taken */
#define ENDLESS 100000u

enum kind { SEQUENCE, CHOICE, OPTION, REPEAT, LITERAL, NAME };

struct node {
	enum kind kind;
	struct node *child; /* the first */
	struct node *next;  /* beside this one */
	const char *text;   /* LITERAL, NAME */
	struct rule *rule;  /* NAME; NULL: a token of the table */
	unsigned height;    /* of the shortest sentence */
	unsigned flat;	    /* of the shortest without a subquery */
	unsigned used;
};

struct rule {
	const char *name;
	struct node *node;
};

struct grammar {
	struct arena arena;
	struct rule rules[RULES_MAX];
	unsigned rule_count;
	struct node *nodes[NODES_MAX];
	unsigned node_count;
	const char *at;
};

/* A sentence that is being made. */
struct writer {
	uint64_t seed;
	struct buf out;
	unsigned tokens;
	int nesting;		     /* -1: not within a query yet */
	unsigned variables, defined; /* of the innermost sequence */
	bool dropped;		     /* there is no variable left to define */
};

static unsigned pick(struct writer *w, unsigned n)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (unsigned)((w->seed >> 11) % n);
}

static void skip_space(struct grammar *g)
{
	while (isspace((unsigned char)*g->at))
		g->at++;
}

static bool accept(struct grammar *g, char c)
{
	skip_space(g);
	if (*g->at != c)
		return false;
	g->at++;
	return true;
}

static struct node *node_new(struct grammar *g, enum kind kind,
			     struct node *child)
{
	struct node *node = arena_alloc(&g->arena, sizeof(*node));

	assert_non_null(node);
	assert_in_range(g->node_count, 0, NODES_MAX - 1);
	g->nodes[g->node_count++] = node;
	node->kind = kind;
	node->child = child;
	node->height = node->flat = ENDLESS;
	return node;
}

static const char *read_word(struct grammar *g)
{
	const char *start = g->at;

	while (isalnum((unsigned char)*g->at) || *g->at == '_')
		g->at++;
	assert_true(g->at > start);
	return arena_copy(&g->arena, start, (size_t)(g->at - start));
}

static struct node *read_choice(struct grammar *g);

static struct node *read_group(struct grammar *g, enum kind kind, char end)
{
	struct node *node = node_new(g, kind, read_choice(g));

	assert_true(accept(g, end));
	return node;
}

static struct node *read_factor(struct grammar *g)
{
	struct node *node;

	if (accept(g, '['))
		return read_group(g, OPTION, ']');
	if (accept(g, '{'))
		return read_group(g, REPEAT, '}');
	if (accept(g, '('))
		return read_group(g, SEQUENCE, ')');
	if (accept(g, '\'')) {
		size_t len = strcspn(g->at, "'");

		node = node_new(g, LITERAL, NULL);
		node->text = arena_copy(&g->arena, g->at, len);
		g->at += len + 1;
		return node;
	}
	node = node_new(g, NAME, NULL);
	node->text = read_word(g);
	if (isupper((unsigned char)node->text[0]))
		node->kind = LITERAL;
	return node;
}

static struct node *read_sequence(struct grammar *g)
{
	struct node *first = read_factor(g), *last = first;

	for (skip_space(g); !strchr("|])};", *g->at); skip_space(g)) {
		last->next = read_factor(g);
		last = last->next;
	}
	return node_new(g, SEQUENCE, first);
}

static struct node *read_choice(struct grammar *g)
{
	struct node *first = read_sequence(g), *last = first;

	while (accept(g, '|')) {
		last->next = read_sequence(g);
		last = last->next;
	}
	return first->next ? node_new(g, CHOICE, first) : first;
}

static struct rule *find_rule(struct grammar *g, const char *name)
{
	for (unsigned i = 0; i < g->rule_count; i++)
		if (strcmp(g->rules[i].name, name) == 0)
			return &g->rules[i];
	return NULL;
}

static unsigned height_of(const struct node *node, bool flat)
{
	const struct node *child = node->child;
	unsigned height = node->kind == CHOICE ? ENDLESS : 0;

	if (node->kind == OPTION || node->kind == REPEAT)
		return 1;
	if (node->kind == LITERAL || (node->kind == NAME && !node->rule))
		return 1;
	if (node->kind == NAME && flat && strcmp(node->text, "query") == 0)
		return ENDLESS;
	if (node->kind == NAME)
		child = node->rule->node;
	for (; child; child = child->next) {
		unsigned h = flat ? child->flat : child->height;

		if (node->kind == CHOICE ? h < height : h > height)
			height = h;
		if (node->kind == NAME)
			break;
	}
	return height < ENDLESS ? height + 1 : ENDLESS;
}

/* Link the names, then the heights until nothing changes. */
static void grammar_finish(struct grammar *g)
{
	bool changed = true;

	for (unsigned i = 0; i < g->node_count; i++)
		if (g->nodes[i]->kind == NAME)
			g->nodes[i]->rule = find_rule(g, g->nodes[i]->text);
	while (changed) {
		changed = false;
		for (unsigned i = 0; i < g->node_count; i++) {
			struct node *node = g->nodes[i];
			unsigned height = height_of(node, false);
			unsigned flat = height_of(node, true);

			changed |= height != node->height || flat != node->flat;
			node->height = height;
			node->flat = flat;
		}
	}
}

static void read_file(const char *path, struct buf *out)
{
	char block[4096];
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		buf_put(out, block, n);
	fclose(file);
	assert_int_equal(out->failed, 0);
}

static void grammar_read(struct grammar *g, const char *page)
{
	memset(g, 0, sizeof(*g));
	arena_init(&g->arena, (size_t)4 << 20);
	g->at = strstr(page, "```ebnf\n");
	assert_non_null(g->at);
	g->at += strlen("```ebnf\n");
	for (skip_space(g); *g->at != '`'; skip_space(g)) {
		struct rule *rule = &g->rules[g->rule_count++];

		assert_in_range(g->rule_count, 0, RULES_MAX - 1);
		rule->name = read_word(g);
		assert_true(accept(g, '='));
		rule->node = read_choice(g);
		assert_true(accept(g, ';'));
	}
	grammar_finish(g);
}

static const char *const names[] = {
	"pid",	 "path", "x_1",	 "e",	 "window_start", "time", "row", "gap",
	"match", "of",	 "flag", "name", "every",	 "list", "_",	"close",
};

static const struct {
	const char *name;
	const char *forms[6];
} tokens[] = {
	{ "until", { "u" } },
	{ "times", { "1", "2" } },
	{ "count", { "1", "10", "0x7f" } },
	{ "integer", { "0", "443", "0x1F", "9223372036854775807" } },
	{ "double", { "0.5", "1e3", "1.5E-7", "0.0" } },
	{ "number", { "'10'", "'0.05'", "'3000'" } },
	{ "text", { "''", "'a'", "'it''s'", "'--\n/*'", "'\xc3\xa9'" } },
	{ "bytes", { "x''", "x'00ff'", "X'Ab'" } },
	{ "parameter", { ":t_start", ":t_end", ":T_End" } },
};

static void put_token(struct writer *w, const char *name)
{
	if (strcmp(name, "name") == 0) {
		buf_puts(&w->out, names[pick(w, ARRAY_SIZE(names))]);
		return;
	}
	if (strcmp(name, "variable") == 0) {
		buf_printf(&w->out, "v%u", w->variables++);
		return;
	}
	if (strcmp(name, "defined") == 0) {
		w->dropped |= w->defined >= w->variables;
		buf_printf(&w->out, "v%u", w->defined++);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(tokens); i++) {
		unsigned n = 0;

		if (strcmp(tokens[i].name, name) != 0)
			continue;
		while (n < ARRAY_SIZE(tokens[i].forms) && tokens[i].forms[n])
			n++;
		buf_puts(&w->out, tokens[i].forms[pick(w, n)]);
		return;
	}
	print_error("%s: nothing says what '%s' is\n", PAGE, name);
	fail();
}

/* Capitals do not matter. */
static void put_literal(struct writer *w, const char *text)
{
	bool lower = pick(w, 4) == 0;

	for (; *text; text++)
		buf_putc(&w->out, lower ? (char)tolower(*text) : *text);
}

static unsigned least(const struct writer *w, const struct node *node)
{
	return w->nesting >= AST_NESTING_MAX ? node->flat : node->height;
}

static void write_node(struct writer *w, struct node *node, unsigned budget);

static void write_choice(struct writer *w, struct node *node, unsigned budget)
{
	struct node *best = NULL, *chosen = NULL;
	unsigned seen = 0;

	for (struct node *n = node->child; n; n = n->next) {
		if (!best || least(w, n) < least(w, best))
			best = n;
		if (least(w, n) < budget && pick(w, ++seen) == 0)
			chosen = n;
	}
	write_node(w, chosen ? chosen : best, budget);
}

static void write_rule(struct writer *w, struct node *node, unsigned budget)
{
	const struct writer before = *w;
	bool query = strcmp(node->text, "query") == 0;
	bool sequence = strcmp(node->text, "sequence") == 0;
	bool subject = strcmp(node->text, "subject") == 0;

	if (subject)
		w->nesting = AST_NESTING_MAX;
	else if (query)
		w->nesting++;
	if (sequence)
		w->variables = w->defined = 0;
	write_node(w, node->rule->node, budget);
	w->nesting = before.nesting;
	if (sequence) {
		w->variables = before.variables;
		w->defined = before.defined;
	}
}

static void write_node(struct writer *w, struct node *node, unsigned budget)
{
	unsigned times = 1;

	node->used++;
	budget = w->tokens < TOKENS_MAX && budget ? budget - 1 : 0;
	switch (node->kind) {
	case LITERAL:
	case NAME:
		if (node->rule) {
			write_rule(w, node, budget);
			return;
		}
		if (node->kind == LITERAL)
			put_literal(w, node->text);
		else
			put_token(w, node->text);
		w->tokens++;
		buf_putc(&w->out, pick(w, 8) ? ' ' : '\n');
		return;
	case CHOICE:
		write_choice(w, node, budget);
		return;
	case OPTION:
	case REPEAT:
		times = !pick(w, 3);
		if (times && node->kind == REPEAT)
			times += pick(w, REPEAT_MAX);
		if (least(w, node->child) >= budget)
			times = 0;
		break;
	case SEQUENCE:
	default:
		break;
	}
	for (; times; times--)
		for (struct node *n = node->child; n; n = n->next)
			write_node(w, n, budget);
}

/* The statement is not within a query: a query there is the outermost. */
static void write_statement(struct writer *w, struct grammar *g)
{
	buf_reset(&w->out);
	w->tokens = 0;
	w->nesting = -1;
	w->variables = w->defined = 0;
	w->dropped = false;
	write_node(w, find_rule(g, "program")->node,
		   HEIGHT_MIN + pick(w, HEIGHT_MAX - HEIGHT_MIN));
}

static void parse(const struct buf *text, struct arena *arena)
{
	struct compile_source source = { "x.sql", (const char *)text->bytes,
					 text->len };
	struct diagnostics *diagnostics =
		arena_alloc(arena, sizeof(*diagnostics));
	struct compilation c = { .arena = arena, .diagnostics = diagnostics };
	struct ast_program program = { 0 };

	assert_non_null(diagnostics);
	diagnostics_init(diagnostics, arena, &source, 1);
	parse_source(&c, &source, 0, &program);
	assert_false(c.nomem);
	if (!diagnostics->error_count)
		return;
	print_error("%s at: %.60s\nin: %.*s\n", diagnostics->items[0].message,
		    source.text + diagnostics->items[0].span.start,
		    (int)source.len, source.text);
	fail();
}

static void grammar__sentences_of_the_page__are_read(void **state)
{
	const unsigned rounds = getenv("CHECK_FULL") ? 200000 : 20000;
	const uint64_t seed = 0x5eed2028;
	struct writer w = { .seed = seed, .out = BUF_INIT };
	struct buf page = BUF_INIT;
	unsigned dropped = 0;
	struct arena arena;
	struct grammar g;

	(void)state;
	print_message("seed %#llx\n", (unsigned long long)seed);
	read_file(PAGE, &page);
	grammar_read(&g, buf_text(&page));
	arena_init(&arena, (size_t)16 << 20);
	for (unsigned i = 0; i < rounds; i++) {
		arena_reset(&arena);
		write_statement(&w, &g);
		dropped += w.dropped;
		if (!w.dropped)
			parse(&w.out, &arena);
	}
	print_message("%u sentences, %u dropped\n", rounds, dropped);
	assert_true(dropped < rounds / 10);
	for (unsigned i = 0; i < g.node_count; i++)
		if (!g.nodes[i]->used)
			print_error("never used: %s\n",
				    g.nodes[i]->text ? g.nodes[i]->text :
						       "(a group)");
	for (unsigned i = 0; i < g.node_count; i++)
		assert_true(g.nodes[i]->used > 0);
	arena_release(&arena);
	arena_release(&g.arena);
	buf_release(&page);
	buf_release(&w.out);
}

/* What the parser knows only to say that it is not supported. */
static const char *const refused[] = {
	"rows",	    "groups",  "stream", "recursive", "lateral", "offset",
	"fetch",    "qualify", "glob",	 "rlike",     "similar", "collate",
	"filter",   "matches", "regex",	 "contains",  "has",	 "startswith",
	"endswith", "xor",     "div",	 "mod",	      "top",	 "replace",
	"one",	    "after",
};

static bool is_refused(const char *word, size_t len)
{
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
		if (strlen(refused[i]) == len &&
		    memcmp(refused[i], word, len) == 0)
			return true;
	return false;
}

static bool has_word(const char *page, const char *word, size_t len)
{
	for (const char *at = page; *at; at++) {
		if (strncasecmp(at, word, len) != 0 ||
		    isalnum((unsigned char)at[len]) || at[len] == '_')
			continue;
		if (at == page ||
		    !(isalnum((unsigned char)at[-1]) || at[-1] == '_'))
			return true;
	}
	return false;
}

/* Texts of one word in small letters, "select", that go on with no other. */
static unsigned check_words(const char *source, const char *page)
{
	unsigned words = 0;

	for (const char *at = source; (at = strchr(at, '"')); at++) {
		size_t len = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
		const char *before = at - 1;

		while (before > source && isspace((unsigned char)*before))
			before--;
		if (len < 2 || at[len + 1] != '"' || *before == '"')
			continue;
		words++;
		if (!is_refused(at + 1, len) && !has_word(page, at + 1, len)) {
			print_error("%s lacks %.*s\n", PAGE, (int)len, at + 1);
			fail();
		}
		at += len + 1;
	}
	return words;
}

static void grammar__words_of_the_parser__are_on_the_page(void **state)
{
	struct buf page = BUF_INIT;
	unsigned words = 0;
	glob_t found;

	(void)state;
	read_file(PAGE, &page);
	assert_int_equal(glob("compiler/parse*.c", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct buf source = BUF_INIT;

		read_file(found.gl_pathv[i], &source);
		words += check_words(buf_text(&source), buf_text(&page));
		buf_release(&source);
	}
	assert_true(words > 100);
	globfree(&found);
	buf_release(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grammar__sentences_of_the_page__are_read),
		cmocka_unit_test(grammar__words_of_the_parser__are_on_the_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
