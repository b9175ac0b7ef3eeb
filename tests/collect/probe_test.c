// SPDX-License-Identifier: Apache-2.0
/* What a kernel with few tracepoints can serve, and what this one can. */
#include "support/unit.h"

#include "user/base/catalog.h"
#include "user/collect/probe.h"

#include <errno.h>
#include <string.h>

#include <bpf/btf.h>

static void probe_open(struct probe *probe, const char *tracepoint)
{
	char name[128];
	int proto, pointer;

	*probe = (struct probe){ .offer = { .btf = btf__new_empty(),
					    .cgroup_fd = -1 } };
	assert_non_null(probe->offer.btf);
	proto = btf__add_func_proto(probe->offer.btf, 0);
	pointer = btf__add_ptr(probe->offer.btf, proto);
	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	assert_true(btf__add_typedef(probe->offer.btf, name, pointer) > 0);
}

static void stream__hook_there__is_served_from_it(void **state)
{
	struct probe_stream stream;
	struct probe probe;

	(void)state;
	probe_open(&probe, "sys_exit");
	probe_stream(&probe, STREAM_FILE_OPEN, &stream);
	assert_true(stream.by_kernel);
	assert_true(stream.served);
	assert_true(stream.source_count >= 1);
	assert_string_equal(stream.sources[0].name, "tp_btf/sys_exit");
	assert_true(stream.sources[0].there);
	probe_release(&probe);
}

static void stream__hook_not_there__is_not_served(void **state)
{
	struct probe_stream stream;
	struct probe probe;
	bool lacks = false;
	struct buf text = BUF_INIT;

	(void)state;
	probe_open(&probe, "sys_exit");
	probe_stream(&probe, STREAM_NETWORK_CONNECT, &stream);
	assert_false(stream.served);
	for (unsigned i = 0; i < stream.source_count; i++)
		lacks |= strcmp(stream.sources[i].name,
				"tp_btf/inet_sock_set_state") == 0 &&
			 !stream.sources[i].there &&
			 !stream.sources[i].optional;
	assert_true(lacks);
	probe_lacks(&stream, &text);
	assert_non_null(strstr(buf_text(&text), "tp_btf/inet_sock_set_state"));
	assert_null(strstr(buf_text(&text), "sys_exit"));
	buf_reset(&text);
	probe_stream(&probe, STREAM_FILE_OPEN, &stream);
	probe_lacks(&stream, &text);
	assert_string_equal(buf_text(&text), "");
	buf_release(&text);
	probe_release(&probe);
}

static void stream__made_in_user_space__needs_no_kernel(void **state)
{
	struct probe_stream stream;
	struct probe probe;

	(void)state;
	probe_open(&probe, "nothing");
	probe_stream(&probe, STREAM_SENSOR_LOSS, &stream);
	assert_false(stream.by_kernel);
	assert_true(stream.served);
	probe_release(&probe);
}

/* As the loader finds it: both look at the same table. */
static void probe__this_kernel__says_what_would_be_chosen(void **state)
{
	struct err err = { 0 };
	struct probe probe;

	(void)state;
	if (probe_read(&probe, &err)) {
		assert_int_equal(err.kind, ERR_MACHINE);
		print_message("skip: %s\n", err.text);
		skip();
	}
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++) {
		struct probe_stream stream;
		bool chosen[256];
		int rc = handlers_choose(&probe.offer, HANDLER_STREAM(s),
					 chosen, NULL);

		probe_stream(&probe, s, &stream);
		assert_int_equal(stream.served, rc == 0);
	}
	probe_release(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream__hook_there__is_served_from_it),
		cmocka_unit_test(stream__hook_not_there__is_not_served),
		cmocka_unit_test(stream__made_in_user_space__needs_no_kernel),
		cmocka_unit_test(probe__this_kernel__says_what_would_be_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
