# SPDX-License-Identifier: GPL-2.0-only
"""Options whose --help is what the program says of itself."""
import argparse


class Parser(argparse.ArgumentParser):
    def __init__(self, text):
        super().__init__()
        self.text = text

    def format_help(self):
        return self.text
