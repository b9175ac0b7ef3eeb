// SPDX-License-Identifier: Apache-2.0
#include "user/collect/kernel_offer.h"

#include "user/base/check.h"
#include "user/collect/libbpf_log.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#define LSM_LIST "/sys/kernel/security/lsm"

/* The list is "capability,yama,bpf"; not there: no program would run. */
static bool lsm_listed(void)
{
	char list[256];
	char *rest = list, *name;
	int fd = open(LSM_LIST, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, list, sizeof(list) - 1);
	close(fd);
	if (n <= 0)
		return false;
	list[n] = '\0';
	while ((name = strsep(&rest, ",\n")))
		if (strcmp(name, "bpf") == 0)
			return true;
	return false;
}

/*
 * Some kernels that list it refuse the programs all the same. So one that does
 * nothing is put to a hook where hardly anybody comes by.
 */
static bool lsm_attaches(const struct btf *btf)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, /* r0 = 0 */
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = BPF_LSM_MAC);
	int id = btf__find_by_name_kind(btf, "bpf_lsm_sb_pivotroot",
					BTF_KIND_FUNC);
	int program, link = -1;

	if (id < 0)
		return false;
	opts.attach_btf_id = (__u32)id;
	program = bpf_prog_load(BPF_PROG_TYPE_LSM, "probe", "GPL", insns,
				ARRAY_SIZE(insns), &opts);
	if (program >= 0) {
		link = bpf_raw_tracepoint_open(NULL, program);
		close(program);
	}
	if (link >= 0)
		close(link);
	return link >= 0;
}

static int cgroup_open(void)
{
	struct mntent entry;
	char line[4096];
	int fd = -1;
	FILE *mounts = setmntent("/proc/self/mounts", "re");

	if (!mounts)
		return -1;
	while (fd < 0 && getmntent_r(mounts, &entry, line, sizeof(line)))
		if (strcmp(entry.mnt_type, "cgroup2") == 0)
			fd = open(entry.mnt_dir,
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	endmntent(mounts);
	return fd;
}

int kernel_offer_read(struct kernel_offer *ret_offer, struct err *err)
{
	struct libbpf_log log;
	struct btf *btf;

	libbpf_log_begin(&log);
	btf = btf__load_vmlinux_btf();
	libbpf_log_end();
	if (!btf)
		return libbpf_log_err(&log, -errno,
				      "this kernel does not describe its types "
				      "(/sys/kernel/btf/vmlinux, "
				      "CONFIG_DEBUG_INFO_BTF)",
				      err);
	*ret_offer = (struct kernel_offer){
		.btf = btf,
		.lsm = lsm_listed() && lsm_attaches(btf),
		.cgroup_fd = cgroup_open(),
	};
	return 0;
}

void kernel_offer_release(struct kernel_offer *offer)
{
	btf__free(offer->btf);
	if (offer->btf && offer->cgroup_fd >= 0)
		close(offer->cgroup_fd);
	*offer = (struct kernel_offer){ .cgroup_fd = -1 };
}

const struct btf_type *kernel_tracepoint(const struct kernel_offer *offer,
					 const char *name)
{
	char type_name[128];
	const struct btf_type *type;
	int id;

	snprintf(type_name, sizeof(type_name), "btf_trace_%s", name);
	id = btf__find_by_name_kind(offer->btf, type_name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return NULL;
	type = btf__type_by_id(offer->btf,
			       btf__type_by_id(offer->btf, (__u32)id)->type);
	return type ? btf__type_by_id(offer->btf, type->type) : NULL;
}

bool kernel_has_function(const struct kernel_offer *offer, const char *name)
{
	return btf__find_by_name_kind(offer->btf, name, BTF_KIND_FUNC) >= 0;
}
