// SPDX-License-Identifier: Apache-2.0
/*
 * What containers give: from folders that stand for hierarchies, from records
 * made by hand, and from runtimes' files that come late.
 */
#include "support/unit.h"

#include "user/base/buf.h"
#include "user/base/check.h"
#include "user/collect/containers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "4c01db0b339c2b7b9a3d1f6f1f2a9e5b7e8d1c2b3a4f5e6d7c8b9a0f1e2d3c4b"
#define MS 1000000LL

static char root[64];

static int root_make(void **state)
{
	(void)state;
	strcpy(root, "/tmp/shrike-containers-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int root_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static const char *in_root(const char *path)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s/%s", root, path);
	return text;
}

static ino_t folder_make(const char *path)
{
	char command[600];
	struct stat st;

	snprintf(command, sizeof(command), "mkdir -p '%s'", in_root(path));
	assert_int_equal(system(command), 0);
	assert_int_equal(stat(in_root(path), &st), 0);
	return st.st_ino;
}

static void file_put(const char *path, const char *text)
{
	FILE *file = fopen(in_root(path), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

struct given {
	unsigned count;
	struct container_info_event last[8]; /* the newest first */
	char name[8][64];
	char id[8][80];
};

static void text_of(const uint8_t *record, size_t len, struct event_blob blob,
		    char *to, size_t size)
{
	assert_true(blob.off + (size_t)blob.len <= len && blob.len < size);
	memcpy(to, record + blob.off, blob.len);
	to[blob.len] = '\0';
}

static int take(void *ctx, const void *record, size_t len, struct err *err)
{
	struct given *given = ctx;
	struct container_info_event *to = &given->last[0];

	(void)err;
	assert_true(len >= sizeof(*to));
	memmove(&given->last[1], &given->last[0], 7 * sizeof(given->last[0]));
	memmove(&given->name[1], &given->name[0], 7 * sizeof(given->name[0]));
	memmove(&given->id[1], &given->id[0], 7 * sizeof(given->id[0]));
	memcpy(to, record, sizeof(*to));
	assert_int_equal(to->head.stream, STREAM_CONTAINER_INFO);
	assert_int_equal(to->head.size, len);
	text_of(record, len, to->name, given->name[0], sizeof(given->name[0]));
	text_of(record, len, to->id, given->id[0], sizeof(given->id[0]));
	given->count++;
	return 0;
}

static struct containers *containers_make(const struct cgroup_mounts *mounts)
{
	const struct containers_options options = { .root = root,
						    .mounts = mounts };
	struct containers *c;

	assert_int_equal(containers_new(&options, &c, NULL), 0);
	return c;
}

/* As the kernel would tell it. */
static void see(struct containers *c, struct given *given, unsigned op,
		uint64_t cgroup, unsigned hierarchy, const char *path,
		int64_t ts)
{
	static struct container_event_event event;
	size_t fixed = offsetof(struct container_event_event, path_bytes);
	struct buf record = BUF_INIT;

	event = (struct container_event_event){
		.head = { .stream = STREAM_CONTAINER_EVENT,
			  .ts = (uint64_t)ts },
		.cgroup = cgroup,
		.op = op,
		.hierarchy = hierarchy,
		.path = { (uint16_t)fixed, (uint16_t)strlen(path) },
	};
	buf_put(&record, &event, fixed);
	buf_puts(&record, path);
	assert_int_equal(
		containers_see(c, record.bytes, record.len, take, given, NULL),
		0);
	buf_release(&record);
}

static void list__folders_of_both_hierarchies__are_given(void **state)
{
	struct cgroup_mounts mounts = { .controller = CGROUP_MEMORY,
					.hierarchy = 4 };
	struct given given = { 0 };
	struct containers *c;
	ino_t container, below, v1;

	(void)state;
	folder_make("v2/system.slice/ssh.service");
	container = folder_make("v2/system.slice/docker-" A ".scope");
	below = folder_make("v2/system.slice/docker-" A ".scope/init.scope");
	v1 = folder_make("memory/lxc/web");
	assert_int_equal(symlink("../memory", in_root("v2/link")), 0);
	strcpy(mounts.unified, in_root("v2"));
	strcpy(mounts.v1, in_root("memory"));
	c = containers_make(&mounts);
	assert_int_equal(containers_list(c, 77, take, &given, NULL), 0);
	assert_int_equal(given.count, 3);
	assert_int_equal(given.last[0].cgroup, v1 | EVENT_CGROUP_V1);
	assert_int_equal(given.last[0].hierarchy, 4);
	assert_string_equal(given.name[0], "web");
	assert_int_equal(given.last[1].cgroup, below);
	assert_string_equal(given.id[1], A);
	assert_int_equal(given.last[2].cgroup, container);
	assert_string_equal(given.id[2], A);
	assert_int_equal(given.last[2].head.ts, 77);
	assert_int_equal(given.last[2].hierarchy, 0);
	containers_free(c);
}

static void see__made_and_removed__given_and_ended(void **state)
{
	const struct cgroup_mounts mounts = { .hierarchy = 4,
					      .controller = CGROUP_MEMORY };
	struct given given = { 0 };
	struct containers *c = containers_make(&mounts);

	(void)state;
	see(c, &given, CONTAINER_CREATE, 5, 0, "/system.slice/x.service", 10);
	see(c, &given, CONTAINER_ATTACH, 5, 0, "/docker/" A, 10);
	see(c, &given, CONTAINER_CREATE, 5, 3, "/docker/" A, 10);
	assert_int_equal(given.count, 0);
	see(c, &given, CONTAINER_CREATE, 5, 0, "/docker/" A, 10);
	assert_int_equal(given.count, 1);
	assert_int_equal(given.last[0].cgroup, 5);
	assert_int_equal(given.last[0].head.ts, 9);
	assert_false(given.last[0].ended);
	see(c, &given, CONTAINER_CREATE, 5, 4, "/docker/" A, 10);
	assert_int_equal(given.last[0].cgroup, 5 | EVENT_CGROUP_V1);
	see(c, &given, CONTAINER_REMOVE, 5, 0, "/docker/" A, 20);
	assert_int_equal(given.count, 3);
	assert_true(given.last[0].ended);
	assert_int_equal(given.last[0].cgroup, 5);
	assert_int_equal(given.last[0].head.ts, 20);
	containers_free(c);
}

/* The cgroup is there before the file is. */
static void turn__file_comes_late__is_given_again(void **state)
{
	const struct cgroup_mounts mounts = { 0 };
	struct given given = { 0 };
	struct containers *c = containers_make(&mounts);

	(void)state;
	see(c, &given, CONTAINER_CREATE, 5, 0, "/docker/" A, 10);
	assert_string_equal(given.name[0], "");
	assert_int_equal(containers_turn(c, 11, take, &given, NULL), 0);
	assert_int_equal(containers_turn(c, 60 * MS, take, &given, NULL), 0);
	assert_int_equal(given.count, 1);
	folder_make("var/lib/docker/containers/" A);
	file_put("var/lib/docker/containers/" A "/config.v2.json",
		 "{\"Name\":\"/late\"}");
	assert_int_equal(containers_turn(c, 100 * MS, take, &given, NULL), 0);
	assert_int_equal(given.count, 1);
	assert_int_equal(containers_turn(c, 600 * MS, take, &given, NULL), 0);
	assert_int_equal(given.count, 2);
	assert_string_equal(given.name[0], "late");
	assert_string_equal(given.id[0], A);
	assert_int_equal(given.last[0].cgroup, 5);
	assert_int_equal(given.last[0].head.ts, 600 * MS);
	/* One below it needs no file. */
	assert_int_equal(unlink(in_root("var/lib/docker/containers/" A
					"/config.v2.json")),
			 0);
	see(c, &given, CONTAINER_CREATE, 6, 0, "/docker/" A "/x", 700 * MS);
	assert_string_equal(given.name[0], "late");
	assert_int_equal(containers_turn(c, 90000 * MS, take, &given, NULL), 0);
	assert_int_equal(given.count, 3);
	containers_free(c);
}

static void turn__file_never_comes__is_given_up(void **state)
{
	const struct cgroup_mounts mounts = { 0 };
	struct containers_stats stats;
	struct given given = { 0 };
	struct containers *c = containers_make(&mounts);

	(void)state;
	see(c, &given, CONTAINER_CREATE, 5, 0, "/x/libpod-" A ".scope", 10);
	for (int64_t s = 1; s < 120; s++)
		assert_int_equal(
			containers_turn(c, s * 1000 * MS, take, &given, NULL),
			0);
	containers_stats(c, &stats);
	assert_int_equal(stats.unnamed, 1);
	assert_int_equal(stats.given, 1);
	assert_int_equal(given.count, 1);
	containers_free(c);
}

/* More than are looked for again: they are known by their ids all the same. */
static void see__flood__stays_within_bounds(void **state)
{
	const struct cgroup_mounts mounts = { 0 };
	struct containers_stats stats;
	struct given given = { 0 };
	struct containers *c = containers_make(&mounts);

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/docker/%064x", i);
		see(c, &given, CONTAINER_CREATE, i, 0, path, 10);
	}
	containers_stats(c, &stats);
	assert_int_equal(stats.given, 1000);
	assert_int_equal(stats.refused, 1000 - 256);
	/* Those that end make room. */
	for (unsigned i = 0; i < 1000; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/docker/%064x", i);
		see(c, &given, CONTAINER_REMOVE, i, 0, path, 20);
	}
	see(c, &given, CONTAINER_CREATE, 5, 0, "/docker/" A, 30);
	containers_stats(c, &stats);
	assert_int_equal(stats.ended, 1000);
	assert_int_equal(stats.refused, 1000 - 256);
	containers_free(c);
}

static void see__damaged_record__is_nothing(void **state)
{
	static struct container_event_event event;
	size_t fixed = offsetof(struct container_event_event, path_bytes);
	const struct cgroup_mounts mounts = { 0 };
	struct given given = { 0 };
	struct containers *c = containers_make(&mounts);
	static const struct event_blob blobs[] = {
		{ 0, 0 },	  { 0, 8 },	{ 8, 70 },
		{ 65535, 65535 }, { 65535, 1 }, { 400, 65535 },
	};

	(void)state;
	event.head.stream = STREAM_CONTAINER_EVENT;
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		event.path = blobs[i];
		for (size_t len = 0; len <= fixed; len += fixed / 4) {
			uint8_t *exact = malloc(len ? len : 1);

			assert_non_null(exact);
			memcpy(exact, &event, len);
			assert_int_equal(containers_see(c, exact, len, take,
							&given, NULL),
					 0);
			free(exact);
		}
	}
	assert_int_equal(given.count, 0);
	containers_free(c);
}

/* --- hierarchies -----------------------------------------------------------*/

#define V2 "30 1 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
#define HYBRID "31 1 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
#define MEMORY                                                              \
	"32 1 0:28 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw," \
	"memory\n"
#define CPU                                                                 \
	"33 1 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu," \
	"cpuacct\n"
#define BOUND                                                              \
	"34 1 0:28 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw," \
	"memory\n"
#define CGROUPS "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"

static const struct {
	const char *mountinfo, *cgroups;
	const char *unified, *v1;
	enum cgroup_controller controller;
	unsigned hierarchy;
} hosts[] = {
	{ V2, CGROUPS "cpu\t0\t9\t1\nmemory\t0\t9\t1\n", "/sys/fs/cgroup", "",
	  CGROUP_NONE, 0 },
	{ HYBRID MEMORY CPU, CGROUPS "cpu\t2\t9\t1\nmemory\t4\t9\t1\n",
	  "/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory", CGROUP_MEMORY, 4 },
	{ MEMORY CPU, CGROUPS "cpu\t2\t9\t1\nmemory\t4\t9\t1\n", "",
	  "/sys/fs/cgroup/memory", CGROUP_MEMORY, 4 },
	/* memory was switched off */
	{ CPU, CGROUPS "cpu\t2\t9\t1\nmemory\t0\t1\t0\n", "",
	  "/sys/fs/cgroup/cpu,cpuacct", CGROUP_CPU, 2 },
	/* only a part of the hierarchy is to be seen */
	{ BOUND, CGROUPS "memory\t4\t9\t1\n", "", "", CGROUP_MEMORY, 4 },
	{ "", "", "", "", CGROUP_NONE, 0 },
	{ "x - cgroup2\n - \n\n1 2 3 / /a\n", "memory\nmemory x\n", "", "",
	  CGROUP_NONE, 0 },
};

static void mounts__of_each_kind_of_host__are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct cgroup_mounts mounts;
		char mountinfo[128];

		file_put("mountinfo", hosts[i].mountinfo);
		file_put("cgroups", hosts[i].cgroups);
		strcpy(mountinfo, in_root("mountinfo"));
		cgroup_mounts_read(mountinfo, in_root("cgroups"), &mounts);
		assert_string_equal(mounts.unified, hosts[i].unified);
		assert_string_equal(mounts.v1, hosts[i].v1);
		assert_int_equal(mounts.controller, hosts[i].controller);
		assert_int_equal(mounts.hierarchy, hosts[i].hierarchy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list__folders_of_both_hierarchies__are_given),
		cmocka_unit_test(see__made_and_removed__given_and_ended),
		cmocka_unit_test(turn__file_comes_late__is_given_again),
		cmocka_unit_test(turn__file_never_comes__is_given_up),
		cmocka_unit_test(see__flood__stays_within_bounds),
		cmocka_unit_test(see__damaged_record__is_nothing),
		cmocka_unit_test(mounts__of_each_kind_of_host__are_found),
	};

	return cmocka_run_group_tests(tests, root_make, root_remove);
}
