// SPDX-License-Identifier: Apache-2.0
#include "user/collect/path_set_maps.h"

#include "user/base/check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static struct path_set_value value_of(const struct path_set_entry *entry)
{
	return (struct path_set_value){ .marks = entry->marks,
					.group = entry->group };
}

static int text_add(int fd, const struct path_set *set,
		    const struct path_set_entry *entry)
{
	__u64 words[PATH_SET_WORDS] = { 0 };
	struct path_text_key key = {
		.len = entry->len,
		.set = PATH_SET_ID(set->stream, set->column, set->kind),
	};
	const struct path_set_value value = value_of(entry);

	memcpy(words, entry->text, entry->len);
	key.hash = path_text_hash(words, entry->len);
	return bpf_map_update_elem(fd, &key, &value, BPF_ANY);
}

static int prefix_add(int fd, const struct path_set *set,
		      const struct path_set_entry *entry)
{
	struct path_prefix_key key = {
		.bits = 8 * (__u32)(sizeof(key.set) + entry->len),
		.set = PATH_SET_ID(set->stream, set->column, set->kind),
	};
	const struct path_set_value value = value_of(entry);

	memcpy(key.text, entry->text, entry->len);
	return bpf_map_update_elem(fd, &key, &value, BPF_ANY);
}

static int map_fill(int fd, const struct path_set *sets, unsigned count,
		    bool prefixes)
{
	int rc = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct path_set *set = &sets[i];

		if ((set->kind == PATH_SET_PREFIX) != prefixes)
			continue;
		for (unsigned k = 0; k < set->entry_count && !rc; k++) {
			const struct path_set_entry *entry = &set->entries[k];

			CHECK(entry->len && entry->len <= PATH_SET_TEXT_MAX);
			rc = prefixes ? prefix_add(fd, set, entry) :
					text_add(fd, set, entry);
		}
	}
	return rc;
}

static int map_give(struct bpf_map *map, const struct path_set *sets,
		    unsigned count, bool prefixes)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts,
		    .map_flags = bpf_map__map_flags(map));
	unsigned entries = 0;
	int fd, rc;

	for (unsigned i = 0; i < count; i++)
		if ((sets[i].kind == PATH_SET_PREFIX) == prefixes)
			entries += sets[i].entry_count;
	if (!entries)
		return 0;
	fd = bpf_map_create(bpf_map__type(map), bpf_map__name(map),
			    bpf_map__key_size(map), bpf_map__value_size(map),
			    entries, &opts);
	if (fd < 0)
		return -errno;
	rc = map_fill(fd, sets, count, prefixes);
	if (!rc)
		rc = bpf_map__reuse_fd(map, fd);
	close(fd);
	return rc;
}

int path_sets_give(struct bpf_object *object, const struct path_set *sets,
		   unsigned count)
{
	struct bpf_map *settings_map =
		bpf_object__find_map_by_name(object, PATH_SETS_SECTION);
	struct bpf_map *texts =
		bpf_object__find_map_by_name(object, "path_texts");
	struct bpf_map *prefixes =
		bpf_object__find_map_by_name(object, "path_prefixes");
	struct path_set_settings settings = { 0 };
	int rc;

	if (!settings_map)
		return 0;
	CHECK(texts && prefixes);
	for (unsigned i = 0; i < count; i++)
		settings.kinds[sets[i].stream] |= (__u8)(1 << sets[i].kind);
	rc = bpf_map__set_initial_value(settings_map, &settings,
					sizeof(settings));
	if (!rc)
		rc = map_give(texts, sets, count, false);
	if (!rc)
		rc = map_give(prefixes, sets, count, true);
	return rc;
}
