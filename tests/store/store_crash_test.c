// SPDX-License-Identifier: Apache-2.0
/*
 * A writer killed at any moment: what it acknowledged is there, and what is
 * there verifies. The moment is counted in acknowledgements and in a random
 * number of microseconds after one, so that it falls inside a commit.
 */
#include "tests/store/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>

static _Noreturn void write_for_ever(const char *path, int ack, uint64_t first)
{
	struct store *store = open_store(path, STORE_WRITE);

	begin_run(store, 1, false);
	for (uint64_t n = first;; n++) {
		commit_one(store, n, n % 2 ? "odd" : "even");
		if (write(ack, &n, sizeof(n)) != sizeof(n))
			_exit(1);
	}
}

static void spin_us(uint64_t us)
{
	struct timespec from, now;

	clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((uint64_t)((now.tv_sec - from.tv_sec) * 1000000 +
			    (now.tv_nsec - from.tv_nsec) / 1000) < us);
}

/* Returns the first number that was not acknowledged. */
static uint64_t run_and_kill(const char *path, uint64_t first, uint64_t *seed)
{
	uint64_t n, next = first, wanted = next_random(seed) % 12;
	int ack[2], status;
	pid_t child;

	assert_int_equal(pipe2(ack, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		close(ack[0]);
		write_for_ever(path, ack[1], first);
	}
	assert_true(child > 0);
	close(ack[1]);
	while (next < first + wanted &&
	       read(ack[0], &n, sizeof(n)) == sizeof(n))
		next = n + 1;
	spin_us(next_random(seed) % 2000);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (read(ack[0], &n, sizeof(n)) == sizeof(n))
		next = n + 1;
	close(ack[0]);
	return next;
}

/* Returns how many there are: those acknowledged, and at most one more. */
static uint64_t count_stored(const char *path, uint64_t acknowledged)
{
	struct store *store = open_store(path, STORE_WRITE);
	struct store_head head;
	struct err err = { 0 };

	assert_int_equal(store_head(store, &head, &err), 0);
	for (uint64_t n = 0; n < head.matches; n++) {
		struct buf payload = BUF_INIT;
		uint8_t id[16];
		uint64_t seq;

		put_be64(id, n * 0x9e3779b97f4a7c15ULL);
		put_be64(id + 8, n);
		assert_int_equal(
			store_match(store, id, 16, &payload, &seq, &err), 0);
		buf_release(&payload);
	}
	store_close(store);
	assert_in_range(head.matches, acknowledged, acknowledged + 1);
	return head.matches;
}

static void killed_writer__reopened__keeps_what_it_acknowledged(void **state)
{
	unsigned rounds = full_counts() ? 300 : 30;
	uint64_t seed = 5, n = 0;
	char path[128];

	path_in(*state, "s", path);
	for (unsigned i = 0; i < rounds; i++) {
		n = run_and_kill(path, n, &seed);
		if (access(path, F_OK) != 0)
			continue; /* killed before the folder was made */
		n = count_stored(path, n);
		assert_verified(path);
	}
	assert_true(n > rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			killed_writer__reopened__keeps_what_it_acknowledged,
			folder_setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
