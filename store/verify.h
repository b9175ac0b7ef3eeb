/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offline verification. The database is taken as hostile: LMDB reads it in a
 * sandboxed child, the parent checks what comes through a pipe.
 */
#ifndef SHRIKE_STORE_VERIFY_H
#define SHRIKE_STORE_VERIFY_H

#include "user/base/buf.h"
#include "user/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* The values are the exit codes of `shrike ledger verify`. */
enum verify_result {
	VERIFY_OK = 0,
	VERIFY_USAGE = 1,
	VERIFY_TAMPERED = 2,
	VERIFY_POLICY = 3,
	VERIFY_FORKED = 5,
	VERIFY_UNREADABLE = 6,
	VERIFY_LOSS = 7,
};

struct verify_options {
	const char *checkpoint; /* trusted note to hold the store to, or NULL */
	size_t checkpoint_bytes;
	const uint8_t
		*public_key; /* 32 bytes to trust, or NULL: the store's own */
	bool fail_on_loss;
};

struct verify_report {
	enum verify_result result;
	uint64_t entries;
	uint64_t matches;
	uint64_t lost;	  /* recorded in the ledger */
	uint64_t bad_seq; /* first bad sequence when tampered */
	bool has_bad_seq;
	uint8_t root[32];
	struct buf
		text; /* findings and what could not be checked; release it */
};

/* 0 when there is a report, whatever it says. */
int store_verify(const char *dir, const struct verify_options *options,
		 struct verify_report *ret_report, struct err *err);

#endif
