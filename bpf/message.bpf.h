/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arguments of the calls that send and receive, as they lie in user memory:
 * of 64-bit and of 32-bit callers, of socketcall() too.
 *
 * All of it is read at the exit of the call: what was sent could have been
 * changed meanwhile by another thread, and what was received since the kernel
 * wrote it. Rows that depend on it have the source 'syscall'.
 */
#ifndef SHRIKE_BPF_MESSAGE_H
#define SHRIKE_BPF_MESSAGE_H

#include "bpf/socket.bpf.h"

#define MSG_PEEK 0x2
#define MSG_ERRQUEUE 0x2000

#define IOVECS_MAX 8 /* that are looked at; messages have one or two */

enum socket_call {
	CALL_OTHER,
	CALL_SOCKET,
	CALL_CONNECT,
	CALL_LISTEN,
	CALL_ACCEPT,
	CALL_SENDTO, /* and send */
	CALL_SENDMSG,
	CALL_SENDMMSG,
	CALL_WRITE,
	CALL_WRITEV,   /* and pwritev2, which writes to a socket at no place */
	CALL_FILE,     /* sendfile and splice: the bytes are not the caller's */
	CALL_RECVFROM, /* and recv */
	CALL_RECVMSG,
	CALL_RECVMMSG,
	CALL_READ,
	CALL_READV,
};

struct call_args {
	__u64 args[6];
	__u32 call; /* enum socket_call, of those that send and receive */
	__u32 slot;
	bool is_32bit;
};

struct endpoint {
	__u16 family; /* 0: not known */
	__u16 port;   /* host order */
	__u32 pad;
	__u8 ip[16];
};

/* include/uapi/linux/socket.h as callers of either width lay it out */
struct user_msghdr64 {
	__u64 name;
	__u32 name_bytes;
	__u32 pad;
	__u64 iov;
	__u64 iov_count;
	__u64 control;
	__u64 control_bytes;
	__u32 flags;
	__u32 pad2;
};

struct user_msghdr32 {
	__u32 name;
	__u32 name_bytes;
	__u32 iov;
	__u32 iov_count;
	__u32 control;
	__u32 control_bytes;
	__u32 flags;
};

struct user_mmsghdr64 {
	struct user_msghdr64 hdr;
	__u32 bytes;
	__u32 pad;
};

struct user_mmsghdr32 {
	struct user_msghdr32 hdr;
	__u32 bytes;
};

/* Of one message: a buffer, or the pieces of a vector. */
struct message {
	__u64 name; /* struct sockaddr, 0: none */
	__u64 name_bytes;
	__u64 base;  /* of the buffer, or of the vector */
	__u64 count; /* bytes of the buffer, or pieces */
	bool name_in_kernel;
	bool is_vector;
	bool is_32bit;
	/* As it was read; here, because the stack is small. */
	union {
		struct user_mmsghdr64 hdr64;
		struct user_mmsghdr32 hdr32;
	};
};

/* The numbers of socketcall(), which hands over the rest as an array. */
static __always_inline __u32 socketcall_kind(__u64 number)
{
	switch (number) {
	case 1:
		return CALL_SOCKET;
	case 3:
		return CALL_CONNECT;
	case 4:
		return CALL_LISTEN;
	case 5:
	case 18:
		return CALL_ACCEPT;
	case 9:
	case 11:
		return CALL_SENDTO;
	case 10:
	case 12:
		return CALL_RECVFROM;
	case 16:
		return CALL_SENDMSG;
	case 17:
		return CALL_RECVMSG;
	case 19:
		return CALL_RECVMMSG;
	case 20:
		return CALL_SENDMMSG;
	}
	return CALL_OTHER;
}

static __always_inline __u32 call_kind(__u32 slot)
{
	if (CALL_IS(slot, socket))
		return CALL_SOCKET;
	if (CALL_IS(slot, connect))
		return CALL_CONNECT;
	if (CALL_IS(slot, listen))
		return CALL_LISTEN;
	if (CALL_IS(slot, accept) || CALL_IS(slot, accept4))
		return CALL_ACCEPT;
	if (CALL_IS(slot, sendto) || CALL_IS(slot, send))
		return CALL_SENDTO;
	if (CALL_IS(slot, sendmsg))
		return CALL_SENDMSG;
	if (CALL_IS(slot, sendmmsg))
		return CALL_SENDMMSG;
	if (CALL_IS(slot, write))
		return CALL_WRITE;
	if (CALL_IS(slot, writev) || CALL_IS(slot, pwritev2))
		return CALL_WRITEV;
	if (CALL_IS(slot, sendfile) || CALL_IS(slot, sendfile64) ||
	    CALL_IS(slot, splice))
		return CALL_FILE;
	if (CALL_IS(slot, recvfrom) || CALL_IS(slot, recv))
		return CALL_RECVFROM;
	if (CALL_IS(slot, recvmsg))
		return CALL_RECVMSG;
	if (CALL_IS(slot, recvmmsg) || CALL_IS(slot, recvmmsg_time64))
		return CALL_RECVMMSG;
	if (CALL_IS(slot, read))
		return CALL_READ;
	if (CALL_IS(slot, readv) || CALL_IS(slot, preadv2))
		return CALL_READV;
	return CALL_OTHER;
}

static __always_inline void call_args_read(struct call_args *call,
					   struct pt_regs *regs,
					   struct task_struct *task)
{
	call->slot = compat_call_slot(regs, task);
	call->is_32bit = compat_is_32bit(task);
	for (unsigned i = 0; i < 6; i++)
		call->args[i] = compat_syscall_arg(regs, call->is_32bit, i);
	/* All others name the socket first. */
	if (CALL_IS(call->slot, splice))
		call->args[0] = call->args[2];
}

/* Of socketcall(): a send() or recv() has four arguments, the others are 0. */
static __always_inline void socketcall_read(struct call_args *call)
{
	__u32 kind = socketcall_kind(call->args[0]);
	__u32 args[6] = { 0 };
	bool is_short = call->args[0] == 9 || call->args[0] == 10;

	if (bpf_probe_read_user(args, 4 * sizeof(args[0]),
				(void *)call->args[1]) ||
	    (!is_short && (kind == CALL_SENDTO || kind == CALL_RECVFROM) &&
	     bpf_probe_read_user(args, sizeof(args), (void *)call->args[1])))
		kind = CALL_OTHER;
	for (unsigned i = 0; i < 6; i++)
		call->args[i] = args[i];
	call->call = kind;
}

static __always_inline long name_part(void *to, __u32 bytes, const __u8 *at,
				      bool in_kernel)
{
	return in_kernel ? bpf_probe_read_kernel(to, bytes, at) :
			   bpf_probe_read_user(to, bytes, at);
}

/* Of no family: as the socket itself. */
static __always_inline bool endpoint_read(struct endpoint *to, __u64 name,
					  __u64 name_bytes, bool in_kernel,
					  __u16 sock_family)
{
	const __u8 *at = (const __u8 *)name;
	__u16 family = AF_UNSPEC;
	__u16 port = 0;

	to->family = AF_UNSPEC;
	if (!name || name_bytes < 8 ||
	    name_part(&family, sizeof(family), at, in_kernel) ||
	    name_part(&port, sizeof(port), at + 2, in_kernel))
		return false;
	if (family == AF_UNSPEC)
		family = sock_family;
	__builtin_memset(to->ip, 0, sizeof(to->ip));
	to->port = bpf_ntohs(port);
	if (family == AF_INET) {
		if (name_part(to->ip, 4, at + 4, in_kernel))
			return false;
	} else if (family == AF_INET6 && name_bytes >= 24) {
		if (name_part(to->ip, 16, at + 8, in_kernel))
			return false;
		if (is_v4_mapped(to->ip)) {
			v4_unmap(to->ip);
			family = AF_INET;
		}
	} else {
		return false;
	}
	to->family = family;
	return true;
}

/* The socket's peer; false: it has none. */
static __always_inline bool endpoint_peer(struct endpoint *to,
					  const struct sock *sk)
{
	__u8 local_ip[16];

	to->port = peer_port(sk);
	to->family = ends_fill(sk, local_ip, to->ip);
	return to->port ||
	       BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_ESTABLISHED;
}

static __always_inline void message_from_hdr(struct message *message)
{
	bool is_32bit = message->is_32bit;
	const struct user_msghdr64 *hdr64 = &message->hdr64.hdr;
	const struct user_msghdr32 *hdr32 = &message->hdr32.hdr;

	message->name = is_32bit ? hdr32->name : hdr64->name;
	message->name_bytes = is_32bit ? hdr32->name_bytes : hdr64->name_bytes;
	message->base = is_32bit ? hdr32->iov : hdr64->iov;
	message->count = is_32bit ? hdr32->iov_count : hdr64->iov_count;
	message->is_vector = true;
}

/*
 * The index-th message of sendmmsg or recvmmsg, and how many of its bytes were
 * sent or received.
 */
static __always_inline bool message_read_nth(struct message *message, __u64 at,
					     __u32 index, __s64 *ret_bytes)
{
	if (message->is_32bit) {
		at += index * sizeof(message->hdr32);
		if (bpf_probe_read_user(&message->hdr32, sizeof(message->hdr32),
					(void *)at))
			return false;
		*ret_bytes = message->hdr32.bytes;
	} else {
		at += index * sizeof(message->hdr64);
		if (bpf_probe_read_user(&message->hdr64, sizeof(message->hdr64),
					(void *)at))
			return false;
		*ret_bytes = message->hdr64.bytes;
	}
	message_from_hdr(message);
	return true;
}

static __always_inline bool message_read(struct message *message, __u64 at)
{
	long failed = message->is_32bit ?
			      bpf_probe_read_user(&message->hdr32.hdr,
						  sizeof(message->hdr32.hdr),
						  (void *)at) :
			      bpf_probe_read_user(&message->hdr64.hdr,
						  sizeof(message->hdr64.hdr),
						  (void *)at);

	if (!failed)
		message_from_hdr(message);
	return !failed;
}

/* A piece of the message; false: there is none. */
static __always_inline bool message_piece(const struct message *message,
					  __u32 index, __u64 *ret_base,
					  __u64 *ret_bytes)
{
	if (!message->is_vector) {
		*ret_base = message->base;
		*ret_bytes = message->count;
		return !index;
	}
	if (index >= message->count)
		return false;
	if (message->is_32bit) {
		__u32 iov[2];

		if (bpf_probe_read_user(
			    iov, sizeof(iov),
			    (void *)(message->base + index * sizeof(iov))))
			return false;
		*ret_base = iov[0];
		*ret_bytes = iov[1];
	} else {
		__u64 iov[2];

		if (bpf_probe_read_user(
			    iov, sizeof(iov),
			    (void *)(message->base + index * sizeof(iov))))
			return false;
		*ret_base = iov[0];
		*ret_bytes = iov[1];
	}
	return true;
}

#endif
