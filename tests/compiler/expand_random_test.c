// SPDX-License-Identifier: Apache-2.0
/*
 * Random programs: each is refused, or what comes out stands for itself: it is
 * expanded already, as a tree and read again as a text.
 */
#include "compiler/expansion.h"
#include "compiler/program_gen.h"

/*
 * What is expanded is expanded: once more it does not change, and read as a
 * text it gives the same.
 */
static bool check_random(const char *text)
{
	struct expansion e, again;
	bool ok;

	expand(&e, text);
	ok = !e.diagnostics->error_count && e.rule;
	assert_false(e.c.nomem);
	if (!ok && !e.diagnostics->error_count && e.program.rule_count)
		fail_msg("refused without a word: %s", text);
	if (ok) {
		is_settled(&e);
		expand(&again, buf_text(&e.text));
		if (strcmp(buf_text(&e.text), buf_text(&again.text)) != 0)
			print_error("%s\n", text);
		assert_string_equal(buf_text(&e.text), buf_text(&again.text));
		expansion_release(&again);
	}
	expansion_release(&e);
	return ok;
}

static void random__any_program__refused_or_settled(void **state)
{
	const uint64_t seed = 0x5eed2027;
	unsigned rounds = getenv("CHECK_FULL") ? 100000 : 3000;
	struct arena arena;
	struct maker m = { .arena = &arena, .seed = seed };

	(void)state;
	print_message("seed %#llx\n", (unsigned long long)seed);
	arena_init(&arena, (size_t)64 << 20);
	for (unsigned i = 0; i < rounds; i++) {
		struct buf text = BUF_INIT;

		arena_reset(&arena);
		print_program(&text, make_program(&m));
		check_random(buf_text(&text));
		buf_release(&text);
	}
	arena_release(&arena);
}

/* Texts whose names mean something, most of the time. */
struct writer {
	struct maker m; /* for pick() */
	struct buf text;
};

static const char *one_of(struct writer *w, const char *const *texts,
			  unsigned n)
{
	return texts[pick(&w->m, n)];
}

static const char *write_column(struct writer *w)
{
	static const char *const columns[] = {
		"pid",	    "pid_key", "ts",	       "ppid",
		"name",	    "exe",     "cpu_usage",    "collection_time",
		"dst_port", "path",    "op",	       "executable_path",
		"k",	    "len",     "window_start", "parent_key",
	};

	return one_of(w, columns, ARRAY_SIZE(columns));
}

static void write_name(struct writer *w)
{
	static const char *const qualifiers[] = { "",	"",   "p.", "n.",
						  "f.", "e.", "a.", "b." };

	buf_puts(&w->text, one_of(w, qualifiers, ARRAY_SIZE(qualifiers)));
	buf_puts(&w->text, write_column(w));
}

static void write_query(struct writer *w, unsigned depth);

static void write_term(struct writer *w, unsigned depth)
{
	switch (pick(&w->m, depth ? 9 : 7)) {
	case 0:
		write_name(w);
		buf_puts(&w->text, " = ");
		write_name(w);
		return;
	case 1:
		buf_puts(&w->text, pick(&w->m, 2) ? "op IN ('read', 'write')" :
						    "f.op = 'delete'");
		return;
	case 2:
		write_name(w);
		buf_puts(&w->text, " IN shells");
		return;
	case 3:
		buf_puts(&w->text, "collection_time > :t_start");
		return;
	case 4:
	case 5:
		write_name(w);
		buf_puts(&w->text, " = 'x'");
		return;
	case 6:
		buf_puts(&w->text, pick(&w->m, 2) ? "n.pid = p.pid" :
						    "p.pid_key = a.parent_key");
		return;
	default:
		buf_puts(&w->text, "EXISTS (");
		write_query(w, depth - 1);
		buf_puts(&w->text, ")");
		return;
	}
}

static void write_condition(struct writer *w, unsigned depth)
{
	write_term(w, depth);
	while (pick(&w->m, 2)) {
		buf_puts(&w->text, pick(&w->m, 4) ? " AND " : " OR ");
		write_term(w, depth);
	}
}

static void write_item(struct writer *w, unsigned depth)
{
	static const char *const items[] = {
		"process",
		"process.exec",
		"file.open",
		"processes.snapshots",
		"network.connections",
		"fs.events",
		"roots",
		"counted",
		"network.connect",
	};
	static const char *const aliases[] = { "",   "",   " p", " n",
					       " f", " a", " b" };

	if (depth && !pick(&w->m, 6)) {
		buf_puts(&w->text, "(");
		write_query(w, depth - 1);
		buf_puts(&w->text, ") AS b");
		return;
	}
	buf_puts(&w->text, one_of(w, items, ARRAY_SIZE(items)));
	if (!pick(&w->m, 12))
		buf_puts(&w->text, " FOR SYSTEM_TIME AS OF n.ts");
	buf_puts(&w->text, one_of(w, aliases, ARRAY_SIZE(aliases)));
}

static void write_query(struct writer *w, unsigned depth)
{
	static const char *const joins[] = { " JOIN ", " LEFT JOIN ",
					     " JOIN FIRST ", " AUTO JOIN " };

	buf_puts(&w->text, "SELECT ");
	write_name(w);
	buf_puts(&w->text, ", ");
	write_name(w);
	buf_puts(&w->text, " AS k FROM ");
	write_item(w, depth);
	for (unsigned n = pick(&w->m, 3); n; n--) {
		const char *join = one_of(w, joins, ARRAY_SIZE(joins));

		buf_puts(&w->text, join);
		write_item(w, depth);
		buf_puts(&w->text, " ON ");
		write_condition(w, 0);
		if (strcmp(join, " AUTO JOIN ") == 0 && pick(&w->m, 2)) {
			buf_puts(&w->text, " WHEN ");
			write_condition(w, 0);
		}
	}
	if (!pick(&w->m, 4))
		return;
	buf_puts(&w->text, " WHERE ");
	write_condition(w, depth);
	if (!pick(&w->m, 6)) {
		buf_puts(&w->text, " GROUP BY ");
		write_name(w);
	}
}

static void random__names_that_mean_something__settled(void **state)
{
	const uint64_t seed = 0x5eed2028;
	unsigned rounds = getenv("CHECK_FULL") ? 1000000 : 30000, good = 0;
	struct writer w = { .m = { .seed = seed }, .text = BUF_INIT };

	(void)state;
	print_message("seed %#llx\n", (unsigned long long)seed);
	for (unsigned i = 0; i < rounds; i++) {
		buf_reset(&w.text);
		buf_puts(&w.text, VIEWS);
		write_query(&w, 2);
		good += check_random(buf_text(&w.text));
	}
	print_message("%u of %u are expanded\n", good, rounds);
	assert_true(good > rounds / 50);
	buf_release(&w.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random__any_program__refused_or_settled),
		cmocka_unit_test(random__names_that_mean_something__settled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
