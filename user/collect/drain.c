// SPDX-License-Identifier: Apache-2.0
/*
 * Epoch drain and the counters.
 *
 * The caller reads the clock, then every ring's producer position is loaded,
 * then each ring is consumed up to that. A record that is reserved after the
 * load is stamped after its reserve, hence after the caller's `now`, but for
 * the difference between the CPUs' clocks: the watermark stays 1 ms behind.
 */
#include "user/collect/collect_int.h"

#include "user/base/catalog.h"
#include "user/base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#define BUSY_CAP_NS 20000000LL

struct drain {
	struct collector *collector;
	const struct ring *ring;
	collect_record_fn *fn;
	void *ctx;
};

/* Bytes that every record of the stream has on the ring. */
static size_t stream_bytes_min(enum stream_id stream)
{
	if (stream == STREAM_FILE_OPEN)
		return offsetof(struct file_open_event, path_bytes);
	return catalog_stream(stream)->record_bytes;
}

static bool head_is_ours(const struct ring *ring, const struct event_head *head,
			 size_t len)
{
	return head->abi == EVENT_ABI && head->stream < STREAM_VISIBLE_COUNT &&
	       STREAM_IS_LIFECYCLE(head->stream) == ring->lifecycle &&
	       head->size == len && len >= stream_bytes_min(head->stream);
}

static int record_deliver(void *ctx, const void *record, size_t len,
			  struct err *err)
{
	struct drain *drain = ctx;
	struct collector *collector = drain->collector;
	struct event_head head;
	int rc;

	if (len >= sizeof(head))
		memcpy(&head, record, sizeof(head));
	if (len < sizeof(head) || !head_is_ours(drain->ring, &head, len)) {
		enum stream_id first = drain->ring->lifecycle ?
					       STREAM_PROCESS_EXEC :
					       STREAM_NETWORK_CONNECT;

		collector->delivered[first]++;
		collector->damaged[first]++;
		return 0;
	}
	rc = drain->fn(drain->ctx, record, len, err);
	if (rc < 0)
		return rc;
	collector->delivered[head.stream]++;
	return 0;
}

int collector_drain(struct collector *collector, int64_t now_ns,
		    collect_record_fn *fn, void *ctx, int64_t *ret_watermark,
		    struct err *err)
{
	struct drain drain = { .collector = collector, .fn = fn, .ctx = ctx };
	int64_t deadline_ns = collect_now_ns() + BUSY_CAP_NS;
	unsigned long ends[RING_COUNT] = { 0 };
	bool held = false;

	for (unsigned i = 0; i < RING_COUNT; i++)
		if (collector->rings[i].fd >= 0)
			ends[i] = ring_reader_end(&collector->rings[i].reader);
	/* A later ring is not read past an earlier one that is held up. */
	for (unsigned i = 0; i < RING_COUNT && !held; i++) {
		struct ring *ring = &collector->rings[i];
		int rc;

		if (ring->fd < 0)
			continue;
		drain.ring = ring;
		rc = ring_reader_consume(&ring->reader, ends[i], deadline_ns,
					 record_deliver, &drain, err);
		if (rc < 0)
			return rc;
		held = rc == RING_BUSY;
	}
	if (held)
		collector->held++;
	else if (now_ns - COLLECT_MARGIN_NS > collector->watermark_ns)
		collector->watermark_ns = now_ns - COLLECT_MARGIN_NS;
	*ret_watermark = collector->watermark_ns;
	return 0;
}

/* Sum over the CPUs of what the kernel programs counted. */
static int counters_sum(const struct collector *collector, uint32_t stream,
			struct event_counters *ret_sum, struct err *err)
{
	struct event_counters sum = { 0 };
	struct event_counters *each;

	each = calloc(collector->cpu_count, sizeof(*each));
	if (!each)
		return err_nomem(err);
	if (bpf_map_lookup_elem(collector->counters_fd, &stream, each)) {
		int code = -errno;

		free(each);
		return err_set(err, ERR_MACHINE, code,
			       "cannot read the counters: %s", strerror(-code));
	}
	for (unsigned i = 0; i < collector->cpu_count; i++) {
		sum.generated += each[i].generated;
		sum.filtered += each[i].filtered;
		sum.submitted += each[i].submitted;
		sum.lost += each[i].lost;
	}
	free(each);
	*ret_sum = sum;
	return 0;
}

int collector_counters(struct collector *collector, enum stream_id stream,
		       struct collect_counters *ret_counters, struct err *err)
{
	struct event_counters sum = { 0 };
	uint64_t missed = 0;
	int rc = 0;

	CHECK((unsigned)stream < STREAM_COUNT);
	if (stream == STREAM_PROCESS_SNAPSHOT)
		sum.generated = collector->delivered[stream];
	else
		rc = counters_sum(collector, stream, &sum, err);
	if (!rc)
		rc = programs_missed(&collector->programs, stream, &missed,
				     err);
	if (rc)
		return rc;
	*ret_counters = (struct collect_counters){
		.generated = sum.generated + missed,
		.filtered = sum.filtered,
		.delivered = collector->delivered[stream],
		.lost = sum.lost,
		.missed = missed,
		.damaged = collector->damaged[stream],
	};
	return 0;
}
