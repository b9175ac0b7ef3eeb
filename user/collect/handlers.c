// SPDX-License-Identifier: Apache-2.0
#include "user/collect/handlers.h"

#include "user/base/catalog.h"
#include "user/base/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>
#include <linux/io_uring.h>

#include "credential.skel.h"
#include "container.skel.h"
#include "datagram.skel.h"
#include "file.skel.h"
#include "file_attr.skel.h"
#include "file_lsm.skel.h"
#include "file_path.skel.h"
#include "kernel.skel.h"
#include "memory.skel.h"
#include "namespace.skel.h"
#include "network.skel.h"
#include "process.skel.h"

static const struct family families[FAMILY_COUNT] = {
	[FAMILY_PROCESS] = { "process", process_bpf__elf_bytes, RING_LIFECYCLE,
			     "lifecycle_ring" },
	[FAMILY_FILE] = { "file", file_bpf__elf_bytes, RING_FILE,
			  "event_ring" },
	[FAMILY_FILE_PATH] = { "file_path", file_path_bpf__elf_bytes, RING_FILE,
			       "event_ring" },
	[FAMILY_FILE_ATTR] = { "file_attr", file_attr_bpf__elf_bytes, RING_FILE,
			       "event_ring" },
	[FAMILY_FILE_LSM] = { "file_lsm", file_lsm_bpf__elf_bytes, RING_FILE,
			      NULL },
	[FAMILY_NETWORK] = { "network", network_bpf__elf_bytes, RING_NETWORK,
			     "event_ring" },
	[FAMILY_NAMESPACE] = { "namespace", namespace_bpf__elf_bytes,
			       RING_LIFECYCLE, "lifecycle_ring" },
	[FAMILY_CREDENTIAL] = { "credential", credential_bpf__elf_bytes,
				RING_SYSTEM, "event_ring" },
	[FAMILY_MEMORY] = { "memory", memory_bpf__elf_bytes, RING_SYSTEM,
			    "event_ring" },
	[FAMILY_KERNEL] = { "kernel", kernel_bpf__elf_bytes, RING_SYSTEM,
			    "event_ring" },
	[FAMILY_CONTAINER] = { "container", container_bpf__elf_bytes,
			       RING_LIFECYCLE, "lifecycle_ring" },
	[FAMILY_DATAGRAM] = { "datagram", datagram_bpf__elf_bytes, RING_NETWORK,
			      "event_ring" },
};

/*
 * Since 6.16 the exit hook says which thread is the last. Its first parameter is
 * the tracepoint's own, then (task, last?).
 */
static bool exit_tells_last(const struct kernel_offer *offer)
{
	const struct btf_type *proto =
		kernel_tracepoint(offer, "sched_process_exit");

	return proto && btf_vlen(proto) >= 3;
}

static bool exit_tells_nothing(const struct kernel_offer *offer)
{
	return !exit_tells_last(offer);
}

static bool asks_old_creds(const struct collect_settings *settings)
{
	const __u64 *columns = settings->columns[STREAM_PROCESS_EXEC];

	return COLUMN_IN(columns, COL_PROCESS_EXEC_old_uid) ||
	       COLUMN_IN(columns, COL_PROCESS_EXEC_old_euid);
}

static bool asks_failed_exec(const struct collect_settings *settings)
{
	return settings->failed[STREAM_PROCESS_EXEC];
}

/* Until 6.9 the hook has the completion's members: eight with its own. */
static bool completion_is_whole(const struct kernel_offer *offer)
{
	const struct btf_type *proto =
		kernel_tracepoint(offer, "io_uring_complete");

	return proto && btf_vlen(proto) == 4;
}

static bool completion_is_members(const struct kernel_offer *offer)
{
	return !completion_is_whole(offer);
}

/* All that attempts need is the change of a socket's state. */
static bool outcomes_needed(const struct collect_settings *settings)
{
	return settings->failed[STREAM_NETWORK_CONNECT] ||
	       COLUMN_IN(settings->columns[STREAM_NETWORK_CONNECT],
			 COL_NETWORK_CONNECT_outcome);
}

/* Since 6.9; before, the type of the request is not there. */
static bool kernel_cuts_by_request(const struct kernel_offer *offer)
{
	return btf__find_by_name_kind(offer->btf, "io_ftrunc",
				      BTF_KIND_STRUCT) >= 0;
}

/* The tracepoint of requests was renamed in 6.4: a kernel has one of the two. */
static bool request_hook_is_new(const struct kernel_offer *offer)
{
	return !kernel_tracepoint(offer, hook_name(HOOK_io_uring_submit_sqe));
}

static bool request_hook_is_old(const struct kernel_offer *offer)
{
	return !kernel_tracepoint(offer, hook_name(HOOK_io_uring_submit_req));
}

#define SERVES(name) HANDLER_STREAM(STREAM_##name)
#define CALL(name)                         \
	{                                  \
		SLOT_##name, SLOT32_##name \
	}

/* A request to io_uring; the hook has two names, and old kernels have neither. */
#define REQUEST(name)                          \
	{                                      \
		IORING_OP_##name, CALL_NOWHERE \
	}

/* But for network.connect, which needs it for outcomes only. */
#define SOCKETCALL_STREAMS                                 \
	(SERVES(NETWORK_ACCEPT) | SERVES(NETWORK_CLOSE) |  \
	 SERVES(NETWORK_LISTEN) | SERVES(NETWORK_SOCKET) | \
	 SERVES(NETWORK_DATAGRAM) | SERVES(NETWORK_DNS))

static bool socketcall_needed(const struct collect_settings *settings)
{
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		if (settings->wanted[s] &&
		    SOCKETCALL_STREAMS & HANDLER_STREAM(s))
			return true;
	return outcomes_needed(settings);
}

static const struct handler table[] = {
	{ .program = "process_exec",
	  .family = FAMILY_PROCESS,
	  .hook = HOOK_sched_process_exec,
	  .streams = SERVES(PROCESS_EXEC) },
	{ .program = "process_prepare_exec",
	  .family = FAMILY_PROCESS,
	  .hook = HOOK_sched_prepare_exec,
	  .streams = SERVES(PROCESS_EXEC),
	  .optional = true,
	  .needed = asks_old_creds },
	{ .program = "process_exec_failed",
	  .family = FAMILY_PROCESS,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(execve), CALL(execveat) },
	  .streams = SERVES(PROCESS_EXEC),
	  .needed = asks_failed_exec },
	{ .program = "process_fork",
	  .family = FAMILY_PROCESS,
	  .hook = HOOK_sched_process_fork,
	  .streams = SERVES(PROCESS_FORK) | SERVES(PROCESS_NAMESPACE) },
	{ .program = "process_chdir",
	  .family = FAMILY_NAMESPACE,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(chdir), CALL(fchdir) },
	  .streams = SERVES(PROCESS_CHDIR) },
	{ .program = "process_exit",
	  .family = FAMILY_PROCESS,
	  .hook = HOOK_sched_process_exit,
	  .streams = SERVES(PROCESS_EXIT),
	  .fits = exit_tells_last },
	{ .program = "process_exit_live",
	  .family = FAMILY_PROCESS,
	  .hook = HOOK_sched_process_exit,
	  .streams = SERVES(PROCESS_EXIT),
	  .fits = exit_tells_nothing },
	{ .program = "process_snapshot",
	  .family = FAMILY_PROCESS,
	  .kind = HANDLER_ITERATOR,
	  .streams = SERVES(PROCESS_SNAPSHOT) },
#define FILE_CALLS(stream, object, name, ...)                    \
	{                                                        \
		.program = #name, .family = FAMILY_##object,     \
		.hook = HOOK_sys_exit, .calls = { __VA_ARGS__ }, \
		.streams = SERVES(stream)                        \
	}
#define REQUESTS(streams_, object, name, ...)                               \
	{ .program = #name "_request",                                      \
	  .family = FAMILY_##object,                                        \
	  .hook = HOOK_io_uring_submit_req,                                 \
	  .calls = { __VA_ARGS__ },                                         \
	  .streams = streams_,                                              \
	  .fits = request_hook_is_new,                                      \
	  .optional = true },                                               \
	{                                                                   \
		.program = #name "_request_sqe", .family = FAMILY_##object, \
		.hook = HOOK_io_uring_submit_sqe, .calls = { __VA_ARGS__ }, \
		.streams = streams_, .fits = request_hook_is_old,           \
		.optional = true                                            \
	}
	FILE_CALLS(FILE_RENAME, FILE_PATH, file_rename, CALL(rename),
		   CALL(renameat), CALL(renameat2)),
	REQUESTS(SERVES(FILE_RENAME), FILE_PATH, file_rename,
		 REQUEST(RENAMEAT)),
	FILE_CALLS(FILE_UNLINK, FILE_PATH, file_unlink, CALL(unlink),
		   CALL(unlinkat), CALL(rmdir)),
	REQUESTS(SERVES(FILE_UNLINK), FILE_PATH, file_unlink,
		 REQUEST(UNLINKAT)),
	FILE_CALLS(FILE_LINK, FILE_PATH, file_link, CALL(link), CALL(linkat),
		   CALL(symlink), CALL(symlinkat)),
	REQUESTS(SERVES(FILE_LINK), FILE_PATH, file_link, REQUEST(SYMLINKAT),
		 REQUEST(LINKAT)),
	FILE_CALLS(FILE_MOUNT, FILE_PATH, file_mount, CALL(mount), CALL(umount),
		   CALL(umount2), CALL(move_mount), CALL(pivot_root),
		   CALL(fsmount)),
	FILE_CALLS(FILE_DUP, FILE_PATH, file_dup, CALL(dup), CALL(dup2),
		   CALL(dup3), CALL(fcntl), CALL(fcntl64)),
	FILE_CALLS(FILE_ATTR, FILE_ATTR, file_attr_mode, CALL(chmod),
		   CALL(fchmod), CALL(fchmodat), CALL(fchmodat2)),
	FILE_CALLS(FILE_ATTR, FILE_ATTR, file_attr_owner, CALL(chown),
		   CALL(fchown), CALL(lchown), CALL(fchownat), CALL(chown16),
		   CALL(fchown16), CALL(lchown16)),
	FILE_CALLS(FILE_ATTR, FILE_ATTR, file_attr_times, CALL(utime),
		   CALL(utimes), CALL(futimesat), CALL(utimensat),
		   CALL(utimensat_time64)),
	FILE_CALLS(FILE_ATTR, FILE_ATTR, file_attr_xattr, CALL(setxattr),
		   CALL(lsetxattr), CALL(fsetxattr), CALL(setxattrat),
		   CALL(removexattr), CALL(lremovexattr), CALL(fremovexattr),
		   CALL(removexattrat)),
	FILE_CALLS(FILE_ATTR, FILE_ATTR, file_attr_flags, CALL(ioctl)),
	FILE_CALLS(FILE_ATTR, FILE_ATTR, file_attr_xflags, CALL(file_setattr)),
	FILE_CALLS(FILE_ATTR, FILE_ATTR, file_attr_size, CALL(truncate),
		   CALL(ftruncate), CALL(truncate64), CALL(ftruncate64)),
	REQUESTS(SERVES(FILE_ATTR), FILE_ATTR, file_attr_xattr,
		 REQUEST(FSETXATTR), REQUEST(SETXATTR)),
	{ .program = "file_attr_size_request",
	  .family = FAMILY_FILE_ATTR,
	  .hook = HOOK_io_uring_submit_req,
	  .calls = { { 55 /* IORING_OP_FTRUNCATE */, CALL_NOWHERE } },
	  .streams = SERVES(FILE_ATTR),
	  .fits = kernel_cuts_by_request,
	  .optional = true },
/* The paths of these streams as the kernel has them. */
#define FILE_LSM(stream, name, hook_)                        \
	{                                                    \
		.program = #name, .family = FAMILY_FILE_LSM, \
		.kind = HANDLER_LSM, .lsm_hook = hook_,      \
		.streams = SERVES(stream), .optional = true  \
	}
	FILE_LSM(FILE_RENAME, file_lsm_rename, "path_rename"),
	FILE_LSM(FILE_UNLINK, file_lsm_unlink, "path_unlink"),
	FILE_LSM(FILE_UNLINK, file_lsm_rmdir, "path_rmdir"),
	FILE_LSM(FILE_LINK, file_lsm_link, "path_link"),
	FILE_LSM(FILE_LINK, file_lsm_symlink, "path_symlink"),
	FILE_LSM(FILE_MOUNT, file_lsm_mount, "sb_mount"),
	FILE_LSM(FILE_MOUNT, file_lsm_umount, "sb_umount"),
	FILE_LSM(FILE_MOUNT, file_lsm_move, "move_mount"),
	FILE_LSM(FILE_MOUNT, file_lsm_pivot, "sb_pivotroot"),
	FILE_LSM(FILE_ATTR, file_lsm_chmod, "path_chmod"),
	FILE_LSM(FILE_ATTR, file_lsm_chown, "path_chown"),
	FILE_LSM(FILE_ATTR, file_lsm_truncate, "path_truncate"),
	{ .program = "file_open",
	  .family = FAMILY_FILE,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(open), CALL(creat), CALL(openat), CALL(openat2),
		     CALL(open_by_handle_at) },
	  .streams = SERVES(FILE_OPEN) },
	REQUESTS(SERVES(FILE_OPEN), FILE, file_open, REQUEST(OPENAT),
		 REQUEST(OPENAT2)),
	{ .program = "memory_memfd",
	  .family = FAMILY_MEMORY,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(memfd_create), CALL(memfd_secret) },
	  .streams = SERVES(MEMORY_MEMFD) },
	{ .program = "memory_map",
	  .family = FAMILY_MEMORY,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(mmap), CALL(mmap2), CALL(mprotect),
		     CALL(pkey_mprotect), CALL(shmat), CALL(ipc) },
	  .streams = SERVES(MEMORY_MAP) },
	{ .program = "kernel_module",
	  .family = FAMILY_KERNEL,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(init_module), CALL(finit_module),
		     CALL(delete_module) },
	  .streams = SERVES(KERNEL_MODULE) },
	{ .program = "kernel_module_name",
	  .family = FAMILY_KERNEL,
	  .hook = HOOK_module_load,
	  .streams = SERVES(KERNEL_MODULE),
	  .optional = true },
	{ .program = "kernel_bpf",
	  .family = FAMILY_KERNEL,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(bpf) },
	  .streams = SERVES(KERNEL_BPF) },
	{ .program = "container_create",
	  .family = FAMILY_CONTAINER,
	  .hook = HOOK_cgroup_mkdir,
	  .streams = SERVES(CONTAINER_EVENT) },
	{ .program = "container_remove",
	  .family = FAMILY_CONTAINER,
	  .hook = HOOK_cgroup_rmdir,
	  .streams = SERVES(CONTAINER_EVENT) },
	{ .program = "container_attach",
	  .family = FAMILY_CONTAINER,
	  .hook = HOOK_cgroup_attach_task,
	  .streams = SERVES(CONTAINER_EVENT) },
	{ .program = "process_cred",
	  .family = FAMILY_CREDENTIAL,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(setuid), CALL(setgid), CALL(setreuid), CALL(setregid),
		     CALL(setresuid), CALL(setresgid), CALL(setfsuid),
		     CALL(setfsgid), CALL(setgroups), CALL(setuid16),
		     CALL(setgid16), CALL(setreuid16), CALL(setregid16),
		     CALL(setresuid16), CALL(setresgid16), CALL(setfsuid16),
		     CALL(setfsgid16), CALL(setgroups16), CALL(capset) },
	  .streams = SERVES(PROCESS_CRED) },
	{ .program = "process_signal",
	  .family = FAMILY_CREDENTIAL,
	  .hook = HOOK_signal_generate,
	  .streams = SERVES(PROCESS_SIGNAL) },
	{ .program = "process_rename",
	  .family = FAMILY_CREDENTIAL,
	  .hook = HOOK_task_rename,
	  .streams = SERVES(PROCESS_RENAME) },
	{ .program = "process_ptrace",
	  .family = FAMILY_CREDENTIAL,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(ptrace), CALL(process_vm_readv),
		     CALL(process_vm_writev), CALL(pidfd_getfd) },
	  .streams = SERVES(PROCESS_PTRACE) },
	/* Behind process_cred: its ring is the one of process.cred. */
	{ .program = "process_namespace",
	  .family = FAMILY_NAMESPACE,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(unshare), CALL(setns) },
	  .streams = SERVES(PROCESS_NAMESPACE) | SERVES(PROCESS_CHDIR) |
		     SERVES(PROCESS_CRED) },
	{ .program = "network_state",
	  .family = FAMILY_NETWORK,
	  .hook = HOOK_inet_sock_set_state,
	  .streams = SERVES(NETWORK_CONNECT) | SERVES(NETWORK_ACCEPT) |
		     SERVES(NETWORK_LISTEN) | SERVES(NETWORK_CLOSE) },
	{ .program = "network_connect",
	  .family = FAMILY_DATAGRAM,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(connect) },
	  .streams = SERVES(NETWORK_CONNECT),
	  .needed = outcomes_needed },
	{ .program = "network_listen",
	  .family = FAMILY_DATAGRAM,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(listen) },
	  .streams = SERVES(NETWORK_LISTEN) },
	{ .program = "network_accept",
	  .family = FAMILY_DATAGRAM,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(accept), CALL(accept4) },
	  .streams = SERVES(NETWORK_ACCEPT) | SERVES(NETWORK_CLOSE) },
	{ .program = "network_uring",
	  .family = FAMILY_DATAGRAM,
	  .hook = HOOK_io_uring_complete,
	  .streams = SERVES(NETWORK_ACCEPT) | SERVES(NETWORK_CLOSE) |
		     SERVES(NETWORK_DNS),
	  .fits = completion_is_whole,
	  .optional = true },
	{ .program = "network_uring_members",
	  .family = FAMILY_DATAGRAM,
	  .hook = HOOK_io_uring_complete,
	  .streams = SERVES(NETWORK_ACCEPT) | SERVES(NETWORK_CLOSE) |
		     SERVES(NETWORK_DNS),
	  .fits = completion_is_members,
	  .optional = true },
	{ .program = "network_socket",
	  .family = FAMILY_DATAGRAM,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(socket) },
	  .streams = SERVES(NETWORK_SOCKET) },
	{ .program = "network_send",
	  .family = FAMILY_DATAGRAM,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(sendto), CALL(sendmsg), CALL(sendmmsg), CALL(send),
		     CALL(write), CALL(writev), CALL(pwritev2), CALL(sendfile),
		     CALL(sendfile64), CALL(splice) },
	  .streams = SERVES(NETWORK_DATAGRAM) | SERVES(NETWORK_DNS) },
	REQUESTS(SERVES(NETWORK_SOCKET), DATAGRAM, network_socket,
		 REQUEST(SOCKET)),
	REQUESTS(SERVES(NETWORK_DATAGRAM) | SERVES(NETWORK_DNS), DATAGRAM,
		 network_send, REQUEST(SEND), REQUEST(SENDMSG),
		 REQUEST(SEND_ZC), REQUEST(SENDMSG_ZC), REQUEST(WRITE),
		 REQUEST(WRITEV), REQUEST(WRITE_FIXED),
		 { 61 /* IORING_OP_WRITEV_FIXED */, CALL_NOWHERE }),
	{ .program = "network_receive",
	  .family = FAMILY_DATAGRAM,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(recvfrom), CALL(recvmsg), CALL(recvmmsg),
		     CALL(recvmmsg_time64), CALL(recv), CALL(read), CALL(readv),
		     CALL(preadv2) },
	  .streams = SERVES(NETWORK_DNS) },
	{ .program = "network_socketcall",
	  .family = FAMILY_DATAGRAM,
	  .hook = HOOK_sys_exit,
	  .calls = { CALL(socketcall) },
	  .streams = SERVES(NETWORK_CONNECT) | SOCKETCALL_STREAMS,
	  .needed = socketcall_needed },
};

const struct handler *handlers(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(table);
	return table;
}

const struct family *handler_family(enum family_id id)
{
	CHECK((unsigned)id < FAMILY_COUNT);
	return &families[id];
}

const char *hook_name(enum hook_id hook)
{
	static const char *const names[HOOK_COUNT] = {
#define CALL_HOOK(name) [HOOK_##name] = #name,
#define REQUEST_HOOK(name) [HOOK_##name] = #name,
#define PLAIN_HOOK(name) [HOOK_##name] = #name,
#include "bpf/hooks.def"
	};

	CHECK((unsigned)hook < HOOK_COUNT);
	return names[hook];
}

unsigned hook_slot_count(enum hook_id hook)
{
	static const uint16_t counts[HOOK_COUNT] = {
#define CALL_HOOK(name) [HOOK_##name] = CALL_SLOTS,
#define REQUEST_HOOK(name) [HOOK_##name] = REQUEST_SLOTS,
#define PLAIN_HOOK(name) [HOOK_##name] = 1,
#include "bpf/hooks.def"
	};

	CHECK((unsigned)hook < HOOK_COUNT);
	return counts[hook];
}

/* A call that this ABI has not takes no slot, the others keep their order. */
unsigned handler_slot(const struct handler *handler, unsigned index)
{
	if (hook_slot_count(handler->hook) == 1)
		return index ? CALL_NOWHERE : 0;
	for (unsigned i = 0; i < 2 * HANDLER_CALLS_MAX; i++) {
		const struct handler_call *call = &handler->calls[i / 2];
		unsigned slot = i % 2 ? call->slot32 : call->slot;

		/* No call is both 0 and 0: the rest of the array. */
		if (!call->slot && !call->slot32)
			break;
		if (slot != CALL_NOWHERE && index-- == 0)
			return slot;
	}
	return CALL_NOWHERE;
}

bool handler_hook_is_there(const struct handler *handler,
			   const struct kernel_offer *offer)
{
	char name[128];

	switch (handler->kind) {
	case HANDLER_SLOT:
		return kernel_tracepoint(offer, hook_name(handler->hook));
	case HANDLER_LSM:
		snprintf(name, sizeof(name), "bpf_lsm_%s", handler->lsm_hook);
		return offer->lsm && kernel_has_function(offer, name);
	case HANDLER_CGROUP:
		return offer->cgroup_fd >= 0;
	case HANDLER_ITERATOR:
		break;
	}
	return true;
}

/* The name of the first of the streams. */
static const char *first_name(uint64_t streams)
{
	return catalog_stream((enum stream_id)__builtin_ctzll(streams))->name;
}

static int refuse(const struct handler *handler, uint64_t streams,
		  struct err *err)
{
	if (handler->kind == HANDLER_CGROUP)
		return err_set(err, ERR_MACHINE, -ENOENT,
			       "no cgroup2 file system is mounted, which %s "
			       "needs",
			       first_name(streams));
	return err_set(err, ERR_MACHINE, -ENOENT,
		       "this kernel has no tracepoint %s, which %s needs",
		       hook_name(handler->hook), first_name(streams));
}

int handlers_choose(const struct kernel_offer *offer, uint64_t wanted,
		    bool *ret_chosen, struct err *err)
{
	uint64_t unserved = wanted;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct handler *handler = &table[i];
		uint64_t streams = handler->streams & wanted;

		ret_chosen[i] = false;
		if (!streams || (handler->fits && !handler->fits(offer)))
			continue;
		if (handler_hook_is_there(handler, offer)) {
			ret_chosen[i] = true;
			unserved &= ~streams;
		} else if (!handler->optional && handler->kind != HANDLER_LSM) {
			return refuse(handler, streams, err);
		}
	}
	if (unserved)
		return err_set(
			err, ERR_MACHINE, -ENOENT,
			"this kernel has no hook that %s can be had from",
			first_name(unserved));
	return 0;
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

bool handler_map_is_shared(const char *name)
{
	static const char *const shared[] = {
		"counters",	 "looked_at",  "throttle", "task_creds",
		"socket_owners", "exit_notes", "exited",   "captures",
	};

	return is_among(name, shared, ARRAY_SIZE(shared));
}

bool handler_map_is_of_generation(const char *name)
{
	static const char *const maps[] = {
		"process_term_bits",
		"join_keys",
		"join_closed",
		"bits_full",
	};

	return is_among(name, maps, ARRAY_SIZE(maps));
}

enum ring_class stream_ring(enum stream_id stream)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].streams & HANDLER_STREAM(stream))
			return families[table[i].family].ring;
	return RING_COUNT;
}
