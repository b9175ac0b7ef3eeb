// SPDX-License-Identifier: Apache-2.0
/* The object's bytes, as libelf, libbpf and llvm-objdump read them. */
#include "compiler/predicate_gen.h"
#include "compiler/pushdown.h"
#include "support/unit.h"

#include <bpf/btf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef EM_BPF
#define EM_BPF 247
#endif

struct fixture {
	struct arena arena;
	struct gen gen;
	struct kernel_function functions[3];
	const uint8_t *bytes;
	size_t len;
	char path[32]; /* the bytes as a file */
	int fd;
};

static void make(struct fixture *f, enum stream_id stream, unsigned i)
{
	struct pushdown_input input = { .rule = "r" };
	bool exact;

	f->gen.stream = catalog_stream(stream);
	do {
		input.expr = gen_expr(&f->gen, 3);
		assert_int_equal(pushdown(&f->arena, stream, &input, 1,
					  &f->functions[i], &exact, NULL),
				 0);
	} while (!f->functions[i].insns);
}

/* Two functions with code around one without. */
static int set_up(void **state)
{
	static struct fixture f;
	struct pushdown_input all = { .rule = "all" };
	bool exact;

	arena_init(&f.arena, (size_t)64 * 1024 * 1024);
	f.gen = (struct gen){ .state = 42, .arena = &f.arena };
	make(&f, STREAM_NETWORK_CONNECT, 0);
	assert_int_equal(pushdown(&f.arena, STREAM_PROCESS_EXIT, &all, 1,
				  &f.functions[1], &exact, NULL),
			 0);
	make(&f, STREAM_FILE_OPEN, 2);
	assert_int_equal(
		kernel_object(&f.arena, f.functions, 3, &f.bytes, &f.len, NULL),
		0);
	f.fd = memfd_create("object", 0);
	assert_true(f.fd >= 0);
	assert_int_equal(write(f.fd, f.bytes, f.len), (ssize_t)f.len);
	snprintf(f.path, sizeof(f.path), "/proc/%d/fd/%d", getpid(), f.fd);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->fd);
	arena_release(&f->arena);
	return 0;
}

static Elf_Scn *section(Elf *elf, const char *name, GElf_Shdr *ret_header)
{
	size_t names;
	Elf_Scn *s = NULL;

	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while ((s = elf_nextscn(elf, s))) {
		assert_non_null(gelf_getshdr(s, ret_header));
		if (strcmp(elf_strptr(elf, names, ret_header->sh_name), name) ==
		    0)
			return s;
	}
	fail_msg("no section %s", name);
	return NULL;
}

static void check_symbol(Elf *elf, const GElf_Shdr *symtab, Elf_Data *data,
			 int index, const struct kernel_function *function,
			 uint64_t offset)
{
	GElf_Sym symbol;
	GElf_Shdr text;

	assert_non_null(gelf_getsym(data, index, &symbol));
	assert_string_equal(elf_strptr(elf, symtab->sh_link, symbol.st_name),
			    function->name);
	assert_int_equal(GELF_ST_BIND(symbol.st_info), STB_GLOBAL);
	assert_int_equal(GELF_ST_TYPE(symbol.st_info), STT_FUNC);
	assert_int_equal(symbol.st_value, offset);
	assert_int_equal(symbol.st_size, function->insn_count * 8);
	assert_int_equal(symbol.st_shndx,
			 elf_ndxscn(section(elf, ".text", &text)));
}

static void object__libelf__finds_functions(void **state)
{
	struct fixture *f = *state;
	GElf_Ehdr header;
	GElf_Shdr text, symtab;
	Elf_Scn *symbols;
	Elf_Data *data;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(f->fd, ELF_C_READ, NULL);
	assert_non_null(elf);
	assert_non_null(gelf_getehdr(elf, &header));
	assert_int_equal(header.e_type, ET_REL);
	assert_int_equal(header.e_machine, EM_BPF);
	assert_int_equal(header.e_ident[EI_DATA], ELFDATA2LSB);
	section(elf, ".text", &text);
	assert_int_equal(text.sh_flags, SHF_ALLOC | SHF_EXECINSTR);
	assert_int_equal(text.sh_addralign, 8);
	assert_int_equal(text.sh_offset % 8, 0);
	assert_int_equal(
		text.sh_size,
		(f->functions[0].insn_count + f->functions[2].insn_count) * 8);
	symbols = section(elf, ".symtab", &symtab);
	assert_int_equal(symtab.sh_size / symtab.sh_entsize, 3);
	data = elf_getdata(symbols, NULL);
	check_symbol(elf, &symtab, data, 1, &f->functions[0], 0);
	check_symbol(elf, &symtab, data, 2, &f->functions[2],
		     f->functions[0].insn_count * 8);
	elf_end(elf);
}

static void object__libbpf__types_are_right(void **state)
{
	struct fixture *f = *state;
	struct btf_ext *ext = NULL;
	struct btf *btf = btf__parse_elf(f->path, &ext);

	assert_non_null(btf);
	assert_non_null(ext);
	for (unsigned i = 0; i < 3; i += 2) {
		int32_t id = btf__find_by_name_kind(btf, f->functions[i].name,
						    BTF_KIND_FUNC);
		const struct btf_type *t;

		assert_true(id > 0);
		t = btf__type_by_id(btf, (uint32_t)id);
		assert_int_equal(btf_vlen(t), BTF_FUNC_GLOBAL);
		t = btf__type_by_id(btf, t->type);
		assert_int_equal(btf_vlen(t), 1);
		assert_int_equal(btf__resolve_size(btf, t->type), 8);
		t = btf__type_by_id(btf, btf_params(t)->type);
		assert_true(btf_is_ptr(t));
		t = btf__type_by_id(btf, t->type);
		assert_true(btf_is_const(t));
		t = btf__type_by_id(btf, t->type);
		assert_true(btf_is_fwd(t));
		assert_string_equal(btf__name_by_offset(btf, t->name_off),
				    f->functions[i].record);
	}
	btf_ext__free(ext);
	btf__free(btf);
}

/* The instructions of a listing: "<number>: <text>", white space made one. */
static void normalise(char *line, struct buf *out)
{
	char *number = line + strspn(line, " \t"), *text, *mark;

	text = number + strspn(number, "0123456789");
	if (text == number || *text != ':')
		return;
	*text++ = 0;
	text += strspn(text, " \t");
	mark = strstr(text, " <");
	if (mark)
		*mark = 0;
	text[strcspn(text, "\n")] = 0;
	buf_printf(out, "%s %s\n", number, text);
}

static void normalise_text(const char *text, struct buf *out)
{
	char line[512];

	while (*text) {
		size_t len = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		normalise(line, out);
		text += len + (text[len] == '\n');
	}
}

static void object__objdump__prints_the_same(void **state)
{
	struct fixture *f = *state;
	struct buf ours = BUF_INIT, theirs = BUF_INIT, want = BUF_INIT;
	char command[128], line[512];
	struct kernel_function *one = &f->functions[2];
	FILE *pipe;

	if (system("llvm-objdump-14 --version >/dev/null 2>&1")) {
		printf("SKIP %s: no llvm-objdump-14\n", __func__);
		skip();
	}
	/* Numbers run through the section: an object with one function. */
	assert_int_equal(
		kernel_object(&f->arena, one, 1, &f->bytes, &f->len, NULL), 0);
	assert_int_equal(ftruncate(f->fd, 0), 0);
	assert_int_equal(pwrite(f->fd, f->bytes, f->len, 0), (ssize_t)f->len);
	snprintf(command, sizeof(command),
		 "llvm-objdump-14 -d --no-show-raw-insn %s", f->path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe))
		normalise(line, &theirs);
	assert_int_equal(pclose(pipe), 0);
	kernel_function_print(one, &ours);
	normalise_text(buf_text(&ours), &want);
	assert_true(want.len > 0);
	assert_string_equal(buf_text(&want), buf_text(&theirs));
	buf_release(&ours);
	buf_release(&theirs);
	buf_release(&want);
}

static void object__no_instructions__no_object(void **state)
{
	struct fixture *f = *state;
	const uint8_t *bytes = f->bytes;
	size_t len = 1;

	assert_int_equal(kernel_object(&f->arena, &f->functions[1], 1, &bytes,
				       &len, NULL),
			 0);
	assert_null(bytes);
	assert_int_equal(len, 0);
}

static void object__made_twice__same_bytes(void **state)
{
	struct fixture *f = *state;
	const uint8_t *again;
	size_t len;

	assert_int_equal(
		kernel_object(&f->arena, f->functions, 3, &again, &len, NULL),
		0);
	assert_int_equal(len, f->len);
	assert_memory_equal(again, f->bytes, len);
}

#define ELF_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ELF_TEST(object__libelf__finds_functions),
		ELF_TEST(object__libbpf__types_are_right),
		ELF_TEST(object__objdump__prints_the_same),
		ELF_TEST(object__no_instructions__no_object),
		ELF_TEST(object__made_twice__same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
