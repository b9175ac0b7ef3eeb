// SPDX-License-Identifier: Apache-2.0
/*
 * A wire record becomes a row column by column: the catalog says where the
 * record holds each and how.
 */
#include "user/event/decode.h"

#include "user/event/dns.h"
#include "user/event/environment.h"
#include "user/event/mask.h"
#include "user/event/path_name.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>

struct decoder {
	const uint8_t *record;
	size_t len;
	size_t fixed; /* the record's struct; blobs lie behind it */
	size_t bytes; /* of the row's texts so far */
	bool sender;  /* the head is as far as a log tells */
	bool nobody;  /* no process is known of it */
	int64_t clock_offset_ns;
	const struct stream *stream;
	struct arena *arena;
	struct err *err;
};

#define MALFORMED(d, ...) \
	err_set((d)->err, ERR_INTERNAL, -EBADMSG, "record: " __VA_ARGS__)

/* An integer of `size` bytes at `offset`, zero-extended. */
static uint64_t read_unsigned(const struct decoder *d, size_t offset,
			      size_t size)
{
	const uint8_t *from = d->record + offset;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (size) {
	case sizeof(u64):
		memcpy(&u64, from, sizeof(u64));
		return u64;
	case sizeof(u32):
		memcpy(&u32, from, sizeof(u32));
		return u32;
	case sizeof(u16):
		memcpy(&u16, from, sizeof(u16));
		return u16;
	default:
		CHECK(size == 1);
		return *from;
	}
}

static struct value scalar(const struct column *column, int64_t i)
{
	if (column->type == VALUE_BOOL)
		return value_bool(i != 0);
	return (struct value){ .type = (uint8_t)column->type, .i = i };
}

/* What is mounted is a path only where it is a directory. */
static bool mounts_directory(const struct decoder *d)
{
	uint64_t flags;
	uint32_t op;

	memcpy(&op, d->record + offsetof(struct file_mount_event, op),
	       sizeof(op));
	memcpy(&flags, d->record + offsetof(struct file_mount_event, flags),
	       sizeof(flags));
	return op != FILE_MOUNT_MOUNT || flags & (MS_BIND | MS_MOVE);
}

/*
 * Is it the path of a name that a caller wrote? The kernel's own paths need no
 * mending, and neither do texts that only look like paths.
 */
static bool is_named_path(const struct decoder *d, size_t blob_offset)
{
	struct event_head head;
	uint32_t kind;

	memcpy(&head, d->record, sizeof(head));
	if (head.source != EVENT_SOURCE_SYSCALL)
		return false;
#define AT(stream, member) \
	(blob_offset == offsetof(struct stream##_event, member))
	switch (head.stream) {
	case STREAM_FILE_OPEN:
		return AT(file_open, path);
	case STREAM_FILE_RENAME:
		return AT(file_rename, path) || AT(file_rename, old_path);
	case STREAM_FILE_UNLINK:
		return AT(file_unlink, path);
	case STREAM_FILE_LINK:
		memcpy(&kind,
		       d->record + offsetof(struct file_link_event, kind),
		       sizeof(kind));
		return AT(file_link, path) ||
		       (AT(file_link, target) && kind == FILE_LINK_HARD);
	case STREAM_FILE_ATTR:
		return AT(file_attr, path);
	case STREAM_FILE_MOUNT:
		return AT(file_mount, path) ||
		       (AT(file_mount, src) && mounts_directory(d));
	default:
		return false;
	}
#undef AT
}

static bool is_environment(const struct decoder *d, const struct column *column)
{
	return (d->stream->id == STREAM_PROCESS_EXEC &&
		column->id == COL_PROCESS_EXEC_exec_env) ||
	       (d->stream->id == STREAM_PROCESS_SNAPSHOT &&
		column->id == COL_PROCESS_SNAPSHOT_exec_env);
}

/* What is left of a list when its secrets are gone. */
static size_t list_mask(const struct decoder *d, const struct column *column,
			char *list, size_t len)
{
	uint32_t truncated;

	if (!is_environment(d, column))
		return mask_args(list, len);
	memcpy(&truncated, d->record + offsetof(struct event_head, truncated),
	       sizeof(truncated));
	len = environment_keep(list, len,
			       truncated & EVENT_PART_ENV &&
					       len >= EVENT_ENV_SIZE ?
				       EVENT_ENV_SIZE - EVENT_ENV_TAIL :
				       0);
	return mask_args(list, len);
}

/* Copies: the record is given back to the ring before the row is used. */
static int put_bytes(struct decoder *d, const struct column *column,
		     size_t offset, size_t len, struct value *to)
{
	bool is_list = column->type == VALUE_LIST;
	bool is_cut = is_list && len && d->record[offset + len - 1];
	char *copy;

	CHECK(d->bytes <= ROW_BYTES_MAX);
	if (len + is_cut > ROW_BYTES_MAX - d->bytes)
		return MALFORMED(d, "%s makes it too long", column->name);
	copy = arena_copy(d->arena, d->record + offset, len);
	if (!copy)
		return err_nomem(d->err);
	/* A list that was cut lacks its last NUL; the copy has one. */
	len += is_cut;
	if (is_list)
		len = list_mask(d, column, copy, len);
	if (column->wire == WIRE_PATH && is_named_path(d, column->offset))
		len = path_canonical(copy, len);
	d->bytes += len;
	*to = value_bytes(column->type, copy, len);
	return 0;
}

static int put_chars(struct decoder *d, const struct column *column,
		     struct value *to)
{
	const char *chars = (const char *)d->record + column->offset;

	return put_bytes(d, column, column->offset,
			 strnlen(chars, column->size), to);
}

static int put_ip(struct decoder *d, const struct column *column,
		  struct value *to)
{
	size_t len;

	switch (read_unsigned(d, column->family_offset, sizeof(uint16_t))) {
	case AF_UNSPEC:
		return 0;
	case AF_INET:
		len = 4;
		break;
	case AF_INET6:
		len = 16;
		break;
	default:
		return MALFORMED(d, "unknown address family");
	}
	CHECK(len <= column->size);
	return put_bytes(d, column, column->offset, len, to);
}

static int check_blob(struct decoder *d, const struct column *column,
		      struct event_blob blob)
{
	if (blob.off < d->fixed)
		return MALFORMED(d, "%s lies at byte %u", column->name,
				 blob.off);
	if (blob.off > d->len || blob.len > d->len - blob.off ||
	    (column->bytes_size && blob.len > column->bytes_size))
		return MALFORMED(d, "%s ends behind it", column->name);
	return 0;
}

/* A text that, where it is empty, was not named or could not be read. */
static bool is_null_if_empty(const struct decoder *d,
			     const struct column *column)
{
	return (d->stream->id == STREAM_FILE_ATTR &&
		column->id == COL_FILE_ATTR_xattr) ||
	       (d->stream->id == STREAM_FILE_MOUNT &&
		(column->id == COL_FILE_MOUNT_src ||
		 column->id == COL_FILE_MOUNT_fstype));
}

/* Offset 0: the collector did not fill it. */
static int put_blob(struct decoder *d, const struct column *column,
		    struct value *to)
{
	struct event_blob blob;
	int ret;

	memcpy(&blob, d->record + column->offset, sizeof(blob));
	if (!blob.off && !blob.len)
		return 0;
	ret = check_blob(d, column, blob);
	if (ret)
		return ret;
	if (column->type == VALUE_HASH && blob.len != VALUE_HASH_BYTES)
		return MALFORMED(d, "%s is no hash", column->name);
	if (!blob.len && is_null_if_empty(d, column))
		return 0;
	return put_bytes(d, column, blob.off, blob.len, to);
}

/* A message comes from the network: a malformed one is none of our errors. */
static int put_dns(struct decoder *d, const struct column *column,
		   struct value *to)
{
	char texts[DNS_TEXTS_BYTES];
	struct event_blob blob;
	uint32_t truncated;
	char *copy;
	int len;

	memcpy(&blob, d->record + column->offset, sizeof(blob));
	if (!blob.off && !blob.len)
		return 0;
	len = check_blob(d, column, blob);
	if (len)
		return len;
	truncated = (uint32_t)read_unsigned(
		d, offsetof(struct event_head, truncated), sizeof(truncated));
	len = dns_answers(d->record + blob.off, blob.len,
			  truncated & EVENT_PART_PAYLOAD, texts);
	if (len < 0)
		return 0;
	if ((size_t)len > ROW_BYTES_MAX - d->bytes)
		return MALFORMED(d, "%s makes it too long", column->name);
	copy = arena_copy(d->arena, texts, (size_t)len);
	if (!copy)
		return err_nomem(d->err);
	d->bytes += (size_t)len;
	*to = value_bytes(column->type, copy, (size_t)len);
	return 0;
}

static int put_time(struct decoder *d, const struct column *column,
		    struct value *to)
{
	uint64_t ns = read_unsigned(d, column->offset, column->size);
	int64_t realtime;

	if (__builtin_add_overflow(ns, d->clock_offset_ns, &realtime))
		return MALFORMED(d, "impossible time");
	*to = scalar(column, realtime);
	return 0;
}

static int put_column(struct decoder *d, const struct column *column,
		      struct value *to)
{
	uint64_t u;

	switch (column->wire) {
	case WIRE_NONE:
		return 0;
	case WIRE_U8:
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_U64:
		u = read_unsigned(d, column->offset, column->size);
		*to = scalar(column, (int64_t)u);
		return 0;
	case WIRE_S32:
		u = read_unsigned(d, column->offset, column->size);
		*to = scalar(column, (int32_t)u);
		return 0;
	case WIRE_OPT:
		u = read_unsigned(d, column->offset, column->size);
		if ((int64_t)u != EVENT_NONE)
			*to = scalar(column, (int64_t)u);
		return 0;
	case WIRE_FLAG:
		u = read_unsigned(d, column->offset, column->size);
		*to = value_bool(u & column->flag);
		return 0;
	case WIRE_CHARS:
		return put_chars(d, column, to);
	case WIRE_IP:
		return put_ip(d, column, to);
	case WIRE_BLOB:
	case WIRE_PATH:
		return put_blob(d, column, to);
	case WIRE_DNS:
		return put_dns(d, column, to);
	case WIRE_TIME:
		return put_time(d, column, to);
	case WIRE_COUNT:
		break;
	}
	CHECK(!"no wire");
	return -EINVAL;
}

/* What a log does not tell of the sender of a line. */
static bool unknown_sender(const struct decoder *d, const struct column *column)
{
	if (column->wire == WIRE_U32)
		return read_unsigned(d, column->offset, column->size) ==
		       UINT32_MAX;
	if (column->wire == WIRE_U64)
		return read_unsigned(d, column->offset, column->size) ==
		       UINT64_MAX;
	if (column->wire == WIRE_CHARS)
		return !d->record[column->offset];
	return column->wire == WIRE_FLAG;
}

/* What the head tells of an event that is nobody's. */
static bool is_of_process(unsigned column)
{
	switch (column) {
	case COL_ts:
	case COL_mono_ns:
	case COL_seq:
	case COL_cpu:
	case COL_truncated:
	case COL_retval:
	case COL_source:
		return false;
	default:
		return column < COL_HEAD_COUNT;
	}
}

static int check_head(struct decoder *d, const struct event_head *head)
{
	if (head->abi != EVENT_ABI)
		return MALFORMED(d, "version %u, not %u", head->abi, EVENT_ABI);
	if (head->stream >= STREAM_COUNT)
		return MALFORMED(d, "unknown stream %u", head->stream);
	if (head->size != d->len)
		return MALFORMED(d, "%zu bytes that claim to be %u", d->len,
				 head->size);
	if (head->ts > INT64_MAX)
		return MALFORMED(d, "impossible time");
	d->stream = catalog_stream(head->stream);
	d->sender = STREAM_IS_SECURITY(head->stream) &&
		    (head->flags & EVENT_FLAG_SENDER);
	d->nobody = head->flags & EVENT_FLAG_NOBODY;
	d->fixed = catalog_fixed_bytes(d->stream);
	if (d->len < d->fixed)
		return MALFORMED(d, "%zu bytes are too few for %s", d->len,
				 d->stream->name);
	return 0;
}

static int put_columns(struct decoder *d, struct row *row)
{
	unsigned n = catalog_column_count(d->stream);
	const struct column *column;
	int ret;

	for (unsigned id = 0; id < n; id++) {
		if (id == COL_CONTEXT_FIRST)
			id = COL_OWN_FIRST;
		if (id >= n)
			break;
		column = catalog_column_at(d->stream, id);
		if (d->sender && id < COL_HEAD_COUNT &&
		    unknown_sender(d, column))
			continue;
		if (d->nobody && is_of_process(id))
			continue;
		ret = put_column(d, column, &row->values[row_slot(id)]);
		if (ret)
			return ret;
	}
	return 0;
}

int event_decode(const void *record, size_t len, int64_t clock_offset_ns,
		 struct arena *arena, struct row **ret_row, struct err *err)
{
	struct decoder d = {
		.record = record,
		.len = len,
		.clock_offset_ns = clock_offset_ns,
		.arena = arena,
		.err = err,
	};
	struct event_head head;
	struct row *row;
	unsigned slots;
	int ret;

	if (len < sizeof(head))
		return MALFORMED(&d, "%zu bytes are too few", len);
	memcpy(&head, record, sizeof(head));
	ret = check_head(&d, &head);
	if (ret)
		return ret;
	slots = row_slots(d.stream);
	row = arena_alloc(arena, sizeof(*row) + slots * sizeof(struct value));
	if (!row)
		return err_nomem(err);
	row->stream = head.stream;
	row->value_count = (uint16_t)slots;
	row->cpu = head.cpu;
	row->ts = (int64_t)head.ts;
	row->seq = head.seq;
	/* What user space made is of none. */
	row->generation = head.generation;
	row->ruled_out = head.generation ? ~head.hint.bits : 0;
	ret = put_columns(&d, row);
	if (ret)
		return ret;
	*ret_row = row;
	return 0;
}
