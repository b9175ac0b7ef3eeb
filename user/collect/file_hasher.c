// SPDX-License-Identifier: Apache-2.0
#include "user/collect/file_hasher.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KNOWN_MAX 1024u

/* Which content: a write changes size or times. */
struct version {
	uint64_t dev, ino;
	int64_t size;
	int64_t mtime_s, ctime_s;
	int64_t mtime_ns, ctime_ns;
};

struct known {
	struct version version;
	uint8_t hash[FILE_HASH_BYTES];
};

struct file_hasher {
	uint64_t file_bytes_max;
	int fd; /* -1: no file is being read */
	struct version version;
	struct file_hash hash;
	unsigned known_count, known_next; /* a ring: the oldest goes */
	struct known known[KNOWN_MAX];
	uint8_t block[64 * 1024];
};

struct file_hasher *file_hasher_new(uint64_t file_bytes_max)
{
	struct file_hasher *hasher = calloc(1, sizeof(*hasher));

	if (!hasher)
		return NULL;
	hasher->file_bytes_max = file_bytes_max;
	hasher->fd = -1;
	return hasher;
}

void file_hasher_abandon(struct file_hasher *hasher)
{
	if (hasher->fd >= 0)
		close(hasher->fd);
	hasher->fd = -1;
}

struct file_hasher *file_hasher_free(struct file_hasher *hasher)
{
	if (hasher)
		file_hasher_abandon(hasher);
	free(hasher);
	return NULL;
}

bool file_hasher_busy(const struct file_hasher *hasher)
{
	return hasher->fd >= 0;
}

static bool version_of(int fd, struct version *ret_version)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	*ret_version = (struct version){ .dev = st.st_dev,
					 .ino = st.st_ino,
					 .size = st.st_size,
					 .mtime_s = st.st_mtim.tv_sec,
					 .mtime_ns = st.st_mtim.tv_nsec,
					 .ctime_s = st.st_ctim.tv_sec,
					 .ctime_ns = st.st_ctim.tv_nsec };
	return true;
}

static const struct known *find(const struct file_hasher *hasher)
{
	for (unsigned i = 0; i < hasher->known_count; i++)
		if (memcmp(&hasher->known[i].version, &hasher->version,
			   sizeof(hasher->version)) == 0)
			return &hasher->known[i];
	return NULL;
}

static void keep(struct file_hasher *hasher, const uint8_t *hash)
{
	struct known *to = &hasher->known[hasher->known_next];

	to->version = hasher->version;
	memcpy(to->hash, hash, FILE_HASH_BYTES);
	hasher->known_next = (hasher->known_next + 1) % KNOWN_MAX;
	if (hasher->known_count < KNOWN_MAX)
		hasher->known_count++;
}

enum file_hasher_result file_hasher_begin(struct file_hasher *hasher,
					  const char *path,
					  uint8_t ret[FILE_HASH_BYTES])
{
	const struct known *known;

	file_hasher_abandon(hasher);
	/* A rule's process may run a file of a stuck network mount. */
	hasher->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (hasher->fd < 0 || !version_of(hasher->fd, &hasher->version) ||
	    (uint64_t)hasher->version.size > hasher->file_bytes_max) {
		file_hasher_abandon(hasher);
		return FILE_HASHER_FAILED;
	}
	known = find(hasher);
	if (known) {
		memcpy(ret, known->hash, FILE_HASH_BYTES);
		file_hasher_abandon(hasher);
		return FILE_HASHER_DONE;
	}
	file_hash_init(&hasher->hash);
	return FILE_HASHER_MORE;
}

static enum file_hasher_result finish(struct file_hasher *hasher,
				      uint8_t ret[FILE_HASH_BYTES])
{
	struct version now;
	bool same = version_of(hasher->fd, &now) &&
		    memcmp(&now, &hasher->version, sizeof(now)) == 0;

	file_hasher_abandon(hasher);
	if (!same)
		return FILE_HASHER_FAILED;
	file_hash_final(&hasher->hash, ret);
	keep(hasher, ret);
	return FILE_HASHER_DONE;
}

enum file_hasher_result file_hasher_step(struct file_hasher *hasher,
					 uint8_t ret[FILE_HASH_BYTES])
{
	size_t left = FILE_HASHER_STEP_BYTES;

	if (hasher->fd < 0)
		return FILE_HASHER_FAILED;
	while (left) {
		ssize_t n =
			read(hasher->fd, hasher->block, sizeof(hasher->block));

		if (n < 0) {
			file_hasher_abandon(hasher);
			return FILE_HASHER_FAILED;
		}
		if (n == 0)
			return finish(hasher, ret);
		file_hash_put(&hasher->hash, hasher->block, (size_t)n);
		left -= (size_t)n < left ? (size_t)n : left;
	}
	return FILE_HASHER_MORE;
}
