/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * network.datagram and network.dns of one message, whichever way it was sent or
 * received: a call or a request says whose socket (struct traffic) and which
 * bytes (struct message).
 */
#ifndef SHRIKE_BPF_TRAFFIC_H
#define SHRIKE_BPF_TRAFFIC_H

#include "bpf/dns.bpf.h"
#include "bpf/message.bpf.h"
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"

RING_MAP(event_ring);
SCRATCH_MAP(datagram_scratch, struct network_datagram_event);

PREDICATE_PASS_ALL(network_datagram)
STAGES_PASS_ALL(network_dns)

/*
 * A socket gets its cookie when something first asks for it, and here nothing
 * can: 0 would be one identity of many sockets.
 */
static __always_inline __s64 cookie_or_none(const struct sock *sk)
{
	__u64 cookie = socket_cookie(sk);

	return cookie ? (__s64)cookie : EVENT_NONE;
}

/* One call of the send or receive family, or a request of io_uring. */
struct traffic {
	struct call_args call; /* of a request there is none */
	const struct sock *sk;
	long ret;
	__u32 flags; /* enum event_flag */
	__u16 proto;
	__u16 type;
	__u16 family;
	bool is_send;
	bool is_done; /* else what comes of it is not known */
};

static __always_inline void traffic_head_fill(struct event_head *head,
					      __u16 stream,
					      const struct traffic *traffic,
					      __s64 bytes)
{
	head_fill(head, stream, bpf_get_current_task_btf());
	head->flags |= traffic->flags;
	head->retval = traffic->is_done ? bytes : EVENT_NONE;
}

/* Not on the stack, for the reason of struct dns_walk. */
struct traffic_scratch {
	struct traffic traffic;
	struct message message;
	struct endpoint other;
};

SCRATCH_MAP(traffic_scratch, struct traffic_scratch);

static __always_inline void datagram_seen(const struct traffic *traffic,
					  const struct endpoint *to,
					  bool is_named, long bytes)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct network_datagram_event *event = scratch_get(&datagram_scratch);
	const struct sock *sk = traffic->sk;
	struct event_counters *counts;
	__u8 unused[16];

	if (!event || !RESULT_WANTED(NETWORK_DATAGRAM, bytes))
		return;
	counts = event_begin(STREAM_NETWORK_DATAGRAM, task);
	if (!counts)
		return;
	traffic_head_fill(&event->head, STREAM_NETWORK_DATAGRAM, traffic,
			  bytes);
	if (is_named)
		event->head.source = EVENT_SOURCE_SYSCALL;
	event->cookie = cookie_or_none(sk);
	event->length = bytes < 0 ? 0 : (__u64)bytes;
	ends_fill(sk, event->src_ip, unused);
	event->family = to->family;
	event->proto = traffic->proto;
	event->src_port = traffic->type == SOCK_RAW ? 0 : local_port(sk);
	event->dst_port = traffic->type == SOCK_RAW ? 0 : to->port;
	__builtin_memcpy(event->dst_ip, to->ip, sizeof(event->dst_ip));
	if (!predicate_network_datagram(event)) {
		counts->filtered++;
		return;
	}
	HINT(network_datagram, event);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
}

/*
 * By TCP a message follows its length, two bytes, which may be read by a call of
 * their own; what does not look like a message there is the rest of one.
 */
static __always_inline void dns_seen(const struct traffic *traffic,
				     const struct message *message,
				     const struct endpoint *server, long bytes)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct dns_scratch *scratch = scratch_get(&dns_scratch);
	struct network_dns_event *event;
	struct event_counters *counts;
	__u32 start = 0, len;
	bool is_read;

	if (!scratch || bytes < DNS_HEADER_BYTES)
		return;
	event = &scratch->event;
	len = dns_gather(scratch, message, (__u64)bytes);
	if (traffic->proto == IPPROTO_TCP &&
	    dns_u16(scratch, 0) + 2 == (__u32)bytes)
		start = 2;
	if (len < start + DNS_HEADER_BYTES)
		return;
	is_read = dns_parse(scratch, start, len - start);
	if (traffic->proto == IPPROTO_TCP && !is_read)
		return;
	counts = event_begin(STREAM_NETWORK_DNS, task);
	if (!counts)
		return;
	traffic_head_fill(&event->head, STREAM_NETWORK_DNS, traffic, bytes);
	event->head.source = EVENT_SOURCE_SYSCALL;
	if (len < (__u64)bytes)
		event->head.truncated |= EVENT_PART_PAYLOAD;
	event->family = server->family;
	event->proto = traffic->proto;
	event->server_port = server->port;
	__builtin_memcpy(event->server, server->ip, sizeof(event->server));
	event->message.off = offsetof(struct network_dns_event, message_bytes);
	event->message.len = len - start;
	if (!pre_network_dns(event) || !predicate_network_dns(event)) {
		counts->filtered++;
		return;
	}
	HINT(network_dns, event);
	dns_put(&event_ring, scratch, start, counts);
}

static __always_inline void message_seen(struct traffic_scratch *scratch,
					 long bytes)
{
	const struct traffic *traffic = &scratch->traffic;
	const struct message *message = &scratch->message;
	struct endpoint *other = &scratch->other;
	bool is_stream = traffic->type == SOCK_STREAM;
	bool is_named = !is_stream &&
			endpoint_read(other, message->name, message->name_bytes,
				      message->name_in_kernel, traffic->family);

	if (!is_named && !endpoint_peer(other, traffic->sk))
		return;
	if (WANTED(NETWORK_DATAGRAM) && traffic->is_send && !is_stream)
		datagram_seen(traffic, other, is_named, bytes);
	if (WANTED(NETWORK_DNS) && other->port == DNS_PORT && bytes > 0 &&
	    (traffic->proto == IPPROTO_TCP || traffic->proto == IPPROTO_UDP))
		dns_seen(traffic, message, other, bytes);
}

/* False: nobody wants what it does. */
static __always_inline bool traffic_socket(struct traffic *traffic,
					   const struct sock *sk)
{
	if (!sk || !is_inet(sk))
		return false;
	traffic->sk = sk;
	traffic->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	traffic->proto = BPF_CORE_READ(sk, sk_protocol);
	traffic->type = BPF_CORE_READ(sk, sk_type);
	return traffic->type != SOCK_STREAM || peer_port(sk) == DNS_PORT;
}

#endif
