# SPDX-License-Identifier: GPL-2.0-only
"""Words that a comment in C has a plainer term for: prints each use, with file and line.

usage: comments.py FILE...
"""
import re
import sys

# The term of the field is beside it; CONTRIBUTING.md has the glossary.
WORDS = {
    "told": "reported, observed",
    "untold": "unreported",
    "tells": "reports",
    "listen": "observe",
    "listens": "observes",
    "listener": "observer",
    "somebody": "a thread, the caller",
    "nobody": "no thread, no reader",
    "whoever": "the caller, the thread that",
    "meanwhile": "concurrently",
    "but for": "except",
    "come round": "wrap",
    "is no more": "was freed",
    "who": "the caller, the thread that",
}
# Names of parameters in kernel-doc.
ALLOWED = {"@who"}
COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|(/\*.*?\*/|//[^\n]*)', re.S)
WORD = re.compile(r"@?\b(" + "|".join(map(re.escape, WORDS)) + r")\b", re.I)


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for comment in COMMENT.finditer(text):
            for word in WORD.finditer(comment.group(1) or ""):
                if word.group(0) in ALLOWED:
                    continue
                line = text.count("\n", 0, comment.start(1) + word.start()) + 1
                print(f"{path}:{line}: '{word.group(0)}': {WORDS[word.group(1).lower()]}")


main()
