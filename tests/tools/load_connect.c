// SPDX-License-Identifier: Apache-2.0
/*
 * Starts an exact number of TCP connections to loopback and prints how many.
 *
 *   load_connect --count N [--rate R] [--comm NAME] [--uid UID] [--port P]
 *                [--ports K] [--listen]
 *
 * Connection i goes to port P + i % K. Without --listen nobody listens there:
 * the attempt is refused at once, leaves nothing in TIME_WAIT, and its local
 * port is free again, so that any number of them can be made. With --listen
 * every connection is established with a listener of our own and reset by it,
 * which leaves nothing either.
 */
#include "pace.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct load {
	uint64_t count;
	uint64_t rate;
	const char *comm;
	bool has_uid;
	uid_t uid;
	uint64_t port;
	uint64_t ports;
	bool listen;
};

struct tally {
	uint64_t connected;
	uint64_t refused;
};

static struct sockaddr_in loopback(uint64_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int open_listener(uint64_t port)
{
	struct sockaddr_in address = loopback(port);
	int one = 1;
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		fail("SO_REUSEADDR");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		fail("bind");
	if (listen(fd, 16))
		fail("listen");
	return fd;
}

/* Accept what was just connected and reset it. */
static void accept_and_reset(int listener)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int fd;

	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		fail("accept");
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		fail("SO_LINGER");
	close(fd);
}

static void connect_once(uint64_t port, int listener, struct tally *tally)
{
	struct sockaddr_in address = loopback(port);
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("socket");
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		tally->connected++;
		if (listener >= 0)
			accept_and_reset(listener);
	} else if (errno == ECONNREFUSED) {
		tally->refused++;
	} else {
		fail("connect");
	}
	close(fd);
}

static void run(const struct load *load, struct tally *tally)
{
	struct pace pace;
	int listener = -1;

	if (load->listen)
		listener = open_listener(load->port);
	if (load->has_uid && setresuid(load->uid, load->uid, load->uid))
		fail("setresuid");
	if (load->comm && prctl(PR_SET_NAME, load->comm))
		fail("PR_SET_NAME");
	pace_start(&pace, load->rate);
	for (uint64_t i = 0; i < load->count; i++) {
		pace_wait(&pace, i);
		connect_once(load->port + i % load->ports, listener, tally);
	}
	printf("{\"connects\":%" PRIu64 ",\"connected\":%" PRIu64
	       ",\"refused\":%" PRIu64 ",\"seconds\":%.3f}\n",
	       tally->connected + tally->refused, tally->connected,
	       tally->refused, pace_seconds(&pace));
}

static const struct option OPTIONS[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "rate", required_argument, NULL, 'r' },
	{ "comm", required_argument, NULL, 'c' },
	{ "uid", required_argument, NULL, 'u' },
	{ "port", required_argument, NULL, 'p' },
	{ "ports", required_argument, NULL, 'k' },
	{ "listen", no_argument, NULL, 'l' },
	{ NULL, 0, NULL, 0 },
};

static void parse(int argc, char **argv, struct load *load)
{
	int option;

	while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		if (option == 'n')
			load->count = parse_number(optarg, "--count");
		else if (option == 'r')
			load->rate = parse_number(optarg, "--rate");
		else if (option == 'c')
			load->comm = optarg;
		else if (option == 'p')
			load->port = parse_number(optarg, "--port");
		else if (option == 'k')
			load->ports = parse_number(optarg, "--ports");
		else if (option == 'l')
			load->listen = true;
		else if (option == 'u') {
			load->uid = (uid_t)parse_number(optarg, "--uid");
			load->has_uid = true;
		} else
			exit(2);
	}
}

int main(int argc, char **argv)
{
	struct load load = { .port = 4444, .ports = 1 };
	struct tally tally = { 0 };

	parse(argc, argv, &load);
	if (optind != argc || !load.count || !load.ports || !load.port ||
	    load.ports > 65535 || load.port > 65536 - load.ports ||
	    (load.listen && load.ports != 1)) {
		fprintf(stderr, "load_connect: bad arguments\n");
		return 2;
	}
	run(&load, &tally);
	return 0;
}
