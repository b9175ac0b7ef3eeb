// SPDX-License-Identifier: Apache-2.0
/*
 * Opens and closes a path an exact number of times and prints the count and the
 * time of one open and close: the median of 32 equal parts, or N, so that a
 * neighbour's burst does not decide; and that of the fastest part, for machines
 * whose neighbours are never quiet. With --alone it stays on one CPU and no
 * other program of the machine interrupts it there.
 *
 *   load_open --count N --path PATH [--write] [--parts N] [--alone]
 */
#include "pace.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#define PARTS 32
#define PARTS_MAX 4096

static void open_many(const char *path, int flags, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		int fd = open(path, flags);

		if (fd < 0)
			fail(path);
		close(fd);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* Time of one open and close, ns: the median and the best. */
static double measure(const char *path, int flags, uint64_t part,
		      uint64_t parts, double *ret_best)
{
	uint64_t ns[PARTS_MAX];

	for (uint64_t i = 0; i < parts; i++) {
		uint64_t start = clock_ns();

		open_many(path, flags, part);
		ns[i] = clock_ns() - start;
	}
	qsort(ns, parts, sizeof(ns[0]), compare);
	*ret_best = (double)ns[0] / (double)part;
	return (double)(ns[(parts - 1) / 2] + ns[parts / 2]) / 2 / (double)part;
}

static void be_alone(void)
{
	const struct sched_param param = { .sched_priority = 1 };
	cpu_set_t last;

	CPU_ZERO(&last);
	CPU_SET((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
	if (sched_setaffinity(0, sizeof(last), &last) ||
	    sched_setscheduler(0, SCHED_FIFO, &param))
		fail("--alone");
}

static const struct option OPTIONS[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "path", required_argument, NULL, 'p' },
	{ "write", no_argument, NULL, 'w' },
	{ "parts", required_argument, NULL, 's' },
	{ "alone", no_argument, NULL, 'a' },
	{ NULL, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
	int flags = O_RDONLY | O_CLOEXEC;
	const char *path = NULL;
	uint64_t count = 0, parts = PARTS;
	bool alone = false;
	double ns, best;
	int option;

	while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		if (option == 'n')
			count = parse_number(optarg, "--count");
		else if (option == 'p')
			path = optarg;
		else if (option == 'w')
			flags = O_WRONLY | O_CLOEXEC;
		else if (option == 's')
			parts = parse_number(optarg, "--parts");
		else if (option == 'a')
			alone = true;
		else
			return 2;
	}
	if (optind != argc || !parts || parts > PARTS_MAX || count < parts ||
	    !path) {
		fprintf(stderr, "load_open: bad arguments\n");
		return 2;
	}
	if (alone)
		be_alone();
	ns = measure(path, flags, count / parts, parts, &best);
	open_many(path, flags, count % parts);
	printf("{\"opens\":%" PRIu64
	       ",\"ns_per_open\":%.0f,\"best_ns_per_open\":%.0f}\n",
	       count, ns, best);
	return 0;
}
