/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of designs.  A new design needs its source file, its object in Kbuild and a
 * line below.
 */
#define CMAP_DESIGNS(X)	\
	X(rwlock)	\
	X(sharded)	\
	X(readdirty)	\
	X(readdirty_classic)	\
	X(seqlock)	\
	X(rhashtable)	\
	X(hlist)	\
	X(busted)
