// SPDX-License-Identifier: Apache-2.0
/*
 * What the tree of processes tells of an event's process: who its ancestors are,
 * who leads its session, and how that session came to be.
 *
 * The way in (entry_type) is what the nearest ancestor that lets somebody or
 * something in says by its name; a process whose ancestors end at init without
 * one is judged by the ancestors of its session's leader, which it may have
 * left behind, then by its terminal, then by its pid namespace.
 */
#include "stream/process_table_int.h"

#include <string.h>

#define PID_NAMESPACE_HOST 0xEFFFFFFCLL /* PROC_PID_INIT_INO */
#define WALK_MAX 64

static bool asked(const struct process_table *table, unsigned column)
{
	return table->ambient & PROCESS_AMBIENT(column);
}

static const struct process *parent_of(const struct process_table *table,
				       const struct process *process)
{
	return process && process->parent_key ?
		       process_find(table, value_int(process->parent_key)) :
		       NULL;
}

static struct value context_value(const struct process *process,
				  unsigned column)
{
	return process && process->context ?
		       process->context->values[column - COL_CONTEXT_FIRST] :
		       value_null();
}

/* --- ancestors -------------------------------------------------------------*/

static struct value ancestors(struct process_table *table,
			      const struct process *process)
{
	uint8_t *bytes = table->ancestors;
	uint32_t len = 0;

	for (unsigned n = 0; n < PROCESS_ANCESTORS_MAX; n++) {
		struct value name = context_value(process, COL_name);
		uint32_t name_len = name.len;

		if (name.type != VALUE_TEXT)
			break;
		if (name_len > NAME_BYTES_MAX)
			name_len = NAME_BYTES_MAX;
		if (name_len)
			memcpy(bytes + len, name.p, name_len);
		len += name_len;
		bytes[len++] = 0;
		process = parent_of(table, process);
	}
	return len ? value_bytes(VALUE_LIST, bytes, len) : value_null();
}

/* --- entry_type ------------------------------------------------------------*/

static const struct {
	const char *name;
	const char *entry;
} doors[] = {
	{ "sshd", "sshd" },
	{ "sshd-session", "sshd" },
	{ "dropbear", "sshd" },
	{ "tinysshd", "sshd" },
	{ "cron", "cron" },
	{ "crond", "cron" },
	{ "anacron", "cron" },
	{ "fcron", "cron" },
	{ "atd", "cron" },
	{ "login", "terminal" },
	{ "agetty", "terminal" },
	{ "getty", "terminal" },
	{ "gdm-session-worker", "terminal" },
	{ "lightdm", "terminal" },
	{ "sddm", "terminal" },
	{ "gnome-terminal-server", "terminal" },
	{ "konsole", "terminal" },
	{ "xterm", "terminal" },
	{ "tmux", "terminal" },
	{ "screen", "terminal" },
	{ "containerd-shim", "container" },
	{ "containerd-shim-runc-v1", "container" },
	{ "containerd-shim-runc-v2", "container" },
	{ "docker-containerd-shim", "container" },
	{ "conmon", "container" },
	{ "runc", "container" },
	{ "crun", "container" },
	{ "lxc-start", "container" },
	{ "systemd-nspawn", "container" },
};

static const char *door(const struct process *process)
{
	struct value name = context_value(process, COL_name);

	if (process->is_kernel)
		return "kthread";
	for (unsigned i = 0; i < ARRAY_SIZE(doors); i++)
		if (name.type == VALUE_TEXT &&
		    strlen(doors[i].name) == name.len &&
		    memcmp(doors[i].name, name.p, name.len) == 0)
			return doors[i].entry;
	return NULL;
}

/* The nearest door above; *ret_init: the way up ends at pid 1. */
static const char *door_above(const struct process_table *table,
			      const struct process *process, bool *ret_init)
{
	for (unsigned n = 0; process && n < WALK_MAX; n++) {
		const struct process *parent = parent_of(table, process);
		const char *entry = parent ? door(parent) : NULL;

		if (entry)
			return entry;
		*ret_init |= (process->key & ((1 << PID_KEY_SHIFT) - 1)) == 1;
		process = parent;
	}
	return NULL;
}

static const char *entry_type(const struct process_table *table,
			      const struct row *row, const struct process *self,
			      const struct process *leader)
{
	struct value tty = row_get(row, COL_tty);
	struct value pid_ns = row_get(row, COL_pid_ns);
	const char *entry;
	bool init = false;

	if (self && self->is_kernel)
		return "kthread";
	entry = door_above(table, self, &init);
	if (!entry && leader && leader != self)
		entry = door_above(table, leader, &init);
	if (entry)
		return entry;
	if (tty.type == VALUE_INT && tty.i)
		return "terminal";
	if (pid_ns.type == VALUE_INT && pid_ns.i &&
	    pid_ns.i != PID_NAMESPACE_HOST)
		return "container";
	return init ? "init" : NULL;
}

/* --- all of them -----------------------------------------------------------*/

void process_table_fill_ambient(struct process_table *table, struct row *row)
{
	struct value sid = row_get(row, COL_sid);
	const struct process *self, *leader = NULL;

	if (!(table->ambient & PROCESS_AMBIENT_ALL))
		return;
	self = process_find(table, row_get(row, COL_pid_key));
	if (sid.type == VALUE_INT && sid.i)
		leader = process_find_pid(table, sid.i);
	if (asked(table, COL_ancestors))
		row->values[COL_ancestors] = ancestors(
			table,
			process_find(table, row_get(row, COL_parent_key)));
	if (asked(table, COL_session_leader_exe))
		row->values[COL_session_leader_exe] =
			context_value(leader, COL_exe);
	if (asked(table, COL_entry_type)) {
		const char *entry = entry_type(table, row, self, leader);

		row->values[COL_entry_type] =
			entry ? value_text(entry) : value_null();
	}
}
