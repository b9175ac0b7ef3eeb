// SPDX-License-Identifier: Apache-2.0
/*
 * network.connect of real children, on the loopback interface, as rules see it
 * that do not read `outcome`.
 */
#include "network.h"

struct target {
	const char *address;
	uint16_t port;
	uint16_t from_port; /* 0: the kernel chooses */
	int type;
};

static void v4_connect(void *arg)
{
	const struct target *target = arg;
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(target->port) };
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_port = htons(target->from_port) };
	int fd = socket(AF_INET, target->type, 0);
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	inet_pton(AF_INET, target->address, &to.sin_addr);
	if (target->from_port && bind(fd, (void *)&from, sizeof(from)))
		_exit(1);
	/* Refused or not: it was attempted. */
	(void)!connect(fd, (void *)&to, sizeof(to));
}

static void v6_connect(void *arg)
{
	const struct target *target = arg;
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
				   .sin6_port = htons(target->port) };
	int fd = socket(AF_INET6, target->type, 0);

	if (fd < 0)
		_exit(2);
	inet_pton(AF_INET6, target->address, &to.sin6_addr);
	(void)!connect(fd, (void *)&to, sizeof(to));
}

static void connect__v4__has_addresses_and_process(void **state)
{
	struct target target = { "127.0.0.2", 4444, 0, SOCK_STREAM };
	const struct network_connect_event *n;
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, STREAM_BIT(NETWORK_CONNECT), ASKED_PLAIN);
	pid = child_run(v4_connect, &target, NULL);
	live_drain(&live);
	n = live_need(&live, STREAM_NETWORK_CONNECT, pid);
	assert_int_equal(n->family, AF_INET);
	assert_int_equal(n->proto, IPPROTO_TCP);
	assert_int_equal(n->dst_port, 4444);
	assert_memory_equal(n->dst_ip, "\x7f\0\0\2\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(n->src_ip, "\x7f\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(n->head.ppid, getpid());
	assert_int_equal(n->head.uid, getuid());
	assert_int_equal(n->head.truncated, 0);
	assert_true(n->cookie);
	assert_null(live_find(&live, STREAM_NETWORK_CONNECT, pid, 1));
	live_close(&live);
}

static void connect__bound_socket__has_source_port(void **state)
{
	struct target target = { "127.0.0.1", 4445, 3456, SOCK_STREAM };
	const struct network_connect_event *n;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	network_open(&live, STREAM_BIT(NETWORK_CONNECT), ASKED_PLAIN);
	pid = child_run(v4_connect, &target, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	n = live_need(&live, STREAM_NETWORK_CONNECT, pid);
	assert_int_equal(n->src_port, 3456);
	live_close(&live);
}

static void v6_check(const char *address, unsigned family, const char *dst_ip)
{
	struct target target = { address, 4446, 0, SOCK_STREAM };
	const struct network_connect_event *n;
	struct live live;
	int status;
	pid_t pid;

	network_open(&live, STREAM_BIT(NETWORK_CONNECT), ASKED_PLAIN);
	pid = child_run(v6_connect, &target, &status);
	live_drain(&live);
	n = live_find(&live, STREAM_NETWORK_CONNECT, pid, 0);
	if (status == 2 << 8 || !n) {
		live_close(&live);
		assert_int_not_equal(access("/proc/net/if_inet6", F_OK), 0);
		print_message("skip: this kernel has no IPv6\n");
		skip();
	}
	assert_int_equal(n->family, family);
	assert_int_equal(n->dst_port, 4446);
	assert_memory_equal(n->dst_ip, dst_ip, 16);
	live_close(&live);
}

static void connect__v6__has_addresses(void **state)
{
	(void)state;
	v6_check("::1", AF_INET6, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
}

static void connect__v4_mapped__is_shown_as_v4(void **state)
{
	(void)state;
	v6_check("::ffff:127.0.0.3", AF_INET,
		 "\x7f\0\0\3\0\0\0\0\0\0\0\0\0\0\0");
}

static void connect__udp__is_no_event(void **state)
{
	struct target target = { "127.0.0.2", 4447, 0, SOCK_DGRAM };
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, STREAM_BIT(NETWORK_CONNECT), ASKED_PLAIN);
	pid = child_run(v4_connect, &target, NULL);
	live_drain(&live);
	live_need(&live, STREAM_PROCESS_EXIT, pid);
	assert_null(live_find(&live, STREAM_NETWORK_CONNECT, pid, 0));
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connect__v4__has_addresses_and_process),
		cmocka_unit_test(connect__bound_socket__has_source_port),
		cmocka_unit_test(connect__v6__has_addresses),
		cmocka_unit_test(connect__v4_mapped__is_shown_as_v4),
		cmocka_unit_test(connect__udp__is_no_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
