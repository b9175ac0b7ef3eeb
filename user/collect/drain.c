// SPDX-License-Identifier: Apache-2.0
/*
 * Epoch drain.
 *
 * The caller reads the clock, then every ring's producer position is loaded,
 * then the rings are consumed up to that. A record that is reserved after the
 * load is stamped after its reserve, hence after the caller's `now`, but for
 * the difference between the CPUs' clocks: the watermark stays 1 ms behind.
 *
 * The rings are merged by time: whoever must act before the drain is over, for
 * want of room, has seen all rings up to about the same moment.
 */
#include "user/collect/collect_int.h"

#include "user/base/catalog.h"
#include "user/base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#define BUSY_CAP_NS 20000000LL

/* A ring, as far as one drain reads it. */
struct input {
	struct ring *ring;
	unsigned long end;
	struct ring_record record;
	uint64_t ts; /* of the record */
	bool ended;  /* there is no record */
};

struct drain {
	struct collector *collector;
	int64_t deadline_ns;
	collect_record_fn *fn;
	void *ctx;
	struct input inputs[RING_COUNT];
	unsigned input_count;
};

static bool head_is_ours(const struct collector *collector,
			 const struct ring *ring, const struct event_head *head,
			 size_t len)
{
	return head->abi == EVENT_ABI && head->stream < STREAM_KERNEL_COUNT &&
	       &collector->rings[collector->ring_of[head->stream]] == ring &&
	       head->size == len && len >= collector->fixed_bytes[head->stream];
}

/* Look at the input's next record. Returns RING_BUSY when it cannot be had. */
static int input_peek(const struct drain *drain, struct input *input,
		      struct err *err)
{
	struct event_head head;
	int rc = ring_reader_peek(&input->ring->reader, input->end,
				  drain->deadline_ns, &input->record, err);

	if (rc < 0 || rc == RING_BUSY)
		return rc;
	input->ended = rc == RING_END;
	input->ts = 0;
	if (!input->ended && input->record.len >= sizeof(head)) {
		memcpy(&head, input->record.bytes, sizeof(head));
		input->ts = head.ts;
	}
	return 0;
}

/* Whose record is the oldest; of equal ones the first ring's. */
static struct input *input_oldest(struct drain *drain)
{
	struct input *oldest = NULL;

	for (unsigned i = 0; i < drain->input_count; i++) {
		struct input *input = &drain->inputs[i];

		if (!input->ended && (!oldest || input->ts < oldest->ts))
			oldest = input;
	}
	return oldest;
}

static bool is_of_self_test(const struct collector *collector,
			    const struct event_head *head)
{
	return (head->pid == collector->tester_pid ||
		head->ppid == collector->tester_pid) &&
	       head->ts < collector->tester_until_ns;
}

/* To whom a record counts that is nobody's. */
static enum stream_id ring_first(const struct collector *collector,
				 const struct ring *ring)
{
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		if (collector->ring_of[s] < RING_COUNT &&
		    &collector->rings[collector->ring_of[s]] == ring)
			return s;
	CHECK(false);
}

static int record_deliver(struct drain *drain, const struct input *input,
			  struct err *err)
{
	const struct ring_record *record = &input->record;
	struct collector *collector = drain->collector;
	struct event_head head = { 0 };
	int rc = 0;

	if (record->len >= sizeof(head))
		memcpy(&head, record->bytes, sizeof(head));
	if (!head_is_ours(collector, input->ring, &head, record->len)) {
		enum stream_id first = ring_first(collector, input->ring);

		collector->delivered[first]++;
		collector->damaged[first]++;
		return 0;
	}
	if (!is_of_self_test(collector, &head))
		rc = drain->fn(drain->ctx, record->bytes, record->len, err);
	if (rc < 0)
		return rc;
	collector->delivered[head.stream]++;
	return 0;
}

/* Returns RING_BUSY when a record held it up: nothing is read past that. */
static int inputs_merge(struct drain *drain, struct err *err)
{
	struct input *input;
	int rc = 0;

	for (unsigned i = 0; i < drain->input_count && !rc; i++)
		rc = input_peek(drain, &drain->inputs[i], err);
	while (!rc && (input = input_oldest(drain))) {
		rc = record_deliver(drain, input, err);
		if (rc)
			break;
		ring_reader_next(&input->ring->reader, &input->record);
		rc = input_peek(drain, input, err);
	}
	return rc;
}

int collector_drain(struct collector *collector, int64_t now_ns,
		    collect_record_fn *fn, void *ctx, int64_t *ret_watermark,
		    struct err *err)
{
	struct drain drain = {
		.collector = collector,
		.deadline_ns = collect_now_ns() + BUSY_CAP_NS,
		.fn = fn,
		.ctx = ctx,
	};
	int rc;

	for (unsigned i = 0; i < RING_COUNT; i++) {
		struct ring *ring = &collector->rings[i];

		if (ring->fd >= 0)
			drain.inputs[drain.input_count++] = (struct input){
				.ring = ring,
				.end = ring_reader_end(&ring->reader),
			};
	}
	rc = inputs_merge(&drain, err);
	if (rc < 0)
		return rc;
	if (rc == RING_BUSY)
		collector->held++;
	else if (now_ns - COLLECT_MARGIN_NS > collector->watermark_ns)
		collector->watermark_ns = now_ns - COLLECT_MARGIN_NS;
	*ret_watermark = collector->watermark_ns;
	return 0;
}
