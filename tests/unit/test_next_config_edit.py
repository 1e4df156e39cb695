"""How a user's Next.js config gets what its image needs."""
# ruff: noqa: E501 - a config stands beside what it becomes

from dataclasses import replace

import pytest

from bayplan.model.code import NextConfig
from bayplan.model.workspace import Dependency, DependencyKind, Package
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


@pytest.mark.parametrize(("version", "is_known"), [("14.2.35", False), ("15.1.0", True)])
def test_the_tracing_root_is_named_where_next_knows_it(version: str, *, is_known: bool) -> None:
    text = "export default {};\n"
    code = read_app({"next.config.mjs": text, "app/page.tsx": "export default () => null\n"}, "next")
    installed = Dependency("next", "^14 || ^15", DependencyKind.PRODUCTION, At("package.json"), version)
    package = Package("web", "apps/web", At("apps/web/package.json"), dependencies=(installed,), code=code)
    changed = edited(text, package)
    assert changed is not None
    assert "output: 'standalone'" in changed or 'output: "standalone"' in changed
    assert (TRACED.partition(":")[0] in changed) is is_known
