// SPDX-License-Identifier: Apache-2.0
/*
 * libbpf's static linker works on files, so the three objects are memory files,
 * named by /proc/self/fd.
 */
#include "user/collect/object_link.h"

#include "user/base/io.h"
#include "user/collect/libbpf_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#define PATH_BYTES 32

struct memory_file {
	int fd;
	char path[PATH_BYTES];
};

static int memory_file_open(struct memory_file *file, struct err *err)
{
	file->fd = memfd_create("shrike-object", MFD_CLOEXEC);
	if (file->fd < 0)
		return err_set(err, ERR_MACHINE, -errno, "memfd_create: %s",
			       strerror(errno));
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
	return 0;
}

static void memory_file_close(struct memory_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
}

static int memory_file_write(struct memory_file *file,
			     const struct object_bytes *object, struct err *err)
{
	int rc = memory_file_open(file, err);

	if (rc)
		return rc;
	rc = write_all(file->fd, object->bytes, object->len);
	if (rc)
		return err_set(err, ERR_MACHINE, rc,
			       "cannot write a memory file: %s", strerror(-rc));
	return 0;
}

static int memory_file_read(const struct memory_file *file, struct buf *out,
			    struct err *err)
{
	off_t at = 0;
	ssize_t n;

	do {
		uint8_t *room = buf_reserve(out, 65536);

		if (!room)
			return err_nomem(err);
		n = pread(file->fd, room, 65536, at);
		if (n < 0)
			return err_set(err, ERR_MACHINE, -errno,
				       "cannot read a memory file: %s",
				       strerror(errno));
		out->len += (size_t)n;
		at += n;
	} while (n > 0);
	return 0;
}

static int files_link(const struct memory_file *out,
		      const struct memory_file *a, const struct memory_file *b,
		      struct err *err)
{
	LIBBPF_OPTS(bpf_linker_opts, linker_opts);
	LIBBPF_OPTS(bpf_linker_file_opts, file_opts);
	struct bpf_linker *linker;
	struct libbpf_log log;
	int rc;

	libbpf_log_begin(&log);
	linker = bpf_linker__new(out->path, &linker_opts);
	rc = linker ? 0 : -errno;
	if (!rc)
		rc = bpf_linker__add_file(linker, a->path, &file_opts);
	if (!rc)
		rc = bpf_linker__add_file(linker, b->path, &file_opts);
	if (!rc)
		rc = bpf_linker__finalize(linker);
	bpf_linker__free(linker);
	libbpf_log_end();
	if (rc)
		return libbpf_log_err(
			&log, rc, "cannot link the generated predicates", err);
	return 0;
}

int object_link(const struct object_bytes *collector,
		const struct object_bytes *generated, struct buf *out,
		struct err *err)
{
	struct memory_file a = { .fd = -1 };
	struct memory_file b = { .fd = -1 };
	struct memory_file linked = { .fd = -1 };
	int rc;

	rc = memory_file_write(&a, collector, err);
	if (!rc)
		rc = memory_file_write(&b, generated, err);
	if (!rc)
		rc = memory_file_open(&linked, err);
	if (!rc)
		rc = files_link(&linked, &a, &b, err);
	if (!rc)
		rc = memory_file_read(&linked, out, err);
	memory_file_close(&linked);
	memory_file_close(&b);
	memory_file_close(&a);
	return rc;
}
