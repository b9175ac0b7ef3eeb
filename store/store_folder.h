/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder around the database: whether it is ours, its marker, its writer
 * lock and the file of the signing key. Knows no LMDB.
 */
#ifndef SHRIKE_STORE_STORE_FOLDER_H
#define SHRIKE_STORE_STORE_FOLDER_H

#include "user/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum folder_state {
	FOLDER_MISSING,
	FOLDER_EMPTY,
	FOLDER_OURS,
};

/* ERR_INPUT for a file, a foreign folder, a newer format, no permission. */
int folder_probe(const char *dir, bool write, enum folder_state *ret_state,
		 struct err *err);

/* Make it ours: the folder when it is missing, then the marker, durably. */
int folder_create(const char *dir, enum folder_state state, struct err *err);

/*
 * The names of the files in it and its own name in its parent, durable: what is
 * written to a file is no use when a power failure takes the file's name. A
 * parent that may not be read is left to its owner.
 */
int folder_sync(const char *dir, struct err *err);

/* -EBUSY when there is a writer. The lock goes with the descriptor. */
int folder_lock(const char *dir, int *ret_fd, struct err *err);

/*
 * Keep writers out while the descriptor is open. *ret_fd is -1 where there is
 * no lock file, so no writer either. -EBUSY when there is a writer.
 */
int folder_lock_shared(const char *dir, int *ret_fd, struct err *err);

/* 1 when there is no such file. */
int folder_key_load(const char *dir, uint8_t ret_seed[32], struct err *err);
int folder_key_save(const char *dir, const uint8_t seed[32], struct err *err);

#endif
