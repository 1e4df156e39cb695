"""Measure bayplan: `bench/run.py [--only images|startup|curve] [--quick]`. Exit code 1 when a floor is missed."""

import argparse
import signal
import sys
from importlib import import_module

PARTS = ("startup", "curve", "images")


def main() -> int:
    parser = argparse.ArgumentParser(description="measure bayplan, and its images against the pattern written by hand")
    parser.add_argument("--only", choices=PARTS, help="one part instead of all")
    parser.add_argument("--quick", action="store_true", help="measure once what is otherwise measured several times")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind then either
    wanted = [part for part in PARTS if arguments.only in (None, part)]
    held = [import_module(part).measure(quick=arguments.quick) for part in wanted]
    print("\nevery figure and the log of every build are in build/bench")
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main())
