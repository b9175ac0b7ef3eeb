// SPDX-License-Identifier: Apache-2.0
/*
 * The table of handlers: the numbers of system calls are this machine's, no two
 * handlers want the same slot, and what a kernel lacks is named.
 */
#include "support/unit.h"

#include "bpf/settings.h"
#include "user/base/catalog.h"
#include "user/base/check.h"
#include "user/collect/handlers.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* A kernel with the tracepoints named, each with so many arguments. */
static void offer_open(struct kernel_offer *offer)
{
	*offer = (struct kernel_offer){ .btf = btf__new_empty(),
					.cgroup_fd = -1 };
	assert_non_null(offer->btf);
}

static void offer_add(struct kernel_offer *offer, const char *tracepoint,
		      unsigned arguments)
{
	char name[128];
	int integer = btf__add_int(offer->btf, "long", 8, BTF_INT_SIGNED);
	int proto = btf__add_func_proto(offer->btf, 0);
	int pointer;

	assert_true(integer > 0 && proto > 0);
	/* The first is the tracepoint's own. */
	for (unsigned i = 0; i <= arguments; i++)
		assert_int_equal(btf__add_func_param(offer->btf, "", integer),
				 0);
	pointer = btf__add_ptr(offer->btf, proto);
	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	assert_true(btf__add_typedef(offer->btf, name, pointer) > 0);
}

static void offer_add_all(struct kernel_offer *offer)
{
	for (unsigned i = 0; i < HOOK_COUNT; i++)
		offer_add(offer, hook_name(i), 2);
}

static const struct handler *handler_named(const char *program)
{
	size_t count;
	const struct handler *table = handlers(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].program, program) == 0)
			return &table[i];
	fail_msg("no handler %s", program);
	return NULL;
}

static bool is_chosen(const bool *chosen, const char *program)
{
	size_t count;

	return chosen[handler_named(program) - handlers(&count)];
}

static void calls__numbers__are_those_of_this_machine(void **state)
{
	static const struct {
		const char *name;
		unsigned ours;
		unsigned system;
	} native[] = {
#define NONE 0
#define CALL(name, ...) { #name, SLOT_##name, SYS_##name },
#define SYS_fcntl64 CALL_NOWHERE
#define SYS_sendfile64 CALL_NOWHERE
#define SYS_ipc CALL_NOWHERE
#define SYS_chown16 CALL_NOWHERE
#define SYS_fchown16 CALL_NOWHERE
#define SYS_lchown16 CALL_NOWHERE
#define SYS_utimensat_time64 CALL_NOWHERE
#define SYS_truncate64 CALL_NOWHERE
#define SYS_ftruncate64 CALL_NOWHERE
#define SYS_umount CALL_NOWHERE
#define SYS_setuid16 CALL_NOWHERE
#define SYS_setgid16 CALL_NOWHERE
#define SYS_setreuid16 CALL_NOWHERE
#define SYS_setregid16 CALL_NOWHERE
#define SYS_setresuid16 CALL_NOWHERE
#define SYS_setresgid16 CALL_NOWHERE
#define SYS_setfsuid16 CALL_NOWHERE
#define SYS_setfsgid16 CALL_NOWHERE
#define SYS_setgroups16 CALL_NOWHERE
#define SYS_socketcall CALL_NOWHERE
#define SYS_send CALL_NOWHERE
#define SYS_recv CALL_NOWHERE
#define SYS_mmap2 CALL_NOWHERE
#define SYS_recvmmsg_time64 CALL_NOWHERE
/* Younger than the headers that we build with. */
#define SYS_fchmodat2 SLOT_fchmodat2
#define SYS_setxattrat SLOT_setxattrat
#define SYS_removexattrat SLOT_removexattrat
#define SYS_file_setattr SLOT_file_setattr
#define SYS_open_tree_attr SLOT_open_tree_attr
#ifdef __aarch64__
#define SYS_open CALL_NOWHERE
#define SYS_creat CALL_NOWHERE
#define SYS_dup2 CALL_NOWHERE
#define SYS_rename CALL_NOWHERE
#define SYS_unlink CALL_NOWHERE
#define SYS_rmdir CALL_NOWHERE
#define SYS_mkdir CALL_NOWHERE
#define SYS_mknod CALL_NOWHERE
#define SYS_link CALL_NOWHERE
#define SYS_symlink CALL_NOWHERE
#define SYS_chmod CALL_NOWHERE
#define SYS_chown CALL_NOWHERE
#define SYS_lchown CALL_NOWHERE
#define SYS_utime CALL_NOWHERE
#define SYS_utimes CALL_NOWHERE
#define SYS_futimesat CALL_NOWHERE
#define SYS_fork CALL_NOWHERE
#define SYS_vfork CALL_NOWHERE
#endif
#include "bpf/system_calls.def"
#undef NONE
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(native); i++) {
		if (native[i].ours != native[i].system)
			fail_msg("%s is %u here, not %u", native[i].name,
				 native[i].system, native[i].ours);
		assert_true(native[i].ours < CALL_NUMBERS ||
			    native[i].ours == CALL_NOWHERE);
	}
}

static void slots__any_kernel__no_two_handlers_want_one(void **state)
{
	static const char *taken[HOOK_COUNT][CALL_SLOTS];
	size_t count;
	const struct handler *table = handlers(&count);

	(void)state;
	for (unsigned last = 1; last <= 2; last++) {
		struct kernel_offer offer;

		memset(taken, 0, sizeof(taken));
		offer_open(&offer);
		for (unsigned i = 0; i < HOOK_COUNT; i++)
			offer_add(&offer, hook_name(i), last);
		for (size_t i = 0; i < count; i++) {
			const struct handler *handler = &table[i];
			unsigned slot;

			if (handler->kind != HANDLER_SLOT ||
			    (handler->fits && !handler->fits(&offer)))
				continue;
			assert_int_not_equal(handler_slot(handler, 0),
					     CALL_NOWHERE);
			for (unsigned n = 0;
			     (slot = handler_slot(handler, n)) != CALL_NOWHERE;
			     n++) {
				const char **by = &taken[handler->hook][slot];

				assert_true(slot <
					    hook_slot_count(handler->hook));
				if (*by)
					fail_msg("%s and %s want slot %u of %s",
						 *by, handler->program, slot,
						 hook_name(handler->hook));
				*by = handler->program;
			}
		}
		kernel_offer_release(&offer);
	}
}

/* The section decides what the kernel checks the program against. */
static void table__programs__are_in_their_objects(void **state)
{
	size_t count;
	const struct handler *table = handlers(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct family *family = handler_family(table[i].family);
		struct bpf_program *program;
		struct bpf_object *object;
		char section[128];
		size_t len;
		const void *elf = family->elf_bytes(&len);

		object = bpf_object__open_mem(elf, len, NULL);
		assert_non_null(object);
		program = bpf_object__find_program_by_name(object,
							   table[i].program);
		if (!program)
			fail_msg("%s has no program %s", family->name,
				 table[i].program);
		if (table[i].kind == HANDLER_SLOT)
			snprintf(section, sizeof(section), "tp_btf/%s",
				 hook_name(table[i].hook));
		else if (table[i].kind == HANDLER_LSM)
			snprintf(section, sizeof(section), "lsm/%s",
				 table[i].lsm_hook);
		else
			section[0] = '\0';
		if (section[0])
			assert_string_equal(bpf_program__section_name(program),
					    section);
		assert_true(
			!family->ring_map ||
			bpf_object__find_map_by_name(object, family->ring_map));
		assert_non_null(bpf_object__find_map_by_name(
			object, COLLECT_SETTINGS_SECTION));
		bpf_object__close(object);
	}
}

static void choose__all_hooks_there__every_stream_is_served(void **state)
{
	struct kernel_offer offer;
	struct err err = { 0 };
	bool chosen[256];
	size_t count;

	(void)state;
	handlers(&count);
	assert_true(count <= ARRAY_SIZE(chosen));
	offer_open(&offer);
	offer_add_all(&offer);
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++) {
		bool any = false;

		if (!catalog_hook(s))
			continue;
		if (handlers_choose(&offer, HANDLER_STREAM(s), chosen, &err))
			fail_msg("%s", err.text);
		for (size_t i = 0; i < count; i++)
			any |= chosen[i];
		assert_true(any);
		assert_true(stream_ring(s) < RING_COUNT);
		if (STREAM_IS_LIFECYCLE(s))
			assert_int_equal(stream_ring(s), RING_LIFECYCLE);
	}
	kernel_offer_release(&offer);
}

static void choose__hook_not_there__names_stream_and_hook(void **state)
{
	struct kernel_offer offer;
	struct err err = { 0 };
	bool chosen[256];

	(void)state;
	offer_open(&offer);
	offer_add(&offer, "sys_exit", 2);
	assert_int_equal(handlers_choose(&offer,
					 HANDLER_STREAM(STREAM_FILE_OPEN),
					 chosen, &err),
			 0);
	assert_true(is_chosen(chosen, "file_open"));
	assert_false(is_chosen(chosen, "network_connect"));
	assert_int_equal(
		handlers_choose(&offer,
				HANDLER_STREAM(STREAM_FILE_OPEN) |
					HANDLER_STREAM(STREAM_NETWORK_CONNECT),
				chosen, &err),
		-ENOENT);
	assert_int_equal(err.kind, ERR_MACHINE);
	assert_string_equal(
		err.text, "this kernel has no tracepoint inet_sock_set_state, "
			  "which network.connect needs");
	kernel_offer_release(&offer);
}

static void choose__exit_hook_of_either_kernel__one_variant(void **state)
{
	(void)state;
	for (unsigned arguments = 1; arguments <= 2; arguments++) {
		struct kernel_offer offer;
		bool chosen[256];

		offer_open(&offer);
		offer_add(&offer, "sched_process_exit", arguments);
		assert_int_equal(
			handlers_choose(&offer,
					HANDLER_STREAM(STREAM_PROCESS_EXIT),
					chosen, NULL),
			0);
		assert_int_equal(is_chosen(chosen, "process_exit"),
				 arguments == 2);
		assert_int_equal(is_chosen(chosen, "process_exit_live"),
				 arguments == 1);
		kernel_offer_release(&offer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls__numbers__are_those_of_this_machine),
		cmocka_unit_test(slots__any_kernel__no_two_handlers_want_one),
		cmocka_unit_test(table__programs__are_in_their_objects),
		cmocka_unit_test(
			choose__all_hooks_there__every_stream_is_served),
		cmocka_unit_test(choose__hook_not_there__names_stream_and_hook),
		cmocka_unit_test(
			choose__exit_hook_of_either_kernel__one_variant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
