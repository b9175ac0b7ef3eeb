// SPDX-License-Identifier: Apache-2.0
/*
 * Attaches a program that returns at once to a tracepoint, says `ready`, and
 * takes it off when standard input ends: what any program there costs.
 *
 *   empty_hook TRACEPOINT
 */
#include "pace.h"

#include <linux/bpf.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

int main(int argc, char **argv)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = BPF_TRACE_RAW_TP);
	char byte;
	int id, program;

	if (argc != 2) {
		fprintf(stderr, "empty_hook: bad arguments\n");
		return 2;
	}
	id = libbpf_find_vmlinux_btf_id(argv[1], BPF_TRACE_RAW_TP);
	if (id < 0)
		fail(argv[1]);
	opts.attach_btf_id = (__u32)id;
	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "empty_hook", "GPL",
				insns, sizeof(insns) / sizeof(insns[0]), &opts);
	if (program < 0 || bpf_raw_tracepoint_open(NULL, program) < 0)
		fail("bpf");
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
