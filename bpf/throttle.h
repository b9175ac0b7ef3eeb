/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * How much of a stream one cgroup may send: a bucket of tokens for each, which
 * holds what may come in THROTTLE_BURST_NS and fills at the rate of the
 * settings. It is kept as the moment at which it is full again.
 */
#ifndef SHRIKE_BPF_THROTTLE_H
#define SHRIKE_BPF_THROTTLE_H

#include <linux/types.h>

#define THROTTLE_BURST_NS 1000000000ULL
#define THROTTLE_ENTRIES 8192
/* A cgroup that had nothing dropped for so long is held back no more. */
#define THROTTLE_END_NS 1000000000ULL

struct throttle_key {
	__u64 cgroup_id;
	__u32 stream; /* enum stream_id */
	__u32 pad;
};

struct throttle_bucket {
	__u64 full_ns; /* boot-time clock */
	__u64 dropped; /* since the bucket is there */
	__u64 last_ns; /* when the last was dropped */
};

#endif
