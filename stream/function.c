// SPDX-License-Identifier: Apache-2.0
#include "stream/function.h"

static const struct function_info functions[] = {
#define FUNCTION_INFO(id, fn_name, least, most, result, fn_signature, fn_doc) \
	[FUNCTION_##id] = { .name = (fn_name),                                \
			    .least_args = (least),                            \
			    .most_args = (most),                              \
			    .type = VALUE_##result,                           \
			    .signature = (fn_signature),                      \
			    .doc = (fn_doc) },
	FUNCTIONS(FUNCTION_INFO)
};

const struct function_info *function_info(enum function function)
{
	CHECK((unsigned)function < FUNCTION_COUNT);
	return &functions[function];
}
