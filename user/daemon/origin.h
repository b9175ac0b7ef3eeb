/* SPDX-License-Identifier: Apache-2.0 */
/* What names this machine and this boot, and where randomness comes from. */
#ifndef SHRIKE_DAEMON_ORIGIN_H
#define SHRIKE_DAEMON_ORIGIN_H

#include "user/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define HOST_NAME_BYTES 256

/* The host's name, and the kernel's random id of this boot. */
int origin_host(char ret_host[HOST_NAME_BYTES], struct err *err);
int origin_boot_id(uint8_t ret_boot_id[16], struct err *err);

int origin_random(void *ret_bytes, size_t len, struct err *err);

#endif
