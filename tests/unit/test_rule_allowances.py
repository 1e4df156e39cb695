"""Comments allow findings, with a reason and where they stand."""

import pytest

from tests.unit.shop import API, CASES, api, compose, findings, found, image

POSTGRES = "services:\n  db:\n{above}    image: postgres{behind}\n"


@pytest.mark.parametrize(
    ("above", "behind"),
    [
        ("    # bayplan: allow floating-base-image only for tests\n", ""),
        ("", "  # bayplan: allow floating-base-image only for tests"),
        ("    # bayplan: allow floating-base-image only for tests\n    # and for nothing else\n", ""),
    ],
)
def test_a_comment_with_a_reason_allows_a_finding(above: str, behind: str) -> None:
    assert findings({"compose.yaml": POSTGRES.format(above=above, behind=behind)}) == ()


def test_a_comment_without_a_reason_allows_nothing_and_says_so() -> None:
    text = POSTGRES.format(above="    # bayplan: allow floating-base-image\n", behind="")
    assert [finding.rule for finding in findings({"compose.yaml": text})] == ["unused-allowance", "floating-base-image"]


def test_a_comment_that_allows_nothing_names_the_rule_that_was_meant() -> None:
    text = POSTGRES.format(above="    # bayplan: allow floating-base-images for tests\n", behind=":17")
    (finding,) = findings({"compose.yaml": text})
    assert finding.help == "did you mean `floating-base-image`?"


def test_a_comment_elsewhere_in_the_file_allows_nothing() -> None:
    text = "# bayplan: allow floating-base-image far away\n\n" + POSTGRES.format(above="", behind="")
    assert {finding.rule for finding in findings({"compose.yaml": text})} == {"unused-allowance", "floating-base-image"}


def test_a_comment_in_the_code_that_takes_part_allows_a_finding() -> None:
    code = (CASES / "base" / "apps/api/src/main.ts").read_text()
    allowed = code.replace("const secret", "// bayplan: allow missing-variable set by the machine\nconst secret")
    files = {API: image("USER node"), "compose.yaml": compose(api=api("environment: {DATABASE_URL: x}"))}
    assert len(found("missing-variable", files)) == 1
    assert found("missing-variable", {**files, "apps/api/src/main.ts": allowed}) == []


def test_one_comment_can_stand_in_a_dockerfile_and_in_a_workflow() -> None:
    dockerfile = (
        image("USER node")
        .replace("FROM", "# bayplan: allow floating-base-image a test\nFROM")
        .replace(":22-alpine", "")
    )
    assert found("floating-base-image", {API: dockerfile}) == []
