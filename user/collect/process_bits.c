// SPDX-License-Identifier: Apache-2.0
/*
 * The maps of bpf/process_bits.h, as seen from user space. Whatever cannot be
 * read or written is left as it is: a bit that is not cleared, or a slot that is
 * alive for too long, lets an event pass that nobody needs.
 */
#include "bpf/process_bits.h"

#include "user/collect/collect_int.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#define SLOTS_LOOK_NS 100000000LL

static int map_fd(const struct collector *collector, const char *name)
{
	const struct generation *generation = collector->programs.generation;

	return generation ? shared_map_fd(&generation->maps, name) : -1;
}

/* --- bits ------------------------------------------------------------------*/

void collector_terms_add(struct collector *collector, const void *record,
			 const struct process_terms *terms)
{
	int fd = map_fd(collector, "process_term_bits");
	struct process_exec_event event;
	struct process_bits bits = { 0 };

	if (fd < 0)
		return;
	memcpy(&event, record, offsetof(struct process_exec_event, exe_bytes));
	bits.owner = event.head.pid_key;
	bits.exec_id = event.exec_id;
	bits.terms = *terms;
	if (bpf_map_update_elem(fd, &bits.owner, &bits, BPF_NOEXIST) &&
	    errno == E2BIG)
		collector->full_before++;
}

/*
 * An exec between the two calls is not harmed: its bits are written over by some
 * of another exec, which the kernel does not take for the process's.
 */
static void bits_clear(int fd, struct process_bits *bits,
		       const struct process_terms *keep)
{
	bool changed = false;

	for (unsigned i = 0; i < PROCESS_TERM_WORDS; i++) {
		changed |= (bits->terms.words[i] & ~keep->words[i]) != 0;
		bits->terms.words[i] &= keep->words[i];
	}
	if (changed)
		bpf_map_update_elem(fd, &bits->owner, bits, BPF_EXIST);
}

void collector_terms_clear(struct collector *collector, uint64_t pid_key,
			   uint64_t exec_ns, const struct process_terms *keep)
{
	int fd = map_fd(collector, "process_term_bits");
	struct process_bits bits;

	if (fd >= 0 && bpf_map_lookup_elem(fd, &pid_key, &bits) == 0 &&
	    bits.exec_ns == exec_ns)
		bits_clear(fd, &bits, keep);
}

void collector_terms_settle(struct collector *collector, collect_keep_fn *fn,
			    void *ctx)
{
	int fd = map_fd(collector, "process_term_bits");
	uint64_t key, next;
	bool more = fd >= 0 && bpf_map_get_next_key(fd, NULL, &next) == 0;

	/* A key that goes meanwhile makes it begin anew: for how long? */
	for (unsigned i = 0; more && i < 2 * PROCESS_BITS_MAX; i++) {
		struct process_terms keep;
		struct process_bits bits;

		key = next;
		more = bpf_map_get_next_key(fd, &key, &next) == 0;
		if (bpf_map_lookup_elem(fd, &key, &bits) || bits.exec_ns)
			continue;
		keep = fn(ctx, key);
		bits_clear(fd, &bits, &keep);
	}
}

void collector_terms_inherit(struct collector *collector, uint64_t pid_key,
			     uint64_t child_key)
{
	int fd = map_fd(collector, "process_term_bits");
	struct process_bits of, child;

	if (fd >= 0 && bpf_map_lookup_elem(fd, &pid_key, &of) == 0 &&
	    bpf_map_lookup_elem(fd, &child_key, &child) == 0 &&
	    of.exec_ns == child.exec_ns && of.exec_id == child.exec_id)
		bits_clear(fd, &child, &of.terms);
}

/* --- slots -----------------------------------------------------------------*/

static void full_read(struct collector *collector)
{
	int fd = map_fd(collector, "bits_full");
	struct process_bits_full full = { 0 };
	uint32_t zero = 0;

	if (fd >= 0 && bpf_map_lookup_elem(fd, &zero, &full) == 0)
		collector->full = full.count;
}

uint64_t collector_processes_full(struct collector *collector)
{
	full_read(collector);
	return collector->full_before + collector->full;
}

void slots_begin(struct collector *collector,
		 const struct collect_request *request)
{
	const struct collect_processes *processes = request->processes;
	struct slots *slots = &collector->slots;

	collector->full_before += collector->full;
	collector->full = 0;
	*slots = (struct slots){ .since_ns = collect_now_ns() };
	if (!processes)
		return;
	slots->count = processes->slot_count;
	memcpy(slots->ns, processes->slot_ns, sizeof(slots->ns));
}

/* Keys whose time is over make room. */
static void keys_sweep(int fd, uint64_t now_ns)
{
	uint64_t key, next;
	bool more = bpf_map_get_next_key(fd, NULL, &next) == 0;

	for (unsigned i = 0; more && i < PROCESS_BITS_MAX; i++) {
		struct process_keys keys;

		key = next;
		more = bpf_map_get_next_key(fd, &key, &next) == 0;
		if (bpf_map_lookup_elem(fd, &key, &keys) == 0 &&
		    keys.until_ns < now_ns)
			bpf_map_delete_elem(fd, &key);
	}
}

/* Slots whose time is over since all execs are known. */
static void slots_close(struct slots *slots, int fd, int64_t now_ns)
{
	uint64_t closed = 0;
	uint32_t zero = 0;

	for (unsigned i = 0; i < slots->count; i++)
		if (now_ns - slots->since_ns > slots->ns[i])
			closed |= 1ULL << i;
	if (closed != slots->closed &&
	    bpf_map_update_elem(fd, &zero, &closed, BPF_ANY) == 0)
		slots->closed = closed;
}

void slots_turn(struct collector *collector, int64_t now_ns)
{
	struct slots *slots = &collector->slots;
	int closed_fd = map_fd(collector, "join_closed");
	int keys_fd = map_fd(collector, "join_keys");
	uint64_t full = collector->full;

	if (now_ns - slots->looked_ns < SLOTS_LOOK_NS)
		return;
	slots->looked_ns = now_ns;
	full_read(collector);
	if (closed_fd >= 0)
		slots_close(slots, closed_fd, now_ns);
	if (keys_fd >= 0 && collector->full != full)
		keys_sweep(keys_fd, (uint64_t)now_ns);
}
