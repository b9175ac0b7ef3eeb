/* SPDX-License-Identifier: Apache-2.0 */
/* What other languages of detection call the same things. */
#ifndef SHRIKE_COMPILER_FOREIGN_H
#define SHRIKE_COMPILER_FOREIGN_H

/* The column that others call `name`, which a stream may have; or NULL. */
const char *foreign_column(const char *name);

/* The stream or the option of CREATE RULE ... WITH that is meant, or NULL. */
const char *foreign_stream(const char *name);
const char *foreign_option(const char *name);

/* What a rule writes in place of that function, or NULL. */
const char *foreign_function(const char *name);

#endif
