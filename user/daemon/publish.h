/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the engine's match to what the store keeps: the document, its identity,
 * its canonical bytes.
 */
#ifndef SHRIKE_DAEMON_PUBLISH_H
#define SHRIKE_DAEMON_PUBLISH_H

#include "store/store.h"
#include "stream/engine.h"
#include "user/base/arena.h"
#include "user/daemon/pipeline.h"

/*
 * Fill `ret_match` for the store; its bytes live in `arena`. Live, the payload's
 * salt is random; in a replay it derives from the trace and the match id.
 */
int publish(const struct match *match, const struct pipeline_origin *origin,
	    struct arena *arena, struct store_match *ret_match,
	    struct err *err);

#endif
