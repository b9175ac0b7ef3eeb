// SPDX-License-Identifier: Apache-2.0
/*
 * The collector: the rings, and the programs that fill them.
 */
#include "user/collect/collect_int.h"

#include "user/base/catalog.h"
#include "user/collect/containers_mounts.h"
#include "user/collect/libbpf_log.h"
#include "user/collect/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static int ring_open(struct ring *ring, const char *name, uint32_t bytes,
		     struct err *err)
{
	struct libbpf_log log;
	uint32_t size = 0;
	int rc = ring_size(bytes, &size, err);

	if (rc)
		return rc;
	libbpf_log_begin(&log);
	ring->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, name, 0, 0, size, NULL);
	libbpf_log_end();
	if (ring->fd < 0)
		return libbpf_log_err(&log, -errno, "cannot make a kernel map",
				      err);
	return ring_reader_init(&ring->reader, ring->fd, size, err);
}

/* Lifecycle and snapshot build the process table: always. */
static uint64_t streams_wanted(const struct collect_request *request)
{
	uint64_t streams = HANDLER_STREAM(STREAM_PROCESS_SNAPSHOT);

	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++)
		if (request->streams[s] ||
		    (STREAM_IS_ALWAYS(s) && catalog_hook(s)))
			streams |= HANDLER_STREAM(s);
	return streams;
}

static bool ring_wanted(enum ring_class ring, uint64_t streams)
{
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		if (streams & HANDLER_STREAM(s) && stream_ring(s) == ring)
			return true;
	return false;
}

/* Those that are wanted and not open yet. */
static int rings_open(struct collector *collector,
		      const struct collect_request *request, struct err *err)
{
	static const char *const names[RING_COUNT] = {
		[RING_LIFECYCLE] = "lifecycle_ring",
		[RING_FILE] = "file_ring",
		[RING_NETWORK] = "network_ring",
		[RING_SYSTEM] = "system_ring",
	};
	uint64_t streams = streams_wanted(request);
	int rc = 0;

	for (unsigned i = 0; i < RING_COUNT && !rc; i++) {
		uint32_t bytes = i == RING_LIFECYCLE ?
					 request->lifecycle_ring_bytes :
					 request->event_ring_bytes;

		if (collector->rings[i].fd < 0 && ring_wanted(i, streams))
			rc = ring_open(&collector->rings[i], names[i], bytes,
				       err);
	}
	return rc;
}

static void column_need(struct collect_settings *settings,
			enum stream_id stream, unsigned column)
{
	settings->columns[stream][column / 64] |= 1ULL << column % 64;
}

/*
 * What any stream tells of a process comes from the process table, hence from
 * the records that build it. The environment is there for who comes later, too;
 * a directory only while each change of it is seen: else it would be wrong.
 */
static void table_columns(const struct collect_columns *columns,
			  struct collect_settings *settings)
{
	bool cwd = settings->wanted[STREAM_PROCESS_CHDIR];

	for (unsigned s = 0; s < STREAM_COUNT; s++)
		cwd |= COLUMN_IN(columns->read[s], COL_cwd) |
		       COLUMN_IN(columns->read[s], COL_parent_cwd);
	column_need(settings, STREAM_PROCESS_EXEC, COL_PROCESS_EXEC_exec_env);
	column_need(settings, STREAM_PROCESS_SNAPSHOT,
		    COL_PROCESS_SNAPSHOT_exec_env);
	if (!cwd)
		return;
	column_need(settings, STREAM_PROCESS_EXEC, COL_PROCESS_EXEC_exec_cwd);
	column_need(settings, STREAM_PROCESS_SNAPSHOT,
		    COL_PROCESS_SNAPSHOT_exec_cwd);
}

static void processes_fill(const struct collect_processes *processes,
			   struct collect_settings *settings)
{
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		if (!settings->wanted[s])
			continue;
		settings->tests_process[s] = processes->tests_terms[s];
		settings->tests_slots[s] = processes->tests_slots[s];
		settings->needs_terms[s] = processes->needs_terms[s];
		settings->keeps_terms |= processes->tests_terms[s] != 0;
		settings->keeps_keys |= processes->tests_slots[s] != 0;
	}
	for (unsigned i = 0; i < processes->slot_count; i++)
		settings->join_ns[i] = (uint64_t)processes->slot_ns[i];
}

/* What the kernel programs are told of each stream. */
static void settings_fill(const struct collect_request *request,
			  struct collect_settings *settings)
{
	const struct collect_columns *columns = request->columns;
	uint64_t streams = streams_wanted(request);

	for (unsigned s = 0; s < STREAM_COUNT; s++)
		settings->wanted[s] = (streams & HANDLER_STREAM(s)) != 0;
	if (request->processes)
		processes_fill(request->processes, settings);
	if (!columns) {
		memset(settings->columns, 0xff, sizeof(settings->columns));
		memset(settings->predicate_columns, 0xff,
		       sizeof(settings->predicate_columns));
		return;
	}
	memcpy(settings->failed, columns->failed, sizeof(settings->failed));
	memcpy(settings->columns, columns->read, sizeof(settings->columns));
	memcpy(settings->predicate_columns, columns->tested,
	       sizeof(settings->predicate_columns));
	table_columns(columns, settings);
}

static uint32_t controller_in_use(void)
{
	struct cgroup_mounts mounts;

	cgroup_mounts_here(&mounts);
	return mounts.controller;
}

static int programs_run(struct collector *collector,
			const struct collect_request *request, struct err *err)
{
	struct generation_config config = {
		.streams = streams_wanted(request),
		.generated = { request->object, request->object_bytes },
		.path_sets = request->path_sets,
		.path_set_count = request->path_set_count,
		.settings = {
			.self_tgid = request->watch_self ? 0 :
							   (uint32_t)getpid(),
			/* Before any live record: the table is there for all. */
			.snapshot_ts = (uint64_t)collect_now_ns(),
			.generation = ++collector->generations,
			.throttle_step_ns =
				request->throttle ?
					1000000000ULL / request->throttle :
					0,
			.cgroup_controller = controller_in_use(),
		},
	};

	int rc;

	settings_fill(request, &config.settings);
	for (unsigned i = 0; i < RING_COUNT; i++)
		config.rings[i] = (struct generation_ring){
			.fd = collector->rings[i].fd,
			.size_bytes = collector->rings[i].reader.size_bytes,
		};
	rc = programs_start(&collector->programs, &config, err);
	if (rc)
		return rc;
	collector->generation = config.settings.generation;
	collector->streams = config.streams;
	slots_begin(collector, request);
	return 0;
}

void collector_init(struct collector *collector)
{
	*collector = (struct collector){ 0 };
	for (unsigned i = 0; i < RING_COUNT; i++)
		collector->rings[i].fd = -1;
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		collector->ring_of[s] = (uint8_t)stream_ring(s);
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		collector->fixed_bytes[s] =
			(uint32_t)catalog_fixed_bytes(catalog_stream(s));
}

int collector_open(const struct collect_request *request,
		   struct collector **ret_collector, struct err *err)
{
	struct collector *collector = malloc(sizeof(*collector));
	int cpus = libbpf_num_possible_cpus();
	int rc;

	if (!collector)
		return err_nomem(err);
	collector_init(collector);
	if (cpus < 1)
		rc = err_set(err, ERR_MACHINE, cpus,
			     "cannot count the CPUs: %s", strerror(-cpus));
	else
		rc = namespace_check(err);
	collector->cpu_count = (unsigned)cpus;
	if (!rc)
		rc = losses_init(collector, err);
	if (!rc)
		rc = rings_open(collector, request, err);
	if (!rc)
		rc = programs_run(collector, request, err);
	if (rc) {
		collector_close(collector);
		return rc;
	}
	*ret_collector = collector;
	return 0;
}

int collector_reload(struct collector *collector,
		     const struct collect_request *request, struct err *err)
{
	int rc = rings_open(collector, request, err);

	return rc ? rc : programs_run(collector, request, err);
}

uint32_t collector_generation(const struct collector *collector)
{
	return collector->generation;
}

void collector_detach(struct collector *collector)
{
	programs_detach(&collector->programs);
}

struct collector *collector_close(struct collector *collector)
{
	if (!collector)
		return NULL;
	programs_release(&collector->programs);
	losses_release(collector);
	for (unsigned i = 0; i < RING_COUNT; i++) {
		ring_reader_release(&collector->rings[i].reader);
		if (collector->rings[i].fd >= 0)
			close(collector->rings[i].fd);
	}
	free(collector);
	return NULL;
}

int collector_snapshot(struct collector *collector, collect_record_fn *fn,
		       void *ctx, struct err *err)
{
	uint64_t count, missing;
	int rc;

	rc = snapshot_read(programs_iterator(&collector->programs,
					     STREAM_PROCESS_SNAPSHOT),
			   fn, ctx, &count, &missing, err);
	if (rc)
		return rc;
	collector->delivered[STREAM_PROCESS_SNAPSHOT] += count;
	collector->unlisted += missing;
	return 0;
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
