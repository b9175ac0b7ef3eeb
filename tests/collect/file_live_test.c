// SPDX-License-Identifier: Apache-2.0
/* file.open of real children: paths through mounts, flags, odd files. */
#include "files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

static const struct collect_request file_request = {
	.streams = { [STREAM_FILE_OPEN] = true },
};

static int root_make(void **state)
{
	(void)state;
	return root_named("open");
}

static const struct file_open_event *open_find(const struct live *live,
					       pid_t pid, const char *path)
{
	const struct file_open_event *event;

	for (unsigned i = 0;
	     (event = live_find(live, STREAM_FILE_OPEN, pid, i)); i++)
		if (strcmp(open_path(event), path) == 0)
			return event;
	fail_msg("pid %d did not open %s", pid, path);
	return NULL;
}

static void family_open(void *arg)
{
	struct open_how how = { .flags = O_RDONLY };
	int dir = open(root, O_PATH | O_DIRECTORY);

	(void)arg;
	if (syscall(SYS_creat, in_root("creat"), 0640) < 0 ||
	    syscall(SYS_open, in_root("open"), O_RDWR | O_CREAT | O_APPEND,
		    0600) < 0 ||
	    syscall(SYS_openat, dir, "open", O_RDONLY) < 0 ||
	    syscall(SYS_openat2, dir, "creat", &how, sizeof(how)) < 0)
		_exit(1);
	/* Fails: not an event. */
	if (syscall(SYS_openat, dir, "nothing", O_RDONLY) >= 0)
		_exit(1);
}

static void open__whole_family__is_seen_once_each(void **state)
{
	const struct file_open_event *f;
	struct live live;
	struct stat st;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &file_request, family_open);

	f = live_find(&live, STREAM_FILE_OPEN, pid, 0);
	assert_string_equal(open_path(f), root);
	assert_false(f->is_write);
	assert_true(S_ISDIR(f->mode));

	f = live_find(&live, STREAM_FILE_OPEN, pid, 1);
	assert_string_equal(open_path(f), in_root("creat"));
	assert_true(f->is_write && f->created);
	assert_true(f->fd >= 0 && f->head.retval == f->fd);
	assert_int_equal(f->head.source, EVENT_SOURCE_KERNEL);
	assert_int_equal(f->head.truncated, 0);
	assert_int_equal(f->head.flags, 0);
	/* Also those that the kernel forgets once they are obeyed. */
	assert_int_equal(f->flags & (O_ACCMODE | O_CREAT | O_TRUNC),
			 O_WRONLY | O_CREAT | O_TRUNC);
	assert_int_equal(stat(in_root("creat"), &st), 0);
	assert_int_equal(f->mode, st.st_mode);
	assert_int_equal(f->ino, st.st_ino);
	assert_int_equal(f->dev, major(st.st_dev) << 20 | minor(st.st_dev));

	f = live_find(&live, STREAM_FILE_OPEN, pid, 2);
	assert_string_equal(open_path(f), in_root("open"));
	assert_true(f->is_write && f->created);
	assert_int_equal(f->flags & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);

	f = live_find(&live, STREAM_FILE_OPEN, pid, 3);
	assert_string_equal(open_path(f), in_root("open"));
	assert_false(f->is_write || f->created);

	f = live_find(&live, STREAM_FILE_OPEN, pid, 4);
	assert_string_equal(open_path(f), in_root("creat"));
	assert_null(live_find(&live, STREAM_FILE_OPEN, pid, 5));
	live_close(&live);
}

/* No rule reads them, but who looks at a match wants them. */
static void open__flags_nobody_asks_for__are_there(void **state)
{
	struct collect_columns columns = { 0 };
	struct collect_request request = file_request;
	const struct file_open_event *f;
	struct live live;
	pid_t pid;

	(void)state;
	columns.read[STREAM_FILE_OPEN][COL_FILE_OPEN_path / 64] |=
		1ULL << COL_FILE_OPEN_path % 64;
	request.columns = &columns;
	pid = live_run(&live, &request, family_open);
	f = open_find(&live, pid, in_root("creat"));
	assert_int_equal(f->flags & (O_ACCMODE | O_CREAT | O_TRUNC),
			 O_WRONLY | O_CREAT | O_TRUNC);
	f = open_find(&live, pid, in_root("open"));
	assert_int_equal(f->flags & (O_ACCMODE | O_CREAT | O_APPEND),
			 O_RDWR | O_CREAT | O_APPEND);
	live_close(&live);
}

static void mounts_open(void *arg)
{
	(void)arg;
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mkdir(in_root("mnt"), 0755) ||
	    mount("none", in_root("mnt"), "tmpfs", 0, NULL) ||
	    mkdir(in_root("mnt/a"), 0755) || mkdir(in_root("mnt/b"), 0755) ||
	    open(in_root("mnt/a/inside"), O_CREAT | O_RDWR, 0600) < 0 ||
	    mount(in_root("mnt/a"), in_root("mnt/b"), NULL, MS_BIND, NULL) ||
	    open(in_root("mnt/b/inside"), O_RDONLY) < 0 || chroot(root) ||
	    chdir("/") || open("/mnt/b/inside", O_WRONLY) < 0 ||
	    open("/", O_RDONLY) < 0)
		_exit(1);
}

static void open__through_mounts_and_chroot__is_the_full_path(void **state)
{
	const struct file_open_event *f;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &file_request, mounts_open);
	f = live_find(&live, STREAM_FILE_OPEN, pid, 0);
	assert_string_equal(open_path(f), in_root("mnt/a/inside"));
	assert_int_not_equal(f->head.mnt_ns, 0);
	f = live_find(&live, STREAM_FILE_OPEN, pid, 1);
	assert_string_equal(open_path(f), in_root("mnt/b/inside"));
	f = live_find(&live, STREAM_FILE_OPEN, pid, 2);
	assert_string_equal(open_path(f), in_root("mnt/b/inside"));
	assert_true(f->is_write);
	f = live_find(&live, STREAM_FILE_OPEN, pid, 3);
	assert_string_equal(open_path(f), root);
	assert_int_equal(f->head.truncated, 0);
	live_close(&live);
}

static void root_open(void *arg)
{
	(void)arg;
	if (open("/", O_RDONLY) < 0 || open("/proc/self/comm", O_WRONLY) < 0)
		_exit(1);
}

/* As who leaves a container by guessing inode numbers does. */
static void handle_open(void *arg)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} file = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int dir = open(root, O_RDONLY | O_DIRECTORY);
	int mount_id;

	(void)arg;
	close(creat(in_root("handle"), 0600));
	if (name_to_handle_at(AT_FDCWD, in_root("handle"), &file.handle,
			      &mount_id, 0))
		_exit(errno == EOPNOTSUPP ? 2 : 1);
	if (open_by_handle_at(dir, &file.handle, O_RDONLY) < 0)
		_exit(1);
}

static void open__by_handle__is_seen(void **state)
{
	const struct file_open_event *f;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, &file_request);
	pid = child_run(handle_open, NULL, &status);
	live_drain(&live);
	if (status == 2 << 8) {
		print_message("skip: this file system has no handles\n");
		live_close(&live);
		skip();
	}
	assert_int_equal(status, 0);
	/* The directory, the new file, and the file by its handle. */
	f = live_find(&live, STREAM_FILE_OPEN, pid, 2);
	assert_non_null(f);
	assert_string_equal(open_path(f), in_root("handle"));
	assert_false(f->created);
	live_close(&live);
}

#define TREE_FLAGS (OPEN_TREE_CLONE | O_CLOEXEC)

/* Where a path starts anywhere but at the root of what is mounted. */
static void nowhere_open(void *arg)
{
	int tree, left;

	(void)arg;
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mkdir(in_root("shown"), 0755) || mkdir(in_root("shown/in"), 0755) ||
	    mkdir(in_root("at"), 0755))
		_exit(1);
	close(creat(in_root("shown/in/not-mounted"), 0600));
	close(creat(in_root("shown/in/unmounted"), 0600));
	close(creat(in_root("shown/in/escaped"), 0600));
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, in_root("shown"),
			    TREE_FLAGS);
	if (tree < 0 || openat(tree, "in/not-mounted", O_RDWR) < 0)
		_exit(2);
	if (mount(in_root("shown"), in_root("at"), NULL, MS_BIND, NULL))
		_exit(3);
	left = open(in_root("at/in"), O_RDONLY | O_DIRECTORY);
	/* Out of what the mount shows: no way leads from there to its root. */
	if (left < 0 || rename(in_root("shown/in"), in_root("in")) ||
	    openat(left, "escaped", O_RDWR) < 0)
		_exit(4);
	if (rename(in_root("in"), in_root("shown/in")) ||
	    umount2(in_root("at"), MNT_DETACH) ||
	    openat(left, "unmounted", O_RDWR) < 0)
		_exit(5);
}

static void nowhere_check(const struct live *live, pid_t pid, const char *name)
{
	const struct file_open_event *f = NULL;
	const char *path;

	/* Each is made, then opened. */
	for (unsigned n = 0, found = 0; found < 2; n++) {
		f = live_find(live, STREAM_FILE_OPEN, pid, n);
		assert_non_null(f);
		path = strrchr(open_path(f), '/');
		found += path && strcmp(path + 1, name) == 0;
	}
	assert_int_equal(f->head.truncated, EVENT_PART_PATH);
}

static void open__from_nowhere__is_marked(void **state)
{
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &file_request, nowhere_open);
	nowhere_check(&live, pid, "not-mounted");
	nowhere_check(&live, pid, "escaped");
	nowhere_check(&live, pid, "unmounted");
	live_close(&live);
}

static void open__root_and_proc__are_named(void **state)
{
	char path[64];
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &file_request, root_open);
	open_find(&live, pid, "/");
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	assert_true(open_find(&live, pid, path)->is_write);
	live_close(&live);
}

/* Files in no directory, opened again through /proc. */
static void pseudo_open(void *arg)
{
	char path[64];
	int fds[2];

	(void)arg;
	snprintf(path, sizeof(path), "/proc/self/fd/%d",
		 memfd_create("a name", 0));
	if (open(path, O_RDWR) < 0 || pipe(fds))
		_exit(1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	if (open(path, O_RDONLY | O_NONBLOCK) < 0 ||
	    open("/proc/self/ns/uts", O_RDONLY) < 0)
		_exit(1);
}

static void open__memfd_and_pipe__are_pseudo_paths(void **state)
{
	char shown[64] = "";
	const struct file_open_event *f;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &file_request, pseudo_open);
	f = live_find(&live, STREAM_FILE_OPEN, pid, 0);
	assert_string_equal(open_path(f), "/memfd:a name");
	assert_int_equal(f->head.truncated, 0);
	f = live_find(&live, STREAM_FILE_OPEN, pid, 1);
	assert_non_null(f);
	assert_true(S_ISFIFO(f->mode));
	assert_int_equal(f->path.len, 0);
	assert_int_equal(f->head.truncated, EVENT_PART_PATH);
	f = live_find(&live, STREAM_FILE_OPEN, pid, 2);
	assert_non_null(f);
	assert_true(readlink("/proc/self/ns/uts", shown, sizeof(shown)) > 0);
	assert_string_equal(open_path(f), shown);
	assert_int_equal(f->head.truncated, 0);
	live_close(&live);
}

#define DEEP_LEVELS 30
#define DEEP_NAME 200

static void deep_open(void *arg)
{
	char name[DEEP_NAME + 1];

	(void)arg;
	memset(name, 'd', DEEP_NAME);
	name[DEEP_NAME] = '\0';
	if (chdir(root))
		_exit(1);
	for (unsigned i = 0; i < DEEP_LEVELS; i++)
		if (mkdir(name, 0755) || chdir(name))
			_exit(1);
	if (open("leaf", O_CREAT | O_WRONLY, 0600) < 0)
		_exit(1);
}

static void open__path_too_long__keeps_the_leaf(void **state)
{
	const struct file_open_event *f;
	struct live live;
	const char *path;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &file_request, deep_open);
	f = live_find(&live, STREAM_FILE_OPEN, pid, 0);
	assert_non_null(f);
	path = open_path(f);
	assert_int_equal(f->head.truncated, EVENT_PART_PATH);
	/* As many whole names as fit, and the leaf. */
	assert_int_equal(
		f->path.len,
		(EVENT_PATH_SIZE - 5) / (DEEP_NAME + 1) * (DEEP_NAME + 1) + 5);
	assert_string_equal(path + f->path.len - 6, "d/leaf");
	assert_memory_equal(path, "/ddd", 4);
	live_close(&live);
}

#if defined(__x86_64__)
/* A 64-bit program can make 32-bit calls; pointers must be short then. */
static void compat_open(void *arg)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long fd;

	(void)arg;
	strcpy(low, "/etc/passwd");
	asm volatile("int $0x80"
		     : "=a"(fd)
		     : "a"(5), "b"(low), "c"(O_RDONLY), "d"(0)
		     : "memory");
	if (fd < 0)
		_exit(2);
	/* 64-bit fstat has the number of 32-bit open. */
	if (syscall(SYS_fstat, (int)fd, low))
		_exit(1);
}

static void open__32_bit_call__is_marked(void **state)
{
	const struct file_open_event *f;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, &file_request);
	pid = child_run(compat_open, NULL, &status);
	live_drain(&live);
	if (status == 2 << 8 || WIFSIGNALED(status)) {
		print_message("skip: this kernel has no 32-bit calls\n");
		live_close(&live);
		skip();
	}
	assert_int_equal(status, 0);
	f = live_find(&live, STREAM_FILE_OPEN, pid, 0);
	assert_non_null(f);
	assert_string_equal(open_path(f), "/etc/passwd");
	assert_int_equal(f->head.flags, EVENT_FLAG_COMPAT);
	assert_null(live_find(&live, STREAM_FILE_OPEN, pid, 1));
	live_close(&live);
}
#endif

/* --- calls that failed -----------------------------------------------------*/

static void failing_open(void *arg)
{
	struct open_how how = { .flags = O_RDWR };
	char longest[4096];
	int dir = open(root, O_PATH);

	(void)arg;
	memset(longest, '/', sizeof(longest));
	longest[sizeof(longest) - 1] = 'x'; /* no NUL: too long a name */
	if (dir < 0 || chdir(root) ||
	    syscall(SYS_open, "none", O_WRONLY) >= 0 ||
	    syscall(SYS_creat, "none/x", 0600) >= 0 ||
	    syscall(SYS_openat, dir, "./none", O_RDONLY) >= 0 ||
	    syscall(SYS_openat2, dir, "none2", &how, sizeof(how)) >= 0 ||
	    syscall(SYS_open, (void *)16, O_RDONLY) >= 0 ||
	    syscall(SYS_open, longest, O_RDONLY) >= 0)
		_exit(1);
}

static struct collect_columns failed_columns;

static void open__that_failed__is_what_was_asked_for(void **state)
{
	static const struct {
		const char *path;
		int retval;
		uint32_t flags;
		bool is_write;
	} expected[] = {
		{ "none", -ENOENT, O_WRONLY, true },
		{ "none/x", -ENOENT, O_CREAT | O_WRONLY | O_TRUNC, true },
		{ "./none", -ENOENT, O_RDONLY, false },
		{ "none2", -ENOENT, O_RDWR, true },
	};
	struct collect_request request = file_request;
	const struct file_open_event *f;
	struct live live;
	pid_t pid;

	(void)state;
	memset(failed_columns.read, 0xff, sizeof(failed_columns.read));
	memset(failed_columns.tested, 0xff, sizeof(failed_columns.tested));
	failed_columns.failed[STREAM_FILE_OPEN] = 1;
	request.columns = &failed_columns;
	pid = live_run(&live, &request, failing_open);
	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++) {
		f = live_find(&live, STREAM_FILE_OPEN, pid, 1 + i);
		assert_non_null(f);
		assert_string_equal(open_path(f), in_root(expected[i].path));
		assert_int_equal(f->head.retval, expected[i].retval);
		assert_int_equal(f->head.source, EVENT_SOURCE_SYSCALL);
		assert_int_equal(f->head.truncated, 0);
		assert_int_equal(f->flags, expected[i].flags);
		assert_int_equal(f->is_write, expected[i].is_write);
		assert_true(f->fd == EVENT_NONE);
		assert_int_equal(f->ino | f->dev | f->mode, 0);
	}
	f = live_find(&live, STREAM_FILE_OPEN, pid, 5);
	assert_non_null(f);
	assert_int_equal(f->head.retval, -EFAULT);
	assert_int_equal(f->head.truncated, EVENT_PART_PATH);
	f = live_find(&live, STREAM_FILE_OPEN, pid, 6);
	assert_non_null(f);
	assert_int_equal(f->head.retval, -ENAMETOOLONG);
	assert_int_equal(f->head.truncated, EVENT_PART_PATH);
	assert_null(live_find(&live, STREAM_FILE_OPEN, pid, 7));
	live_close(&live);
}

/* --- directories that move while a path is walked --------------------------*/

#define MOVES 20000

/* One level up, with another name, and down again. */
static void *move_about(void *arg)
{
	unsigned *moves = arg;

	for (;;) {
		if (rename("a/b/c", "a/d") || rename("a/d", "a/b/c"))
			_exit(1);
		__atomic_fetch_add(moves, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void open_while_moving(void *arg)
{
	unsigned moves = 0;
	pthread_t mover;
	int dir;

	(void)arg;
	if (chdir(root) || mkdir("a", 0755) || mkdir("a/b", 0755) ||
	    mkdir("a/b/c", 0755) || mkdir("a/b/c/e", 0755))
		_exit(1);
	dir = open("a/b/c/e", O_PATH | O_DIRECTORY);
	if (dir < 0 || pthread_create(&mover, NULL, move_about, &moves))
		_exit(1);
	while (__atomic_load_n(&moves, __ATOMIC_RELAXED) < MOVES) {
		int fd = openat(dir, "leaf", O_CREAT | O_RDONLY, 0600);

		if (fd < 0)
			_exit(1);
		close(fd);
	}
}

static void open__while_directories_move__is_a_path_there_was(void **state)
{
	const char *places[] = { in_root("a/b/c/e/leaf"),
				 in_root("a/d/e/leaf") };
	const struct event_head *head = NULL;
	unsigned seen[ARRAY_SIZE(places)] = { 0 };
	unsigned unknown = 0;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &file_request, open_while_moving);
	while ((head = live_next(&live, head))) {
		const struct file_open_event *f = (const void *)head;
		const char *path;
		unsigned i;

		if (head->stream != STREAM_FILE_OPEN ||
		    head->pid != (uint32_t)pid)
			continue;
		path = open_path(f);
		if (!strstr(path, "leaf"))
			continue;
		if (head->truncated) {
			unknown++;
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(places); i++)
			if (strcmp(path, places[i]) == 0)
				break;
		if (i == ARRAY_SIZE(places))
			fail_msg("there never was a %s", path);
		seen[i]++;
	}
	print_message("%u opens below a/b/c, %u below a/d, %u not known\n",
		      seen[0], seen[1], unknown);
	assert_true(unknown < seen[0] + seen[1]);
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open__whole_family__is_seen_once_each),
		cmocka_unit_test(open__flags_nobody_asks_for__are_there),
		cmocka_unit_test(
			open__through_mounts_and_chroot__is_the_full_path),
		cmocka_unit_test(open__by_handle__is_seen),
		cmocka_unit_test(open__from_nowhere__is_marked),
		cmocka_unit_test(open__root_and_proc__are_named),
		cmocka_unit_test(open__memfd_and_pipe__are_pseudo_paths),
		cmocka_unit_test(open__path_too_long__keeps_the_leaf),
		cmocka_unit_test(open__that_failed__is_what_was_asked_for),
		cmocka_unit_test(
			open__while_directories_move__is_a_path_there_was),
#if defined(__x86_64__)
		cmocka_unit_test(open__32_bit_call__is_marked),
#endif
	};

	return cmocka_run_group_tests(tests, root_make, root_remove);
}
