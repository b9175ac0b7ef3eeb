// SPDX-License-Identifier: Apache-2.0
/* Operations on files by name, with names that programs do not expect. */
#include "tests/tools/random_ops/random_ops.h"

#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/xattr.h>

static const char *const plain[] = {
	"a", "b", "c", "d", "d/a", "d/b", "d/d", "d/d/c", "link", "s/a",
};

static const char *const odd[] = {
	"two words",
	" ",
	"new\nline",
	"tab\t",
	"quote\"'\\",
	"\xc3\xa9t\xc3\xa9",
	"\xe4\xb8\xad/\xe6\x96\x87",
	"\xff\xfe",
	"half\xc3",
	"\x01\x7f\x80",
	"d//a",
	"./b",
	"d/./a",
	"d/../c",
	"../x",
	"d/",
	"d/d/..",
	".",
	"..",
	"/",
	"//",
	"/..",
	"...",
	"-rf",
	"$(true)",
	"a (deleted)",
};

/* A path of `components` folders, each `len` bytes. */
static void deep(char *name, unsigned components, unsigned len)
{
	for (unsigned i = 0; i < components; i++) {
		memset(name, 'e', len);
		name[len] = '/';
		name += len + 1;
	}
	strcpy(name, "f");
}

static const char *name_make(struct run *run, char *name)
{
	unsigned home_len = (unsigned)strlen(run->home);

	switch (random_below(run, 12)) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		return PICK(run, plain);
	case 5:
	case 6:
		return PICK(run, odd);
	case 7: /* absolute */
		memcpy(name, run->home, home_len);
		name[home_len] = '/';
		strcpy(name + home_len + 1,
		       one_in(run, 2) ? PICK(run, plain) : PICK(run, odd));
		return name;
	case 8: /* the longest there is, and one byte more */
		memset(name, 'n', 256);
		name[255 + one_in(run, 8)] = '\0';
		return name;
	case 9:
		deep(name, 1 + random_below(run, 12), 1);
		return name;
	case 10: /* up to what a path may have, and beyond */
		deep(name, 1 + random_below(run, 20), 240);
		return name;
	default:
		return one_in(run, 4) ? "" :
		       one_in(run, 4) ? (const char *)8 : /* not mapped */
					PICK(run, plain);
	}
}

static int folder(struct run *run)
{
	static const int bad[] = { 999, -1, -77 };

	switch (random_below(run, 8)) {
	case 0:
	case 1:
		return run->home_fd;
	case 2:
	case 3:
		return run->below_fd;
	case 4:
		return one_in(run, 4) ? PICK(run, bad) : AT_FDCWD;
	default:
		return AT_FDCWD;
	}
}

static const int open_flags[] = {
	O_RDONLY,
	O_WRONLY,
	O_RDWR,
	O_WRONLY | O_CREAT,
	O_RDWR | O_CREAT | O_EXCL,
	O_WRONLY | O_CREAT | O_TRUNC,
	O_RDWR | O_APPEND,
	O_PATH,
	O_PATH | O_NOFOLLOW,
	O_RDONLY | O_DIRECTORY,
	O_RDWR | O_TMPFILE,
	O_RDONLY | O_NOFOLLOW | O_CLOEXEC,
	O_WRONLY | O_CREAT | O_SYNC,
	O_ACCMODE,
};

static int open_randomly(struct run *run)
{
	char space[NAME_SIZE];
	const char *name = name_make(run, space);
	int flags = PICK(run, open_flags) | O_NONBLOCK;
	struct open_how how = { .flags = (uint32_t)flags };

	switch (random_below(run, 5)) {
#ifdef SYS_open
	case 0:
		return (int)syscall(SYS_open, name, flags, 0644);
	case 1:
		return (int)syscall(SYS_creat, name, 0600);
#endif
	case 2:
		if (flags & (O_CREAT | __O_TMPFILE))
			how.mode = 0640;
		if (one_in(run, 4))
			how.resolve = RESOLVE_BENEATH;
		return (int)syscall(SYS_openat2, folder(run), name, &how,
				    sizeof(how));
	default:
		return (int)syscall(SYS_openat, folder(run), name, flags, 0644);
	}
}

static void op_open(struct run *run)
{
	int fd = open_randomly(run);

	if (fd >= 0)
		close(fd);
}

static void op_mkdir(struct run *run)
{
	char space[NAME_SIZE];

	syscall(SYS_mkdirat, folder(run), name_make(run, space), 0755);
}

static void op_rename(struct run *run)
{
	static const unsigned flags[] = { 0, 0, 0, 1, 2, 3, 4, 0x80 };
	char from_space[NAME_SIZE], to_space[NAME_SIZE];
	const char *from = name_make(run, from_space);
	const char *to = name_make(run, to_space);

	switch (random_below(run, 3)) {
#ifdef SYS_rename
	case 0:
		syscall(SYS_rename, from, to);
		break;
	case 1:
		syscall(SYS_renameat, folder(run), from, folder(run), to);
		break;
#endif
	default:
		syscall(SYS_renameat2, folder(run), from, folder(run), to,
			PICK(run, flags));
	}
}

static void op_unlink(struct run *run)
{
	char space[NAME_SIZE];
	const char *name = name_make(run, space);

	switch (random_below(run, 4)) {
#ifdef SYS_unlink
	case 0:
		syscall(SYS_unlink, name);
		break;
	case 1:
		syscall(SYS_rmdir, name);
		break;
#endif
	default:
		syscall(SYS_unlinkat, folder(run), name,
			one_in(run, 3) ? AT_REMOVEDIR : 0);
	}
}

static void link_descriptor(struct run *run)
{
	char space[NAME_SIZE];
	int fd = open(".", O_RDWR | O_TMPFILE, 0600);

	syscall(SYS_linkat, fd, "", folder(run), name_make(run, space),
		AT_EMPTY_PATH);
	if (fd >= 0)
		close(fd);
}

static void op_link(struct run *run)
{
	char from_space[NAME_SIZE], to_space[NAME_SIZE];
	const char *from = name_make(run, from_space);
	const char *to = name_make(run, to_space);

	switch (random_below(run, 6)) {
#ifdef SYS_link
	case 0:
		syscall(SYS_link, from, to);
		break;
	case 1:
		syscall(SYS_symlink, from, to);
		break;
#endif
	case 2:
	case 3:
		syscall(SYS_symlinkat, from, folder(run), to);
		break;
	case 4:
		link_descriptor(run);
		break;
	default:
		syscall(SYS_linkat, folder(run), from, folder(run), to,
			one_in(run, 3) ? AT_SYMLINK_FOLLOW : 0);
	}
}

static void attr_of_name(struct run *run, const char *name)
{
	const struct timespec times[2] = {
		{ .tv_sec = 1 }, { .tv_sec = 1000000000, .tv_nsec = 5 }
	};
	unsigned id = random_below(run, 70000);

	switch (random_below(run, 8)) {
	case 0:
		syscall(SYS_fchmodat, folder(run), name,
			random_below(run, 07777));
		break;
	case 1:
		syscall(SYS_fchownat, folder(run), name, id, id + 1,
			one_in(run, 2) ? AT_SYMLINK_NOFOLLOW : 0);
		break;
	case 2:
		syscall(SYS_utimensat, folder(run), name,
			one_in(run, 4) ? NULL : times, 0);
		break;
	case 3:
		syscall(SYS_setxattr, name, "trusted.odd \xff name", "v", 1, 0);
		break;
	case 4:
		syscall(SYS_lremovexattr, name, "trusted.odd \xff name");
		break;
	case 5:
		syscall(SYS_truncate, name, random_below(run, 100000));
		break;
#ifdef SYS_chmod
	case 6:
		syscall(SYS_chmod, name, random_below(run, 07777));
		break;
	default:
		syscall(SYS_lchown, name, id, -1);
#endif
	}
}

static void op_attr(struct run *run)
{
	char space[NAME_SIZE];
	int fd;

	if (!one_in(run, 4)) {
		attr_of_name(run, name_make(run, space));
		return;
	}
	fd = open_randomly(run);
	switch (random_below(run, 4)) {
	case 0:
		syscall(SYS_fchmod, fd, random_below(run, 07777));
		break;
	case 1:
		syscall(SYS_fchown, fd, -1, random_below(run, 100));
		break;
	case 2:
		syscall(SYS_ftruncate, fd, random_below(run, 1000));
		break;
	default:
		syscall(SYS_fsetxattr, fd, "trusted.x", "", 0, 0);
	}
	if (fd >= 0)
		close(fd);
}

static void op_dup(struct run *run)
{
	int fd = one_in(run, 8) ? 777 :
		 one_in(run, 3) ? socket(AF_INET, SOCK_STREAM, 0) :
				  open_randomly(run);
	int copy = -1;

	switch (random_below(run, 5)) {
	case 0:
		copy = (int)syscall(SYS_dup, fd);
		break;
#ifdef SYS_dup2
	case 1:
		copy = (int)syscall(SYS_dup2, fd, one_in(run, 4) ? fd : 100);
		break;
#endif
	case 2:
		copy = (int)syscall(SYS_dup3, fd, one_in(run, 8) ? fd : 101,
				    one_in(run, 2) ? O_CLOEXEC : 0);
		break;
	case 3:
		copy = fcntl(fd, F_DUPFD, 50);
		break;
	default:
		copy = fcntl(fd, F_DUPFD_CLOEXEC, one_in(run, 4) ? -1 : 60);
	}
	if (copy >= 0 && copy != fd)
		close(copy);
	if (fd >= 0)
		close(fd);
}

static void op_chdir(struct run *run)
{
	char space[NAME_SIZE];

	if (one_in(run, 3))
		syscall(SYS_fchdir, folder(run));
	else
		syscall(SYS_chdir, name_make(run, space));
	where_shown();
	files_touch(run);
	syscall(SYS_fchdir, run->home_fd);
}

static void op_mount(struct run *run)
{
	static const unsigned long flags[] = {
		0,	 MS_NOSUID | MS_NODEV,	 MS_BIND, MS_BIND | MS_REC,
		MS_MOVE, MS_REMOUNT | MS_RDONLY,
	};
	char space[NAME_SIZE], src_space[NAME_SIZE];
	const char *on = one_in(run, 2) ? "m" : name_make(run, space);

	if (one_in(run, 2)) {
		syscall(SYS_mount, "odd \xff source", "m", "tmpfs", 0, NULL);
		files_touch(run);
		syscall(SYS_umount2, "m", MNT_DETACH);
		return;
	}
	/* Not on what the operations stand on. */
	if ((uintptr_t)on > 4096 && (on[0] == '.' || on[0] == '/'))
		on = "m";
	if (!syscall(SYS_mount, name_make(run, src_space), on,
		     one_in(run, 2) ? "tmpfs" : "no such type",
		     PICK(run, flags), NULL))
		syscall(SYS_umount2, on, MNT_DETACH);
	else
		syscall(SYS_umount2, on, one_in(run, 2) ? MNT_DETACH : 0x8000);
}

/* A call that shows a witness which folder the process is in. */
void where_shown(void)
{
	syscall(SYS_faccessat, AT_FDCWD, "", F_OK);
}

void files_touch(struct run *run)
{
	static operation *const operations[] = {
		op_open, op_mkdir, op_rename, op_unlink, op_link, op_attr,
	};

	for (unsigned n = random_below(run, 4); n; n--)
		PICK(run, operations)(run);
}

const struct named_operation file_operations[] = {
	{ "open", op_open, 14 },     { "mkdir", op_mkdir, 5 },
	{ "rename", op_rename, 10 }, { "unlink", op_unlink, 7 },
	{ "link", op_link, 8 },	     { "attr", op_attr, 9 },
	{ "dup", op_dup, 6 },	     { "chdir", op_chdir, 5 },
	{ "mount", op_mount, 3 },    { NULL, NULL, 0 },
};
