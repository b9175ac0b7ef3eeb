/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libbpf has to say, kept instead of printed: the one line that tells a
 * person why something failed.
 */
#ifndef SHRIKE_COLLECT_LIBBPF_LOG_H
#define SHRIKE_COLLECT_LIBBPF_LOG_H

#include "user/base/err.h"

#define LIBBPF_LOG_LINE_MAX 512

struct libbpf_log {
	char first[LIBBPF_LOG_LINE_MAX];    /* libbpf's first warning */
	char verifier[LIBBPF_LOG_LINE_MAX]; /* the verifier's last word */
};

/* From here to end, this thread's messages go to `log`; no nesting. */
void libbpf_log_begin(struct libbpf_log *log);
void libbpf_log_end(void);

/*
 * "`what`: reason (line)" as ERR_MACHINE; `code` is libbpf's negative errno.
 * Returns `code`.
 */
int libbpf_log_err(const struct libbpf_log *log, int code, const char *what,
		   struct err *err);

#endif
