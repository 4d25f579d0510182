// SPDX-License-Identifier: GPL-2.0-only
/*
 * The designs in this build.  native/detect generates peers.inc, with the peers that can be
 * built, their libraries' versions, and why others are missing.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "external.h"
#include "ours.h"
#include "peers.h"

#define PEER(name)	extern const struct bench_peer name##_peer;
#define EXTERNAL(title)	static const struct bench_peer title##_peer = { .name = #title };
#define MISSING(text)
#define VERSION(text)
#include "peers.inc"
#undef PEER
#undef EXTERNAL
#undef MISSING
#undef VERSION

#define MISSING(text)
#define VERSION(text)
#define PEER(name)	&name##_peer,
#define EXTERNAL(name)	&name##_peer,
static const struct bench_peer *const all[] = {
#include "peers.inc"
#define OURS(name)	&name##_peer,
	OURS_ALL(OURS)
};
#undef PEER
#undef EXTERNAL
#undef MISSING
#undef VERSION

/* Those that are measured only if they are named. */
static const struct bench_peer *const more[] = {
#define STATS(name)	&name##_stats_peer,
	OURS_ALL(STATS)
#define CALLS(name)	&name##_none_peer, &name##_off_peer, &name##_on_peer, &name##_beside_peer,
	OURS_DESIGNS(CALLS)
};

#define NR_MORE	(sizeof(more) / sizeof(more[0]))
#define NR_ALL	(sizeof(all) / sizeof(all[0]))

static_assert(NR_ALL <= PEERS_MAX, "all can be selected");

static const char *const comments[] = {
#define PEER(name)
#define EXTERNAL(name)
#define MISSING(text)	"missing: " text,
#define VERSION(text)	"version: " text,
#include "peers.inc"
	NULL
};

/**
 * peers_find - find a design by name
 * @name: its name
 *
 * Return: the design, or NULL.
 */
const struct bench_peer *peers_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < NR_ALL; i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	for (i = 0; i < NR_MORE; i++)
		if (!strcmp(more[i]->name, name))
			return more[i];
	return NULL;
}

/**
 * peers_choose - find the selected designs
 * @peers: the designs (out)
 * @names: their names, comma-separated; NULL: all
 */
void peers_choose(struct peers *peers, const char *names)
{
	char *copy, *rest, *name;
	unsigned int i;

	peers->n = 0;
	for (i = 0; !names && i < NR_ALL; i++)
		peers->peer[peers->n++] = all[i];
	if (!names)
		return;
	rest = strdup(names);
	copy = rest;
	while ((name = strsep(&rest, ","))) {
		const struct bench_peer *peer = peers_find(name);

		if (!peer || peers->n == PEERS_MAX) {
			fprintf(stderr, "bench: --designs: %s is unknown, or not in this build\n",
				name);
			exit(2);
		}
		peers->peer[peers->n++] = peer;
	}
	free(copy);
}

/**
 * peers_list - print the names of all designs, except the variants with other statistics
 * @out: the output file
 */
void peers_list(FILE *out)
{
	unsigned int i;

	for (i = 0; i < NR_ALL; i++)
		fprintf(out, "%s\n", all[i]->name);
}

static const char *external_comment(void)
{
	if (external_settings()[0])
		return external_settings();
	return external_error()[0] ? external_error() : "missing: --external names no program";
}

/**
 * peers_comment - print what is compared, and what is missing
 * @out: the output file
 * @peers: the selected designs
 */
void peers_comment(FILE *out, const struct peers *peers)
{
	unsigned int i;

	for (i = 0; comments[i]; i++)
		fprintf(out, "# %s\n", comments[i]);
	for (i = 0; i < peers->n; i++)
		fprintf(out, "# %s: %s\n", peers->peer[i]->name,
			peers->peer[i]->settings ?: external_comment());
}
