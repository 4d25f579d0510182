// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mix of operations.
 */
#include <linux/math64.h>
#include "kmod/compat.h"
#include "mix.h"

#define PER_MILLE	1000

/**
 * stress_mix_init - set the shares of the operations
 * @mix: the mix
 * @read_permille: loads per 1000 operations
 * @delete_permille: deletes per 1000 operations that are not loads
 *
 * Context: Any.
 */
void stress_mix_init(struct stress_mix *mix, unsigned int read_permille,
		     unsigned int delete_permille)
{
	u64 all = 1ULL << 32;

	mix->load = div_u64(all * read_permille, PER_MILLE);
	mix->delete = mix->load + div_u64((all - mix->load) * delete_permille, PER_MILLE);
}
EXPORT_SYMBOL_IF_KUNIT(stress_mix_init);

/**
 * stress_mix_draw - draw an operation
 * @mix: the mix
 * @random: random stream
 *
 * Context: Any.
 * Return: the operation.
 */
enum stress_op stress_mix_draw(const struct stress_mix *mix, struct stress_random *random)
{
	u64 r = stress_random_u64(random) >> 32;

	if (r < mix->load)
		return STRESS_LOAD;
	return r < mix->delete ? STRESS_DELETE : STRESS_STORE;
}
EXPORT_SYMBOL_IF_KUNIT(stress_mix_draw);
