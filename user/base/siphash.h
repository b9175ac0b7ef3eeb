/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-2-4 (Aumasson, Bernstein 2012): a keyed 64-bit hash for tables whose
 * keys an attacker chooses. Not a digest: nothing durable is named by it.
 */
#ifndef SHRIKE_BASE_SIPHASH_H
#define SHRIKE_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint64_t key[2], const void *bytes, size_t len);

#endif
