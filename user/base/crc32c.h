/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds accidental damage, proves
 * nothing. "123456789" gives 0xe3069283.
 */
#ifndef SHRIKE_BASE_CRC32C_H
#define SHRIKE_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of what `crc` covers followed by these bytes; start with 0. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

/* The same without the processor's help. */
uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t len);

#endif
