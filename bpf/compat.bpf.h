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

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

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

#define NATIVE_OPEN 2
#define NATIVE_CREAT 85
#define NATIVE_OPENAT 257
#define NATIVE_OPENAT2 437
#define NATIVE_OPEN_BY_HANDLE_AT 304
#define COMPAT_OPEN 5
#define COMPAT_CREAT 8
#define COMPAT_OPENAT 295
#define COMPAT_OPENAT2 437
#define COMPAT_OPEN_BY_HANDLE_AT 342

static __always_inline bool native_opens(__u32 nr)
{
	return nr == NATIVE_OPENAT || nr == NATIVE_OPEN || nr == NATIVE_CREAT ||
	       nr == NATIVE_OPENAT2 || nr == NATIVE_OPEN_BY_HANDLE_AT;
}

#elif defined(__TARGET_ARCH_arm64)

#define COMPAT_OPEN 5
#define COMPAT_CREAT 8
#define COMPAT_OPENAT 322
#define COMPAT_OPENAT2 437
#define COMPAT_OPEN_BY_HANDLE_AT 371
#define NATIVE_OPENAT 56
#define NATIVE_OPENAT2 437
#define NATIVE_OPEN_BY_HANDLE_AT 265

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

static __always_inline bool native_opens(__u32 nr)
{
	return nr == NATIVE_OPENAT || nr == NATIVE_OPENAT2 ||
	       nr == NATIVE_OPEN_BY_HANDLE_AT;
}

#else
#error "this architecture's system call numbers are not known"
#endif

static __always_inline bool compat_opens(__u32 nr)
{
	return nr == COMPAT_OPENAT || nr == COMPAT_OPEN || nr == COMPAT_CREAT ||
	       nr == COMPAT_OPENAT2 || nr == COMPAT_OPEN_BY_HANDLE_AT;
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

#endif
