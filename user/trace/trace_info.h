/* SPDX-License-Identifier: Apache-2.0 */
/* The INFO block of a trace, see trace_format.h. */
#ifndef SHRIKE_TRACE_TRACE_INFO_H
#define SHRIKE_TRACE_TRACE_INFO_H

#include "user/event/codec.h"
#include "user/trace/trace.h"

/*
 * -EBADMSG: malformed; -ENOTSUP: from a catalog that this one cannot read. The
 * schema lives in `arena`.
 */
int trace_info_read(const uint8_t *payload, size_t len, struct arena *arena,
		    struct trace_info *ret_info,
		    const struct row_schema **ret_schema, struct err *err);

#endif
