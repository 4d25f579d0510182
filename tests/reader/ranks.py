# SPDX-License-Identifier: GPL-2.0-only
"""The rank test by enumeration of all choices of ranks, for check_json.py and check_explain.py."""

import itertools

LEAST_ROUNDS = 5
MOST_P = 0.05


def separation(first, second):
    """Pairs whose first value is above the second, minus those below."""
    return sum((a > b) - (a < b) for a in first for b in second)


def p_value(x, y):
    both = x + y
    far, extreme, choices = abs(separation(x, y)), 0, 0
    for chosen in itertools.combinations(range(len(both)), len(x)):
        rest = [v for i, v in enumerate(both) if i not in chosen]
        extreme += abs(separation([both[i] for i in chosen], rest)) >= far
        choices += 1
    return extreme / choices


def holm(p_values):
    """Corrected p values, in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected, least = [0.0] * len(p_values), 0.0
    for place, i in enumerate(order):
        least = max(least, min(1.0, p_values[i] * (len(order) - place)))
        corrected[i] = least
    return corrected
