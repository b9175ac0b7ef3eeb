// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/own_events.h"

#include "user/base/catalog.h"

#include <string.h>
#include <unistd.h>

#define RECORD_ALIGN 8

static void head_fill(struct own_events *own, struct event_head *head,
		      enum stream_id stream, size_t bytes, int64_t now_ns)
{
	*head = (struct event_head){
		.stream = (uint16_t)stream,
		.abi = EVENT_ABI,
		.size = (uint32_t)bytes,
		.ts = (uint64_t)now_ns,
		.seq = ++own->seq[stream],
		.retval = EVENT_NONE,
		.pid = (uint32_t)getpid(),
		.tid = (uint32_t)getpid(),
		.source = EVENT_SOURCE_USER,
		.comm = "shrike",
	};
}

/* The record and behind it its text. */
static int put(struct own_events *own, const void *record, size_t bytes,
	       const char *text, struct err *err)
{
	buf_put(&own->records, record, bytes);
	buf_puts(&own->records, text);
	while (!own->records.failed && own->records.len % RECORD_ALIGN)
		buf_putc(&own->records, 0);
	return own->records.failed ? err_nomem(err) : 0;
}

static struct event_blob blob_behind(size_t bytes, const char *text)
{
	return (struct event_blob){ .off = (uint16_t)bytes,
				    .len = (uint16_t)strlen(text) };
}

int own_loss(struct own_events *own, const struct collect_loss *loss,
	     int64_t now_ns, struct err *err)
{
	const char *name = catalog_stream(loss->stream)->name;
	struct sensor_loss_event event = {
		.from_ns = (uint64_t)loss->from_ns,
		.to_ns = (uint64_t)loss->to_ns,
		.count = loss->count,
		.lost_stream = loss->stream,
		.reason = loss->reason,
		.stream = blob_behind(sizeof(event), name),
	};

	head_fill(own, &event.head, STREAM_SENSOR_LOSS,
		  sizeof(event) + strlen(name), now_ns);
	return put(own, &event, sizeof(event), name, err);
}

int own_throttle(struct own_events *own,
		 const struct collect_throttle *throttle, int64_t now_ns,
		 struct err *err)
{
	const char *name = catalog_stream(throttle->stream)->name;
	struct sensor_throttle_event event = {
		.cgroup = throttle->cgroup_id,
		.count = throttle->dropped,
		.begins = throttle->begins,
		.stream = blob_behind(sizeof(event), name),
	};

	head_fill(own, &event.head, STREAM_SENSOR_THROTTLE,
		  sizeof(event) + strlen(name), now_ns);
	return put(own, &event, sizeof(event), name, err);
}

int own_start(struct own_events *own, unsigned rules, unsigned left_out,
	      bool reload, int64_t now_ns, struct err *err)
{
	struct sensor_start_event event = {
		.rules = rules,
		.left_out = left_out,
		.reload = reload,
		.version = blob_behind(sizeof(event), SHRIKE_VERSION),
	};

	head_fill(own, &event.head, STREAM_SENSOR_START,
		  sizeof(event) + strlen(SHRIKE_VERSION), now_ns);
	return put(own, &event, sizeof(event), SHRIKE_VERSION, err);
}

int own_clock(struct own_events *own, const struct clock_change *change,
	      int64_t now_ns, struct err *err)
{
	struct sensor_clock_event event = {
		.step_ns = change->step_ns,
		.cause = change->cause,
	};

	head_fill(own, &event.head, STREAM_SENSOR_CLOCK, sizeof(event), now_ns);
	return put(own, &event, sizeof(event), "", err);
}

int own_events_take(struct own_events *own, collect_record_fn *fn, void *ctx,
		    struct err *err)
{
	struct buf records = own->records;
	size_t at = 0;
	int rc = 0;

	own->records = BUF_INIT;
	while (!rc && at < records.len) {
		const uint8_t *record = records.bytes + at;
		struct event_head head;

		memcpy(&head, record, sizeof(head));
		rc = fn(ctx, record, head.size, err);
		at += (head.size + RECORD_ALIGN - 1) & ~(RECORD_ALIGN - 1U);
	}
	buf_release(&records);
	return rc;
}

void own_events_release(struct own_events *own)
{
	buf_release(&own->records);
}
