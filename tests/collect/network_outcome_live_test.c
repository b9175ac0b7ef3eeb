// SPDX-License-Identifier: Apache-2.0
/* What becomes of attempts to connect: for rules that read `outcome`. */
#include "network.h"

#include <poll.h>

#define CONNECT STREAM_BIT(NETWORK_CONNECT)

static const struct network_connect_event *connect_row(const struct live *live,
						       pid_t pid, unsigned nth,
						       uint32_t outcome,
						       int64_t retval)
{
	const struct network_connect_event *n =
		live_find(live, STREAM_NETWORK_CONNECT, pid, nth);

	if (!n)
		fail_msg("no row %u of pid %d", nth, pid);
	assert_int_equal(n->outcome, outcome);
	assert_true(n->head.retval == retval);
	return n;
}

static void rows_need(const struct live *live, pid_t pid, unsigned count)
{
	assert_int_equal(count_rows(live, STREAM_NETWORK_CONNECT, pid), count);
}

/* --- children --------------------------------------------------------------*/

static void establish(void *arg)
{
	int server = server_new(arg, SOCK_STREAM);
	int client = client_new(arg);
	struct sockaddr_in again = v4_address("127.0.0.1", 1);

	/* It is connected: nothing is attempted. */
	MUST((struct told *)arg,
	     connect(client, (void *)&again, sizeof(again)) < 0 &&
		     errno == EISCONN);
	(void)server;
}

static void be_refused(void *arg)
{
	struct sockaddr_in to = v4_address("127.0.0.1", 1);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	MUST((struct told *)arg,
	     connect(fd, (void *)&to, sizeof(to)) < 0 && errno == ECONNREFUSED);
}

/* The answer comes from a softirq; connect() asks for it once more. */
static void be_refused_later(void *arg)
{
	struct sockaddr_in to = v4_address("127.0.0.1", 1);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	struct told *told = arg;
	int rc = connect(fd, (void *)&to, sizeof(to));

	MUST(told, rc < 0 && (errno == EINPROGRESS || errno == ECONNREFUSED));
	if (errno != EINPROGRESS)
		return;
	MUST(told, poll(&poll_fd, 1, 5000) == 1);
	MUST(told,
	     connect(fd, (void *)&to, sizeof(to)) < 0 && errno == ECONNREFUSED);
}

/* A server whose queue is full drops what more comes. */
static int full_server(struct told *told)
{
	struct sockaddr_in address = v4_address("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	MUST(told, bind(fd, (void *)&address, sizeof(address)) == 0 &&
			   listen(fd, 0) == 0);
	told->port = port_of(fd);
	client_new(told);
	return fd;
}

static void time_out(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in to;
	int tries = 1, fd;

	namespace_enter(told);
	full_server(told);
	to = v4_address("127.0.0.1", told->port);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(told, setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &tries,
			      sizeof(tries)) == 0);
	MUST(told,
	     connect(fd, (void *)&to, sizeof(to)) < 0 && errno == ETIMEDOUT);
}

static void give_up(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in to;
	int fd;

	namespace_enter(told);
	full_server(told);
	to = v4_address("127.0.0.1", told->port);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	MUST(told,
	     connect(fd, (void *)&to, sizeof(to)) < 0 && errno == EINPROGRESS);
	close(fd);
}

/* A namespace has no way out of itself. */
static void find_no_way(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in to = v4_address("192.0.2.1", 4444);
	struct sockaddr_in6 mapped = v6_address("::ffff:192.0.2.2", 4445);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	close(fd);
	namespace_enter(told);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(told,
	     connect(fd, (void *)&to, sizeof(to)) < 0 && errno == ENETUNREACH);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	MUST(told, connect(fd, (void *)&mapped, sizeof(mapped)) < 0 &&
			   errno == ENETUNREACH);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	MUST(told,
	     connect(fd, (void *)&to, sizeof(to)) < 0 && errno == ENETUNREACH);
}

static void udp_connect(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in to = v4_address("127.0.0.5", 5353);
	struct sockaddr_in6 to6 = v6_address("::1", 5354);
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	MUST(told, connect(fd, (void *)&to, sizeof(to)) == 0);
	told->client_port = port_of(fd);
	told->client_cookie = cookie_of(fd);
	MUST(told, connect(fd, &nobody, sizeof(nobody)) == 0);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	MUST(told, connect(fd, (void *)&to6, sizeof(to6)) == 0);
}

static void connect_nothing(void *arg)
{
	struct told *told = arg;
	struct sockaddr_in to = v4_address("127.0.0.1", 1);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	MUST(told, connect(9999, (void *)&to, sizeof(to)) < 0);
	MUST(told, connect(fd, NULL, sizeof(to)) < 0);
	MUST(told, connect(0, (void *)&to, sizeof(to)) < 0);
}

/* --- tests -----------------------------------------------------------------*/

static void outcome__established__second_row(void **state)
{
	const struct network_connect_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, CONNECT, ASKED_OUTCOME);
	pid = rows_run(&live, establish, told, STREAM_NETWORK_CONNECT, 2);
	n = connect_row(&live, pid, 0, CONNECT_ATTEMPTED, EVENT_NONE);
	assert_true((uint64_t)n->cookie == told->client_cookie);
	n = connect_row(&live, pid, 1, CONNECT_ESTABLISHED, 0);
	assert_true((uint64_t)n->cookie == told->client_cookie);
	assert_int_equal(n->src_port, told->client_port);
	assert_int_equal(n->dst_port, told->port);
	assert_int_equal(n->family, AF_INET);
	assert_int_equal(n->proto, IPPROTO_TCP);
	ip_need(n->src_ip, AF_INET, "127.0.0.1");
	ip_need(n->dst_ip, AF_INET, "127.0.0.1");
	assert_int_equal(n->head.ppid, getpid());
	assert_int_equal(n->head.source, EVENT_SOURCE_KERNEL);
	assert_int_equal(n->head.flags & EVENT_FLAG_IO_URING, 0);
	rows_need(&live, pid, 2);
	counters_balance(&live, STREAM_NETWORK_CONNECT);
	live_close(&live);
	told_free(told);
}

static void refused_check(void (*child)(void *))
{
	const struct network_connect_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	network_open(&live, CONNECT, ASKED_OUTCOME);
	pid = rows_run(&live, child, told, STREAM_NETWORK_CONNECT, 2);
	connect_row(&live, pid, 0, CONNECT_ATTEMPTED, EVENT_NONE);
	n = connect_row(&live, pid, 1, CONNECT_FAILED, -ECONNREFUSED);
	assert_int_equal(n->dst_port, 1);
	ip_need(n->dst_ip, AF_INET, "127.0.0.1");
	rows_need(&live, pid, 2);
	live_close(&live);
	told_free(told);
}

static void outcome__refused__has_error(void **state)
{
	(void)state;
	refused_check(be_refused);
}

static void outcome__refused_nonblocking__has_error_once(void **state)
{
	(void)state;
	refused_check(be_refused_later);
}

static void outcome__timeout__has_error_and_namespace(void **state)
{
	const struct network_connect_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, CONNECT, ASKED_OUTCOME);
	pid = rows_run(&live, time_out, told, STREAM_NETWORK_CONNECT, 4);
	/* The first two are of the one that fills the queue. */
	connect_row(&live, pid, 2, CONNECT_ATTEMPTED, EVENT_NONE);
	n = connect_row(&live, pid, 3, CONNECT_FAILED, -ETIMEDOUT);
	assert_int_equal(n->head.net_ns, told->net_ns);
	assert_int_equal(n->dst_port, told->port);
	rows_need(&live, pid, 4);
	live_close(&live);
	told_free(told);
}

static void outcome__closed_before_answer__is_aborted(void **state)
{
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, CONNECT, ASKED_OUTCOME);
	pid = rows_run(&live, give_up, told, STREAM_NETWORK_CONNECT, 4);
	connect_row(&live, pid, 3, CONNECT_FAILED, -ECONNABORTED);
	rows_need(&live, pid, 4);
	live_close(&live);
	told_free(told);
}

static void outcome__no_route__address_from_call(void **state)
{
	const struct network_connect_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, CONNECT, ASKED_OUTCOME);
	pid = rows_run(&live, find_no_way, told, STREAM_NETWORK_CONNECT, 3);
	n = connect_row(&live, pid, 0, CONNECT_FAILED, -ENETUNREACH);
	assert_int_equal(n->proto, IPPROTO_TCP);
	assert_int_equal(n->dst_port, 4444);
	ip_need(n->dst_ip, AF_INET, "192.0.2.1");
	assert_int_equal(n->head.source, EVENT_SOURCE_SYSCALL);
	assert_int_equal(n->head.net_ns, told->net_ns);
	n = connect_row(&live, pid, 1, CONNECT_FAILED, -ENETUNREACH);
	assert_int_equal(n->family, AF_INET);
	ip_need(n->dst_ip, AF_INET, "192.0.2.2");
	n = connect_row(&live, pid, 2, CONNECT_FAILED, -ENETUNREACH);
	assert_int_equal(n->proto, IPPROTO_UDP);
	rows_need(&live, pid, 3);
	live_close(&live);
	told_free(told);
}

static void outcome__udp__one_row_each(void **state)
{
	const struct network_connect_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, CONNECT, ASKED_OUTCOME);
	pid = rows_run(&live, udp_connect, told, STREAM_NETWORK_CONNECT, 2);
	n = connect_row(&live, pid, 0, CONNECT_ESTABLISHED, 0);
	assert_int_equal(n->proto, IPPROTO_UDP);
	assert_int_equal(n->dst_port, 5353);
	assert_int_equal(n->src_port, told->client_port);
	ip_need(n->dst_ip, AF_INET, "127.0.0.5");
	ip_need(n->src_ip, AF_INET, "127.0.0.1");
	n = connect_row(&live, pid, 1, CONNECT_ESTABLISHED, 0);
	assert_int_equal(n->family, AF_INET6);
	ip_need(n->dst_ip, AF_INET6, "::1");
	rows_need(&live, pid, 2);
	live_close(&live);
	told_free(told);
}

static void outcome__bad_calls__no_rows(void **state)
{
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, CONNECT, ASKED_OUTCOME | ASKED_FAILED);
	pid = told_run(connect_nothing, told);
	live_drain(&live);
	live_need(&live, STREAM_PROCESS_EXIT, pid);
	rows_need(&live, pid, 0);
	live_close(&live);
	told_free(told);
}

static void outcome__only_failures_wanted__no_established(void **state)
{
	struct told *told = told_new();
	struct live live;
	pid_t pid, other;

	(void)state;
	network_open(&live, CONNECT, ASKED_FAILED);
	pid = rows_run(&live, establish, told, STREAM_NETWORK_CONNECT, 1);
	other = rows_run(&live, be_refused, told, STREAM_NETWORK_CONNECT, 2);
	connect_row(&live, pid, 0, CONNECT_ATTEMPTED, EVENT_NONE);
	rows_need(&live, pid, 1);
	connect_row(&live, other, 1, CONNECT_FAILED, -ECONNREFUSED);
	rows_need(&live, other, 2);
	live_close(&live);
	told_free(told);
}

static void outcome__not_read__attempts_only(void **state)
{
	struct told *told = told_new();
	struct live live;
	pid_t pid, other;

	(void)state;
	network_open(&live, CONNECT, ASKED_PLAIN);
	pid = rows_run(&live, establish, told, STREAM_NETWORK_CONNECT, 1);
	other = rows_run(&live, be_refused, told, STREAM_NETWORK_CONNECT, 1);
	rows_need(&live, pid, 1);
	rows_need(&live, other, 1);
	live_close(&live);
	told_free(told);
}

/* Softirqs interrupt calls that count for the same stream. */
static void outcome__many_at_once__books_balance(void **state)
{
	struct told *told = told_new();
	struct collect_counters c;
	struct live live;
	pid_t pids[4];

	(void)state;
	network_open(&live, CONNECT, ASKED_OUTCOME);
	for (unsigned i = 0; i < 4; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		for (unsigned n = 0; !pids[i] && n < 2000; n++) {
			struct sockaddr_in to = v4_address("127.0.0.1", 1);
			int udp = socket(AF_INET, SOCK_DGRAM, 0);
			int tcp = socket(AF_INET, SOCK_STREAM, 0);

			(void)!connect(udp, (void *)&to, sizeof(to));
			(void)!connect(tcp, (void *)&to, sizeof(to));
			close(udp);
			close(tcp);
		}
		if (!pids[i])
			_exit(0);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
	live_drain(&live);
	counters_balance(&live, STREAM_NETWORK_CONNECT);
	counters_need(&live, STREAM_NETWORK_CONNECT, &c);
	assert_in_range(c.generated + 3 * c.missed, 4 * 2000 * 3, UINT32_MAX);
	live_close(&live);
	told_free(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcome__established__second_row),
		cmocka_unit_test(outcome__refused__has_error),
		cmocka_unit_test(outcome__refused_nonblocking__has_error_once),
		cmocka_unit_test(outcome__timeout__has_error_and_namespace),
		cmocka_unit_test(outcome__closed_before_answer__is_aborted),
		cmocka_unit_test(outcome__no_route__address_from_call),
		cmocka_unit_test(outcome__udp__one_row_each),
		cmocka_unit_test(outcome__bad_calls__no_rows),
		cmocka_unit_test(outcome__only_failures_wanted__no_established),
		cmocka_unit_test(outcome__not_read__attempts_only),
		cmocka_unit_test(outcome__many_at_once__books_balance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
