// SPDX-License-Identifier: Apache-2.0
/*
 * Opening and closing. Everything that can be wrong with a folder is found
 * before anything in it is written.
 */
#include "store/store_int.h"

#include "store/store_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_read(const char *dir, enum folder_state state,
		     struct store *store, struct err *err)
{
	if (state == FOLDER_MISSING)
		return err_set(err, ERR_INPUT, -ENOENT, "there is no store %s",
			       dir);
	if (state == FOLDER_EMPTY)
		return err_set(err, ERR_INPUT, -ENOENT,
			       "%s is an empty folder, not a store", dir);
	return store_env_open(dir, false, &store->env, err);
}

static int open_write(const char *dir, enum folder_state state,
		      struct store *store, struct err *err)
{
	int rc = 0;

	if (state == FOLDER_OURS && store->mode == STORE_CREATE)
		return err_set(err, ERR_INPUT, -EEXIST,
			       "%s already holds a store: a replay needs a new "
			       "or an empty folder",
			       dir);
	if (state != FOLDER_OURS)
		rc = folder_create(dir, state, err);
	if (rc == 0)
		rc = folder_lock(dir, &store->lock_fd, err);
	if (rc == 0)
		rc = store_env_open(dir, true, &store->env, err);
	if (rc == 0)
		rc = folder_sync(dir, err);
	return rc;
}

int store_open(const char *dir, const struct store_options *options,
	       struct store **ret_store, struct err *err)
{
	bool write = options->mode != STORE_READ;
	enum folder_state state;
	struct store *store;
	int rc = folder_probe(dir, write, &state, err);

	if (rc)
		return rc;
	store = calloc(1, sizeof(*store));
	if (!store)
		return err_nomem(err);
	store->mode = options->mode;
	store->size_bytes_max = options->size_bytes_max;
	store->lock_fd = -1;
	store->env.hold_fd = -1;
	rc = write ? open_write(dir, state, store, err) :
		     open_read(dir, state, store, err);
	if (rc) {
		store_close(store);
		return rc;
	}
	*ret_store = store;
	return 0;
}

struct store *store_close(struct store *store)
{
	if (!store)
		return NULL;
	store_env_release(&store->env);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	explicit_bzero(&store->key, sizeof(store->key));
	free(store);
	return NULL;
}
