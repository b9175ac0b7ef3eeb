// SPDX-License-Identifier: Apache-2.0
/*
 * LMDB 0.9. MDB_NOTLS and nothing else: with it every successful commit is
 * durable. MDB_DUPSORT is not used.
 */
#include "store/store_txn.h"

#include "store/store_folder.h"
#include "user/base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Address space; the file grows as it is used. */
#define MAP_BYTES_MAX ((size_t)64 << 30)
#define MAP_BYTES_MIN ((size_t)256 << 20)

/* Below this an unexplained write error is a full disk. */
#define DISK_FULL_BYTES ((uint64_t)1 << 20)

static bool disk_is_full(const char *dir)
{
	struct statvfs fs;

	return statvfs(dir, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize < DISK_FULL_BYTES;
}

static int lmdb_error(const char *dir, int rc, const char *what,
		      struct err *err)
{
	switch (rc) {
	case 0:
		return 0;
	case ENOMEM:
		return err_nomem(err);
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
		break;
	case EIO:
		if (disk_is_full(dir))
			break;
		return err_set(err, ERR_INPUT, -EIO,
			       "%s: input/output error in the store %s", what,
			       dir);
	case MDB_VERSION_MISMATCH:
		return err_set(err, ERR_INPUT, -ENOTSUP,
			       "%s: %s/data.mdb is of another LMDB version",
			       what, dir);
	default:
		if (rc > 0)
			return err_set(err, ERR_INPUT, -rc, "%s: store %s: %s",
				       what, dir, strerror(rc));
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "%s: the store %s is damaged: %s", what, dir,
			       mdb_strerror(rc));
	}
	return err_set(err, ERR_INPUT, -ENOSPC,
		       "%s: no space left for the store %s", what, dir);
}

static int env_try(const char *dir, unsigned flags, size_t map_bytes,
		   MDB_env **ret_env)
{
	MDB_env *env;
	int rc = mdb_env_create(&env);

	if (rc)
		return rc;
	rc = mdb_env_set_mapsize(env, map_bytes);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(env, TABLE_COUNT);
	if (rc == 0)
		rc = mdb_env_open(env, dir, MDB_NOTLS | flags, 0600);
	if (rc) {
		mdb_env_close(env);
		return rc;
	}
	*ret_env = env;
	return 0;
}

/* As much address space as the system gives. */
static int env_map(const char *dir, unsigned flags, MDB_env **ret_env)
{
	size_t map_bytes = MAP_BYTES_MAX;
	int rc;

	do {
		rc = env_try(dir, flags, map_bytes, ret_env);
		map_bytes /= 2;
	} while (rc == ENOMEM && map_bytes >= MAP_BYTES_MIN);
	return rc;
}

/* LMDB would follow a page number past the end of the file into SIGBUS. */
static int check_length(const struct store_env *env, struct err *err)
{
	struct stat st;
	int fd;

	if (mdb_env_get_fd(env->env, &fd) || fstat(fd, &st) != 0)
		return err_set(err, ERR_INPUT, -EIO,
			       "cannot examine %s/data.mdb", env->dir);
	if ((uint64_t)st.st_size < store_env_used_bytes(env))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "the store %s is damaged: data.mdb is cut short",
			       env->dir);
	return 0;
}

static int tables_open(struct store_env *env, bool write)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(env->env, NULL, write ? 0 : MDB_RDONLY, &txn);

	if (rc)
		return rc;
	for (int i = 0; i < TABLE_COUNT && rc == 0; i++) {
		rc = mdb_dbi_open(txn, store_table_name((enum store_table)i),
				  write ? MDB_CREATE : 0, &env->tables[i]);
		env->has_table[i] = rc == 0;
		if (rc == MDB_NOTFOUND)
			rc = 0;
	}
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

static int env_open_files(struct store_env *env, bool write, struct err *err)
{
	int rc, fallback;

	rc = env_map(env->dir, write ? 0 : MDB_RDONLY, &env->env);
	if (!write && (rc == EACCES || rc == EPERM)) {
		fallback = folder_lock_shared(env->dir, &env->hold_fd, err);
		if (fallback)
			return fallback;
		rc = env_map(env->dir, MDB_RDONLY | MDB_NOLOCK, &env->env);
	}
	if (rc)
		return lmdb_error(env->dir, rc, "open", err);
	rc = check_length(env, err);
	if (rc)
		return rc;
	return lmdb_error(env->dir, tables_open(env, write), "open", err);
}

int store_env_open(const char *dir, bool write, struct store_env *ret_env,
		   struct err *err)
{
	struct store_env env = { .hold_fd = -1, .dir = strdup(dir) };
	int rc;

	if (!env.dir)
		return err_nomem(err);
	rc = env_open_files(&env, write, err);
	if (rc) {
		store_env_release(&env);
		return rc;
	}
	*ret_env = env;
	return 0;
}

void store_env_release(struct store_env *env)
{
	if (env->env)
		mdb_env_close(env->env);
	if (env->hold_fd >= 0)
		close(env->hold_fd);
	free(env->dir);
	*env = (struct store_env){ .hold_fd = -1 };
}

uint64_t store_env_used_bytes(const struct store_env *env)
{
	MDB_envinfo info;
	MDB_stat stat;

	CHECK(mdb_env_info(env->env, &info) == 0);
	CHECK(mdb_env_stat(env->env, &stat) == 0);
	return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

void txn_begin(struct store_txn *txn, const struct store_env *env, bool write)
{
	*txn = (struct store_txn){ .env = env };
	if (write) /* readers that died would pin their pages */
		mdb_reader_check(env->env, NULL);
	txn->rc = mdb_txn_begin(env->env, NULL, write ? 0 : MDB_RDONLY,
				&txn->txn);
	if (txn->rc)
		txn->txn = NULL;
}

static MDB_val val_of(const struct tuple_key *key)
{
	CHECK(!key->failed && key->len > 0);
	return (MDB_val){ .mv_size = key->len, .mv_data = (void *)key->bytes };
}

bool txn_get(struct store_txn *txn, enum store_table table,
	     const struct tuple_key *key, MDB_val *ret_value)
{
	MDB_val k = val_of(key), v;
	int rc;

	if (txn->rc || !txn->env->has_table[table])
		return false;
	rc = mdb_get(txn->txn, txn->env->tables[table], &k, &v);
	if (rc == MDB_NOTFOUND)
		return false;
	txn->rc = rc;
	if (rc == 0)
		*ret_value = v;
	return rc == 0;
}

void txn_put(struct store_txn *txn, enum store_table table,
	     const struct tuple_key *key, const void *value, size_t len)
{
	txn_put_pair(txn, table, key, value, len, NULL, 0);
}

void txn_put_pair(struct store_txn *txn, enum store_table table,
		  const struct tuple_key *key, const void *head,
		  size_t head_len, const void *body, size_t body_len)
{
	MDB_val k = val_of(key), v = { .mv_size = head_len + body_len };

	if (txn->rc)
		return;
	txn->rc =
		mdb_put(txn->txn, txn->env->tables[table], &k, &v, MDB_RESERVE);
	if (txn->rc)
		return;
	if (head_len)
		memcpy(v.mv_data, head, head_len);
	if (body_len)
		memcpy((uint8_t *)v.mv_data + head_len, body, body_len);
}

void txn_damaged(struct store_txn *txn)
{
	if (!txn->rc)
		txn->rc = MDB_CORRUPTED;
}

int txn_commit(struct store_txn *txn, const char *what, struct err *err)
{
	MDB_txn *handle = txn->txn;

	if (!txn->rc) {
		txn->txn = NULL;
		txn->rc = mdb_txn_commit(handle);
	}
	return txn_finish(txn, what, err);
}

int txn_finish(struct store_txn *txn, const char *what, struct err *err)
{
	txn_abort(txn);
	return lmdb_error(txn->env->dir, txn->rc, what, err);
}

void txn_abort(struct store_txn *txn)
{
	if (txn->txn)
		mdb_txn_abort(txn->txn);
	txn->txn = NULL;
}

void scan_open(struct store_scan *scan, struct store_txn *txn,
	       enum store_table table, const struct tuple_key *from,
	       const struct tuple_key *to)
{
	scan->txn = txn;
	scan->cursor = NULL;
	scan->started = false;
	tuple_key_init(&scan->from);
	tuple_key_init(&scan->to);
	if (from)
		scan->from = *from;
	if (to)
		scan->to = *to;
	if (!txn->rc && txn->env->has_table[table])
		txn->rc = mdb_cursor_open(txn->txn, txn->env->tables[table],
					  &scan->cursor);
}

static bool scan_step(struct store_scan *scan, MDB_cursor_op op)
{
	int rc;

	if (scan->txn->rc || !scan->cursor)
		return false;
	rc = mdb_cursor_get(scan->cursor, &scan->key, &scan->value, op);
	if (rc && rc != MDB_NOTFOUND)
		scan->txn->rc = rc;
	return rc == 0;
}

static bool scan_in_range(const struct store_scan *scan)
{
	size_t n = scan->key.mv_size < scan->to.len ? scan->key.mv_size :
						      scan->to.len;

	return memcmp(scan->key.mv_data, scan->to.bytes, n) <= 0;
}

bool scan_next(struct store_scan *scan)
{
	MDB_cursor_op op = MDB_NEXT;

	if (!scan->started && scan->from.len) {
		scan->key = val_of(&scan->from);
		op = MDB_SET_RANGE;
	}
	scan->started = true;
	return scan_step(scan, op) && scan_in_range(scan);
}

bool scan_last(struct store_scan *scan)
{
	scan->started = true;
	return scan_step(scan, MDB_LAST);
}

void scan_close(struct store_scan *scan)
{
	if (scan->cursor)
		mdb_cursor_close(scan->cursor);
	scan->cursor = NULL;
}
