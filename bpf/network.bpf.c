// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of TCP sockets, from the changes of their state:
 *
 *   CLOSE -> SYN_SENT          network.connect, 'attempted': in connect(), in the
 *                              caller's context, before the first packet is sent
 *   SYN_SENT -> ESTABLISHED    network.connect, 'established'
 *   SYN_SENT -> CLOSE          network.connect, 'failed'
 *   CLOSE -> LISTEN            network.listen: in listen()
 *   ESTABLISHED ... -> CLOSE   network.close: whatever ended it
 *
 * The addresses are the socket's own. Requests by io_uring change states as
 * system calls do. What states do not show (UDP, a connect() that fails before
 * there is a packet, accept()) is in datagram.bpf.c.
 */
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"
#include "bpf/socket.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

/* Of one run only one member of the union is used. */
struct state_scratch {
	struct socket_owner owner;
	union {
		struct network_connect_event connect;
		struct network_listen_event listen;
		struct network_close_event close;
	};
};

RING_MAP(event_ring);
SCRATCH_MAP(state_scratch, struct state_scratch);

PREDICATE_PASS_ALL(network_connect)
PREDICATE_PASS_ALL(network_listen)
PREDICATE_PASS_ALL(network_close)

static __always_inline bool owners_wanted(void)
{
	return outcomes_wanted() || WANTED(NETWORK_CLOSE);
}

/* A socket gives its port back a moment before it is closed. */
static __always_inline __u16 source_port(const struct sock *sk)
{
	const struct inet_sock *inet = (const struct inet_sock *)sk;
	__u16 port = sk->__sk_common.skc_num;

	return port ? port : bpf_ntohs(BPF_CORE_READ(inet, inet_sport));
}

/* --- network.connect -------------------------------------------------------*/

static __always_inline void connect_send(struct network_connect_event *event,
					 struct event_counters *counts,
					 const struct sock *sk, __u32 outcome)
{
	event->proto = IPPROTO_TCP;
	event->outcome = outcome;
	event->src_port = source_port(sk);
	event->dst_port = bpf_ntohs(sk->__sk_common.skc_dport);
	event->family = ends_fill(sk, event->src_ip, event->dst_ip);
	/* Nobody's: a predicate does not know what is NULL then. */
	if (!(event->head.flags & EVENT_FLAG_NOBODY)) {
		if (!predicate_network_connect(event)) {
			COUNT_ADD(counts->filtered);
			return;
		}
		HINT(network_connect, event);
	}
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
}

/* In connect(): the current task is the one. */
static __always_inline void connect_begins(struct state_scratch *scratch,
					   const struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool is_self = task->tgid == settings.self_tgid;
	struct socket_owner *owner = &scratch->owner;
	struct event_counters *counts;
	__u64 cookie;

	if (is_self && !owners_wanted())
		return;
	cookie = bpf_get_socket_cookie((void *)sk);
	head_fill(&owner->head, STREAM_NETWORK_CONNECT, task);
	owner->head.flags |= call_flags(task, call_slot(task));
	owner->state = is_self ? OWNER_SELF : OWNER_CONNECTING;
	if (owners_wanted())
		bpf_map_update_elem(&socket_owners, &cookie, owner, BPF_ANY);
	if (!WANTED(NETWORK_CONNECT))
		return;
	counts = event_begin(STREAM_NETWORK_CONNECT, task);
	if (!counts)
		return;
	__builtin_memcpy(&scratch->connect.head, &owner->head,
			 sizeof(owner->head));
	scratch->connect.cookie = cookie;
	connect_send(&scratch->connect, counts, sk, CONNECT_ATTEMPTED);
}

/*
 * Later, from a packet or a timer: the head is as it was kept, but for what
 * belongs to this event. What the process has become since nobody knows here.
 * Without an owner the zeros are not root's: what the predicate says of them does
 * not count.
 */
static __always_inline void head_recall(struct event_head *head, __u16 stream,
					const struct socket_owner *owner)
{
	if (owner)
		__builtin_memcpy(head, &owner->head, sizeof(*head));
	else
		__builtin_memset(head, 0, sizeof(*head));
	head->stream = stream;
	head->abi = EVENT_ABI;
	head->retval = EVENT_NONE;
	head->source = EVENT_SOURCE_KERNEL;
	head->generation = settings.generation;
	head->cpu = bpf_get_smp_processor_id();
	head_terms_unknown(head);
	if (!owner)
		head->flags = EVENT_FLAG_NOBODY;
}

/*
 * A connect() that fails before a packet is sent has no error in the socket: its
 * exit has it (datagram.bpf.c).
 */
static __always_inline void connect_ends(struct state_scratch *scratch,
					 const struct sock *sk, bool failed)
{
	__u64 cookie = bpf_get_socket_cookie((void *)sk);
	struct network_connect_event *event = &scratch->connect;
	struct event_counters *counts;
	struct socket_owner *owner;

	owner = bpf_map_lookup_elem(&socket_owners, &cookie);
	if (owner && owner->state == OWNER_SELF)
		return;
	if (owner)
		owner->state = OWNER_KNOWN;
	if (!outcomes_wanted() || (!failed && failures_only()))
		return;
	if (failed) {
		if (!sk->sk_err &&
		    !BPF_CORE_READ((struct tcp_sock *)sk, segs_out))
			return;
		exit_note_leave(cookie);
	}
	counts = counters_get(STREAM_NETWORK_CONNECT);
	if (!counts)
		return;
	COUNT_ADD(counts->generated);
	head_recall(&event->head, STREAM_NETWORK_CONNECT, owner);
	/* Closed by its owner before there was an answer: no error. */
	event->head.retval = !failed	? 0 :
			     sk->sk_err ? -(__s64)sk->sk_err :
					  -ECONNABORTED;
	event->cookie = cookie;
	connect_send(event, counts, sk,
		     failed ? CONNECT_FAILED : CONNECT_ESTABLISHED);
}

/* --- network.listen --------------------------------------------------------*/

/*
 * Of a socket that is not bound the kernel chooses the port a moment later: the
 * exit of the call has it.
 */
static __always_inline void listen_begins(struct state_scratch *scratch,
					  const struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct network_listen_event *event = &scratch->listen;
	__u32 slot = call_slot(task);
	__u64 cookie = bpf_get_socket_cookie((void *)sk);
	struct event_counters *counts;
	__u8 nobody[16];

	if (task->tgid == settings.self_tgid)
		return;
	if (!sk->__sk_common.skc_num && !is_io_uring(task, slot)) {
		exit_note_leave(cookie);
		return;
	}
	counts = event_begin(STREAM_NETWORK_LISTEN, task);
	if (!counts)
		return;
	head_fill(&event->head, STREAM_NETWORK_LISTEN, task);
	event->head.flags |= call_flags(task, slot);
	event->cookie = cookie;
	event->proto = IPPROTO_TCP;
	event->local_port = sk->__sk_common.skc_num;
	event->family = ends_fill(sk, event->local_ip, nobody);
	event->backlog = sk->sk_max_ack_backlog;
	if (!predicate_network_listen(event)) {
		counts->filtered++;
		return;
	}
	HINT(network_listen, event);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
}

/* --- network.close ---------------------------------------------------------*/

/*
 * The kernel counts SYN and FIN as a byte each, among those acknowledged and
 * among those received, but not among those sent.
 */
static __always_inline void bytes_fill(struct network_close_event *event,
				       const struct sock *sk)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	__u64 sent = BPF_CORE_READ(tcp, bytes_sent) -
		     BPF_CORE_READ(tcp, bytes_retrans);
	__u64 acked = BPF_CORE_READ(tcp, bytes_acked);
	__u64 received = BPF_CORE_READ(tcp, bytes_received);
	unsigned long flags = BPF_CORE_READ(sk, __sk_common.skc_flags);

	if (received && flags >> SOCK_DONE_BIT & 1)
		received--;
	event->bytes_sent = acked < sent ? acked : sent;
	event->bytes_received = received;
}

static __always_inline void connection_ends(struct state_scratch *scratch,
					    const struct sock *sk)
{
	struct network_close_event *event = &scratch->close;
	__u64 cookie = bpf_get_socket_cookie((void *)sk);
	struct event_counters *counts;
	struct socket_owner *owner;

	owner = bpf_map_lookup_elem(&socket_owners, &cookie);
	if (owner && owner->state == OWNER_SELF)
		return;
	if (owner && owner->state != OWNER_KNOWN)
		owner = NULL;
	counts = counters_get(STREAM_NETWORK_CLOSE);
	if (!counts)
		return;
	counts->generated++;
	head_recall(&event->head, STREAM_NETWORK_CLOSE, owner);
	event->cookie = cookie;
	event->proto = IPPROTO_TCP;
	event->local_port = source_port(sk);
	event->peer_port = bpf_ntohs(sk->__sk_common.skc_dport);
	event->family = ends_fill(sk, event->local_ip, event->peer_ip);
	bytes_fill(event, sk);
	if (owner && !predicate_network_close(event)) {
		counts->filtered++;
		return;
	}
	if (owner)
		HINT(network_close, event);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
}

/* --- the hook --------------------------------------------------------------*/

/*
 * A peer has connected. The cookie is made here, because at the exit of accept()
 * nothing can make one; and what nobody has accepted is known as such.
 */
static __always_inline void peer_connects(struct state_scratch *scratch,
					  const struct sock *sk)
{
	__u64 cookie = bpf_get_socket_cookie((void *)sk);

	if (bpf_map_lookup_elem(&socket_owners, &cookie)) {
		/* Both connected to each other at the same time. */
		if (owners_wanted())
			connect_ends(scratch, sk, false);
		return;
	}
	__builtin_memset(&scratch->owner, 0, sizeof(scratch->owner));
	bpf_map_update_elem(&socket_owners, &cookie, &scratch->owner, BPF_ANY);
}

static __always_inline void owner_forget(const struct sock *sk)
{
	__u64 cookie = bpf_get_socket_cookie((void *)sk);

	bpf_map_delete_elem(&socket_owners, &cookie);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(network_state, const struct sock *sk, int old_state, int new_state)
{
	struct state_scratch *scratch;

	if (sk->sk_protocol != IPPROTO_TCP || old_state == new_state)
		return 0;
	scratch = scratch_get(&state_scratch);
	if (!scratch)
		return 0;
	if (old_state == TCP_CLOSE) {
		if (new_state == TCP_SYN_SENT &&
		    (WANTED(NETWORK_CONNECT) || owners_wanted()))
			connect_begins(scratch, sk);
		else if (new_state == TCP_LISTEN && WANTED(NETWORK_LISTEN))
			listen_begins(scratch, sk);
	} else if (new_state == TCP_ESTABLISHED) {
		if (old_state == TCP_SYN_SENT && owners_wanted())
			connect_ends(scratch, sk, false);
		else if (old_state == TCP_SYN_RECV &&
			 (WANTED(NETWORK_ACCEPT) || owners_wanted()))
			peer_connects(scratch, sk);
	} else if (new_state == TCP_CLOSE && old_state != TCP_LISTEN) {
		if (old_state == TCP_SYN_SENT && owners_wanted())
			connect_ends(scratch, sk, true);
		else if (old_state != TCP_SYN_SENT &&
			 old_state != TCP_SYN_RECV && WANTED(NETWORK_CLOSE))
			connection_ends(scratch, sk);
		owner_forget(sk);
	}
	return 0;
}
