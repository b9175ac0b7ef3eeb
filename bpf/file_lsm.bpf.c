// SPDX-License-Identifier: GPL-2.0-only
/*
 * Security hooks of the file streams, where the kernel lets programs at them.
 * They decide nothing. Each keeps the paths that the kernel is about to change,
 * made of its own objects, for the handler at the exit of the call: see
 * capture.bpf.h. So what another thread writes over a name in the caller's
 * memory changes no record.
 *
 * There is none for times and extended attributes: their hooks know the file's
 * dentry but not the mount, and so no path.
 */
#include "bpf/capture.bpf.h"
#include "bpf/path.bpf.h"
#include "bpf/ring.bpf.h"

#include <bpf/bpf_tracing.h>

#define MS_BIND 0x1000
#define MS_MOVE 0x2000

char LICENSE[] SEC("license") = "GPL";

/*
 * Of each program its own: a thread that waits in one of them may be overtaken
 * on its CPU by a thread in another.
 */
struct capture_scratch {
	struct path_buffer buffer;
	struct capture capture;
};

SCRATCH_MAP(rename_scratch, struct capture_scratch);
SCRATCH_MAP(unlink_scratch, struct capture_scratch);
SCRATCH_MAP(rmdir_scratch, struct capture_scratch);
SCRATCH_MAP(link_scratch, struct capture_scratch);
SCRATCH_MAP(symlink_scratch, struct capture_scratch);
SCRATCH_MAP(chmod_scratch, struct capture_scratch);
SCRATCH_MAP(chown_scratch, struct capture_scratch);
SCRATCH_MAP(truncate_scratch, struct capture_scratch);
SCRATCH_MAP(mount_scratch, struct capture_scratch);
SCRATCH_MAP(umount_scratch, struct capture_scratch);
SCRATCH_MAP(move_scratch, struct capture_scratch);
SCRATCH_MAP(pivot_scratch, struct capture_scratch);

/* The system call that the hook is reached in; CALL_NOWHERE: it is no call. */
static __always_inline __u32 call_now(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (task->flags & (PF_IO_WORKER | PF_KTHREAD) ||
	    task->tgid == settings.self_tgid)
		return CALL_NOWHERE;
	return compat_call_slot((struct pt_regs *)bpf_task_pt_regs(task), task);
}

static __always_inline void capture_path(struct capture_scratch *scratch,
					 __u32 slot, enum capture_part part,
					 struct vfsmount *mnt,
					 struct dentry *dentry)
{
	struct path_buffer *buffer = &scratch->buffer;
	struct capture *capture = &scratch->capture;
	__u32 off, len;

	buffer->mnt = (__u64)mnt;
	buffer->dentry = (__u64)dentry;
	buffer->state = PATH_WALKING;
	barrier();
	off = name_base_walk(buffer);
	if (buffer->state == PATH_AT_ROOT && off == EVENT_PATH_SIZE) {
		off = EVENT_PATH_SIZE - 1;
		buffer->bytes[off] = '/';
	}
	len = path_copy(capture->bytes, buffer, EVENT_PATH_SIZE - off);
	capture->slot = slot;
	capture->len = len;
	capture->is_cut = !path_is_whole(buffer->state, len);
	capture->is_raw = false;
	capture_put(capture, part);
}

/* The kernel's copy of a text; there may be none. */
static __always_inline void capture_text(struct capture_scratch *scratch,
					 __u32 slot, enum capture_part part,
					 const char *text)
{
	struct capture *capture = &scratch->capture;
	long len = 0;

	if (text)
		len = bpf_probe_read_kernel_str(capture->bytes, EVENT_PATH_SIZE,
						text);
	capture->slot = slot;
	capture->len = len > 0 ? len - 1 : 0;
	capture->is_cut = text && len <= 0;
	capture->is_raw = false;
	capture_put(capture, part);
}

/* --- file.rename, file.unlink, file.link -----------------------------------*/

SEC("lsm/path_rename")
int BPF_PROG(file_lsm_rename, struct path *old_dir, struct dentry *old_dentry,
	     struct path *new_dir, struct dentry *new_dentry)
{
	struct capture_scratch *scratch = scratch_get(&rename_scratch);
	__u32 slot = call_now();

	if (!scratch || !(CALL_IS(slot, rename) || CALL_IS(slot, renameat) ||
			  CALL_IS(slot, renameat2)))
		return 0;
	capture_path(scratch, slot, CAPTURE_OTHER, KERNEL_READ(old_dir, mnt),
		     old_dentry);
	capture_path(scratch, slot, CAPTURE_PATH, KERNEL_READ(new_dir, mnt),
		     new_dentry);
	return 0;
}

SEC("lsm/path_unlink")
int BPF_PROG(file_lsm_unlink, struct path *dir, struct dentry *dentry)
{
	struct capture_scratch *scratch = scratch_get(&unlink_scratch);
	__u32 slot = call_now();

	if (scratch && (CALL_IS(slot, unlink) || CALL_IS(slot, unlinkat)))
		capture_path(scratch, slot, CAPTURE_PATH, KERNEL_READ(dir, mnt),
			     dentry);
	return 0;
}

SEC("lsm/path_rmdir")
int BPF_PROG(file_lsm_rmdir, struct path *dir, struct dentry *dentry)
{
	struct capture_scratch *scratch = scratch_get(&rmdir_scratch);
	__u32 slot = call_now();

	if (scratch && (CALL_IS(slot, rmdir) || CALL_IS(slot, unlinkat)))
		capture_path(scratch, slot, CAPTURE_PATH, KERNEL_READ(dir, mnt),
			     dentry);
	return 0;
}

/* Both names are on one mount. */
SEC("lsm/path_link")
int BPF_PROG(file_lsm_link, struct dentry *old_dentry, struct path *new_dir,
	     struct dentry *new_dentry)
{
	struct capture_scratch *scratch = scratch_get(&link_scratch);
	__u32 slot = call_now();

	if (!scratch || !(CALL_IS(slot, link) || CALL_IS(slot, linkat)))
		return 0;
	capture_path(scratch, slot, CAPTURE_OTHER, KERNEL_READ(new_dir, mnt),
		     old_dentry);
	capture_path(scratch, slot, CAPTURE_PATH, KERNEL_READ(new_dir, mnt),
		     new_dentry);
	return 0;
}

SEC("lsm/path_symlink")
int BPF_PROG(file_lsm_symlink, struct path *dir, struct dentry *dentry,
	     const char *target)
{
	struct capture_scratch *scratch = scratch_get(&symlink_scratch);
	__u32 slot = call_now();

	if (!scratch || !(CALL_IS(slot, symlink) || CALL_IS(slot, symlinkat)))
		return 0;
	capture_text(scratch, slot, CAPTURE_OTHER, target);
	capture_path(scratch, slot, CAPTURE_PATH, KERNEL_READ(dir, mnt),
		     dentry);
	return 0;
}

/* --- file.attr -------------------------------------------------------------*/

/* Calls on descriptors come here too: their handlers have the file itself. */
SEC("lsm/path_chmod")
int BPF_PROG(file_lsm_chmod, struct path *path)
{
	struct capture_scratch *scratch = scratch_get(&chmod_scratch);
	__u32 slot = call_now();

	if (scratch && (CALL_IS(slot, chmod) || CALL_IS(slot, fchmodat) ||
			CALL_IS(slot, fchmodat2)))
		capture_path(scratch, slot, CAPTURE_PATH,
			     KERNEL_READ(path, mnt), KERNEL_READ(path, dentry));
	return 0;
}

SEC("lsm/path_chown")
int BPF_PROG(file_lsm_chown, struct path *path)
{
	struct capture_scratch *scratch = scratch_get(&chown_scratch);
	__u32 slot = call_now();

	if (scratch && (CALL_IS(slot, chown) || CALL_IS(slot, lchown) ||
			CALL_IS(slot, fchownat) || CALL_IS(slot, chown16) ||
			CALL_IS(slot, lchown16)))
		capture_path(scratch, slot, CAPTURE_PATH,
			     KERNEL_READ(path, mnt), KERNEL_READ(path, dentry));
	return 0;
}

SEC("lsm/path_truncate")
int BPF_PROG(file_lsm_truncate, struct path *path)
{
	struct capture_scratch *scratch = scratch_get(&truncate_scratch);
	__u32 slot = call_now();

	if (scratch && (CALL_IS(slot, truncate) || CALL_IS(slot, truncate64)))
		capture_path(scratch, slot, CAPTURE_PATH,
			     KERNEL_READ(path, mnt), KERNEL_READ(path, dentry));
	return 0;
}

/* --- file.mount ------------------------------------------------------------*/

/*
 * What is bound or moved is looked up after the hook: from the kernel's copy of
 * the name, which nobody writes over.
 */
static __always_inline void capture_name(struct capture_scratch *scratch,
					 __u32 slot, const char *name)
{
	struct capture *capture = &scratch->capture;
	struct name_at at = { .name = name,
			      .dirfd = NAME_CWD,
			      .in_kernel = true };
	__u32 flags;

	capture->slot = slot;
	capture->len =
		path_of_name(&scratch->buffer, &at, capture->bytes, &flags);
	capture->is_cut = !!(flags & NAME_CUT);
	capture->is_raw = !!(flags & NAME_RAW);
	capture_put(capture, CAPTURE_OTHER);
}

SEC("lsm/sb_mount")
int BPF_PROG(file_lsm_mount, const char *source, struct path *path,
	     const char *type, unsigned long flags)
{
	struct capture_scratch *scratch = scratch_get(&mount_scratch);
	__u32 slot = call_now();

	if (!scratch || !CALL_IS(slot, mount))
		return 0;
	capture_path(scratch, slot, CAPTURE_PATH, KERNEL_READ(path, mnt),
		     KERNEL_READ(path, dentry));
	capture_text(scratch, slot, CAPTURE_FSTYPE, type);
	if (source && flags & (MS_BIND | MS_MOVE))
		capture_name(scratch, slot, source);
	else
		capture_text(scratch, slot, CAPTURE_OTHER, source);
	return 0;
}

SEC("lsm/sb_umount")
int BPF_PROG(file_lsm_umount, struct vfsmount *mnt)
{
	struct capture_scratch *scratch = scratch_get(&umount_scratch);
	__u32 slot = call_now();

	if (scratch && (CALL_IS(slot, umount) || CALL_IS(slot, umount2)))
		capture_path(scratch, slot, CAPTURE_PATH, mnt,
			     KERNEL_READ(mnt, mnt_root));
	return 0;
}

SEC("lsm/move_mount")
int BPF_PROG(file_lsm_move, struct path *from, struct path *to)
{
	struct capture_scratch *scratch = scratch_get(&move_scratch);
	__u32 slot = call_now();

	if (!scratch || !CALL_IS(slot, move_mount))
		return 0;
	capture_path(scratch, slot, CAPTURE_OTHER, KERNEL_READ(from, mnt),
		     KERNEL_READ(from, dentry));
	capture_path(scratch, slot, CAPTURE_PATH, KERNEL_READ(to, mnt),
		     KERNEL_READ(to, dentry));
	return 0;
}

/* The new root is what is mounted, the old one's place the path. */
SEC("lsm/sb_pivotroot")
int BPF_PROG(file_lsm_pivot, struct path *old_root, struct path *new_root)
{
	struct capture_scratch *scratch = scratch_get(&pivot_scratch);
	__u32 slot = call_now();

	if (!scratch || !CALL_IS(slot, pivot_root))
		return 0;
	capture_path(scratch, slot, CAPTURE_OTHER, KERNEL_READ(new_root, mnt),
		     KERNEL_READ(new_root, dentry));
	capture_path(scratch, slot, CAPTURE_PATH, KERNEL_READ(old_root, mnt),
		     KERNEL_READ(old_root, dentry));
	return 0;
}
