/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of processes, by pid_key: the bits of process_terms(), and which
 * slots of exec_keys() are alive. All objects of one generation share the maps,
 * which the collector of the lifecycle fills; where no predicate tests them there are
 * none (user/collect/generation.c), and no code either.
 *
 * A task's self_exec_id counts its execs: bits of an earlier program are none,
 * even when nobody saw the exec or it is just being done.
 */
#ifndef SHRIKE_BPF_PROCESS_BITS_H
#define SHRIKE_BPF_PROCESS_BITS_H

#include "bpf/compat.bpf.h"
#include "bpf/process_bits.h"
#include "bpf/ring.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROCESS_BITS_MAX);
	__type(key, __u64);
	__type(value, struct process_bits);
} process_term_bits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROCESS_BITS_MAX);
	__type(key, __u64);
	__type(value, struct process_keys);
} join_keys SEC(".maps");

/* Written by user space, read by programs; and the other way round. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} join_closed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process_bits_full);
} bits_full SEC(".maps");

#define TESTS_TERMS(stream, whose) (settings.tests_process[stream] >> (whose)&1)

static __always_inline __u64 task_key(struct task_struct *task)
{
	struct task_struct *leader = KERNEL_WALK(task)->group_leader;

	return PID_KEY(leader->start_boottime, task->tgid);
}

/*
 * An entry that is deleted meanwhile may become another process's: its owner is
 * written first and read last.
 */
static __always_inline bool bits_read(struct task_struct *task,
				      struct process_terms *ret_terms)
{
	__u64 key = task_key(task);
	const volatile struct process_bits *bits =
		bpf_map_lookup_elem(&process_term_bits, &key);

	if (!bits || bits->exec_id != (__u32)task->self_exec_id)
		return false;
	for (int i = 0; i < PROCESS_TERM_WORDS; i++)
		ret_terms->words[i] = bits->terms.words[i];
	if (bits->owner == key && bits->exec_id == (__u32)task->self_exec_id)
		return true;
	for (int i = 0; i < PROCESS_TERM_WORDS; i++)
		ret_terms->words[i] = ~0ULL;
	return false;
}

#define NEEDS_WORD(stream, i) (settings.needs_terms[stream].words[i])

/*
 * Of whom the last look-up of this CPU found no use, per stream: who makes many
 * events makes them in a row. It stays true until that program is over: a bit
 * that is 0 stays 0.
 */
struct useless {
	__u64 start_ns;
	__u64 who; /* pid and count of execs */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STREAM_COUNT);
	__type(key, __u32);
	__type(value, struct useless);
} useless SEC(".maps");

static __always_inline bool bits_rule_out(__u32 stream,
					  struct task_struct *task)
{
	const volatile struct process_bits *bits;
	__u64 key = task_key(task), any = 0;

	bits = bpf_map_lookup_elem(&process_term_bits, &key);
	if (!bits)
		return false;
	for (int i = 0; i < PROCESS_TERM_WORDS; i++)
		if (NEEDS_WORD(stream, i))
			any |= bits->terms.words[i] & NEEDS_WORD(stream, i);
	return !any && bits->owner == key &&
	       bits->exec_id == (__u32)task->self_exec_id;
}

/*
 * Before anything is read of an event: is the process one whose events of the
 * stream no rule can use? What is not known may be used.
 */
static __always_inline bool is_ruled_out(__u32 stream, struct task_struct *task)
{
	volatile struct useless *last;
	__u32 key = stream; /* what a helper reads 6.12 forgets the value of */
	__u64 start_ns, who;

	if (!NEEDS_WORD(stream, 0) && !NEEDS_WORD(stream, 1) &&
	    !NEEDS_WORD(stream, 2) && !NEEDS_WORD(stream, 3))
		return false;
	last = bpf_map_lookup_elem(&useless, &key);
	if (!last)
		return false;
	start_ns = KERNEL_WALK(task)->group_leader->start_boottime;
	who = (__u64)task->tgid << 32 | (__u32)task->self_exec_id;
	if (last->start_ns == start_ns && last->who == who)
		return true;
	if (!bits_rule_out(stream, task))
		return false;
	last->start_ns = start_ns;
	last->who = who;
	return true;
}

static __always_inline __u64 keys_read(struct task_struct *task)
{
	__u64 key = task_key(task);
	const struct process_bits_full *full;
	const struct process_keys *keys;
	const __u64 *closed;
	__u32 zero = 0;
	__u64 alive;

	closed = bpf_map_lookup_elem(&join_closed, &zero);
	full = bpf_map_lookup_elem(&bits_full, &zero);
	if (!closed || !full ||
	    (full->until_ns && bpf_ktime_get_boot_ns() < full->until_ns))
		return ~0ULL;
	alive = ~*closed;
	keys = bpf_map_lookup_elem(&join_keys, &key);
	if (keys && bpf_ktime_get_boot_ns() <= keys->until_ns)
		alive |= keys->slots;
	return alive;
}

/* head->terms, parent_terms and join_keys, which say that nothing is known. */
static __always_inline void head_look_up(struct event_head *head, __u32 stream,
					 struct task_struct *task)
{
	if (TESTS_TERMS(stream, PROCESS_TERMS_OWN))
		bits_read(task, &head->terms);
	if (TESTS_TERMS(stream, PROCESS_TERMS_PARENT))
		bits_read(KERNEL_WALK(task)->real_parent, &head->parent_terms);
	if (settings.tests_slots[stream])
		head->join_keys = keys_read(task);
}

/* --- who fills them --------------------------------------------------------*/

SCRATCH_MAP(bits_scratch, struct process_bits);

static __always_inline void full_count(__u64 until_ns)
{
	struct process_bits_full *full;
	__u32 zero = 0;

	full = bpf_map_lookup_elem(&bits_full, &zero);
	if (!full)
		return;
	__sync_fetch_and_add(&full->count, 1);
	if (until_ns > full->until_ns)
		full->until_ns = until_ns;
}

static __always_inline void bits_put(const struct process_bits *bits)
{
	__u64 key = bits->owner;

	if (bpf_map_update_elem(&process_term_bits, &key, bits, BPF_ANY))
		full_count(0);
}

/*
 * Once the record of the exec is on its way: so what knows of the new program
 * is later than the exec. What nobody is told of changes nothing: the bits there
 * are, are of an earlier exec.
 */
static __always_inline void bits_of_exec(const struct event_head *head,
					 struct task_struct *task)
{
	struct process_bits *bits = scratch_get(&bits_scratch);

	if (!bits)
		return;
	bits->owner = head->pid_key;
	bits->exec_ns = head->ts;
	bits->exec_id = (__u32)task->self_exec_id;
	bits->pad = 0;
	bits->terms = head->terms;
	bits_put(bits);
}

static __always_inline void bits_of_fork(struct task_struct *creator,
					 struct task_struct *child)
{
	struct process_bits *bits = scratch_get(&bits_scratch);
	const struct process_bits *from;
	__u64 key = task_key(creator);

	if (!bits || !bits_read(creator, &bits->terms))
		return;
	from = bpf_map_lookup_elem(&process_term_bits, &key);
	if (!from)
		return;
	bits->owner = task_key(child);
	bits->exec_ns = from->exec_ns;
	bits->exec_id = (__u32)child->self_exec_id;
	bits->pad = 0;
	bits_put(bits);
}

/* The longest of the slots' times is that of all: it is the same process. */
static __always_inline void keys_of_exec(const struct event_head *head,
					 __u64 slots)
{
	struct process_keys keys = { .slots = slots };
	const struct process_keys *before;
	__u64 key = head->pid_key;
	__u64 longest_ns = 0;

	if (!slots)
		return;
	for (int i = 0; i < JOIN_SLOTS_MAX; i++)
		if (slots >> i & 1 && settings.join_ns[i] > longest_ns)
			longest_ns = settings.join_ns[i];
	keys.until_ns = head->ts + longest_ns;
	before = bpf_map_lookup_elem(&join_keys, &key);
	if (before && before->until_ns >= head->ts) {
		keys.slots |= before->slots;
		if (before->until_ns > keys.until_ns)
			keys.until_ns = before->until_ns;
	}
	if (bpf_map_update_elem(&join_keys, &key, &keys, BPF_ANY))
		full_count(keys.until_ns);
}

static __always_inline void bits_of_exit(struct task_struct *task)
{
	__u64 key = task_key(task);

	if (settings.keeps_terms)
		bpf_map_delete_elem(&process_term_bits, &key);
	if (settings.keeps_keys)
		bpf_map_delete_elem(&join_keys, &key);
}

#endif
