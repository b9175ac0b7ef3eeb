// SPDX-License-Identifier: Apache-2.0
/*
 * random_ops --seed N --count N --folder DIR --program FILE: random operations
 * that a sensor should see, in processes of their own, in a mount namespace of
 * their own, in a new tmpfs on DIR. FILE is a program that does nothing; it is
 * copied, and the copies are executed. To be run in a network namespace of its
 * own, whose loopback device it turns on.
 *
 * The same seed gives each process the same operations; what they meet depends
 * on the others, which work at the same time. What is executed is in DIR/tools,
 * which stays as it is. Prints one line of JSON: the seed, and how often each
 * operation was begun.
 */
#include "tests/tools/random_ops/random_ops.h"

#include <getopt.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define OPS_PER_PROCESS 40
#define AT_ONCE 2
#define OPERATIONS_MAX 64

struct options {
	uint64_t seed;
	unsigned count;
	const char *folder;
	const char *program;
};

struct choice {
	struct named_operation list[OPERATIONS_MAX];
	unsigned count;
	unsigned weight;
	unsigned *begun; /* shared between the processes */
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void choice_add(struct choice *choice, const struct named_operation *op)
{
	for (; op->run; op++) {
		must(choice->count < OPERATIONS_MAX, "too many operations");
		choice->list[choice->count++] = *op;
		choice->weight += op->weight;
	}
}

static void choice_make(struct choice *choice)
{
	choice_add(choice, file_operations);
	choice_add(choice, task_operations);
	choice_add(choice, other_operations);
	choice->begun =
		mmap(NULL, sizeof(unsigned) * OPERATIONS_MAX,
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(choice->begun != MAP_FAILED, "mmap");
}

static void operate(struct run *run, const struct choice *choice)
{
	unsigned at = random_below(run, choice->weight), i = 0;

	while (at >= choice->list[i].weight)
		at -= choice->list[i++].weight;
	__atomic_add_fetch(&choice->begun[i], 1, __ATOMIC_RELAXED);
	choice->list[i].run(run);
}

static void home_make(struct run *run, const char *folder, unsigned index)
{
	snprintf(run->home, sizeof(run->home), "%s/w%u", folder, index);
	must(!mkdir(run->home, 0755) && !chdir(run->home), run->home);
	must(!mkdir("d", 0777) && !mkdir("d/d", 0755) && !mkdir("m", 0755) &&
		     !symlink("d", "s") && !symlink("nowhere", "link"),
	     "mkdir");
	run->home_fd = open(run->home, O_RDONLY | O_DIRECTORY);
	run->below_fd = open("d", O_PATH | O_DIRECTORY);
	must(run->home_fd >= 0 && run->below_fd >= 0, "open");
}

static pid_t process_begin(const struct options *options,
			   const struct choice *choice, const char *tools,
			   unsigned index)
{
	struct run run = { .tools = tools };
	unsigned left = options->count - index * OPS_PER_PROCESS;
	pid_t pid = fork();

	must(pid >= 0, "fork");
	if (pid)
		return pid;
	run.random = (options->seed + 1) * 0x9e3779b97f4a7c15ULL + index;
	run.random = run.random ? run.random : 1;
	for (unsigned i = 0; i < 8; i++)
		random_next(&run);
	home_make(&run, options->folder, index);
	alarm(60);
	if (left > OPS_PER_PROCESS)
		left = OPS_PER_PROCESS;
	while (left--)
		operate(&run, choice);
	_exit(0);
}

static void file_copy(const char *from, const char *to)
{
	static char bytes[1 << 16];
	int in = open(from, O_RDONLY), out = creat(to, 0755);
	ssize_t n;

	must(in >= 0 && out >= 0, from);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		must(write(out, bytes, (size_t)n) == n, to);
	close(in);
	must(!close(out), to);
}

static void text_make(const char *name, const char *before, const char *tools,
		      const char *after)
{
	FILE *file = fopen(name, "w");

	must(file, name);
	fprintf(file, "%s%s%s\n", before, tools, after);
	must(!fchmod(fileno(file), 0755) && !fclose(file), name);
}

/* What is executed. */
static void tools_make(const char *tools, const char *program)
{
	must(!mkdir(tools, 0755) && !chdir(tools), tools);
	file_copy(program, "prog");
	file_copy(program, "odd \xff\nname");
	text_make("script", "#! ", tools, "/prog one  argument ");
	text_make("script of script", "#!", tools, "/script");
	text_make("loop", "#!", tools, "/loop");
	text_make("text", "no program: ", tools, "");
	must(!symlink("prog", "link to prog") && !mkdir("folder", 0755),
	     "link");
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	request.ifr_flags = IFF_UP | IFF_RUNNING;
	must(!ioctl(fd, SIOCSIFFLAGS, &request), "lo");
	close(fd);
}

static void world_make(const struct options *options)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	struct mount_attr writable = { .attr_clr = MOUNT_ATTR_RDONLY };

	must(!unshare(CLONE_NEWNS | CLONE_NEWIPC), "unshare");
	must(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	must(!mount("random_ops", options->folder, "tmpfs", 0, "size=256m"),
	     options->folder);
	/* Names climb out of the folder: whatever else is there stays as it is. */
	must(!mount_setattr(AT_FDCWD, "/", 0x8000 /* AT_RECURSIVE */, &readonly,
			    sizeof(readonly)),
	     "read-only");
	must(!mount_setattr(AT_FDCWD, options->folder, 0, &writable,
			    sizeof(writable)),
	     options->folder);
	loopback_up();
	signal(SIGUSR1, SIG_IGN);
}

static void report(const struct options *options, const struct choice *choice)
{
	unsigned total = 0;

	for (unsigned i = 0; i < choice->count; i++)
		total += choice->begun[i];
	printf("{\"seed\":%llu,\"operations\":%u",
	       (unsigned long long)options->seed, total);
	for (unsigned i = 0; i < choice->count; i++)
		printf(",\"%s\":%u", choice->list[i].name, choice->begun[i]);
	puts("}");
}

static void processes_run(const struct options *options,
			  const struct choice *choice, const char *tools)
{
	unsigned n = (options->count + OPS_PER_PROCESS - 1) / OPS_PER_PROCESS;
	unsigned running = 0;

	for (unsigned i = 0; i < n; i++) {
		if (running == AT_ONCE)
			running -= wait(NULL) > 0;
		process_begin(options, choice, tools, i);
		running++;
	}
	while (wait(NULL) > 0)
		;
}

static const struct option long_options[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "count", required_argument, NULL, 'c' },
	{ "folder", required_argument, NULL, 'f' },
	{ "program", required_argument, NULL, 'p' },
	{ 0 },
};

int main(int argc, char **argv)
{
	struct options options = { .seed = 1, .count = 100 };
	struct choice choice = { .count = 0 };
	char tools[256];
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			options.count = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case 'f':
			options.folder = optarg;
			break;
		case 'p':
			options.program = optarg;
			break;
		default:
			return 2;
		}
	if (!options.folder || !options.program || options.folder[0] != '/')
		return 2;
	snprintf(tools, sizeof(tools), "%s/tools", options.folder);
	choice_make(&choice);
	world_make(&options);
	tools_make(tools, options.program);
	processes_run(&options, &choice, tools);
	report(&options, &choice);
	return 0;
}
