"""What tests of several folders share."""

import os
import subprocess

import pytest


@pytest.fixture(scope="session")
def engine() -> str:
    """The command of an engine that answers; without one the test is skipped, or fails where one is required."""
    try:
        answer = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, timeout=20, check=False
        )
        answers = answer.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        answers = False
    if not answers:
        if os.environ.get("BAYPLAN_REQUIRE_ENGINE"):
            pytest.fail("BAYPLAN_REQUIRE_ENGINE is set, and no Docker engine answers")
        pytest.skip("no Docker engine answers")
    return "docker"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the golden files anew; read the difference after")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests measured, which they record as the property `figure`."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    for figure in (value for each in reports for name, value in each.user_properties if name == "figure"):
        terminalreporter.write_line(f"measured: {figure}")
