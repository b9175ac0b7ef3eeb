/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the collectors of the network read of a socket, and who a connection
 * belongs to.
 *
 * Most changes of a TCP socket's state come from packets: the task that runs
 * then has nothing to do with it. So who connected or accepted is kept by the
 * socket's cookie, from then until it is closed.
 */
#ifndef SHRIKE_BPF_SOCKET_H
#define SHRIKE_BPF_SOCKET_H

#include "bpf/descriptor.bpf.h"
#include "bpf/head.bpf.h"

#include <bpf/bpf_endian.h>

#define AF_UNSPEC 0
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define SOCK_DONE_BIT 1 /* enum sock_flags: the peer's FIN has come */

#define ECONNABORTED 103

/*
 * Connections whose owner is known at a time. The oldest make room for new
 * ones: rows of those are nobody's.
 */
#define SOCKET_OWNERS_MAX 16384

enum owner_state {
	OWNER_NOBODY,	  /* a peer has connected, nobody accepted it yet */
	OWNER_CONNECTING, /* a connect() has no end yet */
	OWNER_KNOWN,
	OWNER_SELF, /* the sensor: no rows */
};

struct socket_owner {
	struct event_head head;
	__u32 state; /* enum owner_state */
	__u32 pad;
};

/* All programs, of all generations, share it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SOCKET_OWNERS_MAX);
	__type(key, __u64); /* the cookie */
	__type(value, struct socket_owner);
} socket_owners SEC(".maps");

/*
 * What a change of a socket's state leaves for the exit of the call in which it
 * happens, by cookie. connect(): the failure has been told; there the socket has
 * forgotten. listen(): there is a port to come.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} exit_notes SEC(".maps");

static __always_inline void exit_note_leave(__u64 cookie)
{
	__u8 there = 1;

	bpf_map_update_elem(&exit_notes, &cookie, &there, BPF_ANY);
}

static __always_inline bool exit_note_take(__u64 cookie)
{
	return !bpf_map_delete_elem(&exit_notes, &cookie);
}

/* Does somebody ask how attempts end? */
static __always_inline bool outcomes_wanted(void)
{
	return WANTED(NETWORK_CONNECT) &&
	       (NEEDS(NETWORK_CONNECT, NETWORK_CONNECT_outcome) ||
		WANTED_IF_FAILED(NETWORK_CONNECT));
}

static __always_inline bool failures_only(void)
{
	return !NEEDS(NETWORK_CONNECT, NETWORK_CONNECT_outcome);
}

static __always_inline bool is_v4_mapped(const __u8 *ip)
{
	const __u32 *words = (const __u32 *)ip;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

/*
 * A v6 socket that talks to ::ffff:a.b.c.d sends IPv4 packets: the record says
 * inet and a.b.c.d, or every rule on an address could be dodged so.
 */
static __always_inline void v4_unmap(__u8 *ip)
{
	__builtin_memcpy(ip, ip + 12, 4);
	__builtin_memset(ip + 4, 0, 12);
}

/* Both ends of a socket; returns the family of what it sends. */
static __always_inline __u16 ends_fill(const struct sock *sk, __u8 *local_ip,
				       __u8 *peer_ip)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	bpf_core_read(local_ip, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	bpf_core_read(peer_ip, 16, &sk->__sk_common.skc_v6_daddr);
	if (family != AF_INET && !is_v4_mapped(peer_ip) &&
	    !is_v4_mapped(local_ip))
		return family;
	__builtin_memset(local_ip, 0, 16);
	__builtin_memset(peer_ip, 0, 16);
	bpf_core_read(local_ip, 4, &sk->__sk_common.skc_rcv_saddr);
	bpf_core_read(peer_ip, 4, &sk->__sk_common.skc_daddr);
	return AF_INET;
}

/* NULL: the file is none. */
static __always_inline struct sock *socket_of_file(struct file *file)
{
	struct socket *socket;

	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

static __always_inline struct sock *socket_of_fd(struct task_struct *task,
						 __u32 fd)
{
	return socket_of_file(task_file(task, fd));
}

static __always_inline bool is_inet(const struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return family == AF_INET || family == AF_INET6;
}

static __always_inline __u64 socket_cookie(const struct sock *sk)
{
	return (__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
}

static __always_inline __u16 local_port(const struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_num);
}

static __always_inline __u16 peer_port(const struct sock *sk)
{
	return bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
}

/*
 * The system call that the task is in, CALL_IS() tells which. A task that does
 * io_uring's work is in io_uring_enter, or one of its workers.
 */
static __always_inline __u32 call_slot(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	return compat_call_slot(regs, task);
}

static __always_inline bool is_io_uring(struct task_struct *task, __u32 slot)
{
	return task->flags & PF_IO_WORKER || CALL_IS(slot, io_uring_enter);
}

static __always_inline __u32 call_flags(struct task_struct *task, __u32 slot)
{
	__u32 flags = compat_is_32bit(task) ? EVENT_FLAG_COMPAT : 0;

	if (is_io_uring(task, slot))
		flags |= EVENT_FLAG_IO_URING;
	return flags;
}

#endif
