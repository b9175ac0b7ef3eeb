// SPDX-License-Identifier: Apache-2.0
/*
 * kernel.module and kernel.bpf of real children. Where no module can be loaded
 * the calls that are refused show what is seen of them.
 */
#include "live.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct collect_columns columns;

static struct collect_request kernel_request(bool failed)
{
	struct collect_request request = {
		.streams = { [STREAM_KERNEL_MODULE] = true,
			     [STREAM_KERNEL_BPF] = true },
		.columns = &columns,
	};

	memset(&columns, 0xff, sizeof(columns));
	memset(columns.failed, failed, sizeof(columns.failed));
	return request;
}

/* --- kernel.module ---------------------------------------------------------*/

#define NO_MODULE "/tmp/shrike-no-module.ko"

static void modules_refused(void *arg)
{
	char params[EVENT_PARAMS_SIZE + 100];
	int fd = open(NO_MODULE, O_RDONLY);

	(void)arg;
	memset(params, 'p', sizeof(params));
	params[sizeof(params) - 1] = '\0';
	if (fd < 0 || !syscall(SYS_finit_module, fd, "debug=1 name=x", 0) ||
	    !syscall(SYS_finit_module, fd, params, 0) ||
	    !syscall(SYS_finit_module, 999, NULL, 0) ||
	    !syscall(SYS_init_module, "no module", 9UL, "a=b") ||
	    !syscall(SYS_delete_module, "shrike_nothing", O_NONBLOCK) ||
	    !syscall(SYS_delete_module, (void *)8, 0))
		_exit(1);
}

static const struct kernel_module_event *module_at(const struct live *live,
						   pid_t pid, unsigned n)
{
	const struct kernel_module_event *m =
		live_find(live, STREAM_KERNEL_MODULE, pid, n);

	assert_non_null(m);
	assert_true(m->head.retval < 0);
	return m;
}

static void module__refused__is_seen_when_asked_for(void **state)
{
	struct collect_request request = kernel_request(true);
	const struct kernel_module_event *m;
	struct live live;
	pid_t pid;

	(void)state;
	close(creat(NO_MODULE, 0600));
	pid = live_run(&live, &request, modules_refused);
	unlink(NO_MODULE);

	m = module_at(&live, pid, 0);
	assert_int_equal(m->op, MODULE_LOAD);
	assert_string_equal(blob_text(m, m->path), NO_MODULE);
	assert_string_equal(blob_text(m, m->params), "debug=1 name=x");
	assert_int_equal(m->name.off, 0);
	assert_int_equal(m->head.truncated, 0);
	m = module_at(&live, pid, 1);
	assert_int_equal(m->params.len, EVENT_PARAMS_SIZE - 1);
	assert_int_equal(m->head.truncated, EVENT_PART_PATH);
	m = module_at(&live, pid, 2);
	assert_int_equal(m->path.off, 0);
	assert_int_equal(m->params.off, 0);
	assert_int_equal(m->head.truncated, EVENT_PART_PATH);
	m = module_at(&live, pid, 3);
	assert_int_equal(m->op, MODULE_LOAD_MEMORY);
	assert_int_equal(m->path.off, 0);
	assert_string_equal(blob_text(m, m->params), "a=b");
	m = module_at(&live, pid, 4);
	assert_int_equal(m->op, MODULE_DELETE);
	assert_string_equal(blob_text(m, m->name), "shrike_nothing");
	m = module_at(&live, pid, 5);
	assert_int_equal(m->name.len, 0);
	assert_int_equal(m->head.truncated, EVENT_PART_PATH);
	counters_balance(&live, STREAM_KERNEL_MODULE);
	live_close(&live);
}

static void module__refused__is_not_seen_when_not_asked_for(void **state)
{
	struct collect_request request = kernel_request(false);
	struct live live;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	pid = child_run(modules_refused, NULL, NULL);
	live_drain(&live);
	assert_null(live_find(&live, STREAM_KERNEL_MODULE, pid, 0));
	live_close(&live);
}

/* modprobe where the kernel has modules and one that is harmless. */
static void module_probe(void *arg)
{
	(void)arg;
	execlp("modprobe", "modprobe", "dummy", (char *)NULL);
	_exit(2);
}

static void module_remove(void *arg)
{
	(void)arg;
	execlp("modprobe", "modprobe", "-r", "dummy", (char *)NULL);
	_exit(2);
}

static void module__loaded_and_removed__has_its_name(void **state)
{
	struct collect_request request = kernel_request(false);
	const struct kernel_module_event *m;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	if (access("/sys/module/dummy", F_OK) == 0) {
		print_message("skip: the module dummy is in use\n");
		skip();
	}
	live_open(&live, &request);
	pid = child_run(module_probe, NULL, &status);
	live_drain(&live);
	/* A kernel without loadable modules, as a virtual machine's may be. */
	if (status) {
		print_message("not tried: no module can be loaded here\n");
		live_close(&live);
		return;
	}
	m = live_need(&live, STREAM_KERNEL_MODULE, pid);
	assert_int_equal(m->head.retval, 0);
	if (m->op == MODULE_LOAD)
		assert_non_null(strstr(blob_text(m, m->path), "dummy.ko"));
	assert_string_equal(blob_text(m, m->name), "dummy");
	pid = child_run(module_remove, NULL, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	m = live_need(&live, STREAM_KERNEL_MODULE, pid);
	assert_int_equal(m->op, MODULE_DELETE);
	assert_string_equal(blob_text(m, m->name), "dummy");
	live_close(&live);
}

/* --- kernel.bpf ------------------------------------------------------------*/

static long bpf_call(int cmd, union bpf_attr *attr, unsigned size)
{
	return syscall(SYS_bpf, cmd, attr, size);
}

static void bpf_calls(void *arg)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr map = { .map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = 8,
			       .max_entries = 1,
			       .map_name = "a_map_of_15chr" };
	union bpf_attr prog = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
				.insns = (uintptr_t)insns,
				.insn_cnt = 2,
				.license = (uintptr_t) "GPL",
				.prog_name = "a_program" };
	union bpf_attr lookup = { .map_fd = 999 };

	(void)arg;
	if (bpf_call(BPF_MAP_CREATE, &map, sizeof(map)) < 0 ||
	    bpf_call(BPF_PROG_LOAD, &prog, sizeof(prog)) < 0)
		_exit(1);
	prog.insn_cnt = 0;
	bpf_call(BPF_PROG_LOAD, &prog, sizeof(prog));
	bpf_call(BPF_MAP_LOOKUP_ELEM, &lookup, sizeof(lookup));
	bpf_call(BPF_MAP_CREATE, (void *)8, sizeof(map));
}

static const struct kernel_bpf_event *bpf_at(const struct live *live, pid_t pid,
					     unsigned n)
{
	const struct kernel_bpf_event *b =
		live_find(live, STREAM_KERNEL_BPF, pid, n);

	assert_non_null(b);
	return b;
}

static void bpf__maps_and_programs__have_their_names(void **state)
{
	struct collect_request request = kernel_request(true);
	const struct kernel_bpf_event *b;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &request, bpf_calls);
	b = bpf_at(&live, pid, 0);
	assert_int_equal(b->cmd, BPF_MAP_CREATE);
	assert_string_equal(b->name, "a_map_of_15chr");
	assert_int_equal(b->prog_type, EVENT_NONE);
	assert_int_equal(b->head.source, EVENT_SOURCE_KERNEL);
	assert_true(b->head.retval > 2);
	b = bpf_at(&live, pid, 1);
	assert_int_equal(b->cmd, BPF_PROG_LOAD);
	assert_string_equal(b->name, "a_program");
	assert_int_equal(b->prog_type, BPF_PROG_TYPE_SOCKET_FILTER);
	assert_int_equal(b->head.source, EVENT_SOURCE_KERNEL);
	b = bpf_at(&live, pid, 2);
	assert_true(b->head.retval < 0);
	assert_string_equal(b->name, "a_program");
	assert_int_equal(b->prog_type, BPF_PROG_TYPE_SOCKET_FILTER);
	assert_int_equal(b->head.source, EVENT_SOURCE_SYSCALL);
	b = bpf_at(&live, pid, 3);
	assert_int_equal(b->cmd, BPF_MAP_LOOKUP_ELEM);
	assert_int_equal(b->head.retval, -EBADF);
	assert_string_equal(b->name, "");
	b = bpf_at(&live, pid, 4);
	assert_int_equal(b->head.retval, -EFAULT);
	assert_string_equal(b->name, "");
	counters_balance(&live, STREAM_KERNEL_BPF);
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(module__refused__is_seen_when_asked_for),
		cmocka_unit_test(
			module__refused__is_not_seen_when_not_asked_for),
		cmocka_unit_test(module__loaded_and_removed__has_its_name),
		cmocka_unit_test(bpf__maps_and_programs__have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
