# SPDX-License-Identifier: GPL-2.0-only
"""Whether two sets of rounds differ: the exact two-sided Mann-Whitney test."""
import collections
import itertools
import math
import statistics

ROUNDS, LEVEL = 5, 0.05


def doubled_ranks(values):
    """Twice the rank of each value, so that the midranks of ties are integers."""
    ranks, before = {}, 0
    for value, same in itertools.groupby(sorted(values)):
        count = len(list(same))
        ranks[value] = 2 * before + count + 1
        before += count
    return [ranks[value] for value in values]


def p_value(a, b):
    """The share of all choices of len(a) ranks whose sum is at least as far from the mean."""
    ranks = doubled_ranks([*a, *b])
    ways = [collections.Counter() for _ in range(len(a) + 1)]  # by sum, for each number picked
    ways[0][0] = 1
    for rank in ranks:
        for picked in range(len(a), 0, -1):
            for total, count in ways[picked - 1].items():
                ways[picked][total + rank] += count
    mean = len(a) * (len(ranks) + 1)
    distance = abs(sum(ranks[:len(a)]) - mean)
    extreme = sum(count for total, count in ways[-1].items() if abs(total - mean) >= distance)
    return extreme / math.comb(len(ranks), len(a))


def enough(a, b):
    return min(len(a), len(b)) >= ROUNDS


def differ(a, b):
    return enough(a, b) and p_value(a, b) < LEVEL


def compared(a, b, words=("slower", "faster")):
    """Compares a with b, the ns per operation of their rounds: by how much, if beyond the noise."""
    if not enough(a, b):
        return f"fewer than {ROUNDS} rounds"
    p, ratio = p_value(a, b), statistics.median(a) / statistics.median(b)
    if p >= LEVEL:
        return f"no difference beyond the noise (p = {p:.2g})"
    return f"{ratio:.2f}x {words[0]}" if ratio > 1 else f"{1 / ratio:.2f}x {words[1]}"
