// SPDX-License-Identifier: Apache-2.0
#include "user/collect/containers.h"

#include "user/base/check.h"
#include "user/collect/containers_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALK_FOLDERS_MAX 65536
#define WALK_DEPTH_MAX 64
/* Containers whose files are looked for again. */
#define PENDING_MAX 256
#define TURN_MAX 16
/* Facts of the last containers: for the cgroups below theirs. */
#define KNOWN_MAX 32

/* How long to wait before the n-th time. */
static const int64_t waits_ns[] = { 50000000LL, 500000000LL, 5000000000LL,
				    30000000000LL };

struct pending {
	uint64_t cgroup;
	int64_t due_ns;
	unsigned tries;
	struct container_path path;
};

struct containers {
	char root[PATH_MAX];
	struct cgroup_mounts mounts;
	struct pending pending[PENDING_MAX]; /* the first pending_count */
	unsigned pending_count;
	struct container_facts known[KNOWN_MAX];
	unsigned known_next; /* the one that goes first */
	unsigned left;	     /* folders that the walk may still look at */
	uint64_t seq;
	struct buf record;
	struct containers_stats stats;
};

/* Where to give records, as of when. */
struct giving {
	int64_t ts;
	collect_record_fn *fn;
	void *ctx;
	struct err *err;
};

int containers_new(const struct containers_options *options,
		   struct containers **ret_containers, struct err *err)
{
	struct containers *c = calloc(1, sizeof(*c));
	const char *root = options->root ? options->root : "";

	if (!c)
		return err_nomem(err);
	if (strlen(root) >= sizeof(c->root)) {
		free(c);
		return err_set(err, ERR_USAGE, -ENAMETOOLONG,
			       "%.64s... is too long a path", root);
	}
	strcpy(c->root, root);
	if (options->mounts)
		c->mounts = *options->mounts;
	else
		cgroup_mounts_here(&c->mounts);
	*ret_containers = c;
	return 0;
}

struct containers *containers_free(struct containers *c)
{
	if (!c)
		return NULL;
	buf_release(&c->record);
	free(c);
	return NULL;
}

void containers_stats(const struct containers *c,
		      struct containers_stats *ret_stats)
{
	*ret_stats = c->stats;
}

/* --- records ---------------------------------------------------------------*/

static void put_text(struct buf *record, struct event_blob *blob,
		     const char *text)
{
	size_t len = strlen(text);

	if (!len)
		return;
	blob->off = (uint16_t)record->len;
	blob->len = (uint16_t)len;
	buf_put(record, text, len);
}

static int give(struct containers *c, const struct giving *to, uint64_t cgroup,
		const struct container_facts *facts, bool ended)
{
	struct container_info_event event = {
		.head = { .stream = STREAM_CONTAINER_INFO,
			  .abi = EVENT_ABI,
			  .ts = (uint64_t)to->ts,
			  .seq = ++c->seq,
			  .retval = EVENT_NONE,
			  .cgroup_id = cgroup,
			  .source = EVENT_SOURCE_USER },
		.cgroup = cgroup,
		.hierarchy = cgroup & EVENT_CGROUP_V1 ? c->mounts.hierarchy : 0,
		.ended = ended,
	};
	struct buf *record = &c->record;

	buf_reset(record);
	buf_put(record, &event, sizeof(event));
	if (facts) {
		put_text(record, &event.id, facts->id);
		put_text(record, &event.runtime, facts->runtime);
		put_text(record, &event.name, facts->name);
		put_text(record, &event.image, facts->image);
		put_text(record, &event.pod, facts->pod);
		put_text(record, &event.pod_namespace, facts->pod_namespace);
	}
	if (record->failed)
		return err_nomem(to->err);
	event.head.size = (uint32_t)record->len;
	memcpy(record->bytes, &event, sizeof(event));
	c->stats.ended += ended;
	c->stats.given += !ended;
	return to->fn(to->ctx, record->bytes, record->len, to->err);
}

/* --- what is known ---------------------------------------------------------*/

static const struct container_facts *known_find(const struct containers *c,
						const struct container_path *p)
{
	/* The id is what a user says. */
	if (p->of_user)
		return NULL;
	for (unsigned i = 0; i < KNOWN_MAX; i++)
		if (strcmp(c->known[i].id, p->id) == 0 &&
		    (!p->runtime ||
		     strcmp(c->known[i].runtime, p->runtime) == 0))
			return &c->known[i];
	return NULL;
}

static void known_add(struct containers *c, const struct container_facts *facts)
{
	c->known[c->known_next++ % KNOWN_MAX] = *facts;
}

static void pending_add(struct containers *c, int64_t now_ns, uint64_t cgroup,
			const struct container_path *path)
{
	if (c->pending_count == PENDING_MAX) {
		c->stats.refused++;
		return;
	}
	c->pending[c->pending_count++] = (struct pending){
		.cgroup = cgroup,
		.due_ns = now_ns + waits_ns[0],
		.path = *path,
	};
}

static void pending_remove(struct containers *c, unsigned i)
{
	c->pending[i] = c->pending[--c->pending_count];
}

static int appeared(struct containers *c, const struct giving *to,
		    uint64_t cgroup, const struct container_path *path)
{
	const struct container_facts *known = known_find(c, path);
	struct container_facts facts;

	if (known)
		return give(c, to, cgroup, known, false);
	if (container_files_read(c->root, path, &facts)) {
		if (!path->of_user)
			known_add(c, &facts);
	} else {
		pending_add(c, to->ts, cgroup, path);
	}
	return give(c, to, cgroup, &facts, false);
}

static int gone(struct containers *c, const struct giving *to, uint64_t cgroup)
{
	for (unsigned i = 0; i < c->pending_count; i++)
		if (c->pending[i].cgroup == cgroup) {
			pending_remove(c, i);
			break;
		}
	return give(c, to, cgroup, NULL, true);
}

/* --- at start --------------------------------------------------------------*/

struct walk {
	struct containers *containers;
	const struct giving *to;
	uint64_t mark; /* of the ids of this hierarchy */
	char path[PATH_MAX];
	size_t len;
	unsigned depth;
};

/* A cgroup's id is the inode number of its folder. */
static int walk_note(struct walk *walk, int fd)
{
	struct container_path path;
	struct stat st;

	if (!container_path_read(walk->path, walk->len, &path) ||
	    fstat(fd, &st))
		return 0;
	return appeared(walk->containers, walk->to, st.st_ino | walk->mark,
			&path);
}

static int walk_folder(struct walk *walk, int fd);

static int walk_entry(struct walk *walk, int parent, const char *name)
{
	size_t len = walk->len, name_len = strlen(name);
	int fd, rc;

	if (len + 1 + name_len >= sizeof(walk->path))
		return 0;
	fd = openat(parent, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return 0;
	walk->path[len] = '/';
	memcpy(walk->path + len + 1, name, name_len);
	walk->len = len + 1 + name_len;
	rc = walk_note(walk, fd);
	if (!rc)
		rc = walk_folder(walk, fd);
	else
		close(fd);
	walk->len = len;
	return rc;
}

/* Takes the descriptor. Folders that vanish meanwhile tell that themselves. */
static int walk_folder(struct walk *walk, int fd)
{
	DIR *dir = walk->depth < WALK_DEPTH_MAX ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int rc = 0;

	if (!dir) {
		walk->containers->stats.unseen += walk->depth >= WALK_DEPTH_MAX;
		close(fd);
		return 0;
	}
	walk->depth++;
	while (!rc && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (!walk->containers->left) {
			walk->containers->stats.unseen++;
			break;
		}
		walk->containers->left--;
		rc = walk_entry(walk, dirfd(dir), entry->d_name);
	}
	walk->depth--;
	closedir(dir);
	return rc;
}

static int walk_mount(struct containers *c, const struct giving *to,
		      const char *mount, uint64_t mark)
{
	struct walk walk = { .containers = c, .to = to, .mark = mark };
	int fd =
		mount[0] ? open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd < 0 ? 0 : walk_folder(&walk, fd);
}

int containers_list(struct containers *c, int64_t now_ns, collect_record_fn *fn,
		    void *ctx, struct err *err)
{
	const struct giving to = {
		.ts = now_ns, .fn = fn, .ctx = ctx, .err = err
	};
	int rc;

	c->left = WALK_FOLDERS_MAX;
	rc = walk_mount(c, &to, c->mounts.unified, 0);
	return rc ? rc : walk_mount(c, &to, c->mounts.v1, EVENT_CGROUP_V1);
}

/* --- from then on ----------------------------------------------------------*/

/* The event's own path: the record lies in memory shared with the kernel. */
static bool path_of(const struct container_event_event *event,
		    const void *record, size_t len,
		    struct container_path *ret_path)
{
	size_t fixed = offsetof(struct container_event_event, path_bytes);
	struct event_blob path = event->path;

	if (path.off < fixed || path.off > len || path.len > len - path.off)
		return false;
	return container_path_read((const char *)record + path.off, path.len,
				   ret_path);
}

int containers_see(struct containers *c, const void *record, size_t len,
		   collect_record_fn *fn, void *ctx, struct err *err)
{
	size_t fixed = offsetof(struct container_event_event, path_bytes);
	struct giving to = { .fn = fn, .ctx = ctx, .err = err };
	struct container_event_event event;
	struct container_path path;
	uint64_t cgroup;
	uint16_t stream;

	if (len < fixed)
		return 0;
	memcpy(&stream, record, sizeof(stream));
	if (stream != STREAM_CONTAINER_EVENT)
		return 0;
	memcpy(&event, record, fixed);
	if (event.op == CONTAINER_ATTACH ||
	    (event.hierarchy && event.hierarchy != c->mounts.hierarchy) ||
	    !path_of(&event, record, len, &path))
		return 0;
	cgroup = event.cgroup | (event.hierarchy ? EVENT_CGROUP_V1 : 0);
	to.ts = (int64_t)event.head.ts;
	if (event.op == CONTAINER_REMOVE)
		return gone(c, &to, cgroup);
	to.ts--;
	return appeared(c, &to, cgroup, &path);
}

static int look_again(struct containers *c, unsigned i, const struct giving *to)
{
	struct pending *pending = &c->pending[i];
	struct container_facts facts;
	uint64_t cgroup = pending->cgroup;

	if (!container_files_read(c->root, &pending->path, &facts)) {
		if (++pending->tries < ARRAY_SIZE(waits_ns)) {
			pending->due_ns = to->ts + waits_ns[pending->tries];
			return 0;
		}
		c->stats.unnamed++;
		pending_remove(c, i);
		return 0;
	}
	known_add(c, &facts);
	pending_remove(c, i);
	return give(c, to, cgroup, &facts, false);
}

int containers_turn(struct containers *c, int64_t now_ns, collect_record_fn *fn,
		    void *ctx, struct err *err)
{
	const struct giving to = {
		.ts = now_ns, .fn = fn, .ctx = ctx, .err = err
	};
	unsigned left = TURN_MAX;
	int rc = 0;

	/* From the end: what is removed is replaced by what was looked at. */
	for (unsigned i = c->pending_count; i-- > 0 && left && !rc;)
		if (c->pending[i].due_ns <= now_ns) {
			left--;
			rc = look_again(c, i, &to);
		}
	return rc;
}
