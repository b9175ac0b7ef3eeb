// SPDX-License-Identifier: Apache-2.0
/* Runtimes' files below a folder of the test's own, good ones and bad ones. */
#include "support/unit.h"

#include "user/base/check.h"
#include "user/collect/containers_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "4c01db0b339c2b7b9a3d1f6f1f2a9e5b7e8d1c2b3a4f5e6d7c8b9a0f1e2d3c4b"
#define DOCKER "/var/lib/docker/containers/" A
#define TASK "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" A
#define STORAGE "/var/lib/containers/storage/overlay-containers"
#define RUN_STORAGE "/run/containers/storage/overlay-containers"

static char root[64];

static int root_make(void **state)
{
	(void)state;
	strcpy(root, "/tmp/shrike-files-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int root_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/* `folder` with all above it. */
static void folder_make(const char *folder)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", root, folder);
	for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(path, 0755);
		*at = '/';
	}
	mkdir(path, 0755);
}

static const char *in_root(const char *folder, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s%s/%s", root, folder, name);
	return path;
}

static void file_put(const char *folder, const char *name, const char *text)
{
	FILE *file;

	folder_make(folder);
	file = fopen(in_root(folder, name), "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static bool facts_of(const char *path, struct container_facts *facts)
{
	struct container_path read;

	assert_true(container_path_read(path, strlen(path), &read));
	return container_files_read(root, &read, facts);
}

static void docker__its_file__gives_name_and_image(void **state)
{
	struct container_facts facts;

	(void)state;
	assert_false(facts_of("/docker/" A, &facts));
	assert_string_equal(facts.id, A);
	assert_string_equal(facts.runtime, "docker");
	assert_string_equal(facts.name, "");
	file_put(DOCKER, "config.v2.json",
		 "{\"Name\":\"/web\",\"Config\":{\"Image\":\"nginx:1.27\","
		 "\"Labels\":{\"a\":\"b\"}},\"State\":{\"Pid\":4}}");
	assert_true(facts_of("/docker/" A, &facts));
	assert_string_equal(facts.name, "web");
	assert_string_equal(facts.image, "nginx:1.27");
	assert_string_equal(facts.pod, "");
	/* The path does not tell the runtime, the file does. */
	assert_true(facts_of("/kubepods/pod12345678-1234-1234-1234-"
			     "123456789012/" A,
			     &facts));
	assert_string_equal(facts.runtime, "docker");
	assert_string_equal(facts.pod, "12345678-1234-1234-1234-123456789012");
}

static void docker__of_a_pod__gives_what_its_labels_say(void **state)
{
	struct container_facts facts;

	(void)state;
	file_put(DOCKER, "config.v2.json",
		 "{\"Name\":\"/k8s_app_pod_ns_uid_0\",\"Config\":{\"Image\":"
		 "\"sha256:1\",\"Labels\":{\"io.kubernetes.container.name\":"
		 "\"app\",\"io.kubernetes.pod.name\":\"app-7d\","
		 "\"io.kubernetes.pod.namespace\":\"shop\"}}}");
	assert_true(facts_of("/docker/" A, &facts));
	assert_string_equal(facts.name, "app");
	assert_string_equal(facts.pod, "app-7d");
	assert_string_equal(facts.pod_namespace, "shop");
}

/* The author of an image chooses its labels. */
static void docker__labels_of_an_image__are_not_believed(void **state)
{
	struct container_facts facts;

	(void)state;
	file_put(DOCKER, "config.v2.json",
		 "{\"Name\":\"/web\",\"Config\":{\"Image\":\"evil\","
		 "\"Labels\":{\"io.kubernetes.container.name\":\"dns\","
		 "\"nerdctl/name\":\"dns\","
		 "\"io.kubernetes.cri.image-name\":\"good\","
		 "\"io.kubernetes.pod.name\":\"dns\","
		 "\"io.kubernetes.pod.namespace\":\"kube-system\"}}}");
	assert_true(facts_of("/docker/" A, &facts));
	assert_string_equal(facts.name, "web");
	assert_string_equal(facts.image, "evil");
	assert_string_equal(facts.pod, "");
	assert_string_equal(facts.pod_namespace, "");
}

/* Any user may call a cgroup after a container of the machine's. */
static void user__cgroup_called_after_another__gets_nothing(void **state)
{
	struct container_facts facts;

	(void)state;
	file_put(DOCKER, "config.v2.json",
		 "{\"Name\":\"/web\",\"Config\":{\"Image\":\"nginx\"}}");
	assert_true(facts_of("/user.slice/user-1000.slice/user@1000.service/"
			     "docker-" A ".scope",
			     &facts));
	assert_string_equal(facts.id, A);
	assert_string_equal(facts.name, "");
	assert_string_equal(facts.image, "");
}

static void containerd__annotations__give_the_pod(void **state)
{
	struct container_facts facts;

	(void)state;
	folder_make("/run/containerd/io.containerd.runtime.v2.task/moby");
	file_put(TASK, "config.json",
		 "{\"ociVersion\":\"1.1\",\"annotations\":{"
		 "\"io.kubernetes.cri.container-name\":\"side\","
		 "\"io.kubernetes.cri.image-name\":\"docker.io/x/y:1\","
		 "\"io.kubernetes.cri.sandbox-name\":\"y-0\","
		 "\"io.kubernetes.cri.sandbox-namespace\":\"default\"}}");
	assert_true(facts_of("/x/cri-containerd-" A ".scope", &facts));
	assert_string_equal(facts.runtime, "containerd");
	assert_string_equal(facts.name, "side");
	assert_string_equal(facts.image, "docker.io/x/y:1");
	assert_string_equal(facts.pod, "y-0");
	assert_string_equal(facts.pod_namespace, "default");
}

static void podman__list_of_storage__gives_name_and_image(void **state)
{
	struct container_facts facts;

	(void)state;
	file_put(STORAGE, "volatile-containers.json",
		 "[{\"id\":\"other\"},{\"id\":\"" A
		 "\",\"names\":[\"happy_bird\"],\"metadata\":\"{\\\"image-name"
		 "\\\":\\\"alpine:latest\\\"}\"}]");
	assert_true(facts_of("/machine.slice/libpod-" A ".scope", &facts));
	assert_string_equal(facts.runtime, "podman");
	assert_string_equal(facts.name, "happy_bird");
	assert_string_equal(facts.image, "alpine:latest");
}

static void crio__annotations__give_the_pod(void **state)
{
	struct container_facts facts;

	(void)state;
	file_put(RUN_STORAGE "/" A "/userdata", "config.json",
		 "{\"annotations\":{\"io.kubernetes.container.name\":\"c\","
		 "\"io.kubernetes.cri-o.ImageName\":\"quay.io/i:2\","
		 "\"io.kubernetes.pod.name\":\"p\","
		 "\"io.kubernetes.pod.namespace\":\"n\"}}");
	assert_true(facts_of("/x/crio-" A ".scope", &facts));
	assert_string_equal(facts.name, "c");
	assert_string_equal(facts.image, "quay.io/i:2");
	assert_string_equal(facts.pod, "p");
	assert_string_equal(facts.pod_namespace, "n");
}

static void named__path_alone__is_all_there_is(void **state)
{
	struct container_facts facts;

	(void)state;
	assert_true(facts_of("/lxc.payload.web", &facts));
	assert_string_equal(facts.id, "web");
	assert_string_equal(facts.name, "web");
	assert_string_equal(facts.runtime, "lxc");
}

/* Each in the place of config.v2.json: nothing is known then. */
static void file__is_not_what_it_should_be__nothing_is_known(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"null",
		"{\"Name\":7,\"Config\":[]}",
		"{\"Name\":\"/\\u0000x\"}",
		"{\"Name\":\"/\xff\"}",
		"{\"Config\":{\"Image\":{\"Image\":\"x\"},\"Labels\":[1]}}",
	};
	const char *path = in_root(DOCKER, "config.v2.json");
	struct container_facts facts;
	char other[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		file_put(DOCKER, "config.v2.json", texts[i]);
		facts_of("/docker/" A, &facts);
		assert_string_equal(facts.name, "");
		assert_string_equal(facts.image, "");
	}
	/* A link to a file that would do. */
	file_put("", "elsewhere", "{\"Name\":\"/stolen\"}");
	snprintf(other, sizeof(other), "%s/elsewhere", root);
	path = in_root(DOCKER, "config.v2.json");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_false(facts_of("/docker/" A, &facts));
	/* A pipe that nobody writes to must not hold us up. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(5);
	assert_false(facts_of("/docker/" A, &facts));
	alarm(0);
	/* A folder, a device. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_false(facts_of("/docker/" A, &facts));
	assert_int_equal(rmdir(path), 0);
	/* Of a size that no such file has. */
	file_put(DOCKER, "config.v2.json", "{\"Name\":\"/big\"}");
	path = in_root(DOCKER, "config.v2.json");
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
	assert_false(facts_of("/docker/" A, &facts));
	unlink(path);
}

/* The container's folder is a link: out of the runtime's, so nobody's. */
static void folder__is_a_link__is_not_followed(void **state)
{
	struct container_facts facts;
	char target[512], command[600];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s" DOCKER, root);
	assert_int_equal(system(command), 0);
	file_put("/tmp/evil", "config.v2.json", "{\"Name\":\"/stolen\"}");
	snprintf(target, sizeof(target), "%s/tmp/evil", root);
	assert_int_equal(
		symlink(target, in_root("/var/lib/docker/containers", A)), 0);
	assert_false(facts_of("/docker/" A, &facts));
	unlink(in_root("/var/lib/docker/containers", A));
}

/* So may a mount that a container let through, and who serves it may be silent. */
static void file__is_mounted_over__is_not_read(void **state)
{
	struct container_facts facts;
	char other[128], path[512];

	(void)state;
	file_put(DOCKER, "config.v2.json", "{\"Name\":\"/true\"}");
	file_put("", "elsewhere", "{\"Name\":\"/stolen\"}");
	snprintf(other, sizeof(other), "%s/elsewhere", root);
	snprintf(path, sizeof(path), "%s", in_root(DOCKER, "config.v2.json"));
	if (mount(other, path, NULL, MS_BIND, NULL)) {
		print_message("skip: may not mount here\n");
		skip();
	}
	assert_false(facts_of("/docker/" A, &facts));
	assert_int_equal(umount(path), 0);
	assert_true(facts_of("/docker/" A, &facts));
	assert_string_equal(facts.name, "true");
}

static void text__too_long__is_cut_between_characters(void **state)
{
	struct container_facts facts;
	char text[2048] = "{\"Name\":\"/";
	size_t len;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		strcat(text, "\303\251");
	strcat(text, "\"}");
	file_put(DOCKER, "config.v2.json", text);
	assert_true(facts_of("/docker/" A, &facts));
	len = strlen(facts.name);
	assert_int_equal(len, CONTAINER_NAME_MAX - 1);
	assert_int_equal((unsigned char)facts.name[len - 1], 0xa9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker__its_file__gives_name_and_image),
		cmocka_unit_test(docker__of_a_pod__gives_what_its_labels_say),
		cmocka_unit_test(docker__labels_of_an_image__are_not_believed),
		cmocka_unit_test(
			user__cgroup_called_after_another__gets_nothing),
		cmocka_unit_test(containerd__annotations__give_the_pod),
		cmocka_unit_test(podman__list_of_storage__gives_name_and_image),
		cmocka_unit_test(crio__annotations__give_the_pod),
		cmocka_unit_test(named__path_alone__is_all_there_is),
		cmocka_unit_test(
			file__is_not_what_it_should_be__nothing_is_known),
		cmocka_unit_test(folder__is_a_link__is_not_followed),
		cmocka_unit_test(file__is_mounted_over__is_not_read),
		cmocka_unit_test(text__too_long__is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, root_make, root_remove);
}
