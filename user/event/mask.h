/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets in the arguments of a process, masked before anything is decided,
 * stored, recorded or shown: a replay sees what the live run saw.
 *
 * A value becomes "***" when it is
 *   - named, as in --password=V, DB_TOKEN=V, ?api_key=V, "X-Auth-Token: V",
 *     {"secret":"V"}, or the word after an option of such a name, --password V;
 *   - of a header, "Authorization: SCHEME V": the scheme too;
 *   - the password of a URL, scheme://user:V@host.
 *
 * A value ends at white space, a quote or a character that means something to a
 * shell, so that no command hides behind a name. What only the program's own
 * rules tell (-pV, -u user:V) stays.
 */
#ifndef SHRIKE_EVENT_MASK_H
#define SHRIKE_EVENT_MASK_H

#include <stddef.h>

/* Arguments, each ended by a NUL, in place; returns how many bytes remain. */
size_t mask_args(char *args, size_t len);

#endif
