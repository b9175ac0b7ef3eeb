/* SPDX-License-Identifier: Apache-2.0 */
/* What compiling a rule set gives, as files of one folder. */
#ifndef SHRIKE_DAEMON_PRODUCT_H
#define SHRIKE_DAEMON_PRODUCT_H

#include "user/daemon/ruleset.h"

/*
 * Write every product of the rule set into `folder`, which is made when it is
 * not there (its parent must be). An object of an earlier run is removed when
 * these rules have none. Negative errno: some may be new and some old.
 */
int products_write(const struct ruleset *ruleset, const char *folder,
		   struct err *err);

#endif
