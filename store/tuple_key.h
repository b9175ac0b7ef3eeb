/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys whose byte order is the order of the values they were made from:
 * FoundationDB's published tuple encoding, the types that the store needs.
 *
 * A key is built on the stack by one put after the other. A key that grows
 * past what LMDB takes is marked as failed and must not be used.
 */
#ifndef SHRIKE_STORE_TUPLE_KEY_H
#define SHRIKE_STORE_TUPLE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TUPLE_KEY_BYTES_MAX 511

struct tuple_key {
	size_t len;
	bool failed; /* sticky: some put did not fit */
	uint8_t bytes[TUPLE_KEY_BYTES_MAX];
};

void tuple_key_init(struct tuple_key *key);
void tuple_key_put_bytes(struct tuple_key *key, const void *bytes, size_t len);
void tuple_key_put_text(struct tuple_key *key, const char *text, size_t len);
void tuple_key_put_int(struct tuple_key *key, int64_t v);
void tuple_key_put_uint(struct tuple_key *key, uint64_t v);
/* `len` < 16 makes the prefix that all ids beginning so share. */
void tuple_key_put_uuid(struct tuple_key *key, const uint8_t *id, size_t len);

/* One non-negative integer that fills all of `bytes`; -EBADMSG otherwise. */
int tuple_key_get_uint(const void *bytes, size_t len, uint64_t *ret_v);

#endif
