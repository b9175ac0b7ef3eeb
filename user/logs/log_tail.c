// SPDX-License-Identifier: Apache-2.0
#include "user/logs/log_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)64 * 1024)
#define RESCAN_NS 1000000000LL
/* Bytes before the offset that tell whether the file is still the same. */
#define MARK_BYTES 64u
#define FOLDER_EVENTS \
	(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

struct log_file {
	int fd; /* negative: none */
	int watch;
	dev_t dev;
	ino_t ino;
	off_t offset;  /* of what is read next */
	bool skipping; /* up to the next line feed */
	size_t len;    /* read, not given yet */
	size_t mark_len;
	char mark[MARK_BYTES];
	char *bytes; /* BUFFER_BYTES */
};

struct log_tail {
	char path[PATH_MAX];
	char folder[PATH_MAX];
	const char *name; /* in path */
	int inotify;
	struct log_file old, current;
	int64_t rotated_ns;
	int64_t looked_ns;
	bool changed;	  /* there may be something to read */
	unsigned created; /* files of this name since the last look */
	struct log_tail_stats stats;
};

/* One turn's reading. */
struct reading {
	struct log_tail *tail;
	size_t left; /* bytes */
	log_line_fn *fn;
	void *ctx;
	struct err *err;
};

/* --- lines ----------------------------------------------------------------*/

static int give(struct reading *r, const char *line, size_t len, bool cut)
{
	r->tail->stats.lines++;
	r->tail->stats.cut += cut;
	return r->fn(r->ctx, line, len, cut, r->err);
}

/* Gives the whole lines of the buffer, keeps what begins another. */
static int split(struct reading *r, struct log_file *file, size_t len)
{
	char *at = file->bytes, *end = at + len, *feed;
	int rc = 0;

	while (at < end && !rc) {
		size_t left = (size_t)(end - at);

		feed = memchr(at, '\n', left);
		if (file->skipping) {
			file->skipping = !feed;
			at = feed ? feed + 1 : end;
			continue;
		}
		if (feed && (size_t)(feed - at) <= LOG_LINE_MAX) {
			rc = give(r, at, (size_t)(feed - at), false);
			at = feed + 1;
		} else if (feed || left > LOG_LINE_MAX) {
			rc = give(r, at, LOG_LINE_MAX, true);
			at += LOG_LINE_MAX;
			file->skipping = true;
		} else {
			break;
		}
	}
	file->len = (size_t)(end - at);
	memmove(file->bytes, at, file->len);
	return rc;
}

/* What was written without a line feed, when no more will come. */
static int give_rest(struct reading *r, struct log_file *file)
{
	size_t len = file->len;

	file->len = 0;
	file->skipping = false;
	return len ? give(r, file->bytes, len, true) : 0;
}

/* --- one file -------------------------------------------------------------*/

static void file_close(struct log_tail *tail, struct log_file *file)
{
	if (file->fd >= 0) {
		if (file->watch >= 0)
			inotify_rm_watch(tail->inotify, file->watch);
		close(file->fd);
	}
	file->fd = -1;
}

static void mark(struct log_file *file)
{
	off_t from = file->offset > MARK_BYTES ? file->offset - MARK_BYTES : 0;
	size_t want = (size_t)(file->offset - from);
	ssize_t n = pread(file->fd, file->mark, want, from);

	file->mark_len = n == (ssize_t)want ? want : 0;
}

/* Is what was read last still where it was? */
static bool same_as_marked(const struct log_file *file)
{
	off_t from = file->offset - (off_t)file->mark_len;
	char now[MARK_BYTES];
	ssize_t n;

	if (!file->mark_len)
		return true;
	n = pread(file->fd, now, file->mark_len, from);
	return n == (ssize_t)file->mark_len &&
	       memcmp(now, file->mark, file->mark_len) == 0;
}

/* Begun in the midst of a line: it is not ours. */
static void file_to_end(struct log_file *file, off_t size)
{
	file->offset = size;
	mark(file);
	file->skipping =
		file->mark_len && file->mark[file->mark_len - 1] != '\n';
}

/* 0, also when there is no file; -errno. */
static int file_open(struct log_tail *tail, struct log_file *file,
		     struct stat *ret_st)
{
	char self[64];
	int fd = open(tail->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, ret_st) < 0 || !S_ISREG(ret_st->st_mode)) {
		close(fd);
		return -EINVAL;
	}
	file->fd = fd;
	file->dev = ret_st->st_dev;
	file->ino = ret_st->st_ino;
	file->offset = 0;
	file->mark_len = 0;
	file->len = 0;
	file->skipping = false;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	file->watch = inotify_add_watch(tail->inotify, self, IN_MODIFY);
	return 0;
}

/* Up to its end, or to the end of what one turn may read. */
static int file_read(struct reading *r, struct log_file *file)
{
	int rc = 0;

	while (!rc && file->fd >= 0 && r->left) {
		size_t room = BUFFER_BYTES - file->len;
		ssize_t n =
			pread(file->fd, file->bytes + file->len,
			      room < r->left ? room : r->left, file->offset);

		if (n < 0 && errno == EINTR)
			continue;
		r->tail->stats.failed += n < 0;
		if (n <= 0)
			break;
		file->offset += n;
		r->left -= (size_t)n;
		rc = split(r, file, file->len + (size_t)n);
	}
	if (rc >= 0 && file->fd >= 0)
		mark(file);
	return rc;
}

/* Emptied, or emptied and written beyond where reading stood. */
static int file_check(struct reading *r, struct log_file *file)
{
	struct stat st;

	if (file->fd < 0 || fstat(file->fd, &st) < 0)
		return 0;
	if (st.st_size >= file->offset && same_as_marked(file))
		return 0;
	r->tail->stats.emptied++;
	r->tail->stats.lost++;
	file->offset = 0;
	file->mark_len = 0;
	return give_rest(r, file);
}

/* --- the file's name ------------------------------------------------------*/

static void watch_folder(struct log_tail *tail)
{
	inotify_add_watch(tail->inotify, tail->folder, FOLDER_EVENTS);
}

static void take_event(struct log_tail *tail, const struct inotify_event *event)
{
	tail->changed |= (event->mask & (IN_MODIFY | IN_Q_OVERFLOW)) != 0;
	if (!event->len || strcmp(event->name, tail->name) != 0)
		return;
	tail->changed = true;
	tail->created += (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0;
}

static void take_events(struct log_tail *tail)
{
	_Alignas(struct inotify_event) char bytes[16384];
	ssize_t n;

	while ((n = read(tail->inotify, bytes, sizeof(bytes))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event =
				(const void *)(bytes + at);

			take_event(tail, event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
}

/* Does the name stand for another file than the one that is open? */
static bool replaced(const struct log_tail *tail)
{
	const struct log_file *file = &tail->current;
	struct stat st;

	if (stat(tail->path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	return file->fd < 0 || st.st_dev != file->dev || st.st_ino != file->ino;
}

/* The file that is open becomes the old one. */
static int rotate(struct reading *r, int64_t now_ns)
{
	struct log_tail *tail = r->tail;
	struct log_file unused;
	struct stat st;
	int rc = 0;

	if (tail->current.fd >= 0) {
		rc = give_rest(r, &tail->old);
		file_close(tail, &tail->old);
		unused = tail->old;
		tail->old = tail->current;
		tail->current = unused;
		tail->rotated_ns = now_ns;
		tail->stats.rotated++;
	}
	/* Others came and went between two looks. */
	if (tail->created > 1)
		tail->stats.lost += tail->created - 1;
	tail->created = 0;
	if (file_open(tail, &tail->current, &st) < 0)
		tail->stats.failed++;
	return rc;
}

/* Nothing but the writers knows when they are done with the old file. */
static int forget_old(struct reading *r, int64_t now_ns)
{
	struct log_tail *tail = r->tail;

	if (tail->old.fd < 0 || now_ns - tail->rotated_ns < LOG_OLD_FILE_NS)
		return 0;
	file_close(tail, &tail->old);
	return give_rest(r, &tail->old);
}

static int look(struct reading *r, int64_t now_ns)
{
	struct log_tail *tail = r->tail;
	/* What the last turn had to leave. */
	int rc = split(r, &tail->old, tail->old.len);

	if (!rc)
		rc = split(r, &tail->current, tail->current.len);
	if (!rc)
		rc = file_check(r, &tail->current);
	if (!rc)
		rc = file_read(r, &tail->old);
	if (!rc)
		rc = file_read(r, &tail->current);
	if (!rc && r->left && replaced(tail)) {
		rc = rotate(r, now_ns);
		if (!rc)
			rc = file_read(r, &tail->current);
	}
	if (!rc && r->left)
		rc = forget_old(r, now_ns);
	tail->changed = rc || !r->left;
	return rc;
}

int log_tail_turn(struct log_tail *tail, int64_t now_ns, log_line_fn *fn,
		  void *ctx, struct err *err)
{
	struct reading r = { tail, LOG_TURN_BYTES, fn, ctx, err };

	take_events(tail);
	if (now_ns - tail->looked_ns >= RESCAN_NS) {
		tail->looked_ns = now_ns;
		tail->changed = true;
		watch_folder(tail);
	}
	return tail->changed ? look(&r, now_ns) : 0;
}

/* --- opening --------------------------------------------------------------*/

static int set_path(struct log_tail *tail, const char *path, struct err *err)
{
	size_t len = strlen(path);
	char *slash;

	if (!len || len >= sizeof(tail->path) || path[len - 1] == '/')
		return err_set(err, ERR_USAGE, -EINVAL,
			       "log file '%s': no such name", path);
	memcpy(tail->path, path, len + 1);
	memcpy(tail->folder, path, len + 1);
	slash = strrchr(tail->folder, '/');
	tail->name = tail->path;
	if (!slash) {
		strcpy(tail->folder, ".");
		return 0;
	}
	tail->name = tail->path + (slash - tail->folder) + 1;
	slash[slash == tail->folder] = '\0';
	return 0;
}

static int start(struct log_tail *tail, const char *path, struct err *err)
{
	struct stat st;
	int rc = set_path(tail, path, err);

	if (rc)
		return rc;
	tail->old.bytes = malloc(BUFFER_BYTES);
	tail->current.bytes = malloc(BUFFER_BYTES);
	if (!tail->old.bytes || !tail->current.bytes)
		return err_nomem(err);
	tail->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (tail->inotify < 0)
		return err_set(err, ERR_MACHINE, -errno,
			       "log file %s: inotify: %s", path,
			       strerror(errno));
	if (stat(tail->folder, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, ERR_USAGE, -ENOENT,
			       "log file %s: its folder is not there", path);
	watch_folder(tail);
	rc = file_open(tail, &tail->current, &st);
	if (rc == -EINVAL)
		return err_set(err, ERR_USAGE, rc,
			       "log file %s: it is no regular file", path);
	if (rc)
		return err_set(err, ERR_USAGE, rc, "log file %s: %s", path,
			       strerror(-rc));
	if (tail->current.fd >= 0)
		file_to_end(&tail->current, st.st_size);
	return 0;
}

int log_tail_open(const char *path, struct log_tail **ret_tail, struct err *err)
{
	struct log_tail *tail = calloc(1, sizeof(*tail));
	int rc;

	if (!tail)
		return err_nomem(err);
	tail->inotify = tail->old.fd = tail->current.fd = -1;
	tail->looked_ns = INT64_MIN / 2;
	rc = start(tail, path, err);
	if (rc)
		log_tail_close(tail);
	else
		*ret_tail = tail;
	return rc;
}

struct log_tail *log_tail_close(struct log_tail *tail)
{
	if (!tail)
		return NULL;
	file_close(tail, &tail->old);
	file_close(tail, &tail->current);
	if (tail->inotify >= 0)
		close(tail->inotify);
	free(tail->old.bytes);
	free(tail->current.bytes);
	free(tail);
	return NULL;
}

const char *log_tail_path(const struct log_tail *tail)
{
	return tail->path;
}

bool log_tail_present(const struct log_tail *tail)
{
	return tail->current.fd >= 0;
}

void log_tail_stats(const struct log_tail *tail,
		    struct log_tail_stats *ret_stats)
{
	*ret_stats = tail->stats;
}
