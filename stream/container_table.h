/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container table: which container each cgroup is, as of the time of the
 * event at hand. Built from container.info rows in total order, so that it is
 * the same live and in a replay. Bounded: over `containers_max` the cgroup that
 * ended first goes, then the one that no event named for longest; both counted.
 */
#ifndef SHRIKE_STREAM_CONTAINER_TABLE_H
#define SHRIKE_STREAM_CONTAINER_TABLE_H

#include "user/base/err.h"
#include "user/base/row.h"

struct container_table;

struct container_table_options {
	unsigned containers_max; /* cgroups of containers */
	/* So long after its end a cgroup's last events may still come. */
	int64_t linger_ns;
	uint64_t seed[2]; /* of the hash */
};

struct container_table_stats {
	uint64_t live;	    /* now */
	uint64_t held;	    /* now, ended ones included */
	uint64_t evicted;   /* ever, for want of room */
	uint64_t forgotten; /* of them, those that had not ended */
	uint64_t bytes;	    /* now, of their texts */
};

int container_table_new(const struct container_table_options *options,
			struct container_table **ret_table, struct err *err);
struct container_table *container_table_free(struct container_table *table);

/*
 * Take a row in total order: one of container.info changes the table; into any
 * other go container_id, container_runtime, container_name, container_image,
 * k8s_pod and k8s_namespace of its process's cgroup, where that is one of a
 * container. One of container.event is told of the cgroup it is about before it
 * is told of its process's. The texts are borrowed until the next call.
 */
void container_table_apply(struct container_table *table, struct row *row);

/* No row with ts < `watermark` comes: forget who ended long before. */
void container_table_expire(struct container_table *table, int64_t watermark);

void container_table_stats(const struct container_table *table,
			   struct container_table_stats *ret_stats);

#endif
