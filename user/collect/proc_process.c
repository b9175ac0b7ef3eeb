// SPDX-License-Identifier: Apache-2.0
/*
 * /proc/PID/stat: pid (comm) state ppid ..., the 22nd field is the start on the
 * boot-time clock in clock ticks. comm may hold spaces and parentheses: the
 * last one ends it.
 */
#include "user/collect/proc_process.h"

#include "bpf/event.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NS_PER_S 1000000000ULL
#define STAT_BYTES 4096

/* What of the record is not bytes of texts. */
#define PROCESS_EXEC_FIXED offsetof(struct process_exec_event, exe_bytes)

/* Up to `size` bytes of a file of the process; 0 when it cannot be read. */
static size_t file_read(uint32_t pid, const char *name, char *ret_bytes,
			size_t size)
{
	char path[64];
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	do {
		n = read(fd, ret_bytes + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	close(fd);
	return len;
}

struct stat_line {
	char comm[EVENT_COMM_SIZE];
	char state;
	uint32_t ppid;
	uint64_t start_ticks;
};

static uint64_t tick_ns(void)
{
	return NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
}

static bool stat_read(uint32_t pid, struct stat_line *ret_line)
{
	char text[STAT_BYTES];
	size_t len = file_read(pid, "stat", text, sizeof(text) - 1);
	unsigned long long start_ticks;
	size_t comm_len;
	char *open, *close;

	text[len] = '\0';
	open = strchr(text, '(');
	close = strrchr(text, ')');
	memset(ret_line, 0, sizeof(*ret_line));
	if (!open || !close || close < open ||
	    sscanf(close + 1,
		   " %c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
		   "%*d %*d %*d %*d %*d %llu",
		   &ret_line->state, &ret_line->ppid, &start_ticks) != 3)
		return false;
	comm_len = (size_t)(close - open - 1);
	if (comm_len >= sizeof(ret_line->comm))
		comm_len = sizeof(ret_line->comm) - 1;
	memcpy(ret_line->comm, open + 1, comm_len);
	ret_line->start_ticks = start_ticks;
	return true;
}

/* Fills comm, ppid and the start, which has to be that of the key. */
static bool head_read(struct event_head *head)
{
	struct stat_line line;

	if (!stat_read(head->pid, &line))
		return false;
	memcpy(head->comm, line.comm, sizeof(head->comm));
	head->ppid = line.ppid;
	return line.start_ticks == head->start_ns / tick_ns();
}

/*
 * Who it is, from /proc/PID/status: a line each with the real, effective, saved
 * and file system's id, and one with the capabilities. The name in the first
 * line has no line end.
 */
static bool ids_read(struct event_head *head)
{
	char text[STAT_BYTES];
	size_t len = file_read(head->pid, "status", text, sizeof(text) - 1);
	const char *uids, *gids, *caps;
	unsigned long long caps_eff;

	text[len] = '\0';
	uids = strstr(text, "\nUid:");
	gids = strstr(text, "\nGid:");
	caps = strstr(text, "\nCapEff:");
	if (!uids || !gids || !caps ||
	    sscanf(uids, "\nUid: %u %u", &head->uid, &head->euid) != 2 ||
	    sscanf(gids, "\nGid: %u %u", &head->gid, &head->egid) != 2 ||
	    sscanf(caps, "\nCapEff: %llx", &caps_eff) != 1)
		return false;
	head->caps_eff = caps_eff;
	head->loginuid = UINT32_MAX;
	len = file_read(head->pid, "loginuid", text, sizeof(text) - 1);
	text[len] = '\0';
	sscanf(text, "%u", &head->loginuid);
	return true;
}

bool proc_was_there(uint32_t pid, uint64_t before_ns)
{
	struct stat_line line;

	return stat_read(pid, &line) && line.state != 'Z' &&
	       line.state != 'X' &&
	       (line.start_ticks + 1) * tick_ns() <= before_ns;
}

static void exe_read(struct process_exec_event *event, char *ret_exe)
{
	static const size_t mark = sizeof(" (deleted)") - 1;
	char path[64];
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/exe", event->head.pid);
	n = readlink(path, ret_exe, EVENT_PATH_SIZE);
	if (n <= 0) {
		event->head.truncated |= EVENT_PART_EXE;
		return;
	}
	if (stat(path, &st))
		memset(&st, 0, sizeof(st));
	else if (st.st_nlink == 0 && n > (ssize_t)mark) {
		event->head.flags |= EVENT_FLAG_EXE_DELETED;
		n -= (ssize_t)mark;
	}
	event->exe_ino = st.st_ino;
	event->exe_dev = major(st.st_dev) << 20 | minor(st.st_dev);
	event->exe.len = (uint16_t)n;
}

static void cwd_read(struct process_exec_event *event)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/cwd", event->head.pid);
	n = readlink(path, event->cwd_bytes, EVENT_PATH_SIZE);
	if (n <= 0)
		event->head.truncated |= EVENT_PART_CWD;
	else
		event->cwd.len = (uint16_t)n;
}

/* Its start only; user space knows a cut one by its length and drops nothing. */
static void env_read(struct process_exec_event *event)
{
	size_t len = file_read(event->head.pid, "environ", event->env_bytes,
			       EVENT_ENV_SIZE - EVENT_ENV_TAIL);

	event->env.len = (uint16_t)len;
	if (len == EVENT_ENV_SIZE - EVENT_ENV_TAIL)
		event->head.truncated |= EVENT_PART_ENV;
}

static void args_read(struct process_exec_event *event, char *ret_args)
{
	size_t len = file_read(event->head.pid, "cmdline", ret_args,
			       EVENT_ARGS_SIZE);

	event->args.len = (uint16_t)len;
	event->args_total_bytes = (uint32_t)len;
	if (len == EVENT_ARGS_SIZE)
		event->head.truncated |= EVENT_PART_ARGS;
	if (len)
		ret_args[len - 1] = '\0';
}

/* Behind what the record holds so far. */
static void place(struct event_head *head, struct event_blob *blob)
{
	blob->off = (uint16_t)head->size;
	head->size += blob->len;
}

bool proc_process(uint64_t pid_key, uint32_t pid, struct buf *out)
{
	struct process_exec_event event = {
		.head = { .stream = STREAM_PROCESS_SNAPSHOT,
			  .abi = EVENT_ABI,
			  .size = PROCESS_EXEC_FIXED,
			  .pid_key = pid_key,
			  .start_ns =
				  (pid_key >> PID_KEY_SHIFT) * PID_KEY_UNIT_NS,
			  .pid = pid,
			  .retval = EVENT_NONE,
			  .source = EVENT_SOURCE_SNAPSHOT,
			  .tid = pid },
		.old_uid = EVENT_NONE,
		.old_euid = EVENT_NONE,
		.old_pid = pid,
	};

	if (!head_read(&event.head) || !ids_read(&event.head))
		return false;
	exe_read(&event, event.exe_bytes);
	args_read(&event, event.args_bytes);
	cwd_read(&event);
	env_read(&event);
	/* Who has the pid now may be another. */
	if (!head_read(&event.head))
		return false;
	place(&event.head, &event.exe);
	place(&event.head, &event.args);
	place(&event.head, &event.cwd);
	place(&event.head, &event.env);
	buf_put(out, &event, PROCESS_EXEC_FIXED);
	buf_put(out, event.exe_bytes, event.exe.len);
	buf_put(out, event.args_bytes, event.args.len);
	buf_put(out, event.cwd_bytes, event.cwd.len);
	buf_put(out, event.env_bytes, event.env.len);
	return true;
}
