// SPDX-License-Identifier: Apache-2.0
/*
 * The store's folder. Files are written under another name first and renamed,
 * so a crash leaves either all of a file or none of it.
 */
#include "store/store_folder.h"

#include "store/layout.h"
#include "user/base/buf.h"
#include "user/base/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT_FILE "format"
#define FORMAT_TEXT "shrike store "
#define LOCK_FILE "writer.lock"
#define KEY_FILE "ledger.key"
#define KEY_BYTES 32

static int file_error(const char *dir, const char *name, const char *verb,
		      struct err *err)
{
	int code = errno;

	return err_set(err, ERR_INPUT, -code, "cannot %s %s/%s: %s", verb, dir,
		       name, strerror(code));
}

/* Up to `size` bytes of a file; the count, or a negative errno. */
static ssize_t file_read(int dir_fd, const char *name, void *bytes, size_t size)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;
	int code;

	if (fd < 0)
		return -errno;
	n = read(fd, bytes, size);
	code = errno;
	close(fd);
	return n < 0 ? -code : n;
}

static int file_fill(int fd, const void *bytes, size_t len)
{
	ssize_t n = write(fd, bytes, len);

	if (n >= 0 && (size_t)n != len) {
		errno = ENOSPC;
		return -1;
	}
	return n < 0 ? -1 : fsync(fd);
}

static int file_write(const char *dir, const char *name, const void *bytes,
		      size_t len, struct err *err)
{
	char temporary[64];
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd, rc;

	if (dir_fd < 0)
		return file_error(dir, "", "open", err);
	snprintf(temporary, sizeof(temporary), "%s.tmp", name);
	fd = openat(dir_fd, temporary,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	rc = fd < 0 ? -1 : file_fill(fd, bytes, len);
	if (rc == 0)
		rc = renameat(dir_fd, temporary, dir_fd, name);
	if (rc == 0)
		rc = fsync(dir_fd);
	if (rc)
		rc = file_error(dir, name, "write", err);
	if (fd >= 0)
		close(fd);
	close(dir_fd);
	return rc;
}

/* The rest of an interrupted folder_create() does not make a folder foreign. */
static bool is_leftover(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcmp(name, FORMAT_FILE ".tmp") == 0;
}

static bool is_empty(DIR *stream)
{
	const struct dirent *entry;

	while ((entry = readdir(stream)))
		if (!is_leftover(entry->d_name))
			return false;
	return true;
}

static int check_format(const char *dir, const char *text, struct err *err)
{
	unsigned long version;
	char *end;

	if (strncmp(text, FORMAT_TEXT, strlen(FORMAT_TEXT)) != 0)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "%s is not a store: its file " FORMAT_FILE
			       " is not ours",
			       dir);
	errno = 0;
	version = strtoul(text + strlen(FORMAT_TEXT), &end, 10);
	if (errno || *end != '\n' || version == 0)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "the store %s is damaged: its file " FORMAT_FILE
			       " names no version",
			       dir);
	if (version > STORE_FORMAT_VERSION)
		return err_set(err, ERR_INPUT, -ENOTSUP,
			       "the store %s was written by a newer version: "
			       "its format is %lu, this program knows %d",
			       dir, version, STORE_FORMAT_VERSION);
	return 0;
}

static int probe_open(const char *dir, DIR *stream, bool write,
		      enum folder_state *ret_state, struct err *err)
{
	char text[64];
	ssize_t n;
	int rc;

	if (write && faccessat(dirfd(stream), ".", W_OK, AT_EACCESS) != 0) {
		rc = -errno;
		return err_set(err, ERR_INPUT, rc, "cannot write to %s: %s",
			       dir, strerror(-rc));
	}
	n = file_read(dirfd(stream), FORMAT_FILE, text, sizeof(text) - 1);
	if (n == -ENOENT) {
		if (!is_empty(stream))
			return err_set(err, ERR_INPUT, -ENOTEMPTY,
				       "%s is not a store and is not empty",
				       dir);
		*ret_state = FOLDER_EMPTY;
		return 0;
	}
	if (n < 0) {
		errno = (int)-n;
		return file_error(dir, FORMAT_FILE, "read", err);
	}
	text[n] = '\0';
	rc = check_format(dir, text, err);
	if (rc == 0)
		*ret_state = FOLDER_OURS;
	return rc;
}

int folder_probe(const char *dir, bool write, enum folder_state *ret_state,
		 struct err *err)
{
	DIR *stream = opendir(dir);
	int rc = errno;

	if (!stream && rc == ENOENT) {
		*ret_state = FOLDER_MISSING;
		return 0;
	}
	if (!stream && rc == ENOTDIR)
		return err_set(err, ERR_INPUT, -ENOTDIR,
			       "%s is not a folder, so it is not a store", dir);
	if (!stream)
		return err_set(err, ERR_INPUT, -rc,
			       "cannot read the folder %s: %s", dir,
			       strerror(rc));
	rc = probe_open(dir, stream, write, ret_state, err);
	closedir(stream);
	return rc;
}

int folder_create(const char *dir, enum folder_state state, struct err *err)
{
	char text[64];
	int n;

	CHECK(state != FOLDER_OURS);
	if (state == FOLDER_MISSING ? mkdir(dir, 0700) : chmod(dir, 0700)) {
		n = errno;
		return err_set(err, ERR_INPUT, -n,
			       "cannot create the folder %s: %s", dir,
			       strerror(n));
	}
	n = snprintf(text, sizeof(text), FORMAT_TEXT "%d\n",
		     STORE_FORMAT_VERSION);
	return file_write(dir, FORMAT_FILE, text, (size_t)n, err);
}

int folder_sync(const char *dir, struct err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int dir_fd = open(dir, flags);
	int parent_fd = dir_fd < 0 ? -1 : openat(dir_fd, "..", flags);
	int rc = dir_fd < 0 ? -1 : fsync(dir_fd);

	if (rc == 0 && parent_fd >= 0)
		rc = fsync(parent_fd);
	if (rc)
		rc = file_error(dir, "", "sync", err);
	if (parent_fd >= 0)
		close(parent_fd);
	if (dir_fd >= 0)
		close(dir_fd);
	return rc;
}

static int lock_open(const char *dir, int flags, int operation, int *ret_fd,
		     struct err *err)
{
	struct buf path = BUF_INIT;
	int fd, rc;

	buf_printf(&path, "%s/" LOCK_FILE, dir);
	fd = open(buf_text(&path), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	rc = fd < 0 ? errno : 0;
	buf_release(&path);
	if (rc == ENOENT && !(flags & O_CREAT)) {
		*ret_fd = -1;
		return 0;
	}
	errno = rc;
	if (rc)
		return file_error(dir, LOCK_FILE, "open", err);
	if (flock(fd, operation | LOCK_NB) == 0) {
		*ret_fd = fd;
		return 0;
	}
	rc = errno;
	close(fd);
	if (rc == EWOULDBLOCK)
		return err_set(err, ERR_INPUT, -EBUSY,
			       "the store %s is in use by another writer", dir);
	errno = rc;
	return file_error(dir, LOCK_FILE, "lock", err);
}

int folder_lock(const char *dir, int *ret_fd, struct err *err)
{
	return lock_open(dir, O_RDWR | O_CREAT, LOCK_EX, ret_fd, err);
}

int folder_lock_shared(const char *dir, int *ret_fd, struct err *err)
{
	return lock_open(dir, O_RDONLY, LOCK_SH, ret_fd, err);
}

int folder_key_load(const char *dir, uint8_t ret_seed[32], struct err *err)
{
	uint8_t bytes[KEY_BYTES + 1];
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t n;

	if (dir_fd < 0)
		return file_error(dir, "", "open", err);
	n = file_read(dir_fd, KEY_FILE, bytes, sizeof(bytes));
	close(dir_fd);
	if (n == -ENOENT)
		return 1;
	if (n < 0) {
		errno = (int)-n;
		return file_error(dir, KEY_FILE, "read", err);
	}
	if (n != KEY_BYTES)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "%s/" KEY_FILE " is not a key of %d bytes", dir,
			       KEY_BYTES);
	memcpy(ret_seed, bytes, KEY_BYTES);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

int folder_key_save(const char *dir, const uint8_t seed[32], struct err *err)
{
	return file_write(dir, KEY_FILE, seed, KEY_BYTES, err);
}
