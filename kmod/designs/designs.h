/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The designs, a line each.  A new one is its file here, its object in Kbuild and its
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
