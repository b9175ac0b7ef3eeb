// SPDX-License-Identifier: Apache-2.0
/*
 * network.dns: a server of our own at port 53 of a network namespace, and clients
 * that talk to it in every way.
 */
#include "network.h"

#include "user/event/dns.h"

#include <sys/uio.h>

#define DNS STREAM_BIT(NETWORK_DNS)
#define PORT 53

struct packet {
	uint8_t bytes[4096];
	size_t len;
};

static void put(struct packet *packet, const void *bytes, size_t len)
{
	memcpy(packet->bytes + packet->len, bytes, len);
	packet->len += len;
}

static void put_u16(struct packet *packet, unsigned value)
{
	uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(packet, bytes, 2);
}

/* `wire` is the name as labels, its last 0 included. */
static struct packet question(unsigned flags, const char *wire, size_t len,
			      unsigned type, unsigned answers)
{
	struct packet packet = { 0 };

	put_u16(&packet, 0xbeef);
	put_u16(&packet, flags);
	put_u16(&packet, 1);
	put_u16(&packet, answers);
	put_u16(&packet, 0);
	put_u16(&packet, 0);
	put(&packet, wire, len);
	put_u16(&packet, type);
	put_u16(&packet, 1);
	return packet;
}

#define NAME "\3Www\7eXample\3ORG"
#define QUERY question(0x0100, NAME, sizeof(NAME), 1, 0)

static struct packet response(void)
{
	struct packet packet = question(0x8183, NAME, sizeof(NAME), 1, 1);

	put(&packet, "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\xc0\0\2\5", 16);
	return packet;
}

static int udp_server(struct told *told)
{
	struct sockaddr_in at = v4_address("127.0.0.1", PORT);
	int fd;

	namespace_enter(told);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	MUST(told, bind(fd, (void *)&at, sizeof(at)) == 0);
	return fd;
}

/* The server answers `count` times, from a process of its own. */
static void udp_answer(struct told *told, int fd, unsigned count)
{
	pid_t pid = fork();

	MUST(told, pid >= 0);
	for (; !pid && count; count--) {
		struct packet reply = response();
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		char bytes[512];

		if (recvfrom(fd, bytes, sizeof(bytes), 0, (void *)&from, &len) <
			    0 ||
		    sendto(fd, reply.bytes, reply.len, 0, (void *)&from, len) <
			    0)
			_exit(1);
	}
	if (!pid)
		_exit(0);
}

static const struct network_dns_event *dns_row(const struct live *live,
					       pid_t pid, unsigned nth)
{
	const struct network_dns_event *n =
		live_find(live, STREAM_NETWORK_DNS, pid, nth);

	if (!n)
		fail_msg("no row %u of pid %d", nth, pid);
	return n;
}

static const char *qname_of(const struct network_dns_event *n)
{
	return n->qname.off ? blob_text(n, n->qname) : NULL;
}

/* --- UDP, each call --------------------------------------------------------*/

static void ask_unconnected(struct told *told, const struct packet *query)
{
	struct sockaddr_in to = v4_address("127.0.0.1", PORT), from;
	socklen_t len = sizeof(from);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char bytes[512];

	MUST(told, sendto(fd, query->bytes, query->len, 0, (void *)&to,
			  sizeof(to)) == (ssize_t)query->len);
	MUST(told,
	     recvfrom(fd, bytes, sizeof(bytes), MSG_PEEK, NULL, NULL) > 0);
	MUST(told,
	     recvfrom(fd, bytes, sizeof(bytes), 0, (void *)&from, &len) > 0);
}

static void ask_connected(struct told *told, const struct packet *query)
{
	struct sockaddr_in to = v4_address("127.0.0.1", PORT);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char bytes[512];

	MUST(told, connect(fd, (void *)&to, sizeof(to)) == 0);
	MUST(told, write(fd, query->bytes, query->len) > 0);
	MUST(told, read(fd, bytes, sizeof(bytes)) > 0);
}

/* Two at once, as a resolver asks for both families; in odd pieces. */
static void ask_many(struct told *told, struct packet *query)
{
	struct sockaddr_in to = v4_address("127.0.0.1", PORT);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char bytes[2][512];
	struct iovec out[3] = {
		{ query->bytes, 1 },
		{ query->bytes + 1, 14 },
		{ query->bytes + 15, query->len - 15 },
	};
	struct iovec in[2] = { { bytes[0], 512 }, { bytes[1], 512 } };
	struct sockaddr_in from[2];
	struct mmsghdr sent[2] = { 0 }, received[2] = { 0 };

	for (unsigned i = 0; i < 2; i++) {
		sent[i].msg_hdr.msg_name = &to;
		sent[i].msg_hdr.msg_namelen = sizeof(to);
		sent[i].msg_hdr.msg_iov = out;
		sent[i].msg_hdr.msg_iovlen = 3;
		received[i].msg_hdr.msg_name = &from[i];
		received[i].msg_hdr.msg_namelen = sizeof(from[i]);
		received[i].msg_hdr.msg_iov = &in[i];
		received[i].msg_hdr.msg_iovlen = 1;
	}
	MUST(told, sendmmsg(fd, sent, 2, 0) == 2);
	MUST(told, recvmmsg(fd, received, 2, 0, NULL) == 2);
}

static void ask_by_udp(void *arg)
{
	struct packet query = QUERY;
	struct told *told = arg;
	int fd = udp_server(told);

	udp_answer(told, fd, 4);
	ask_unconnected(told, &query);
	ask_connected(told, &query);
	ask_many(told, &query);
	MUST(told, wait(NULL) > 0);
}

static void answers_need(const struct network_dns_event *n)
{
	char texts[DNS_TEXTS_BYTES];

	assert_true(n->message.off);
	assert_int_equal(dns_answers((const uint8_t *)n + n->message.off,
				     n->message.len, false, texts),
			 10);
	assert_string_equal(texts, "192.0.2.5");
}

static void udp__each_call__question_and_answer(void **state)
{
	static const bool is_response[] = { 0, 1, 0, 1, 0, 0, 1, 1 };
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, DNS, ASKED_PLAIN);
	pid = told_run(ask_by_udp, told);
	live_drain(&live);
	for (unsigned i = 0; i < ARRAY_SIZE(is_response); i++) {
		const struct network_dns_event *n = dns_row(&live, pid, i);

		assert_string_equal(qname_of(n), "www.example.org");
		assert_int_equal(n->qtype, 1);
		assert_int_equal(n->is_response, is_response[i]);
		assert_true(n->rcode == (is_response[i] ? 3 : EVENT_NONE));
		assert_int_equal(n->family, AF_INET);
		assert_int_equal(n->proto, IPPROTO_UDP);
		assert_int_equal(n->server_port, PORT);
		ip_need(n->server, AF_INET, "127.0.0.1");
		assert_int_equal(n->head.source, EVENT_SOURCE_SYSCALL);
		assert_int_equal(n->head.net_ns, told->net_ns);
		assert_int_equal(n->head.truncated, 0);
		if (is_response[i])
			answers_need(n);
		else
			assert_int_equal(n->message.off, 0);
	}
	assert_int_equal(count_rows(&live, STREAM_NETWORK_DNS, pid),
			 ARRAY_SIZE(is_response));
	counters_balance(&live, STREAM_NETWORK_DNS);
	live_close(&live);
	told_free(told);
}

/* --- TCP -------------------------------------------------------------------*/

static void ask_by_tcp(void *arg)
{
	struct packet query = QUERY, reply = response();
	uint8_t length[2] = { 0, (uint8_t)query.len };
	struct iovec pieces[2] = { { length, 2 }, { query.bytes, query.len } };
	struct told *told = arg;
	struct sockaddr_in at = v4_address("127.0.0.1", PORT);
	int server, client, fd;
	char bytes[512];

	namespace_enter(told);
	server = socket(AF_INET, SOCK_STREAM, 0);
	MUST(told, bind(server, (void *)&at, sizeof(at)) == 0 &&
			   listen(server, 1) == 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	MUST(told, connect(client, (void *)&at, sizeof(at)) == 0);
	fd = accept(server, NULL, NULL);
	MUST(told, writev(client, pieces, 2) == (ssize_t)query.len + 2);
	MUST(told, read(fd, bytes, sizeof(bytes)) > 0);
	length[1] = (uint8_t)reply.len;
	pieces[1] = (struct iovec){ reply.bytes, reply.len };
	MUST(told, writev(fd, pieces, 2) > 0);
	/* The server's side is no client of DNS: its peer's port is another. */
	close(fd);
	MUST(told, recv(client, bytes, 2, MSG_WAITALL) == 2);
	MUST(told,
	     recv(client, bytes, reply.len, MSG_WAITALL) == (ssize_t)reply.len);
	MUST(told,
	     send(client, "no DNS message at all", 21, MSG_NOSIGNAL) == 21);
}

static void tcp__length_before_message__question_and_answer(void **state)
{
	const struct network_dns_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, DNS, ASKED_PLAIN);
	pid = told_run(ask_by_tcp, told);
	live_drain(&live);
	n = dns_row(&live, pid, 0);
	assert_string_equal(qname_of(n), "www.example.org");
	assert_int_equal(n->proto, IPPROTO_TCP);
	assert_int_equal(n->is_response, 0);
	n = dns_row(&live, pid, 1);
	assert_string_equal(qname_of(n), "www.example.org");
	assert_int_equal(n->is_response, 1);
	answers_need(n);
	assert_int_equal(count_rows(&live, STREAM_NETWORK_DNS, pid), 2);
	live_close(&live);
	told_free(told);
}

/* --- odd messages ----------------------------------------------------------*/

static void send_packet(struct told *told, const struct packet *packet)
{
	struct sockaddr_in to = v4_address("127.0.0.1", PORT);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	MUST(told, sendto(fd, packet->bytes, packet->len, 0, (void *)&to,
			  sizeof(to)) == (ssize_t)packet->len);
	close(fd);
}

static struct packet longest_name(void)
{
	char wire[255] = { 0 };

	for (unsigned i = 0; i < 3; i++) {
		wire[64 * i] = 63;
		memset(wire + 64 * i + 1, 'a' + (int)i, 63);
	}
	wire[192] = 61;
	memset(wire + 193, 'z', 61);
	return question(0x0100, wire, sizeof(wire), 16, 0);
}

static void send_odd(void *arg)
{
	struct told *told = arg;
	struct packet packet = longest_name();

	(void)udp_server(told);
	send_packet(told, &packet);		/* 0 */
	packet = question(0x0100, "", 1, 2, 0); /* of the root */
	send_packet(told, &packet);		/* 1 */
	packet = question(0x0100, "\3abc\xc0\x0c", 6, 1, 0);
	send_packet(told, &packet); /* 2: a pointer in a question */
	packet = QUERY;
	packet.len -= 8;
	send_packet(told, &packet); /* 3: the name has no end */
	packet = question(0x8180, NAME, sizeof(NAME), 1, 1);
	put(&packet, (char[2000]){ 0 }, 2000);
	send_packet(told, &packet); /* 4: longer than what is kept */
	packet.len = 11;
	send_packet(told, &packet); /* too short */
	packet.len = 0;
	send_packet(told, &packet);
}

static void odd__messages__what_can_be_read(void **state)
{
	const struct network_dns_event *n;
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, DNS, ASKED_PLAIN);
	pid = told_run(send_odd, told);
	live_drain(&live);
	n = dns_row(&live, pid, 0);
	assert_int_equal(n->qname.len, 253);
	assert_int_equal(n->qtype, 16);
	assert_string_equal(qname_of(n) + 252, "z");
	n = dns_row(&live, pid, 1);
	assert_string_equal(qname_of(n), "");
	assert_int_equal(n->qtype, 2);
	for (unsigned i = 2; i < 4; i++) {
		n = dns_row(&live, pid, i);
		assert_null(qname_of(n));
		assert_int_equal(n->qtype, 0);
	}
	n = dns_row(&live, pid, 4);
	assert_string_equal(qname_of(n), "www.example.org");
	assert_true(n->head.truncated & EVENT_PART_PAYLOAD);
	assert_int_equal(n->message.len, EVENT_DNS_SIZE);
	assert_int_equal(count_rows(&live, STREAM_NETWORK_DNS, pid), 5);
	live_close(&live);
	told_free(told);
}

/* --- what is none ----------------------------------------------------------*/

static void send_to_others(void *arg)
{
	struct packet query = QUERY;
	struct told *told = arg;
	struct sockaddr_in to = v4_address("127.0.0.1", 5353);
	int fd;

	namespace_enter(told);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	MUST(told, sendto(fd, query.bytes, query.len, 0, (void *)&to,
			  sizeof(to)) > 0);
}

static void dns__other_port__no_row(void **state)
{
	struct told *told = told_new();
	struct live live;
	pid_t pid;

	(void)state;
	network_open(&live, DNS, ASKED_PLAIN);
	pid = told_run(send_to_others, told);
	live_drain(&live);
	live_need(&live, STREAM_PROCESS_EXIT, pid);
	assert_int_equal(count_rows(&live, STREAM_NETWORK_DNS, pid), 0);
	live_close(&live);
	told_free(told);
}

/* What nobody reads does not cross the ring. */
static void dns__answers_not_read__not_sent(void **state)
{
	static struct network_request r;
	unsigned answers = COL_NETWORK_DNS_answers;
	struct told *told = told_new();
	const struct network_dns_event *n;
	struct live live;
	pid_t pid;

	(void)state;
	network_request(&r, DNS, ASKED_PLAIN);
	r.columns.read[STREAM_NETWORK_DNS][answers / 64] &=
		~(1ULL << answers % 64);
	live_open(&live, &r.request);
	pid = told_run(ask_by_udp, told);
	live_drain(&live);
	n = dns_row(&live, pid, 1);
	assert_int_equal(n->is_response, 1);
	assert_int_equal(n->message.off, 0);
	assert_int_equal(n->head.size,
			 offsetof(struct network_dns_event, qname_bytes) +
				 n->qname.len);
	live_close(&live);
	told_free(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp__each_call__question_and_answer),
		cmocka_unit_test(
			tcp__length_before_message__question_and_answer),
		cmocka_unit_test(odd__messages__what_can_be_read),
		cmocka_unit_test(dns__other_port__no_row),
		cmocka_unit_test(dns__answers_not_read__not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
