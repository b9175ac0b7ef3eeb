// SPDX-License-Identifier: Apache-2.0
/*
 * Generated predicates in the running kernel: the object is linked with a
 * harness that clang built, as it would be with a collector, passes the
 * verifier, and says the same of each record as the interpreter does.
 */
#include "compiler/pushdown.h"
#include "compiler/process_gen.h"
#include "compiler/process_term.h"
#include "support/ebpf_interp.h"
#include "support/unit.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define HARNESS "tests/compiler/kernel_harness.bpf.c"
#define RECORDS_MAX 128u
#define SKIPPED 77 /* exit code */

struct live {
	char folder[64];
	char harness[96];      /* all streams */
	char only_connect[96]; /* network.connect alone */
};

/* --- what the machine must offer ------------------------------------------ */

static int compile_harness(const char *define, const char *to)
{
	const char *clang = getenv("BPF_CLANG");
	char command[512];
	struct utsname uts;

	if (uname(&uts))
		return -1;
	snprintf(command, sizeof(command),
		 "%s -target bpf %s -O2 -g -mcpu=v3 -I. "
		 "-idirafter /usr/include/%s-linux-gnu -c " HARNESS " -o %s",
		 clang ? clang : "clang-14", define, uts.machine, to);
	return system(command);
}

static const char *prepare(struct live *live)
{
	strcpy(live->folder, "/tmp/kernel_live.XXXXXX");
	if (access(HARNESS, R_OK))
		return "not run from the top of the tree";
	if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SYSCALL, NULL) <= 0)
		return "bpf() does not load programs here";
	if (!mkdtemp(live->folder))
		return "no temporary folder";
	snprintf(live->harness, sizeof(live->harness), "%s/all.o",
		 live->folder);
	snprintf(live->only_connect, sizeof(live->only_connect), "%s/one.o",
		 live->folder);
	if (compile_harness("", live->harness) ||
	    compile_harness("-DONLY_CONNECT", live->only_connect))
		return "clang does not build the harness";
	return NULL;
}

static void clean_up(const struct live *live)
{
	unlink(live->harness);
	unlink(live->only_connect);
	rmdir(live->folder);
}

/* --- linking and loading -------------------------------------------------- */

static int memory_file(const void *bytes, size_t len, char path[32])
{
	int fd = memfd_create("object", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/* The harness with the object; only the program `name` is to be loaded. */
static struct bpf_object *link_object(const char *harness, const uint8_t *bytes,
				      size_t len, const char *name)
{
	char object[32], linked[32];
	int object_fd = memory_file(bytes, len, object);
	int linked_fd = memory_file("", 0, linked);
	struct bpf_linker *linker = bpf_linker__new(linked, NULL);
	struct bpf_object *o;
	struct bpf_program *program;
	struct stat st;
	void *image;

	assert_non_null(linker);
	assert_int_equal(bpf_linker__add_file(linker, harness, NULL), 0);
	assert_int_equal(bpf_linker__add_file(linker, object, NULL), 0);
	assert_int_equal(bpf_linker__finalize(linker), 0);
	bpf_linker__free(linker);
	assert_int_equal(fstat(linked_fd, &st), 0);
	image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
		     linked_fd, 0);
	assert_ptr_not_equal(image, MAP_FAILED);
	o = bpf_object__open_mem(image, (size_t)st.st_size, NULL);
	assert_non_null(o);
	bpf_object__for_each_program(program, o)
	{
		bpf_program__set_autoload(
			program, strcmp(bpf_program__name(program), name) == 0);
	}
	munmap(image, (size_t)st.st_size);
	close(object_fd);
	close(linked_fd);
	return o;
}

/* The kernel's word on each record. */
static void run_records(struct bpf_object *o, const struct stream *stream,
			const union gen_record *records, uint32_t count,
			uint64_t *results)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	char name[64];
	struct bpf_program *program =
		bpf_object__find_program_by_name(o, stream->ident);
	int map, out = bpf_object__find_map_fd_by_name(o, "results");

	snprintf(name, sizeof(name), "%s_map", stream->ident);
	map = bpf_object__find_map_fd_by_name(o, name);
	assert_true(map >= 0 && out >= 0);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t unset = 99;

		assert_int_equal(
			bpf_map_update_elem(map, &i, &records[i], BPF_ANY), 0);
		assert_int_equal(bpf_map_update_elem(out, &i, &unset, BPF_ANY),
				 0);
	}
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(program), &run),
			 0);
	assert_int_equal(run.retval, 0);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(bpf_map_lookup_elem(out, &i, &results[i]), 0);
}

static void compare(const struct kernel_function *f,
		    const struct stream *stream,
		    const union gen_record *records, uint32_t count,
		    const uint64_t *results)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t expected;
		unsigned at;

		assert_null(ebpf_interp(f->insns, f->insn_count, &records[i],
					stream->record_bytes, &expected, &at));
		assert_int_equal(results[i], expected);
	}
}

static void load(struct bpf_object *o, const struct kernel_function *f)
{
	struct buf text = BUF_INIT;

	if (bpf_object__load(o) == 0)
		return;
	kernel_function_print(f, &text);
	printf("%s", buf_text(&text));
	buf_release(&text);
	fail_msg("the kernel refuses %s", f->name);
}

static void check_in_kernel(struct gen *g, const struct live *live,
			    const struct kernel_function *f, uint32_t count)
{
	union gen_record *records = calloc(RECORDS_MAX, sizeof(*records));
	uint64_t results[RECORDS_MAX];
	struct bpf_object *o;
	const uint8_t *bytes;
	struct err err = { 0 };
	size_t len;

	assert_non_null(records);
	assert_int_equal(kernel_object(g->arena, f, 1, &bytes, &len, &err), 0);
	o = link_object(live->harness, bytes, len, g->stream->ident);
	load(o, f);
	for (uint32_t i = 0; i < RECORDS_MAX; i++)
		gen_record(g, &records[i]);
	run_records(o, g->stream, records, count, results);
	compare(f, g->stream, records, count, results);
	bpf_object__close(o);
	free(records);
}

static void make(struct gen *g, const struct expr *expr,
		 struct kernel_function *f)
{
	struct pushdown_input input = { .rule = "r", .expr = expr };
	struct err err = { 0 };
	bool exact;

	if (pushdown(g->arena, g->stream->id, &input, 1, f, &exact, &err))
		fail_msg("%s", err.text);
}

static void predicates__in_the_kernel__agree_with_the_interpreter(void **state)
{
	const struct live *live = *state;
	unsigned wanted = gen_full() ? 5000 : 200;
	struct arena arena;
	struct gen g = { .arena = &arena };

	g.state = test_seed();
	arena_init(&arena, ARENA_BYTES);
	for (unsigned done = 0; done < wanted;) {
		struct kernel_function f;

		g.stream = gen_chance(&g, 80) ?
				   catalog_stream(STREAM_NETWORK_CONNECT +
						  gen_below(&g, 2)) :
				   gen_stream(&g);
		make(&g, gen_expr(&g, gen_below(&g, 5)), &f);
		if (f.insns) {
			check_in_kernel(&g, live, &f, gen_full() ? 100 : 20);
			done++;
		}
		arena_reset(&arena);
	}
	arena_release(&arena);
}

/* Many values alive at once: the verifier follows the spills. */
static void predicate__that_spills__loads(void **state)
{
	const struct live *live = *state;
	struct arena arena;
	struct gen g = { .arena = &arena };

	unsigned stores = 0;

	g.state = test_seed();
	g.stream = catalog_stream(STREAM_FILE_OPEN);
	arena_init(&arena, ARENA_BYTES);
	for (unsigned i = 0; i < 5; i++) {
		struct expr *sum = gen_node(&g, EXPR_GT, VALUE_BOOL, 2);
		const struct column *pid = catalog_column_at(g.stream, COL_pid);
		struct kernel_function f;

		sum->args[0] = gen_column(&g, pid);
		for (unsigned k = 0; k < 35; k++) {
			struct expr *add = gen_node(&g, EXPR_SUB, VALUE_INT, 2);
			struct expr *pair =
				gen_node(&g, EXPR_ADD, VALUE_INT, 2);

			pair->args[0] = gen_column(&g, pid);
			pair->args[1] = gen_const(&g, value_int(k));
			add->args[0] = pair;
			add->args[1] = sum->args[0];
			sum->args[0] = add;
		}
		sum->args[1] = gen_const(&g, value_int(gen_number(&g)));
		make(&g, sum, &f);
		if (f.insns)
			check_in_kernel(&g, live, &f, 20);
		for (unsigned k = 0; k < f.insn_count; k++)
			stores += BPF_CLASS(f.insns[k].code) == BPF_STX;
		arena_reset(&arena);
	}
	printf("%u values on the stack\n", stores);
	assert_true(stores >= 20);
	arena_release(&arena);
}

/* As long as one may get: the verifier's limits are further away. */
static void predicate__of_the_greatest_length__loads(void **state)
{
	const struct live *live = *state;
	struct arena arena;
	struct gen g = { .state = 1, .arena = &arena };
	struct expr *any;
	struct kernel_function f;

	g.stream = catalog_stream(STREAM_FILE_OPEN);
	arena_init(&arena, ARENA_BYTES);
	any = gen_node(&g, EXPR_OR, VALUE_BOOL, 2000);
	for (unsigned i = 0; i < any->arg_count; i++) {
		struct expr *eq = gen_node(&g, EXPR_EQ, VALUE_BOOL, 2);
		char *path =
			arena_printf(&arena, "/usr/lib/%u/file-%u", i * 31, i);

		assert_non_null(path);
		eq->args[0] = gen_column(
			&g, catalog_column_at(g.stream, COL_FILE_OPEN_path));
		eq->args[1] = gen_const(&g, value_text(path));
		any->args[i] = eq;
	}
	make(&g, any, &f);
	printf("%u instructions\n", f.insn_count);
	assert_true(f.insn_count > 14000);
	check_in_kernel(&g, live, &f, 20);
	arena_release(&arena);
}

/* --- terms on processes --------------------------------------------------- */

static void check_bits(struct gen *g, const struct live *live,
		       const struct kernel_function *f, uint32_t count)
{
	struct process_exec_event *event = malloc(sizeof(*event));
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct bpf_object *o;
	struct err err = { 0 };
	const uint8_t *bytes;
	int records, out;
	size_t len;

	assert_non_null(event);
	assert_int_equal(kernel_object(g->arena, f, 1, &bytes, &len, &err), 0);
	o = link_object(live->harness, bytes, len, "terms");
	load(o, f);
	records = bpf_object__find_map_fd_by_name(o, "process_exec_map");
	out = bpf_object__find_map_fd_by_name(o, "terms_map");
	for (uint32_t i = 0; i < count; i++) {
		struct process_terms terms;
		uint64_t expected[PROCESS_TERM_WORDS], result;
		uint32_t key = 0;
		unsigned at;

		memset(event, 0, sizeof(*event));
		gen_process_exe_fill(g, event);
		event->head.flags = gen_below(g, 8);
		assert_int_equal(
			bpf_map_update_elem(records, &key, event, BPF_ANY), 0);
		assert_int_equal(
			bpf_prog_test_run_opts(
				bpf_program__fd(
					bpf_object__find_program_by_name(
						o, "terms")),
				&run),
			0);
		assert_int_equal(run.retval, 0);
		assert_int_equal(bpf_map_lookup_elem(out, &key, &terms), 0);
		assert_null(ebpf_interp_out(f->insns, f->insn_count, event,
					    sizeof(*event), expected,
					    sizeof(expected), &result, &at));
		assert_memory_equal(&terms, expected, sizeof(terms));
	}
	bpf_object__close(o);
	free(event);
}

static bool make_terms(struct gen *g, unsigned rules,
		       struct kernel_function *ret_function)
{
	struct process_term_table *table = process_terms_new(g->arena);
	struct pushdown_input *inputs =
		arena_array(g->arena, rules, sizeof(*inputs));
	const struct pushdown_request request = { .arena = g->arena,
						  .stream = STREAM_FILE_OPEN,
						  .stage = PUSHDOWN_PREDICATE,
						  .inputs = inputs,
						  .input_count = rules,
						  .process = table };
	const struct process_term *terms;
	struct kernel_function predicate;
	struct err err = { 0 };
	unsigned count;
	bool exact;

	assert_true(table && inputs);
	for (unsigned i = 0; i < rules; i++)
		inputs[i] = (struct pushdown_input){
			.rule = "r",
			.expr = gen_process_expr(g, gen_below(g, 4))
		};
	if (pushdown_stage(&request, &predicate, &exact, &err))
		fail_msg("%s", err.text);
	if (!process_terms_count(table))
		return false;
	if (process_terms_compile(table, ret_function, &terms, &count, &err))
		fail_msg("%s", err.text);
	return true;
}

/* One rule, and so many that all bits are taken. */
static void
process_terms__in_the_kernel__agree_with_the_interpreter(void **state)
{
	const struct live *live = *state;
	unsigned rounds = gen_full() ? 500 : 40, longest = 0;
	struct arena arena;
	struct gen g = { .arena = &arena,
			 .stream = catalog_stream(STREAM_FILE_OPEN) };

	g.state = test_seed();
	arena_init(&arena, ARENA_BYTES);
	for (unsigned i = 0; i < rounds; i++) {
		struct kernel_function f;

		if (make_terms(&g, i % 10 ? 1 + gen_below(&g, 20) : 400, &f)) {
			check_bits(&g, live, &f, 10);
			if (f.insn_count > longest)
				longest = f.insn_count;
		}
		arena_reset(&arena);
	}
	printf("longest: %u instructions\n", longest);
	assert_true(longest > 1000);
	arena_release(&arena);
}

static void object__function_nobody_declares__links_and_loads(void **state)
{
	const struct live *live = *state;
	struct arena arena;
	struct gen g = { .state = 1, .arena = &arena };
	struct kernel_function f[2];
	struct expr *port;
	union gen_record record;
	const uint8_t *bytes;
	uint64_t result;
	struct bpf_object *o;
	size_t len;

	arena_init(&arena, ARENA_BYTES);
	g.stream = catalog_stream(STREAM_FILE_OPEN);
	make(&g,
	     gen_column(&g,
			catalog_column_at(g.stream, COL_FILE_OPEN_is_write)),
	     &f[0]);
	g.stream = catalog_stream(STREAM_NETWORK_CONNECT);
	port = gen_node(&g, EXPR_EQ, VALUE_BOOL, 2);
	port->args[0] = gen_column(
		&g, catalog_column_at(g.stream, COL_NETWORK_CONNECT_dst_port));
	port->args[1] = gen_const(&g, value_int(4444));
	make(&g, port, &f[1]);
	assert_int_equal(kernel_object(&arena, f, 2, &bytes, &len, NULL), 0);
	o = link_object(live->only_connect, bytes, len, g.stream->ident);
	load(o, &f[1]);
	gen_record(&g, &record);
	record.connect.dst_port = 4444;
	run_records(o, g.stream, &record, 1, &result);
	assert_int_equal(result, 1);
	record.connect.dst_port = 4445;
	run_records(o, g.stream, &record, 1, &result);
	assert_int_equal(result, 0);
	bpf_object__close(o);
	arena_release(&arena);
}

int main(void)
{
	static struct live live;
#define LIVE_TEST(test) cmocka_unit_test_prestate(test, &live)
	const struct CMUnitTest tests[] = {
		LIVE_TEST(
			predicates__in_the_kernel__agree_with_the_interpreter),
		LIVE_TEST(predicate__that_spills__loads),
		LIVE_TEST(predicate__of_the_greatest_length__loads),
		LIVE_TEST(
			process_terms__in_the_kernel__agree_with_the_interpreter),
		LIVE_TEST(object__function_nobody_declares__links_and_loads),
	};
	const char *require = getenv("REQUIRE_LIVE");
	const char *why = prepare(&live);
	int failed;

	if (why) {
		clean_up(&live);
		printf("skip: kernel_live: %s\n", why);
		return require && require[0] == '1' ? 1 : SKIPPED;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	clean_up(&live);
	return failed;
}
