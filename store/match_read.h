/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stored match, held to its ledger entry: a payload that was changed behind
 * the store's back is an error, never an answer. What only the whole ledger can
 * tell is verification's (verify.h).
 */
#ifndef SHRIKE_STORE_MATCH_READ_H
#define SHRIKE_STORE_MATCH_READ_H

#include "store/store_txn.h"

/*
 * The payload of the match at `seq`, valid as txn_get()'s, and its entry's
 * match id. -EBADMSG (ERR_INPUT): damaged. A transaction that failed gives its
 * own error.
 */
int match_read(struct store_txn *txn, uint64_t seq, MDB_val *ret_payload,
	       uint8_t ret_id[16], struct err *err);

#endif
