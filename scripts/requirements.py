"""Run the tests that name a requirement, and print which requirements no passing test proves."""

import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


class Ledger:
    """Notes which requirements each test names, and how the test ended."""

    def __init__(self) -> None:
        self.named: dict[str, tuple[str, ...]] = {}
        self.proved: dict[str, list[str]] = defaultdict(list)
        self.failed: dict[str, list[str]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            self.named[item.nodeid] = tuple(
                str(name) for mark in item.iter_markers("requirement") for name in mark.args
            )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name in self.named.get(report.nodeid, ()):
            if report.when == "call" and report.passed:
                self.proved[name].append(report.nodeid)
            elif not report.passed:
                self.failed[name].append(report.nodeid)


def main() -> int:
    """Return 1 when a named test failed or names what nobody requires."""
    required = tomllib.loads((ROOT / "tests" / "requirements.toml").read_text(encoding="utf-8"))
    ledger = Ledger()
    code = pytest.main(["-q", "-m", "requirement", *sys.argv[1:]], plugins=[ledger])
    unknown = {name for names in ledger.named.values() for name in names} - set(required)
    print()
    for name, text in required.items():
        tests = len(ledger.proved[name])
        state = "FAILED" if ledger.failed[name] else f"{tests} test{'s' if tests != 1 else ''}" if tests else "no test"
        print(f"{name}  {state:<8}  {text}")
    for name in sorted(unknown):
        print(f"{name} is named by a test and stands in no list")
    return int(bool(unknown) or code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED))


if __name__ == "__main__":
    sys.exit(main())
