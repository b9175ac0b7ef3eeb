// SPDX-License-Identifier: Apache-2.0
/*
 * A column of the older names that is not collected is not here: naming it is
 * an error. The identity of a process and the time of an event are, under
 * their names of today.
 */
#include "compiler/builtin_views.h"

#include "user/base/check.h"

#include <stddef.h>
#include <string.h>

static const struct builtin_operation file_operations[] = {
	{ "create", "created", false },
	{ "write", "is_write", false },
	{ "read", "is_write", true },
	{ NULL, NULL, false },
};

static const struct builtin_view views[] = {
	{ .name = "processes.snapshots",
	  .alias = "p",
	  .sql = "SELECT pid, ppid, name, exe AS executable_path, "
		 "cmdline AS command_line, start_ts AS start_time, cpu_usage, "
		 "memory_usage, executable_hash, uid AS user_id, status, "
		 "ts AS collection_time, ts, pid_key, parent_key "
		 "FROM process" },
	{ .name = "network.connections",
	  .alias = "n",
	  .sql = "SELECT pid, proto, src_ip, src_port, dst_ip, dst_port, "
		 "outcome AS state, ts AS collection_time, ts, pid_key, parent_key "
		 "FROM network.connect" },
	{ .name = "fs.events",
	  .alias = "f",
	  .sql = "SELECT pid, CASE WHEN created THEN 'create' "
		 "WHEN is_write THEN 'write' ELSE 'read' END AS op, path, "
		 "ts AS collection_time, ts, pid_key, parent_key "
		 "FROM file.open",
	  .operation = "op",
	  .operations = file_operations },
	{ .name = "kernel.image_loads",
	  .alias = "i",
	  .sql = "SELECT pid, module_name AS name, path, params, "
		 "ts AS collection_time, ts, pid_key, parent_key "
		 "FROM kernel.module WHERE op <> 'delete'" },
};

const struct builtin_view *builtin_view_at(unsigned index)
{
	return index < ARRAY_SIZE(views) ? &views[index] : NULL;
}

const struct builtin_view *builtin_view_by_name(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(views); i++)
		if (strcmp(views[i].name, name) == 0)
			return &views[i];
	return NULL;
}
