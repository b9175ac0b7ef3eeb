// SPDX-License-Identifier: Apache-2.0
/*
 *   0 id, 2 flags (0x8000: response), 4 questions, 6 answers, 8 10 others
 *   12 the questions: name, type, class; then the answers:
 *      name, type, class, time to live (4), length of the data, data
 *
 * A name is labels (length, bytes) up to length 0, or up to a pointer (two bytes,
 * 0xc000 | offset) to its rest. Each pointer must lead further back than the one
 * before: so a name ends.
 */
#include "user/event/dns.h"

#include <arpa/inet.h>
#include <string.h>

#define HEADER_BYTES 12
#define QUESTION_BYTES 4 /* behind its name */
#define RECORD_BYTES 10	 /* likewise */
#define NAME_WIRE_MAX 255
#define LABEL_MAX 63
#define POINTER 0xc0
#define FLAG_RESPONSE 0x8000

enum record_type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_DNAME = 39,
};

enum dns_result {
	DNS_OK,
	DNS_MALFORMED,
	DNS_CUT,  /* beyond the message's end */
	DNS_FULL, /* no room for the text */
};

struct dns_reader {
	const uint8_t *message;
	size_t len;
	char *texts;
	size_t used;
};

static unsigned read_u16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* --- texts -----------------------------------------------------------------*/

static bool put_char(struct dns_reader *r, char c)
{
	if (r->used >= DNS_TEXTS_BYTES)
		return false;
	r->texts[r->used++] = c;
	return true;
}

static bool put_escaped(struct dns_reader *r, uint8_t byte, bool is_label)
{
	if (byte == '\\' || (is_label && byte == '.'))
		return put_char(r, '\\') && put_char(r, (char)byte);
	if (byte > ' ' && byte < 0x7f)
		return put_char(r, (char)byte);
	if (byte == ' ' && !is_label)
		return put_char(r, ' ');
	return put_char(r, '\\') && put_char(r, (char)('0' + byte / 100)) &&
	       put_char(r, (char)('0' + byte / 10 % 10)) &&
	       put_char(r, (char)('0' + byte % 10));
}

static bool put_label(struct dns_reader *r, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = bytes[i];

		if (byte >= 'A' && byte <= 'Z')
			byte = (uint8_t)(byte + ('a' - 'A'));
		if (!put_escaped(r, byte, true))
			return false;
	}
	return true;
}

/* --- names -----------------------------------------------------------------*/

/*
 * The name at *at, which is moved behind it; written if `is_written`, else only
 * checked.
 */
static enum dns_result read_name(struct dns_reader *r, size_t *at,
				 bool is_written)
{
	size_t from = *at, limit = *at;
	size_t wire_bytes = 0;
	bool jumped = false, first = true;

	for (;;) {
		unsigned label;

		if (from >= r->len)
			return DNS_CUT;
		label = r->message[from];
		if ((label & POINTER) == POINTER) {
			if (r->len - from < 2)
				return DNS_CUT;
			if (!jumped)
				*at = from + 2;
			jumped = true;
			from = read_u16(r->message + from) & 0x3fff;
			if (from >= limit)
				return DNS_MALFORMED;
			limit = from;
			continue;
		}
		if (label > LABEL_MAX)
			return DNS_MALFORMED;
		if (label >= r->len - from)
			return DNS_CUT;
		wire_bytes += 1 + label;
		if (wire_bytes > NAME_WIRE_MAX)
			return DNS_MALFORMED;
		from++;
		if (!label)
			break;
		if (is_written && ((!first && !put_char(r, '.')) ||
				   !put_label(r, r->message + from, label)))
			return DNS_FULL;
		first = false;
		from += label;
	}
	if (!jumped)
		*at = from;
	return DNS_OK;
}

/* --- the data of a record --------------------------------------------------*/

static enum dns_result put_address(struct dns_reader *r, int family, size_t at)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family, r->message + at, text, sizeof(text));
	for (const char *c = text; *c; c++)
		if (!put_char(r, *c))
			return DNS_FULL;
	return DNS_OK;
}

/* The name must end where the data ends. */
static enum dns_result put_name(struct dns_reader *r, size_t at, size_t end)
{
	enum dns_result result = read_name(r, &at, true);

	if (result == DNS_OK && at != end)
		return DNS_MALFORMED;
	return result;
}

static enum dns_result put_strings(struct dns_reader *r, size_t at, size_t end)
{
	while (at < end) {
		size_t len = r->message[at++];

		if (len > end - at)
			return DNS_MALFORMED;
		for (; len; len--)
			if (!put_escaped(r, r->message[at++], false))
				return DNS_FULL;
	}
	return DNS_OK;
}

static enum dns_result put_data(struct dns_reader *r, unsigned type, size_t at,
				size_t bytes)
{
	switch (type) {
	case TYPE_A:
		return bytes == 4 ? put_address(r, AF_INET, at) : DNS_MALFORMED;
	case TYPE_AAAA:
		return bytes == 16 ? put_address(r, AF_INET6, at) :
				     DNS_MALFORMED;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_DNAME:
		return put_name(r, at, at + bytes);
	case TYPE_MX: /* preference */
		return bytes > 2 ? put_name(r, at + 2, at + bytes) :
				   DNS_MALFORMED;
	case TYPE_SRV: /* priority, weight, port */
		return bytes > 6 ? put_name(r, at + 6, at + bytes) :
				   DNS_MALFORMED;
	default:
		return put_strings(r, at, at + bytes);
	}
}

static bool is_shown(unsigned type)
{
	return type == TYPE_A || type == TYPE_NS || type == TYPE_CNAME ||
	       type == TYPE_PTR || type == TYPE_MX || type == TYPE_TXT ||
	       type == TYPE_AAAA || type == TYPE_SRV || type == TYPE_DNAME;
}

static enum dns_result read_record(struct dns_reader *r, size_t *at)
{
	size_t begin = r->used;
	enum dns_result result = read_name(r, at, false);
	unsigned type;
	size_t bytes;

	if (result != DNS_OK)
		return result;
	if (r->len - *at < RECORD_BYTES)
		return DNS_CUT;
	type = read_u16(r->message + *at);
	bytes = read_u16(r->message + *at + 8);
	*at += RECORD_BYTES;
	if (bytes > r->len - *at)
		return DNS_CUT;
	if (is_shown(type)) {
		result = put_data(r, type, *at, bytes);
		if (result == DNS_OK && !put_char(r, '\0'))
			result = DNS_FULL;
	}
	if (result != DNS_OK)
		r->used = begin;
	*at += bytes;
	return result;
}

int dns_answers(const uint8_t *message, size_t len, bool cut,
		char texts[DNS_TEXTS_BYTES])
{
	struct dns_reader r = { .message = message,
				.len = len,
				.texts = texts };
	enum dns_result result = DNS_OK;
	unsigned questions, answers;
	size_t at = HEADER_BYTES;

	if (len < HEADER_BYTES || !(read_u16(message + 2) & FLAG_RESPONSE))
		return -1;
	questions = read_u16(message + 4);
	answers = read_u16(message + 6);
	for (; questions && result == DNS_OK; questions--) {
		result = read_name(&r, &at, false);
		if (result == DNS_OK && len - at < QUESTION_BYTES)
			result = DNS_CUT;
		at += QUESTION_BYTES;
	}
	for (; answers && result == DNS_OK; answers--)
		result = read_record(&r, &at);
	if (result == DNS_MALFORMED || (result == DNS_CUT && !cut))
		return -1;
	return (int)r.used;
}
