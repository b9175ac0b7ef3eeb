// SPDX-License-Identifier: Apache-2.0
/*
 * That a page was gone is remembered without a variable: from the first on, the
 * handler is the other one.
 */
#include "user/logs/bus_guard.h"

#include "user/base/check.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static void on_later(int signo, siginfo_t *info, void *context);

static void set_handler(void (*handler)(int, siginfo_t *, void *),
			struct sigaction *ret_before)
{
	struct sigaction action = { .sa_sigaction = handler,
				    .sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	CHECK(sigaction(SIGBUS, &action, ret_before) == 0);
}

/* Without memory for a page the fault comes again, and is not survived. */
static void put_zeros(const siginfo_t *info)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)info->si_addr & ~(page - 1);
	int saved = errno;

	if (info->si_code != BUS_ADRERR ||
	    mmap((void *)at, page, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		signal(SIGBUS, SIG_DFL);
	errno = saved;
}

static void on_first(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	set_handler(on_later, NULL);
	put_zeros(info);
}

static void on_later(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	put_zeros(info);
}

void bus_guard_on(struct bus_guard *guard)
{
	set_handler(on_first, &guard->before);
}

bool bus_guard_off(const struct bus_guard *guard)
{
	struct sigaction was;

	CHECK(sigaction(SIGBUS, &guard->before, &was) == 0);
	return was.sa_sigaction == on_later;
}
