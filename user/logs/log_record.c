// SPDX-License-Identifier: Apache-2.0
#include "user/logs/log_record.h"

#include "user/base/check.h"
#include "user/event/mask.h"

#include <sys/socket.h>

/* Offsets of blobs have 16 bits. */
BUILD_CHECK(sizeof(struct log_record) < UINT16_MAX);

/*
 * What is not known of the sender is all ones, which the decoder takes for NULL
 * in such a record.
 */
static void fill_head(struct event_head *head, enum stream_id stream,
		      const struct log_entry *entry, int64_t ts, uint64_t seq)
{
	struct log_text comm = entry->sender_comm;

	memset(head, 0xff, sizeof(*head));
	head->stream = (uint16_t)stream;
	head->abi = EVENT_ABI;
	head->ts = (uint64_t)ts;
	head->seq = seq;
	head->cpu = 0;
	head->retval = EVENT_NONE;
	head->flags = EVENT_FLAG_SENDER;
	head->truncated = entry->cut ? EVENT_PART_PAYLOAD : 0;
	head->source = EVENT_SOURCE_USER;
	head->generation = 0;
	if (entry->sender_has_pid)
		head->pid = entry->sender_pid;
	if (entry->sender_has_uid)
		head->uid = entry->sender_uid;
	if (entry->sender_has_gid)
		head->gid = entry->sender_gid;
	if (entry->sender_has_loginuid)
		head->loginuid = entry->sender_loginuid;
	memset(head->comm, 0, sizeof(head->comm));
	if (comm.len >= sizeof(head->comm))
		comm.len = sizeof(head->comm) - 1;
	if (comm.len)
		memcpy(head->comm, comm.p, comm.len);
}

/* No blob for what is not there: NULL. */
static struct event_blob put(struct log_record *record, struct log_text text,
			     size_t max)
{
	size_t off = record->len, len = text.len < max ? text.len : max;

	if (!text.len)
		return (struct event_blob){ 0 };
	CHECK(len <= sizeof(record->bytes) - off);
	memcpy(record->bytes + off, text.p, len);
	record->len += len;
	return (struct event_blob){ (uint16_t)off, (uint16_t)len };
}

static struct event_blob put_masked(struct log_record *record,
				    struct log_text text)
{
	struct event_blob blob = put(record, text, LOG_MESSAGE_MAX);

	if (blob.off) {
		blob.len = (uint16_t)mask_args((char *)record->bytes + blob.off,
					       blob.len);
		record->len = (size_t)blob.off + blob.len;
	}
	return blob;
}

/* An empty message is one, and not NULL. */
static struct event_blob put_message(struct log_record *record,
				     struct log_text message)
{
	struct event_blob blob = put_masked(record, message);

	if (!blob.off)
		blob.off = (uint16_t)record->len;
	return blob;
}

static void finish(struct log_record *record, void *fixed, size_t size)
{
	struct event_head *head = fixed;

	head->size = (uint32_t)record->len;
	memcpy(record->bytes, fixed, size);
}

void log_record_log(struct log_record *record, const struct log_entry *entry,
		    int64_t ts, uint64_t seq)
{
	struct security_log_event e = {
		.log_ts = entry->has_ts ? entry->ts : EVENT_NONE,
		.log_pid = entry->has_pid ? entry->pid : EVENT_NONE,
		.priority = entry->has_priority ? entry->priority : EVENT_NONE,
		.facility = entry->has_facility ? entry->facility : EVENT_NONE,
		.origin = entry->origin,
	};

	fill_head(&e.head, STREAM_SECURITY_LOG, entry, ts, seq);
	record->len = sizeof(e);
	e.program = put(record, entry->program, LOG_TEXT_MAX);
	e.message = put_message(record, entry->message);
	e.sender_exe = put(record, entry->sender_exe, LOG_TEXT_MAX);
	finish(record, &e, sizeof(e));
}

void log_record_auth(struct log_record *record, const struct log_entry *entry,
		     const struct auth_line *line, int64_t ts, uint64_t seq)
{
	struct security_auth_event e = {
		.log_ts = entry->has_ts ? entry->ts : EVENT_NONE,
		.log_pid = entry->has_pid ? entry->pid : EVENT_NONE,
		.src_port = line->port ? line->port : EVENT_NONE,
		.result = line->result,
		.origin = entry->origin,
		.family = line->address_bytes == 4  ? AF_INET :
			  line->address_bytes == 16 ? AF_INET6 :
						      AF_UNSPEC,
	};

	memcpy(e.src_ip, line->address, line->address_bytes);
	fill_head(&e.head, STREAM_SECURITY_AUTH, entry, ts, seq);
	record->len = sizeof(e);
	e.program = put(record, entry->program, LOG_TEXT_MAX);
	e.service = put(record, line->service, LOG_TEXT_MAX);
	e.method = put(record, line->method, LOG_TEXT_MAX);
	e.auth_user = put(record, line->user, LOG_TEXT_MAX);
	e.target_user = put(record, line->target_user, LOG_TEXT_MAX);
	e.terminal = put(record, line->tty, LOG_TEXT_MAX);
	e.command = put_masked(record, line->command);
	e.message = put_message(record, entry->message);
	e.sender_exe = put(record, entry->sender_exe, LOG_TEXT_MAX);
	finish(record, &e, sizeof(e));
}
