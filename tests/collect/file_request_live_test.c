// SPDX-License-Identifier: Apache-2.0
/*
 * Files asked of io_uring, which makes no system call for them: each request is
 * seen when it is handed in, also when the ring reports nothing of it.
 */
#include "files.h"

#include <fcntl.h>
#include <liburing.h>
#include <sys/utsname.h>

static const struct collect_request request_request = {
	.streams = { [STREAM_FILE_OPEN] = true,
		     [STREAM_FILE_RENAME] = true,
		     [STREAM_FILE_UNLINK] = true,
		     [STREAM_FILE_LINK] = true,
		     [STREAM_FILE_ATTR] = true },
};

#define NO_RING 3 /* the child's exit status where io_uring is not allowed */

static int root_make(void **state)
{
	(void)state;
	return root_named("request");
}

/* Hand in what is prepared and wait for it; its result. */
static int done(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int res;

	if (io_uring_submit(ring) < 0 || io_uring_wait_cqe(ring, &cqe))
		_exit(1);
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

static void requests(void *arg)
{
	struct open_how how = { .flags = O_RDONLY };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int dir, file;

	(void)arg;
	if (io_uring_queue_init(8, &ring, 0))
		_exit(NO_RING);
	need(chdir(root) == 0);
	dir = open(root, O_PATH);
	io_uring_prep_openat(io_uring_get_sqe(&ring), AT_FDCWD, "a",
			     O_CREAT | O_WRONLY, 0600);
	need(done(&ring) >= 0);
	io_uring_prep_openat2(io_uring_get_sqe(&ring), dir, "a", &how);
	need(done(&ring) >= 0);
	io_uring_prep_linkat(io_uring_get_sqe(&ring), dir, "a", AT_FDCWD, "b",
			     0);
	need(done(&ring) == 0);
	io_uring_prep_symlinkat(io_uring_get_sqe(&ring), "to", dir, "c");
	need(done(&ring) == 0);
	io_uring_prep_renameat(io_uring_get_sqe(&ring), dir, "b", AT_FDCWD, "d",
			       0);
	need(done(&ring) == 0);
	io_uring_prep_unlinkat(io_uring_get_sqe(&ring), dir, "d", 0);
	need(done(&ring) == 0);
	io_uring_prep_setxattr(io_uring_get_sqe(&ring), "user.x", "v",
			       in_root("a"), 0, 1);
	done(&ring); /* not every file system has them */
	need(mkdir("e", 0700) == 0);
	io_uring_prep_unlinkat(io_uring_get_sqe(&ring), dir, "e", AT_REMOVEDIR);
	need(done(&ring) == 0);
	file = open("a", O_WRONLY);
	need(io_uring_register_files(&ring, &file, 1) == 0);
	close(file);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_fsetxattr(sqe, 0, "user.y", "v", 0, 1);
	sqe->flags |= IOSQE_FIXED_FILE;
	/* Older kernels refuse that before they begin it. */
	if (done(&ring) == -EBADF)
		need(mkdir("refused", 0700) == 0);
}

/* Marked, of unknown result, and what the caller asked for. */
static void head_check(const struct event_head *head)
{
	assert_int_equal(head->flags, EVENT_FLAG_IO_URING);
	assert_true(head->retval == EVENT_NONE);
	assert_int_equal(head->source, EVENT_SOURCE_SYSCALL);
	assert_int_equal(head->truncated, 0);
}

static pid_t run(struct live *live, void (*fn)(void *))
{
	int status;
	pid_t pid;

	live_open(live, &request_request);
	pid = child_run(fn, NULL, &status);
	if (status == NO_RING << 8) {
		print_message("skip: io_uring is not allowed here\n");
		live_close(live);
		skip();
	}
	assert_int_equal(status, 0);
	live_drain(live);
	return pid;
}

static const struct file_open_event *asked_find(const struct live *live,
						pid_t pid, unsigned nth)
{
	const struct file_open_event *e;

	for (unsigned i = 0; (e = live_find(live, STREAM_FILE_OPEN, pid, i));
	     i++)
		if (e->head.flags & EVENT_FLAG_IO_URING && nth-- == 0)
			return e;
	fail_msg("pid %d asked for no such open", pid);
	return NULL;
}

static void requests__of_every_kind__are_seen(void **state)
{
	const struct file_open_event *o;
	const struct file_link_event *l;
	const struct file_rename_event *r;
	const struct file_unlink_event *u;
	const struct file_attr_event *a;
	struct live live;
	pid_t pid = run(&live, requests);

	(void)state;
	o = asked_find(&live, pid, 0);
	head_check(&o->head);
	assert_string_equal(open_path(o), in_root("a"));
	assert_int_equal(o->flags & (O_CREAT | O_ACCMODE), O_CREAT | O_WRONLY);
	assert_true(o->is_write && o->fd == EVENT_NONE);
	o = asked_find(&live, pid, 1);
	head_check(&o->head);
	assert_string_equal(open_path(o), in_root("a"));
	assert_false(o->is_write);
	l = live_find(&live, STREAM_FILE_LINK, pid, 0);
	assert_non_null(l);
	head_check(&l->head);
	assert_string_equal(blob_text(l, l->target), in_root("a"));
	assert_string_equal(blob_text(l, l->path), in_root("b"));
	l = live_find(&live, STREAM_FILE_LINK, pid, 1);
	assert_non_null(l);
	head_check(&l->head);
	assert_int_equal(l->kind, FILE_LINK_SYMBOLIC);
	assert_string_equal(blob_text(l, l->target), "to");
	assert_string_equal(blob_text(l, l->path), in_root("c"));
	r = live_need(&live, STREAM_FILE_RENAME, pid);
	head_check(&r->head);
	assert_string_equal(blob_text(r, r->old_path), in_root("b"));
	assert_string_equal(blob_text(r, r->path), in_root("d"));
	u = live_need(&live, STREAM_FILE_UNLINK, pid);
	head_check(&u->head);
	assert_string_equal(blob_text(u, u->path), in_root("d"));
	u = live_find(&live, STREAM_FILE_UNLINK, pid, 1);
	assert_non_null(u);
	assert_true(u->is_dir);
	assert_string_equal(blob_text(u, u->path), in_root("e"));
	a = live_need(&live, STREAM_FILE_ATTR, pid);
	head_check(&a->head);
	assert_string_equal(blob_text(a, a->path), in_root("a"));
	assert_string_equal(blob_text(a, a->xattr), "user.x");
	a = live_find(&live, STREAM_FILE_ATTR, pid, 1);
	if (rmdir(in_root("refused")) == 0) {
		assert_null(a);
		live_close(&live);
		return;
	}
	assert_non_null(a);
	assert_int_equal(a->head.source, EVENT_SOURCE_KERNEL);
	assert_string_equal(blob_text(a, a->path), in_root("a"));
	assert_string_equal(blob_text(a, a->xattr), "user.y");
	live_close(&live);
}

/* Into the ring's own table, silently, by the kernel's polling thread. */
static void hidden(void *arg)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL,
					  .sq_thread_idle = 1000 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int files[2] = { -1, -1 };

	(void)arg;
	if (io_uring_queue_init_params(8, &ring, &params))
		_exit(NO_RING);
	need(io_uring_register_files(&ring, files, 2) == 0);
	close(creat(in_root("hidden"), 0600));
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_openat_direct(sqe, AT_FDCWD, in_root("hidden"), O_RDONLY,
				    0, 1);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
	/* It is done when the next, which is linked to it, reports. */
	io_uring_prep_nop(io_uring_get_sqe(&ring));
	need(done(&ring) == 0);
}

static void requests__that_report_nothing__are_seen(void **state)
{
	const struct file_open_event *o;
	struct live live;
	pid_t pid = run(&live, hidden);

	(void)state;
	o = asked_find(&live, pid, 0);
	head_check(&o->head);
	/* A thread, but of the process that owns the ring. */
	assert_int_not_equal(o->head.tid, pid);
	assert_string_equal(open_path(o), in_root("hidden"));
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests__of_every_kind__are_seen),
		cmocka_unit_test(requests__that_report_nothing__are_seen),
	};

	return cmocka_run_group_tests(tests, root_make, root_remove);
}
