/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Wire records: what a collector builds in its scratch memory, what a generated
 * predicate reads, and what crosses a ring buffer.
 *
 * A record is a fixed struct that starts with `struct event_head`, then the
 * bytes its blobs point at. In scratch a blob's bytes lie where the struct says
 * (`path_bytes` of `path`), so that a predicate can read them; on the ring they
 * are packed behind the fixed part, in any order, and the record ends at
 * head.size. The fixed part is what lies before the first such bytes. All
 * integers are in host order: a record never leaves the machine.
 */
#ifndef SHRIKE_BPF_EVENT_H
#define SHRIKE_BPF_EVENT_H

#include "bpf/path_sets.h"

#include <linux/types.h>

/* Changes whenever a struct of this file changes. */
#define EVENT_ABI 4

#define EVENT_COMM_SIZE 16
#define EVENT_PATH_SIZE 4096 /* PATH_MAX, power of two */
#define EVENT_ARGS_SIZE 8192 /* kept part of argv, power of two */

/* An optional number that is not there: shown as NULL (wire OPT). */
#define EVENT_NONE (-0x7fffffffffffffffLL - 1)

/*
 * Streams, in the order of bpf/fields.def. Below STREAM_VISIBLE_COUNT they can
 * be named in a rule; below STREAM_KERNEL_COUNT a kernel program makes them.
 */
enum stream_id {
	STREAM_PROCESS_EXEC,
	STREAM_PROCESS_FORK,
	STREAM_PROCESS_EXIT,
	STREAM_PROCESS_CHDIR,
	STREAM_CONTAINER_EVENT,
	STREAM_NETWORK_CONNECT,
	STREAM_FILE_OPEN,
	STREAM_PROCESS_CRED,
	STREAM_PROCESS_SIGNAL,
	STREAM_PROCESS_RENAME,
	STREAM_PROCESS_PTRACE,
	STREAM_PROCESS_NAMESPACE,
	STREAM_FILE_RENAME,
	STREAM_FILE_UNLINK,
	STREAM_FILE_LINK,
	STREAM_FILE_ATTR,
	STREAM_FILE_MOUNT,
	STREAM_FILE_DUP,
	STREAM_NETWORK_ACCEPT,
	STREAM_NETWORK_LISTEN,
	STREAM_NETWORK_CLOSE,
	STREAM_NETWORK_DNS,
	STREAM_NETWORK_DATAGRAM,
	STREAM_NETWORK_SOCKET,
	STREAM_MEMORY_MEMFD,
	STREAM_MEMORY_MAP,
	STREAM_KERNEL_MODULE,
	STREAM_KERNEL_BPF,
	STREAM_PROCESS,	     /* derived: see struct process_event */
	STREAM_SECURITY_LOG, /* from the journal or log files */
	STREAM_SECURITY_AUTH,
	STREAM_SENSOR_LOSS, /* the sensor's own */
	STREAM_SENSOR_THROTTLE,
	STREAM_SENSOR_START,
	STREAM_SENSOR_CLOCK,
	STREAM_PROCESS_SNAPSHOT, /* a process that was there at start */
	STREAM_PROCESS_SAMPLE, /* from /proc, see struct process_sample_event */
	STREAM_CONTAINER_INFO, /* what a cgroup is, from its runtime's files */
	STREAM_COUNT
};

#define STREAM_KERNEL_COUNT STREAM_PROCESS
_Static_assert((int)STREAM_COUNT <= PATH_SET_STREAMS_MAX, "path_set_settings");
#define STREAM_VISIBLE_COUNT STREAM_PROCESS_SNAPSHOT

/* From outside, and not made of other streams: nobody may have watched them. */
#define STREAM_IS_SECURITY(s) \
	((s) == STREAM_SECURITY_LOG || (s) == STREAM_SECURITY_AUTH)
#define STREAM_IS_COLLECTED(s) \
	((s) < STREAM_KERNEL_COUNT || STREAM_IS_SECURITY(s))

/*
 * Lifecycle streams build the process and container tables: they have a ring of
 * their own and are never filtered. Exec, fork and exit are always collected,
 * the others when a rule reads what they tell.
 */
#define STREAM_IS_LIFECYCLE(s) ((s) <= STREAM_CONTAINER_EVENT)
#define STREAM_IS_ALWAYS(s) ((s) <= STREAM_PROCESS_EXIT)

/* event_head.truncated: which variable part is not whole. */
enum event_part {
	EVENT_PART_EXE = 1 << 0,
	EVENT_PART_ARGS = 1 << 1,
	EVENT_PART_PATH = 1 << 2,
	EVENT_PART_FILENAME = 1 << 3,
	EVENT_PART_OLD_PATH = 1 << 4,
	EVENT_PART_CWD = 1 << 5,
	EVENT_PART_ENV = 1 << 6,
	EVENT_PART_PAYLOAD = 1 << 7,
};

/* event_head.flags */
enum event_flag {
	EVENT_FLAG_COMPAT = 1 << 0,	 /* a 32-bit system call */
	EVENT_FLAG_EXE_MEMFD = 1 << 1,	 /* exec: the file is a memfd */
	EVENT_FLAG_EXE_DELETED = 1 << 2, /* exec: the file has no name left */
	EVENT_FLAG_KTHREAD = 1 << 3,	 /* a kernel thread */
	EVENT_FLAG_IO_URING = 1 << 4,	 /* asked for through io_uring */
	EVENT_FLAG_EXE_UPPER_LAYER = 1 << 5, /* exec: overlay's upper layer */
	EVENT_FLAG_THREAD = 1 << 6,	     /* fork: a thread, not a process */
	EVENT_FLAG_SENDER = 1 << 7, /* of a log: all ones in the head is NULL */
	EVENT_FLAG_NOBODY = 1 << 8, /* what the head has of a process is NULL */
};

/* event_head.source: where the event's own columns come from. */
enum event_source {
	EVENT_SOURCE_KERNEL,  /* the kernel's own objects, at a tracepoint */
	EVENT_SOURCE_SYSCALL, /* arguments that the caller could still change */
	EVENT_SOURCE_LSM,     /* the kernel's own objects, at an LSM hook */
	EVENT_SOURCE_SNAPSHOT, /* what was there at start */
	EVENT_SOURCE_USER, /* read in user space: /proc, a log, the sensor */
};

/*
 * Identity of a process that survives pid reuse: its start on the boot-time
 * clock in units of 100 us, and its pid (at most 22 bits, PID_MAX_LIMIT). Two
 * processes share it only if the host runs through all its pids in 100 us.
 * Non-negative as a 64-bit signed integer for 6 years of uptime.
 */
#define PID_KEY_SHIFT 22
#define PID_KEY_UNIT_NS 100000ULL
#define PID_KEY(start_ns, pid)                                      \
	((((__u64)(start_ns) / PID_KEY_UNIT_NS) << PID_KEY_SHIFT) | \
	 (__u64)(pid))

/* Bytes in the record: from the record's start, `len` of them, no NUL. */
struct event_blob {
	__u16 off;
	__u16 len;
};

/* One bit per term on a process; see bpf/process_terms.h. */
struct process_terms {
	__u64 words[4];
};

/*
 * Where no cgroup v2 tells processes apart, head.cgroup_id is of the v1 hierarchy
 * of a controller, which has ids of its own, with this bit.
 */
#define EVENT_CGROUP_V1 (1ULL << 62)

/* Of which controller; none: v2 alone. */
enum cgroup_controller {
	CGROUP_NONE,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_DEVICES,
	CGROUP_CPU,
	CGROUP_FREEZER,
	CGROUP_CONTROLLER_COUNT
};

/*
 * Which rules may use the event: a bit for a scan of one, or for several. What a
 * clear bit stands for has no use for it. All ones where nothing is known.
 */
struct event_hint {
	__u64 bits;
};

struct event_head {
	__u16 stream; /* enum stream_id */
	__u16 abi;    /* EVENT_ABI */
	__u32 size;   /* bytes on the ring, this head included */
	__u64 ts;     /* boot-time clock, ns, taken after reserve */
	__u64 seq;    /* counts per CPU and stream; a hole proves loss */
	__u64 pid_key;
	__u64 parent_key;
	__u64 cgroup_id;
	__u64 start_ns;	 /* of the thread group leader, boot-time clock */
	__u64 caps_eff;	 /* effective capabilities */
	__s64 retval;	 /* of the system call; EVENT_NONE: there is none */
	__u64 join_keys; /* slots of the process that are alive */
	struct event_hint hint;	    /* as the rules of `generation` have them */
	struct process_terms terms; /* of the process */
	struct process_terms parent_terms; /* of its parent */
	__u32 cpu;
	__u32 pid; /* thread group id, as the host sees it */
	__u32 tid;
	__u32 ppid;
	__u32 uid;
	__u32 euid;
	__u32 gid;
	__u32 egid;
	__u32 loginuid;
	__u32 sid;
	__u32 pgid;
	__u32 ns_pid; /* pid in the process's own pid namespace */
	__u32 pid_ns; /* namespace inode numbers */
	__u32 mnt_ns;
	__u32 net_ns;
	__u32 user_ns;
	__u32 truncated; /* enum event_part */
	__u32 flags;	 /* enum event_flag */
	__u32 tty;	 /* major << 20 | minor, 0: none */
	__u32 parent_uid;
	__u32 source;	  /* enum event_source */
	__u32 generation; /* of the rules whose program saw it */
	char comm[EVENT_COMM_SIZE];
};

#define EVENT_ENV_SIZE 4096

/* Of what does not fit the end is kept, too: the last so many bytes. */
#define EVENT_ARGS_TAIL 2048
#define EVENT_ENV_TAIL 2048

/* process.exec and, for what was there at start, process.snapshot. */
struct process_exec_event {
	struct event_head head;
	__s64 old_uid; /* before the exec; EVENT_NONE: not known */
	__s64 old_euid;
	__u64 exe_ino;
	__u32 exe_dev;		/* major << 20 | minor */
	__u32 old_pid;		/* tid that called execve, before de_thread */
	__u32 args_total_bytes; /* length of argv before it was cut */
	struct event_blob filename;
	struct event_blob interp;
	struct event_blob exe;
	struct event_blob cwd;
	struct event_blob args; /* each argument ended by a NUL */
	struct event_blob env;	/* likewise, all names */
	__u32 exec_id;		/* how many execs, see process_bits.h */
	char exe_bytes[EVENT_PATH_SIZE];
	char filename_bytes[EVENT_PATH_SIZE];
	char interp_bytes[EVENT_PATH_SIZE];
	char cwd_bytes[EVENT_PATH_SIZE];
	/* One byte more for the NUL of a last argument that lacks it. */
	char args_bytes[EVENT_ARGS_SIZE + 8];
	char env_bytes[EVENT_ENV_SIZE];
};

struct process_fork_event {
	struct event_head head; /* the creator */
	__u64 child_key;
	__u64 child_parent_key; /* not the creator's with CLONE_PARENT */
	__u64 child_start_ns;
	__u64 clone_flags; /* as far as the child shows them */
	__u32 child_pid;
	__u32 child_ppid;
};

struct process_exit_event {
	struct event_head head;
	__u32 code;   /* exit status, 0 when a signal ended it */
	__u32 signal; /* 0 when it exited by itself */
	__u64 runtime_ns;
};

struct process_chdir_event {
	struct event_head head;
	struct event_blob path; /* the new working directory */
	__u32 pad;
	char path_bytes[EVENT_PATH_SIZE];
};

enum container_op { CONTAINER_CREATE, CONTAINER_REMOVE, CONTAINER_ATTACH };

/* A cgroup was made, removed, or got a process (of head: who did that). */
struct container_event_event {
	struct event_head head;
	__u64 cgroup;		/* which */
	__u64 attached_key;	/* attach: the process that moved */
	__u32 op;		/* enum container_op */
	__u32 hierarchy;	/* cgroup v1: its number; 0: the unified one */
	struct event_blob path; /* within its hierarchy */
	__u32 pad;
	char path_bytes[EVENT_PATH_SIZE];
};

enum cred_call {
	CRED_SETUID,
	CRED_SETREUID,
	CRED_SETRESUID,
	CRED_SETFSUID,
	CRED_SETGID,
	CRED_SETREGID,
	CRED_SETRESGID,
	CRED_SETFSGID,
	CRED_SETGROUPS,
	CRED_CAPSET,
};

/* Old values: EVENT_NONE when they are not known. */
struct process_cred_event {
	struct event_head head;
	__s64 old_uid, old_euid, old_gid, old_egid;
	__s64 old_caps; /* effective */
	__u64 new_caps;
	__u32 new_uid, new_euid, new_gid, new_egid;
	__u32 call; /* enum cred_call */
	__u32 pad;
};

struct process_signal_event {
	struct event_head head; /* the sender */
	__u64 target_key;
	__u32 target_pid;
	__u32 signal;
	__s32 code; /* si_code */
	__u32 pad;
};

struct process_rename_event {
	struct event_head head;
	char old_comm[EVENT_COMM_SIZE];
	char new_comm[EVENT_COMM_SIZE];
};

enum ptrace_call {
	PTRACE_CALL_PTRACE,
	PTRACE_CALL_VM_READ,
	PTRACE_CALL_VM_WRITE,
	PTRACE_CALL_PIDFD_GETFD,
};

struct process_ptrace_event {
	struct event_head head;
	__u64 target_key; /* 0: gone */
	__u32 target_pid;
	__u32 call;    /* enum ptrace_call */
	__s64 request; /* of ptrace(); EVENT_NONE: another call */
};

enum namespace_call { NAMESPACE_UNSHARE, NAMESPACE_SETNS, NAMESPACE_CLONE };

struct process_namespace_event {
	struct event_head head;
	__u64 flags; /* CLONE_NEW* that took effect */
	__u32 call;  /* enum namespace_call */
	__u32 pad;
};

enum connect_outcome {
	CONNECT_ATTEMPTED, /* TCP: the first packet is about to be sent */
	CONNECT_ESTABLISHED,
	CONNECT_FAILED, /* head.retval says why */
};

/*
 * TCP: the socket left CLOSE for SYN_SENT in the caller's context. Rows with
 * another outcome are for rules that read `outcome`: the attempt has come to an
 * end. UDP: connect() returned, which has only such a row. The head of a later
 * row is that of the attempt.
 */
struct network_connect_event {
	struct event_head head;
	__s64 cookie;	 /* SO_COOKIE; EVENT_NONE: it has none yet */
	__u16 family;	 /* AF_INET, AF_INET6 */
	__u16 proto;	 /* IPPROTO_* */
	__u16 src_port;	 /* host order; 0 while the kernel has not chosen one */
	__u16 dst_port;	 /* host order */
	__u8 src_ip[16]; /* network order; the first 4 bytes for AF_INET */
	__u8 dst_ip[16];
	__u32 outcome; /* enum connect_outcome */
	__u32 pad;
};

struct network_accept_event {
	struct event_head head;
	__u64 cookie;
	__u16 family;
	__u16 proto;
	__u16 local_port;
	__u16 peer_port;
	__u8 local_ip[16];
	__u8 peer_ip[16];
	__s64 fd; /* EVENT_NONE: it failed */
};

struct network_listen_event {
	struct event_head head;
	__u64 cookie;
	__u16 family;
	__u16 proto;
	__u16 local_port;
	__u16 pad;
	__u8 local_ip[16];
	__u32 backlog;
	__u32 pad2;
};

/*
 * The head is of who connected or accepted, as it was then. When that is not
 * known its pid is 0: the connection is older than the sensor, nobody had
 * accepted it, or more were open than we keep.
 */
struct network_close_event {
	struct event_head head;
	__u64 cookie;
	__u16 family;
	__u16 proto;
	__u16 local_port;
	__u16 peer_port;
	__u8 local_ip[16];
	__u8 peer_ip[16];
	__u64 bytes_sent; /* acknowledged by the peer */
	__u64 bytes_received;
};

#define EVENT_QNAME_SIZE 256
#define EVENT_DNS_SIZE 1024

/* A message to or from port 53, from its own bytes. */
struct network_dns_event {
	struct event_head head;
	__s64 rcode; /* EVENT_NONE: a query */
	__u16 family;
	__u16 proto;
	__u16 server_port;
	__u16 qtype;
	__u8 server[16];
	__u8 is_response;
	__u8 pad[3];
	/* With dots, without the last, letters small; off 0: not to be read. */
	struct event_blob qname;
	struct event_blob message; /* the DNS message, for its answers */
	char qname_bytes[EVENT_QNAME_SIZE];
	char message_bytes[EVENT_DNS_SIZE];
};

struct network_datagram_event {
	struct event_head head;
	__s64 cookie; /* EVENT_NONE: it has none yet */
	__u64 length; /* bytes sent, 0 when it failed */
	__u16 family;
	__u16 proto; /* IPPROTO_*; of a raw socket any */
	__u16 src_port;
	__u16 dst_port;
	__u8 src_ip[16];
	__u8 dst_ip[16];
};

struct network_socket_event {
	struct event_head head;
	__u32 domain; /* AF_* */
	__u32 type;   /* SOCK_*, without flags */
	__u32 protocol;
	__u32 pad;
	__s64 fd; /* EVENT_NONE: it failed */
};

struct file_open_event {
	struct event_head head;
	__u64 ino;
	__s64 fd;      /* EVENT_NONE: it failed, or is not known yet */
	__u32 dev;     /* major << 20 | minor */
	__u32 flags;   /* O_*, as the file has them, or as asked for */
	__u32 mode;    /* st_mode of the opened file, 0: there is none */
	__u8 is_write; /* opened for writing */
	__u8 created;  /* the call created the file */
	__u8 pad[2];
	struct event_blob path; /* its bytes are path_bytes */
	__u32 pad2;
	char path_bytes[EVENT_PATH_SIZE];
	struct path_groups path_groups; /* never on a ring */
	struct path_name path_name;	/* likewise */
};

/* Of a rename, link or unlink: `path` is what the call named. */
struct file_rename_event {
	struct event_head head;
	__u32 flags; /* RENAME_* */
	struct event_blob old_path;
	struct event_blob path;
	__u32 pad;
	char old_path_bytes[EVENT_PATH_SIZE];
	char path_bytes[EVENT_PATH_SIZE];
};

struct file_unlink_event {
	struct event_head head;
	struct event_blob path;
	__u8 is_dir;
	__u8 pad[3];
	char path_bytes[EVENT_PATH_SIZE];
};

enum file_link_kind { FILE_LINK_HARD, FILE_LINK_SYMBOLIC };

struct file_link_event {
	struct event_head head;
	__u32 kind;		  /* enum file_link_kind */
	struct event_blob path;	  /* the new name */
	struct event_blob target; /* hard: path; symbolic: the text as given */
	__u32 pad;
	char path_bytes[EVENT_PATH_SIZE];
	char target_bytes[EVENT_PATH_SIZE];
};

enum file_attr_op {
	FILE_ATTR_CHMOD,
	FILE_ATTR_CHOWN,
	FILE_ATTR_UTIMES,
	FILE_ATTR_SETXATTR,
	FILE_ATTR_REMOVEXATTR,
	FILE_ATTR_FLAGS,
	FILE_ATTR_TRUNCATE,
};

#define EVENT_XATTR_SIZE 256

/* What the operation does not set is EVENT_NONE. */
struct file_attr_event {
	struct event_head head;
	__s64 new_mode;
	__s64 new_uid;
	__s64 new_gid;
	__s64 new_mtime; /* ns since 1970 */
	__s64 new_flags; /* FS_*_FL */
	__s64 new_size;
	__u32 op; /* enum file_attr_op */
	struct event_blob path;
	struct event_blob xattr; /* its name */
	__u32 pad;
	char path_bytes[EVENT_PATH_SIZE];
	char xattr_bytes[EVENT_XATTR_SIZE];
};

enum file_mount_op {
	FILE_MOUNT_MOUNT,
	FILE_MOUNT_UMOUNT,
	FILE_MOUNT_MOVE,
	FILE_MOUNT_PIVOT_ROOT,
	FILE_MOUNT_FSMOUNT,
};

#define EVENT_FSTYPE_SIZE 32

struct file_mount_event {
	struct event_head head;
	__u64 flags;		/* MS_* */
	__u32 op;		/* enum file_mount_op */
	struct event_blob path; /* where */
	struct event_blob src;
	struct event_blob fstype;
	char path_bytes[EVENT_PATH_SIZE];
	char src_bytes[EVENT_PATH_SIZE];
	char fstype_bytes[EVENT_FSTYPE_SIZE];
};

struct file_dup_event {
	struct event_head head;
	__s64 new_fd; /* EVENT_NONE: it failed, and none was asked for */
	__u32 old_fd;
	__u8 is_socket;
	__u8 pad[3];
};

/* memfd_create, or memfd_secret, which takes no name. */
struct memory_memfd_event {
	struct event_head head;
	__s64 fd; /* EVENT_NONE: the call failed */
	__u32 flags;
	struct event_blob name;
	char name_bytes[EVENT_QNAME_SIZE];
};

enum memory_call { MEMORY_MMAP, MEMORY_MPROTECT, MEMORY_SHMAT };

/* Memory that can be executed: a new mapping, or a change of one. */
struct memory_map_event {
	struct event_head head;
	__u64 addr;
	__u64 length; /* shmat: 0 */
	__u32 prot;   /* PROT_* */
	__u32 call;   /* enum memory_call */
	__s64 fd;     /* mmap: of the file; EVENT_NONE: of none */
	__u8 wx;      /* writable as well */
	__u8 pad[7];
};

enum module_op { MODULE_LOAD, MODULE_LOAD_MEMORY, MODULE_DELETE };

#define EVENT_PARAMS_SIZE 1024

struct kernel_module_event {
	struct event_head head;
	__u32 op; /* enum module_op */
	struct event_blob path;
	struct event_blob name;
	struct event_blob params;
	char path_bytes[EVENT_PATH_SIZE];
	char name_bytes[64];
	char params_bytes[EVENT_PARAMS_SIZE];
};

struct kernel_bpf_event {
	struct event_head head;
	__u32 cmd; /* enum bpf_cmd */
	__u32 pad;
	__s64 prog_type; /* prog_load: enum bpf_prog_type; else EVENT_NONE */
	char name[EVENT_COMM_SIZE]; /* of the program or map */
};

enum log_origin { LOG_JOURNAL, LOG_FILE };

/* Made in user space, as all below. The head says what the journal trusts. */
struct security_log_event {
	struct event_head head;
	__s64 log_ts;	/* the line's own clock, ns since 1970; EVENT_NONE */
	__s64 log_pid;	/* the process that the line names; EVENT_NONE */
	__s64 priority; /* syslog 0 to 7; EVENT_NONE */
	__s64 facility; /* EVENT_NONE */
	__u32 origin;	/* enum log_origin */
	struct event_blob program;
	struct event_blob message;
	struct event_blob sender_exe;
};

enum auth_result {
	AUTH_SUCCESS,
	AUTH_FAILURE, /* a credential was refused */
	AUTH_SESSION_OPEN,
	AUTH_SESSION_CLOSE,
	AUTH_PARTIAL,	   /* one credential of several was accepted */
	AUTH_INVALID_USER, /* there is no such user; an attempt may follow */
	AUTH_REFUSED,	   /* not allowed, whatever the credential */
	AUTH_CLOSED,	   /* the peer went before it was let in */
	AUTH_RESULT_COUNT
};

struct security_auth_event {
	struct event_head head;
	__s64 log_ts;
	__s64 log_pid;
	__s64 src_port; /* EVENT_NONE */
	__u32 result;	/* enum auth_result */
	__u32 origin;	/* enum log_origin */
	__u8 src_ip[16];
	__u16 family; /* of src_ip; 0: no address */
	__u16 pad;
	struct event_blob program;
	struct event_blob service;
	struct event_blob method;
	struct event_blob auth_user;
	struct event_blob target_user;
	struct event_blob terminal;
	struct event_blob command;
	struct event_blob message;
	struct event_blob sender_exe;
};

enum loss_reason {
	LOSS_RING,     /* no room on a ring */
	LOSS_MISSED,   /* the kernel skipped the program */
	LOSS_LATE,     /* behind the watermark */
	LOSS_DAMAGED,  /* not a record */
	LOSS_THROTTLE, /* one cgroup flooded the stream */
	LOSS_RESTART,  /* nobody watched */
	LOSS_LOG,      /* log lines that could not be kept */
};

struct sensor_loss_event {
	struct event_head head;
	__u64 from_ns; /* boot-time clock */
	__u64 to_ns;
	__u64 count;
	__u32 lost_stream;	  /* enum stream_id */
	__u32 reason;		  /* enum loss_reason */
	struct event_blob stream; /* its name */
	__u32 pad;
};

struct sensor_throttle_event {
	struct event_head head;
	__u64 cgroup;
	__u64 count; /* at the end: how many were dropped */
	__u8 begins;
	__u8 pad[3];
	struct event_blob stream;
};

struct sensor_start_event {
	struct event_head head;
	__u32 rules;
	__u8 reload; /* rules were reloaded */
	__u8 pad[3];
	struct event_blob version;
	__u32 left_out; /* rules that read what this machine lacks */
};

enum clock_cause { CLOCK_STEP, CLOCK_SUSPEND };

struct sensor_clock_event {
	struct event_head head;
	__s64 step_ns; /* realtime minus boot-time clock changed by; suspended for */
	__u32 cause; /* enum clock_cause */
	__u32 pad;
};

/*
 * What a cgroup is. Never on a ring: made in user space from the cgroup's name
 * and the files of the container runtime, when the cgroup appears.
 */
struct container_info_event {
	struct event_head head;
	__u64 cgroup;	      /* as head.cgroup_id says it */
	__u32 hierarchy;      /* as in container_event */
	struct event_blob id; /* no offset: not known; likewise the rest */
	struct event_blob runtime;
	struct event_blob name;
	struct event_blob image;
	struct event_blob pod;
	struct event_blob pod_namespace;
	__u8 ended; /* the cgroup is gone */
	__u8 pad[3];
};

/* Why the process table has a row of stream process. */
enum process_cause {
	PROCESS_PRESENT, /* it was there at start */
	PROCESS_FORKED,
	PROCESS_EXECED,
	PROCESS_SAMPLED, /* a sampled column changed */
};

/*
 * A row of the process table when it appears or changes. Never on a ring: made
 * from the records of the lifecycle, of the snapshot and of the sampler.
 */
struct process_event {
	struct event_head head;
	__u32 cause;	  /* enum process_cause */
	__u8 cpu_changed; /* a sample changed what was known; likewise the rest */
	__u8 memory_changed;
	__u8 status_changed;
	__u8 hash_changed;
};

/*
 * What was read of a process in /proc. Never on a ring: made in user space. The
 * head says which process; other members of the head are 0.
 */
struct process_sample_event {
	struct event_head head;
	__u64 cpu_milli;    /* thousandths of a percent of one core */
	__u64 memory_bytes; /* resident */
	struct event_blob
		status;		/* no offset: not sampled; likewise the rest */
	struct event_blob hash; /* SHA-256 of the program's file */
	__u8 has_cpu;
	__u8 has_memory;
	__u8 pad[6];
};

/*
 * Per CPU and stream, in a per-CPU array map indexed by stream. A program adds
 * to `generated` once for each event it saw, then to exactly one of the others;
 * `missed` is not here: the kernel keeps it (recursion_misses of the program).
 */
struct event_counters {
	__u64 generated;
	__u64 filtered;	     /* the predicate said no */
	__u64 submitted;     /* on the ring */
	__u64 lost;	     /* no room on the ring */
	__u64 throttled;     /* its cgroup flooded the stream */
	__u64 lost_first_ns; /* boot-time clock; 0: nothing was lost yet */
	__u64 lost_last_ns;
};

#endif
