/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way of a record to user space, and the books about it.
 *
 * The kernel does not run a tracing program on a CPU where a run of the same
 * program is under way, be it interrupted or preempted: it skips the program
 * and counts it (recursion_misses). So what one program alone writes, per CPU,
 * needs no other protection: its scratch record and its stream's counters. No
 * two programs share either.
 */
#ifndef SHRIKE_BPF_RING_H
#define SHRIKE_BPF_RING_H

#include "bpf/event.h"
#include "bpf/kernel_types.h"
#include "bpf/settings.h"
#include "bpf/throttle.h"

#include <bpf/bpf_helpers.h>

SEC(COLLECT_SETTINGS_SECTION) const volatile struct collect_settings settings;

/* User space makes the maps and puts them in: sizes here are placeholders. */
#define RING_MAP(ident)                             \
	struct {                                    \
		__uint(type, BPF_MAP_TYPE_RINGBUF); \
		__uint(max_entries, 4096);          \
	} ident SEC(".maps")

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STREAM_COUNT);
	__type(key, __u32);
	__type(value, struct event_counters);
} counters SEC(".maps");

/* When user space looked at the counters last, boot-time clock. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} looked_at SEC(".maps");

/* What a flood of cgroups pushes out starts with a full bucket again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, THROTTLE_ENTRIES);
	__type(key, struct throttle_key);
	__type(value, struct throttle_bucket);
} throttle SEC(".maps");

/* One value per CPU, for one program. */
#define SCRATCH_MAP(ident, record)                       \
	struct {                                         \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); \
		__uint(max_entries, 1);                  \
		__type(key, __u32);                      \
		__type(value, record);                   \
	} ident SEC(".maps")

static __always_inline void *scratch_get(void *map)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(map, &zero);
}

static __always_inline struct event_counters *counters_get(__u32 stream)
{
	return bpf_map_lookup_elem(&counters, &stream);
}

#define COUNT_ADD(counter) __sync_fetch_and_add(&(counter), 1)

/*
 * One more, of a stream known at build time. Of network.connect programs behind
 * two hooks count, and one may interrupt the other.
 */
#define COUNT(counts, stream, counter)                  \
	do {                                            \
		if ((stream) == STREAM_NETWORK_CONNECT) \
			COUNT_ADD((counts)->counter);   \
		else                                    \
			(counts)->counter++;            \
	} while (0)

/*
 * The functions that follow are global: the verifier looks at them once, and not
 * again on each way that leads to them.
 */

/* One more that found no room: the first and the last since the last look. */
__noinline int lost_count(__u32 stream)
{
	__u64 now = bpf_ktime_get_boot_ns();
	__u32 zero = 0;
	__u64 *looked = bpf_map_lookup_elem(&looked_at, &zero);
	struct event_counters *counts = counters_get(stream);

	if (!counts)
		return 0;
	if (looked && counts->lost_first_ns <= *looked)
		counts->lost_first_ns = now;
	counts->lost_last_ns = now;
	COUNT_ADD(counts->lost);
	return 0;
}

/*
 * Two CPUs may take the same token: then a few more get through than the rate
 * says.
 */
static __always_inline bool bucket_take(struct throttle_bucket *bucket,
					__u64 now)
{
	__u64 full = bucket->full_ns;

	if (full < now)
		full = now;
	if (full - now >= THROTTLE_BURST_NS) {
		if (bucket->last_ns + THROTTLE_END_NS < now)
			bucket->dropped = 0;
		__sync_fetch_and_add(&bucket->dropped, 1);
		bucket->last_ns = now;
		return false;
	}
	bucket->full_ns = full + settings.throttle_step_ns;
	return true;
}

/* Does the cgroup flood the stream? The lifecycle is never held back. */
__noinline int is_throttled(__u64 cgroup_id, __u32 stream)
{
	struct throttle_key key = {};
	struct throttle_bucket *bucket;
	__u64 now;

	if (STREAM_IS_LIFECYCLE(stream))
		return 0;
	key.cgroup_id = cgroup_id;
	key.stream = stream;
	now = bpf_ktime_get_boot_ns();
	bucket = bpf_map_lookup_elem(&throttle, &key);
	if (!bucket) {
		struct throttle_bucket first = {
			.full_ns = now + settings.throttle_step_ns,
		};

		bpf_map_update_elem(&throttle, &key, &first, BPF_NOEXIST);
		return 0;
	}
	return !bucket_take(bucket, now);
}

/*
 * Reserve room for head->size bytes, then stamp the head: the time is taken
 * after the reserve, so that a reader who has seen the producer position knows
 * that what is reserved later is stamped later. The sequence number counts
 * tries: what was lost leaves a hole.
 */
static __always_inline bool ring_reserve(void *ring, struct event_head *head,
					 struct event_counters *counts,
					 struct bpf_dynptr *ret_room)
{
	if (settings.throttle_step_ns &&
	    is_throttled(head->cgroup_id, head->stream)) {
		COUNT_ADD(counts->throttled);
		return false;
	}
	if (bpf_ringbuf_reserve_dynptr(ring, head->size, 0, ret_room)) {
		bpf_ringbuf_discard_dynptr(ret_room, 0);
		lost_count(head->stream);
		return false;
	}
	head->seq = __sync_fetch_and_add(&counts->submitted, 1) + 1 +
		    counts->lost + counts->throttled;
	head->ts = bpf_ktime_get_boot_ns();
	return true;
}

/* The reader is woken by the batch; in between it looks by timer. */
static __always_inline void ring_submit(void *ring, struct bpf_dynptr *room)
{
	__u64 held_bytes = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);

	bpf_ringbuf_submit_dynptr(room, held_bytes >= settings.wakeup_bytes ?
						BPF_RB_FORCE_WAKEUP :
						BPF_RB_NO_WAKEUP);
}

/* A record that lies in one piece. */
static __always_inline void ring_put(void *ring, struct event_head *head,
				     __u32 size, struct event_counters *counts)
{
	struct bpf_dynptr room;

	head->size = size;
	if (!ring_reserve(ring, head, counts, &room))
		return;
	bpf_dynptr_write(&room, 0, head, size, 0);
	ring_submit(ring, &room);
}

#endif
