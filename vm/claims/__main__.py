# SPDX-License-Identifier: GPL-2.0-only
"""Tests published claims: measures what cases.py lists, and writes docs/claims.md.

usage: python3 vm/claims [--dir DIR] [--brief] [--keep] [--document FILE] [--readme FILE]

  --dir DIR         directory for the measurements (default: build/claims)
  --brief           short rounds: only to see that everything works
  --keep            measures nothing: writes from the measurements in DIR
  --document FILE   (default: docs/claims.md)
  --readme FILE     writes the answer between <!-- claims --> and <!-- /claims --> of FILE
                    (default: README.md; "" for none)
Takes a quarter of an hour on two idle CPUs. Exit status: 0; 1 if
something could not be run; 2 for wrong usage. A claim that does not hold is not an error.
"""
import argparse
import os
import sys

import claims
import data
import run


class Usage(argparse.ArgumentParser):
    def format_help(self):
        return __doc__


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))
    parser = Usage(add_help=True)
    parser.add_argument("--dir", default="build/claims")
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--document", default="docs/claims.md")
    parser.add_argument("--readme", default="README.md")
    args = parser.parse_args()
    if not args.keep:
        run.measure(args.dir, args.brief)
    try:
        measured = data.Measured(args.dir)
        claims.write(args.document, measured)
        if args.readme:
            claims.write_answer(args.readme, measured)
    except (data.Wrong, OSError) as error:
        sys.exit(f"claims: {error}")


if __name__ == "__main__":
    main()
