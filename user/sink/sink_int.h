/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of this folder. */
#ifndef SHRIKE_SINK_SINK_INT_H
#define SHRIKE_SINK_SINK_INT_H

#include "user/sink/sink.h"

#define SINK_NO_SEQ UINT64_MAX

void sink_match_json(const struct match_doc *doc, uint64_t seq,
		     struct buf *out);
void sink_match_text(const struct match_doc *doc, uint64_t seq, bool color,
		     struct buf *out);

#endif
