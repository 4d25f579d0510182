# SPDX-License-Identifier: GPL-2.0-only
"""Prints the results of a run of the bench, from its output files.

usage: python3 native/report [--dir DIR] [--goals]
       python3 native/report [--dir DIR] --markdown README.md
       python3 native/report [--dir DIR] --picture native.svg
       python3 native/report [--dir DIR] --compare-uml

  --dir DIR          directory of native.tsv and the bench's other files (default: build/bench)
  --goals            only the goals
  --markdown FILE    write the tables between <!-- bench --> and <!-- /bench --> of FILE
  --picture FILE     draw FILE (SVG) with gnuplot; the script and its data are kept beside it
  --compare-uml      print how far native.tsv and uml.tsv agree at 97.3 : 2.7, in Markdown, with
                     uml-6.12.tsv, if it exists, as one more column
Exit status: 0; 1 if a file is wrong or missing; 2 for wrong usage. A goal that is not reached is
no error.
"""
import os
import signal
import sys

import cells
import compare
import goals
import growth
import kernel
import markdown
import picture
import rows
import usage


def main():
    parser = usage.Parser(__doc__)
    parser.add_argument("--dir", default="build/bench")
    parser.add_argument("--goals", action="store_true")
    parser.add_argument("--markdown", metavar="FILE")
    parser.add_argument("--picture", metavar="FILE")
    parser.add_argument("--compare-uml", action="store_true")
    args = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # head(1) may close the pipe
    try:
        bench = cells.Bench(rows.read(os.path.join(args.dir, "native.tsv"), rows.NATIVE))
        for warning in bench.warnings:
            print(f"report: {warning}", file=sys.stderr)
        if args.markdown:
            markdown.write(args.markdown, bench, args.dir)
        elif args.picture:
            picture.draw(args.picture, bench)
        elif args.compare_uml:
            print("\n".join(compare.text(bench, args.dir)).rstrip("\n"))
        else:
            if not args.goals:
                print("\n".join([*kernel.text(args.dir), *cells.text(bench), *growth.progress(args.dir)]))
            print("\n".join(goals.text(goals.all_goals(bench, args.dir))))
    except (rows.Wrong, OSError) as error:
        sys.exit(f"report: {error}")


if __name__ == "__main__":
    main()
