// SPDX-License-Identifier: Apache-2.0
/*
 * Loads only what a wanted stream needs: a program that is not loaded costs
 * nothing, and sys_exit would cost something on every system call of the host.
 */
#include "user/collect/programs.h"

#include "bpf/settings.h"
#include "user/base/catalog.h"
#include "user/base/check.h"
#include "user/collect/libbpf_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "file.skel.h"
#include "network.skel.h"
#include "process.skel.h"

#define WAKEUP_FRACTION 4 /* wake the reader when a ring is a quarter full */

typedef const void *elf_bytes_fn(size_t *ret_len);

struct object_spec {
	const char *name;
	elf_bytes_fn *elf_bytes;
	bool filters; /* declares predicates */
};

enum { OBJECT_PROCESS, OBJECT_NETWORK, OBJECT_FILE };

static const struct object_spec object_specs[PROGRAM_OBJECTS_MAX] = {
	[OBJECT_PROCESS] = { "process", process_bpf__elf_bytes, false },
	[OBJECT_NETWORK] = { "network", network_bpf__elf_bytes, true },
	[OBJECT_FILE] = { "file", file_bpf__elf_bytes, true },
};

/* Does process_exit fit this kernel, or process_exit_live? */
enum exit_variant { EXIT_ANY, EXIT_GROUP_DEAD, EXIT_LIVE };

struct program_spec {
	const char *name;
	enum stream_id stream;
	unsigned object;
	enum exit_variant variant;
};

static const struct program_spec program_specs[] = {
	{ "process_exec", STREAM_PROCESS_EXEC, OBJECT_PROCESS, EXIT_ANY },
	{ "process_fork", STREAM_PROCESS_FORK, OBJECT_PROCESS, EXIT_ANY },
	{ "process_exit", STREAM_PROCESS_EXIT, OBJECT_PROCESS,
	  EXIT_GROUP_DEAD },
	{ "process_exit_live", STREAM_PROCESS_EXIT, OBJECT_PROCESS, EXIT_LIVE },
	{ "process_snapshot", STREAM_PROCESS_SNAPSHOT, OBJECT_PROCESS,
	  EXIT_ANY },
	{ "network_connect", STREAM_NETWORK_CONNECT, OBJECT_NETWORK, EXIT_ANY },
	{ "file_open", STREAM_FILE_OPEN, OBJECT_FILE, EXIT_ANY },
};

/* Lifecycle and snapshot build the process table: always. */
static bool stream_wanted(const struct programs_config *config,
			  enum stream_id stream)
{
	return (STREAM_IS_ALWAYS(stream) && catalog_hook(stream)) ||
	       stream == STREAM_PROCESS_SNAPSHOT || config->streams[stream];
}

static const struct btf_type *hook_type(const struct btf *kernel,
					const char *tracepoint)
{
	char name[128];
	const struct btf_type *type;
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = btf__find_by_name_kind(kernel, name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return NULL;
	type = btf__type_by_id(kernel, btf__type_by_id(kernel, id)->type);
	return type ? btf__type_by_id(kernel, type->type) : NULL;
}

/* The hook's first parameter is the tracepoint's own, then (task, last?). */
static enum exit_variant exit_variant_of(const struct btf *kernel)
{
	const struct btf_type *proto = hook_type(kernel, "sched_process_exit");

	return proto && btf_vlen(proto) >= 3 ? EXIT_GROUP_DEAD : EXIT_LIVE;
}

/* libbpf would say ESRCH; a person wants to know which stream is out. */
static int hook_check(const struct btf *kernel, const struct program_spec *spec,
		      const struct bpf_program *program, struct err *err)
{
	const char *section = bpf_program__section_name(program);
	const char *slash = strchr(section, '/');

	if (strncmp(section, "tp_btf/", 7) != 0 || hook_type(kernel, slash + 1))
		return 0;
	return err_set(err, ERR_MACHINE, -ENOENT,
		       "this kernel has no tracepoint %s, which %s needs",
		       slash + 1, catalog_stream(spec->stream)->name);
}

/* Switch on what is wanted, everything else off. */
static int programs_choose(struct programs *programs, unsigned object,
			   const struct programs_config *config,
			   const struct btf *kernel, struct err *err)
{
	enum exit_variant variant = exit_variant_of(kernel);

	for (size_t i = 0; i < ARRAY_SIZE(program_specs); i++) {
		const struct program_spec *spec = &program_specs[i];
		struct bpf_program *program;
		bool wanted;
		int rc;

		if (spec->object != object)
			continue;
		program = bpf_object__find_program_by_name(
			programs->objects[object], spec->name);
		CHECK(program);
		wanted =
			stream_wanted(config, spec->stream) &&
			(spec->variant == EXIT_ANY || spec->variant == variant);
		bpf_program__set_autoload(program, wanted);
		if (!wanted)
			continue;
		rc = hook_check(kernel, spec, program, err);
		if (rc)
			return rc;
		programs->by_stream[spec->stream] = program;
	}
	return 0;
}

static int map_share(struct bpf_object *object, const char *name, int fd)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	CHECK(map && fd >= 0);
	return bpf_map__reuse_fd(map, fd);
}

/* Lifecycle has a ring of its own, what predicates filter shares the other. */
static int maps_set(struct bpf_object *object, bool filters,
		    const struct programs_config *config)
{
	const struct programs_ring *ring =
		filters ? &config->event_ring : &config->lifecycle_ring;
	struct collect_settings settings = {
		.snapshot_ts = config->snapshot_ts,
		.wakeup_bytes = ring->size_bytes / WAKEUP_FRACTION,
		.self_tgid = config->self_tgid,
	};
	struct bpf_map *map =
		bpf_object__find_map_by_name(object, COLLECT_SETTINGS_SECTION);
	int rc;

	CHECK(map);
	rc = bpf_map__set_initial_value(map, &settings, sizeof(settings));
	CHECK(rc == 0);
	rc = map_share(object, filters ? "event_ring" : "lifecycle_ring",
		       ring->fd);
	if (!rc)
		rc = map_share(object, "counters", config->counters_fd);
	return rc;
}

static int object_open(struct programs *programs, unsigned index,
		       const struct object_bytes *elf, struct libbpf_log *log,
		       struct err *err)
{
	const struct object_spec *spec = &object_specs[index];
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = spec->name);
	struct bpf_object *object;

	libbpf_log_begin(log);
	object = bpf_object__open_mem(elf->bytes, elf->len, &opts);
	libbpf_log_end();
	if (!object)
		return libbpf_log_err(log, -errno,
				      "cannot open the kernel programs", err);
	programs->objects[index] = object;
	return 0;
}

static int object_load(struct programs *programs, unsigned index,
		       const struct programs_config *config,
		       const struct btf *kernel, struct err *err)
{
	const struct object_spec *spec = &object_specs[index];
	struct buf linked = BUF_INIT;
	struct libbpf_log log;
	struct object_bytes elf;
	int rc = 0;

	elf.bytes = spec->elf_bytes(&elf.len);
	if (spec->filters && config->generated.bytes) {
		rc = object_link(&elf, &config->generated, &linked, err);
		elf = (struct object_bytes){ linked.bytes, linked.len };
	}
	if (!rc)
		rc = object_open(programs, index, &elf, &log, err);
	buf_release(&linked);
	if (!rc)
		rc = programs_choose(programs, index, config, kernel, err);
	if (rc)
		return rc;
	libbpf_log_begin(&log);
	rc = maps_set(programs->objects[index], spec->filters, config);
	if (!rc)
		rc = bpf_object__load(programs->objects[index]);
	libbpf_log_end();
	if (rc) {
		char what[64];

		snprintf(what, sizeof(what),
			 "the kernel refused the %s programs", spec->name);
		return libbpf_log_err(&log, rc, what, err);
	}
	return 0;
}

/* A stream without a program: refused here, or its rules would never match. */
static int streams_check(const struct programs_config *config, struct err *err)
{
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++)
		if (config->streams[s] && !catalog_hook(s))
			return err_set(err, ERR_MACHINE, -ENOENT,
				       "nothing on this kernel gives %s",
				       catalog_stream(s)->name);
	return 0;
}

static bool object_wanted(const struct programs_config *config, unsigned index)
{
	for (size_t i = 0; i < ARRAY_SIZE(program_specs); i++)
		if (program_specs[i].object == index &&
		    stream_wanted(config, program_specs[i].stream))
			return true;
	return false;
}

int programs_load(struct programs *programs,
		  const struct programs_config *config, struct err *err)
{
	struct libbpf_log log;
	struct btf *kernel;
	int rc = streams_check(config, err);

	if (rc)
		return rc;
	*programs = (struct programs){ 0 };
	libbpf_log_begin(&log);
	kernel = btf__load_vmlinux_btf();
	libbpf_log_end();
	if (!kernel)
		return libbpf_log_err(&log, -errno,
				      "this kernel does not describe its types "
				      "(/sys/kernel/btf/vmlinux, "
				      "CONFIG_DEBUG_INFO_BTF)",
				      err);
	for (unsigned i = 0; i < PROGRAM_OBJECTS_MAX && !rc; i++)
		if (object_wanted(config, i))
			rc = object_load(programs, i, config, kernel, err);
	btf__free(kernel);
	if (rc)
		programs_release(programs);
	return rc;
}

int programs_attach(struct programs *programs, struct err *err)
{
	struct libbpf_log log;

	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		char what[64];

		/* The iterator is attached when it is run. */
		if (!programs->by_stream[s] || s == STREAM_PROCESS_SNAPSHOT)
			continue;
		libbpf_log_begin(&log);
		programs->links[s] =
			bpf_program__attach(programs->by_stream[s]);
		libbpf_log_end();
		if (programs->links[s])
			continue;
		snprintf(what, sizeof(what), "cannot attach the program of %s",
			 catalog_stream(s)->name);
		return libbpf_log_err(&log, -errno, what, err);
	}
	return 0;
}

void programs_detach(struct programs *programs)
{
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		bpf_link__destroy(programs->links[s]);
		programs->links[s] = NULL;
	}
}

void programs_release(struct programs *programs)
{
	programs_detach(programs);
	for (unsigned i = 0; i < PROGRAM_OBJECTS_MAX; i++)
		bpf_object__close(programs->objects[i]);
	*programs = (struct programs){ 0 };
}

/* All zero when the stream has no program. */
static int program_info(const struct programs *programs, enum stream_id stream,
			struct bpf_prog_info *ret_info, struct err *err)
{
	__u32 len = sizeof(*ret_info);
	int fd;

	memset(ret_info, 0, sizeof(*ret_info));
	if (!programs->by_stream[stream])
		return 0;
	fd = bpf_program__fd(programs->by_stream[stream]);
	if (bpf_obj_get_info_by_fd(fd, ret_info, &len))
		return err_set(err, ERR_MACHINE, -errno,
			       "cannot read a program's counters: %s",
			       strerror(errno));
	return 0;
}

int programs_runs(const struct programs *programs, enum stream_id stream,
		  uint64_t *ret_runs, struct err *err)
{
	struct bpf_prog_info info;
	int rc = program_info(programs, stream, &info, err);

	if (!rc)
		*ret_runs = info.run_cnt;
	return rc;
}

int programs_missed(const struct programs *programs, enum stream_id stream,
		    uint64_t *ret_missed, struct err *err)
{
	struct bpf_prog_info info;
	int rc = program_info(programs, stream, &info, err);

	if (!rc)
		*ret_missed = info.recursion_misses;
	return rc;
}

void programs_describe(const struct programs *programs, struct buf *out)
{
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		const struct bpf_program *program = programs->by_stream[s];

		if (programs->links[s])
			buf_printf(out, "  %-16s from %s\n",
				   catalog_stream(s)->name,
				   bpf_program__section_name(program));
	}
}
