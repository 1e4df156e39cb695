"""Apps that people install on a device of theirs: no server runs them, and no browser loads them."""

from bayplan.model.workspace import Package
from bayplan.source import Fact, Why
from bayplan.tree import Tree

DEVICES = {
    "electron": "desktops",
    "@tauri-apps/cli": "desktops",
    "expo": "phones",
    "react-native": "phones",
    "@nativescript/core": "phones",
}
TAURI = "src-tauri/tauri.conf.json"


def installed_on(tree: Tree, package: Package) -> Fact[str] | None:
    """Return on what a package is installed; one that Next.js builds is a site, whatever it shares with an app."""
    if any(each.name == "next" for each in package.dependencies):
        return None
    found = next((each for each in package.dependencies if each.name in DEVICES), None)
    if found is not None:
        return Fact(DEVICES[found.name], Why("devices", f"it depends on {found.name}", found.at))
    if tree.lists(package.path(TAURI)):
        return Fact("desktops", Why("devices", f"it has {TAURI}", package.at))
    return None
