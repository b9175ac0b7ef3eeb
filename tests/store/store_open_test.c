// SPDX-License-Identifier: Apache-2.0
/*
 * Opening: each way in which a folder can be wrong has its own error and leaves
 * the folder as it was.
 */
#include "tests/store/store_fixture.h"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/syscall.h>

static int try_open(const char *dir, enum store_mode mode, struct err *err)
{
	const struct store_options options = { .mode = mode };
	struct store *store = NULL;
	int rc;

	*err = (struct err){ 0 };
	rc = store_open(dir, &options, &store, err);
	store_close(store);
	return rc;
}

static void assert_refused(const char *dir, enum store_mode mode, int code,
			   const char *word)
{
	struct err err;
	int rc = try_open(dir, mode, &err);

	if (rc != code || !strstr(err.text, word))
		fail_msg("%d \"%s\", not %d \"%s\"", rc, err.text, code, word);
	assert_int_equal(err.kind, ERR_INPUT);
}

static unsigned file_count(const char *dir)
{
	DIR *stream = opendir(dir);
	unsigned n = 0;

	assert_non_null(stream);
	while (readdir(stream))
		n++;
	closedir(stream);
	return n;
}

static void missing__read__refused(void **state)
{
	char path[128];

	assert_refused(path_in(*state, "s", path), STORE_READ, -ENOENT,
		       "no store");
	assert_refused(*state, STORE_READ, -ENOENT, "empty folder");
	assert_int_equal(file_count(*state), 2);
}

static void file__any_mode__refused(void **state)
{
	char path[128];

	run_command("echo x > %s", path_in(*state, "f", path));
	assert_refused(path, STORE_READ, -ENOTDIR, "not a folder");
	assert_refused(path, STORE_WRITE, -ENOTDIR, "not a folder");
	run_command("test \"$(cat %s)\" = x", path);
}

static void foreign_folder__any_mode__refused_and_untouched(void **state)
{
	char path[128];

	run_command("echo x > %s", path_in(*state, "photo.jpg", path));
	for (int mode = STORE_READ; mode <= STORE_CREATE; mode++)
		assert_refused(*state, (enum store_mode)mode, -ENOTEMPTY,
			       "not a store");
	assert_int_equal(file_count(*state), 3);
}

static void foreign_database__write__refused(void **state)
{
	run_command("head -c 16384 /dev/urandom > %s/data.mdb", (char *)*state);
	assert_refused(*state, STORE_WRITE, -ENOTEMPTY, "not a store");
	assert_int_equal(file_count(*state), 3);
}

static void newer_format__any_mode__refused(void **state)
{
	char path[128];

	make_store(path_in(*state, "s", path), 1);
	run_command("echo 'shrike store 2' > %s/format", path);
	assert_refused(path, STORE_READ, -ENOTSUP, "newer version");
	assert_refused(path, STORE_WRITE, -ENOTSUP, "newer version");
	run_command("echo 'something else' > %s/format", path);
	assert_refused(path, STORE_READ, -EBADMSG, "not a store");
	run_command("echo 'shrike store x' > %s/format", path);
	assert_refused(path, STORE_READ, -EBADMSG, "names no version");
}

static void damaged_file__open__refused(void **state)
{
	char path[128];

	make_store(path_in(*state, "s", path), 50);
	run_command("cp %s/data.mdb %s/keep", path, (char *)*state);
	run_command("head -c 8192 %s/keep > %s/data.mdb", (char *)*state, path);
	assert_refused(path, STORE_READ, -EBADMSG, "cut short");
	assert_refused(path, STORE_WRITE, -EBADMSG, "cut short");
	run_command("head -c 8192 /dev/urandom > %s/data.mdb", path);
	assert_refused(path, STORE_READ, -EBADMSG, "damaged");
	run_command("cp %s/keep %s/data.mdb", (char *)*state, path);
	assert_verified(path);
}

static void replay__onto_store__refused(void **state)
{
	char path[128];

	make_store(path_in(*state, "s", path), 1);
	assert_refused(path, STORE_CREATE, -EEXIST, "already holds a store");
	assert_verified(path);
}

static void second_writer__open__refused(void **state)
{
	char path[128];
	struct store *store =
		open_store(path_in(*state, "s", path), STORE_WRITE);

	assert_refused(path, STORE_WRITE, -EBUSY, "another writer");
	store_close(store);
	store_close(open_store(path, STORE_WRITE));
}

static void no_permission__open__refused(void **state)
{
	char path[128];

	if (geteuid() != 0)
		skip();
	make_store(path_in(*state, "s", path), 1);
	run_command("chmod 755 %s", (char *)*state);
	assert_int_equal(seteuid(65534), 0);
	assert_refused(path, STORE_READ, -EACCES, "cannot read");
	assert_refused(*state, STORE_WRITE, -EACCES, "cannot write");
	assert_int_equal(seteuid(0), 0);
	run_command("chmod -R a+rX %s && chmod 644 %s/lock.mdb", path, path);
	assert_int_equal(seteuid(65534), 0);
	store_close(open_store(path, STORE_READ));
	assert_verified(path);
	assert_int_equal(seteuid(0), 0);
}

static void reader_without_lock__while_writing__refused(void **state)
{
	char path[128];
	struct store *store;
	int status;
	pid_t child;

	if (geteuid() != 0)
		skip();
	make_store(path_in(*state, "s", path), 1);
	run_command("chmod 755 %s && chmod -R a+rX %s && chmod a-w %s/lock.mdb",
		    (char *)*state, path, path);
	store = open_store(path, STORE_WRITE);
	child = fork();
	if (child == 0) {
		struct err err;

		if (seteuid(65534))
			_exit(2);
		_exit(try_open(path, STORE_READ, &err) == -EBUSY ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	store_close(store);
}

static void new_store__modes__are_private(void **state)
{
	static const char *const names[] = { "",	   "format",
					     "data.mdb",   "lock.mdb",
					     "ledger.key", "writer.lock" };
	char path[128], name[256];
	struct stat st;

	make_store(path_in(*state, "s", path), 1);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, names[i]);
		assert_int_equal(stat(name, &st), 0);
		assert_int_equal(st.st_mode & 0777, i ? 0600 : 0700);
	}
}

/* Folders that were synced, instead of libc's. */
#define SYNCED_MAX 64
static struct {
	ino_t inodes[SYNCED_MAX];
	unsigned count;
} synced;

int fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) &&
	    synced.count < SYNCED_MAX)
		synced.inodes[synced.count++] = st.st_ino;
	return (int)syscall(SYS_fsync, fd);
}

static bool was_synced(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	for (unsigned i = 0; i < synced.count; i++)
		if (synced.inodes[i] == st.st_ino)
			return true;
	return false;
}

/* data.mdb's name lies in the folder, the folder's in its parent. */
static void new_store__names__are_durable(void **state)
{
	char path[128];

	make_store(path_in(*state, "s", path), 1);
	assert_true(was_synced(*state));
	synced.count = 0;
	store_close(open_store(path, STORE_WRITE)); /* one killed too early */
	assert_true(was_synced(path) && was_synced(*state));
}

static void lost_key__begin__refused(void **state)
{
	const struct store_run run = { .moment = moment_at(1) };
	struct err err = { 0 };
	struct store *store;
	char path[128];

	make_store(path_in(*state, "s", path), 1);
	run_command("mv %s/ledger.key %s/key", path, (char *)*state);
	store = open_store(path, STORE_WRITE);
	assert_int_equal(store_begin(store, &run, &err), -ENOENT);
	assert_non_null(strstr(err.text, "ledger.key"));
	store_close(store);
	run_command("head -c 32 /dev/zero > %s/ledger.key", path);
	store = open_store(path, STORE_WRITE);
	err = (struct err){ 0 };
	assert_int_equal(store_begin(store, &run, &err), -EBADMSG);
	store_close(store);
	assert_verified(path);
}

static void full_disk__create__no_space(void **state)
{
	struct err err;

	if (geteuid() != 0)
		skip();
	assert_int_equal(mount("none", *state, "tmpfs", 0, "size=8k"), 0);
	assert_int_equal(try_open(*state, STORE_WRITE, &err), -ENOSPC);
	assert_int_equal(umount(*state), 0);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(missing__read__refused),
		TEST(file__any_mode__refused),
		TEST(foreign_folder__any_mode__refused_and_untouched),
		TEST(foreign_database__write__refused),
		TEST(newer_format__any_mode__refused),
		TEST(damaged_file__open__refused),
		TEST(replay__onto_store__refused),
		TEST(second_writer__open__refused),
		TEST(no_permission__open__refused),
		TEST(reader_without_lock__while_writing__refused),
		TEST(new_store__modes__are_private),
		TEST(new_store__names__are_durable),
		TEST(lost_key__begin__refused),
		TEST(full_disk__create__no_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
