// SPDX-License-Identifier: Apache-2.0
/*
 * Loaded in front of a program (LD_PRELOAD), it lies about the time: the file
 * CLOCK_SHIFT holds two numbers of 64 bits, what to add to the real-time and to
 * the monotonic clock, ns, which may be changed at any time.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000LL

struct shift {
	_Atomic int64_t real_ns;
	_Atomic int64_t monotonic_ns;
};

static const struct shift *shift;
static int (*clock_gettime_next)(clockid_t clock, struct timespec *ret_time);

__attribute__((constructor)) static void shift_map(void)
{
	const char *path = getenv("CLOCK_SHIFT");
	int fd = open(path ? path : "", O_RDONLY | O_CLOEXEC);

	clock_gettime_next = (int (*)(clockid_t, struct timespec *))dlsym(
		RTLD_NEXT, "clock_gettime");
	shift = mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, fd, 0);
	if (fd < 0 || !clock_gettime_next || shift == MAP_FAILED)
		abort();
	close(fd);
	unsetenv("LD_PRELOAD");
}

/* The program's calls come here. */
int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int64_t ns;
	int rc = clock_gettime_next(clock, ret_time);

	if (rc || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
		return rc;
	ns = (int64_t)ret_time->tv_sec * SECOND_NS + ret_time->tv_nsec +
	     (clock == CLOCK_REALTIME ? shift->real_ns : shift->monotonic_ns);
	ret_time->tv_sec = (time_t)(ns / SECOND_NS);
	ret_time->tv_nsec = (long)(ns % SECOND_NS);
	return 0;
}
