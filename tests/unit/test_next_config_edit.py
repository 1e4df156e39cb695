"""How a user's Next.js config gets what its image needs."""
# ruff: noqa: E501 - a config stands beside what it becomes

from dataclasses import replace

import pytest

from bayplan.model.workspace import NextConfig, Package
from bayplan.source import At
from bayplan.writers.next_config import edited
from tests.unit.code_workspace import read_app

TRACED = "outputFileTracingRoot: path.join(import.meta.dirname, '../..')"


def _edited(text: str) -> str:
    code = read_app({"next.config.mjs": text, "app/page.tsx": "export default () => null\n"}, "next")
    assert isinstance(code.next, NextConfig)
    package = Package("web", "apps/web", At("apps/web/package.json"))
    changed = edited(text, replace(package, code=code))
    assert changed is not None
    return changed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "export default { basePath: '/app' };\n",
            f"import path from 'node:path';\n\nexport default {{\n  output: 'standalone',\n  {TRACED},\n  basePath: '/app',\n}};\n",
        ),
        (
            "const config = {};\nexport default config; // it's empty\n",
            f"import path from 'node:path';\n\nconst config = {{\n  output: 'standalone',\n  {TRACED},\n}};\nexport default config; // it's empty\n",
        ),
        (
            "import path from 'node:path';\n\nexport default {\n    basePath: '/app',\n};\n",
            f"import path from 'node:path';\n\nexport default {{\n    output: 'standalone',\n    {TRACED},\n    basePath: '/app',\n}};\n",
        ),
    ],
)
def test_what_is_missing_comes_first_and_reads_as_if_it_had_been_there(text: str, expected: str) -> None:
    assert _edited(text) == expected
