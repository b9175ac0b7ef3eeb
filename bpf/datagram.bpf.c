// SPDX-License-Identifier: GPL-2.0-only
/*
 * What system calls do with sockets, at their exit:
 *
 *   socket          network.socket
 *   connect         network.connect of datagram sockets, and of TCP when it
 *                   failed before there was a packet; rows that only rules see
 *                   which read `outcome`
 *   listen          network.listen, where the kernel has chosen the port
 *   accept          network.accept, and whom a connection belongs to
 *   send, write,    network.datagram: IPv4 and IPv6, of any protocol whose
 *                   sockets send datagrams (UDP, UDP-Lite, ICMP, raw), be the
 *                   destination in the message or the socket's peer; not of
 *                   packet sockets; sendfile and splice, too
 *   send, write,    network.dns: messages to and from port 53, by UDP and by
 *   recv, read      TCP, as the client sees them
 *
 * Why calls and not packets for DNS: a program on the cgroup's packets runs for
 * each of the host, and on those that come in it does not know the process. Here
 * the caller is the current task. The price: the bytes are user memory, whose
 * owner could change them while the call ran (source 'syscall'), and what is sent
 * and received through io_uring is not seen. accept() by io_uring is.
 */
#include "bpf/dns.bpf.h"
#include "bpf/message.bpf.h"
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"
#include "bpf/socket.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define EINTR 4
#define EBADF 9
#define EFAULT 14
#define EISCONN 106
#define EALREADY 114
#define EINPROGRESS 115
#define ERESTARTSYS 512
#define ERESTART_RESTARTBLOCK 516

#define SOCK_TYPE_MASK 0xf
#define MESSAGES_MAX 1024 /* of one call: UIO_MAXIOV */

struct call_scratch {
	struct socket_owner owner;
	union {
		struct network_connect_event connect;
		struct network_accept_event accept;
		struct network_listen_event listen;
		struct network_socket_event socket;
		struct network_datagram_event datagram;
	};
};

RING_MAP(event_ring);
SCRATCH_MAP(call_scratch, struct call_scratch);

PREDICATE_PASS_ALL(network_connect)
PREDICATE_PASS_ALL(network_accept)
PREDICATE_PASS_ALL(network_listen)
PREDICATE_PASS_ALL(network_socket)
PREDICATE_PASS_ALL(network_datagram)
STAGES_PASS_ALL(network_dns)

static __always_inline void call_head_fill(struct event_head *head,
					   __u16 stream,
					   struct task_struct *task,
					   const struct call_args *call)
{
	head_fill(head, stream, task);
	if (call->is_32bit)
		head->flags |= EVENT_FLAG_COMPAT;
}

/* The call goes on after the signal: this is not its end. */
static __always_inline bool is_restarted(long ret)
{
	return ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK;
}

/* --- network.socket --------------------------------------------------------*/

static __always_inline void socket_exit(struct task_struct *task,
					const struct call_args *call, long ret)
{
	struct call_scratch *scratch = scratch_get(&call_scratch);
	struct event_counters *counts;
	struct network_socket_event *event;

	if (!scratch || !WANTED(NETWORK_SOCKET) ||
	    !RESULT_WANTED(NETWORK_SOCKET, ret))
		return;
	counts = event_begin(STREAM_NETWORK_SOCKET, task);
	if (!counts)
		return;
	event = &scratch->socket;
	call_head_fill(&event->head, STREAM_NETWORK_SOCKET, task, call);
	event->head.retval = ret;
	event->domain = (__u32)call->args[0];
	event->type = (__u32)call->args[1] & SOCK_TYPE_MASK;
	event->protocol = (__u32)call->args[2];
	event->fd = ret < 0 ? EVENT_NONE : ret;
	if (!predicate_network_socket(event)) {
		counts->filtered++;
		return;
	}
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
}

/* --- network.connect -------------------------------------------------------*/

/* No end of the attempt, or no attempt. */
static __always_inline bool connect_says_nothing(long ret)
{
	return ret == -EINPROGRESS || ret == -EALREADY || ret == -EISCONN ||
	       ret == -EINTR || ret == -EBADF || ret == -EFAULT ||
	       is_restarted(ret);
}

/* A socket gets its cookie when something first asks for it, and here nothing
 * can: 0 would be one identity of many sockets.
 */
static __always_inline __s64 cookie_or_none(const struct sock *sk)
{
	__u64 cookie = socket_cookie(sk);

	return cookie ? (__s64)cookie : EVENT_NONE;
}

/*
 * Whom the call names; false: nobody, what was connected is so no more, or an
 * attempt that nothing is known of.
 */
static __always_inline bool connect_reads(struct endpoint *to,
					  const struct sock *sk,
					  const struct call_args *call,
					  long ret)
{
	__u16 sock_family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u16 asked = AF_UNSPEC;

	if (bpf_probe_read_user(&asked, sizeof(asked), (void *)call->args[1]) ||
	    asked == AF_UNSPEC)
		return false;
	return endpoint_read(to, call->args[1], (__u32)call->args[2],
			     sock_family) ||
	       ret >= 0;
}

/* The socket has no address of what could not be reached: the call has. */
static __always_inline void connect_fill(struct network_connect_event *event,
					 const struct sock *sk,
					 const struct endpoint *to, long ret)
{
	event->cookie = cookie_or_none(sk);
	event->proto = BPF_CORE_READ(sk, sk_protocol);
	event->src_port = local_port(sk);
	event->family = ends_fill(sk, event->src_ip, event->dst_ip);
	event->dst_port = peer_port(sk);
	event->outcome = ret < 0 ? CONNECT_FAILED : CONNECT_ESTABLISHED;
	event->head.retval = ret;
	if (ret >= 0)
		return;
	event->family = to->family;
	event->dst_port = to->port;
	__builtin_memset(event->src_ip, 0, sizeof(event->src_ip));
	__builtin_memcpy(event->dst_ip, to->ip, sizeof(to->ip));
	event->head.source = EVENT_SOURCE_SYSCALL;
}

/*
 * Of TCP only what failed before there was a packet. The books are kept with
 * care: changes of states may interrupt us.
 */
static __always_inline void connect_exit(struct task_struct *task,
					 const struct call_args *call, long ret)
{
	struct call_scratch *scratch = scratch_get(&call_scratch);
	struct event_counters *counts;
	struct endpoint to = { 0 };
	struct sock *sk;
	bool is_tcp;

	if (!scratch || !outcomes_wanted() || connect_says_nothing(ret) ||
	    (ret >= 0 && failures_only()))
		return;
	sk = socket_of_fd(task, (__u32)call->args[0]);
	if (!sk || !is_inet(sk))
		return;
	is_tcp = BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP;
	if (is_tcp && (ret >= 0 || exit_note_take(socket_cookie(sk))))
		return;
	if (!is_tcp && BPF_CORE_READ(sk, sk_type) == SOCK_STREAM)
		return;
	if (!connect_reads(&to, sk, call, ret))
		return;
	counts = event_begin(STREAM_NETWORK_CONNECT, task);
	if (!counts)
		return;
	call_head_fill(&scratch->connect.head, STREAM_NETWORK_CONNECT, task,
		       call);
	connect_fill(&scratch->connect, sk, &to, ret);
	if (!predicate_network_connect(&scratch->connect)) {
		COUNT_ADD(counts->filtered);
		return;
	}
	ring_put(&event_ring, &scratch->connect.head, sizeof(scratch->connect),
		 counts);
}

/* --- network.listen --------------------------------------------------------*/

/* Of a socket that was bound the change of its state has told all. */
static __always_inline void listen_exit(struct task_struct *task,
					const struct call_args *call, long ret)
{
	struct call_scratch *scratch = scratch_get(&call_scratch);
	struct event_counters *counts;
	struct network_listen_event *event;
	struct sock *sk;
	__u8 nobody[16];

	if (!scratch || ret < 0 || !WANTED(NETWORK_LISTEN))
		return;
	sk = socket_of_fd(task, (__u32)call->args[0]);
	if (!sk || !is_inet(sk) || !exit_note_take(socket_cookie(sk)))
		return;
	counts = event_begin(STREAM_NETWORK_LISTEN, task);
	if (!counts)
		return;
	event = &scratch->listen;
	call_head_fill(&event->head, STREAM_NETWORK_LISTEN, task, call);
	event->head.retval = ret;
	event->cookie = socket_cookie(sk);
	event->proto = IPPROTO_TCP;
	event->local_port = local_port(sk);
	event->family = ends_fill(sk, event->local_ip, nobody);
	event->backlog = BPF_CORE_READ(sk, sk_max_ack_backlog);
	if (!predicate_network_listen(event)) {
		counts->filtered++;
		return;
	}
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
}

/* --- network.accept --------------------------------------------------------*/

/* Whose connection it is from now on. One that ended meanwhile is nobody's. */
static __always_inline void owner_keep(struct call_scratch *scratch,
				       const struct sock *sk, bool is_self)
{
	__u64 cookie = socket_cookie(sk);

	if (!cookie || BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE)
		return;
	__builtin_memcpy(&scratch->owner.head, &scratch->accept.head,
			 sizeof(scratch->owner.head));
	scratch->owner.state = is_self ? OWNER_SELF : OWNER_KNOWN;
	bpf_map_update_elem(&socket_owners, &cookie, &scratch->owner, BPF_ANY);
}

static __always_inline void accept_fill(struct network_accept_event *event,
					const struct sock *sk, long ret)
{
	event->cookie = socket_cookie(sk);
	event->proto = BPF_CORE_READ(sk, sk_protocol);
	event->local_port = local_port(sk);
	event->peer_port = ret < 0 ? 0 : peer_port(sk);
	event->family = ends_fill(sk, event->local_ip, event->peer_ip);
	event->fd = ret < 0 ? EVENT_NONE : ret;
	event->head.retval = ret;
}

static __always_inline void accepted(struct task_struct *task, struct sock *sk,
				     __u32 flags, long ret)
{
	struct call_scratch *scratch = scratch_get(&call_scratch);
	bool is_self = task->tgid == settings.self_tgid;
	struct event_counters *counts;

	if (!scratch || !sk || !is_inet(sk))
		return;
	head_fill(&scratch->accept.head, STREAM_NETWORK_ACCEPT, task);
	scratch->accept.head.flags |= flags;
	if (ret >= 0)
		owner_keep(scratch, sk, is_self);
	if (!WANTED(NETWORK_ACCEPT))
		return;
	counts = event_begin(STREAM_NETWORK_ACCEPT, task);
	if (!counts)
		return;
	accept_fill(&scratch->accept, sk, ret);
	if (!predicate_network_accept(&scratch->accept)) {
		counts->filtered++;
		return;
	}
	ring_put(&event_ring, &scratch->accept.head, sizeof(scratch->accept),
		 counts);
}

static __always_inline void accept_exit(struct task_struct *task,
					const struct call_args *call, long ret)
{
	__u32 fd = ret < 0 ? (__u32)call->args[0] : (__u32)ret;

	if (ret < 0 && (!WANTED_IF_FAILED(NETWORK_ACCEPT) || is_restarted(ret)))
		return;
	accepted(task, socket_of_fd(task, fd),
		 call->is_32bit ? EVENT_FLAG_COMPAT : 0, ret);
}

/* --- network.datagram and network.dns --------------------------------------*/

/* One call of the send or receive family. */
struct traffic {
	struct call_args call;
	const struct sock *sk;
	long ret;
	__u16 proto;
	__u16 type;
	__u16 family;
	bool is_send;
};

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
	struct call_scratch *scratch = scratch_get(&call_scratch);
	const struct sock *sk = traffic->sk;
	struct network_datagram_event *event;
	struct event_counters *counts;
	__u8 unused[16];

	if (!scratch || !RESULT_WANTED(NETWORK_DATAGRAM, bytes))
		return;
	counts = event_begin(STREAM_NETWORK_DATAGRAM, task);
	if (!counts)
		return;
	event = &scratch->datagram;
	call_head_fill(&event->head, STREAM_NETWORK_DATAGRAM, task,
		       &traffic->call);
	if (is_named)
		event->head.source = EVENT_SOURCE_SYSCALL;
	event->head.retval = bytes;
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
	call_head_fill(&event->head, STREAM_NETWORK_DNS, task, &traffic->call);
	event->head.source = EVENT_SOURCE_SYSCALL;
	event->head.retval = bytes;
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
				      traffic->family);

	if (!is_named && !endpoint_peer(other, traffic->sk))
		return;
	if (WANTED(NETWORK_DATAGRAM) && traffic->is_send && !is_stream)
		datagram_seen(traffic, other, is_named, bytes);
	if (WANTED(NETWORK_DNS) && other->port == DNS_PORT && bytes > 0 &&
	    (traffic->proto == IPPROTO_TCP || traffic->proto == IPPROTO_UDP))
		dns_seen(traffic, message, other, bytes);
}

/* For the length that a receive has put where its address points. */
static __always_inline __u64 name_bytes_read(__u64 at)
{
	__u32 bytes = 0;

	bpf_probe_read_user(&bytes, sizeof(bytes), (void *)at);
	return bytes;
}

/* The index-th message of the call. */
static long message_visit(__u32 index, void *nothing)
{
	struct traffic_scratch *scratch = scratch_get(&traffic_scratch);
	const struct call_args *call;
	struct message *message;
	__s64 bytes;

	if (!scratch)
		return 1;
	call = &scratch->traffic.call;
	bytes = scratch->traffic.ret;
	message = &scratch->message;
	message->name = 0;
	message->name_bytes = 0;
	message->is_vector = false;
	message->is_32bit = call->is_32bit;

	switch (call->call) {
	case CALL_SENDTO:
		message->name = call->args[4];
		message->name_bytes = call->args[5];
		message->base = call->args[1];
		message->count = call->args[2];
		break;
	case CALL_RECVFROM:
		message->name = call->args[4];
		if (message->name)
			message->name_bytes = name_bytes_read(call->args[5]);
		message->base = call->args[1];
		message->count = call->args[2];
		break;
	case CALL_WRITE:
	case CALL_READ:
		message->base = call->args[1];
		message->count = call->args[2];
		break;
	case CALL_WRITEV:
	case CALL_READV:
		message->base = call->args[1];
		message->count = call->args[2];
		message->is_vector = true;
		break;
	case CALL_FILE:
		message->base = 0;
		message->count = 0;
		break;
	case CALL_SENDMSG:
	case CALL_RECVMSG:
		if (!message_read(message, call->args[1]))
			return 1;
		break;
	case CALL_SENDMMSG:
	case CALL_RECVMMSG:
		if (!message_read_nth(message, call->args[1], index, &bytes))
			return 1;
		if (scratch->traffic.ret < 0)
			bytes = scratch->traffic.ret;
		break;
	default:
		return 1;
	}
	message_seen(scratch, bytes);
	return 0;
}

static __always_inline struct traffic *traffic_begin(long ret, bool is_send)
{
	struct traffic_scratch *scratch = scratch_get(&traffic_scratch);

	if (!scratch)
		return NULL;
	scratch->traffic.ret = ret;
	scratch->traffic.is_send = is_send;
	return &scratch->traffic;
}

static __always_inline bool is_peek(const struct call_args *call)
{
	__u64 flags =
		call->call == CALL_RECVMSG ? call->args[2] :
		call->call == CALL_RECVFROM || call->call == CALL_RECVMMSG ?
					     call->args[3] :
					     0;

	return flags & (MSG_PEEK | MSG_ERRQUEUE);
}

static __always_inline void traffic_exit(struct task_struct *task,
					 struct traffic *traffic)
{
	struct call_args *call = &traffic->call;
	bool is_many =
		call->call == CALL_SENDMMSG || call->call == CALL_RECVMMSG;
	const struct sock *sk;
	__u32 count = 1;

	/* What nobody wants the verifier need not follow. */
	if (!WANTED(NETWORK_DNS) &&
	    !(WANTED(NETWORK_DATAGRAM) && traffic->is_send))
		return;
	if (is_restarted(traffic->ret) || is_peek(call) ||
	    (traffic->ret < 0 &&
	     !(traffic->is_send && WANTED_IF_FAILED(NETWORK_DATAGRAM))))
		return;
	sk = socket_of_fd(task, (__u32)call->args[0]);
	if (!sk || !is_inet(sk))
		return;
	traffic->sk = sk;
	traffic->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	traffic->proto = BPF_CORE_READ(sk, sk_protocol);
	traffic->type = BPF_CORE_READ(sk, sk_type);
	if (traffic->type == SOCK_STREAM && peer_port(sk) != DNS_PORT)
		return;
	if (is_many && traffic->ret >= 0)
		count = (__u32)traffic->ret;
	if (count > MESSAGES_MAX)
		count = MESSAGES_MAX;
	bpf_loop(count, message_visit, NULL, 0);
}

/* --- the hooks -------------------------------------------------------------*/

typedef void call_handler(struct task_struct *task,
			  const struct call_args *call, long ret);

static __always_inline int call_handle(struct pt_regs *regs, long ret,
				       call_handler *handler)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call_args call;

	call_args_read(&call, regs, task);
	handler(task, &call, ret);
	return 0;
}

static __always_inline int traffic_handle(struct pt_regs *regs, long ret,
					  bool is_send)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct traffic *traffic = traffic_begin(ret, is_send);

	if (!traffic)
		return 0;
	call_args_read(&traffic->call, regs, task);
	traffic->call.call = call_kind(traffic->call.slot);
	traffic_exit(task, traffic);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(network_socket, struct pt_regs *regs, long ret)
{
	return call_handle(regs, ret, socket_exit);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(network_connect, struct pt_regs *regs, long ret)
{
	return call_handle(regs, ret, connect_exit);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(network_listen, struct pt_regs *regs, long ret)
{
	return call_handle(regs, ret, listen_exit);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(network_accept, struct pt_regs *regs, long ret)
{
	return call_handle(regs, ret, accept_exit);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(network_send, struct pt_regs *regs, long ret)
{
	return traffic_handle(regs, ret, true);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(network_receive, struct pt_regs *regs, long ret)
{
	return ret > 0 ? traffic_handle(regs, ret, false) : 0;
}

/* The older way of 32-bit programs on x86: one call for all. */
SEC("tp_btf/sys_exit")
int BPF_PROG(network_socketcall, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct traffic *traffic = traffic_begin(ret, false);
	struct call_args *call;

	if (!traffic)
		return 0;
	call = &traffic->call;
	call_args_read(call, regs, task);
	socketcall_read(call);
	switch (call->call) {
	case CALL_ACCEPT:
		accept_exit(task, call, ret);
		break;
	case CALL_SOCKET:
		socket_exit(task, call, ret);
		break;
	case CALL_CONNECT:
		connect_exit(task, call, ret);
		break;
	case CALL_LISTEN:
		listen_exit(task, call, ret);
		break;
	case CALL_SENDTO:
	case CALL_SENDMSG:
	case CALL_SENDMMSG:
		traffic->is_send = true;
		traffic_exit(task, traffic);
		break;
	case CALL_RECVFROM:
	case CALL_RECVMSG:
	case CALL_RECVMMSG:
		traffic_exit(task, traffic);
		break;
	}
	return 0;
}

/*
 * A request of io_uring is done. One whose result is the descriptor of a
 * connection that nobody has accepted yet was an accept, single or multishot:
 * the latter has no request any more by which to tell.
 */
static __always_inline void request_done(long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket_owner *owner;
	struct sock *sk;
	__u64 cookie;

	if (result < 0 || !task->files)
		return;
	sk = socket_of_fd(task, (__u32)result);
	if (!sk || !is_inet(sk))
		return;
	cookie = socket_cookie(sk);
	owner = bpf_map_lookup_elem(&socket_owners, &cookie);
	if (!owner || owner->state != OWNER_NOBODY)
		return;
	accepted(task, sk, EVENT_FLAG_IO_URING, result);
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(network_accept_uring, void *ring, void *request,
	     struct io_uring_cqe *cqe)
{
	request_done(cqe->res);
	return 0;
}

/* Until 6.9 the hook had the members of the completion one by one. */
SEC("tp_btf/io_uring_complete")
int BPF_PROG(network_accept_uring_members, void *ring, void *request,
	     __u64 user_data, int result)
{
	request_done(result);
	return 0;
}
