# SPDX-License-Identifier: GPL-2.0-only
"""Options whose --help is the program's docstring."""
import argparse


class Parser(argparse.ArgumentParser):
    def __init__(self, text):
        super().__init__()
        self.text = text

    def format_help(self):
        return self.text
