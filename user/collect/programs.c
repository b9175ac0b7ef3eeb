// SPDX-License-Identifier: Apache-2.0
/*
 * How one generation follows another: what the new one needs is attached before
 * its handlers are put into the slots, one write each, and what only the old one
 * needed goes last.
 */
#include "user/collect/programs.h"

#include "user/base/catalog.h"
#include "user/base/check.h"

#include <string.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

/*
 * A program that began before its detachment may still run on another CPU. It
 * cannot be preempted, so one RCU grace period, which the global membarrier
 * waits for, outlasts it.
 */
static void runs_wait(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

/* Put the handlers of `generation` into their slots; NULL: nothing to do. */
static int slots_fill(struct programs *programs,
		      const struct generation *generation, struct err *err)
{
	size_t count;
	const struct handler *table = handlers(&count);
	int rc = 0;

	for (size_t i = 0; generation && i < count; i++) {
		unsigned slot;

		if (!generation->programs[i] || table[i].kind != HANDLER_SLOT)
			continue;
		for (unsigned n = 0;
		     !rc && (slot = handler_slot(&table[i], n)) != CALL_NOWHERE;
		     n++)
			rc = stubs_slot_set(
				&programs->stubs, table[i].hook, slot,
				bpf_program__fd(generation->programs[i]), err);
	}
	return rc;
}

/* Does a handler of the generation take the slot? */
static bool slot_is_taken(const struct generation *generation,
			  enum hook_id hook, unsigned slot)
{
	size_t count;
	const struct handler *table = handlers(&count);

	for (size_t i = 0; i < count; i++) {
		unsigned taken;

		if (!generation->programs[i] || table[i].hook != hook ||
		    table[i].kind != HANDLER_SLOT)
			continue;
		for (unsigned n = 0;
		     (taken = handler_slot(&table[i], n)) != CALL_NOWHERE; n++)
			if (taken == slot)
				return true;
	}
	return false;
}

/* Empty the slots that `old` has and `generation` has not. */
static int slots_clear(struct programs *programs, const struct generation *old,
		       const struct generation *generation, struct err *err)
{
	size_t count;
	const struct handler *table = handlers(&count);
	int rc = 0;

	for (size_t i = 0; old && i < count; i++) {
		enum hook_id hook = table[i].hook;
		unsigned slot;

		if (!old->programs[i] || table[i].kind != HANDLER_SLOT)
			continue;
		for (unsigned n = 0;
		     !rc && (slot = handler_slot(&table[i], n)) != CALL_NOWHERE;
		     n++)
			if (!slot_is_taken(generation, hook, slot))
				rc = stubs_slot_set(&programs->stubs, hook,
						    slot, -1, err);
	}
	return rc;
}

/* --- runs that were skipped ------------------------------------------------*/

int programs_look(struct programs *programs, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < HOOK_COUNT && !rc; i++)
		rc = stubs_missed(&programs->stubs, i,
				  &programs->hook_missed[i], err);
	return rc;
}

/* Since its hooks were attached. */
static uint64_t stream_missed(const struct programs *programs,
			      const struct generation *generation,
			      enum stream_id stream)
{
	uint64_t sum = 0;
	uint32_t hooks;

	if (!generation || !(generation->streams & HANDLER_STREAM(stream)))
		return 0;
	hooks = generation_stream_hooks(generation, stream);
	for (unsigned i = 0; i < HOOK_COUNT; i++)
		if (hooks & HOOK_BIT(i))
			sum += programs->hook_missed[i];
	return sum;
}

uint64_t programs_missed(const struct programs *programs, enum stream_id stream)
{
	return programs->missed[stream] +
	       stream_missed(programs, programs->generation, stream) -
	       programs->missed_as_of[stream];
}

/* The hooks of a stream change with the generation: close the old count. */
static int missed_carry(struct programs *programs,
			const struct generation *next, struct err *err)
{
	int rc = programs_look(programs, err);

	for (unsigned s = 0; s < STREAM_COUNT && !rc; s++) {
		programs->missed[s] = programs_missed(programs, s);
		programs->missed_as_of[s] = stream_missed(programs, next, s);
	}
	return rc;
}

/* --- one after the other ---------------------------------------------------*/

/* Until it returns 0 the old generation's handlers are all in their slots. */
static int take_over(struct programs *programs, struct generation *next,
		     const struct kernel_offer *offer, struct err *err)
{
	struct generation *old = programs->generation;
	uint32_t attached = stubs_attached(&programs->stubs);
	uint32_t hooks = generation_hooks(next);
	int rc = stubs_load(&programs->stubs, hooks, err);

	if (!rc)
		rc = generation_attach(next, old, offer, err);
	if (!rc)
		rc = slots_fill(programs, next, err);
	if (!rc)
		rc = stubs_attach(&programs->stubs, hooks, err);
	if (!rc)
		rc = missed_carry(programs, next, err);
	if (!rc)
		return 0;
	stubs_detach(&programs->stubs, hooks & ~attached);
	slots_fill(programs, old, NULL);
	if (old)
		slots_clear(programs, next, old, NULL);
	generation_give_back(next, old);
	return rc;
}

int programs_start(struct programs *programs,
		   const struct generation_config *config, struct err *err)
{
	struct generation *old = programs->generation;
	struct generation *next = NULL;
	struct kernel_offer offer;
	int rc = kernel_offer_read(&offer, err);

	if (rc)
		return rc;
	rc = generation_load(config, &offer, &programs->shared, &next, err);
	if (!rc)
		rc = take_over(programs, next, &offer, err);
	kernel_offer_release(&offer);
	if (rc) {
		generation_free(next);
		if (!old)
			programs_release(programs);
		return rc;
	}
	programs->generation = next;
	if (!old)
		return 0;
	rc = slots_clear(programs, old, next, err);
	stubs_detach(&programs->stubs, ~generation_hooks(next));
	generation_detach(old);
	runs_wait();
	generation_free(old);
	return rc;
}

void programs_detach(struct programs *programs)
{
	stubs_detach(&programs->stubs, ~0U);
	if (programs->generation)
		generation_detach(programs->generation);
	runs_wait();
}

void programs_release(struct programs *programs)
{
	stubs_release(&programs->stubs);
	generation_free(programs->generation);
	shared_maps_release(&programs->shared);
	*programs = (struct programs){ 0 };
}

int programs_map(const struct programs *programs, const char *name)
{
	return shared_map_fd(&programs->shared, name);
}

struct bpf_program *programs_iterator(const struct programs *programs,
				      enum stream_id stream)
{
	size_t count;
	const struct handler *table = handlers(&count);

	for (size_t i = 0; i < count; i++)
		if (table[i].kind == HANDLER_ITERATOR &&
		    table[i].streams & HANDLER_STREAM(stream) &&
		    programs->generation->programs[i])
			return programs->generation->programs[i];
	CHECK(false);
}

/* --- for people ------------------------------------------------------------*/

static void stream_describe(const struct generation *generation,
			    enum stream_id stream, struct buf *out)
{
	const char *before[HANDLERS_MAX];
	unsigned named = 0;
	size_t count;
	const struct handler *table = handlers(&count);

	for (size_t i = 0; i < count; i++) {
		const char *section;
		bool again = false;

		if (!generation->programs[i] ||
		    table[i].kind == HANDLER_ITERATOR ||
		    !(table[i].streams & HANDLER_STREAM(stream)))
			continue;
		section = bpf_program__section_name(generation->programs[i]);
		for (unsigned n = 0; n < named; n++)
			again |= strcmp(before[n], section) == 0;
		if (again)
			continue;
		if (!named)
			buf_printf(out, "  %-16s from %s",
				   catalog_stream(stream)->name, section);
		else
			buf_printf(out, ", %s", section);
		before[named++] = section;
	}
	if (named)
		buf_putc(out, '\n');
}

void programs_describe(const struct programs *programs, struct buf *out)
{
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		if (programs->generation->streams & HANDLER_STREAM(s))
			stream_describe(programs->generation, s, out);
}
