/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine can collect: which hooks the kernel has, what each stream
 * comes from, and what it lacks. Loads nothing and attaches nothing.
 */
#ifndef SHRIKE_COLLECT_PROBE_H
#define SHRIKE_COLLECT_PROBE_H

#include "user/base/buf.h"
#include "user/collect/handlers.h"

#define PROBE_SOURCES_MAX 32
#define PROBE_NAME_BYTES 64

struct probe {
	struct kernel_offer offer;
	bool may_load; /* this process may load kernel programs */
};

/* One thing that a stream is made from. */
struct probe_source {
	char name[PROBE_NAME_BYTES]; /* "tp_btf/sys_exit", "lsm/file_open" */
	bool there;
	bool optional; /* without it the stream is served less well */
};

struct probe_stream {
	bool by_kernel; /* else user space makes it, on every machine */
	bool served;
	unsigned source_count;
	struct probe_source sources[PROBE_SOURCES_MAX];
};

/* ERR_MACHINE when nothing can be said: the kernel has no BTF. */
int probe_read(struct probe *ret_probe, struct err *err);
void probe_release(struct probe *probe);

void probe_stream(const struct probe *probe, enum stream_id stream,
		  struct probe_stream *ret_stream);

/* Appends what a stream cannot do without and this kernel lacks, with commas. */
void probe_lacks(const struct probe_stream *stream, struct buf *out);

#endif
