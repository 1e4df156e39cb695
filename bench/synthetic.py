"""A made-up pnpm workspace of any size, to measure readers and rules on: `python synthetic.py FOLDER [PACKAGES]`."""

import json
import sys
from pathlib import Path
from random import Random

APPS_PER_PACKAGE = 0.05
REGISTRY_PACKAGES = 1500


def make_workspace(folder: Path, packages: int = 1000, files: int = 10_000) -> None:
    """Write a workspace whose packages depend on earlier ones, as real ones do, with its pnpm lockfile 9."""
    random = Random(packages)  # noqa: S311 - the same workspace every time
    apps = max(1, round(packages * APPS_PER_PACKAGE))
    names = [f"lib-{number:04}" for number in range(packages - apps)] + [f"app-{number:04}" for number in range(apps)]
    registry = {
        f"dep-{number:04}": f"{1 + number % 7}.{number % 13}.{number % 5}" for number in range(REGISTRY_PACKAGES)
    }
    importers: dict[str, dict[str, dict[str, tuple[str, str]]]] = {}
    _write(folder / "package.json", {"name": "synthetic", "private": True, "packageManager": "pnpm@10.34.8"})
    (folder / "pnpm-workspace.yaml").write_text("packages:\n  - apps/*\n  - packages/*\n")
    tasks = {"build": {"dependsOn": ["^build"], "outputs": ["dist/**"]}, "lint": {}}
    _write(folder / "turbo.json", {"tasks": tasks})
    _write(folder / "tsconfig.base.json", {"compilerOptions": {"module": "node16", "strict": True}})
    for index, name in enumerate(names):
        kind = "apps" if name.startswith("app") else "packages"
        libraries = names[: min(index, packages - apps)]
        wanted = random.sample(libraries, min(len(libraries), random.randint(0, 6)))
        installed = random.sample(sorted(registry), random.randint(2, 12))
        importers[f"{kind}/{name}"] = {
            "dependencies": {
                **{f"@acme/{each}": ("workspace:*", f"link:../../packages/{each}") for each in wanted},
                **{each: (f"^{registry[each]}", registry[each]) for each in installed},
            },
            "devDependencies": {"typescript": ("^5.9.3", "5.9.3")},
        }
        _write_package(folder / kind / name, name, importers[f"{kind}/{name}"], max(1, files // packages - 2))
    (folder / "pnpm-lock.yaml").write_text(_lockfile(importers, registry, random))


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def _write_package(folder: Path, name: str, importer: dict[str, dict[str, tuple[str, str]]], sources: int) -> None:
    is_app = name.startswith("app")
    manifest: dict[str, object] = {"name": name if is_app else f"@acme/{name}", "version": "1.0.0", "private": True}
    manifest["scripts"] = {"build": "tsc", "lint": "eslint ."} | ({"start": "node dist/index.js"} if is_app else {})
    if not is_app:
        manifest["exports"] = {".": {"types": "./dist/index.d.ts", "default": "./dist/index.js"}}
    for kind, dependencies in importer.items():
        manifest[kind] = {each: spec for each, (spec, _) in sorted(dependencies.items())}
    _write(folder / "package.json", manifest)
    options = {"outDir": "dist"} if is_app else {"outDir": "dist", "rootDir": "src"}
    _write(
        folder / "tsconfig.json",
        {"extends": "../../tsconfig.base.json", "compilerOptions": options, "include": ["src"]},
    )
    (folder / "src").mkdir(exist_ok=True)
    for number in range(sources):
        file = "index" if number == 0 else f"part-{number}"
        text = f'import {{ value }} from "./part-{number + 1}.js";\n' if number < sources - 1 else "const value = 1;\n"
        (folder / "src" / f"{file}.ts").write_text(text + f"export const {name.replace('-', '_')} = value;\n")


def _lockfile(
    importers: dict[str, dict[str, dict[str, tuple[str, str]]]], registry: dict[str, str], random: Random
) -> str:
    lines = ["lockfileVersion: '9.0'", "", "settings:", "  autoInstallPeers: true", "", "importers:", "", "  .: {}"]
    for folder, importer in sorted(importers.items()):
        lines += ["", f"  {folder}:"]
        for kind, dependencies in importer.items():
            lines.append(f"    {kind}:")
            for name, (spec, version) in sorted(dependencies.items()):
                quoted = f"'{name}'" if name.startswith("@") else name
                lines += [f"      {quoted}:", f"        specifier: {spec}", f"        version: {version}"]
    everything = sorted({**registry, "typescript": "5.9.3"}.items())
    lines += ["", "packages:"]
    for name, version in everything:
        lines += ["", f"  {name}@{version}:", f"    resolution: {{integrity: sha512-{'A' * 86}==}}"]
        lines += ["    engines: {node: '>=18'}"]
    lines += ["", "snapshots:"]
    for index, (name, version) in enumerate(everything):
        needs = sorted(random.sample(everything[:index], min(index, random.randint(0, 4))))
        lines += ["", f"  {name}@{version}:{'' if needs else ' {}'}", *(["    dependencies:"] if needs else [])]
        lines += [f"      {needed}: {its_version}" for needed, its_version in needs]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    make_workspace(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
