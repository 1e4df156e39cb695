"""How large our images are, where the bytes are, and whether that is within budget."""

import re
from collections import Counter
from collections.abc import Iterator

from bayplan.model.evidence import Evidence, Status
from bayplan.model.front import Proxy
from bayplan.model.stack import Service
from bayplan.model.workspace import Workspace
from bayplan.probes.archive import Contents, File
from bayplan.probes.base import base_image, base_layers
from bayplan.probes.layers import is_ours
from bayplan.probes.subject import Subject, judged, recipe, skipped

ID = "size"
MB = 1_000_000
NODE = re.compile(r"(?:^|/)bin/node$")
PACKAGE = re.compile(r".*(?:^|/)node_modules/((?:@[^/]+/)?[^/]+)/")
LARGEST = 10


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that each image is within its budget, as the sum of its uncompressed layers, and say what fills it."""
    for service in subject.built:
        name = subject.images[service.name]
        image = subject.engine.image(name)
        if image is None:
            yield skipped(ID, service.name, "is within its budget", f"there is no image {name}")
            continue
        contents = subject.contents(name)
        base = base_layers(subject, recipe(service), image)
        yield judge(service, contents, base, subject.workspace)


def judge(service: Service | Proxy, contents: Contents, base: int, workspace: Workspace) -> Evidence:
    """Weigh an image against its budget; without one, its size is only told."""
    total = sum(layer.size for layer in contents.layers)
    below = sum(layer.size for layer in contents.layers[:base])
    where = breakdown(service, contents, base, workspace)
    if isinstance(service, Proxy) or service.budget_mb is None:
        return Evidence(ID, service.name, "is weighed, for no budget is given", Status.PROVED, f"{_mb(total)}: {where}")
    budget = service.budget_mb * MB
    claim = f"at most {service.budget_mb} MB"
    if total > budget and below > budget:
        return Evidence(ID, service.name, claim, Status.IMPOSSIBLE, _hopeless(service, total, below, where))
    return judged(ID, service.name, claim, f"{_mb(total)}: {where}", holds=total <= budget)


def _hopeless(service: Service, total: int, below: int, where: str) -> str:
    base = base_image(service.image)
    return (
        f"{_mb(total)}, for {base} alone has {_mb(below)}, and {_mb(total - below)} are ours: {where}. "
        "What could meet it (cited, not measured here): a base of plain Alpine with Alpine's own nodejs package, "
        "about 64 MB with Node.js 20, and for the app a bundle in one file instead of node_modules, about 6 to 30 MB. "
        "Otherwise raise the budget by what the base takes"
    )


def breakdown(service: Service | Proxy, contents: Contents, base: int, workspace: Workspace) -> str:
    """Say where the bytes are: the base and its Node.js, the largest packages, native modules, our code."""
    below = [file for layer in contents.layers[:base] for file in layer.files]
    node = sum(file.size for file in below if NODE.search(file.path))
    kinds: Counter[str] = Counter()
    packages: Counter[str] = Counter()
    for file in contents.above(base):
        kinds[_kind(file, workspace)] += file.size
        if (owner := PACKAGE.match(file.path)) is not None:
            packages[owner[1]] += file.size
    size = sum(file.size for file in below)
    of_node = f" (Node.js {_mb(node)})" if node else ""
    parts = [f"base {base_image(recipe(service))} {_mb(size)}{of_node}"]
    parts += [f"{kind} {_mb(amount)}" for kind, amount in kinds.most_common() if amount]
    largest = ", ".join(f"{name} {_mb(amount)}" for name, amount in packages.most_common(LARGEST) if amount > MB // 10)
    return "; ".join(parts) + (f"; largest packages: {largest}" if largest else "")


def _kind(file: File, workspace: Workspace) -> str:
    if file.path.endswith((".node", ".so")) or ".so." in file.path:
        return "native modules"
    if not is_ours(file.path, workspace):
        return "node_modules"
    if file.path.startswith(("usr/", "etc/", "lib/", "bin/", "var/", "sbin/", "root/")):
        return "system files"
    return "our code"


def _mb(size: int) -> str:
    return f"{size / MB:.1f} MB"
