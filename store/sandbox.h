/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up rights for good, for a process that reads hostile bytes. Two
 * steps: what never hurts, then everything but reading mapped memory and
 * writing to descriptors that are open.
 */
#ifndef SHRIKE_STORE_SANDBOX_H
#define SHRIKE_STORE_SANDBOX_H

/*
 * Die with the parent, no new privileges, no core files, default signals, only
 * `keep_fd` stays open (it becomes descriptor 3); 0 to 2 are /dev/null.
 * 0 or a negative errno.
 */
int sandbox_begin(int keep_fd);

/*
 * No new descriptors, processes or files, and no system call but the few that
 * memory and output need: another one ends the process.
 */
int sandbox_close(void);

#endif
