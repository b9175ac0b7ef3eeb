/* SPDX-License-Identifier: Apache-2.0 */
/* A doubly linked list inside its elements; the head is an element too. */
#ifndef SHRIKE_STREAM_LIST_INT_H
#define SHRIKE_STREAM_LIST_INT_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev;
	struct list *next;
};

/* The struct of which `ptr` is the member `member`. */
#define CONTAINER(ptr, type, member) \
	((type *)(void *)((char *)(uintptr_t)(ptr)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
	list->prev = list->next = list;
}

static inline bool list_empty(const struct list *list)
{
	return list->next == list;
}

/* Puts `item` in front of `at`; at the end when `at` is the head. */
static inline void list_insert(struct list *at, struct list *item)
{
	item->prev = at->prev;
	item->next = at;
	at->prev->next = item;
	at->prev = item;
}

static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

#endif
