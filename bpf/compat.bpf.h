/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernels and architectures that the collectors meet,
 * each with its reason. Renamed or moved members that CO-RE finds by itself
 * (file.f_path and dentry.d_name became members of unions in 6.17) need nothing
 * here.
 */
#ifndef SHRIKE_BPF_COMPAT_H
#define SHRIKE_BPF_COMPAT_H

#include "bpf/kernel_types.h"
#include "bpf/system_calls.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/*
 * A value that the verifier knows to be at most `max`, a constant. A comparison
 * in C may be of a copy: kernels before 6.5 do not see that a 32-bit copy is
 * equal to what it was made of.
 */
#define AT_MOST(value, max)                            \
	({                                             \
		__u64 bounded_ = (value);              \
		asm volatile("if %0 <= %1 goto +1\n\t" \
			     "%0 = %1"                 \
			     : "+r"(bounded_)          \
			     : "i"(max));              \
		bounded_;                              \
	})

extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

/*
 * KERNEL_WALK(p): the same pointer to a kernel object, to be followed to others.
 * Since 6.3 the verifier searches all type names of the kernel, more than once,
 * for each pointer that is loaded from an object it trusts; this spares it that,
 * and a load most of its time.
 */
#define KERNEL_WALK(p)                                                      \
	({                                                                  \
		typeof(p) walked_ = (p);                                    \
		if (bpf_rdonly_cast)                                        \
			walked_ = bpf_rdonly_cast(                          \
				walked_,                                    \
				bpf_core_type_id_kernel(typeof(*walked_))); \
		walked_;                                                    \
	})

/*
 * KERNEL_READ(p, member): a member of a kernel object, from a pointer that the
 * verifier knows nothing of. Since 6.2 the load can be made in place; before, it
 * takes a call. Memory that is not there reads as 0.
 */
#define KERNEL_READ(p, member)                                                 \
	({                                                                     \
		typeof(p) object_ = (p);                                       \
		typeof(object_->member) value_;                                \
		if (bpf_rdonly_cast)                                           \
			value_ = ((typeof(p))bpf_rdonly_cast(                  \
					  object_, bpf_core_type_id_kernel(    \
							   typeof(*object_)))) \
					 ->member;                             \
		else                                                           \
			bpf_core_read(&value_, sizeof(value_),                 \
				      &object_->member);                       \
		value_;                                                        \
	})

/* A 32-bit system call has its own numbers, and the same hook. */
#if defined(__TARGET_ARCH_x86)

#define TS_COMPAT 0x0002
#define X32_BIT 0x40000000UL /* the x32 ABI's mark on a native number */

static __always_inline __u32 compat_syscall_number(struct pt_regs *regs)
{
	return (__u32)(regs->orig_ax & ~X32_BIT);
}

static __always_inline bool compat_is_32bit(struct task_struct *task)
{
	return task->thread_info.status & TS_COMPAT;
}

/*
 * The n-th argument, from 0, at the exit of the call: the entry saved it in the
 * task's registers, and the exit changes only the one that holds the result.
 */
static __always_inline unsigned long
compat_syscall_arg(struct pt_regs *regs, bool is_32bit, unsigned n)
{
	if (is_32bit)
		return (__u32)(n == 0 ? regs->bx :
			       n == 1 ? regs->cx :
			       n == 2 ? regs->dx :
			       n == 3 ? regs->si :
			       n == 4 ? regs->di :
					regs->bp);
	return n == 0 ? regs->di :
	       n == 1 ? regs->si :
	       n == 2 ? regs->dx :
	       n == 3 ? regs->r10 :
	       n == 4 ? regs->r8 :
			regs->r9;
}

/* Where a 32-bit call has the low half of a 64-bit argument after one other. */
#define COMPAT_PAIR_FIRST 1

#elif defined(__TARGET_ARCH_arm64)

#define COMPAT_PAIR_FIRST 2 /* pairs begin at an even register */

struct thread_info___arm64 {
	unsigned long flags;
} __attribute__((preserve_access_index));

#define TIF_32BIT 22

static __always_inline __u32 compat_syscall_number(struct pt_regs *regs)
{
	return (__u32)regs->syscallno;
}

static __always_inline bool compat_is_32bit(struct task_struct *task)
{
	struct thread_info___arm64 *info = (void *)&task->thread_info;

	return BPF_CORE_READ(info, flags) & (1UL << TIF_32BIT);
}

static __always_inline unsigned long
compat_syscall_arg(struct pt_regs *regs, bool is_32bit, unsigned n)
{
	unsigned long value = n ? regs->regs[n] : regs->orig_x0;

	return is_32bit ? (__u32)value : value;
}

#else
#error "this architecture's system call numbers are not known"
#endif

/* Of the system call that a task is in: see bpf/system_calls.h. */
static __always_inline __u32 compat_call_slot(struct pt_regs *regs,
					      struct task_struct *task)
{
	__u32 nr = compat_syscall_number(regs);

	if (nr >= CALL_NUMBERS)
		return CALL_NOWHERE;
	return compat_is_32bit(task) ? CALL_NUMBERS + nr : nr;
}

/* A kernel without CONFIG_AUDIT has no login uid: unset. */
static __always_inline __u32 compat_loginuid(struct task_struct *task)
{
	if (bpf_core_field_exists(task->loginuid))
		return task->loginuid.val;
	return (__u32)-1;
}

/*
 * Sleepable programs do not run inside an RCU read section, and kernels before
 * 6.2 cannot open one: there a path that is taken apart during the walk reads
 * as garbage, never as a fault.
 */
extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;

static __always_inline void compat_rcu_lock(void)
{
	if (bpf_rcu_read_lock)
		bpf_rcu_read_lock();
}

static __always_inline void compat_rcu_unlock(void)
{
	if (bpf_rcu_read_unlock)
		bpf_rcu_read_unlock();
}

/*
 * Bytes of a text in user memory without its NUL, below 0 when it cannot be
 * read. Older kernels, 6.1 among them, count no NUL of an empty text.
 */
static __always_inline long compat_user_text(char *bytes, __u32 size,
					     const char *text)
{
	long len = bpf_probe_read_user_str(bytes, size, text);

	return len > 0 ? len - 1 : len;
}

#endif
