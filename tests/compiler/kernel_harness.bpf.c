// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Stands in for the collectors in kernel_live_test.c, which compiles and links
 * it with a generated object: calls the predicate for each record of a map.
 * With ONLY_CONNECT it knows one stream, like a collector.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/event.h"
#include "bpf/process_terms.h"

#define RECORDS_MAX 128

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RECORDS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} results SEC(".maps");

const volatile __u32 record_count = RECORDS_MAX;

#define HARNESS(ident)                                                        \
	struct {                                                              \
		__uint(type, BPF_MAP_TYPE_ARRAY);                             \
		__uint(max_entries, RECORDS_MAX);                             \
		__type(key, __u32);                                           \
		__type(value, struct ident##_event);                          \
	} ident##_map SEC(".maps");                                           \
                                                                              \
	__weak __noinline __u64 predicate_##ident(                            \
		const struct ident##_event *e)                                \
	{                                                                     \
		return e ? 1 : 2;                                             \
	}                                                                     \
                                                                              \
	SEC("syscall") int ident(void *ctx)                                   \
	{                                                                     \
		for (__u32 i = 0; i < RECORDS_MAX && i < record_count; i++) { \
			__u32 key = i;                                        \
			struct ident##_event *e =                             \
				bpf_map_lookup_elem(&ident##_map, &key);      \
			__u64 *result = bpf_map_lookup_elem(&results, &key);  \
                                                                              \
			if (!e || !result)                                    \
				return 1;                                     \
			*result = predicate_##ident(e);                       \
		}                                                             \
		return 0;                                                     \
	}

HARNESS(network_connect)
#ifndef ONLY_CONNECT
HARNESS(file_open)
HARNESS(process_exec)
HARNESS(process_fork)
HARNESS(process_exit)

/* The bits of the records of process.exec. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RECORDS_MAX);
	__type(key, __u32);
	__type(value, struct process_terms);
} terms_map SEC(".maps");

PROCESS_TERMS_PASS_ALL

SEC("syscall") int terms(void *ctx)
{
	for (__u32 i = 0; i < RECORDS_MAX && i < record_count; i++) {
		__u32 key = i;
		struct process_exec_event *e =
			bpf_map_lookup_elem(&process_exec_map, &key);
		struct process_terms *out =
			bpf_map_lookup_elem(&terms_map, &key);

		if (!e || !out || process_terms(e, out))
			return 1;
	}
	return 0;
}
#endif

char _license[] SEC("license") = "GPL";
