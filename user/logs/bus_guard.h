/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a mapped file that somebody makes shorter raises SIGBUS. Under the
 * guard a page that is gone reads as zeros, as systemd's own programs have it;
 * whoever reads has to find out that they make no sense, and is told
 * afterwards. Keep it for as little as can be: what else is mapped must not be
 * read as zeros.
 */
#ifndef SHRIKE_LOGS_BUS_GUARD_H
#define SHRIKE_LOGS_BUS_GUARD_H

#include <signal.h>
#include <stdbool.h>

struct bus_guard {
	struct sigaction before;
};

void bus_guard_on(struct bus_guard *guard);

/* Was a page gone since bus_guard_on()? */
bool bus_guard_off(const struct bus_guard *guard);

#endif
