// SPDX-License-Identifier: Apache-2.0
/*
 * The smallest program worth executing: linked statically, ends at once.
 */
int main(void)
{
	return 0;
}
