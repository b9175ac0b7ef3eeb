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
#include <unistd.h>

#define NS_PER_S 1000000000ULL
#define STAT_BYTES 4096

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

/* Fills comm, ppid and the start, which has to be that of the key. */
static bool stat_read(struct event_head *head)
{
	uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	unsigned long long start_ticks;
	char text[STAT_BYTES];
	size_t len = file_read(head->pid, "stat", text, sizeof(text) - 1);
	size_t comm_len;
	char *open, *close;

	text[len] = '\0';
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open ||
	    sscanf(close + 1,
		   " %*c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
		   "%*d %*d %*d %*d %*d %llu",
		   &head->ppid, &start_ticks) != 2)
		return false;
	comm_len = (size_t)(close - open - 1);
	if (comm_len >= sizeof(head->comm))
		comm_len = sizeof(head->comm) - 1;
	memcpy(head->comm, open + 1, comm_len);
	return start_ticks == head->start_ns / tick_ns;
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
	if (stat(path, &st) == 0 && st.st_nlink == 0 && n > (ssize_t)mark) {
		event->head.flags |= EVENT_FLAG_EXE_DELETED;
		n -= (ssize_t)mark;
	}
	event->exe.len = (uint16_t)n;
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

bool proc_process(uint64_t pid_key, uint32_t pid, struct buf *out)
{
	const uint16_t fixed = offsetof(struct process_exec_event, exe_bytes);
	struct process_exec_event event = {
		.head = { .stream = STREAM_PROCESS_SNAPSHOT,
			  .abi = EVENT_ABI,
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

	if (!stat_read(&event.head))
		return false;
	exe_read(&event, event.exe_bytes);
	args_read(&event, event.args_bytes);
	event.filename.off = fixed;
	event.interp.off = fixed;
	event.exe.off = fixed;
	event.args.off = (uint16_t)(fixed + event.exe.len);
	event.head.size = (uint32_t)(fixed + event.exe.len + event.args.len);
	buf_put(out, &event, fixed);
	buf_put(out, event.exe_bytes, event.exe.len);
	buf_put(out, event.args_bytes, event.args.len);
	return true;
}
