// SPDX-License-Identifier: Apache-2.0
/* Hashes of files against those that FIPS 180-4 and sha256sum give. */
#include "support/unit.h"

#include "user/collect/file_hasher.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct fixture {
	struct file_hasher *hasher;
	char path[64];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	assert_non_null(f);
	strcpy(f->path, "/tmp/file_hasher.XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	f->hasher = file_hasher_new(8u << 20);
	assert_non_null(f->hasher);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	file_hasher_free(f->hasher);
	unlink(f->path);
	free(f);
	return 0;
}

static void write_bytes(const struct fixture *f, char byte, size_t count)
{
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < count; i++)
		assert_int_not_equal(putc(byte, file), EOF);
	assert_int_equal(fclose(file), 0);
}

static void assert_hash(const uint8_t hash[FILE_HASH_BYTES], const char *hex)
{
	char text[2 * FILE_HASH_BYTES + 1];

	for (unsigned i = 0; i < FILE_HASH_BYTES; i++)
		sprintf(text + 2 * i, "%02x", hash[i]);
	assert_string_equal(text, hex);
}

static void sha256sum(const struct fixture *f, char *ret_hex)
{
	char command[128];
	FILE *pipe;

	snprintf(command, sizeof(command), "sha256sum %s", f->path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_int_equal(fread(ret_hex, 1, 64, pipe), 64);
	ret_hex[64] = '\0';
	assert_int_equal(pclose(pipe), 0);
}

/* On a busy machine any answer may take some turns. */
static enum file_hasher_result hash_file(const struct fixture *f,
					 const char *path,
					 uint8_t ret[FILE_HASH_BYTES])
{
	enum file_hasher_result result;

	file_hasher_turn(f->hasher);
	result = file_hasher_begin(f->hasher, path, ret);
	while (result == FILE_HASHER_MORE) {
		file_hasher_turn(f->hasher);
		result = file_hasher_step(f->hasher, ret);
	}
	return result;
}

/* By how many threads, this one apart; all of them in *ret_threads. */
static unsigned fd_seen(int fd, unsigned *ret_threads)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	unsigned seen = 0;

	assert_non_null(dir);
	*ret_threads = 0;
	while ((entry = readdir(dir))) {
		char path[320];

		if (entry->d_name[0] == '.' || atoi(entry->d_name) == gettid())
			continue;
		++*ret_threads;
		snprintf(path, sizeof(path), "/proc/self/task/%s/fd/%d",
			 entry->d_name, fd);
		seen += faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) ==
			0;
	}
	closedir(dir);
	return seen;
}

/* Has a reader, which has files of its own, got a byte of its file? */
static bool file_is_read(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	bool some = false;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[320];
		long pos = 0;
		FILE *file;

		if (entry->d_name[0] == '.' || atoi(entry->d_name) == gettid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/fdinfo/3",
			 entry->d_name);
		file = fopen(path, "r");
		some |= file && fscanf(file, "pos: %ld", &pos) == 1 && pos > 0;
		if (file)
			fclose(file);
	}
	closedir(dir);
	return some;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void small_file__hashed__as_the_standard_says(void **state)
{
	struct fixture *f = *state;
	uint8_t hash[FILE_HASH_BYTES];
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	fputs("abc", file);
	fclose(file);
	assert_int_equal(hash_file(f, f->path, hash), FILE_HASHER_DONE);
	assert_hash(hash, "ba7816bf8f01cfea414140de5dae2223"
			  "b00361a396177a9cb410ff61f20015ad");
	/* Known now: nothing is read. */
	memset(hash, 0, sizeof(hash));
	assert_int_equal(hash_file(f, f->path, hash), FILE_HASHER_DONE);
	assert_int_equal(hash[0], 0xba);
}

/* What hangs in a file system must not keep them open when the sensor dies. */
static void sensors_files__not_held_by_the_reader(void **state)
{
	struct fixture *f = *state;
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	uint8_t hash[FILE_HASH_BYTES];
	unsigned threads;

	assert_true(fd > 2);
	assert_int_equal(hash_file(f, f->path, hash), FILE_HASHER_DONE);
	assert_int_equal(fd_seen(fd, &threads), 0);
	assert_true(threads > 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void large_file__hashed_in_steps__as_sha256sum(void **state)
{
	struct fixture *f = *state;
	uint8_t hash[FILE_HASH_BYTES];
	enum file_hasher_result result;
	unsigned steps = 0;
	char want[65];

	write_bytes(f, 'x', 2 * FILE_HASHER_STEP_BYTES + 12345);
	result = file_hasher_begin(f->hasher, f->path, hash);
	while (result == FILE_HASHER_MORE) {
		file_hasher_turn(f->hasher);
		assert_true(steps == 0 || file_hasher_busy(f->hasher));
		result = file_hasher_step(f->hasher, hash);
		steps++;
	}
	assert_int_equal(result, FILE_HASHER_DONE);
	assert_true(steps >= 3);
	sha256sum(f, want);
	assert_hash(hash, want);
}

static void file__changes_meanwhile__not_told(void **state)
{
	struct fixture *f = *state;
	uint8_t hash[FILE_HASH_BYTES];
	enum file_hasher_result result;

	write_bytes(f, 'x', 2 * FILE_HASHER_STEP_BYTES);
	assert_int_equal(file_hasher_begin(f->hasher, f->path, hash),
			 FILE_HASHER_MORE);
	do
		assert_int_equal(file_hasher_step(f->hasher, hash),
				 FILE_HASHER_MORE);
	while (!file_is_read());
	assert_int_equal(truncate(f->path, FILE_HASHER_STEP_BYTES + 1), 0);
	do
		result = file_hasher_step(f->hasher, hash);
	while (result == FILE_HASHER_MORE);
	assert_int_equal(result, FILE_HASHER_FAILED);
	assert_false(file_hasher_busy(f->hasher));
}

static void no_file_too_large_no_regular__refused(void **state)
{
	struct fixture *f = *state;
	uint8_t hash[FILE_HASH_BYTES];

	assert_int_equal(truncate(f->path, (8 << 20) + 1), 0);
	assert_int_equal(hash_file(f, f->path, hash), FILE_HASHER_FAILED);
	assert_int_equal(hash_file(f, "/nowhere", hash), FILE_HASHER_FAILED);
	assert_int_equal(hash_file(f, "/dev/zero", hash), FILE_HASHER_FAILED);
	assert_int_equal(file_hasher_step(f->hasher, hash), FILE_HASHER_FAILED);
}

/*
 * A file system whose server never answers: the sensor's turn goes on, the file
 * is given up, and others are hashed.
 */
static void file_system__never_answers__given_up_alone(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/file_hasher.dir.XXXXXX", path[64], options[96];
	uint8_t hash[FILE_HASH_BYTES];
	enum file_hasher_result result;
	int64_t from;
	int fuse;

	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	assert_non_null(mkdtemp(dir));
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (fuse < 0 ||
	    mount("never", dir, "fuse", MS_NOSUID | MS_NODEV, options)) {
		print_message("skip: no FUSE here\n");
		rmdir(dir);
		skip();
	}
	snprintf(path, sizeof(path), "%s/program", dir);
	from = now_ns();
	result = file_hasher_begin(f->hasher, path, hash);
	assert_int_equal(result, FILE_HASHER_MORE);
	assert_true(now_ns() < from + FILE_HASHER_STUCK_NS);
	assert_true(file_hasher_busy(f->hasher));
	while (result == FILE_HASHER_MORE)
		result = file_hasher_step(f->hasher, hash);
	assert_int_equal(result, FILE_HASHER_FAILED);
	write_bytes(f, 'x', 10);
	assert_int_equal(hash_file(f, f->path, hash), FILE_HASHER_DONE);
	/*
	 * So many may hang at a time, in one turn no longer than one of them;
	 * then nothing is read any more ...
	 */
	from = now_ns();
	file_hasher_turn(f->hasher);
	for (unsigned i = 1; i < FILE_HASHER_STUCK_MAX; i++) {
		assert_int_equal(file_hasher_begin(f->hasher, path, hash),
				 FILE_HASHER_MORE);
		file_hasher_abandon(f->hasher);
	}
	assert_true(now_ns() < from + 5 * FILE_HASHER_PATIENCE_NS);
	assert_int_equal(file_hasher_begin(f->hasher, f->path, hash),
			 FILE_HASHER_FAILED);
	/* ... until the first of them is freed. */
	close(fuse);
	umount2(dir, MNT_DETACH);
	do
		result = hash_file(f, f->path, hash);
	while (result == FILE_HASHER_FAILED);
	assert_int_equal(result, FILE_HASHER_DONE);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			small_file__hashed__as_the_standard_says, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			sensors_files__not_held_by_the_reader, setup, teardown),
		cmocka_unit_test_setup_teardown(
			large_file__hashed_in_steps__as_sha256sum, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			file__changes_meanwhile__not_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			no_file_too_large_no_regular__refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			file_system__never_answers__given_up_alone, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
