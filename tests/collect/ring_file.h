/* SPDX-License-Identifier: Apache-2.0 */
/* A ring made by hand, in a file, for tests that need no kernel programs. */
#ifndef SHRIKE_TESTS_COLLECT_RING_FILE_H
#define SHRIKE_TESTS_COLLECT_RING_FILE_H

#include "support/unit.h"

#include "user/collect/ring_reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/bpf.h>

#define RING_BYTES 4096UL

/* A file laid out as the kernel lays out a ring's pages. */
struct ring_file {
	int fd;
	uint8_t *pages;
	size_t page;
	struct ring_reader reader;
};

static inline void ring_file_open(struct ring_file *file)
{
	file->page = (size_t)sysconf(_SC_PAGESIZE);
	file->fd = memfd_create("ring", 0);
	assert_true(file->fd >= 0);
	assert_int_equal(
		ftruncate(file->fd, (off_t)(2 * file->page + 2 * RING_BYTES)),
		0);
	file->pages = mmap(NULL, 2 * file->page + 2 * RING_BYTES,
			   PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
	assert_ptr_not_equal(file->pages, MAP_FAILED);
	assert_int_equal(
		ring_reader_init(&file->reader, file->fd, RING_BYTES, NULL), 0);
}

static inline void ring_file_close(struct ring_file *file)
{
	ring_reader_release(&file->reader);
	munmap(file->pages, 2 * file->page + 2 * RING_BYTES);
	close(file->fd);
}

static inline unsigned long *producer(struct ring_file *file)
{
	return (void *)(file->pages + file->page);
}

static inline unsigned long consumer(struct ring_file *file)
{
	return *(unsigned long *)(void *)file->pages;
}

/* Write a record at the producer position; the double map is done by hand. */
static inline void ring_put(struct ring_file *file, const void *bytes,
			    uint32_t len, uint32_t flags)
{
	uint8_t *data = file->pages + 2 * file->page;
	unsigned long at = *producer(file) & (RING_BYTES - 1);
	uint32_t header = len | flags;

	memcpy(data + at, &header, sizeof(header));
	memcpy(data + at + 8, bytes, len);
	*producer(file) += (len + 8 + 7) & ~7UL;
}

#endif
