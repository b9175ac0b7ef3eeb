// SPDX-License-Identifier: Apache-2.0
/* network.datagram and network.socket of real children. */
#include "network.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define DATAGRAM STREAM_BIT(NETWORK_DATAGRAM)
#define SOCKET STREAM_BIT(NETWORK_SOCKET)

static const struct network_datagram_event *
datagram_row(const struct live *live, pid_t pid, unsigned nth, uint16_t port,
	     uint64_t length)
{
	const struct network_datagram_event *n =
		live_find(live, STREAM_NETWORK_DATAGRAM, pid, nth);

	if (!n)
		fail_msg("no row %u of pid %d", nth, pid);
	assert_int_equal(n->dst_port, port);
	assert_int_equal(n->length, length);
	return n;
}

/* --- each call -------------------------------------------------------------*/

/* The n-th sends n + 10 bytes. */
static void send_each_way(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in to = v4_address("127.0.0.7", 7000);
	struct sockaddr_in nameless = to;
	char bytes[64] = { 0 };
	struct iovec pieces[2] = { { bytes, 3 }, { bytes, 0 } };
	struct msghdr one = { .msg_name = &to,
			      .msg_namelen = sizeof(to),
			      .msg_iov = pieces,
			      .msg_iovlen = 2 };
	struct mmsghdr many[3] = { { .msg_hdr = one },
				   { .msg_hdr = one },
				   { .msg_hdr = one } };
	int fd, connected;

	/* Nobody refuses, or a later send would fail. */
	namespace_enter(told);
	for (uint16_t port = 7000; port < 7004; port++) {
		struct sockaddr_in at = v4_address("127.0.0.7", port);

		fd = socket(AF_INET, SOCK_DGRAM, 0);
		MUST(told, bind(fd, (void *)&at, sizeof(at)) == 0);
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	connected = socket(AF_INET, SOCK_DGRAM, 0);
	MUST(told, sendto(fd, bytes, 10, 0, (void *)&to, sizeof(to)) == 10);
	told->client_port = port_of(fd);
	told->client_cookie = cookie_of(fd);
	pieces[1].iov_len = 8;
	MUST(told, sendmsg(fd, &one, 0) == 11);
	MUST(told, sendmmsg(fd, many, 3, 0) == 3);
	to.sin_port = htons(7001);
	MUST(told, connect(connected, (void *)&to, sizeof(to)) == 0);
	MUST(told, send(connected, bytes, 15, 0) == 15);
	MUST(told, write(connected, bytes, 16) == 16);
	MUST(told, writev(connected, pieces, 2) == 11);
	/* Without a family it is the socket's. */
	nameless.sin_family = AF_UNSPEC;
	nameless.sin_port = htons(7002);
	MUST(told, sendto(fd, bytes, 12, 0, (void *)&nameless,
			  sizeof(nameless)) == 12);
	/* The message's address wins. */
	to.sin_port = htons(7003);
	MUST(told,
	     sendto(connected, bytes, 13, 0, (void *)&to, sizeof(to)) == 13);
}

static void datagram__each_call__has_destination_and_length(void **state)
{
	static const struct {
		uint16_t port;
		uint64_t length;
		uint32_t source;
	} expected[] = {
		{ 7000, 10, EVENT_SOURCE_SYSCALL },
		{ 7000, 11, EVENT_SOURCE_SYSCALL },
		{ 7000, 11, EVENT_SOURCE_SYSCALL },
		{ 7000, 11, EVENT_SOURCE_SYSCALL },
		{ 7000, 11, EVENT_SOURCE_SYSCALL },
		{ 7001, 15, EVENT_SOURCE_KERNEL },
		{ 7001, 16, EVENT_SOURCE_KERNEL },
		{ 7001, 11, EVENT_SOURCE_KERNEL },
		{ 7002, 12, EVENT_SOURCE_SYSCALL },
		{ 7003, 13, EVENT_SOURCE_SYSCALL },
	};
	const struct network_datagram_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, DATAGRAM, ASKED_PLAIN);
	pid = told_run(send_each_way, told);
	live_drain(&live);
	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++) {
		n = datagram_row(&live, pid, i, expected[i].port,
				 expected[i].length);
		assert_int_equal(n->family, AF_INET);
		assert_int_equal(n->proto, IPPROTO_UDP);
		assert_int_equal(n->head.source, expected[i].source);
		ip_need(n->dst_ip, AF_INET, "127.0.0.7");
	}
	assert_int_equal(count_rows(&live, STREAM_NETWORK_DATAGRAM, pid),
			 ARRAY_SIZE(expected));
	n = datagram_row(&live, pid, 0, 7000, 10);
	assert_int_equal(n->src_port, told->client_port);
	assert_int_equal(n->head.ppid, getpid());
	counters_balance(&live, STREAM_NETWORK_DATAGRAM);
	live_close(&live);
	told_free(told);
}

/* --- calls that are not for sockets ----------------------------------------*/

static void send_as_files(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in to = v4_address("127.0.0.7", 7000);
	struct iovec piece = { "12345", 5 };
	int fd, listener, file, ends[2];

	namespace_enter(told);
	listener = socket(AF_INET, SOCK_DGRAM, 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	file = memfd_create("datagram", 0);
	MUST(told, bind(listener, (void *)&to, sizeof(to)) == 0 &&
			   connect(fd, (void *)&to, sizeof(to)) == 0);
	MUST(told, pwritev2(fd, &piece, 1, -1, 0) == 5);
	MUST(told, write(file, "123456", 6) == 6);
	MUST(told, sendfile(fd, file, &(off_t){ 0 }, 6) == 6);
	MUST(told, pipe(ends) == 0 && write(ends[1], "1234567", 7) == 7);
	MUST(told, splice(ends[0], NULL, fd, NULL, 7, 0) == 7);
}

static void datagram__as_a_file__is_seen(void **state)
{
	const struct network_datagram_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, DATAGRAM, ASKED_PLAIN);
	pid = told_run(send_as_files, told);
	live_drain(&live);
	for (unsigned i = 0; i < 3; i++) {
		n = datagram_row(&live, pid, i, 7000, 5 + i);
		ip_need(n->dst_ip, AF_INET, "127.0.0.7");
		assert_int_equal(n->head.source, EVENT_SOURCE_KERNEL);
	}
	assert_int_equal(count_rows(&live, STREAM_NETWORK_DATAGRAM, pid), 3);
	counters_balance(&live, STREAM_NETWORK_DATAGRAM);
	live_close(&live);
	told_free(told);
}

/* --- other families and protocols ------------------------------------------*/

static void send_other_kinds(void *arg)
{
	/* An echo request; the checksum is of it and of id 1, sequence 1. */
	static const uint8_t echo[8] = { 8, 0, 0xf7, 0xfd, 0, 1, 0, 1 };
	struct told *told = arg;
	struct sockaddr_in to = v4_address("127.0.0.1", 9);
	struct sockaddr_in6 to6 = v6_address("::1", 7006);
	struct sockaddr_in6 mapped = v6_address("::ffff:127.0.0.8", 7007);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	MUST(told, sendto(fd, "12", 2, 0, (void *)&to6, sizeof(to6)) == 2);
	MUST(told,
	     sendto(fd, "123", 3, 0, (void *)&mapped, sizeof(mapped)) == 3);
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	MUST(told, sendto(fd, echo, 8, 0, (void *)&to, sizeof(to)) == 8);
	fd = socket(AF_INET, SOCK_DGRAM, 136 /* UDP-Lite */);
	if (fd >= 0)
		(void)!sendto(fd, "1", 1, 0, (void *)&to, sizeof(to));
}

static void datagram__other_kinds__family_and_protocol(void **state)
{
	const struct network_datagram_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, DATAGRAM, ASKED_PLAIN);
	pid = told_run(send_other_kinds, told);
	live_drain(&live);
	n = datagram_row(&live, pid, 0, 7006, 2);
	assert_int_equal(n->family, AF_INET6);
	ip_need(n->dst_ip, AF_INET6, "::1");
	n = datagram_row(&live, pid, 1, 7007, 3);
	assert_int_equal(n->family, AF_INET);
	ip_need(n->dst_ip, AF_INET, "127.0.0.8");
	n = datagram_row(&live, pid, 2, 0, 8);
	assert_int_equal(n->proto, IPPROTO_ICMP);
	assert_int_equal(n->src_port, 0);
	ip_need(n->dst_ip, AF_INET, "127.0.0.1");
	live_close(&live);
	told_free(told);
}

/* --- what is no datagram ---------------------------------------------------*/

static void send_elsewhere(void *arg)
{
	struct told *told = arg;
	int server = server_new(told, SOCK_STREAM);
	int client = client_new(told);
	int pair[2], pipes[2];

	MUST(told, send(client, "x", 1, 0) == 1);
	MUST(told, write(client, "x", 1) == 1);
	MUST(told, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
	MUST(told, send(pair[0], "x", 1, 0) == 1);
	MUST(told, pipe(pipes) == 0 && write(pipes[1], "x", 1) == 1);
	MUST(told, write(9999, "x", 1) < 0);
	(void)server;
}

static void datagram__streams_pipes_and_unix__no_rows(void **state)
{
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, DATAGRAM, ASKED_FAILED);
	pid = told_run(send_elsewhere, told);
	live_drain(&live);
	live_need(&live, STREAM_PROCESS_EXIT, pid);
	assert_int_equal(count_rows(&live, STREAM_NETWORK_DATAGRAM, pid), 0);
	live_close(&live);
	told_free(told);
}

static void send_in_vain(void *arg)
{
	static char bytes[70000];
	struct told *told = arg;
	struct sockaddr_in to = v4_address("127.0.0.1", 7008);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	MUST(told,
	     sendto(fd, bytes, sizeof(bytes), 0, (void *)&to, sizeof(to)) < 0 &&
		     errno == EMSGSIZE);
	MUST(told, sendto(fd, bytes, 4, 0, (void *)8, sizeof(to)) < 0 &&
			   errno == EFAULT);
}

static void datagram__failed__only_when_asked_for(void **state)
{
	const struct network_datagram_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, DATAGRAM, ASKED_PLAIN);
	pid = told_run(send_in_vain, told);
	live_drain(&live);
	assert_int_equal(count_rows(&live, STREAM_NETWORK_DATAGRAM, pid), 0);
	live_close(&live);
	network_open(&live, DATAGRAM, ASKED_FAILED);
	pid = told_run(send_in_vain, told);
	live_drain(&live);
	n = datagram_row(&live, pid, 0, 7008, 0);
	assert_int_equal(n->head.retval, -EMSGSIZE);
	/* Of the other there is no destination. */
	assert_int_equal(count_rows(&live, STREAM_NETWORK_DATAGRAM, pid), 1);
	live_close(&live);
	told_free(told);
}

/* --- network.socket --------------------------------------------------------*/

static void make_sockets(void *arg)
{
	struct told *told = arg;

	told->fd =
		socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	MUST(told, told->fd >= 0);
	MUST(told, socket(AF_PACKET, SOCK_RAW, htons(3)) >= 0);
	MUST(told, socket(AF_INET, 77, 0) < 0);
}

static void socket__made__has_type_without_flags(void **state)
{
	const struct network_socket_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, SOCKET, ASKED_PLAIN);
	pid = told_run(make_sockets, told);
	live_drain(&live);
	n = live_need(&live, STREAM_NETWORK_SOCKET, pid);
	assert_int_equal(n->domain, AF_INET6);
	assert_int_equal(n->type, SOCK_STREAM);
	assert_int_equal(n->fd, told->fd);
	n = live_find(&live, STREAM_NETWORK_SOCKET, pid, 1);
	assert_non_null(n);
	assert_int_equal(n->domain, AF_PACKET);
	assert_int_equal(n->type, SOCK_RAW);
	assert_int_equal(n->protocol, htons(3));
	assert_int_equal(count_rows(&live, STREAM_NETWORK_SOCKET, pid), 2);
	counters_balance(&live, STREAM_NETWORK_SOCKET);
	live_close(&live);
	told_free(told);
}

static void socket__failed_wanted__has_error(void **state)
{
	const struct network_socket_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, SOCKET, ASKED_FAILED);
	pid = told_run(make_sockets, told);
	live_drain(&live);
	n = live_find(&live, STREAM_NETWORK_SOCKET, pid, 2);
	assert_non_null(n);
	assert_int_equal(n->head.retval, -EINVAL);
	assert_true(n->fd == EVENT_NONE);
	live_close(&live);
	told_free(told);
}

/* --- the older way of 32-bit programs --------------------------------------*/

#ifdef __x86_64__

/* Below 4 GiB, as the arguments of a 32-bit call must be. */
struct low {
	uint32_t args[6];
	struct sockaddr_in address;
	char bytes[16];
};

static int socketcall(uint32_t number, struct low *low)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(102), "b"(number),
			   "c"((uint32_t)(uintptr_t)low->args)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static void call_in_32_bits(void *arg)
{
	struct told *told = arg;
	struct low *low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int server, udp, fd;

	MUST(told, low != MAP_FAILED);
	memcpy(low->args, (uint32_t[]){ AF_INET, SOCK_STREAM, 0 }, 12);
	server = socketcall(1, low);
	MUST(told, server >= 0);
	memcpy(low->args, (uint32_t[]){ (uint32_t)server, 5 }, 8);
	MUST(told, socketcall(4, low) == 0);
	told->port = port_of(server);
	client_new(told);
	memcpy(low->args, (uint32_t[]){ (uint32_t)server, 0, 0 }, 12);
	fd = socketcall(5, low);
	MUST(told, fd >= 0);
	told->fd = fd;
	memcpy(low->args, (uint32_t[]){ AF_INET, SOCK_DGRAM, 0 }, 12);
	udp = socketcall(1, low);
	low->address = v4_address("127.0.0.1", 7009);
	memcpy(low->args,
	       (uint32_t[]){ (uint32_t)udp, (uint32_t)(uintptr_t)low->bytes, 9,
			     0, (uint32_t)(uintptr_t)&low->address,
			     sizeof(low->address) },
	       24);
	MUST(told, socketcall(11, low) == 9);
}

static void socketcall__each_stream__is_seen(void **state)
{
	const struct network_accept_event *accept;
	const struct network_listen_event *listen;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live,
		     DATAGRAM | SOCKET | STREAM_BIT(NETWORK_ACCEPT) |
			     STREAM_BIT(NETWORK_LISTEN),
		     ASKED_PLAIN);
	pid = told_run(call_in_32_bits, told);
	live_drain(&live);
	accept = live_need(&live, STREAM_NETWORK_ACCEPT, pid);
	assert_int_equal(accept->fd, told->fd);
	assert_int_equal(accept->local_port, told->port);
	assert_true(accept->head.flags & EVENT_FLAG_COMPAT);
	listen = live_need(&live, STREAM_NETWORK_LISTEN, pid);
	assert_int_equal(listen->local_port, told->port);
	assert_true(listen->head.flags & EVENT_FLAG_COMPAT);
	datagram_row(&live, pid, 0, 7009, 9);
	/* The client's is a native call. */
	assert_int_equal(count_rows(&live, STREAM_NETWORK_SOCKET, pid), 3);
	live_close(&live);
	told_free(told);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			datagram__each_call__has_destination_and_length),
		cmocka_unit_test(datagram__as_a_file__is_seen),
		cmocka_unit_test(datagram__other_kinds__family_and_protocol),
		cmocka_unit_test(datagram__streams_pipes_and_unix__no_rows),
		cmocka_unit_test(datagram__failed__only_when_asked_for),
		cmocka_unit_test(socket__made__has_type_without_flags),
		cmocka_unit_test(socket__failed_wanted__has_error),
#ifdef __x86_64__
		cmocka_unit_test(socketcall__each_stream__is_seen),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
