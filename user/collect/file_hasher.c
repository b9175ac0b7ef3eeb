// SPDX-License-Identifier: Apache-2.0
#include "user/collect/file_hasher.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define KNOWN_MAX 1024u
#define PATH_BYTES 256
#define NS_PER_S 1000000000LL

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

enum deed { DEED_NONE, DEED_BEGIN, DEED_STEP, DEED_END };

/* Outlives the hasher, for the readers that it gave up. */
struct stuck {
	_Atomic unsigned readers; /* that do not answer */
	_Atomic unsigned holders; /* they, and the hasher */
};

/*
 * A thread and what it reads. While a deed is asked for all but `gone` is the
 * thread's; one that is gone frees itself when its deed is over.
 */
struct reader {
	pthread_mutex_t lock;
	pthread_cond_t change;
	enum deed deed;
	bool gone;
	struct stuck *stuck;
	enum file_hasher_result result;
	char path[PATH_BYTES];
	uint64_t file_bytes_max;
	int fd; /* -1: no file is being read */
	struct version version;
	struct file_hash hash;
	uint8_t digest[FILE_HASH_BYTES];
	uint8_t block[64 * 1024];
};

struct file_hasher {
	uint64_t file_bytes_max;
	struct stuck *stuck;
	struct reader *reader; /* NULL: none is needed yet, or it got stuck */
	bool waiting;	       /* for what it was asked to do */
	int64_t asked_ns;
	int64_t patience_ns;		  /* what this turn can still wait */
	unsigned known_count, known_next; /* a ring: the oldest goes */
	struct known known[KNOWN_MAX];
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* --- what may block: done by the reader's thread ---------------------------*/

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

static enum file_hasher_result leave(struct reader *r,
				     enum file_hasher_result result)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	return result;
}

static enum file_hasher_result begin(struct reader *r)
{
	leave(r, FILE_HASHER_FAILED);
	r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (r->fd < 0 || !version_of(r->fd, &r->version) ||
	    (uint64_t)r->version.size > r->file_bytes_max)
		return leave(r, FILE_HASHER_FAILED);
	file_hash_init(&r->hash);
	return FILE_HASHER_MORE;
}

static enum file_hasher_result finish(struct reader *r)
{
	struct version now;

	if (!version_of(r->fd, &now) ||
	    memcmp(&now, &r->version, sizeof(now)) != 0)
		return leave(r, FILE_HASHER_FAILED);
	file_hash_final(&r->hash, r->digest);
	return leave(r, FILE_HASHER_DONE);
}

static enum file_hasher_result step(struct reader *r)
{
	size_t left = FILE_HASHER_STEP_BYTES;

	if (r->fd < 0)
		return FILE_HASHER_FAILED;
	while (left) {
		ssize_t n = read(r->fd, r->block, sizeof(r->block));

		if (n < 0)
			return leave(r, FILE_HASHER_FAILED);
		if (n == 0)
			return finish(r);
		file_hash_put(&r->hash, r->block, (size_t)n);
		left -= (size_t)n < left ? (size_t)n : left;
	}
	return FILE_HASHER_MORE;
}

static void stuck_release(struct stuck *stuck)
{
	if (--stuck->holders == 0)
		free(stuck);
}

static void reader_free(struct reader *r)
{
	leave(r, FILE_HASHER_FAILED);
	pthread_cond_destroy(&r->change);
	pthread_mutex_destroy(&r->lock);
	stuck_release(r->stuck);
	free(r);
}

static void *reader_run(void *arg)
{
	struct reader *r = arg;
	bool gone = false;

	/*
	 * Files of its own: what it is stuck in must not keep open, beyond the
	 * sensor's death, what the sensor holds (the kernel's programs hang on
	 * it). A kernel before 5.9 cannot.
	 */
	close_range(3, ~0U, CLOSE_RANGE_UNSHARE);
	while (!gone) {
		enum file_hasher_result result;
		enum deed deed;

		pthread_mutex_lock(&r->lock);
		while (r->deed == DEED_NONE && !r->gone)
			pthread_cond_wait(&r->change, &r->lock);
		deed = r->deed;
		pthread_mutex_unlock(&r->lock);
		result = deed == DEED_BEGIN ? begin(r) :
			 deed == DEED_STEP  ? step(r) :
					      leave(r, FILE_HASHER_FAILED);
		pthread_mutex_lock(&r->lock);
		r->result = result;
		r->deed = DEED_NONE;
		gone = r->gone;
		if (gone && deed != DEED_NONE)
			r->stuck->readers--;
		pthread_cond_signal(&r->change);
		pthread_mutex_unlock(&r->lock);
	}
	reader_free(r);
	return NULL;
}

/* --- what never blocks for long --------------------------------------------*/

/* Signals are the others'. */
static bool thread_start(struct reader *r)
{
	sigset_t all, before;
	pthread_t thread;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, NULL, reader_run, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!rc)
		pthread_detach(thread);
	return rc == 0;
}

static struct reader *reader_new(struct file_hasher *hasher)
{
	struct reader *r = calloc(1, sizeof(*r));
	pthread_condattr_t attr;

	if (!r)
		return NULL;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->change, &attr);
	pthread_condattr_destroy(&attr);
	r->fd = -1;
	r->file_bytes_max = hasher->file_bytes_max;
	r->stuck = hasher->stuck;
	r->stuck->holders++;
	if (thread_start(r))
		return r;
	reader_free(r);
	return NULL;
}

/* It ends by itself, at once or when what it is stuck in is over. */
static void reader_leave(struct file_hasher *hasher)
{
	struct reader *r = hasher->reader;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->gone = true;
	if (r->deed != DEED_NONE)
		r->stuck->readers++;
	pthread_cond_signal(&r->change);
	pthread_mutex_unlock(&r->lock);
	hasher->reader = NULL;
	hasher->waiting = false;
}

static bool is_done(struct reader *r)
{
	bool done;

	pthread_mutex_lock(&r->lock);
	done = r->deed == DEED_NONE;
	pthread_mutex_unlock(&r->lock);
	return done;
}

/* Until it is done, while the turn's patience lasts; false: it is not yet. */
static bool wait_for(struct file_hasher *hasher)
{
	struct reader *r = hasher->reader;
	int64_t until = now_ns() + hasher->patience_ns;
	const struct timespec t = { .tv_sec = until / NS_PER_S,
				    .tv_nsec = until % NS_PER_S };

	pthread_mutex_lock(&r->lock);
	while (r->deed != DEED_NONE &&
	       pthread_cond_timedwait(&r->change, &r->lock, &t) == 0)
		;
	pthread_mutex_unlock(&r->lock);
	hasher->patience_ns = until - now_ns();
	if (hasher->patience_ns < 0)
		hasher->patience_ns = 0;
	return is_done(r);
}

static void ask(struct file_hasher *hasher, enum deed deed)
{
	struct reader *r = hasher->reader;

	pthread_mutex_lock(&r->lock);
	r->deed = deed;
	pthread_cond_signal(&r->change);
	pthread_mutex_unlock(&r->lock);
	hasher->waiting = true;
	hasher->asked_ns = now_ns();
}

struct file_hasher *file_hasher_new(uint64_t file_bytes_max)
{
	struct file_hasher *hasher = calloc(1, sizeof(*hasher));

	if (hasher)
		hasher->stuck = calloc(1, sizeof(*hasher->stuck));
	if (!hasher || !hasher->stuck) {
		free(hasher);
		return NULL;
	}
	hasher->stuck->holders = 1;
	hasher->file_bytes_max = file_bytes_max;
	file_hasher_turn(hasher);
	return hasher;
}

void file_hasher_turn(struct file_hasher *hasher)
{
	hasher->patience_ns = FILE_HASHER_PATIENCE_NS;
}

void file_hasher_abandon(struct file_hasher *hasher)
{
	if (!hasher->reader)
		return;
	if (!hasher->waiting) {
		/* Even the last close of a file may block. */
		if (hasher->reader->fd < 0)
			return;
		ask(hasher, DEED_END);
	}
	if (wait_for(hasher)) {
		hasher->waiting = false;
		if (hasher->reader->fd >= 0)
			file_hasher_abandon(hasher);
	} else {
		reader_leave(hasher);
	}
}

struct file_hasher *file_hasher_free(struct file_hasher *hasher)
{
	if (!hasher)
		return NULL;
	reader_leave(hasher);
	stuck_release(hasher->stuck);
	free(hasher);
	return NULL;
}

bool file_hasher_busy(const struct file_hasher *hasher)
{
	return hasher->reader && (hasher->waiting || hasher->reader->fd >= 0);
}

static const struct known *find(const struct file_hasher *hasher)
{
	for (unsigned i = 0; i < hasher->known_count; i++)
		if (memcmp(&hasher->known[i].version, &hasher->reader->version,
			   sizeof(hasher->reader->version)) == 0)
			return &hasher->known[i];
	return NULL;
}

static void keep(struct file_hasher *hasher)
{
	struct known *to = &hasher->known[hasher->known_next];

	to->version = hasher->reader->version;
	memcpy(to->hash, hasher->reader->digest, FILE_HASH_BYTES);
	hasher->known_next = (hasher->known_next + 1) % KNOWN_MAX;
	if (hasher->known_count < KNOWN_MAX)
		hasher->known_count++;
}

/* What the reader did, when it has. */
static enum file_hasher_result answer(struct file_hasher *hasher, bool done,
				      uint8_t ret[FILE_HASH_BYTES])
{
	struct reader *r = hasher->reader;
	const struct known *known;

	if (!done) {
		if (now_ns() < hasher->asked_ns + FILE_HASHER_STUCK_NS)
			return FILE_HASHER_MORE;
		reader_leave(hasher);
		return FILE_HASHER_FAILED;
	}
	hasher->waiting = false;
	if (r->result == FILE_HASHER_DONE) {
		memcpy(ret, r->digest, FILE_HASH_BYTES);
		keep(hasher);
	}
	if (r->result != FILE_HASHER_MORE)
		return r->result;
	known = find(hasher);
	if (!known)
		return FILE_HASHER_MORE;
	memcpy(ret, known->hash, FILE_HASH_BYTES);
	file_hasher_abandon(hasher);
	return FILE_HASHER_DONE;
}

enum file_hasher_result file_hasher_begin(struct file_hasher *hasher,
					  const char *path,
					  uint8_t ret[FILE_HASH_BYTES])
{
	file_hasher_abandon(hasher);
	if (strlen(path) >= PATH_BYTES ||
	    hasher->stuck->readers >= FILE_HASHER_STUCK_MAX)
		return FILE_HASHER_FAILED;
	if (!hasher->reader)
		hasher->reader = reader_new(hasher);
	if (!hasher->reader)
		return FILE_HASHER_FAILED;
	strcpy(hasher->reader->path, path);
	ask(hasher, DEED_BEGIN);
	return answer(hasher, wait_for(hasher), ret);
}

enum file_hasher_result file_hasher_step(struct file_hasher *hasher,
					 uint8_t ret[FILE_HASH_BYTES])
{
	if (!file_hasher_busy(hasher))
		return FILE_HASHER_FAILED;
	/* One that let us wait once is not waited for again. */
	if (hasher->waiting)
		return answer(hasher, is_done(hasher->reader), ret);
	ask(hasher, DEED_STEP);
	return answer(hasher, wait_for(hasher), ret);
}
