// SPDX-License-Identifier: Apache-2.0
/* process.cred, .signal, .rename and .ptrace of real children. */
#include "live.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#define REQUEST(stream) \
	(&(const struct collect_request){ .streams = { [stream] = true } })

/* Failed calls of the stream too. */
static void live_open_failed(struct live *live, enum stream_id stream)
{
	struct collect_columns columns = { 0 };
	struct collect_request request = { .columns = &columns };

	memset(columns.read, 0xff, sizeof(columns.read));
	columns.failed[stream] = 1;
	request.streams[stream] = true;
	live_open(live, &request);
}

static void books_balance(struct live *live, enum stream_id stream)
{
	struct collect_counters c = counters_balance(live, stream);

	assert_int_equal(c.lost, 0);
	assert_true(c.delivered > 0);
}

/* --- process.cred ----------------------------------------------------------*/

static void ids_change(void *arg)
{
	gid_t groups[] = { 7, 8 };

	(void)arg;
	if (setgroups(2, groups) || setgid(1001) || setregid(1002, 1003) ||
	    setresgid(1004, 1005, 1006) || setfsgid(1007) != 1005 ||
	    setfsuid(2007) != 0 || setreuid(2002, 0) ||
	    setresuid(2004, 2005, 0) || syscall(SYS_setuid, 2004))
		_exit(1);
}

struct cred_step {
	uint32_t call, uid, euid, gid, egid;
};

static void cred__each_call__has_old_and_new_ids(void **state)
{
	const struct cred_step steps[] = {
		{ CRED_SETGROUPS, 0, 0, getgid(), getegid() },
		{ CRED_SETGID, 0, 0, 1001, 1001 },
		{ CRED_SETREGID, 0, 0, 1002, 1003 },
		{ CRED_SETRESGID, 0, 0, 1004, 1005 },
		{ CRED_SETFSGID, 0, 0, 1004, 1005 },
		{ CRED_SETFSUID, 0, 0, 1004, 1005 },
		{ CRED_SETREUID, 2002, 0, 1004, 1005 },
		{ CRED_SETRESUID, 2004, 2005, 1004, 1005 },
		{ CRED_SETUID, 2004, 2004, 1004, 1005 },
	};
	struct cred_step before = { 0, getuid(), geteuid(), getgid(),
				    getegid() };
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, REQUEST(STREAM_PROCESS_CRED));
	/* We are not watched, hence our fork is not: the snapshot lists us. */
	pid = fork();
	if (pid == 0) {
		raise(SIGSTOP);
		ids_change(NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	{
		struct err err = { 0 };

		assert_int_equal(collector_snapshot(live.collector, live_keep,
						    &live, &err),
				 0);
	}
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	live_drain(&live);
	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct process_cred_event *u =
			live_find(&live, STREAM_PROCESS_CRED, pid, i);

		assert_non_null(u);
		assert_int_equal(u->call, steps[i].call);
		assert_int_equal(u->old_uid, before.uid);
		assert_int_equal(u->old_euid, before.euid);
		assert_int_equal(u->old_gid, before.gid);
		assert_int_equal(u->old_egid, before.egid);
		assert_int_equal(u->new_uid, steps[i].uid);
		assert_int_equal(u->new_euid, steps[i].euid);
		assert_int_equal(u->new_gid, steps[i].gid);
		assert_int_equal(u->new_egid, steps[i].egid);
		assert_true(u->head.retval >= 0);
		assert_int_equal(u->head.flags, 0);
		before = steps[i];
	}
	assert_null(
		live_find(&live, STREAM_PROCESS_CRED, pid, ARRAY_SIZE(steps)));
	books_balance(&live, STREAM_PROCESS_CRED);
	live_close(&live);
}

static void caps_drop(void *arg)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2] = { 0 };

	(void)arg;
	data[0].permitted = data[0].effective = 1U << CAP_CHOWN;
	if (syscall(SYS_capset, &header, data))
		_exit(1);
	if (setuid(0))
		_exit(2);
}

static void grandchild_run(void *fn)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		((void (*)(void *))(uintptr_t)fn)(NULL);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		_exit(1);
}

/* The nth record of the stream, of whoever. */
static const void *find_any(const struct live *live, enum stream_id stream,
			    unsigned nth)
{
	const struct event_head *head = NULL;

	while ((head = live_next(live, head)))
		if (head->stream == stream && nth-- == 0)
			return head;
	return NULL;
}

static const void *find_child_of(const struct live *live, enum stream_id stream,
				 pid_t parent, unsigned nth)
{
	const struct event_head *head = NULL;

	while ((head = live_next(live, head)))
		if (head->stream == stream && head->ppid == (uint32_t)parent &&
		    nth-- == 0)
			return head;
	return NULL;
}

static void cred__capset_of_a_forked_child__has_old_caps(void **state)
{
	const struct process_cred_event *u;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, REQUEST(STREAM_PROCESS_CRED));
	pid = child_run(grandchild_run, (void *)(uintptr_t)caps_drop, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	u = find_child_of(&live, STREAM_PROCESS_CRED, pid, 0);
	assert_non_null(u);
	assert_int_equal(u->call, CRED_CAPSET);
	assert_int_not_equal(u->old_caps, EVENT_NONE);
	assert_true(u->old_caps & 1LL << CAP_SYS_ADMIN);
	assert_int_equal(u->new_caps, 1U << CAP_CHOWN);
	assert_int_equal(u->head.caps_eff, 1U << CAP_CHOWN);
	u = find_child_of(&live, STREAM_PROCESS_CRED, pid, 1);
	assert_non_null(u);
	assert_int_equal(u->old_caps, 1U << CAP_CHOWN);
	live_close(&live);
}

static void not_allowed(void *arg)
{
	(void)arg;
	if (setresuid(1000, 1000, 1000) || setuid(0) == 0)
		_exit(1);
}

static void cred__failed_call__only_where_asked(void **state)
{
	const struct process_cred_event *u;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	pid = live_run(&live, REQUEST(STREAM_PROCESS_CRED), not_allowed);
	assert_null(live_find(&live, STREAM_PROCESS_CRED, pid, 1));
	live_close(&live);

	live_open_failed(&live, STREAM_PROCESS_CRED);
	pid = child_run(not_allowed, NULL, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	u = live_find(&live, STREAM_PROCESS_CRED, pid, 1);
	assert_non_null(u);
	assert_int_equal(u->head.retval, -EPERM);
	assert_int_equal(u->new_uid, 1000);
	live_close(&live);
}

#ifdef __x86_64__
/* setresuid32(3001, 3002, 0) of the 32-bit table, from a 64-bit process. */
static void compat_change(void *arg)
{
	long ret;

	(void)arg;
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(208), "b"(3001), "c"(3002), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	if (ret)
		_exit(1);
}

static void cred__call_of_32_bits__is_marked(void **state)
{
	const struct process_cred_event *u;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, REQUEST(STREAM_PROCESS_CRED));
	pid = child_run(compat_change, NULL, &status);
	if (status) {
		print_message("skip: no 32-bit calls here\n");
		live_close(&live);
		skip();
	}
	live_drain(&live);
	u = live_need(&live, STREAM_PROCESS_CRED, pid);
	assert_int_equal(u->call, CRED_SETRESUID);
	assert_int_equal(u->new_uid, 3001);
	assert_int_equal(u->new_euid, 3002);
	assert_true(u->head.flags & EVENT_FLAG_COMPAT);
	live_close(&live);
}
#endif

/* --- process.signal --------------------------------------------------------*/

static void signals_send(void *arg)
{
	union sigval value = { .sival_int = 1 };
	siginfo_t forged = { .si_signo = SIGUSR1, .si_code = SI_TIMER };
	pid_t pid = fork();

	(void)arg;
	if (pid == 0) {
		signal(SIGUSR1, SIG_IGN);
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(pid, NULL, WUNTRACED) != pid || kill(pid, 0) ||
	    kill(pid, SIGUSR1) || sigqueue(pid, SIGUSR1, value) ||
	    syscall(SYS_tgkill, pid, pid, SIGUSR1) ||
	    syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &forged) ||
	    kill(pid, SIGKILL))
		_exit(1);
	waitpid(pid, NULL, 0);
}

static void signal__each_way_to_send__is_seen_with_its_target(void **state)
{
	static const struct {
		uint32_t signal;
		int code;
	} want[] = { { SIGUSR1, SI_USER },
		     { SIGUSR1, SI_QUEUE },
		     { SIGUSR1, SI_TKILL },
		     { SIGUSR1, SI_TIMER },
		     { SIGKILL, SI_USER } };
	const struct process_fork_event *k;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, REQUEST(STREAM_PROCESS_SIGNAL), signals_send);
	k = live_need(&live, STREAM_PROCESS_FORK, pid);
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		const struct process_signal_event *sg =
			live_find(&live, STREAM_PROCESS_SIGNAL, pid, i);

		assert_non_null(sg);
		assert_int_equal(sg->signal, want[i].signal);
		assert_int_equal(sg->code, want[i].code);
		assert_int_equal(sg->target_pid, k->child_pid);
		assert_int_equal(sg->target_key, k->child_key);
		assert_int_equal(sg->head.retval, EVENT_NONE);
	}
	assert_null(
		live_find(&live, STREAM_PROCESS_SIGNAL, pid, ARRAY_SIZE(want)));
	books_balance(&live, STREAM_PROCESS_SIGNAL);
	live_close(&live);
}

/* A timer of its own, and the end of a child: nobody sent those. */
static void timer_wait(void *arg)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGRTMIN };
	struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	sigset_t set;
	timer_t timer;
	pid_t pid;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &soon, NULL) ||
	    sigwaitinfo(&set, NULL) != SIGRTMIN)
		_exit(1);
}

static void signal__of_the_kernel_or_a_timer__is_nobodys(void **state)
{
	const struct event_head *head = NULL;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, REQUEST(STREAM_PROCESS_SIGNAL), timer_wait);
	while ((head = live_next(&live, head))) {
		const struct process_signal_event *sg = (const void *)head;

		if (head->stream == STREAM_PROCESS_SIGNAL)
			assert_int_not_equal(sg->target_pid, pid);
	}
	live_close(&live);
}

/* Kills a process without a call that names it. */
static void kill_by_file(void *arg)
{
	int ends[2], status;
	pid_t victim = fork();

	(void)arg;
	if (victim == 0) {
		pause();
		_exit(0);
	}
	if (pipe(ends) || fcntl(ends[0], F_SETOWN, victim) ||
	    fcntl(ends[0], F_SETSIG, SIGKILL) ||
	    fcntl(ends[0], F_SETFL, O_ASYNC) || write(ends[1], "", 1) != 1 ||
	    waitpid(victim, &status, 0) != victim || !WIFSIGNALED(status))
		_exit(1);
}

static void signal__of_a_file__is_seen(void **state)
{
	const struct process_signal_event *sg;
	const struct process_fork_event *k;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, REQUEST(STREAM_PROCESS_SIGNAL), kill_by_file);
	k = live_need(&live, STREAM_PROCESS_FORK, pid);
	sg = live_find(&live, STREAM_PROCESS_SIGNAL, pid, 0);
	assert_non_null(sg);
	assert_int_equal(sg->signal, SIGKILL);
	assert_int_equal(sg->code, POLL_IN);
	assert_int_equal(sg->target_pid, k->child_pid);
	live_close(&live);
}

/* --- process.rename --------------------------------------------------------*/

static void *name_other(void *arg)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", *(int *)arg);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "by a thread", 11) != 11)
		_exit(1);
	close(fd);
	return NULL;
}

static void names_change(void *arg)
{
	int own = getpid();
	pthread_t thread;

	(void)arg;
	prctl(PR_SET_NAME, "kworker/0:1-very-long");
	if (pthread_create(&thread, NULL, name_other, &own) ||
	    pthread_join(thread, NULL))
		_exit(1);
	execl("/bin/true", "true", NULL);
}

static void rename__by_itself_and_a_thread__but_not_by_exec(void **state)
{
	const struct process_rename_event *rn;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, REQUEST(STREAM_PROCESS_RENAME), names_change);
	rn = live_find(&live, STREAM_PROCESS_RENAME, pid, 0);
	assert_non_null(rn);
	assert_string_equal(rn->new_comm, "kworker/0:1-ver");
	assert_string_equal(rn->old_comm, rn->head.comm);
	rn = live_find(&live, STREAM_PROCESS_RENAME, pid, 1);
	assert_non_null(rn);
	assert_int_equal(rn->head.tid, pid);
	assert_string_equal(rn->old_comm, "kworker/0:1-ver");
	assert_string_equal(rn->new_comm, "by a thread");
	assert_null(live_find(&live, STREAM_PROCESS_RENAME, pid, 2));
	live_need(&live, STREAM_PROCESS_EXEC, pid);
	books_balance(&live, STREAM_PROCESS_RENAME);
	live_close(&live);
}

/* --- process.ptrace --------------------------------------------------------*/

static char shared_text[] = "what is read";

static void reach_into_child(void *arg)
{
	char copy[sizeof(shared_text)];
	struct iovec local = { copy, sizeof(copy) };
	struct iovec remote = { shared_text, sizeof(shared_text) };
	pid_t pid = fork();
	int pidfd, fd;

	(void)arg;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0);
	if (pidfd < 0 || fd < 0 ||
	    process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0 ||
	    process_vm_writev(pid, &local, 1, &remote, 1, 0) < 0 ||
	    ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		_exit(1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void ptrace_check(const struct live *live, uint32_t by, uint32_t number)
{
	static const struct {
		uint32_t call;
		int64_t request, retval;
	} want[] = { { PTRACE_CALL_PIDFD_GETFD, EVENT_NONE, -1 },
		     { PTRACE_CALL_VM_READ, EVENT_NONE, sizeof(shared_text) },
		     { PTRACE_CALL_VM_WRITE, EVENT_NONE, sizeof(shared_text) },
		     { PTRACE_CALL_PTRACE, PTRACE_SEIZE, 0 } };
	const struct process_fork_event *k =
		live_need(live, STREAM_PROCESS_FORK, (pid_t)by);

	assert_int_equal(k->head.ns_pid, number);
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		const struct process_ptrace_event *pt =
			live_find(live, STREAM_PROCESS_PTRACE, (pid_t)by, i);

		assert_non_null(pt);
		assert_int_equal(pt->call, want[i].call);
		assert_int_equal(pt->request, want[i].request);
		if (want[i].retval >= 0)
			assert_int_equal(pt->head.retval, want[i].retval);
		assert_int_equal(pt->target_pid, k->child_pid);
		assert_int_equal(pt->target_key, k->child_key);
	}
}

static void ptrace__all_four_calls__name_their_target(void **state)
{
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, REQUEST(STREAM_PROCESS_PTRACE), reach_into_child);
	ptrace_check(&live, (uint32_t)pid, (uint32_t)pid);
	books_balance(&live, STREAM_PROCESS_PTRACE);
	live_close(&live);
}

/* Numbers are those of the caller's own pid namespace. */
static void reach_in_namespace(void *arg)
{
	int status = 0;
	long pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL,
			   NULL);

	if (pid == 0) {
		reach_into_child(arg);
		_exit(0);
	}
	if (pid < 0 || waitpid((pid_t)pid, &status, 0) != pid || status)
		_exit(1);
}

static void ptrace__in_a_pid_namespace__target_is_the_hosts(void **state)
{
	const struct process_fork_event *k;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, REQUEST(STREAM_PROCESS_PTRACE),
		       reach_in_namespace);
	k = live_need(&live, STREAM_PROCESS_FORK, pid);
	ptrace_check(&live, k->child_pid, 1);
	live_close(&live);
}

static void reach_nobody(void *arg)
{
	(void)arg;
	ptrace(PTRACE_SEIZE, 0x3fffff, NULL, NULL);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void ptrace__target_not_there__only_where_asked(void **state)
{
	const struct process_ptrace_event *pt;
	struct live live;
	pid_t pid;

	(void)state;
	live_open_failed(&live, STREAM_PROCESS_PTRACE);
	pid = child_run(reach_nobody, NULL, NULL);
	live_drain(&live);
	pt = live_find(&live, STREAM_PROCESS_PTRACE, pid, 0);
	assert_non_null(pt);
	assert_int_equal(pt->head.retval, -ESRCH);
	assert_int_equal(pt->target_pid, 0x3fffff);
	assert_int_equal(pt->target_key, 0);
	pt = live_find(&live, STREAM_PROCESS_PTRACE, pid, 1);
	assert_non_null(pt);
	assert_int_equal(pt->request, PTRACE_TRACEME);
	assert_int_equal(pt->target_key, pt->head.pid_key);
	live_close(&live);
}

static void own_process__without_watch_self__is_not_seen(void **state)
{
	const struct event_head *head = NULL;
	struct live live;

	(void)state;
	live_open(&live, &(const struct collect_request){
				 .streams = {
					 [STREAM_PROCESS_CRED] = true,
					 [STREAM_PROCESS_SIGNAL] = true,
					 [STREAM_PROCESS_RENAME] = true,
				 } });
	assert_int_equal(setuid(getuid()), 0);
	assert_int_equal(kill(getpid(), SIGCONT), 0);
	prctl(PR_SET_NAME, "ourselves");
	live_drain(&live);
	while ((head = live_next(&live, head)))
		assert_int_not_equal(head->pid, getpid());
	assert_null(find_any(&live, STREAM_PROCESS_PTRACE, 0));
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cred__each_call__has_old_and_new_ids),
		cmocka_unit_test(cred__capset_of_a_forked_child__has_old_caps),
		cmocka_unit_test(cred__failed_call__only_where_asked),
#ifdef __x86_64__
		cmocka_unit_test(cred__call_of_32_bits__is_marked),
#endif
		cmocka_unit_test(
			signal__each_way_to_send__is_seen_with_its_target),
		cmocka_unit_test(signal__of_the_kernel_or_a_timer__is_nobodys),
		cmocka_unit_test(signal__of_a_file__is_seen),
		cmocka_unit_test(
			rename__by_itself_and_a_thread__but_not_by_exec),
		cmocka_unit_test(ptrace__all_four_calls__name_their_target),
		cmocka_unit_test(
			ptrace__in_a_pid_namespace__target_is_the_hosts),
		cmocka_unit_test(ptrace__target_not_there__only_where_asked),
		cmocka_unit_test(own_process__without_watch_self__is_not_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
