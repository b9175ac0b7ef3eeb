// SPDX-License-Identifier: Apache-2.0
/* file.attr of real children, by every call. */
#include "files.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

static const struct collect_request attr_request = {
	.streams = { [STREAM_FILE_ATTR] = true },
};

static char file_path[80];

static int root_make(void **state)
{
	(void)state;
	if (root_named("attr"))
		return -1;
	snprintf(file_path, sizeof(file_path), "%s/file", root);
	return close(creat(file_path, 0644));
}

/* The nth event, which must be of `op` on the file. */
static const struct file_attr_event *attr_find(const struct live *live,
					       pid_t pid, unsigned nth,
					       enum file_attr_op op)
{
	const struct file_attr_event *e =
		live_find(live, STREAM_FILE_ATTR, pid, nth);

	assert_non_null(e);
	assert_int_equal(e->op, op);
	assert_string_equal(blob_text(e, e->path), file_path);
	assert_int_equal(e->head.truncated, 0);
	return e;
}

static void modes(void *arg)
{
	int file = open(file_path, O_RDWR);
	int dir = open(root, O_PATH);
	long ret;

	(void)arg;
	need(syscall(SYS_chmod, file_path, 04755) == 0);
	need(syscall(SYS_fchmod, file, 0600) == 0);
	need(syscall(SYS_fchmodat, dir, "file", 02711) == 0);
	ret = syscall(452, file, "", 0640, AT_EMPTY_PATH); /* fchmodat2 */
	need(ret == 0 || errno == ENOSYS);
}

static void chmod__every_call__has_the_mode(void **state)
{
	static const int modes_set[] = { 04755, 0600, 02711, 0640 };
	const struct file_attr_event *e;
	struct live live;
	pid_t pid = live_run(&live, &attr_request, modes);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		/* fchmodat2 is as new as 6.6. */
		if (i == 3 && !live_find(&live, STREAM_FILE_ATTR, pid, 3))
			break;
		e = attr_find(&live, pid, i, FILE_ATTR_CHMOD);
		assert_int_equal(e->new_mode, modes_set[i]);
		assert_true(e->new_uid == EVENT_NONE);
		assert_int_equal(e->head.source, i == 1 ? EVENT_SOURCE_KERNEL :
							  live_name_source());
	}
	live_close(&live);
}

/* Each call sets another mode: the file that has it is the one it met. */
static void racing(void *arg)
{
	struct live_race *race = arg;
	char a[128], b[128];
	struct stat st;

	live_race_path(race, 'A', a);
	live_race_path(race, 'B', b);
	close(creat(a, 0));
	close(creat(b, 0));
	live_race_begin(race);
	for (unsigned i = 0; i < LIVE_RACE_CALLS; i++) {
		live_race_wait(race);
		need(syscall(SYS_chmod, race->name, i + 1) == 0 &&
		     stat(a, &st) == 0);
		race->met[i] = (st.st_mode & 07777) == i + 1 ? 'A' : 'B';
	}
}

static void race__name_is_written_over__what_was_changed(void **state)
{
	char prefix[96];
	struct live_race *race;
	unsigned wrong = 0;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	snprintf(prefix, sizeof(prefix), "%s/race", root);
	race = live_race_new(prefix);
	live_open(&live, &attr_request);
	pid = child_run(racing, race, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	for (unsigned i = 0; i < LIVE_RACE_CALLS; i++) {
		const struct file_attr_event *e =
			live_find(&live, STREAM_FILE_ATTR, pid, i);

		assert_non_null(e);
		assert_int_equal(e->new_mode, i + 1);
		assert_int_equal(e->head.source, live_name_source());
		wrong += !live_race_said(race, i, blob_text(e, e->path));
	}
	live_race_end(race, wrong);
	live_close(&live);
}

static void owners(void *arg)
{
	int file = open(file_path, O_RDWR);
	int dir = open(root, O_PATH);

	(void)arg;
	need(syscall(SYS_chown, file_path, 11, 12) == 0);
	need(syscall(SYS_lchown, file_path, 13, -1) == 0);
	need(syscall(SYS_fchown, file, -1, 14) == 0);
	need(syscall(SYS_fchownat, dir, "file", 0, 0, 0) == 0);
}

static void chown__every_call__has_the_ids(void **state)
{
	static const int64_t ids[][2] = {
		{ 11, 12 }, { 13, EVENT_NONE }, { EVENT_NONE, 14 }, { 0, 0 }
	};
	const struct file_attr_event *e;
	struct live live;
	pid_t pid = live_run(&live, &attr_request, owners);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		e = attr_find(&live, pid, i, FILE_ATTR_CHOWN);
		assert_true(e->new_uid == ids[i][0]);
		assert_true(e->new_gid == ids[i][1]);
		assert_int_equal(e->head.source, i == 2 ? EVENT_SOURCE_KERNEL :
							  live_name_source());
	}
	live_close(&live);
}

#define MTIME_S 1234567890

static void times(void *arg)
{
	const struct timeval tv[2] = { { 1, 0 }, { MTIME_S, 7 } };
	const struct timespec ts[2] = { { 1, 0 }, { MTIME_S, 9 } };
	const struct timespec now[2] = { { 0, UTIME_OMIT }, { 0, UTIME_NOW } };
	const struct utimbuf buf = { 1, MTIME_S };
	int file = open(file_path, O_RDWR);
	int dir = open(root, O_PATH);

	(void)arg;
	need(syscall(SYS_utime, file_path, &buf) == 0);
	need(syscall(SYS_utimes, file_path, tv) == 0);
	need(syscall(SYS_futimesat, dir, "file", tv) == 0);
	need(syscall(SYS_utimensat, dir, "file", ts, 0) == 0);
	need(syscall(SYS_utimensat, file, NULL, ts, 0) == 0);
	need(syscall(SYS_utimensat, dir, "file", now, 0) == 0);
	need(syscall(SYS_utimensat, dir, "file", NULL, 0) == 0);
}

static void utimes__every_call__has_the_time(void **state)
{
	static const int64_t ns[] = { 0, 7000, 7000, 9, 9 };
	struct live live;
	pid_t pid = live_run(&live, &attr_request, times);

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(
			attr_find(&live, pid, i, FILE_ATTR_UTIMES)->new_mtime,
			MTIME_S * 1000000000LL + ns[i]);
	for (unsigned i = 5; i < 7; i++)
		assert_true(
			attr_find(&live, pid, i, FILE_ATTR_UTIMES)->new_mtime ==
			EVENT_NONE);
	live_close(&live);
}

static struct collect_columns failed_columns;

/* They fail where the file system has none: then they are seen all the same. */
static void xattrs(void *arg)
{
	char name[] = "user.shrike";
	int file = open(file_path, O_RDWR);

	(void)arg;
	setxattr(file_path, name, "v", 1, 0);
	lsetxattr(file_path, name, "v", 1, 0);
	fsetxattr(file, name, "v", 1, 0);
	removexattr(file_path, name);
	lremovexattr(file_path, name);
	fremovexattr(file, name);
}

static void xattr__every_call__has_the_name(void **state)
{
	struct collect_request request = attr_request;
	const struct file_attr_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	memset(failed_columns.read, 0xff, sizeof(failed_columns.read));
	memset(failed_columns.tested, 0xff, sizeof(failed_columns.tested));
	memset(failed_columns.failed, 1, sizeof(failed_columns.failed));
	request.columns = &failed_columns;
	pid = live_run(&live, &request, xattrs);
	for (unsigned i = 0; i < 6; i++) {
		e = attr_find(&live, pid, i,
			      i < 3 ? FILE_ATTR_SETXATTR :
				      FILE_ATTR_REMOVEXATTR);
		assert_string_equal(blob_text(e, e->xattr), "user.shrike");
		assert_true(e->head.retval != EVENT_NONE);
	}
	live_close(&live);
}

static void flags_and_sizes(void *arg)
{
	struct fsxattr attr = { .fsx_xflags = FS_XFLAG_IMMUTABLE };
	int file = open(file_path, O_RDWR);
	int flags = FS_APPEND_FL;

	(void)arg;
	/* Not every file system knows them: see above. */
	ioctl(file, FS_IOC_SETFLAGS, &flags);
	ioctl(file, FS_IOC_FSSETXATTR, &attr);
	flags = 0;
	ioctl(file, FS_IOC_SETFLAGS, &flags);
	ioctl(file, FIONREAD, &flags);
	need(syscall(SYS_truncate, file_path, 4096) == 0);
	need(syscall(SYS_ftruncate, file, 1) == 0);
}

static void flags_and_size__are_seen(void **state)
{
	struct collect_request request = attr_request;
	struct live live;
	pid_t pid;

	(void)state;
	request.columns = &failed_columns;
	pid = live_run(&live, &request, flags_and_sizes);
	assert_int_equal(attr_find(&live, pid, 0, FILE_ATTR_FLAGS)->new_flags,
			 FS_APPEND_FL);
	assert_int_equal(attr_find(&live, pid, 1, FILE_ATTR_FLAGS)->new_flags,
			 FS_IMMUTABLE_FL);
	assert_int_equal(attr_find(&live, pid, 2, FILE_ATTR_FLAGS)->new_flags,
			 0);
	assert_int_equal(attr_find(&live, pid, 3, FILE_ATTR_TRUNCATE)->new_size,
			 4096);
	assert_int_equal(
		attr_find(&live, pid, 3, FILE_ATTR_TRUNCATE)->head.source,
		live_name_source());
	assert_int_equal(attr_find(&live, pid, 4, FILE_ATTR_TRUNCATE)->new_size,
			 1);
	assert_null(live_find(&live, STREAM_FILE_ATTR, pid, 5));
	live_close(&live);
}

#if defined(__x86_64__)
/* 32-bit calls: chown with ids of 16 bits, and a size in two halves. */
static void compat_calls(void *arg)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long ret;

	(void)arg;
	strcpy(low, file_path);
	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(182), "b"(low), "c"(0xffff), "d"(7)
		     : "memory");
	if (ret < 0)
		_exit(2);
	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(193), "b"(low), "c"(5), "d"(1)
		     : "memory");
	need(ret == 0);
}

static void compat__old_calls__are_understood(void **state)
{
	const struct file_attr_event *e;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, &attr_request);
	pid = child_run(compat_calls, NULL, &status);
	live_drain(&live);
	if (status == 2 << 8 || WIFSIGNALED(status)) {
		print_message("skip: this kernel has no 32-bit calls\n");
		live_close(&live);
		skip();
	}
	assert_int_equal(status, 0);
	e = attr_find(&live, pid, 0, FILE_ATTR_CHOWN);
	assert_true(e->new_uid == EVENT_NONE);
	assert_int_equal(e->new_gid, 7);
	assert_int_equal(e->head.flags, EVENT_FLAG_COMPAT);
	e = attr_find(&live, pid, 1, FILE_ATTR_TRUNCATE);
	assert_int_equal(e->new_size, (1LL << 32) + 5);
	live_close(&live);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chmod__every_call__has_the_mode),
		cmocka_unit_test(race__name_is_written_over__what_was_changed),
		cmocka_unit_test(chown__every_call__has_the_ids),
		cmocka_unit_test(utimes__every_call__has_the_time),
		cmocka_unit_test(xattr__every_call__has_the_name),
		cmocka_unit_test(flags_and_size__are_seen),
#if defined(__x86_64__)
		cmocka_unit_test(compat__old_calls__are_understood),
#endif
	};

	return cmocka_run_group_tests(tests, root_make, root_remove);
}
