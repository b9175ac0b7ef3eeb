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
 * owner could change them while the call ran (source 'syscall').
 *
 * io_uring's requests: what is sent is seen when they are handed in, what comes of
 * them is not known; what is received, and accepted, when they are done.
 */
#include "bpf/message_request.bpf.h"
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"
#include "bpf/socket.bpf.h"
#include "bpf/traffic.bpf.h"

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
	};
};

SCRATCH_MAP(call_scratch, struct call_scratch);

PREDICATE_PASS_ALL(network_connect)
PREDICATE_PASS_ALL(network_accept)
PREDICATE_PASS_ALL(network_listen)
PREDICATE_PASS_ALL(network_socket)

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

struct socket_asked {
	__u32 domain;
	__u32 type;
	__u32 protocol;
	__u32 flags;  /* enum event_flag */
	__s64 retval; /* EVENT_NONE: not known yet */
};

static __always_inline void socket_seen(struct task_struct *task,
					const struct socket_asked *asked)
{
	struct call_scratch *scratch = scratch_get(&call_scratch);
	struct event_counters *counts;
	struct network_socket_event *event;

	if (!scratch)
		return;
	counts = event_begin(STREAM_NETWORK_SOCKET, task);
	if (!counts)
		return;
	event = &scratch->socket;
	head_fill(&event->head, STREAM_NETWORK_SOCKET, task);
	event->head.flags |= asked->flags;
	event->head.retval = asked->retval;
	event->domain = asked->domain;
	event->type = asked->type & SOCK_TYPE_MASK;
	event->protocol = asked->protocol;
	event->fd = asked->retval < 0 ? EVENT_NONE : asked->retval;
	if (!predicate_network_socket(event)) {
		counts->filtered++;
		return;
	}
	HINT(network_socket, event);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
}

static __always_inline void socket_exit(struct task_struct *task,
					const struct call_args *call, long ret)
{
	struct socket_asked asked = {
		.domain = (__u32)call->args[0],
		.type = (__u32)call->args[1],
		.protocol = (__u32)call->args[2],
		.flags = call->is_32bit ? EVENT_FLAG_COMPAT : 0,
		.retval = ret,
	};

	if (WANTED(NETWORK_SOCKET) && RESULT_WANTED(NETWORK_SOCKET, ret))
		socket_seen(task, &asked);
}

/* --- network.connect -------------------------------------------------------*/

/* No end of the attempt, or no attempt. */
static __always_inline bool connect_says_nothing(long ret)
{
	return ret == -EINPROGRESS || ret == -EALREADY || ret == -EISCONN ||
	       ret == -EINTR || ret == -EBADF || ret == -EFAULT ||
	       is_restarted(ret);
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
	return endpoint_read(to, call->args[1], (__u32)call->args[2], false,
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
	HINT(network_connect, &scratch->connect);
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
	HINT(network_listen, event);
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
	event->head.retval = ret;
}

static __always_inline void accepted(struct task_struct *task, struct sock *sk,
				     __u32 flags, long ret, __s64 fd)
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
	scratch->accept.fd = fd;
	if (!predicate_network_accept(&scratch->accept)) {
		counts->filtered++;
		return;
	}
	HINT(network_accept, &scratch->accept);
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
		 call->is_32bit ? EVENT_FLAG_COMPAT : 0, ret,
		 ret < 0 ? EVENT_NONE : ret);
}

/* --- network.datagram and network.dns --------------------------------------*/

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
	message->name_in_kernel = false;
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
	scratch->traffic.is_done = true;
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
	__u32 count = 1;

	/* What nobody wants the verifier need not follow. */
	if (!WANTED(NETWORK_DNS) &&
	    !(WANTED(NETWORK_DATAGRAM) && traffic->is_send))
		return;
	if (is_restarted(traffic->ret) || is_peek(call) ||
	    (traffic->ret < 0 &&
	     !(traffic->is_send && WANTED_IF_FAILED(NETWORK_DATAGRAM))))
		return;
	traffic->flags = call->is_32bit ? EVENT_FLAG_COMPAT : 0;
	if (!traffic_socket(traffic, socket_of_fd(task, (__u32)call->args[0])))
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

/* --- requests to io_uring --------------------------------------------------*/

static __always_inline int socket_request(struct io_socket *request)
{
	struct socket_asked asked = {
		.domain = BPF_CORE_READ(request, domain),
		.type = BPF_CORE_READ(request, type),
		.protocol = BPF_CORE_READ(request, protocol),
		.flags = EVENT_FLAG_IO_URING,
		.retval = EVENT_NONE,
	};

	socket_seen(bpf_get_current_task_btf(), &asked);
	return 0;
}

REQUEST_HANDLER(network_socket_request, socket_request, struct io_socket)

/* Of the request in the scratch memory. */
__noinline int request_visit(__s64 bytes)
{
	struct traffic_scratch *scratch = scratch_get(&traffic_scratch);

	if (!scratch)
		return 0;
	if (!scratch->traffic.is_done)
		bytes = message_room(&scratch->message);
	message_seen(scratch, bytes);
	return 0;
}

/* `result`: of one that is done. */
static __always_inline void request_traffic(struct io_kiocb *request,
					    struct file *file, bool is_done,
					    long result)
{
	struct traffic *traffic = traffic_begin(result, !is_done);
	struct traffic_scratch *scratch = scratch_get(&traffic_scratch);

	if (!traffic || !scratch)
		return;
	traffic->is_done = is_done;
	traffic->flags = EVENT_FLAG_IO_URING;
	if (traffic_socket(traffic, socket_of_file(file)) &&
	    request_message(&scratch->message, request))
		request_visit(result);
}

static __always_inline int send_request(struct io_kiocb *request)
{
	struct task_struct *task = bpf_get_current_task_btf();

	request_traffic(request, request_file(request, task), false, 0);
	return 0;
}

REQUEST_HANDLER(network_send_request, send_request, struct io_kiocb)

static __always_inline bool is_receive(struct io_kiocb *request)
{
	__u8 opcode = BPF_CORE_READ(request, opcode);

	if (opcode == REQUEST_READ || opcode == REQUEST_READV ||
	    opcode == REQUEST_READ_FIXED || opcode == REQUEST_READV_FIXED)
		return true;
	if (opcode != REQUEST_RECV && opcode != REQUEST_RECVMSG)
		return false;
	return !(BPF_CORE_READ((struct io_sr_msg *)request, msg_flags) &
		 (MSG_PEEK | MSG_ERRQUEUE));
}

/*
 * One whose result is the number of a connection that nobody has accepted yet was
 * an accept, single or multishot: the latter has no request any more by which to
 * tell. The number is a descriptor's, or of the ring's own table; there the
 * request may have chosen it.
 */
static __always_inline bool
accept_done(struct task_struct *task, struct file *file, long result, __s64 fd)
{
	struct sock *sk = socket_of_file(file);
	struct socket_owner *owner;
	__u64 cookie;

	if (!sk || !is_inet(sk))
		return false;
	cookie = socket_cookie(sk);
	owner = bpf_map_lookup_elem(&socket_owners, &cookie);
	if (!owner || owner->state != OWNER_NOBODY)
		return false;
	accepted(task, sk, EVENT_FLAG_IO_URING, result, fd);
	return true;
}

static __always_inline void request_done(struct io_ring_ctx *ring,
					 struct io_kiocb *request, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 slot = 0;

	if (result < 0 || !task->files)
		return;
	if (WANTED(NETWORK_DNS) && result > 0 && request && is_receive(request))
		request_traffic(request, BPF_CORE_READ(request, file), true,
				result);
	if (!WANTED(NETWORK_ACCEPT) && !WANTED(NETWORK_CLOSE))
		return;
	if (accept_done(task, task_file(task, (__u32)result), result, result))
		return;
	if (request && BPF_CORE_READ(request, opcode) == REQUEST_ACCEPT)
		slot = BPF_CORE_READ((struct io_accept *)request, file_slot);
	/* All ones: the kernel has chosen. */
	if (!slot || slot == (__u32)-1)
		slot = (__u32)result + 1;
	accept_done(task, ring_file(ring, slot - 1), result, EVENT_NONE);
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(network_uring, void *ring, void *request, struct io_uring_cqe *cqe)
{
	request_done(ring, request, cqe->res);
	return 0;
}

/* Until 6.9 the hook had the members of the completion one by one. */
SEC("tp_btf/io_uring_complete")
int BPF_PROG(network_uring_members, void *ring, void *request, __u64 user_data,
	     int result)
{
	request_done(ring, request, result);
	return 0;
}
