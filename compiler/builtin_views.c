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
	{ .name = "network.connections",
	  .alias = "n",
	  .sql = "SELECT pid, proto, peer_ip AS src_ip, peer_port AS src_port, "
		 "local_ip AS dst_ip, local_port AS dst_port, "
		 "'accepted' AS state, ts AS collection_time, ts, pid_key, "
		 "parent_key FROM network.accept",
	  .kind = "state",
	  .only = "accepted" },
	{ .name = "network.connections",
	  .alias = "n",
	  .sql = "SELECT pid, proto, local_ip AS src_ip, "
		 "local_port AS src_port, peer_ip AS dst_ip, "
		 "peer_port AS dst_port, 'closed' AS state, bytes_sent, "
		 "bytes_received AS bytes_recv, ts AS collection_time, ts, "
		 "pid_key, parent_key FROM network.close",
	  .kind = "state",
	  .only = "closed" },
	{ .name = "fs.events",
	  .alias = "f",
	  .sql = "SELECT pid, CASE WHEN created THEN 'create' "
		 "WHEN is_write THEN 'write' ELSE 'read' END AS op, path, "
		 "ts AS collection_time, ts, pid_key, parent_key "
		 "FROM file.open",
	  .operation = "op",
	  .operations = file_operations },
	{ .name = "fs.events",
	  .alias = "f",
	  .sql = "SELECT pid, 'delete' AS op, path, ts AS collection_time, ts, "
		 "pid_key, parent_key FROM file.unlink",
	  .kind = "op",
	  .only = "delete" },
	{ .name = "fs.events",
	  .alias = "f",
	  .sql = "SELECT pid, 'rename' AS op, path, old_path, "
		 "ts AS collection_time, ts, pid_key, parent_key "
		 "FROM file.rename",
	  .kind = "op",
	  .only = "rename" },
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

const struct builtin_view *builtin_view_only(const struct builtin_view *view,
					     const char *kind, const char *text)
{
	for (unsigned i = 0; i < ARRAY_SIZE(views); i++)
		if (views[i].only && strcmp(views[i].name, view->name) == 0 &&
		    strcmp(views[i].kind, kind) == 0 &&
		    strcmp(views[i].only, text) == 0)
			return &views[i];
	return NULL;
}
