// SPDX-License-Identifier: Apache-2.0
/*
 * A loaded object takes no more programs. So when a later set of rules needs
 * another hook, one more object is made of the same bytes, with the new stubs
 * only: the old ones stay attached meanwhile.
 */
#include "user/collect/stubs.h"

#include "user/base/check.h"
#include "user/collect/libbpf_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "hooks.skel.h"

#define NAME_BYTES 64

static struct bpf_program *stub_program(struct bpf_object *object,
					enum hook_id hook)
{
	char name[NAME_BYTES];
	struct bpf_program *program;

	snprintf(name, sizeof(name), "hook_%s", hook_name(hook));
	program = bpf_object__find_program_by_name(object, name);
	CHECK(program);
	return program;
}

static struct bpf_map *stub_slots(struct bpf_object *object, enum hook_id hook)
{
	char name[NAME_BYTES];
	struct bpf_map *map;

	snprintf(name, sizeof(name), "slots_%s", hook_name(hook));
	map = bpf_object__find_map_by_name(object, name);
	CHECK(map);
	return map;
}

static int object_load(struct bpf_object *object, uint32_t hooks,
		       struct err *err)
{
	struct libbpf_log log;
	int rc = 0;

	libbpf_log_begin(&log);
	for (unsigned i = 0; i < HOOK_COUNT && !rc; i++) {
		bool wanted = hooks & HOOK_BIT(i);

		rc = bpf_program__set_autoload(stub_program(object, i), wanted);
		if (!rc)
			rc = bpf_map__set_autocreate(stub_slots(object, i),
						     wanted);
	}
	if (!rc)
		rc = bpf_object__load(object);
	libbpf_log_end();
	if (rc)
		return libbpf_log_err(&log, rc,
				      "the kernel refused the hooks' programs",
				      err);
	return 0;
}

static int object_open(struct bpf_object **ret_object, struct err *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "hooks");
	struct libbpf_log log;
	size_t len;
	const void *bytes = hooks_bpf__elf_bytes(&len);

	libbpf_log_begin(&log);
	*ret_object = bpf_object__open_mem(bytes, len, &opts);
	libbpf_log_end();
	if (!*ret_object)
		return libbpf_log_err(&log, -errno,
				      "cannot open the hooks' programs", err);
	return 0;
}

int stubs_load(struct stubs *stubs, uint32_t hooks, struct err *err)
{
	struct bpf_object *object;
	int rc;

	for (unsigned i = 0; i < HOOK_COUNT; i++)
		if (stubs->by_hook[i].program)
			hooks &= ~HOOK_BIT(i);
	if (!hooks)
		return 0;
	/* Each object has at least one stub that no other has. */
	CHECK(stubs->object_count < HOOK_COUNT);
	rc = object_open(&object, err);
	if (rc)
		return rc;
	rc = object_load(object, hooks, err);
	if (rc) {
		bpf_object__close(object);
		return rc;
	}
	stubs->objects[stubs->object_count++] = object;
	for (unsigned i = 0; i < HOOK_COUNT; i++)
		if (hooks & HOOK_BIT(i))
			stubs->by_hook[i] = (struct stub){
				.program = stub_program(object, i),
				.slots_fd = bpf_map__fd(stub_slots(object, i)),
			};
	return 0;
}

static int stub_attach(struct stub *stub, enum hook_id hook, struct err *err)
{
	struct libbpf_log log;
	char what[NAME_BYTES];

	CHECK(stub->program);
	libbpf_log_begin(&log);
	stub->link = bpf_program__attach(stub->program);
	libbpf_log_end();
	if (stub->link)
		return 0;
	snprintf(what, sizeof(what), "cannot attach to %s", hook_name(hook));
	return libbpf_log_err(&log, -errno, what, err);
}

int stubs_attach(struct stubs *stubs, uint32_t hooks, struct err *err)
{
	uint32_t attached = 0;
	int rc = 0;

	for (unsigned i = 0; i < HOOK_COUNT && !rc; i++) {
		struct stub *stub = &stubs->by_hook[i];

		if (!(hooks & HOOK_BIT(i)) || stub->link)
			continue;
		rc = stub_attach(stub, i, err);
		if (!rc)
			attached |= HOOK_BIT(i);
	}
	if (rc)
		stubs_detach(stubs, attached);
	return rc;
}

uint32_t stubs_attached(const struct stubs *stubs)
{
	uint32_t hooks = 0;

	for (unsigned i = 0; i < HOOK_COUNT; i++)
		if (stubs->by_hook[i].link)
			hooks |= HOOK_BIT(i);
	return hooks;
}

void stubs_detach(struct stubs *stubs, uint32_t hooks)
{
	for (unsigned i = 0; i < HOOK_COUNT; i++) {
		struct stub *stub = &stubs->by_hook[i];

		if (!(hooks & HOOK_BIT(i)))
			continue;
		bpf_link__destroy(stub->link);
		stub->link = NULL;
	}
}

void stubs_release(struct stubs *stubs)
{
	stubs_detach(stubs, ~0U);
	for (unsigned i = 0; i < stubs->object_count; i++)
		bpf_object__close(stubs->objects[i]);
	*stubs = (struct stubs){ 0 };
}

int stubs_slot_set(struct stubs *stubs, enum hook_id hook, unsigned slot,
		   int program_fd, struct err *err)
{
	const struct stub *stub = &stubs->by_hook[hook];
	uint32_t key = slot;
	int rc;

	CHECK(stub->program && slot < hook_slot_count(hook));
	if (program_fd >= 0)
		rc = bpf_map_update_elem(stub->slots_fd, &key, &program_fd,
					 BPF_ANY);
	else
		rc = bpf_map_delete_elem(stub->slots_fd, &key);
	if (rc && !(program_fd < 0 && errno == ENOENT))
		return err_set(err, ERR_MACHINE, -errno,
			       "cannot set a handler of %s: %s",
			       hook_name(hook), strerror(errno));
	return 0;
}

/* All zero when the stub is not loaded. */
static int stub_info(const struct stub *stub, struct bpf_prog_info *ret_info,
		     struct err *err)
{
	__u32 len = sizeof(*ret_info);

	memset(ret_info, 0, sizeof(*ret_info));
	if (!stub->program)
		return 0;
	if (bpf_obj_get_info_by_fd(bpf_program__fd(stub->program), ret_info,
				   &len))
		return err_set(err, ERR_MACHINE, -errno,
			       "cannot read a program's counters: %s",
			       strerror(errno));
	return 0;
}

int stubs_missed(const struct stubs *stubs, enum hook_id hook,
		 uint64_t *ret_missed, struct err *err)
{
	struct bpf_prog_info info;
	int rc = stub_info(&stubs->by_hook[hook], &info, err);

	if (!rc)
		*ret_missed = info.recursion_misses;
	return rc;
}
