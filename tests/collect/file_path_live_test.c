// SPDX-License-Identifier: Apache-2.0
/* file.rename, unlink, link, mount, dup of real children, by every call. */
#include "files.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "user/event/path_name.h"

static const struct collect_request path_request = {
	.streams = { [STREAM_FILE_RENAME] = true,
		     [STREAM_FILE_UNLINK] = true,
		     [STREAM_FILE_LINK] = true,
		     [STREAM_FILE_MOUNT] = true,
		     [STREAM_FILE_DUP] = true },
};

/* In a register beside an argument of 32 bits, which the kernel does not see. */
#define UPPER 0x7357000000000000L

static int root_make(void **state)
{
	(void)state;
	return root_named("path");
}

/* A path as the row will have it. */
static const char *path_text(const void *record, struct event_blob blob)
{
	char *text = (char *)blob_text(record, blob);

	text[path_canonical(text, strlen(text))] = '\0';
	return text;
}

/* --- rename ----------------------------------------------------------------*/

static void renames(void *arg)
{
	int dir;

	(void)arg;
	need(mkdir(in_root("from"), 0755) == 0 &&
	     mkdir(in_root("to"), 0755) == 0);
	close(creat(in_root("from/a"), 0600));
	need(syscall(SYS_rename, in_root("from/a"), in_root("to/a")) == 0);
	dir = open(in_root("from"), O_PATH);
	need(dir >= 0 && chdir(in_root("to")) == 0);
	need(syscall(SYS_renameat, AT_FDCWD, "a", dir, "b") == 0);
	need(syscall(SYS_renameat2, dir, "./b", dir, "../to//c",
		     RENAME_NOREPLACE) == 0);
	need(syscall(SYS_rename, in_root("none"), "x") < 0);
}

static void rename_check(const struct live *live, pid_t pid, unsigned nth,
			 const char *from, const char *to)
{
	const struct file_rename_event *e =
		live_find(live, STREAM_FILE_RENAME, pid, nth);

	assert_non_null(e);
	assert_string_equal(path_text(e, e->old_path), in_root(from));
	assert_string_equal(path_text(e, e->path), in_root(to));
	assert_int_equal(e->head.truncated, 0);
	assert_int_equal(e->head.source, live_name_source());
	assert_int_equal(e->head.retval, 0);
	assert_int_equal(e->flags, nth == 2 ? RENAME_NOREPLACE : 0);
}

static void rename__every_call__has_both_paths(void **state)
{
	struct live live;
	pid_t pid = live_run(&live, &path_request, renames);

	(void)state;
	rename_check(&live, pid, 0, "from/a", "to/a");
	rename_check(&live, pid, 1, "to/a", "from/b");
	rename_check(&live, pid, 2, "from/b", "to/c");
	assert_null(live_find(&live, STREAM_FILE_RENAME, pid, 3));
	counters_balance(&live, STREAM_FILE_RENAME);
	live_close(&live);
}

static struct collect_columns failed_columns;

static void failing(void *arg)
{
	char name[256];

	(void)arg;
	memset(name, 'n', 255);
	name[255] = '\0';
	need(chdir(root) == 0);
	need(syscall(SYS_rename, "none", name) < 0);
	need(syscall(SYS_unlink, (void *)8) < 0);
	need(syscall(SYS_unlinkat, 999, "x", 0) < 0);
	need(syscall(SYS_unlinkat, 999, "/nowhere/x", 0) < 0);
	need(syscall(SYS_dup2, 777, 5) < 0);
	need(syscall(SYS_dup, 777) < 0);
}

static void failed__when_asked__are_seen(void **state)
{
	struct collect_request request = path_request;
	const struct file_rename_event *r;
	const struct file_unlink_event *u;
	const struct file_dup_event *d;
	struct live live;
	pid_t pid;

	(void)state;
	memset(failed_columns.read, 0xff, sizeof(failed_columns.read));
	memset(failed_columns.tested, 0xff, sizeof(failed_columns.tested));
	memset(failed_columns.failed, 1, sizeof(failed_columns.failed));
	request.columns = &failed_columns;
	pid = live_run(&live, &request, failing);
	r = live_need(&live, STREAM_FILE_RENAME, pid);
	assert_int_equal(r->head.retval, -ENOENT);
	assert_string_equal(path_text(r, r->old_path), in_root("none"));
	assert_int_equal(r->path.len, strlen(root) + 1 + 255);
	assert_int_equal(r->head.truncated, 0);
	/* A name that cannot be read. */
	u = live_find(&live, STREAM_FILE_UNLINK, pid, 0);
	assert_non_null(u);
	assert_int_equal(u->head.retval, -EFAULT);
	assert_int_equal(u->head.truncated, EVENT_PART_PATH);
	/* A descriptor that is not open: the name is all there is. */
	u = live_find(&live, STREAM_FILE_UNLINK, pid, 1);
	assert_non_null(u);
	assert_int_equal(u->head.retval, -EBADF);
	assert_int_equal(u->head.truncated, EVENT_PART_PATH);
	assert_string_equal(blob_text(u, u->path), "/x");
	u = live_find(&live, STREAM_FILE_UNLINK, pid, 2);
	assert_non_null(u);
	assert_int_equal(u->head.truncated, 0);
	assert_string_equal(blob_text(u, u->path), "/nowhere/x");
	d = live_find(&live, STREAM_FILE_DUP, pid, 0);
	assert_non_null(d);
	assert_int_equal(d->head.retval, -EBADF);
	assert_int_equal(d->old_fd, 777);
	assert_int_equal(d->new_fd, 5);
	d = live_find(&live, STREAM_FILE_DUP, pid, 1);
	assert_non_null(d);
	assert_true(d->new_fd == EVENT_NONE);
	live_close(&live);
}

/* --- what was really changed -----------------------------------------------*/

/* A removal and a renaming, in turn, of whatever the name says just then. */
static void racing(void *arg)
{
	struct live_race *race = arg;
	char a[128], b[128];

	live_race_path(race, 'A', a);
	live_race_path(race, 'B', b);
	live_race_begin(race);
	for (unsigned i = 0; i < LIVE_RACE_CALLS; i++) {
		close(open(a, O_CREAT | O_WRONLY, 0600));
		close(open(b, O_CREAT | O_WRONLY, 0600));
		live_race_wait(race);
		if (i % 2)
			need(syscall(SYS_rename, race->name,
				     in_root("there")) == 0);
		else
			need(syscall(SYS_unlink, race->name) == 0);
		race->met[i] = access(a, F_OK) ? 'A' : 'B';
	}
}

static void race__name_is_written_over__what_was_changed(void **state)
{
	struct live_race *race = live_race_new(in_root("race"));
	unsigned wrong = 0;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, &path_request);
	pid = child_run(racing, race, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	for (unsigned i = 0; i < LIVE_RACE_CALLS; i++) {
		const struct event_head *head = live_find(
			&live, i % 2 ? STREAM_FILE_RENAME : STREAM_FILE_UNLINK,
			pid, i / 2);
		const struct file_rename_event *r = (const void *)head;
		const struct file_unlink_event *u = (const void *)head;

		assert_non_null(head);
		assert_int_equal(head->source, live_name_source());
		wrong += !live_race_said(race, i,
					 i % 2 ? blob_text(r, r->old_path) :
						 blob_text(u, u->path));
	}
	live_race_end(race, wrong);
	live_close(&live);
}

/*
 * A call that fails after its hook leaves nothing to the next one of the thread,
 * which fails before it: its path is the name's.
 */
static void failing_late(void *arg)
{
	(void)arg;
	need(chdir(root) == 0 && mkdir("full", 0700) == 0);
	close(creat("full/x", 0600));
	need(syscall(SYS_rmdir, "full") < 0 && errno == ENOTEMPTY);
	need(syscall(SYS_rmdir, "full/y") < 0 && errno == ENOENT);
}

static void failed__after_its_hook__leaves_nothing(void **state)
{
	struct collect_request request = path_request;
	const struct file_unlink_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	request.columns = &failed_columns;
	pid = live_run(&live, &request, failing_late);
	e = live_find(&live, STREAM_FILE_UNLINK, pid, 0);
	assert_non_null(e);
	assert_int_equal(e->head.retval, -ENOTEMPTY);
	assert_int_equal(e->head.source, live_name_source());
	assert_string_equal(path_text(e, e->path), in_root("full"));
	e = live_find(&live, STREAM_FILE_UNLINK, pid, 1);
	assert_non_null(e);
	assert_int_equal(e->head.source, EVENT_SOURCE_SYSCALL);
	assert_string_equal(path_text(e, e->path), in_root("full/y"));
	live_close(&live);
}

/* --- unlink, link ----------------------------------------------------------*/

static void unlinks(void *arg)
{
	int dir = open(root, O_PATH);

	(void)arg;
	need(chdir(root) == 0);
	close(creat("one", 0600));
	close(creat("two", 0600));
	need(mkdir("three", 0700) == 0 && mkdir("four", 0700) == 0);
	need(syscall(SYS_unlink, "one") == 0);
	need(syscall(SYS_unlinkat, dir, "two", 0) == 0);
	need(syscall(SYS_rmdir, "three/") == 0);
	need(syscall(SYS_unlinkat, dir, "four", AT_REMOVEDIR) == 0);
}

static void unlink__every_call__says_what(void **state)
{
	static const char *const names[] = { "one", "two", "three", "four" };
	struct live live;
	pid_t pid = live_run(&live, &path_request, unlinks);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct file_unlink_event *e =
			live_find(&live, STREAM_FILE_UNLINK, pid, i);

		assert_non_null(e);
		assert_string_equal(path_text(e, e->path), in_root(names[i]));
		assert_int_equal(e->is_dir, i >= 2);
		assert_int_equal(e->head.truncated, 0);
		assert_int_equal(e->head.source, live_name_source());
	}
	assert_null(live_find(&live, STREAM_FILE_UNLINK, pid, 4));
	live_close(&live);
}

static void links(void *arg)
{
	int dir = open(root, O_PATH);
	int file;

	(void)arg;
	need(chdir(root) == 0);
	file = creat("file", 0600);
	need(syscall(SYS_link, "file", "hard") == 0);
	need(syscall(SYS_linkat, dir, "file", AT_FDCWD, "hard2", 0) == 0);
	need(syscall(SYS_linkat, file, "", dir, "hard3", AT_EMPTY_PATH) == 0);
	need(syscall(SYS_symlink, "../x//y", "soft") == 0);
	need(syscall(SYS_symlinkat, "/etc", dir, "soft2") == 0);
}

static void link_check(const struct live *live, pid_t pid, unsigned nth,
		       const char *path, const char *target)
{
	const struct file_link_event *e =
		live_find(live, STREAM_FILE_LINK, pid, nth);

	assert_non_null(e);
	assert_int_equal(e->kind,
			 nth < 3 ? FILE_LINK_HARD : FILE_LINK_SYMBOLIC);
	assert_string_equal(path_text(e, e->path), in_root(path));
	assert_string_equal(blob_text(e, e->target), target);
	assert_int_equal(e->head.truncated, 0);
	assert_int_equal(e->head.source, live_name_source());
}

static void link__every_call__has_name_and_target(void **state)
{
	struct live live;
	pid_t pid = live_run(&live, &path_request, links);

	(void)state;
	link_check(&live, pid, 0, "hard", in_root("file"));
	link_check(&live, pid, 1, "hard2", in_root("file"));
	link_check(&live, pid, 2, "hard3", in_root("file"));
	link_check(&live, pid, 3, "soft", "../x//y");
	link_check(&live, pid, 4, "soft2", "/etc");
	live_close(&live);
}

/* --- a root of its own -----------------------------------------------------*/

static void confined(void *arg)
{
	(void)arg;
	need(mkdir(in_root("jail"), 0755) == 0 &&
	     mkdir(in_root("jail/in"), 0755) == 0);
	close(creat(in_root("jail/in/a"), 0600));
	close(creat(in_root("jail/in/b"), 0600));
	close(creat(in_root("jail/c"), 0600));
	need(chroot(in_root("jail")) == 0 && chdir("/in") == 0);
	need(unlink("/in/a") == 0 && unlink("b") == 0 && unlink("/../c") == 0);
}

static void chroot__own_root__is_before_the_name(void **state)
{
	const struct file_unlink_event *e;
	struct live live;
	pid_t pid = live_run(&live, &path_request, confined);

	(void)state;
	e = live_find(&live, STREAM_FILE_UNLINK, pid, 0);
	assert_non_null(e);
	assert_string_equal(path_text(e, e->path), in_root("jail/in/a"));
	e = live_find(&live, STREAM_FILE_UNLINK, pid, 1);
	assert_non_null(e);
	assert_string_equal(path_text(e, e->path), in_root("jail/in/b"));
	assert_int_equal(e->head.truncated, 0);
	/* Where `..` is stopped only the kernel knows. */
	e = live_find(&live, STREAM_FILE_UNLINK, pid, 2);
	assert_non_null(e);
	if (live_name_source() == EVENT_SOURCE_LSM) {
		assert_int_equal(e->head.truncated, 0);
		assert_string_equal(path_text(e, e->path), in_root("jail/c"));
	} else {
		assert_int_equal(e->head.truncated, EVENT_PART_PATH);
	}
	live_close(&live);
}

/* --- mount -----------------------------------------------------------------*/

static void mounts(void *arg)
{
	int fs, mount_fd;

	(void)arg;
	need(unshare(CLONE_NEWNS) == 0 &&
	     mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	     chdir(root) == 0 && mkdir("m", 0755) == 0 &&
	     mkdir("n", 0755) == 0 && mkdir("o", 0755) == 0);
	need(mount("nodev", "m", "tmpfs", MS_NOSUID, NULL) == 0);
	need(mount("m", "n", NULL, MS_BIND, NULL) == 0);
	need(syscall(SYS_umount2, "n", UPPER | MNT_DETACH) == 0);
	fs = (int)syscall(SYS_fsopen, "tmpfs", 0);
	need(fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL,
				NULL, 0) == 0);
	mount_fd = (int)syscall(SYS_fsmount, fs, 0, 0);
	need(mount_fd >= 0);
	need(syscall(SYS_move_mount, mount_fd, "", AT_FDCWD, "o",
		     MOVE_MOUNT_F_EMPTY_PATH) == 0);
	need(mkdir("o/old", 0755) == 0);
	need(syscall(SYS_pivot_root, "o", "o/old") == 0);
}

static const struct file_mount_event *mount_find(const struct live *live,
						 pid_t pid, unsigned nth,
						 enum file_mount_op op)
{
	const struct file_mount_event *e =
		live_find(live, STREAM_FILE_MOUNT, pid, nth);

	assert_non_null(e);
	assert_int_equal(e->op, op);
	/* What fsmount() makes has no name yet. */
	assert_int_equal(e->head.source, op == FILE_MOUNT_FSMOUNT ?
						 EVENT_SOURCE_SYSCALL :
						 live_name_source());
	return e;
}

static void mount__every_call__is_seen(void **state)
{
	const struct file_mount_event *e;
	struct live live;
	pid_t pid = live_run(&live, &path_request, mounts);

	(void)state;
	e = mount_find(&live, pid, 0, FILE_MOUNT_MOUNT);
	assert_string_equal(blob_text(e, e->path), "/");
	e = mount_find(&live, pid, 1, FILE_MOUNT_MOUNT);
	assert_string_equal(blob_text(e, e->path), in_root("m"));
	assert_string_equal(blob_text(e, e->src), "nodev");
	assert_string_equal(blob_text(e, e->fstype), "tmpfs");
	assert_int_equal(e->flags, MS_NOSUID);
	e = mount_find(&live, pid, 2, FILE_MOUNT_MOUNT);
	assert_string_equal(blob_text(e, e->path), in_root("n"));
	assert_string_equal(blob_text(e, e->src), in_root("m"));
	e = mount_find(&live, pid, 3, FILE_MOUNT_UMOUNT);
	assert_string_equal(blob_text(e, e->path), in_root("n"));
	assert_int_equal(e->flags, MNT_DETACH);
	e = mount_find(&live, pid, 4, FILE_MOUNT_FSMOUNT);
	assert_string_equal(blob_text(e, e->fstype), "tmpfs");
	e = mount_find(&live, pid, 5, FILE_MOUNT_MOVE);
	assert_string_equal(blob_text(e, e->path), in_root("o"));
	e = mount_find(&live, pid, 6, FILE_MOUNT_PIVOT_ROOT);
	if (e->head.source == EVENT_SOURCE_LSM) {
		assert_string_equal(blob_text(e, e->src), in_root("o"));
		assert_string_equal(blob_text(e, e->path), in_root("o/old"));
	}
	live_close(&live);
}

static void mount_from_nowhere(void *arg)
{
	/* The kernel does not come to read them: on the stack they are there. */
	char target[] = "nowhere", type[] = "tmpfs";

	(void)arg;
	need(chdir(root) == 0);
	syscall(SYS_mount, (void *)1, target, type, 0, NULL);
	syscall(SYS_mount, NULL, target, type, 0, NULL);
}

static void mount__source_that_cannot_be_read__is_marked(void **state)
{
	struct collect_request request = path_request;
	const struct file_mount_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	request.columns = &failed_columns;
	pid = live_run(&live, &request, mount_from_nowhere);
	e = live_need(&live, STREAM_FILE_MOUNT, pid);
	assert_int_equal(e->head.retval, -EFAULT);
	assert_int_equal(e->src.len, 0);
	assert_int_equal(e->head.truncated, EVENT_PART_OLD_PATH);
	e = live_find(&live, STREAM_FILE_MOUNT, pid, 1);
	assert_non_null(e);
	assert_int_equal(e->src.len, 0);
	assert_int_equal(e->head.truncated, 0);
	live_close(&live);
}

/* --- dup -------------------------------------------------------------------*/

static void dups(void *arg)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	int file = open("/", O_RDONLY);

	(void)arg;
	need(s >= 0 && file >= 0);
	need(syscall(SYS_dup2, s, 740) == 740);
	need(syscall(SYS_dup3, file, 741, O_CLOEXEC) == 741);
	need(syscall(SYS_dup2, 741, 741) == 741);
	need(fcntl(s, F_DUPFD, 750) == 750);
	need(fcntl(file, F_DUPFD_CLOEXEC, 760) == 760);
	need(fcntl(file, F_GETFD) >= 0);
	need(dup(740) >= 0);
	/* The kernel takes the lower half of a register. */
	need(syscall(SYS_fcntl, UPPER | (unsigned)s, UPPER | F_DUPFD, 770L) ==
	     770);
}

static void dup__every_call__tells_sockets(void **state)
{
	static const int to[] = { 740, 741, 750, 760 };
	__s64 to_socket = EVENT_NONE;
	const struct file_dup_event *e;
	struct live live;
	pid_t pid = live_run(&live, &path_request, dups);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		e = live_find(&live, STREAM_FILE_DUP, pid, i);
		assert_non_null(e);
		assert_int_equal(e->new_fd, to[i]);
		assert_int_equal(e->is_socket, i % 2 == 0);
		if (i == 0)
			to_socket = e->old_fd;
		assert_int_equal(e->head.source, EVENT_SOURCE_KERNEL);
	}
	e = live_find(&live, STREAM_FILE_DUP, pid, 4);
	assert_non_null(e);
	assert_int_equal(e->old_fd, 740);
	assert_true(e->is_socket);
	e = live_find(&live, STREAM_FILE_DUP, pid, 5);
	assert_non_null(e);
	assert_int_equal(e->old_fd, to_socket);
	assert_int_equal(e->new_fd, 770);
	assert_null(live_find(&live, STREAM_FILE_DUP, pid, 6));
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rename__every_call__has_both_paths),
		cmocka_unit_test(failed__when_asked__are_seen),
		cmocka_unit_test(race__name_is_written_over__what_was_changed),
		cmocka_unit_test(failed__after_its_hook__leaves_nothing),
		cmocka_unit_test(unlink__every_call__says_what),
		cmocka_unit_test(link__every_call__has_name_and_target),
		cmocka_unit_test(chroot__own_root__is_before_the_name),
		cmocka_unit_test(mount__every_call__is_seen),
		cmocka_unit_test(mount__source_that_cannot_be_read__is_marked),
		cmocka_unit_test(dup__every_call__tells_sockets),
	};

	return cmocka_run_group_tests(tests, root_make, root_remove);
}
