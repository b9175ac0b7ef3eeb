// SPDX-License-Identifier: Apache-2.0
/*
 * The pipe between the reading child and the checking parent. Frames in the
 * machine's byte order, since both ends are one program:
 *
 *   offset  size  meaning
 *   0       4     table, or FRAME_END, or FRAME_ERROR
 *   4       4     bytes of the key; FRAME_ERROR: 0
 *   8       4     bytes of the value; FRAME_ERROR: of the text
 *   12            key, value
 */
#include "store/verify_source.h"

#include "store/sandbox.h"
#include "store/store_txn.h"
#include "user/base/check.h"
#include "user/base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME_HEAD_BYTES 12
#define FRAME_END 0x100u
#define FRAME_ERROR 0x101u
#define CHUNK_BYTES ((size_t)64 * 1024)
#define PIPE_FD 3 /* where sandbox_begin() puts it */

/* A child that sends nothing for so long hangs. */
#define SILENCE_MS 30000

/* --- the child ----------------------------------------------------------- */

static void child_flush(struct buf *out)
{
	if (write_all(PIPE_FD, out->bytes, out->len))
		_exit(1);
	buf_reset(out);
}

static void child_send(struct buf *out, uint32_t table, const void *key,
		       size_t key_bytes, const void *value, size_t value_bytes)
{
	uint32_t head[3] = { table, (uint32_t)key_bytes,
			     (uint32_t)value_bytes };

	buf_put(out, head, sizeof(head));
	buf_put(out, key, key_bytes);
	buf_put(out, value, value_bytes);
	if (out->failed)
		_exit(1);
	if (out->len >= CHUNK_BYTES)
		child_flush(out);
}

static _Noreturn void child_end(struct buf *out, const char *error)
{
	if (error)
		child_send(out, FRAME_ERROR, NULL, 0, error, strlen(error));
	else
		child_send(out, FRAME_END, NULL, 0, NULL, 0);
	child_flush(out);
	_exit(0);
}

static void child_table(struct buf *out, struct store_txn *txn,
			enum store_table table)
{
	struct store_scan scan;

	scan_open(&scan, txn, table, NULL, NULL);
	while (scan_next(&scan)) {
		if (scan.value.mv_size > STORE_VALUE_BYTES_MAX + 4096)
			child_end(out, "a value is longer than any can be");
		child_send(out, table, scan.key.mv_data, scan.key.mv_size,
			   scan.value.mv_data, scan.value.mv_size);
	}
	scan_close(&scan);
}

static _Noreturn void child_main(const char *dir, int fd)
{
	struct err err = { 0 };
	struct buf out = BUF_INIT;
	struct store_env env;
	struct store_txn txn;

	if (sandbox_begin(fd))
		_exit(1);
	if (store_env_open(dir, false, &env, &err))
		child_end(&out, err.text);
	txn_begin(&txn, &env, false);
	if (sandbox_close())
		child_end(&out, "the reading process cannot be confined");
	for (int i = 0; i < TABLE_COUNT; i++)
		child_table(&out, &txn, (enum store_table)i);
	if (txn.rc)
		child_end(&out, mdb_strerror(txn.rc));
	child_end(&out, NULL);
}

/* --- the parent ---------------------------------------------------------- */

int verify_source_open(const char *dir, struct verify_source *ret_source,
		       struct err *err)
{
	int fds[2], rc;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) != 0) {
		rc = -errno;
		return err_set(err, ERR_INTERNAL, rc, "cannot make a pipe: %s",
			       strerror(-rc));
	}
	child = fork();
	if (child == 0)
		child_main(dir, fds[1]);
	rc = child < 0 ? -errno : 0;
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		return err_set(err, ERR_INTERNAL, rc,
			       "cannot start a process: %s", strerror(-rc));
	}
	*ret_source = (struct verify_source){ .child = child, .fd = fds[0] };
	return 0;
}

static int unreadable(struct err *err, const char *why)
{
	return err_set(err, ERR_INPUT, -EBADMSG, "%s", why);
}

/* The pipe ended early: how the child did. */
static int child_died(struct verify_source *source, struct err *err)
{
	char text[128] = "reading the store ended early";
	int status;

	if (waitpid(source->child, &status, 0) == source->child) {
		source->child = 0;
		if (WIFSIGNALED(status))
			snprintf(text, sizeof(text),
				 "reading the store crashed (signal %d)",
				 WTERMSIG(status));
	}
	return unreadable(err, text);
}

/* At least `n` unread bytes in the input. */
static int input_fill(struct verify_source *source, size_t n, struct err *err)
{
	struct buf *input = &source->input;
	struct pollfd poller = { .fd = source->fd, .events = POLLIN };

	if (source->at && input->len - source->at < n) {
		input->len -= source->at;
		memmove(input->bytes, input->bytes + source->at, input->len);
		source->at = 0;
	}
	while (input->len - source->at < n) {
		uint8_t *room = buf_reserve(input, CHUNK_BYTES);
		ssize_t got;
		int ready;

		if (!room)
			return err_nomem(err);
		ready = poll(&poller, 1, SILENCE_MS);
		if (ready == 0)
			return unreadable(err, "reading the store hangs");
		if (ready < 0 && errno == EINTR)
			continue;
		got = ready < 0 ? -1 : read(source->fd, room, CHUNK_BYTES);
		if (got <= 0)
			return child_died(source, err);
		input->len += (size_t)got;
	}
	return 0;
}

static int read_error(struct verify_source *source, size_t len, struct err *err)
{
	int rc;

	if (len >= ERR_TEXT_MAX)
		return unreadable(err, "the reading process sends nonsense");
	rc = input_fill(source, len, err);
	if (rc)
		return rc;
	return err_set(err, ERR_INPUT, -EBADMSG, "%.*s", (int)len,
		       (const char *)source->input.bytes + source->at);
}

int verify_source_next(struct verify_source *source,
		       struct verify_record *ret_record, struct err *err)
{
	uint32_t head[3];
	int rc = input_fill(source, FRAME_HEAD_BYTES, err);

	if (rc)
		return rc;
	memcpy(head, source->input.bytes + source->at, sizeof(head));
	source->at += FRAME_HEAD_BYTES;
	if (head[0] == FRAME_END)
		return 1;
	if (head[0] == FRAME_ERROR)
		return read_error(source, head[2], err);
	if (head[0] >= TABLE_COUNT || head[1] > TUPLE_KEY_BYTES_MAX ||
	    head[2] > STORE_VALUE_BYTES_MAX + 4096)
		return unreadable(err, "the reading process sends nonsense");
	rc = input_fill(source, (size_t)head[1] + head[2], err);
	if (rc)
		return rc;
	ret_record->table = (enum store_table)head[0];
	ret_record->key = source->input.bytes + source->at;
	ret_record->key_bytes = head[1];
	ret_record->value = ret_record->key + head[1];
	ret_record->value_bytes = head[2];
	source->at += (size_t)head[1] + head[2];
	return 0;
}

void verify_source_close(struct verify_source *source)
{
	close(source->fd);
	if (source->child > 0) {
		kill(source->child, SIGKILL);
		waitpid(source->child, NULL, 0);
	}
	buf_release(&source->input);
	source->child = 0;
}
