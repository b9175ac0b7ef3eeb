/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A generation: the handlers that one set of rules needs, loaded with that set's
 * settings and predicates. Two generations share the rings, the counters and the
 * maps that handler_map_is_shared() names.
 */
#ifndef SHRIKE_COLLECT_GENERATION_H
#define SHRIKE_COLLECT_GENERATION_H

#include "bpf/settings.h"
#include "user/collect/handlers.h"
#include "user/base/path_set.h"
#include "user/collect/object_link.h"

struct bpf_link;
struct bpf_object;
struct bpf_program;

#define HANDLERS_MAX 128
#define SHARED_MAPS_MAX 16
#define SHARED_NAME_BYTES 32

/* The maps that outlive a generation; the first object that has one makes it. */
struct shared_maps {
	struct shared_map {
		char name[SHARED_NAME_BYTES];
		int fd; /* owned */
	} maps[SHARED_MAPS_MAX];
	unsigned count;
};

void shared_maps_release(struct shared_maps *shared);

/* -1: no object that was loaded has it. */
int shared_map_fd(const struct shared_maps *shared, const char *name);

struct generation_ring {
	int fd; /* borrowed; -1: no stream needs it */
	size_t size_bytes;
};

struct generation_config {
	uint64_t streams;	       /* HANDLER_STREAM() of each wanted one */
	struct object_bytes generated; /* bytes NULL: none */
	const struct path_set *path_sets; /* what it needs to be looked up */
	unsigned path_set_count;
	struct generation_ring rings[RING_COUNT];
	/* wakeup_bytes is set for each object: it depends on its ring. */
	struct collect_settings settings;
};

struct generation {
	uint64_t streams;
	struct shared_maps maps; /* handler_map_is_of_generation() */
	struct bpf_object *objects[FAMILY_COUNT];
	/* By their place in the table of handlers; NULL: not loaded. */
	struct bpf_program *programs[HANDLERS_MAX];
	/* Of those that no stub calls: LSM, cgroup. */
	struct bpf_link *links[HANDLERS_MAX];
};

/* Maps that are made here are kept in `shared`. NULL on failure. */
int generation_load(const struct generation_config *config,
		    const struct kernel_offer *offer,
		    struct shared_maps *shared,
		    struct generation **ret_generation, struct err *err);
struct generation *generation_free(struct generation *generation);

/*
 * Attach the handlers that no stub calls; where `before`, the generation that
 * ends, has the same one on a cgroup, the link is taken over from it at once.
 */
int generation_attach(struct generation *generation, struct generation *before,
		      const struct kernel_offer *offer, struct err *err);
/* Undo that: what was taken over from `before` is its again. */
void generation_give_back(struct generation *generation,
			  struct generation *before);
void generation_detach(struct generation *generation);

/* The hooks whose stubs call its handlers: HOOK_BIT() of each. */
uint32_t generation_hooks(const struct generation *generation);

/* Those that call a handler which serves the stream. */
uint32_t generation_stream_hooks(const struct generation *generation,
				 enum stream_id stream);

#endif
