/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a BPF ring buffer through its memory map, up to a position that the
 * caller chooses: libbpf's reader does not give the producer position, and the
 * watermark needs it.
 */
#ifndef SHRIKE_COLLECT_RING_READER_H
#define SHRIKE_COLLECT_RING_READER_H

#include "user/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct ring_reader {
	int map_fd; /* borrowed */
	size_t page_bytes;
	size_t size_bytes; /* of the data, a power of two */
	unsigned long *consumer_pos;
	const unsigned long *producer_pos;
	const uint8_t *data; /* mapped twice in a row */
	void *consumer_map;
	void *producer_map;
};

/* Bytes in the ring, until ring_reader_next(). */
struct ring_record {
	const void *bytes;
	size_t len;
	size_t room; /* what it takes in the ring */
};

int ring_reader_init(struct ring_reader *reader, int map_fd, size_t size_bytes,
		     struct err *err);
void ring_reader_release(struct ring_reader *reader);

/* Where the next record will be reserved: all before it were reserved by now. */
unsigned long ring_reader_end(const struct ring_reader *reader);

/*
 * The next record before `end`, which stays in the ring; waits for one that is
 * busy until `deadline_ns`. What was discarded is passed over.
 */
enum ring_outcome { RING_RECORD = 0, RING_BUSY = 1, RING_END = 2 };
int ring_reader_peek(struct ring_reader *reader, unsigned long end,
		     int64_t deadline_ns, struct ring_record *ret_record,
		     struct err *err);

/* Give the record's room back to the kernel. */
void ring_reader_next(struct ring_reader *reader,
		      const struct ring_record *record);

#endif
