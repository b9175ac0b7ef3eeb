// SPDX-License-Identifier: Apache-2.0
/* network.listen, network.accept and network.close of real children. */
#include "network.h"

#include <liburing.h>

#define LISTEN STREAM_BIT(NETWORK_LISTEN)
#define ACCEPT STREAM_BIT(NETWORK_ACCEPT)
#define CLOSE STREAM_BIT(NETWORK_CLOSE)

/* --- network.listen --------------------------------------------------------*/

static void listen_bound(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in address = v4_address("127.0.0.9", 0);
	struct sockaddr_in6 address6 = v6_address("::1", 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	MUST(told, bind(fd, (void *)&address, sizeof(address)) == 0);
	MUST(told, listen(fd, 17) == 0);
	told->port = port_of(fd);
	told->server_cookie = cookie_of(fd);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	MUST(told, bind(fd, (void *)&address6, sizeof(address6)) == 0);
	MUST(told, listen(fd, 18) == 0);
	told->client_port = port_of(fd);
}

static void listen_unbound(void *arg)
{
	struct told *told = arg;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	MUST(told, listen(fd, 5) == 0);
	told->port = port_of(fd);
	/* What is no TCP socket, or none at all. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	MUST(told, listen(fd, 5) < 0);
	MUST(told, listen(0, 5) < 0 && listen(9999, 5) < 0);
}

static void listen__bound__has_address_and_backlog(void **state)
{
	const struct network_listen_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, LISTEN, ASKED_PLAIN);
	pid = told_run(listen_bound, told);
	live_drain(&live);
	n = live_need(&live, STREAM_NETWORK_LISTEN, pid);
	assert_int_equal(n->family, AF_INET);
	assert_int_equal(n->proto, IPPROTO_TCP);
	assert_int_equal(n->local_port, told->port);
	assert_int_equal(n->backlog, 17);
	assert_true(n->cookie == told->server_cookie);
	ip_need(n->local_ip, AF_INET, "127.0.0.9");
	assert_int_equal(n->head.ppid, getpid());
	n = live_find(&live, STREAM_NETWORK_LISTEN, pid, 1);
	assert_non_null(n);
	assert_int_equal(n->family, AF_INET6);
	assert_int_equal(n->local_port, told->client_port);
	ip_need(n->local_ip, AF_INET6, "::1");
	assert_int_equal(count_rows(&live, STREAM_NETWORK_LISTEN, pid), 2);
	counters_balance(&live, STREAM_NETWORK_LISTEN);
	live_close(&live);
	told_free(told);
}

static void listen__unbound__has_port_that_kernel_chose(void **state)
{
	const struct network_listen_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, LISTEN, ASKED_PLAIN);
	pid = told_run(listen_unbound, told);
	live_drain(&live);
	n = live_need(&live, STREAM_NETWORK_LISTEN, pid);
	assert_int_not_equal(told->port, 0);
	assert_int_equal(n->local_port, told->port);
	assert_int_equal(n->backlog, 5);
	assert_int_equal(count_rows(&live, STREAM_NETWORK_LISTEN, pid), 1);
	live_close(&live);
	told_free(told);
}

/* --- network.accept --------------------------------------------------------*/

static void accept_twice(void *arg)
{
	struct told *told = arg;
	int server = server_new(told, SOCK_STREAM);
	int one, two;

	client_new(told);
	one = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	MUST(told, one >= 0);
	told->fd = one;
	told->server_cookie = cookie_of(one);
	client_new(told);
	two = accept(server, NULL, NULL);
	MUST(told, two >= 0);
	fcntl(server, F_SETFL, O_NONBLOCK);
	MUST(told, accept(server, NULL, NULL) < 0 && errno == EAGAIN);
}

static void accept_other_families(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in6 any = v6_address("::", 0);
	struct sockaddr_in to;
	struct sockaddr_in6 to6;
	int server = socket(AF_INET6, SOCK_STREAM, 0);
	int pair[2], client;

	MUST(told, bind(server, (void *)&any, sizeof(any)) == 0 &&
			   listen(server, 5) == 0);
	told->port = port_of(server);
	to = v4_address("127.0.0.1", told->port);
	client = socket(AF_INET, SOCK_STREAM, 0);
	MUST(told, connect(client, (void *)&to, sizeof(to)) == 0);
	MUST(told, accept(server, NULL, NULL) >= 0);
	to6 = v6_address("::1", told->port);
	client = socket(AF_INET6, SOCK_STREAM, 0);
	MUST(told, connect(client, (void *)&to6, sizeof(to6)) == 0);
	MUST(told, accept(server, NULL, NULL) >= 0);
	MUST(told, socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
}

static const struct network_accept_event *accept_row(const struct live *live,
						     pid_t pid, unsigned nth)
{
	const struct network_accept_event *n =
		live_find(live, STREAM_NETWORK_ACCEPT, pid, nth);

	if (!n)
		fail_msg("no row %u of pid %d", nth, pid);
	return n;
}

static void accept__v4__has_both_ends(void **state)
{
	const struct network_accept_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, ACCEPT, ASKED_PLAIN);
	pid = told_run(accept_twice, told);
	live_drain(&live);
	n = accept_row(&live, pid, 0);
	assert_int_equal(n->family, AF_INET);
	assert_int_equal(n->proto, IPPROTO_TCP);
	assert_int_equal(n->local_port, told->port);
	assert_int_equal(n->fd, told->fd);
	assert_int_equal(n->head.retval, told->fd);
	assert_true(n->cookie && n->cookie == told->server_cookie);
	ip_need(n->local_ip, AF_INET, "127.0.0.1");
	ip_need(n->peer_ip, AF_INET, "127.0.0.1");
	n = accept_row(&live, pid, 1);
	assert_int_equal(n->peer_port, told->client_port);
	assert_int_equal(count_rows(&live, STREAM_NETWORK_ACCEPT, pid), 2);
	counters_balance(&live, STREAM_NETWORK_ACCEPT);
	live_close(&live);
	told_free(told);
}

static void accept__failed_wanted__has_error(void **state)
{
	const struct network_accept_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, ACCEPT, ASKED_FAILED);
	pid = told_run(accept_twice, told);
	live_drain(&live);
	n = accept_row(&live, pid, 2);
	assert_int_equal(n->head.retval, -EAGAIN);
	assert_true(n->fd == EVENT_NONE);
	assert_int_equal(n->local_port, told->port);
	assert_int_equal(n->peer_port, 0);
	live_close(&live);
	told_free(told);
}

static void accept__v6_server__v4_peer_is_shown_as_v4(void **state)
{
	const struct network_accept_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, ACCEPT, ASKED_PLAIN);
	pid = told_run(accept_other_families, told);
	live_drain(&live);
	n = accept_row(&live, pid, 0);
	assert_int_equal(n->family, AF_INET);
	ip_need(n->peer_ip, AF_INET, "127.0.0.1");
	ip_need(n->local_ip, AF_INET, "127.0.0.1");
	n = accept_row(&live, pid, 1);
	assert_int_equal(n->family, AF_INET6);
	ip_need(n->peer_ip, AF_INET6, "::1");
	assert_int_equal(count_rows(&live, STREAM_NETWORK_ACCEPT, pid), 2);
	live_close(&live);
	told_free(told);
}

/* A connection ends when the last packet has been looked at. */
static void closes_await(struct live *live, pid_t pid, unsigned count)
{
	LIVE_UNTIL(live, count_rows(live, STREAM_NETWORK_CLOSE, pid) >= count);
}

/* --- through io_uring ------------------------------------------------------*/

/* One connect and two accepts, of which the second may come again. */
static void use_io_uring(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in to;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int server = server_new(told, SOCK_STREAM);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	char byte;

	MUST(told, io_uring_queue_init(8, &ring, 0) == 0);
	io_uring_prep_accept(io_uring_get_sqe(&ring), server, NULL, NULL, 0);
	to = v4_address("127.0.0.1", told->port);
	io_uring_prep_connect(io_uring_get_sqe(&ring), client, (void *)&to,
			      sizeof(to));
	MUST(told, io_uring_submit_and_wait(&ring, 2) == 2);
	for (unsigned i = 0; i < 2; i++) {
		MUST(told,
		     io_uring_wait_cqe(&ring, &cqe) == 0 && cqe->res >= 0);
		if (cqe->res > 0)
			told->fd = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_prep_multishot_accept(io_uring_get_sqe(&ring), server, NULL,
				       NULL, 0);
	MUST(told, io_uring_submit(&ring) == 1);
	for (unsigned i = 0; i < 2; i++) {
		client = client_new(told);
		MUST(told, io_uring_wait_cqe(&ring, &cqe) == 0 && cqe->res > 0);
		io_uring_cqe_seen(&ring, cqe);
	}
	/* A result that happens to be the number of a descriptor. */
	MUST(told, write(client, "xxxxxxxxxxxxxxxxxxxx", 20) == 20);
	io_uring_prep_recv(io_uring_get_sqe(&ring), told->fd, &byte, 1,
			   MSG_DONTWAIT);
	io_uring_prep_nop(io_uring_get_sqe(&ring));
	MUST(told, io_uring_submit_and_wait(&ring, 2) == 2);
}

static void io_uring__connect_and_accept__are_seen(void **state)
{
	const struct network_connect_event *connect;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, ACCEPT | CLOSE | STREAM_BIT(NETWORK_CONNECT),
		     ASKED_PLAIN);
	pid = rows_run(&live, use_io_uring, told, STREAM_NETWORK_CLOSE, 6);
	connect = live_need(&live, STREAM_NETWORK_CONNECT, pid);
	assert_true(connect->head.flags & EVENT_FLAG_IO_URING);
	connect = live_find(&live, STREAM_NETWORK_CONNECT, pid, 1);
	assert_non_null(connect);
	assert_false(connect->head.flags & EVENT_FLAG_IO_URING);
	assert_int_equal(accept_row(&live, pid, 0)->fd, told->fd);
	for (unsigned i = 0; i < 3; i++) {
		const struct network_accept_event *n =
			accept_row(&live, pid, i);

		assert_true(n->head.flags & EVENT_FLAG_IO_URING);
		assert_int_equal(n->local_port, told->port);
		assert_true(n->cookie);
	}
	assert_int_equal(count_rows(&live, STREAM_NETWORK_ACCEPT, pid), 3);
	/* Both ends of each are this process's. */
	assert_int_equal(count_rows(&live, STREAM_NETWORK_CLOSE, pid), 6);
	live_close(&live);
	told_free(told);
}

/* --- network.close ---------------------------------------------------------*/

static void send_all(struct told *told, int fd, size_t bytes)
{
	static char buf[65536];

	while (bytes) {
		size_t n = bytes < sizeof(buf) ? bytes : sizeof(buf);

		MUST(told, send(fd, buf, n, MSG_WAITALL) == (ssize_t)n);
		bytes -= n;
	}
}

static void read_all(struct told *told, int fd, size_t bytes)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		MUST(told, (size_t)n <= bytes);
		bytes -= (size_t)n;
	}
	MUST(told, n == 0 && bytes == 0);
}

#define CLIENT_BYTES 300000
#define SERVER_BYTES 100

/* The client sends, closes its way, reads; each is a process. */
static void converse(void *arg)
{
	struct told *told = arg;
	int server = server_new(told, SOCK_STREAM);
	pid_t pid = fork();
	int fd;

	if (pid == 0) {
		close(server);
		fd = client_new(told);
		send_all(told, fd, CLIENT_BYTES);
		shutdown(fd, SHUT_WR);
		read_all(told, fd, SERVER_BYTES);
		close(fd);
		_exit(0);
	}
	told->pids[0] = pid;
	fd = accept(server, NULL, NULL);
	close(server);
	read_all(told, fd, CLIENT_BYTES);
	send_all(told, fd, SERVER_BYTES);
	close(fd);
	MUST(told, waitpid(pid, NULL, 0) == pid);
}

/* Reset by one side, seen by the other; and one that nobody accepts. */
static void be_rude(void *arg)
{
	struct told *told = arg;
	struct linger hard = { .l_onoff = 1 };
	int server = server_new(told, SOCK_STREAM);
	int client = client_new(told);
	int fd = accept(server, NULL, NULL);

	MUST(told, write(client, "hello", 5) == 5);
	MUST(told,
	     setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)) == 0);
	close(fd);
	client_new(told);
	close(server);
}

static const struct network_close_event *close_row(const struct live *live,
						   pid_t pid, unsigned nth)
{
	const struct network_close_event *n =
		live_find(live, STREAM_NETWORK_CLOSE, pid, nth);

	if (!n)
		fail_msg("no row %u of pid %d", nth, pid);
	return n;
}

static void close__both_ends__who_and_how_much(void **state)
{
	const struct network_close_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, CLOSE, ASKED_PLAIN);
	pid = rows_run(&live, converse, told, STREAM_NETWORK_CLOSE, 1);
	closes_await(&live, told->pids[0], 1);
	n = close_row(&live, told->pids[0], 0);
	assert_int_equal(n->head.ppid, pid);
	assert_int_equal(n->bytes_sent, CLIENT_BYTES);
	assert_int_equal(n->bytes_received, SERVER_BYTES);
	assert_int_equal(n->peer_port, told->port);
	assert_int_equal(n->local_port, told->client_port);
	assert_true(n->cookie == told->client_cookie);
	ip_need(n->peer_ip, AF_INET, "127.0.0.1");
	assert_int_equal(n->family, AF_INET);
	n = close_row(&live, pid, 0);
	assert_int_equal(n->bytes_sent, SERVER_BYTES);
	assert_int_equal(n->bytes_received, CLIENT_BYTES);
	assert_int_equal(n->local_port, told->port);
	assert_int_equal(n->peer_port, told->client_port);
	assert_int_equal(count_rows(&live, STREAM_NETWORK_CLOSE, pid), 1);
	assert_null(live_find(&live, STREAM_NETWORK_CONNECT, pid, 0));
	assert_null(live_find(&live, STREAM_NETWORK_ACCEPT, pid, 0));
	counters_balance(&live, STREAM_NETWORK_CLOSE);
	live_close(&live);
	told_free(told);
}

/* The rows of a port at either end whose process is not known. */
static unsigned count_unknown(const struct live *live, uint16_t port)
{
	unsigned n = 0, found = 0;
	const struct network_close_event *row;

	while ((row = live_find(live, STREAM_NETWORK_CLOSE, 0, n++))) {
		assert_true(row->head.flags & EVENT_FLAG_NOBODY);
		found += row->local_port == port || row->peer_port == port;
	}
	return found;
}

static void close__reset_and_not_accepted__are_seen(void **state)
{
	const struct network_close_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, CLOSE, ASKED_PLAIN);
	pid = rows_run(&live, be_rude, told, STREAM_NETWORK_CLOSE, 3);
	LIVE_UNTIL(&live, count_unknown(&live, told->port) >= 1);
	n = close_row(&live, pid, 0);
	assert_int_equal(n->local_port, told->port);
	assert_int_equal(n->bytes_received, 5);
	assert_int_equal(n->bytes_sent, 0);
	/* Two clients and the one that was accepted; one is nobody's. */
	assert_int_equal(count_rows(&live, STREAM_NETWORK_CLOSE, pid), 3);
	assert_int_equal(count_unknown(&live, told->port), 1);
	live_close(&live);
	told_free(told);
}

/* A child that holds a connection until it is told to close it. */
struct holder {
	pid_t pid;
	int go; /* close it: the child goes on */
	int held;
};

static void holder_start(struct holder *holder, struct told *told)
{
	int go[2], held[2];
	char byte;

	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(held), 0);
	holder->pid = fork();
	assert_true(holder->pid >= 0);
	if (holder->pid == 0) {
		int server = server_new(told, SOCK_STREAM);
		int client = client_new(told);

		close(go[1]);
		MUST(told, accept(server, NULL, NULL) >= 0);
		MUST(told, write(held[1], "x", 1) == 1);
		MUST(told, read(go[0], &byte, 1) == 0);
		close(client);
		_exit(0);
	}
	close(go[0]);
	close(held[1]);
	holder->go = go[1];
	assert_int_equal(read(held[0], &byte, 1), 1);
	close(held[0]);
}

static void holder_end(struct holder *holder)
{
	int status;

	close(holder->go);
	assert_int_equal(waitpid(holder->pid, &status, 0), holder->pid);
	assert_int_equal(status, 0);
}

static void close__older_than_sensor__nobodys(void **state)
{
	struct told *told = told_new();
	struct holder holder;
	struct live live;

	(void)state;
	holder_start(&holder, told);
	network_open(&live, CLOSE, ASKED_PLAIN);
	holder_end(&holder);
	LIVE_UNTIL(&live, count_unknown(&live, told->port) >= 2);
	assert_int_equal(count_rows(&live, STREAM_NETWORK_CLOSE, holder.pid),
			 0);
	assert_int_equal(count_unknown(&live, told->port), 2);
	live_close(&live);
	told_free(told);
}

static void close__after_reload__is_still_known(void **state)
{
	struct network_request other;
	struct told *told = told_new();
	struct err err = { 0 };
	struct holder holder;
	struct live live;

	(void)state;
	network_open(&live, CLOSE, ASKED_PLAIN);
	holder_start(&holder, told);
	network_request(&other, CLOSE | ACCEPT, ASKED_FAILED);
	if (collector_reload(live.collector, &other.request, &err))
		fail_msg("collector_reload: %s", err.text);
	holder_end(&holder);
	closes_await(&live, holder.pid, 2);
	assert_int_equal(count_rows(&live, STREAM_NETWORK_CLOSE, holder.pid),
			 2);
	live_close(&live);
	told_free(told);
}

/* More than are kept, all open at once, of a few processes, then closed. */
#define HOLDERS 3
#define HELD 4000 /* connections, each of two descriptors */
#define MANY (HOLDERS * HELD)

/* One may accept what another connects. */
static void hold_some(struct told *told, int server, int is_open, int go)
{
	static int fds[2 * HELD];
	const struct linger hard = { .l_onoff = 1 };
	char byte;

	for (unsigned i = 0; i < HELD; i++) {
		fds[2 * i] = client_new(told);
		fds[2 * i + 1] = accept(server, NULL, NULL);

		MUST(told, fds[2 * i + 1] >= 0);
	}
	close(is_open);
	MUST(told, read(go, &byte, 1) == 0);
	/* Each end ends at once, whatever becomes of the packets. */
	for (unsigned i = 0; i < 2 * HELD; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(fds[i]);
	}
	_exit(0);
}

static void hold_many(void *arg)
{
	struct rlimit limit = { 2 * HELD + 100, 2 * HELD + 100 };
	struct told *told = arg;
	int go[2], is_open[2];
	pid_t pids[HOLDERS];
	int server;
	char byte;

	MUST(told, setrlimit(RLIMIT_NOFILE, &limit) == 0);
	MUST(told, pipe(go) == 0 && pipe(is_open) == 0);
	namespace_enter(told);
	server = server_new(told, SOCK_STREAM);
	for (unsigned i = 0; i < HOLDERS; i++) {
		pids[i] = fork();
		MUST(told, pids[i] >= 0);
		if (pids[i] == 0) {
			close(go[1]);
			hold_some(told, server, is_open[1], go[0]);
		}
	}
	close(is_open[1]);
	MUST(told, read(is_open[0], &byte, 1) == 0);
	close(go[1]);
	for (unsigned i = 0; i < HOLDERS; i++) {
		int status;

		MUST(told, waitpid(pids[i], &status, 0) == pids[i] && !status);
	}
}

/* Of hold_many()'s connections: of its processes, and of nobody. */
static unsigned count_closes(const struct live *live, const struct told *told,
			     unsigned *ret_known, unsigned *ret_unknown)
{
	const struct event_head *head = NULL;
	const struct network_close_event *row;

	*ret_known = *ret_unknown = 0;
	while ((head = live_next(live, head))) {
		row = (const void *)head;
		if (head->stream != STREAM_NETWORK_CLOSE ||
		    (row->local_port != told->port &&
		     row->peer_port != told->port))
			continue;
		*ret_known += head->net_ns == told->net_ns;
		*ret_unknown += head->pid == 0;
	}
	return *ret_known + *ret_unknown;
}

static void close__more_than_are_kept__rows_without_process(void **state)
{
	static struct network_request r;
	struct told *told = told_new();
	struct collect_counters c;
	unsigned known, unknown;
	struct live live;

	(void)state;
	network_request(&r, CLOSE, ASKED_PLAIN);
	r.request.event_ring_bytes = 1 << 25;
	live_open(&live, &r.request);
	told_run(hold_many, told);
	LIVE_UNTIL(&live,
		   count_closes(&live, told, &known, &unknown) +
				   missed_of(&live, STREAM_NETWORK_CLOSE) >=
			   2 * MANY);
	c = counters_balance(&live, STREAM_NETWORK_CLOSE);
	count_closes(&live, told, &known, &unknown);
	assert_int_equal(c.lost, 0);
	printf("%u connections: %u of known processes, %u of others\n",
	       2 * MANY, known, unknown);
	/* Others' connections to that port, elsewhere, are few. */
	assert_in_range(known + unknown + c.missed, 2 * MANY,
			2 * MANY + c.missed + 100);
	assert_in_range(known, 8000, 16384);
	live_close(&live);
	told_free(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listen__bound__has_address_and_backlog),
		cmocka_unit_test(listen__unbound__has_port_that_kernel_chose),
		cmocka_unit_test(accept__v4__has_both_ends),
		cmocka_unit_test(accept__failed_wanted__has_error),
		cmocka_unit_test(accept__v6_server__v4_peer_is_shown_as_v4),
		cmocka_unit_test(io_uring__connect_and_accept__are_seen),
		cmocka_unit_test(close__both_ends__who_and_how_much),
		cmocka_unit_test(close__reset_and_not_accepted__are_seen),
		cmocka_unit_test(close__older_than_sensor__nobodys),
		cmocka_unit_test(close__after_reload__is_still_known),
		cmocka_unit_test(
			close__more_than_are_kept__rows_without_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
