// SPDX-License-Identifier: Apache-2.0
/*
 * The iterator's output is a stream of records, each head.size bytes long; a
 * read may end anywhere inside one.
 */
#include "user/collect/snapshot.h"

#include "user/base/check.h"
#include "user/collect/libbpf_log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define READ_BYTES 65536

/* No record is longer: its blobs are addressed with 16 bits. */
#define RECORD_BYTES_MAX (2 * 65536)

struct snapshot {
	struct buf pending;
	collect_record_fn *fn;
	void *ctx;
	uint64_t count;
};

/* Hand over every whole record, keep the rest. */
static int records_deliver(struct snapshot *snapshot, struct err *err)
{
	struct buf *pending = &snapshot->pending;
	size_t at = 0;

	while (pending->len - at >= sizeof(struct process_exec_event)) {
		uint8_t *record = pending->bytes + at;
		struct event_head head;
		int rc;

		memcpy(&head, record, sizeof(head));
		if (head.size < sizeof(struct process_exec_event) ||
		    head.size > RECORD_BYTES_MAX ||
		    head.stream != STREAM_PROCESS_SNAPSHOT)
			return err_set(err, ERR_DAMAGED, -EBADMSG,
				       "snapshot: not a record of ours");
		if (head.size > pending->len - at)
			break;
		head.seq = ++snapshot->count;
		memcpy(record, &head, sizeof(head));
		rc = snapshot->fn(snapshot->ctx, record, head.size, err);
		if (rc < 0)
			return rc;
		at += head.size;
	}
	memmove(pending->bytes, pending->bytes + at, pending->len - at);
	pending->len -= at;
	return 0;
}

static int iterator_read(struct snapshot *snapshot, int fd, struct err *err)
{
	for (;;) {
		uint8_t *room = buf_reserve(&snapshot->pending, READ_BYTES);
		ssize_t n;
		int rc;

		if (!room)
			return err_nomem(err);
		n = read(fd, room, READ_BYTES);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return err_set(err, ERR_MACHINE, -errno,
				       "cannot list the processes: %s",
				       strerror(errno));
		if (n == 0)
			break;
		snapshot->pending.len += (size_t)n;
		rc = records_deliver(snapshot, err);
		if (rc)
			return rc;
	}
	if (snapshot->pending.len)
		return err_set(err, ERR_DAMAGED, -EBADMSG,
			       "snapshot: the last record is cut");
	return 0;
}

int snapshot_read(struct bpf_program *iterator, collect_record_fn *fn,
		  void *ctx, uint64_t *ret_count, struct err *err)
{
	struct snapshot snapshot = { .fn = fn, .ctx = ctx };
	struct bpf_link *link;
	struct libbpf_log log;
	int fd = -1;
	int rc;

	libbpf_log_begin(&log);
	link = bpf_program__attach_iter(iterator, NULL);
	rc = link ? 0 : -errno;
	if (!rc) {
		fd = bpf_iter_create(bpf_link__fd(link));
		rc = fd < 0 ? -errno : 0;
	}
	libbpf_log_end();
	if (rc)
		libbpf_log_err(&log, rc, "cannot list the processes", err);
	else
		rc = iterator_read(&snapshot, fd, err);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	buf_release(&snapshot.pending);
	if (!rc)
		*ret_count = snapshot.count;
	return rc;
}
