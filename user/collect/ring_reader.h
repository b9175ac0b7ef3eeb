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

/* A record's bytes, in the ring; negative to stop, the record stays then. */
typedef int ring_record_fn(void *ctx, const void *record, size_t len,
			   struct err *err);

int ring_reader_init(struct ring_reader *reader, int map_fd, size_t size_bytes,
		     struct err *err);
void ring_reader_release(struct ring_reader *reader);

/* Where the next record will be reserved: all before it were reserved by now. */
unsigned long ring_reader_end(const struct ring_reader *reader);

/* Consume up to `end`; waits for a busy record until `deadline_ns`. */
enum ring_outcome { RING_READ = 0, RING_BUSY = 1 };
int ring_reader_consume(struct ring_reader *reader, unsigned long end,
			int64_t deadline_ns, ring_record_fn *fn, void *ctx,
			struct err *err);

#endif
