/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The designs in this build.
 */
#ifndef MAPSTAT_BENCH_PEERS_H
#define MAPSTAT_BENCH_PEERS_H

#include "options.h"
#include "peer.h"

#define PEERS_MAX	32

/**
 * struct peers - the selected designs
 * @peer: by default the limit (plain) first, then the peers, then ours
 * @n: number of designs
 */
struct peers {
	const struct bench_peer *peer[PEERS_MAX];
	unsigned int n;
};

void peers_choose(struct peers *peers, const char *names);
void peers_list(FILE *out);
void peers_comment(FILE *out, const struct peers *peers);
const struct bench_peer *peers_find(const char *name);

/* Implemented by an external program (external.h), which gets its name. */
static inline bool peer_is_external(const struct bench_peer *peer)
{
	return !peer->create;
}

#endif /* MAPSTAT_BENCH_PEERS_H */
