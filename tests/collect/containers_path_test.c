// SPDX-License-Identifier: Apache-2.0
/* Paths of cgroups as runtimes make them, and what they say. */
#include "support/unit.h"

#include "user/base/check.h"
#include "user/collect/containers_path.h"

#include <stdlib.h>
#include <string.h>

#define A "4c01db0b339c2b7b9a3d1f6f1f2a9e5b7e8d1c2b3a4f5e6d7c8b9a0f1e2d3c4b"
#define B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "2c48913c-b29f-11e7-9350-020968147796"
#define UID_ "2c48913c_b29f_11e7_9350_020968147796"
#define KUBE "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"

static const struct {
	const char *path;
	const char *id; /* NULL: no container */
	const char *runtime;
	const char *pod;
} paths[] = {
	/* docker: systemd's driver, cgroupfs, in another parent, nested */
	{ "/system.slice/docker-" A ".scope", A, "docker", "" },
	{ "/docker/" A, A, "docker", "" },
	{ "/docker/" A "/init.scope/deep/er", A, "docker", "" },
	{ "/parent/docker-" A ".scope/docker/" B, B, "docker", "" },
	{ "/docker/" A "/not/docker-x.scope", A, "docker", "" },
	{ "/system.slice:docker:" A, A, "docker", "" },
	{ "/moby/" A, A, "docker", "" },
	/* podman */
	{ "/machine.slice/libpod-" A ".scope", A, "podman", "" },
	{ "/machine.slice/libpod-" A ".scope/container", A, "podman", "" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" A
	  ".scope",
	  A, "podman", "" },
	{ "/libpod_parent/libpod-" A, A, "podman", "" },
	{ "/machine.slice/libpod-conmon-" A ".scope", NULL, NULL, NULL },
	/* Kubernetes */
	{ KUBE UID_ ".slice/cri-containerd-" A ".scope", A, "containerd", UID },
	{ KUBE UID_ ".slice/docker-" A ".scope", A, "docker", UID },
	{ KUBE UID_ ".slice/crio-" A ".scope", A, "cri-o", UID },
	{ KUBE UID_ ".slice/crio-" A ".scope/container", A, "cri-o", UID },
	{ KUBE UID_ ".slice/crio-conmon-" A ".scope", NULL, NULL, NULL },
	{ "/kubepods/burstable/pod" UID "/" A, A, NULL, UID },
	{ "/kubepods/pod" UID "/crio-" A, A, "cri-o", UID },
	{ "/system.slice/containerd.service/kubepods-burstable-pod" UID_
	  ".slice:cri-containerd:" A,
	  A, "containerd", UID },
	{ "/kubepods/besteffort/pod" UID, NULL, NULL, NULL },
	{ KUBE "0123456789abcdef0123456789abcdef.slice/cri-containerd-" A
	       ".scope",
	  A, "containerd", "0123456789abcdef0123456789abcdef" },
	/* kind: a cluster's node is a container itself */
	{ "/docker/" A "/kubelet/kubepods/burstable/pod" UID "/" B, B, NULL,
	  UID },
	/* buildkit, nerdctl, ctr */
	{ "/docker/buildkit/x2bqh5bfbzqp3t3e9fjv8vq6n",
	  "x2bqh5bfbzqp3t3e9fjv8vq6n", "buildkit", "" },
	{ "/system.slice:buildkit:x2bqh5bfbzqp3t3e9fjv8vq6n",
	  "x2bqh5bfbzqp3t3e9fjv8vq6n", "buildkit", "" },
	{ "/system.slice/nerdctl-" A ".scope", A, "containerd", "" },
	{ "/default/" A, A, NULL, "" },
	/* lxc, lxd */
	{ "/lxc.payload.web-1", "web-1", "lxc", "" },
	{ "/lxc.payload.web-1/system.slice/ssh.service", "web-1", "lxc", "" },
	{ "/lxc.payload/web", "web", "lxc", "" },
	{ "/lxc/web/init.scope", "web", "lxc", "" },
	{ "/lxc.monitor.web-1", NULL, NULL, NULL },
	/* systemd-nspawn, libvirt */
	{ "/machine.slice/systemd-nspawn@deb.service/payload", "deb",
	  "systemd-nspawn", "" },
	{ "/machine.slice/machine-my\\x2dbox.scope", "my-box", "systemd-nspawn",
	  "" },
	{ "/machine.slice/machine-lxc\\x2d7\\x2dvm.scope/libvirt", "7-vm",
	  "libvirt-lxc", "" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", NULL, NULL, NULL },
	/* bare runc, crun */
	{ "/system.slice/runc-my-name.scope", "my-name", "runc", "" },
	{ "/user.slice/crun-x.scope", "x", "crun", "" },
	{ "/user.slice/runc-x", NULL, NULL, NULL },
	/* ECS */
	{ "/ecs/0123456789abcdef0123456789abcdef/" A, A, NULL, "" },
	{ "/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abc"
	  "def-3012345678",
	  "0123456789abcdef0123456789abcdef-3012345678", "ecs", "" },
	{ "/x/0123456789abcdef0123456789abcdef-3012345678", NULL, NULL, NULL },
	/* of the host */
	{ "/", NULL, NULL, NULL },
	{ "", NULL, NULL, NULL },
	{ "/init.scope", NULL, NULL, NULL },
	{ "/system.slice/docker.service", NULL, NULL, NULL },
	{ "/system.slice/docker.socket", NULL, NULL, NULL },
	{ "/user.slice/user-0.slice/session-1.scope", NULL, NULL, NULL },
	{ "/docker", NULL, NULL, NULL },
	{ "/docker/buildx", NULL, NULL, NULL },
	{ "/lxc", NULL, NULL, NULL },
	{ "/lxc.payload.", NULL, NULL, NULL },
	/* almost */
	{ "/docker/" A "0", NULL, NULL, NULL },
	{ "/system.slice/docker-" A, A, "docker", "" },
	{ "/system.slice/docker-" A ".service", NULL, NULL, NULL },
	{ "/system.slice/xdocker-" A ".scope", NULL, NULL, NULL },
	{ "/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789a"
	  "bcdef",
	  NULL, NULL, NULL },
	{ "//docker//" A "//", A, "docker", "" },
};

static void path__of_each_runtime__tells_the_container(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct container_path got;
		bool is = container_path_read(paths[i].path,
					      strlen(paths[i].path), &got);

		if (is != (paths[i].id != NULL))
			fail_msg("%s: %s", paths[i].path,
				 is ? got.id : "no container");
		if (!is)
			continue;
		if (strcmp(got.id, paths[i].id) != 0 ||
		    strcmp(got.pod_uid, paths[i].pod) != 0 ||
		    !got.runtime != !paths[i].runtime ||
		    (got.runtime && strcmp(got.runtime, paths[i].runtime) != 0))
			fail_msg("%s: %s of %s in '%s'", paths[i].path, got.id,
				 got.runtime, got.pod_uid);
	}
}

/* Whatever is in it: an id is within its bounds, and of the path. */
static void path__random__stays_within_bounds(void **state)
{
	static const char *const pieces[] = {
		"/",	  "docker",	   "-",		A,	 ".scope",
		":",	  "lxc",	   ".payload.", "pod",	 UID_,
		".slice", "machine.slice", "machine-",	"\\x2d", "runc-",
		"\n",	  "\xff",	   "kubepods",
	};
	uint64_t seed = test_seed();

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		char path[2048], *exact;
		struct container_path got;
		size_t len = 0;

		while (len < 1500 && (seed = seed * 6364136223846793005u +
					     1442695040888963407u) >>
					     60) {
			const char *p =
				pieces[(seed >> 33) % ARRAY_SIZE(pieces)];

			memcpy(path + len, p, strlen(p));
			len += strlen(p);
		}
		exact = malloc(len ? len : 1);
		assert_non_null(exact);
		memcpy(exact, path, len);
		memset(&got, 'x', sizeof(got));
		if (container_path_read(exact, len, &got)) {
			assert_in_range(strlen(got.id), 1, CONTAINER_ID_MAX);
			assert_true(strlen(got.pod_uid) <= CONTAINER_POD_MAX);
			assert_null(strchr(got.id, '/'));
			assert_null(strchr(got.id, '\n'));
		}
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path__of_each_runtime__tells_the_container),
		cmocka_unit_test(path__random__stays_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
