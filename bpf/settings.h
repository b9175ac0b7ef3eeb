/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * What user space tells a collector before it is loaded: constants to the
 * verifier. They are alone in their section, so that they lie at its start.
 */
#ifndef SHRIKE_BPF_SETTINGS_H
#define SHRIKE_BPF_SETTINGS_H

#include <linux/types.h>

#define COLLECT_SETTINGS_SECTION ".rodata.settings"

struct collect_settings {
	__u64 snapshot_ts;  /* head.ts of process.snapshot, boot-time clock */
	__u64 wakeup_bytes; /* wake the reader when the ring holds this much */
	__u32 self_tgid;    /* whose events are dropped; 0: nobody's */
	__u32 pad;
};

#endif
