// SPDX-License-Identifier: Apache-2.0
/*
 * The collector: two rings, one set of counters, the programs that fill them.
 * Lifecycle records have a ring of their own, so that a flood of file events
 * never starves the process table.
 */
#include "user/collect/collect_int.h"

#include "user/collect/libbpf_log.h"
#include "user/collect/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/membarrier.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define RING_BYTES_DEFAULT (8U << 20)
#define RING_BYTES_MAX (1U << 30)
#define PID_NAMESPACE_HOST 0xEFFFFFFCU /* PROC_PID_INIT_INO */

int64_t collect_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000000LL + t.tv_nsec;
}

int64_t collect_clock_offset_ns(void)
{
	struct timespec real;
	int64_t before = collect_now_ns();
	int64_t after;

	clock_gettime(CLOCK_REALTIME, &real);
	after = collect_now_ns();
	return (int64_t)real.tv_sec * 1000000000LL + real.tv_nsec -
	       (before + (after - before) / 2);
}

/* Pids are the host's everywhere, ours must be too. */
static int namespace_check(struct err *err)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st))
		return err_set(err, ERR_MACHINE, -errno,
			       "/proc/self/ns/pid: %s", strerror(errno));
	if (st.st_ino != PID_NAMESPACE_HOST)
		return err_set(err, ERR_MACHINE, -EPERM,
			       "this is not the host's pid namespace: a "
			       "container needs it (--pid=host)");
	return 0;
}

static int ring_size(uint32_t asked, uint32_t *ret_size, struct err *err)
{
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	uint32_t size = asked ? asked : RING_BYTES_DEFAULT;

	if (size < page || size > RING_BYTES_MAX || (size & (size - 1)))
		return err_set(err, ERR_USAGE, -EINVAL,
			       "a ring buffer's size must be a power of two "
			       "from %u to %u bytes, not %u",
			       page, RING_BYTES_MAX, size);
	*ret_size = size;
	return 0;
}

static int map_make(enum bpf_map_type type, const char *name,
		    uint32_t key_bytes, uint32_t value_bytes, uint32_t entries,
		    int *ret_fd, struct err *err)
{
	struct libbpf_log log;
	int fd;

	libbpf_log_begin(&log);
	fd = bpf_map_create(type, name, key_bytes, value_bytes, entries, NULL);
	libbpf_log_end();
	if (fd < 0)
		return libbpf_log_err(&log, -errno, "cannot make a kernel map",
				      err);
	*ret_fd = fd;
	return 0;
}

static int ring_open(struct ring *ring, const char *name, uint32_t bytes,
		     struct err *err)
{
	uint32_t size = 0;
	int rc = ring_size(bytes, &size, err);

	if (!rc)
		rc = map_make(BPF_MAP_TYPE_RINGBUF, name, 0, 0, size, &ring->fd,
			      err);
	if (!rc)
		rc = ring_reader_init(&ring->reader, ring->fd, size, err);
	return rc;
}

static bool events_wanted(const struct collect_request *request)
{
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++)
		if (!STREAM_IS_LIFECYCLE(s) && request->streams[s])
			return true;
	return false;
}

static int maps_open(struct collector *collector,
		     const struct collect_request *request, struct err *err)
{
	struct ring *rings = collector->rings;
	int cpus = libbpf_num_possible_cpus();
	int rc;

	if (cpus < 1)
		return err_set(err, ERR_MACHINE, cpus,
			       "cannot count the CPUs: %s", strerror(-cpus));
	collector->cpu_count = (unsigned)cpus;
	rings[RING_LIFECYCLE].lifecycle = true;
	rc = ring_open(&rings[RING_LIFECYCLE], "lifecycle_ring",
		       request->lifecycle_ring_bytes, err);
	if (!rc && events_wanted(request))
		rc = ring_open(&rings[RING_EVENT], "event_ring",
			       request->event_ring_bytes, err);
	if (!rc)
		rc = map_make(BPF_MAP_TYPE_PERCPU_ARRAY, "counters",
			      sizeof(uint32_t), sizeof(struct event_counters),
			      STREAM_COUNT, &collector->counters_fd, err);
	return rc;
}

static int programs_start(struct collector *collector,
			  const struct collect_request *request,
			  struct err *err)
{
	const struct ring *lifecycle = &collector->rings[RING_LIFECYCLE];
	const struct ring *event = &collector->rings[RING_EVENT];
	struct programs_config config = {
		.streams = request->streams,
		.generated = { request->object, request->object_bytes },
		.lifecycle_ring = { lifecycle->fd,
				    lifecycle->reader.size_bytes },
		.event_ring = { event->fd, event->reader.size_bytes },
		.counters_fd = collector->counters_fd,
		.self_tgid = request->watch_self ? 0 : (uint32_t)getpid(),
		/* Before any live record: the table is there for all. */
		.snapshot_ts = (uint64_t)collect_now_ns(),
	};
	int rc = programs_load(&collector->programs, &config, err);

	if (!rc)
		rc = programs_attach(&collector->programs, err);
	return rc;
}

int collector_open(const struct collect_request *request,
		   struct collector **ret_collector, struct err *err)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int rc;

	if (!collector)
		return err_nomem(err);
	collector->counters_fd = -1;
	for (unsigned i = 0; i < RING_COUNT; i++)
		collector->rings[i].fd = -1;
	rc = namespace_check(err);
	if (!rc)
		rc = maps_open(collector, request, err);
	if (!rc)
		rc = programs_start(collector, request, err);
	if (rc) {
		collector_close(collector);
		return rc;
	}
	*ret_collector = collector;
	return 0;
}

/*
 * A program that began before its detachment may still run on another CPU. It
 * cannot be preempted, so one RCU grace period, which the global membarrier
 * waits for, outlasts it.
 */
void collector_detach(struct collector *collector)
{
	programs_detach(&collector->programs);
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

struct collector *collector_close(struct collector *collector)
{
	if (!collector)
		return NULL;
	programs_release(&collector->programs);
	for (unsigned i = 0; i < RING_COUNT; i++) {
		ring_reader_release(&collector->rings[i].reader);
		if (collector->rings[i].fd >= 0)
			close(collector->rings[i].fd);
	}
	if (collector->counters_fd >= 0)
		close(collector->counters_fd);
	free(collector);
	return NULL;
}

int collector_snapshot(struct collector *collector, collect_record_fn *fn,
		       void *ctx, struct err *err)
{
	uint64_t count;
	int rc;

	rc = snapshot_read(
		collector->programs.by_stream[STREAM_PROCESS_SNAPSHOT], fn, ctx,
		&count, err);
	if (!rc)
		collector->delivered[STREAM_PROCESS_SNAPSHOT] += count;
	return rc;
}

unsigned collector_fds(const struct collector *collector, int *ret_fds,
		       unsigned max)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RING_COUNT && n < max; i++)
		if (collector->rings[i].fd >= 0)
			ret_fds[n++] = collector->rings[i].fd;
	return n;
}

uint64_t collector_held(const struct collector *collector)
{
	return collector->held;
}

void collector_describe(const struct collector *collector, struct buf *out)
{
	programs_describe(&collector->programs, out);
}
