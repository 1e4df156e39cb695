"""Measure bayplan: `python bench/run.py [--only images|startup|curve]`. Exit code 1 when a floor is missed."""

import argparse
import sys
from importlib import import_module

PARTS = ("startup", "curve", "images")


def main() -> int:
    parser = argparse.ArgumentParser(description="measure bayplan, and compare its images with the pattern written by hand")
    parser.add_argument("--only", choices=PARTS, help="one part instead of all")
    only = parser.parse_args().only
    held = [import_module(part).measure() for part in PARTS if only in (None, part)]
    print("\nevery figure and the log of every build are in build/bench")
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main())
