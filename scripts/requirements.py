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
        self.ended: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        """The tests that ended so (passed, failed, skipped), by requirement."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            self.named[item.nodeid] = tuple(
                str(name) for mark in item.iter_markers("requirement") for name in mark.args
            )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name in self.named.get(report.nodeid, ()):
            if report.when == "call" or not report.passed:
                self.ended[name][report.outcome].add(report.nodeid)

    def count(self, name: str) -> str:
        """Say how the tests of a requirement ended."""
        ended = self.ended[name]
        return (
            ", ".join(f"{len(ended[how])} {how}" for how in ("passed", "failed", "skipped") if ended[how]) or "no test"
        )

    def holds(self, name: str) -> bool:
        return bool(self.ended[name]["passed"]) and not self.ended[name]["failed"]


def main() -> int:
    """Return 1 when a test failed or names what nobody requires, or a requirement that is built has no passing test."""
    required = tomllib.loads((ROOT / "tests" / "requirements.toml").read_text(encoding="utf-8"))
    later = required.pop("later", {})
    ledger = Ledger()
    code = pytest.main(["-q", "-m", "requirement", *sys.argv[1:]], plugins=[ledger])
    width = max(len(ledger.count(name)) for name in required)
    print()
    for name, text in required.items():
        print(f"{name}  {ledger.count(name):<{width}}  {text}")
    for name, text in later.items():
        print(f"{name}  {'later':<{width}}  {text}")
    for test in sorted({test for ended in ledger.ended.values() for test in ended["skipped"]}):
        print(f"skipped: {test}")
    unproved = [name for name in required if not ledger.holds(name)]
    unknown = sorted({name for names in ledger.named.values() for name in names} - required.keys() - later.keys())
    for name in unproved:
        print(f"{name} is not proved: {ledger.count(name)}")
    for name in unknown:
        print(f"{name} is named by a test and stands in no list")
    return int(bool(unproved or unknown) or code != pytest.ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main())
