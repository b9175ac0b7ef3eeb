/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collection tasks: what each rule asks of each stream it reads, for a
 * collector in another process. In: the plan; out: the tasks in the order of
 * the rules and of their inputs.
 */
#ifndef SHRIKE_COMPILER_TASK_H
#define SHRIKE_COMPILER_TASK_H

#include "compiler/compiler.h"

/* Fills the tasks of `program`, whose plan is set. */
int task_list(struct arena *arena, struct program *program, struct err *err);

/* As text, for people: one block a stream, one block a task. */
void subscriptions_print(struct buf *out, const struct program *program);
void tasks_print(struct buf *out, const struct program *program);

#endif
