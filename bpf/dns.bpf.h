/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * network.dns: a DNS message (RFC 1035, 4.1) from the bytes of a send or a
 * receive.
 *
 *   0 id, 2 flags (0x8000 response, 0x000f rcode), 4 number of questions,
 *   6 8 10 numbers of the other records, 12 the first question:
 *   labels (length, bytes) ended by length 0; type; class
 *
 * The name is taken apart here, so that a predicate can read it; answers are
 * taken apart in user space (user/event/dns.h). A question's name has no use for
 * compression: one that has a pointer is not read.
 */
#ifndef SHRIKE_BPF_DNS_H
#define SHRIKE_BPF_DNS_H

#include "bpf/message.bpf.h"

#define DNS_PORT 53
#define DNS_HEADER_BYTES 12
#define DNS_RESPONSE 0x8000
#define DNS_RCODE 0x000f
#define DNS_NAME_MAX 255
#define DNS_LABEL_POINTER 0xc0

/*
 * Where the walk along a name is. It is not on the stack: there the verifiers of
 * 6.1 take what a loop changes for what it was before.
 */
struct dns_walk {
	__u32 at; /* in the message's bytes */
	__u32 end;
	__u32 left; /* of the label */
	__u32 len;  /* of the text so far */
	__u32 done; /* the name has ended */
};

struct dns_scratch {
	struct network_dns_event event;
	char slack[EVENT_DNS_SIZE]; /* a copy that ends there cannot overrun */
	struct dns_walk walk;
};

SCRATCH_MAP(dns_scratch, struct dns_scratch);

static long dns_name_byte(__u32 turn, void *nothing)
{
	struct dns_scratch *scratch = scratch_get(&dns_scratch);
	struct dns_walk *walk;
	__u32 at, len;
	__u8 byte;

	if (!scratch)
		return 1;
	walk = &scratch->walk;
	at = walk->at;
	len = walk->len;
	if (at >= walk->end || at >= EVENT_DNS_SIZE || len >= DNS_NAME_MAX)
		return 1;
	byte = (__u8)scratch->event.message_bytes[at];
	walk->at = at + 1;
	if (walk->left) {
		walk->left--;
		if (byte >= 'A' && byte <= 'Z')
			byte += 'a' - 'A';
		scratch->event.qname_bytes[len] = (char)byte;
		walk->len = len + 1;
		return 0;
	}
	walk->done = !byte;
	if (!byte || byte & DNS_LABEL_POINTER)
		return 1;
	walk->left = byte;
	if (len) {
		scratch->event.qname_bytes[len] = '.';
		walk->len = len + 1;
	}
	return 0;
}

static __always_inline __u16 dns_u16(const struct dns_scratch *scratch,
				     __u32 at)
{
	const __u8 *bytes = (const __u8 *)scratch->event.message_bytes;

	if (at >= EVENT_DNS_SIZE - 1)
		return 0;
	return (__u16)(bytes[at] << 8 | bytes[at + 1]);
}

/* The message's first bytes, from all its pieces; returns how many. */
static __always_inline __u32 dns_gather(struct dns_scratch *scratch,
					const struct message *message,
					__u64 bytes)
{
	__u32 len = 0;

	for (__u32 i = 0; i < IOVECS_MAX; i++) {
		__u64 base, piece_bytes;
		__u32 piece;

		if (bytes <= len || len >= EVENT_DNS_SIZE ||
		    !message_piece(message, i, &base, &piece_bytes))
			break;
		if (piece_bytes > bytes - len)
			piece_bytes = bytes - len;
		if (piece_bytes > EVENT_DNS_SIZE - len)
			piece_bytes = EVENT_DNS_SIZE - len;
		piece = (__u32)piece_bytes;
		barrier_var(piece);
		barrier_var(len);
		if (piece > EVENT_DNS_SIZE || len >= EVENT_DNS_SIZE)
			break;
		if (piece &&
		    bpf_probe_read_user(scratch->event.message_bytes + len,
					piece, (void *)base))
			break;
		len += piece;
	}
	return len;
}

/*
 * Fill what the message itself says, from the `len` bytes at `start`; false: it
 * has no question that can be read.
 */
static __always_inline bool dns_parse(struct dns_scratch *scratch, __u32 start,
				      __u32 len)
{
	struct network_dns_event *event = &scratch->event;
	struct dns_walk *walk = &scratch->walk;
	__u16 flags = dns_u16(scratch, start + 2);

	event->is_response = !!(flags & DNS_RESPONSE);
	event->rcode = event->is_response ? flags & DNS_RCODE : EVENT_NONE;
	event->qtype = 0;
	event->qname.off = 0;
	event->qname.len = 0;
	if (!dns_u16(scratch, start + 4))
		return false;
	*walk = (struct dns_walk){ .at = start + DNS_HEADER_BYTES,
				   .end = start + len };
	bpf_loop(DNS_NAME_MAX + 1, dns_name_byte, NULL, 0);
	if (!walk->done || walk->at + 4 > walk->end)
		return false;
	event->qtype = dns_u16(scratch, walk->at);
	event->qname.off = offsetof(struct network_dns_event, qname_bytes);
	event->qname.len = walk->len;
	return true;
}

static __always_inline void dns_put(void *ring, struct dns_scratch *scratch,
				    __u32 start, struct event_counters *counts)
{
	struct network_dns_event *event = &scratch->event;
	const __u32 fixed = offsetof(struct network_dns_event, qname_bytes);
	__u32 name_bytes = event->qname.len;
	__u32 message_bytes = event->message.len;
	struct bpf_dynptr room;

	/* So it is; the verifier wants to see it. */
	if (name_bytes > DNS_NAME_MAX)
		name_bytes = DNS_NAME_MAX;
	if (message_bytes > EVENT_DNS_SIZE)
		message_bytes = EVENT_DNS_SIZE;
	if (start > 2)
		start = 2;
	if (NEEDS(NETWORK_DNS, NETWORK_DNS_answers) && event->is_response) {
		event->message.off = fixed + name_bytes;
	} else {
		message_bytes = 0;
		event->message.off = 0;
		event->message.len = 0;
	}
	event->head.size = fixed + name_bytes + message_bytes;
	if (!ring_reserve(ring, &event->head, counts, &room))
		return;
	bpf_dynptr_write(&room, 0, event, fixed, 0);
	if (name_bytes)
		bpf_dynptr_write(&room, fixed, event->qname_bytes, name_bytes,
				 0);
	if (message_bytes)
		bpf_dynptr_write(&room, fixed + name_bytes,
				 event->message_bytes + start, message_bytes,
				 0);
	ring_submit(ring, &room);
}

#endif
