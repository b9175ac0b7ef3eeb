// SPDX-License-Identifier: Apache-2.0
/*
 * The iterator's output is a stream of records, each head.size bytes long; a
 * read may end anywhere inside one. A parent that it does not list although a
 * child names it is taken from /proc: children must have a parent. What else
 * /proc lists and the iterator did not is counted: its exact start, hence its
 * identity, cannot be had there.
 */
#include "user/collect/snapshot.h"

#include "user/base/catalog.h"
#include "user/base/check.h"
#include "user/collect/libbpf_log.h"
#include "user/collect/proc_process.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define READ_BYTES 65536

/* No record is longer: its blobs are addressed with 16 bits. */
#define RECORD_BYTES_MAX (2 * 65536)

#define PIDS_MAX (1U << PID_KEY_SHIFT)

struct identity {
	uint64_t key;
	uint32_t pid;
	uint32_t pad;
};

struct snapshot {
	struct buf pending;
	struct buf listed;  /* struct identity, of each record */
	struct buf parents; /* struct identity, of each record's parent */
	collect_record_fn *fn;
	void *ctx;
	uint8_t *pids; /* a bit for each that a record has */
	uint64_t ts;   /* of all records */
	uint64_t count;
};

/* All of the snapshot have one source: its count is their order. */
static int record_deliver(struct snapshot *snapshot, uint8_t *record,
			  struct event_head *head, struct err *err)
{
	head->seq = ++snapshot->count;
	head->cpu = 0;
	if (head->pid < PIDS_MAX)
		snapshot->pids[head->pid / 8] |= (uint8_t)(1 << head->pid % 8);
	memcpy(record, head, sizeof(*head));
	return snapshot->fn(snapshot->ctx, record, head->size, err);
}

static int identities_keep(struct snapshot *snapshot,
			   const struct event_head *head, struct err *err)
{
	struct identity self = { .key = head->pid_key, .pid = head->pid };
	struct identity parent = { .key = head->parent_key, .pid = head->ppid };

	buf_put(&snapshot->listed, &self, sizeof(self));
	/* The first processes have no parent but the idle task. */
	if (head->ppid)
		buf_put(&snapshot->parents, &parent, sizeof(parent));
	if (snapshot->listed.failed || snapshot->parents.failed)
		return err_nomem(err);
	return 0;
}

/* Hand over every whole record, keep the rest. */
static int records_deliver(struct snapshot *snapshot, struct err *err)
{
	const size_t fixed =
		catalog_fixed_bytes(catalog_stream(STREAM_PROCESS_SNAPSHOT));
	struct buf *pending = &snapshot->pending;
	size_t at = 0;

	while (pending->len - at >= sizeof(struct event_head)) {
		uint8_t *record = pending->bytes + at;
		struct event_head head;
		int rc;

		memcpy(&head, record, sizeof(head));
		if (head.size < fixed || head.size > RECORD_BYTES_MAX ||
		    head.stream != STREAM_PROCESS_SNAPSHOT)
			return err_set(err, ERR_DAMAGED, -EBADMSG,
				       "snapshot: not a record of ours");
		if (head.size > pending->len - at)
			break;
		snapshot->ts = head.ts;
		rc = identities_keep(snapshot, &head, err);
		if (!rc)
			rc = record_deliver(snapshot, record, &head, err);
		if (rc < 0)
			return rc;
		at += head.size;
	}
	memmove(pending->bytes, pending->bytes + at, pending->len - at);
	pending->len -= at;
	return 0;
}

static int identity_compare(const void *a, const void *b)
{
	const struct identity *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static size_t identities_sort(struct buf *identities)
{
	size_t n = identities->len / sizeof(struct identity);

	if (n)
		qsort(identities->bytes, n, sizeof(struct identity),
		      identity_compare);
	return n;
}

static int parent_deliver(struct snapshot *snapshot,
			  const struct identity *parent, struct err *err)
{
	struct buf record = BUF_INIT;
	struct event_head head;
	int rc = 0;

	/* One that ended meanwhile is no parent any more. */
	if (!proc_process(parent->key, parent->pid, &record))
		return 0;
	if (record.failed) {
		rc = err_nomem(err);
	} else {
		memcpy(&head, record.bytes, sizeof(head));
		head.ts = snapshot->ts;
		rc = record_deliver(snapshot, record.bytes, &head, err);
	}
	buf_release(&record);
	return rc;
}

static int parents_deliver(struct snapshot *snapshot, struct err *err)
{
	size_t listed = identities_sort(&snapshot->listed);
	size_t parents = identities_sort(&snapshot->parents);
	const struct identity *parent = (const void *)snapshot->parents.bytes;

	for (size_t i = 0; i < parents; i++) {
		int rc;

		if ((i && parent[i].key == parent[i - 1].key) ||
		    bsearch(&parent[i], snapshot->listed.bytes, listed,
			    sizeof(*parent), identity_compare))
			continue;
		rc = parent_deliver(snapshot, &parent[i], err);
		if (rc < 0)
			return rc;
	}
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

/* Without /proc nothing is known to be missing. */
static uint64_t missing_count(const struct snapshot *snapshot)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	uint64_t missing = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		unsigned long pid = strtoul(entry->d_name, NULL, 10);

		if (!pid || pid >= PIDS_MAX ||
		    snapshot->pids[pid / 8] & 1 << pid % 8)
			continue;
		missing += proc_was_there((uint32_t)pid, snapshot->ts);
	}
	closedir(dir);
	return missing;
}

/* Run it once and hand over what it lists. */
static int iterator_run(struct snapshot *snapshot, struct bpf_program *iterator,
			struct err *err)
{
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
		rc = iterator_read(snapshot, fd, err);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return rc;
}

int snapshot_read(struct bpf_program *iterator, collect_record_fn *fn,
		  void *ctx, uint64_t *ret_count, uint64_t *ret_missing,
		  struct err *err)
{
	struct snapshot snapshot = { .fn = fn,
				     .ctx = ctx,
				     .pids = calloc(PIDS_MAX / 8, 1) };
	int rc = snapshot.pids ? iterator_run(&snapshot, iterator, err) :
				 err_nomem(err);

	if (!rc)
		rc = parents_deliver(&snapshot, err);
	if (!rc) {
		*ret_count = snapshot.count;
		*ret_missing = missing_count(&snapshot);
	}
	buf_release(&snapshot.pending);
	buf_release(&snapshot.listed);
	buf_release(&snapshot.parents);
	free(snapshot.pids);
	return rc;
}
