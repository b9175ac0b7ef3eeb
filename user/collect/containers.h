/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers: gives a container.info record for each cgroup of a container, as
 * it appears and as it goes: of those that are there at start from the mounted
 * hierarchies, then from the records of container.event. Ids and runtimes come
 * from the cgroup's path, names from the runtime's files; where these are not
 * there yet they are looked for again, a few times.
 *
 * Each turn does a bounded piece of work, and what is held is bounded: an
 * attacker can make cgroups, and files of runtimes are not trusted.
 */
#ifndef SHRIKE_COLLECT_CONTAINERS_H
#define SHRIKE_COLLECT_CONTAINERS_H

#include "user/collect/collect.h"
#include "user/collect/containers_mounts.h"

struct containers_options {
	const char *root; /* before the runtimes' folders; NULL: this host's */
	const struct cgroup_mounts *mounts; /* NULL: this host's */
};

struct containers_stats {
	uint64_t given;	  /* records: appeared or known better */
	uint64_t ended;	  /* records: gone */
	uint64_t unnamed; /* containers whose files were never there */
	uint64_t
		refused; /* containers not looked for again, for want of room */
	uint64_t unseen; /* folders at start, more than were looked at */
};

struct containers;

int containers_new(const struct containers_options *options,
		   struct containers **ret_containers, struct err *err);
struct containers *containers_free(struct containers *containers);

/* The containers that are there; `now_ns` is the ts of the records. */
int containers_list(struct containers *containers, int64_t now_ns,
		    collect_record_fn *fn, void *ctx, struct err *err);

/*
 * A record of container.event, any other is ignored. What it gives has the ts
 * just before it, so that it holds for the event itself.
 */
int containers_see(struct containers *containers, const void *record,
		   size_t len, collect_record_fn *fn, void *ctx,
		   struct err *err);

/* Look again for what was not there; records have the ts `now_ns`. */
int containers_turn(struct containers *containers, int64_t now_ns,
		    collect_record_fn *fn, void *ctx, struct err *err);

void containers_stats(const struct containers *containers,
		      struct containers_stats *ret_stats);

#endif
