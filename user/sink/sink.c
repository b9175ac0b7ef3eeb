// SPDX-License-Identifier: Apache-2.0
#include "user/sink/sink_int.h"

void sink_match(const struct sink_options *options, const struct match_doc *doc,
		uint64_t seq, struct buf *out)
{
	switch (options->format) {
	case SINK_JSON:
		sink_match_json(doc, seq, out);
		break;
	case SINK_TEXT:
		sink_match_text(doc, seq, options->color, out);
		break;
	}
}
