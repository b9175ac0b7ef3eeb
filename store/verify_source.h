/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every record of a store, read by a child process that LMDB may crash, hang
 * or take over: what comes out are bytes of bounded length and nothing else.
 */
#ifndef SHRIKE_STORE_VERIFY_SOURCE_H
#define SHRIKE_STORE_VERIFY_SOURCE_H

#include "store/layout.h"
#include "user/base/buf.h"
#include "user/base/err.h"

#include <sys/types.h>

struct verify_source {
	pid_t child;
	int fd;
	size_t at; /* in `input`, of the next unread byte */
	struct buf input;
};

struct verify_record {
	enum store_table table;
	const uint8_t *key;
	size_t key_bytes;
	const uint8_t *value;
	size_t value_bytes;
};

int verify_source_open(const char *dir, struct verify_source *ret_source,
		       struct err *err);

/*
 * The next record, valid until the next call: tables in the order of enum
 * store_table, keys as LMDB gives them. 1 after the last; -EBADMSG (ERR_INPUT)
 * when the child crashed, hung, sent nonsense or could not read on.
 */
int verify_source_next(struct verify_source *source,
		       struct verify_record *ret_record, struct err *err);

/* Ends the child too. */
void verify_source_close(struct verify_source *source);

#endif
