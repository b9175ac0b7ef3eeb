/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers of a DNS message (RFC 1035) as texts. The message comes from
 * whoever answers: every length, count and pointer in it is checked.
 */
#ifndef SHRIKE_EVENT_DNS_H
#define SHRIKE_EVENT_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the texts; answers that find none are left out. */
#define DNS_TEXTS_BYTES 4096

/*
 * Write the data of the records of the answer section, one text each, ended by a
 * NUL: of A and AAAA the address, of CNAME, NS, PTR and DNAME the name, of MX and
 * SRV the host's name, of TXT its strings, one after the other. Other types are
 * left out. Names are written in small letters, without the last dot; in names
 * and strings a byte that does not print is \DDD and a backslash is doubled, and
 * in a label a dot is \. (RFC 1035, 5.1).
 *
 * `cut`: the message is only the first part of what it was, so that it may end
 * anywhere: what is whole counts.
 *
 * Returns the bytes written; -1: it is a question, or malformed.
 */
int dns_answers(const uint8_t *message, size_t len, bool cut,
		char texts[DNS_TEXTS_BYTES]);

#endif
