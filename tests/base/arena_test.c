// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#define KB ((size_t)1024)

static bool all_zero(const unsigned char *bytes, size_t len)
{
	while (len && !*bytes) {
		bytes++;
		len--;
	}
	return !len;
}

static void alloc__any_size__zeroed_aligned_and_apart(void **state)
{
	unsigned char *objects[300];
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024 * KB);
	for (unsigned i = 0; i < 300; i++) {
		objects[i] = arena_alloc(&arena, i);
		assert_non_null(objects[i]);
		assert_int_equal((uintptr_t)objects[i] % alignof(max_align_t),
				 0);
		assert_true(all_zero(objects[i], i));
		memset(objects[i], (int)(i % 255) + 1, i);
	}
	for (unsigned i = 0; i < 300; i++)
		for (unsigned at = 0; at < i; at++)
			assert_int_equal(objects[i][at], i % 255 + 1);
	arena_release(&arena);
}

static void alloc__limit_reached__null_and_the_rest_stays(void **state)
{
	struct arena arena;
	char *first;

	(void)state;
	arena_init(&arena, 100 * KB);
	first = arena_copy(&arena, "first", 5);
	assert_non_null(first);
	assert_null(arena_alloc(&arena, 100 * KB));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 8));
	assert_null(arena_copy(&arena, first, SIZE_MAX));
	assert_non_null(arena_alloc(&arena, 30 * KB));
	assert_true(arena.held_bytes <= 100 * KB);
	assert_string_equal(first, "first");
	arena_release(&arena);
	assert_int_equal(arena.held_bytes, 0);
	assert_int_equal(arena.limit_bytes, 100 * KB);
}

/* All of the limit can be used, in small objects or in one. */
static void alloc__up_to_the_limit__possible(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 80 * KB);
	for (unsigned i = 0; i < 80; i++)
		assert_non_null(arena_alloc(&arena, KB));
	assert_null(arena_alloc(&arena, 1));
	assert_int_equal(arena.used_bytes, 80 * KB);
	arena_release(&arena);
	assert_non_null(arena_alloc(&arena, 80 * KB));
	assert_null(arena_alloc(&arena, 1));
	arena_release(&arena);
}

static void array__product_overflows__null(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024 * KB);
	assert_null(arena_array(&arena, SIZE_MAX / 2, 3));
	assert_null(arena_array(&arena, (size_t)1 << 32, (size_t)1 << 32));
	assert_non_null(arena_array(&arena, 10, 100));
	assert_true(arena.used_bytes >= 1000);
	arena_release(&arena);
}

static void reset__turn_after_turn__memory_does_not_grow(void **state)
{
	struct arena arena;
	unsigned char *object;

	(void)state;
	arena_init(&arena, 300 * KB);
	arena_reset(&arena);
	for (unsigned turn = 0; turn < 1000; turn++) {
		for (unsigned i = 0; i < 20; i++) {
			object = arena_alloc(&arena, 10 * KB);
			assert_non_null(object);
			assert_true(all_zero(object, 10 * KB));
			memset(object, 0xff, 10 * KB);
		}
		arena_reset(&arena);
		assert_int_equal(arena.used_bytes, 0);
		assert_int_equal(arena.held_bytes, 64 * KB);
	}
	arena_release(&arena);
}

static void copy__bytes__ended_by_nul(void **state)
{
	struct arena arena;
	char *copy;

	(void)state;
	arena_init(&arena, 100 * KB);
	copy = arena_copy(&arena, "ab\0cd", 5);
	assert_memory_equal(copy, "ab\0cd", 6);
	assert_string_equal(arena_copy(&arena, NULL, 0), "");
	arena_release(&arena);
}

static void printf__any_length__whole_text(void **state)
{
	struct arena arena;
	char *text;

	(void)state;
	arena_init(&arena, 200 * KB);
	assert_string_equal(arena_printf(&arena, "%s=%d", "x", -7), "x=-7");
	text = arena_printf(&arena, "%90000d", 5);
	assert_non_null(text);
	assert_int_equal(strlen(text), 90000);
	assert_null(arena_printf(&arena, "%300000d", 5));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc__any_size__zeroed_aligned_and_apart),
		cmocka_unit_test(alloc__limit_reached__null_and_the_rest_stays),
		cmocka_unit_test(alloc__up_to_the_limit__possible),
		cmocka_unit_test(array__product_overflows__null),
		cmocka_unit_test(reset__turn_after_turn__memory_does_not_grow),
		cmocka_unit_test(copy__bytes__ended_by_nul),
		cmocka_unit_test(printf__any_length__whole_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
