// SPDX-License-Identifier: Apache-2.0
/*
 * Loads only what a wanted stream needs: a program that is not loaded costs
 * nothing.
 */
#include "user/collect/generation.h"

#include "user/base/check.h"
#include "user/collect/libbpf_log.h"
#include "user/collect/path_set_maps.h"
#include "user/collect/stubs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define WAKEUP_FRACTION 4 /* wake the reader when a ring is a quarter full */

/* --- maps that are shared --------------------------------------------------*/

void shared_maps_release(struct shared_maps *shared)
{
	for (unsigned i = 0; i < shared->count; i++)
		close(shared->maps[i].fd);
	shared->count = 0;
}

int shared_map_fd(const struct shared_maps *shared, const char *name)
{
	for (unsigned i = 0; i < shared->count; i++)
		if (strcmp(shared->maps[i].name, name) == 0)
			return shared->maps[i].fd;
	return -1;
}

/* Before the load: what is there already is used. */
static int shared_maps_lend(const struct shared_maps *shared,
			    struct bpf_object *object)
{
	struct bpf_map *map;
	int rc = 0;

	bpf_object__for_each_map(map, object)
	{
		int fd = shared_map_fd(shared, bpf_map__name(map));

		if (fd >= 0 && !rc)
			rc = bpf_map__reuse_fd(map, fd);
	}
	return rc;
}

/* Of what is known of processes, only what a predicate tests. */
static int process_maps_choose(struct bpf_object *object,
			       const struct collect_settings *settings)
{
	const bool terms = settings->keeps_terms, keys = settings->keeps_keys;
	const struct {
		const char *name;
		bool wanted;
	} maps[] = {
		{ "process_term_bits", terms },
		{ "join_keys", keys },
		{ "join_closed", keys },
		{ "bits_full", terms || keys },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]) && !rc; i++) {
		struct bpf_map *map =
			bpf_object__find_map_by_name(object, maps[i].name);

		if (map)
			rc = bpf_map__set_autocreate(map, maps[i].wanted);
	}
	return rc;
}

/* After the load: what the object has made is kept. */
static int shared_maps_keep(struct shared_maps *shared,
			    const struct bpf_object *object,
			    bool (*is_shared)(const char *name),
			    struct err *err)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		const char *name = bpf_map__name(map);
		struct shared_map *kept = &shared->maps[shared->count];

		if (!is_shared(name) || !bpf_map__autocreate(map) ||
		    shared_map_fd(shared, name) >= 0)
			continue;
		CHECK(shared->count < SHARED_MAPS_MAX &&
		      strlen(name) < sizeof(kept->name));
		kept->fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
		if (kept->fd < 0)
			return err_set(err, ERR_MACHINE, -errno,
				       "cannot keep a kernel map: %s",
				       strerror(errno));
		strcpy(kept->name, name);
		shared->count++;
	}
	return 0;
}

/* --- one family's object ---------------------------------------------------*/

/* Switch on what is chosen, everything else off. */
static void programs_choose(struct generation *generation,
			    enum family_id family, const bool *chosen)
{
	struct bpf_object *object = generation->objects[family];
	struct bpf_program *program = NULL;
	size_t count;
	const struct handler *table = handlers(&count);

	while ((program = bpf_object__next_program(object, program)))
		bpf_program__set_autoload(program, false);
	for (size_t i = 0; i < count; i++) {
		if (table[i].family != family || !chosen[i])
			continue;
		program = bpf_object__find_program_by_name(object,
							   table[i].program);
		CHECK(program);
		bpf_program__set_autoload(program, true);
		generation->programs[i] = program;
	}
}

/* Where nothing is kept in it, it is as small as can be. */
static int captures_size(struct bpf_object *object, bool lsm)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, CAPTURE_MAP);

	return map && lsm ? bpf_map__set_max_entries(map, CAPTURE_ENTRIES) : 0;
}

static int maps_set(struct bpf_object *object, const struct family *family,
		    const struct generation_config *config, bool lsm,
		    const struct shared_maps *shared,
		    const struct shared_maps *own)
{
	const struct generation_ring *ring = &config->rings[family->ring];
	struct collect_settings settings = config->settings;
	struct bpf_map *map =
		bpf_object__find_map_by_name(object, COLLECT_SETTINGS_SECTION);
	int rc;

	CHECK(map && ring->fd >= 0);
	settings.wakeup_bytes = ring->size_bytes / WAKEUP_FRACTION;
	settings.lsm = lsm;
	rc = bpf_map__set_initial_value(map, &settings, sizeof(settings));
	CHECK(rc == 0);
	rc = captures_size(object, lsm);
	if (!rc && family->ring_map) {
		map = bpf_object__find_map_by_name(object, family->ring_map);
		CHECK(map);
		rc = bpf_map__reuse_fd(map, ring->fd);
	}
	if (!rc)
		rc = path_sets_give(object, config->path_sets,
				    config->path_set_count);
	if (!rc)
		rc = process_maps_choose(object, &settings);
	if (!rc)
		rc = shared_maps_lend(shared, object);
	return rc ? rc : shared_maps_lend(own, object);
}

static int object_open(const struct family *family,
		       const struct generation_config *config,
		       struct bpf_object **ret_object, struct err *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = family->name);
	struct buf linked = BUF_INIT;
	struct object_bytes elf;
	struct libbpf_log log;
	int rc = 0;

	elf.bytes = family->elf_bytes(&elf.len);
	if (config->generated.bytes && family->ring_map) {
		rc = object_link(&elf, &config->generated, &linked, err);
		elf = (struct object_bytes){ linked.bytes, linked.len };
	}
	if (!rc) {
		libbpf_log_begin(&log);
		*ret_object = bpf_object__open_mem(elf.bytes, elf.len, &opts);
		libbpf_log_end();
		if (!*ret_object)
			rc = libbpf_log_err(&log, -errno,
					    "cannot open the kernel programs",
					    err);
	}
	buf_release(&linked);
	return rc;
}

static int object_load(struct generation *generation, enum family_id id,
		       const struct generation_config *config, bool lsm,
		       const bool *chosen, struct shared_maps *shared,
		       struct err *err)
{
	const struct family *family = handler_family(id);
	struct libbpf_log log;
	int rc = object_open(family, config, &generation->objects[id], err);

	if (rc)
		return rc;
	programs_choose(generation, id, chosen);
	libbpf_log_begin(&log);
	rc = maps_set(generation->objects[id], family, config, lsm, shared,
		      &generation->maps);
	if (!rc)
		rc = bpf_object__load(generation->objects[id]);
	libbpf_log_end();
	if (rc) {
		char what[64];

		snprintf(what, sizeof(what),
			 "the kernel refused the %s programs", family->name);
		return libbpf_log_err(&log, rc, what, err);
	}
	rc = shared_maps_keep(shared, generation->objects[id],
			      handler_map_is_shared, err);
	return rc ? rc :
		    shared_maps_keep(&generation->maps, generation->objects[id],
				     handler_map_is_of_generation, err);
}

/* --- all of them -----------------------------------------------------------*/

static bool family_is_chosen(enum family_id id, const bool *chosen)
{
	size_t count;
	const struct handler *table = handlers(&count);

	for (size_t i = 0; i < count; i++)
		if (table[i].family == id && chosen[i])
			return true;
	return false;
}

int generation_load(const struct generation_config *config,
		    const struct kernel_offer *offer,
		    struct shared_maps *shared,
		    struct generation **ret_generation, struct err *err)
{
	struct generation *generation = calloc(1, sizeof(*generation));
	bool chosen[HANDLERS_MAX];
	size_t count;
	const struct handler *table = handlers(&count);
	int rc;

	if (!generation)
		return err_nomem(err);
	CHECK(count <= HANDLERS_MAX);
	generation->streams = config->streams;
	rc = handlers_choose(offer, config->streams, chosen, err);
	for (size_t i = 0; i < count && !rc; i++)
		if (table[i].needed && !table[i].needed(&config->settings))
			chosen[i] = false;
	for (unsigned i = 0; i < FAMILY_COUNT && !rc; i++)
		if (family_is_chosen(i, chosen))
			rc = object_load(generation, i, config, offer->lsm,
					 chosen, shared, err);
	if (rc) {
		generation_free(generation);
		return rc;
	}
	*ret_generation = generation;
	return 0;
}

struct generation *generation_free(struct generation *generation)
{
	if (!generation)
		return NULL;
	generation_detach(generation);
	for (unsigned i = 0; i < FAMILY_COUNT; i++)
		bpf_object__close(generation->objects[i]);
	shared_maps_release(&generation->maps);
	free(generation);
	return NULL;
}

/* --- handlers that no stub calls -------------------------------------------*/

/* Takes the link of the same handler of the generation before, if it can. */
static bool link_take_over(struct generation *generation,
			   struct generation *before, size_t i)
{
	if (!before || !before->links[i] ||
	    bpf_link__update_program(before->links[i], generation->programs[i]))
		return false;
	generation->links[i] = before->links[i];
	before->links[i] = NULL;
	return true;
}

static int direct_attach(struct generation *generation,
			 struct generation *before,
			 const struct kernel_offer *offer, size_t i,
			 const struct handler *handler, struct err *err)
{
	struct bpf_program *program = generation->programs[i];
	char what[128];
	struct libbpf_log log;
	int rc = 0;

	libbpf_log_begin(&log);
	if (handler->kind == HANDLER_LSM)
		generation->links[i] = bpf_program__attach(program);
	else if (!link_take_over(generation, before, i))
		generation->links[i] =
			bpf_program__attach_cgroup(program, offer->cgroup_fd);
	if (!generation->links[i])
		rc = -errno;
	libbpf_log_end();
	if (!rc || handler->optional)
		return 0;
	snprintf(what, sizeof(what), "cannot attach %s", handler->program);
	return libbpf_log_err(&log, rc, what, err);
}

int generation_attach(struct generation *generation, struct generation *before,
		      const struct kernel_offer *offer, struct err *err)
{
	size_t count;
	const struct handler *table = handlers(&count);
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++)
		if (generation->programs[i] &&
		    (table[i].kind == HANDLER_LSM ||
		     table[i].kind == HANDLER_CGROUP))
			rc = direct_attach(generation, before, offer, i,
					   &table[i], err);
	return rc;
}

void generation_give_back(struct generation *generation,
			  struct generation *before)
{
	size_t count;
	const struct handler *table = handlers(&count);

	for (size_t i = 0; before && i < count; i++) {
		if (table[i].kind != HANDLER_CGROUP || !generation->links[i] ||
		    !before->programs[i] || before->links[i])
			continue;
		/* It replaced that very program a moment ago. */
		bpf_link__update_program(generation->links[i],
					 before->programs[i]);
		before->links[i] = generation->links[i];
		generation->links[i] = NULL;
	}
	generation_detach(generation);
}

void generation_detach(struct generation *generation)
{
	for (size_t i = 0; i < HANDLERS_MAX; i++) {
		bpf_link__destroy(generation->links[i]);
		generation->links[i] = NULL;
	}
}

static uint32_t hooks_of(const struct generation *generation, uint64_t streams)
{
	uint32_t hooks = 0;
	size_t count;
	const struct handler *table = handlers(&count);

	for (size_t i = 0; i < count; i++)
		if (generation->programs[i] && table[i].kind == HANDLER_SLOT &&
		    table[i].streams & streams)
			hooks |= HOOK_BIT(table[i].hook);
	return hooks;
}

uint32_t generation_hooks(const struct generation *generation)
{
	return hooks_of(generation, ~0ULL);
}

uint32_t generation_stream_hooks(const struct generation *generation,
				 enum stream_id stream)
{
	return hooks_of(generation, HANDLER_STREAM(stream));
}
