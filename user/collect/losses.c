// SPDX-License-Identifier: Apache-2.0
/*
 * The books: what the kernel programs counted, per stream and CPU, and what was
 * lost since the last look.
 *
 * A look first writes its time where the kernel programs see it, then reads the
 * counters: the first loss after that time is stamped. So a gap begins where
 * the first of its losses was, not at the look before.
 */
#include "user/collect/collect_int.h"

#include "user/base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

/* The buckets are many: they are looked at so often. */
#define THROTTLE_LIST_NS 100000000LL

int losses_init(struct collector *collector, struct err *err)
{
	struct losses *losses = &collector->losses;

	losses->each = calloc((size_t)STREAM_COUNT * collector->cpu_count,
			      sizeof(*losses->each));
	losses->lost = calloc((size_t)STREAM_COUNT * collector->cpu_count,
			      sizeof(*losses->lost));
	losses->looked_ns = collect_now_ns();
	return losses->each && losses->lost ? 0 : err_nomem(err);
}

void losses_release(struct collector *collector)
{
	free(collector->losses.each);
	free(collector->losses.lost);
}

/* All at once: a look happens each turn, also on an idle machine. */
static int counters_read(struct collector *collector, struct err *err)
{
	int fd = programs_map(&collector->programs, "counters");
	uint32_t keys[STREAM_COUNT], next, count = STREAM_COUNT;
	LIBBPF_OPTS(bpf_map_batch_opts, opts);

	if (bpf_map_lookup_batch(fd, NULL, &next, keys, collector->losses.each,
				 &count, &opts) &&
	    errno != ENOENT)
		return err_set(err, ERR_MACHINE, -errno,
			       "cannot read the counters: %s", strerror(errno));
	CHECK(count == STREAM_COUNT);
	return 0;
}

static const struct event_counters *
counters_of(const struct collector *collector, enum stream_id stream)
{
	return collector->losses.each + (size_t)stream * collector->cpu_count;
}

static struct event_counters counters_sum(const struct collector *collector,
					  enum stream_id stream)
{
	const struct event_counters *each = counters_of(collector, stream);
	struct event_counters sum = { 0 };

	for (unsigned i = 0; i < collector->cpu_count; i++) {
		sum.generated += each[i].generated;
		sum.filtered += each[i].filtered;
		sum.submitted += each[i].submitted;
		sum.lost += each[i].lost;
		sum.throttled += each[i].throttled;
	}
	return sum;
}

int collector_counters(struct collector *collector, enum stream_id stream,
		       struct collect_counters *ret_counters, struct err *err)
{
	struct event_counters sum = { 0 };
	uint64_t missed;
	int rc;

	CHECK((unsigned)stream < STREAM_COUNT);
	rc = counters_read(collector, err);
	if (!rc)
		rc = programs_look(&collector->programs, err);
	if (rc)
		return rc;
	missed = programs_missed(&collector->programs, stream);
	if (stream == STREAM_PROCESS_SNAPSHOT) {
		sum.lost = collector->unlisted;
		sum.generated = collector->delivered[stream] + sum.lost;
	} else {
		sum = counters_sum(collector, stream);
	}
	*ret_counters = (struct collect_counters){
		.generated = sum.generated + missed,
		.filtered = sum.filtered,
		.delivered = collector->delivered[stream],
		.lost = sum.lost,
		.throttled = sum.throttled,
		.missed = missed,
		.damaged = collector->damaged[stream],
	};
	return 0;
}

unsigned collector_cpu_count(const struct collector *collector)
{
	return collector->cpu_count;
}

const struct event_counters *
collector_cpu_counters(const struct collector *collector, enum stream_id stream,
		       unsigned cpu)
{
	CHECK((unsigned)stream < STREAM_COUNT && cpu < collector->cpu_count);
	return counters_of(collector, stream) + cpu;
}

_Static_assert(HOOK_COUNT <= COLLECT_HOOKS_MAX, "a sensor's hooks");

unsigned collector_hooks(const struct collector *collector,
			 struct collect_hook ret_hooks[COLLECT_HOOKS_MAX])
{
	const struct programs *programs = &collector->programs;
	uint32_t used = generation_hooks(programs->generation);
	unsigned n = 0;

	for (unsigned i = 0; i < HOOK_COUNT; i++)
		if (used & HOOK_BIT(i))
			ret_hooks[n++] = (struct collect_hook){
				hook_name(i), programs->hook_missed[i]
			};
	return n;
}

/* --- since the last look ---------------------------------------------------*/

/* `rose` is what a counter was at the last look, and is set to what it is. */
static int count_tell(const struct collect_look *look, uint64_t *rose,
		      uint64_t now, struct collect_loss loss, struct err *err)
{
	if (now == *rose)
		return 0;
	loss.count = now - *rose;
	*rose = now;
	return look->on_loss(look->ctx, &loss, err);
}

/* No room on the ring: the programs tell when. */
static int ring_losses(struct collector *collector, enum stream_id stream,
		       const struct collect_look *look, int64_t before_ns,
		       struct err *err)
{
	struct losses *losses = &collector->losses;
	uint64_t *lost = losses->lost + (size_t)stream * collector->cpu_count;
	const struct event_counters *counters = counters_of(collector, stream);
	struct collect_loss loss = { .stream = stream,
				     .reason = LOSS_RING,
				     .from_ns = INT64_MAX };

	for (unsigned i = 0; i < collector->cpu_count; i++) {
		const struct event_counters *each = &counters[i];

		if (each->lost == lost[i])
			continue;
		loss.count += each->lost - lost[i];
		lost[i] = each->lost;
		if ((int64_t)each->lost_first_ns < loss.from_ns)
			loss.from_ns = (int64_t)each->lost_first_ns;
		/* One program may interrupt another between clock and books:
		   then the last is not the latest. */
		if ((int64_t)each->lost_first_ns >= loss.to_ns)
			loss.to_ns = (int64_t)each->lost_first_ns + 1;
		if ((int64_t)each->lost_last_ns >= loss.to_ns)
			loss.to_ns = (int64_t)each->lost_last_ns + 1;
	}
	if (!loss.count)
		return 0;
	/*
	 * What was lost while we looked may be stamped a little later; and where
	 * a hypervisor stops a CPU there, be booked long after its stamp.
	 */
	if (before_ns >= loss.to_ns)
		before_ns = loss.to_ns - 1;
	if (loss.from_ns < before_ns)
		loss.from_ns = before_ns;
	loss.from_ns -= COLLECT_MARGIN_NS;
	return look->on_loss(look->ctx, &loss, err);
}

static int stream_losses(struct collector *collector, enum stream_id stream,
			 const struct collect_look *look, int64_t before_ns,
			 struct err *err)
{
	struct losses *losses = &collector->losses;
	struct collect_loss loss = { .stream = stream,
				     .from_ns = before_ns,
				     .to_ns = losses->looked_ns };
	int rc = ring_losses(collector, stream, look, before_ns, err);

	loss.reason = LOSS_THROTTLE;
	if (!rc)
		rc = count_tell(look, &losses->throttled[stream],
				counters_sum(collector, stream).throttled, loss,
				err);
	loss.reason = LOSS_MISSED;
	if (!rc)
		rc = count_tell(look, &losses->missed[stream],
				programs_missed(&collector->programs, stream),
				loss, err);
	loss.reason = LOSS_DAMAGED;
	if (!rc)
		rc = count_tell(look, &losses->damaged[stream],
				collector->damaged[stream], loss, err);
	return rc;
}

/* --- cgroups that are held back --------------------------------------------*/

static struct throttled *throttled_find(struct losses *losses,
					const struct throttle_key *key)
{
	for (unsigned i = 0; i < losses->cgroup_count; i++)
		if (memcmp(&losses->cgroups[i].key, key, sizeof(*key)) == 0)
			return &losses->cgroups[i];
	return NULL;
}

static int throttled_tell(const struct throttled *cgroup, bool begins,
			  const struct collect_look *look, struct err *err)
{
	const struct collect_throttle throttle = {
		.stream = cgroup->key.stream,
		.cgroup_id = cgroup->key.cgroup_id,
		.begins = begins,
		.dropped = begins ? 0 : cgroup->before + cgroup->dropped,
	};

	return look->on_throttle(look->ctx, &throttle, err);
}

static int bucket_look(struct losses *losses, const struct throttle_key *key,
		       const struct throttle_bucket *bucket,
		       const struct collect_look *look, struct err *err)
{
	struct throttled *cgroup = throttled_find(losses, key);

	if (cgroup) {
		if (bucket->dropped != cgroup->dropped)
			cgroup->seen_ns = losses->looked_ns;
		/* The kernel found that it had ended, and began again. */
		if (bucket->dropped < cgroup->dropped)
			cgroup->before += cgroup->dropped;
		cgroup->dropped = bucket->dropped;
		return 0;
	}
	/* One that ended is told no more until it drops again. */
	if ((int64_t)bucket->last_ns + (int64_t)THROTTLE_END_NS <
		    losses->looked_ns ||
	    losses->cgroup_count == THROTTLED_MAX)
		return 0;
	cgroup = &losses->cgroups[losses->cgroup_count++];
	*cgroup = (struct throttled){ .key = *key,
				      .dropped = bucket->dropped,
				      .seen_ns = losses->looked_ns };
	return throttled_tell(cgroup, true, look, err);
}

static int buckets_look(struct collector *collector,
			const struct collect_look *look, struct err *err)
{
	int fd = programs_map(&collector->programs, "throttle");
	struct throttle_key key, *before = NULL;
	struct throttle_bucket bucket;
	int rc = 0;

	/* A bucket that goes meanwhile starts the list again: bounded. */
	for (unsigned i = 0; i < 2 * THROTTLE_ENTRIES && !rc; i++) {
		if (bpf_map_get_next_key(fd, before, &key))
			break;
		before = &key;
		if (bpf_map_lookup_elem(fd, &key, &bucket) == 0 &&
		    bucket.dropped && key.stream < STREAM_COUNT)
			rc = bucket_look(&collector->losses, &key, &bucket,
					 look, err);
	}
	return rc;
}

static int throttled_end(struct losses *losses, const struct collect_look *look,
			 struct err *err)
{
	unsigned kept = 0;
	int rc = 0;

	for (unsigned i = 0; i < losses->cgroup_count; i++) {
		struct throttled cgroup = losses->cgroups[i];

		if (!rc && cgroup.seen_ns + (int64_t)THROTTLE_END_NS <
				   losses->looked_ns)
			rc = throttled_tell(&cgroup, false, look, err);
		else
			losses->cgroups[kept++] = cgroup;
	}
	losses->cgroup_count = kept;
	return rc;
}

int collector_look(struct collector *collector, const struct collect_look *look,
		   struct err *err)
{
	int fd = programs_map(&collector->programs, "looked_at");
	struct losses *losses = &collector->losses;
	int64_t before_ns = losses->looked_ns;
	uint64_t now_ns = (uint64_t)collect_now_ns();
	uint64_t throttled = 0, was_throttled = 0;
	uint32_t zero = 0;
	int rc;

	if (bpf_map_update_elem(fd, &zero, &now_ns, BPF_ANY))
		return err_set(err, ERR_MACHINE, -errno,
			       "cannot write a kernel map: %s",
			       strerror(errno));
	losses->looked_ns = (int64_t)now_ns;
	slots_turn(collector, losses->looked_ns);
	rc = counters_read(collector, err);
	if (!rc)
		rc = programs_look(&collector->programs, err);
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT && !rc; s++) {
		was_throttled += losses->throttled[s];
		if (collector->streams & HANDLER_STREAM(s))
			rc = stream_losses(collector, s, look, before_ns, err);
		throttled += losses->throttled[s];
	}
	losses->list |= throttled != was_throttled || losses->cgroup_count;
	if (rc || !losses->list ||
	    losses->looked_ns < losses->listed_ns + THROTTLE_LIST_NS)
		return rc;
	losses->list = false;
	losses->listed_ns = losses->looked_ns;
	rc = buckets_look(collector, look, err);
	return rc ? rc : throttled_end(losses, look, err);
}
