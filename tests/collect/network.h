/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of the network streams: what is asked for, sockets of children, and
 * what a child tells of them.
 */
#ifndef SHRIKE_TESTS_COLLECT_NETWORK_H
#define SHRIKE_TESTS_COLLECT_NETWORK_H

#include "live.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Which rows of network.connect besides the attempts. */
enum asked {
	ASKED_PLAIN = 0,
	ASKED_OUTCOME = 1 << 0,
	ASKED_FAILED = 1 << 1, /* of every stream */
};

struct network_request {
	struct collect_request request;
	struct collect_columns columns;
};

#define STREAM_BIT(name) (1ULL << STREAM_##name)

static inline void network_request(struct network_request *r, uint64_t streams,
				   unsigned asked)
{
	unsigned outcome = COL_NETWORK_CONNECT_outcome;

	*r = (struct network_request){ .request.event_ring_bytes = 1 << 22 };
	memset(r->columns.read, 0xff, sizeof(r->columns.read));
	memset(r->columns.tested, 0xff, sizeof(r->columns.tested));
	if (!(asked & ASKED_OUTCOME))
		r->columns.read[STREAM_NETWORK_CONNECT][outcome / 64] &=
			~(1ULL << outcome % 64);
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		r->request.streams[s] = streams >> s & 1;
		r->columns.failed[s] = (asked & ASKED_FAILED) != 0;
	}
	r->request.columns = &r->columns;
}

static inline void network_open(struct live *live, uint64_t streams,
				unsigned asked)
{
	static struct network_request r;

	network_request(&r, streams, asked);
	live_open(live, &r.request);
}

/* What a child tells: in memory that it shares with its parent. */
struct told {
	uint16_t port; /* of the server */
	uint16_t client_port;
	uint64_t client_cookie;
	uint64_t server_cookie;
	int fd;
	uint32_t net_ns;
	uint32_t wrong; /* line of what failed in the child */
	pid_t pids[4];
};

static inline struct told *told_new(void)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(told, MAP_FAILED);
	return told;
}

static inline void told_free(struct told *told)
{
	munmap(told, sizeof(*told));
}

/* In a child: end it when something goes wrong, and tell where. */
#define MUST(told, condition)                     \
	do {                                      \
		if (!(condition)) {               \
			(told)->wrong = __LINE__; \
			_exit(1);                 \
		}                                 \
	} while (0)

/* Run it; fails where the child's MUST() did. Returns its pid. */
static inline pid_t told_run(void (*fn)(void *), struct told *told)
{
	int status;
	pid_t pid = child_run(fn, told, &status);

	if (told->wrong || status)
		fail_msg("the child failed, line %u, status %d", told->wrong,
			 status);
	return pid;
}

/* A network namespace of the caller's own; loopback is up. */
static inline void namespace_enter(struct told *told)
{
	struct ifreq up = { .ifr_name = "lo" };
	struct stat st;
	int fd;

	MUST(told, unshare(CLONE_NEWNET) == 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	MUST(told, ioctl(fd, SIOCGIFFLAGS, &up) == 0);
	up.ifr_flags |= IFF_UP;
	MUST(told, ioctl(fd, SIOCSIFFLAGS, &up) == 0);
	close(fd);
	MUST(told, stat("/proc/self/ns/net", &st) == 0);
	told->net_ns = (uint32_t)st.st_ino;
}

static inline struct sockaddr_in v4_address(const char *ip, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &address.sin_addr);
	return address;
}

static inline struct sockaddr_in6 v6_address(const char *ip, uint16_t port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
					.sin6_port = htons(port) };

	inet_pton(AF_INET6, ip, &address.sin6_addr);
	return address;
}

static inline uint16_t port_of(int fd)
{
	struct sockaddr_in6 address = { 0 };
	socklen_t len = sizeof(address);

	getsockname(fd, (void *)&address, &len);
	return ntohs(address.sin6_port); /* sin_port lies there, too */
}

static inline uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
	return cookie;
}

/* A server on loopback, at a port of the kernel's choice. */
static inline int server_new(struct told *told, int type)
{
	struct sockaddr_in address = v4_address("127.0.0.1", 0);
	int fd = socket(AF_INET, type, 0);

	MUST(told, bind(fd, (void *)&address, sizeof(address)) == 0);
	if (type == SOCK_STREAM)
		MUST(told, listen(fd, 100) == 0);
	told->port = port_of(fd);
	return fd;
}

static inline int client_new(struct told *told)
{
	struct sockaddr_in address = v4_address("127.0.0.1", told->port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	MUST(told, connect(fd, (void *)&address, sizeof(address)) == 0);
	told->client_port = port_of(fd);
	told->client_cookie = cookie_of(fd);
	return fd;
}

static inline void ip_need(const uint8_t *ip, int family, const char *expected)
{
	uint8_t bytes[16] = { 0 };

	assert_int_equal(inet_pton(family, expected, bytes), 1);
	assert_memory_equal(ip, bytes, sizeof(bytes));
}

static inline unsigned count_rows(const struct live *live,
				  enum stream_id stream, pid_t pid)
{
	unsigned n = 0;

	while (live_find(live, stream, pid, n))
		n++;
	return n;
}

static inline uint64_t missed_of(struct live *live, enum stream_id stream)
{
	struct collect_counters c;

	counters_need(live, stream, &c);
	return c.missed;
}

/*
 * Run it until its rows of the stream are there, this many. What a softirq does
 * that interrupts the program at somebody else's event is missed, which counts:
 * then once more. Returns the last one's pid.
 */
static inline pid_t rows_run(struct live *live, void (*fn)(void *),
			     struct told *told, enum stream_id stream,
			     unsigned rows)
{
	uint64_t missed;
	pid_t pid;

	do {
		missed = missed_of(live, stream);
		pid = told_run(fn, told);
		LIVE_UNTIL(live, count_rows(live, stream, pid) >= rows ||
					 missed_of(live, stream) > missed);
	} while (count_rows(live, stream, pid) < rows &&
		 missed_of(live, stream) > missed);
	return pid;
}

#endif
