/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Wire records: what a collector builds in its scratch memory, what a generated
 * predicate reads, and what crosses a ring buffer.
 *
 * A record is a fixed struct that starts with `struct event_head`, then the
 * bytes its blobs point at. In scratch every blob lies where the struct says;
 * on the ring the record ends at head.size. All integers are in host order: a
 * record never leaves the machine.
 */
#ifndef SHRIKE_BPF_EVENT_H
#define SHRIKE_BPF_EVENT_H

#include <linux/types.h>

/* Changes whenever a struct of this file changes. */
#define EVENT_ABI 2

#define EVENT_COMM_SIZE 16
#define EVENT_PATH_SIZE 4096 /* PATH_MAX, power of two */
#define EVENT_ARGS_SIZE 8192 /* kept part of argv, power of two */

/*
 * Streams, in the order of bpf/fields.def. Below STREAM_VISIBLE_COUNT they can
 * be named in a rule; below STREAM_PROCESS a kernel program makes them.
 */
enum stream_id {
	STREAM_PROCESS_EXEC,
	STREAM_PROCESS_FORK,
	STREAM_PROCESS_EXIT,
	STREAM_NETWORK_CONNECT,
	STREAM_FILE_OPEN,
	STREAM_PROCESS,		 /* derived: see struct process_event */
	STREAM_PROCESS_SNAPSHOT, /* a process that was there at start */
	STREAM_PROCESS_SAMPLE, /* from /proc, see struct process_sample_event */
	STREAM_COUNT
};

#define STREAM_KERNEL_COUNT STREAM_PROCESS
#define STREAM_VISIBLE_COUNT STREAM_PROCESS_SNAPSHOT

/* Lifecycle streams build the process table and are never filtered. */
#define STREAM_IS_LIFECYCLE(s) ((s) <= STREAM_PROCESS_EXIT)

/* event_head.truncated: which variable part is not whole. */
enum event_part {
	EVENT_PART_EXE = 1 << 0,
	EVENT_PART_ARGS = 1 << 1,
	EVENT_PART_PATH = 1 << 2,
	EVENT_PART_FILENAME = 1 << 3,
};

/* event_head.flags */
enum event_flag {
	EVENT_FLAG_COMPAT = 1 << 0,	 /* a 32-bit system call */
	EVENT_FLAG_EXE_MEMFD = 1 << 1,	 /* exec: the file is a memfd */
	EVENT_FLAG_EXE_DELETED = 1 << 2, /* exec: the file has no name left */
	EVENT_FLAG_KTHREAD = 1 << 3,	 /* a kernel thread */
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
	__u64 join_keys; /* slots of the process that are alive */
	struct process_terms terms;	   /* of the process */
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
	char comm[EVENT_COMM_SIZE];
};

/* process.exec and, for what was there at start, process.snapshot. */
struct process_exec_event {
	struct event_head head;
	__u32 old_pid;		/* tid that called execve, before de_thread */
	__u32 args_total_bytes; /* length of argv before it was cut */
	struct event_blob filename;
	struct event_blob interp;
	struct event_blob exe;
	struct event_blob args; /* each argument ended by a NUL */
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
};

/* TCP: the socket left CLOSE for SYN_SENT in the caller's context. */
struct network_connect_event {
	struct event_head head;
	__u64 cookie;	 /* SO_COOKIE: unique for this boot */
	__u16 family;	 /* AF_INET, AF_INET6 */
	__u16 proto;	 /* IPPROTO_TCP */
	__u16 src_port;	 /* host order; 0 while the kernel has not chosen one */
	__u16 dst_port;	 /* host order */
	__u8 src_ip[16]; /* network order; the first 4 bytes for AF_INET */
	__u8 dst_ip[16];
};

struct file_open_event {
	struct event_head head;
	__u64 ino;
	__u32 dev;   /* major << 20 | minor */
	__u32 flags; /* O_*, as the file has them */
	__u32 mode;  /* st_mode of the opened file */
	__u32 fd;
	__u8 is_write; /* opened for writing */
	__u8 created;  /* the call created the file */
	__u8 pad[2];
	struct event_blob path; /* its bytes are path_bytes */
	char path_bytes[EVENT_PATH_SIZE];
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
	__u64 filtered;	 /* the predicate said no */
	__u64 submitted; /* on the ring */
	__u64 lost;	 /* no room on the ring */
};

#endif
