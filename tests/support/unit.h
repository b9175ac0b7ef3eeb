/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka wants these in front of it; every test includes this file instead. */
#ifndef SHRIKE_TESTS_UNIT_H
#define SHRIKE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
