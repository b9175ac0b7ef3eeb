// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel's contract (kernel/bpf/ringbuf.c, Documentation/bpf/ringbuf.rst):
 *
 *   page 0      consumer position, ours to write
 *   page 1      producer position
 *   page 2..    data, `size` bytes, followed by the same bytes again, so that
 *               a record which wraps around is still in one piece
 *
 *   record      u32 length and flags, u32 page offset, bytes, padding to 8
 *
 * A record is busy between reserve and submit. Positions only grow.
 */
#include "user/collect/ring_reader.h"

#include "user/collect/collect.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/bpf.h>

#define RECORD_HEADER_BYTES 8UL

int ring_reader_init(struct ring_reader *reader, int map_fd, size_t size_bytes,
		     struct err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer;
	void *producer;

	consumer =
		mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (consumer == MAP_FAILED)
		return err_set(err, ERR_MACHINE, -errno,
			       "cannot map a ring buffer: %s", strerror(errno));
	producer = mmap(NULL, page + 2 * size_bytes, PROT_READ, MAP_SHARED,
			map_fd, (off_t)page);
	if (producer == MAP_FAILED) {
		int code = -errno;

		munmap(consumer, page);
		return err_set(err, ERR_MACHINE, code,
			       "cannot map a ring buffer: %s", strerror(-code));
	}
	*reader = (struct ring_reader){
		.map_fd = map_fd,
		.page_bytes = page,
		.size_bytes = size_bytes,
		.consumer_pos = consumer,
		.producer_pos = producer,
		.data = (const uint8_t *)producer + page,
		.consumer_map = consumer,
		.producer_map = producer,
	};
	return 0;
}

void ring_reader_release(struct ring_reader *reader)
{
	if (!reader->consumer_map)
		return;
	munmap(reader->producer_map,
	       reader->page_bytes + 2 * reader->size_bytes);
	munmap(reader->consumer_map, reader->page_bytes);
	*reader = (struct ring_reader){ 0 };
}

unsigned long ring_reader_end(const struct ring_reader *reader)
{
	return __atomic_load_n(reader->producer_pos, __ATOMIC_ACQUIRE);
}

/* The record's header once it is no longer busy; false: it still is. */
static bool header_wait(const uint32_t *header, int64_t deadline_ns,
			uint32_t *ret_header)
{
	uint32_t value = __atomic_load_n(header, __ATOMIC_ACQUIRE);

	while (value & BPF_RINGBUF_BUSY_BIT) {
		if (collect_now_ns() >= deadline_ns)
			return false;
		sched_yield();
		value = __atomic_load_n(header, __ATOMIC_ACQUIRE);
	}
	*ret_header = value;
	return true;
}

void ring_reader_next(struct ring_reader *reader,
		      const struct ring_record *record)
{
	__atomic_store_n(reader->consumer_pos,
			 *reader->consumer_pos + record->room,
			 __ATOMIC_RELEASE);
}

int ring_reader_peek(struct ring_reader *reader, unsigned long end,
		     int64_t deadline_ns, struct ring_record *ret_record,
		     struct err *err)
{
	while (*reader->consumer_pos != end) {
		unsigned long at = *reader->consumer_pos;
		const uint8_t *bytes =
			reader->data + (at & (reader->size_bytes - 1));
		unsigned long left = end - at;
		struct ring_record record;
		uint32_t header;

		if (!header_wait((const void *)bytes, deadline_ns, &header))
			return RING_BUSY;
		record.bytes = bytes + RECORD_HEADER_BYTES;
		record.len = header &
			     ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		record.room = (record.len + RECORD_HEADER_BYTES + 7) & ~7UL;
		if (left > reader->size_bytes || record.room > left)
			return err_set(err, ERR_DAMAGED, -EBADMSG,
				       "ring buffer: a record of %zu bytes "
				       "among %lu",
				       record.len, left);
		if (!(header & BPF_RINGBUF_DISCARD_BIT)) {
			*ret_record = record;
			return RING_RECORD;
		}
		ring_reader_next(reader, &record);
	}
	return RING_END;
}
