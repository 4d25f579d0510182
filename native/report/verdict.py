# SPDX-License-Identifier: GPL-2.0-only
"""A goal, its measurement, and whether it is reached."""
import collections

Goal = collections.namedtuple("Goal", "work goal measured verdict why")


def judged(work, limit, at_least, measured, why, unit="x"):
    """measured is a number, or None with why as the reason; without a limit it is only shown."""
    goal = "shown" if limit is None else f"{'>=' if at_least else '<='} {limit:g}{unit}"
    if measured is None:
        return Goal(work, goal, "-", "-", why)
    if limit is None:
        verdict = "shown"
    else:
        verdict = "reached" if (measured >= limit if at_least else measured <= limit) else "not reached"
    return Goal(work, goal, f"{measured:.3f}{unit}", verdict, why)
