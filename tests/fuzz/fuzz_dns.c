// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a DNS message; the first says whether it was cut. Build, from the
 * top of the tree:
 *
 *   clang-14 -g -O1 -fsanitize=fuzzer,address -std=gnu17 -D_GNU_SOURCE -I. \
 *       tests/fuzz/fuzz_dns.c user/event/dns.c user/base/check.c \
 *       -o fuzz_dns
 */
#include "user/base/check.h"
#include "user/event/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char texts[DNS_TEXTS_BYTES];
	int used;

	if (!len)
		return 0;
	used = dns_answers(bytes + 1, len - 1, bytes[0] & 1, texts);
	CHECK(used >= -1 && used <= DNS_TEXTS_BYTES);
	CHECK(used <= 0 || !texts[used - 1]);
	return 0;
}
