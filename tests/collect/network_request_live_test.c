// SPDX-License-Identifier: Apache-2.0
/*
 * Sockets that are used through io_uring, which makes no system call for it: what
 * is sent is seen when it is handed in, also by the kernel's polling thread and
 * also of files in the ring's own table.
 */
#include "network.h"

#include <liburing.h>
#include <sys/uio.h>

#define DATAGRAM STREAM_BIT(NETWORK_DATAGRAM)
#define DNS STREAM_BIT(NETWORK_DNS)
#define SOCKET STREAM_BIT(NETWORK_SOCKET)
#define ACCEPT STREAM_BIT(NETWORK_ACCEPT)
/* The child's exit status where io_uring is not allowed, or cannot do it. */
#define NO_RING 3
#define NO_PIECES 4

/* --- what the children share -----------------------------------------------*/

static void ring_make(struct told *told, struct io_uring *ring, unsigned flags)
{
	struct io_uring_params params = { .flags = flags,
					  .sq_thread_idle = 1000 };
	int files[2] = { -1, -1 };

	namespace_enter(told);
	if (io_uring_queue_init_params(8, ring, &params))
		_exit(NO_RING);
	MUST(told, io_uring_register_files(ring, files, 2) == 0);
}

/* Hand in what is prepared and wait for it; its result. */
static int done(struct told *told, struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned more;
	int res;

	MUST(told, io_uring_submit(ring) >= 0);
	MUST(told, io_uring_wait_cqe(ring, &cqe) == 0);
	res = cqe->res;
	more = cqe->flags & IORING_CQE_F_MORE;
	io_uring_cqe_seen(ring, cqe);
	/* Without a copy there is a second: the memory is free again. */
	if (more) {
		MUST(told, io_uring_wait_cqe(ring, &cqe) == 0);
		io_uring_cqe_seen(ring, cqe);
	}
	return res;
}

static int bound(struct told *told, int type, uint16_t port)
{
	struct sockaddr_in at = v4_address("127.0.0.1", port);
	int fd = socket(AF_INET, type, 0);

	MUST(told, bind(fd, (void *)&at, sizeof(at)) == 0);
	return fd;
}

static int connected(struct told *told, int type, uint16_t port)
{
	struct sockaddr_in to = v4_address("127.0.0.1", port);
	int fd = socket(AF_INET, type, 0);

	MUST(told, connect(fd, (void *)&to, sizeof(to)) == 0);
	return fd;
}

static pid_t run(struct live *live, uint64_t streams, void (*fn)(void *),
		 struct told *told)
{
	int status;
	pid_t pid;

	network_open(live, streams, ASKED_PLAIN);
	pid = child_run(fn, told, &status);
	if (status == NO_RING << 8 || status == NO_PIECES << 8) {
		print_message(status == NO_RING << 8 ?
				      "skip: io_uring is not allowed here\n" :
				      "skip: send takes no pieces here\n");
		live_close(live);
		skip();
	}
	if (told->wrong || status)
		fail_msg("the child failed, line %u, status %d", told->wrong,
			 status);
	live_drain(live);
	return pid;
}

/* --- datagrams -------------------------------------------------------------*/

#define WAYS 8

/* The n-th sends n + 10 bytes, to port 7000 or, where it says so, to 7001. */
static void send_each_way(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in to = v4_address("127.0.0.1", 7001);
	char bytes[64] = { 0 };
	struct iovec pieces[2] = { { bytes, 3 }, { bytes, 0 } };
	struct iovec buffer = { bytes, sizeof(bytes) };
	struct msghdr named = { .msg_name = &to,
				.msg_namelen = sizeof(to),
				.msg_iov = pieces,
				.msg_iovlen = 2 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd;

	ring_make(told, &ring, 0);
	bound(told, SOCK_DGRAM, 7000);
	bound(told, SOCK_DGRAM, 7001);
	fd = connected(told, SOCK_DGRAM, 7000);
	io_uring_prep_send(io_uring_get_sqe(&ring), fd, bytes, 10, 0);
	MUST(told, done(told, &ring) == 10);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_send_zc(sqe, fd, bytes, 11, 0, 0);
	io_uring_prep_send_set_addr(sqe, (void *)&to, sizeof(to));
	MUST(told, done(told, &ring) == 11);
	pieces[1].iov_len = 9;
	io_uring_prep_sendmsg(io_uring_get_sqe(&ring), fd, &named, 0);
	MUST(told, done(told, &ring) == 12);
	pieces[1].iov_len = 10;
	io_uring_prep_sendmsg_zc(io_uring_get_sqe(&ring), fd, &named, 0);
	MUST(told, done(told, &ring) == 13);
	io_uring_prep_write(io_uring_get_sqe(&ring), fd, bytes, 14, 0);
	MUST(told, done(told, &ring) == 14);
	pieces[1].iov_len = 12;
	io_uring_prep_writev(io_uring_get_sqe(&ring), fd, pieces, 2, 0);
	MUST(told, done(told, &ring) == 15);
	MUST(told, io_uring_register_files_update(&ring, 1, &fd, 1) == 1);
	close(fd);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_send(sqe, 1, bytes, 16, 0);
	sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
	/* Linked: it is done when that is. */
	io_uring_prep_nop(io_uring_get_sqe(&ring));
	MUST(told, done(told, &ring) == 0);
	MUST(told, io_uring_register_buffers(&ring, &buffer, 1) == 0);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_write_fixed(sqe, 1, bytes, 17, 0, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	MUST(told, done(told, &ring) == 17);
}

static void datagram__each_request__has_destination_and_length(void **state)
{
	static const uint16_t ports[WAYS] = { 7000, 7001, 7001, 7001,
					      7000, 7000, 7000, 7000 };
	struct told *told = told_new();
	struct live live;
	pid_t pid = run(&live, DATAGRAM, send_each_way, told);

	(void)state;
	for (unsigned i = 0; i < WAYS; i++) {
		const struct network_datagram_event *n =
			live_find(&live, STREAM_NETWORK_DATAGRAM, pid, i);

		if (!n)
			fail_msg("no row %u", i);
		assert_int_equal(n->length, 10 + i);
		assert_int_equal(n->dst_port, ports[i]);
		assert_memory_equal(n->dst_ip, "\x7f\0\0\1", 4);
		assert_int_equal(n->proto, IPPROTO_UDP);
		assert_true(n->head.flags & EVENT_FLAG_IO_URING);
		assert_true(n->head.retval == EVENT_NONE);
	}
	assert_null(live_find(&live, STREAM_NETWORK_DATAGRAM, pid, WAYS));
	live_close(&live);
	told_free(told);
}

#define PIECES 1024
#define VECTORIZED (1 << 5)
#define OPCODE_WRITEV_FIXED 61

static void send_many_pieces(void *arg)
{
	struct told *told = arg;
	static char bytes[PIECES];
	static struct iovec pieces[PIECES];
	struct msghdr hdr = { .msg_iov = pieces, .msg_iovlen = PIECES };
	struct io_uring ring;
	int fd;

	for (unsigned i = 0; i < PIECES; i++)
		pieces[i] = (struct iovec){ bytes + i, 1 };
	ring_make(told, &ring, 0);
	bound(told, SOCK_DGRAM, 7000);
	fd = connected(told, SOCK_DGRAM, 7000);
	io_uring_prep_sendmsg(io_uring_get_sqe(&ring), fd, &hdr, 0);
	MUST(told, done(told, &ring) == PIECES);
	io_uring_prep_writev(io_uring_get_sqe(&ring), fd, pieces, PIECES, 0);
	MUST(told, done(told, &ring) == PIECES);
}

static void datagram__of_many_pieces__has_the_length_of_all(void **state)
{
	struct told *told = told_new();
	struct live live;
	pid_t pid = run(&live, DATAGRAM, send_many_pieces, told);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const struct network_datagram_event *n =
			live_find(&live, STREAM_NETWORK_DATAGRAM, pid, i);

		if (!n)
			fail_msg("no row %u", i);
		assert_int_equal(n->length, PIECES);
	}
	live_close(&live);
	told_free(told);
}

/* Since 6.17 send() takes pieces, since 6.15 they may be registered ones. */
static void send_vectors(void *arg)
{
	struct told *told = arg;
	char bytes[64] = { 0 };
	struct iovec buffer = { bytes, sizeof(bytes) };
	struct iovec pieces[2] = { { bytes, 3 }, { bytes + 3, 17 } };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd, sent;

	ring_make(told, &ring, 0);
	bound(told, SOCK_DGRAM, 7000);
	fd = connected(told, SOCK_DGRAM, 7000);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_send(sqe, fd, pieces, 2, 0);
	sqe->ioprio |= VECTORIZED;
	sent = done(told, &ring);
	if (sent == -EINVAL)
		_exit(NO_PIECES);
	MUST(told, sent == 20);
	pieces[1].iov_len = 18;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_send_zc(sqe, fd, pieces, 2, 0, 0);
	sqe->ioprio |= VECTORIZED;
	MUST(told, done(told, &ring) == 21);
	MUST(told, io_uring_register_buffers(&ring, &buffer, 1) == 0);
	pieces[1].iov_len = 19;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_writev(sqe, fd, pieces, 2, 0);
	sqe->opcode = OPCODE_WRITEV_FIXED;
	MUST(told, done(told, &ring) == 22);
}

static void datagram__sent_as_vector__has_the_length_of_all(void **state)
{
	struct told *told = told_new();
	struct live live;
	pid_t pid = run(&live, DATAGRAM, send_vectors, told);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		const struct network_datagram_event *n =
			live_find(&live, STREAM_NETWORK_DATAGRAM, pid, i);

		if (!n)
			fail_msg("no row %u", i);
		assert_int_equal(n->length, 20 + i);
	}
	live_close(&live);
	told_free(told);
}

static void send_by_polling(void *arg)
{
	struct told *told = arg;
	struct io_uring ring;
	int fd;

	ring_make(told, &ring, IORING_SETUP_SQPOLL);
	bound(told, SOCK_DGRAM, 7000);
	fd = connected(told, SOCK_DGRAM, 7000);
	io_uring_prep_send(io_uring_get_sqe(&ring), fd, "polled", 6, 0);
	MUST(told, done(told, &ring) == 6);
}

/* The kernel's thread is one of the ring's owner. */
static void datagram__by_polling_thread__is_of_the_rings_owner(void **state)
{
	const struct network_datagram_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid = run(&live, DATAGRAM, send_by_polling, told);

	(void)state;
	n = live_need(&live, STREAM_NETWORK_DATAGRAM, pid);
	assert_int_equal(n->length, 6);
	assert_int_not_equal(n->head.tid, pid);
	assert_int_equal(n->head.ppid, getpid());
	assert_int_equal(n->head.net_ns, told->net_ns);
	live_close(&live);
	told_free(told);
}

/* --- DNS -------------------------------------------------------------------*/

/* RFC 1035: id, flags, one question: ring.org A IN */
#define QUERY "\xbe\xef\1\0\0\1\0\0\0\0\0\0\4Ring\3ORG\0\0\1\0\1"
#define QUERY_BYTES (sizeof(QUERY) - 1)

/* The server answers twice what it is asked once. */
static void ask_by_ring(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in server = v4_address("127.0.0.1", 53), from;
	socklen_t len = sizeof(from);
	char asked[] = QUERY, answer[] = QUERY, got[512];
	struct iovec piece = { got, sizeof(got) };
	struct msghdr hdr = { .msg_name = &from,
			      .msg_namelen = sizeof(from),
			      .msg_iov = &piece,
			      .msg_iovlen = 1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int at, fd;

	answer[2] |= (char)0x80;
	ring_make(told, &ring, 0);
	at = bound(told, SOCK_DGRAM, 53);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_send_zc(sqe, fd, asked, QUERY_BYTES, 0, 0);
	io_uring_prep_send_set_addr(sqe, (void *)&server, sizeof(server));
	MUST(told, done(told, &ring) == QUERY_BYTES);
	MUST(told, recvfrom(at, got, sizeof(got), 0, (void *)&from, &len) > 0);
	for (unsigned i = 0; i < 2; i++)
		MUST(told, sendto(at, answer, QUERY_BYTES, 0, (void *)&from,
				  len) == QUERY_BYTES);
	io_uring_prep_recvmsg(io_uring_get_sqe(&ring), fd, &hdr, 0);
	MUST(told, done(told, &ring) == QUERY_BYTES);
	MUST(told, connect(fd, (void *)&server, sizeof(server)) == 0);
	io_uring_prep_recv(io_uring_get_sqe(&ring), fd, got, sizeof(got),
			   MSG_PEEK);
	MUST(told, done(told, &ring) == QUERY_BYTES);
	io_uring_prep_recv(io_uring_get_sqe(&ring), fd, got, sizeof(got), 0);
	MUST(told, done(told, &ring) == QUERY_BYTES);
}

static void dns__by_requests__is_as_by_calls(void **state)
{
	struct told *told = told_new();
	struct live live;
	pid_t pid = run(&live, DNS, ask_by_ring, told);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		const struct network_dns_event *n =
			live_find(&live, STREAM_NETWORK_DNS, pid, i);

		if (!n)
			fail_msg("no row %u", i);
		assert_string_equal(blob_text(n, n->qname), "ring.org");
		assert_int_equal(n->is_response, i > 0);
		assert_int_equal(n->server_port, 53);
		assert_true(n->head.flags & EVENT_FLAG_IO_URING);
		assert_true(n->head.retval ==
			    (i ? (int64_t)QUERY_BYTES : EVENT_NONE));
	}
	assert_null(live_find(&live, STREAM_NETWORK_DNS, pid, 3));
	live_close(&live);
	told_free(told);
}

/* --- sockets and connections in the ring's own table ------------------------*/

static void accept_directly(void *arg)
{
	struct told *told = arg;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int server;

	ring_make(told, &ring, 0);
	io_uring_prep_socket_direct(io_uring_get_sqe(&ring), AF_INET,
				    SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP, 1,
				    0);
	/* A file of a table is closed by no exec: the kernel says no. */
	MUST(told, done(told, &ring) == -EINVAL);
	io_uring_prep_socket_direct(io_uring_get_sqe(&ring), AF_INET,
				    SOCK_STREAM, IPPROTO_TCP, 1, 0);
	MUST(told, done(told, &ring) == 0);
	server = bound(told, SOCK_STREAM, 7000);
	MUST(told, listen(server, 8) == 0);
	connected(told, SOCK_STREAM, 7000);
	io_uring_prep_accept_direct(io_uring_get_sqe(&ring), server, NULL, NULL,
				    0, 1);
	MUST(told, done(told, &ring) == 0);
	connected(told, SOCK_STREAM, 7000);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_accept_direct(sqe, server, NULL, NULL, 0, 0);
	sqe->file_index = IORING_FILE_INDEX_ALLOC;
	MUST(told, done(told, &ring) == 0);
}

static void direct__socket_and_accept__are_seen(void **state)
{
	const struct network_socket_event *s = NULL;
	struct told *told = told_new();
	struct live live;
	pid_t pid = run(&live, SOCKET | ACCEPT, accept_directly, told);
	unsigned i = 0;

	(void)state;
	while ((s = live_find(&live, STREAM_NETWORK_SOCKET, pid, i++)))
		if (s->head.flags & EVENT_FLAG_IO_URING)
			break;
	assert_non_null(s);
	assert_int_equal(s->domain, AF_INET);
	assert_int_equal(s->type, SOCK_STREAM);
	assert_int_equal(s->protocol, IPPROTO_TCP);
	assert_true(s->fd == EVENT_NONE && s->head.retval == EVENT_NONE);
	for (i = 0; i < 2; i++) {
		const struct network_accept_event *n =
			live_find(&live, STREAM_NETWORK_ACCEPT, pid, i);

		if (!n)
			fail_msg("no accept %u", i);
		assert_true(n->head.flags & EVENT_FLAG_IO_URING);
		assert_int_equal(n->local_port, 7000);
		assert_true(n->fd == EVENT_NONE);
	}
	live_close(&live);
	told_free(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			datagram__each_request__has_destination_and_length),
		cmocka_unit_test(
			datagram__of_many_pieces__has_the_length_of_all),
		cmocka_unit_test(
			datagram__sent_as_vector__has_the_length_of_all),
		cmocka_unit_test(
			datagram__by_polling_thread__is_of_the_rings_owner),
		cmocka_unit_test(dns__by_requests__is_as_by_calls),
		cmocka_unit_test(direct__socket_and_accept__are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
