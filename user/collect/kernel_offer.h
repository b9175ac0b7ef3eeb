/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the running kernel offers to collection: its types and tracepoints, its
 * security hooks, its cgroup tree.
 */
#ifndef SHRIKE_COLLECT_KERNEL_OFFER_H
#define SHRIKE_COLLECT_KERNEL_OFFER_H

#include "user/base/err.h"

#include <stdbool.h>

struct btf;
struct btf_type;

struct kernel_offer {
	struct btf *btf; /* owned */
	bool lsm;	 /* programs can be attached to security hooks */
	int cgroup_fd;	 /* the root of the cgroup v2 tree, -1: none; owned */
};

/* ERR_MACHINE when the kernel does not describe its types. */
int kernel_offer_read(struct kernel_offer *ret_offer, struct err *err);
void kernel_offer_release(struct kernel_offer *offer);

/* The type of the tracepoint's probe function; NULL: there is no such one. */
const struct btf_type *kernel_tracepoint(const struct kernel_offer *offer,
					 const char *name);

/* Does the kernel have this function? "bpf_lsm_file_open", a kfunc ... */
bool kernel_has_function(const struct kernel_offer *offer, const char *name);

#endif
