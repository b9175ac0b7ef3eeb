/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers: which kernel programs there are, what calls each, and which
 * streams it serves. A new stream is a struct and its columns in bpf/, a program
 * in an object of bpf/, and a line here.
 */
#ifndef SHRIKE_COLLECT_HANDLERS_H
#define SHRIKE_COLLECT_HANDLERS_H

#include "bpf/event.h"
#include "bpf/settings.h"
#include "bpf/system_calls.h"
#include "user/collect/kernel_offer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A ring each, so that a flood of one class never starves another. */
enum ring_class {
	RING_LIFECYCLE,
	RING_FILE,
	RING_NETWORK,
	RING_SYSTEM,
	RING_COUNT
};

/* The tracepoints that have a stub: HOOK_sys_exit ... */
enum hook_id {
#define CALL_HOOK(name) HOOK_##name,
#define REQUEST_HOOK(name) HOOK_##name,
#define PLAIN_HOOK(name) HOOK_##name,
#include "bpf/hooks.def"
	HOOK_COUNT
};

/* The objects of bpf/ that hold handlers. */
enum family_id {
	FAMILY_PROCESS,
	FAMILY_FILE,
	FAMILY_FILE_PATH,
	FAMILY_FILE_ATTR,
	FAMILY_FILE_LSM,
	FAMILY_NETWORK,
	FAMILY_CREDENTIAL,
	FAMILY_NAMESPACE,
	FAMILY_MEMORY,
	FAMILY_KERNEL,
	FAMILY_CONTAINER,
	FAMILY_DATAGRAM,
	FAMILY_COUNT
};

struct family {
	const char *name;
	const void *(*elf_bytes)(size_t *ret_len);
	enum ring_class ring;
	/* The name of its ring in the object. NULL: its programs help others,
	   and have neither records nor predicates. */
	const char *ring_map;
};

enum handler_kind {
	HANDLER_SLOT,	  /* called by the stub of `hook` */
	HANDLER_ITERATOR, /* run when somebody asks */
	HANDLER_LSM,	  /* attached to the security hook `lsm_hook` */
	HANDLER_CGROUP,	  /* attached to the root of the cgroup tree */
};

#define HANDLER_CALLS_MAX 24

/* The numbers of a system call, by name: enum call_slot. */
struct handler_call {
	uint16_t slot;
	uint16_t slot32;
};

struct handler {
	const char *program; /* in the family's object */
	enum family_id family;
	enum handler_kind kind;
	enum hook_id hook;    /* HANDLER_SLOT */
	const char *lsm_hook; /* HANDLER_LSM: "file_open" */
	uint64_t streams;     /* HANDLER_STREAM() of each that it serves */
	/* The calls or requests that it handles, if the hook has a slot for
	   each; then zeros. */
	struct handler_call calls[HANDLER_CALLS_MAX];
	/* Is it the one for this kernel? NULL: for any. */
	bool (*fits)(const struct kernel_offer *offer);
	/* Does what is read of its streams need it? NULL: always. */
	bool (*needed)(const struct collect_settings *settings);
	/*
	 * Does without: the streams are served, if less well, where the kernel
	 * lacks the hook. A security hook is always one to do without.
	 */
	bool optional;
};

#define HANDLER_STREAM(id) (1ULL << (id))

_Static_assert(STREAM_COUNT <= 64, "a handler's streams are bits of a word");

/* The table; *ret_count of them. */
const struct handler *handlers(size_t *ret_count);

/* CHECK()s that id < FAMILY_COUNT. */
const struct family *handler_family(enum family_id id);

/* The tracepoint's name, and how many slots its stub has. */
const char *hook_name(enum hook_id hook);
unsigned hook_slot_count(enum hook_id hook);

/*
 * Which slots of its hook's stub the handler takes: the index-th, or
 * CALL_NOWHERE past the last.
 */
unsigned handler_slot(const struct handler *handler, unsigned index);

/* Is the hook that the handler needs there? */
bool handler_hook_is_there(const struct handler *handler,
			   const struct kernel_offer *offer);

/*
 * Which handlers serve the streams of the mask `wanted` on this kernel, as a
 * flag for each of the table. ERR_MACHINE with the stream and the hook that the
 * kernel lacks.
 */
int handlers_choose(const struct kernel_offer *offer, uint64_t wanted,
		    bool *ret_chosen, struct err *err);

/*
 * Does every object that has the map share one of the collector's, whichever
 * generation it is of? Other maps are an object's own.
 */
bool handler_map_is_shared(const char *name);

/*
 * Does every object of one generation that has the map share one, which no
 * other generation has?
 */
bool handler_map_is_of_generation(const char *name);

/* The ring that a stream's records come by; RING_COUNT: by none. */
enum ring_class stream_ring(enum stream_id stream);

#endif
