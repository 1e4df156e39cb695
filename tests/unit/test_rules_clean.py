"""Deployments that nothing is wrong with, and what happens when they are damaged."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.shop import CASES, clean, findings


@pytest.mark.parametrize("folder", sorted(path.name for path in (CASES / "clean").iterdir()))
def test_a_clean_deployment_has_no_finding(folder: str) -> None:
    assert findings(clean(folder)) == ()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_broken_line_of_a_clean_deployment_breaks_a_rule(data: st.DataObject) -> None:
    files = clean(data.draw(st.sampled_from(["pruned", "proxied", "hosted"])))
    file = data.draw(st.sampled_from(sorted(files)))
    lines = files[file].split("\n")
    index = data.draw(st.integers(0, len(lines) - 1))
    words = lines[index].split(" ")
    word = data.draw(st.integers(0, len(words) - 1))
    words[word] = data.draw(st.sampled_from(["", "$", "${", "'", '"', "/", "..", "[", "null", "*x", "\\", "\x1b[2J"]))
    lines[index] = " ".join(words)
    for finding in findings({**files, file: "\n".join(lines)}):
        assert finding.places
