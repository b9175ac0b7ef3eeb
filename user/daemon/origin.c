// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/origin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

int origin_host(char ret_host[HOST_NAME_BYTES], struct err *err)
{
	if (gethostname(ret_host, HOST_NAME_BYTES) < 0)
		return err_set(err, ERR_MACHINE, -errno,
			       "no name of this host: %s", strerror(errno));
	ret_host[HOST_NAME_BYTES - 1] = 0;
	return 0;
}

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* 8-4-4-4-12 hex digits, as in RFC 9562. */
static int uuid_parse(const char *text, uint8_t ret_bytes[16])
{
	unsigned n = 0;

	for (; *text && *text != '\n' && n < 32; text++) {
		int digit = hex_digit(*text);

		if (*text == '-')
			continue;
		if (digit < 0)
			return -EBADMSG;
		ret_bytes[n / 2] = (uint8_t)(n % 2 ? ret_bytes[n / 2] | digit :
						     digit << 4);
		n++;
	}
	return n == 32 ? 0 : -EBADMSG;
}

int origin_boot_id(uint8_t ret_boot_id[16], struct err *err)
{
	char text[64] = "";
	FILE *file = fopen(BOOT_ID_PATH, "re");
	int rc = file && fgets(text, sizeof(text), file) ?
			 uuid_parse(text, ret_boot_id) :
			 -ENOENT;

	if (file)
		fclose(file);
	if (rc)
		return err_set(err, ERR_MACHINE, rc,
			       "no boot id in " BOOT_ID_PATH
			       " (is /proc mounted?)");
	return 0;
}

int origin_random(void *ret_bytes, size_t len, struct err *err)
{
	if (getrandom(ret_bytes, len, 0) == (ssize_t)len)
		return 0;
	return err_set(err, ERR_MACHINE, -EIO, "no random bytes: %s",
		       strerror(errno));
}
