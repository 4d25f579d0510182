/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The designs that this build has.
 */
#ifndef MAPSTAT_BENCH_PEERS_H
#define MAPSTAT_BENCH_PEERS_H

#include "options.h"
#include "peer.h"

#define PEERS_MAX	32

/**
 * struct peers - those that are asked for
 * @peer: the limit first, then the peers, then ours
 * @n: how many
 */
struct peers {
	const struct bench_peer *peer[PEERS_MAX];
	unsigned int n;
};

void peers_choose(struct peers *peers, const char *names);
void peers_list(FILE *out);
void peers_comment(FILE *out, const struct peers *peers);
const struct bench_peer *peers_find(const char *name);

/* A program of its own (external.h), asked by name. */
static inline bool peer_is_external(const struct bench_peer *peer)
{
	return !peer->create;
}

#endif /* MAPSTAT_BENCH_PEERS_H */
