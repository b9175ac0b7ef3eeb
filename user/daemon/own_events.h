/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's own events, sensor.loss, sensor.throttle, sensor.start and
 * sensor.clock: made here as wire records, kept until the sensor takes them in.
 */
#ifndef SHRIKE_DAEMON_OWN_EVENTS_H
#define SHRIKE_DAEMON_OWN_EVENTS_H

#include "user/collect/collect.h"
#include "user/daemon/clock_watch.h"

struct own_events {
	struct buf records; /* one after the other, each at a multiple of 8 */
	uint64_t seq[STREAM_COUNT];
};

/* `now_ns`, boot-time clock, becomes the event's time. -ENOMEM or 0. */
int own_loss(struct own_events *own, const struct collect_loss *loss,
	     int64_t now_ns, struct err *err);
int own_throttle(struct own_events *own,
		 const struct collect_throttle *throttle, int64_t now_ns,
		 struct err *err);
/* `left_out`: rules that this machine cannot run. */
int own_start(struct own_events *own, unsigned rules, unsigned left_out,
	      bool reload, int64_t now_ns, struct err *err);
int own_clock(struct own_events *own, const struct clock_change *change,
	      int64_t now_ns, struct err *err);

/* Hands over what is kept; `fn` may add more, which stays for the next time. */
int own_events_take(struct own_events *own, collect_record_fn *fn, void *ctx,
		    struct err *err);
void own_events_release(struct own_events *own);

#endif
