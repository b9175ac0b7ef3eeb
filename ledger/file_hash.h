/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incremental SHA-256 (FIPS 180-4), the hash by which the world names program
 * files.
 */
#ifndef SHRIKE_LEDGER_FILE_HASH_H
#define SHRIKE_LEDGER_FILE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define FILE_HASH_BYTES 32

struct file_hash {
	_Alignas(8) uint8_t state[128];
};

void file_hash_init(struct file_hash *hash);
void file_hash_put(struct file_hash *hash, const void *bytes, size_t len);
void file_hash_final(struct file_hash *hash, uint8_t ret[FILE_HASH_BYTES]);

#endif
