/* SPDX-License-Identifier: Apache-2.0 */
/* What the tree and its proofs share. */
#ifndef SHRIKE_LEDGER_MERKLE_INT_H
#define SHRIKE_LEDGER_MERKLE_INT_H

#include "ledger/hash.h"

/* H(01 | left | right); `ret_node` may be one of the two. */
void merkle_node(const uint8_t left[LEDGER_DIGEST_BYTES],
		 const uint8_t right[LEDGER_DIGEST_BYTES],
		 uint8_t ret_node[LEDGER_DIGEST_BYTES]);

#endif
