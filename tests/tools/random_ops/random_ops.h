/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the families of random operations share: the run of one process, its
 * random numbers and its odd names. An operation never fails: whatever the
 * kernel answers is for the witness and the sensor to tell alike.
 */
#ifndef SHRIKE_TESTS_RANDOM_OPS_H
#define SHRIKE_TESTS_RANDOM_OPS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAME_SIZE 5000
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct run {
	uint64_t random; /* state, never 0 */
	char home[256];	 /* where the process works: absolute */
	int home_fd;
	int below_fd;	   /* a folder in it, O_PATH */
	const char *tools; /* the folder of programs to execute: absolute */
};

typedef void operation(struct run *run);

struct named_operation {
	const char *name;
	operation *run;
	unsigned weight;
};

/* A random operation of those that change nothing but files. */
void files_touch(struct run *run);
void where_shown(void);
extern const struct named_operation file_operations[];
extern const struct named_operation task_operations[];
extern const struct named_operation other_operations[];

static inline uint64_t random_next(struct run *run)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return run->random;
}

static inline unsigned random_below(struct run *run, unsigned end)
{
	return (unsigned)(random_next(run) >> 16) % end;
}

static inline bool one_in(struct run *run, unsigned n)
{
	return random_below(run, n) == 0;
}

#define PICK(run, array) ((array)[random_below(run, ARRAY_SIZE(array))])

#endif
