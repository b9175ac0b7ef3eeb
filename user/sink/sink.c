// SPDX-License-Identifier: Apache-2.0
#include "user/sink/sink_int.h"

const char *sink_literal(enum stream_id stream, const struct column *column,
			 struct value value)
{
	const char *text;
	int64_t number;

	if (value.type != VALUE_INT)
		return NULL;
	for (unsigned i = 0;
	     (text = catalog_literal(stream, column, i, &number)); i++)
		if (number == value.i)
			return text;
	return NULL;
}

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
