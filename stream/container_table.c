// SPDX-License-Identifier: Apache-2.0
/*
 * Entries by cgroup in a hash table, and in one of two lists, oldest first: live
 * by when an event last named them, ended by when they ended. An entry is one
 * block with its texts; what is known better replaces it.
 */
#include "stream/container_table.h"

#include "stream/hmap_int.h"
#include "stream/list_int.h"
#include "user/base/siphash.h"

#include <stdlib.h>

/* What a container.info row says, and where a row of an event has it. */
static const struct {
	uint16_t from;
	uint16_t to;
} columns[] = {
	{ COL_CONTAINER_INFO_info_id, COL_container_id },
	{ COL_CONTAINER_INFO_info_runtime, COL_container_runtime },
	{ COL_CONTAINER_INFO_info_name, COL_container_name },
	{ COL_CONTAINER_INFO_info_image, COL_container_image },
	{ COL_CONTAINER_INFO_info_pod, COL_k8s_pod },
	{ COL_CONTAINER_INFO_info_pod_namespace, COL_k8s_namespace },
};

struct container {
	struct hmap_node node;
	struct list list; /* table->live or table->ended */
	int64_t cgroup;
	int64_t hierarchy;
	int64_t start_ns;
	int64_t end_ns; /* INT64_MAX: it is there */
	uint32_t bytes; /* of the texts behind */
	struct value texts[ARRAY_SIZE(columns)];
};

struct container_table {
	struct container_table_options options;
	struct hmap map;
	struct list live;
	struct list ended;
	struct container_table_stats stats;
};

int container_table_new(const struct container_table_options *options,
			struct container_table **ret_table, struct err *err)
{
	struct container_table *table = calloc(1, sizeof(*table));

	if (!table)
		return err_nomem(err);
	table->options = *options;
	list_init(&table->live);
	list_init(&table->ended);
	*ret_table = table;
	return 0;
}

static struct container *first_of(struct list *list)
{
	return list_empty(list) ? NULL :
				  CONTAINER(list->next, struct container, list);
}

static void forget(struct container_table *table, struct container *container)
{
	hmap_remove(&table->map, &container->node);
	list_remove(&container->list);
	table->stats.held--;
	table->stats.live -= container->end_ns == INT64_MAX;
	table->stats.bytes -= container->bytes;
	free(container);
}

struct container_table *container_table_free(struct container_table *table)
{
	struct container *container;

	if (!table)
		return NULL;
	while ((container = first_of(&table->live)))
		forget(table, container);
	while ((container = first_of(&table->ended)))
		forget(table, container);
	hmap_release(&table->map);
	free(table);
	return NULL;
}

static uint64_t hash_of(const struct container_table *table, int64_t cgroup)
{
	return siphash(table->options.seed, &cgroup, sizeof(cgroup));
}

static struct container *find(const struct container_table *table,
			      int64_t cgroup)
{
	struct hmap_node *node =
		hmap_first(&table->map, hash_of(table, cgroup));

	for (; node; node = hmap_next(node)) {
		struct container *container =
			CONTAINER(node, struct container, node);

		if (container->cgroup == cgroup)
			return container;
	}
	return NULL;
}

static int64_t number(const struct row *row, unsigned column)
{
	struct value v = row_get(row, column);

	return v.type == VALUE_INT ? v.i : 0;
}

/* --- container.info --------------------------------------------------------*/

static void make_room(struct container_table *table)
{
	struct container *oldest;

	if (table->stats.held < table->options.containers_max)
		return;
	oldest = first_of(&table->ended);
	if (!oldest) {
		oldest = first_of(&table->live);
		table->stats.forgotten++;
	}
	table->stats.evicted++;
	forget(table, oldest);
}

static struct container *container_of(const struct row *row)
{
	struct container *container;
	size_t bytes = 0;
	uint8_t *at;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		bytes += row_get(row, columns[i].from).len;
	container = calloc(1, sizeof(*container) + bytes);
	if (!container)
		return NULL;
	container->bytes = (uint32_t)bytes;
	at = (uint8_t *)(container + 1);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		struct value text = row_get(row, columns[i].from);

		if (text.type != VALUE_TEXT)
			continue;
		if (text.len)
			memcpy(at, text.p, text.len);
		text.p = at;
		at += text.len;
		container->texts[i] = text;
	}
	container->cgroup = number(row, COL_CONTAINER_INFO_info_cgroup);
	container->hierarchy = number(row, COL_CONTAINER_INFO_info_hierarchy);
	container->start_ns = row->ts;
	container->end_ns = INT64_MAX;
	return container;
}

/* Without memory it is as if there were no container: counted. */
static void appear(struct container_table *table, struct container *old,
		   const struct row *row)
{
	struct container *container = container_of(row);

	if (!container) {
		table->stats.evicted++;
		table->stats.forgotten++;
		return;
	}
	/* Known better: it is no other for that. */
	if (old && old->end_ns == INT64_MAX)
		container->start_ns = old->start_ns;
	if (old)
		forget(table, old);
	make_room(table);
	if (hmap_insert(&table->map, &container->node,
			hash_of(table, container->cgroup))) {
		table->stats.evicted++;
		table->stats.forgotten++;
		free(container);
		return;
	}
	list_insert(&table->live, &container->list);
	table->stats.held++;
	table->stats.live++;
	table->stats.bytes += container->bytes;
}

static void learn(struct container_table *table, const struct row *row)
{
	struct value ended = row_get(row, COL_CONTAINER_INFO_info_ended);
	struct container *old =
		find(table, number(row, COL_CONTAINER_INFO_info_cgroup));

	if (ended.type != VALUE_BOOL || !ended.i) {
		appear(table, old, row);
		return;
	}
	if (!old || old->end_ns != INT64_MAX)
		return;
	old->end_ns = row->ts;
	table->stats.live--;
	list_remove(&old->list);
	list_insert(&table->ended, &old->list);
}

/* --- events ----------------------------------------------------------------*/

static bool is_valid(const struct container_table *table,
		     const struct container *container, int64_t ts)
{
	int64_t end;

	if (__builtin_add_overflow(container->end_ns, table->options.linger_ns,
				   &end))
		end = INT64_MAX;
	return ts >= container->start_ns && ts <= end;
}

/* The cgroup that a row of container.event is about. */
static struct container *subject(const struct container_table *table,
				 const struct row *row)
{
	int64_t cgroup = number(row, COL_CONTAINER_EVENT_cgroup);
	int64_t hierarchy = number(row, COL_CONTAINER_EVENT_hierarchy);
	struct container *container;

	if (hierarchy)
		cgroup |= (int64_t)EVENT_CGROUP_V1;
	container = find(table, cgroup);
	return container && container->hierarchy == hierarchy ? container :
								NULL;
}

static void tell(struct container_table *table, struct row *row)
{
	struct container *container = NULL;

	if (row->stream == STREAM_CONTAINER_EVENT)
		container = subject(table, row);
	if (!container)
		container = find(table, number(row, COL_cgroup_id));
	if (!container || !is_valid(table, container, row->ts))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		row->values[row_slot(columns[i].to)] = container->texts[i];
	if (container->end_ns != INT64_MAX)
		return;
	list_remove(&container->list);
	list_insert(&table->live, &container->list);
}

void container_table_apply(struct container_table *table, struct row *row)
{
	if (row->stream == STREAM_CONTAINER_INFO)
		learn(table, row);
	else if (table->stats.held)
		tell(table, row);
}

void container_table_expire(struct container_table *table, int64_t watermark)
{
	struct container *container;

	while ((container = first_of(&table->ended)) &&
	       !is_valid(table, container, watermark))
		forget(table, container);
}

void container_table_stats(const struct container_table *table,
			   struct container_table_stats *ret_stats)
{
	*ret_stats = table->stats;
}
