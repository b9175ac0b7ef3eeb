/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: matches with their evidence, their indexes and the ledger, in one
 * LMDB environment. store_commit() is the only way to write and is one
 * transaction, durable when it returns 0. The layout is drawn in layout.h.
 */
#ifndef SHRIKE_STORE_STORE_H
#define SHRIKE_STORE_STORE_H

#include "user/base/arena.h"
#include "user/base/buf.h"
#include "user/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_mode {
	STORE_READ,   /* must exist */
	STORE_WRITE,  /* created when missing; one writer at a time */
	STORE_CREATE, /* must not exist or be an empty folder (replay) */
};

struct store_options {
	enum store_mode mode;
	uint64_t size_bytes_max; /* 0: no limit */
};

/*
 * ERR_INPUT, and nothing written, when the folder is not ours, not readable or
 * writable, of a newer version, or already has a writer.
 */
int store_open(const char *dir, const struct store_options *options,
	       struct store **ret_store, struct err *err);
struct store *store_close(struct store *store);

/* Where and when the entries of a commit belong. Replays pass trace values. */
struct store_moment {
	int64_t wall_ns;
	int64_t boot_ns;
	uint8_t boot_id[16];
};

/* `id`, `ts_ns` and `rule` are those in the payload: verification compares. */
struct store_match {
	uint8_t id[16];
	int64_t ts_ns; /* realtime, of the match */
	const char *rule;
	uint8_t rule_digest[32];
	const char *severity;
	const char *coverage;
	uint64_t pid_key;    /* of the last event; 0: none */
	const void *payload; /* canonical message Match */
	size_t payload_bytes;
	uint8_t salt[16]; /* random live, derived in a replay */
	uint64_t ret_seq; /* out: ledger sequence; of the first copy if there */
	bool ret_known;	  /* out: was stored before, nothing written */
};

/* One turn: all of it or nothing. */
struct store_turn {
	struct store_moment moment;
	struct store_match *matches;
	unsigned match_count;
	uint64_t lost;	   /* events lost since the previous entry */
	const void *state; /* engine state to keep, NULL: leave as it is */
	size_t state_bytes;
	int64_t watermark; /* boot-time clock; kept with the state */
};

/*
 * -ENOSPC (ERR_INPUT) when the disk or the quota is full: nothing written. After
 * any failure the store must be closed and opened again.
 */
int store_commit(struct store *store, struct store_turn *turn, struct err *err);

/*
 * Begin a run: writes GENESIS once in a store's life, then OPEN, and RULESET
 * when the digest is not the last one's.
 */
struct store_run {
	struct store_moment moment;
	uint8_t ruleset_digest[32];
	uint8_t object_digest[32]; /* of the kernel object; zero in a replay */
	bool replay; /* deterministic: store id and key come from `seed` */
	uint8_t seed[32];
};
int store_begin(struct store *store, const struct store_run *run,
		struct err *err);
/* End it: CLOSE entry and a signed checkpoint. */
int store_end(struct store *store, const struct store_moment *moment,
	      struct err *err);

/* What the last turn of the same boot left; 1 when there is nothing. */
int store_state(struct store *store, const uint8_t boot_id[16],
		struct buf *ret_state, int64_t *ret_watermark, struct err *err);

/* The payload (message Match) of a match by id prefix of at least 4 bytes:
 * 1 not found, 2 ambiguous. */
int store_match(struct store *store, const uint8_t *id, size_t id_bytes,
		struct buf *ret_payload, uint64_t *ret_seq, struct err *err);

struct store_head {
	uint64_t entries; /* of the ledger: the tree's size */
	uint64_t matches;
	uint8_t root[32]; /* RFC 6962 tree hash */
	uint8_t chain[32];
};
int store_head(struct store *store, struct store_head *ret_head,
	       struct err *err);

/*
 * The key that signs this store's checkpoints, as text (C2SP signed-note), to be
 * kept elsewhere; 1: the store has no run yet.
 */
int store_vkey(struct store *store, struct buf *ret_text, struct err *err);

/* The latest signed checkpoint as text (C2SP signed note); 1: none yet. */
int store_checkpoint(struct store *store, struct buf *ret_note,
		     struct err *err);

#endif
