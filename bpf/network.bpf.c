// SPDX-License-Identifier: GPL-2.0-only
/*
 * network.connect: a TCP socket leaves CLOSE for SYN_SENT, which happens in
 * connect(), in the caller's context, before the first packet is sent. The
 * addresses are the socket's own.
 */
#include "bpf/head.bpf.h"
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#define AF_INET 2
#define IPPROTO_TCP 6

char LICENSE[] SEC("license") = "GPL";

RING_MAP(event_ring);
SCRATCH_MAP(connect_scratch, struct network_connect_event);

PREDICATE_PASS_ALL(network_connect)

static __always_inline bool is_v4_mapped(const __u8 *ip)
{
	const __u32 *words = (const __u32 *)ip;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

/*
 * A v6 socket that connects to ::ffff:a.b.c.d sends IPv4 packets: the record
 * says inet and a.b.c.d, or every rule on an address could be dodged so.
 */
static __always_inline void addresses_fill(struct network_connect_event *event,
					   const struct sock *sk)
{
	const struct sock_common *common = &sk->__sk_common;

	bpf_core_read(event->src_ip, 16, &common->skc_v6_rcv_saddr);
	bpf_core_read(event->dst_ip, 16, &common->skc_v6_daddr);
	event->family = common->skc_family;
	if (event->family != AF_INET && !is_v4_mapped(event->dst_ip))
		return;
	event->family = AF_INET;
	__builtin_memset(event->src_ip, 0, sizeof(event->src_ip));
	__builtin_memset(event->dst_ip, 0, sizeof(event->dst_ip));
	bpf_core_read(event->src_ip, 4, &common->skc_rcv_saddr);
	bpf_core_read(event->dst_ip, 4, &common->skc_daddr);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(network_connect, const struct sock *sk, int old_state,
	     int new_state)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event_counters *counts;
	struct network_connect_event *event;

	if (old_state != TCP_CLOSE || new_state != TCP_SYN_SENT ||
	    sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (task->tgid == settings.self_tgid)
		return 0;
	counts = counters_get(STREAM_NETWORK_CONNECT);
	event = scratch_get(&connect_scratch);
	if (!counts || !event)
		return 0;
	counts->generated++;

	head_fill(&event->head, STREAM_NETWORK_CONNECT, task);
	event->cookie = bpf_get_socket_cookie((void *)sk);
	event->proto = IPPROTO_TCP;
	event->outcome = CONNECT_ATTEMPTED;
	event->src_port = sk->__sk_common.skc_num;
	event->dst_port = bpf_ntohs(sk->__sk_common.skc_dport);
	addresses_fill(event, sk);
	if (!predicate_network_connect(event)) {
		counts->filtered++;
		return 0;
	}
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
	return 0;
}
