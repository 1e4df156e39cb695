"""Small workspaces to plan, written into a folder."""

import json
from pathlib import Path
from typing import Any

from bayplan import pipeline
from bayplan.pipeline import Planned

LOCK = """lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

{importers}
packages:
{packages}
snapshots:
{snapshots}
"""


class Repository:
    """A pnpm workspace in the making."""

    def __init__(self, root: Path, manager: str = "pnpm@10.34.8") -> None:
        self.root = root
        self.folders: dict[str, dict[str, Any]] = {}
        self.write("pnpm-workspace.yaml", "packages:\n  - apps/*\n  - packages/*\n")
        self.manifest(".", {"name": "shop", "private": True, "packageManager": manager, "engines": {"node": "22.x"}})

    def write(self, path: str, text: str) -> "Repository":
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return self

    def manifest(self, folder: str, content: dict[str, Any]) -> "Repository":
        self.folders[folder] = content
        return self.write(f"{folder}/package.json", json.dumps(content, indent=2))

    def app(self, name: str, code: str, *, start: str = "node dist/index.js", **dependencies: str) -> "Repository":
        """Add an app in TypeScript, built by tsc."""
        named = {
            key.replace("__", "/").replace("at_", "@").replace("_", "-"): spec for key, spec in dependencies.items()
        }
        scripts = {"build": "tsc", "start": start}
        self.manifest(f"apps/{name}", {"name": name, "scripts": scripts, "dependencies": named})
        compiler = {"compilerOptions": {"outDir": "dist", "rootDir": "src"}, "include": ["src"]}
        self.write(f"apps/{name}/tsconfig.json", json.dumps(compiler))
        return self.write(f"apps/{name}/src/index.ts", code)

    def lock(self) -> "Repository":
        importers, packages, snapshots = [], {}, {}
        for folder, content in self.folders.items():
            lines = [f"  {folder}:" if content.get("dependencies") else f"  {folder}: {{}}"]
            if content.get("dependencies"):
                lines.append("    dependencies:")
            for name, spec in content.get("dependencies", {}).items():
                linked = next((each for each, other in self.folders.items() if other.get("name") == name), None)
                up = "../" * (folder.count("/") + 1)
                version = f"link:{up}{linked}" if linked else spec
                lines += [f"      '{name}':", f"        specifier: {spec}", f"        version: {version}"]
                if not linked:
                    packages[f"{name}@{spec}"] = f"\n  '{name}@{spec}':\n    resolution: {{integrity: sha512-x}}\n"
                    snapshots[f"{name}@{spec}"] = f"\n  '{name}@{spec}': {{}}\n"
            importers.append("\n".join(lines) + "\n")
        text = LOCK.format(
            importers="\n".join(importers), packages="".join(packages.values()), snapshots="".join(snapshots.values())
        )
        return self.write("pnpm-lock.yaml", text)

    def plan(self, settings: str = "") -> Planned:
        self.lock()
        if settings:
            self.write("bayplan.yaml", f"version: 1\n{settings}")
        return pipeline.plan(self.root)


SERVER = "import http from 'node:http';\nhttp.createServer().listen(process.env.PORT ?? {port});\n"


def server(port: int, more: str = "") -> str:
    """Return a program that listens on a port."""
    return SERVER.replace("{port}", str(port)) + more
