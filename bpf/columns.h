/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Column ids, for kernel programs and user space alike; see catalog.h. */
#ifndef SHRIKE_BPF_COLUMNS_H
#define SHRIKE_BPF_COLUMNS_H

/*
 * COL_ts, COL_pid, COL_exe ... for what every stream has, and
 * COL_NETWORK_CONNECT_dst_port ... for a stream's own columns: each stream's
 * numbering starts again at COL_OWN_FIRST.
 */
enum column_id {
#define HEAD_COLUMN(name, type, wire, member, doc) COL_##name,
#include "bpf/fields.def"
	COL_AMBIENT_FIRST,
	COL_BEFORE_AMBIENT = COL_AMBIENT_FIRST - 1,
#define AMBIENT_COLUMN(name, type, doc) COL_##name,
#include "bpf/fields.def"
	COL_HEAD_COUNT,
	COL_CONTEXT_FIRST = COL_HEAD_COUNT,
	COL_BEFORE_CONTEXT = COL_CONTEXT_FIRST - 1,
#define CONTEXT_COLUMN(name, type, doc) COL_##name,
#include "bpf/fields.def"
	COL_PARENT_FIRST,
	COL_BEFORE_PARENT = COL_PARENT_FIRST - 1,
#define PARENT_COLUMN(name, column, type, doc) COL_##name,
#include "bpf/fields.def"
	COL_OWN_FIRST,
#define STREAM(id, ident, name, alias, doc) COL_BEFORE_##id = COL_OWN_FIRST - 1,
#define OWN_COLUMN(stream, record, name, type, wire, member, doc) \
	COL_##stream##_##name,
#define HIDDEN_COLUMN(stream, record, name, type, wire, member, doc) \
	COL_##stream##_##name,
#include "bpf/fields.def"
};

/* A set of one stream's columns: the column's id is its bit. */
#define COLUMN_SET_WORDS 4

#endif
