/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The requests to io_uring that send and receive, as struct message has the
 * calls. What is sent is looked at when the request is handed in, for a ring can
 * be told to report nothing; what is received, when the request is done.
 *
 * Not here: bytes of buffers that the kernel picks from a group.
 */
#ifndef SHRIKE_BPF_MESSAGE_REQUEST_H
#define SHRIKE_BPF_MESSAGE_REQUEST_H

#include "bpf/message.bpf.h"

/* include/uapi/linux/io_uring.h: enum io_uring_op */
enum io_request {
	REQUEST_READV = 1,
	REQUEST_WRITEV = 2,
	REQUEST_READ_FIXED = 4,
	REQUEST_WRITE_FIXED = 5,
	REQUEST_SENDMSG = 9,
	REQUEST_RECVMSG = 10,
	REQUEST_ACCEPT = 13,
	REQUEST_READ = 22,
	REQUEST_WRITE = 23,
	REQUEST_SEND = 26,
	REQUEST_RECV = 27,
	REQUEST_SEND_ZC = 47,
	REQUEST_SENDMSG_ZC = 48,
	REQUEST_READV_FIXED = 60,
	REQUEST_WRITEV_FIXED = 61,
};

#define SEND_VECTORIZED (1 << 5) /* the buffer is an array of pieces: 6.17 */

#define PIECES_MAX 1024 /* of one request: UIO_MAXIOV */

/* Of a send() with an address; the kernel has copied it, newer ones at once. */
static __always_inline void request_name(struct message *message,
					 struct io_kiocb *request)
{
	struct io_sr_msg *sr = (struct io_sr_msg *)request;
	struct io_async_msghdr *kept;

	if (bpf_core_field_exists(sr->addr)) {
		message->name = (__u64)BPF_CORE_READ(sr, addr);
		message->name_bytes = BPF_CORE_READ(sr, addr_len);
		return;
	}
	kept = BPF_CORE_READ(request, async_data);
	message->name = (__u64)BPF_CORE_READ(kept, msg.msg_name);
	message->name_bytes = (__u32)BPF_CORE_READ(kept, msg.msg_namelen);
	message->name_in_kernel = true;
}

static __always_inline bool is_vector_send(struct io_sr_msg *sr)
{
	return bpf_core_field_exists(sr->flags) &&
	       BPF_CORE_READ(sr, flags) & SEND_VECTORIZED;
}

struct room {
	const struct message *message;
	__u64 bytes;
};

static long room_visit(__u32 index, struct room *room)
{
	__u64 base, bytes;

	if (!message_piece(room->message, index, &base, &bytes))
		return 1;
	room->bytes += bytes;
	return 0;
}

/* The bytes that the pieces have room for. */
static __always_inline __u64 message_room(const struct message *message)
{
	struct room room = { .message = message };

	bpf_loop(PIECES_MAX, room_visit, &room, 0);
	return room.bytes;
}

/* False: it is none that sends or receives. */
static __always_inline bool request_message(struct message *message,
					    struct io_kiocb *request)
{
	struct io_sr_msg *sr = (struct io_sr_msg *)request;
	struct io_rw *rw = (struct io_rw *)request;
	struct io_ring_ctx *ring = BPF_CORE_READ(request, ctx);
	__u8 opcode = BPF_CORE_READ(request, opcode);

	message->name = 0;
	message->name_bytes = 0;
	message->name_in_kernel = false;
	message->is_vector = false;
	message->is_32bit = BPF_CORE_READ_BITFIELD_PROBED(ring, compat);
	switch (opcode) {
	case REQUEST_SEND:
	case REQUEST_SEND_ZC:
		request_name(message, request);
		message->is_vector = is_vector_send(sr);
		/* fallthrough */
	case REQUEST_RECV:
		message->base = (__u64)BPF_CORE_READ(sr, buf);
		message->count = BPF_CORE_READ(sr, len);
		return true;
	case REQUEST_SENDMSG:
	case REQUEST_SENDMSG_ZC:
	case REQUEST_RECVMSG:
		return message_read(message, (__u64)BPF_CORE_READ(sr, umsg));
	case REQUEST_WRITEV:
	case REQUEST_WRITEV_FIXED:
	case REQUEST_READV:
	case REQUEST_READV_FIXED:
		message->is_vector = true;
		/* fallthrough */
	case REQUEST_WRITE:
	case REQUEST_WRITE_FIXED:
	case REQUEST_READ:
	case REQUEST_READ_FIXED:
		message->base = BPF_CORE_READ(rw, addr);
		message->count = BPF_CORE_READ(rw, len);
		return true;
	}
	return false;
}

#endif
