/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of a process's environment: the variables that say how it came to
 * run and what it will load, of an allow-list of names. The rest goes before
 * anything is decided, stored or recorded: keys and passwords live there.
 */
#ifndef SHRIKE_EVENT_ENVIRONMENT_H
#define SHRIKE_EVENT_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * NAME=VALUE texts, each ended by a NUL (the last need not be), in place, with
 * room for one byte more; returns how many bytes remain, each text ended by a
 * NUL. `meet` > 0: the bytes from there on are the end of something longer, what
 * is between is not there: the text that the cut goes through keeps its start,
 * and what follows `meet` up to a NUL is dropped.
 */
size_t environment_keep(char *bytes, size_t len, size_t meet);

/* The index-th name that is kept; NULL past the last. */
const char *environment_name(size_t index);

#endif
