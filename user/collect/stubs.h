/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stubs of bpf/hooks.bpf.c: loaded when a hook is first needed, attached
 * while it is, and the slots by which they call the handlers.
 */
#ifndef SHRIKE_COLLECT_STUBS_H
#define SHRIKE_COLLECT_STUBS_H

#include "user/collect/handlers.h"

struct bpf_link;
struct bpf_object;
struct bpf_prog_info;
struct bpf_program;

struct stub {
	struct bpf_program *program; /* NULL: not loaded */
	struct bpf_link *link;	     /* NULL: not attached */
	int slots_fd;
};

struct stubs {
	struct stub by_hook[HOOK_COUNT];
	struct bpf_object *objects[HOOK_COUNT]; /* each has some of the stubs */
	unsigned object_count;
};

#define HOOK_BIT(hook) (1U << (hook))

_Static_assert(HOOK_COUNT <= 32, "a set of hooks is bits of a word");

/* Load those of the mask `hooks` that are not loaded; none on failure. */
int stubs_load(struct stubs *stubs, uint32_t hooks, struct err *err);

/* Attach those of `hooks` that are not attached; none on failure. */
int stubs_attach(struct stubs *stubs, uint32_t hooks, struct err *err);

/* Those that are attached now. */
uint32_t stubs_attached(const struct stubs *stubs);

/* Detach those of `hooks`: they stay loaded, their counters can be read. */
void stubs_detach(struct stubs *stubs, uint32_t hooks);
void stubs_release(struct stubs *stubs);

/* A handler into a slot, in place of what is there; -1: none. */
int stubs_slot_set(struct stubs *stubs, enum hook_id hook, unsigned slot,
		   int program_fd, struct err *err);

/*
 * Runs that the kernel skipped (recursion) since the stub was loaded; 0 for one
 * that is not.
 */
int stubs_missed(const struct stubs *stubs, enum hook_id hook,
		 uint64_t *ret_missed, struct err *err);

#endif
