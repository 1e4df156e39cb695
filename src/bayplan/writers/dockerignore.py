"""The .dockerignore of each build context: it holds what the builds need, and never a secret or an old output."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bayplan.formats import dockerignore
from bayplan.formats.dockerignore import Group, literal
from bayplan.model.front import Tls
from bayplan.model.image import Copy, Image
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Fact, Why

NAME = ".dockerignore"
SECRET = Why("dockerignore", "an image is no place for a secret")
BUILT = (".next", ".turbo", "dist")
REPORTS = ("coverage", "*/*/coverage")
"""Those of the packages: below a package's sources, a folder of that name may be a part of them."""
AT_THE_ROOT = (".git", ".github", ".bayplan", "bayplan.yaml")
TESTS = ("**/*.test.*", "**/*.spec.[jt]s", "**/*.spec.[jt]sx")
"""`openapi.spec.json` is none."""
OF_PLATFORMS = {
    "fly": ("**/fly.toml", "**/fly.*.toml"),
    "railway": (".railway", "**/railway.json"),
    "render": ("render.yaml", "render.*.yaml"),
}
"""What platforms read by themselves, where files are written for them."""
EVERYWHERE = ("**/Dockerfile*", "**/docker-compose*", *TESTS)


def write_all(stacks: Sequence[Stack]) -> dict[str, Rendered]:
    """Return one file for each context that images of any environment take files from."""
    building = [stack for stack in stacks if stack.built]
    images = list({own.image.dockerfile: own.image for stack in building for own in stack.built}.values())
    contexts = list(dict.fromkeys(image.context for image in images if _takes_files(image)))
    return {_within(context, NAME): _of_context(building, images, context, contexts) for context in contexts}


def _takes_files(image: Image) -> bool:
    return any(isinstance(step, Copy) and step.stage is None for stage in image.stages for step in stage.steps)


def _of_context(stacks: Sequence[Stack], every: Sequence[Image], context: str, contexts: Sequence[str]) -> Rendered:
    images = [image for image in every if image.context == context]
    left = _leftovers([each.value for each in _below(_once(stack.leftovers for stack in stacks), context, contexts)])
    built = (*(f"**/{name}" for name in BUILT), *_unusual_outputs(images))
    unneeded = list(_below(_by_all([stack.unneeded for stack in stacks]), context, contexts))
    keys = (path for stack in stacks if stack.proxy for path in _certificates(stack.proxy.tls))
    secret = _below([Fact(literal(path), SECRET) for path in dict.fromkeys(keys) if path], context, contexts)
    everywhere = (*EVERYWHERE, *_of_platforms(stacks, context))
    general = (*AT_THE_ROOT, *everywhere) if context == "." else everywhere
    groups = [
        Group(
            "Secrets of this machine: never in an image.",
            ("**/.env*", *(each.value for each in secret)),
            SECRET,
        ),
        Group(
            "Installed again inside, for the image's own platform.",
            ("**/node_modules", "**/.pnpm-store"),
            Why("dockerignore", "this machine's binaries do not run there"),
        ),
        Group(
            "Built again inside; with an old .tsbuildinfo, tsc would emit nothing.",
            (*built, "**/*.tsbuildinfo", *left, *REPORTS, "**/*.log"),
            Why("dockerignore", "an old output hides what the build does"),
        ),
        Group(
            "No build reads these.",
            (*general, *(each.value for each in unneeded if each.value not in general)),
            Why("dockerignore", "a change here needs no new build"),
        ),
    ]
    return dockerignore.render(groups)


def _of_platforms(stacks: Sequence[Stack], context: str) -> Iterator[str]:
    for name, patterns in OF_PLATFORMS.items():
        if any(getattr(stack.targets, name) is not None for stack in stacks):
            yield from (each for each in patterns if context == "." or each.startswith("**/"))


def _certificates(tls: Tls) -> Iterator[str]:
    """Yield the folder of a certificate and its key, for the next one comes beside them; or both."""
    folders = {posixpath.dirname(tls.certificate), posixpath.dirname(tls.key)}
    yield from folders if len(folders) == 1 and "" not in folders else (tls.certificate, tls.key)


def _once(several: Iterable[Sequence[Fact[str]]]) -> list[Fact[str]]:
    return list({fact.value: fact for facts in several for fact in facts}.values())


def _by_all(several: Sequence[Sequence[Fact[str]]]) -> list[Fact[str]]:
    """Return what no environment needs."""
    return [fact for fact in several[0] if all(any(fact.value == each.value for each in facts) for facts in several)]


def _within(context: str, path: str) -> str:
    return path if context == "." else f"{context}/{path}"


def _below(facts: Sequence[Fact[str]], context: str, contexts: Sequence[str]) -> Iterator[Fact[str]]:
    """Yield the patterns that belong to a context and to no deeper one, relative to it."""
    for fact in facts:
        sign = "!" if fact.value.startswith("!") else ""
        path = fact.value.removeprefix("!")
        owners = [each for each in contexts if each == "." or path.startswith(f"{each}/")]
        if max(owners, key=len, default=None) == context:
            yield Fact(sign + (path if context == "." else path.removeprefix(f"{context}/")), fact.why)


def _leftovers(paths: Sequence[str]) -> list[str]:
    """Return one pattern for files of one name, and the path itself of every other."""
    named = Counter(posixpath.basename(path) for path in paths)
    patterns = (path if named[posixpath.basename(path)] == 1 else posixpath.basename(path) for path in paths)
    return list(dict.fromkeys(("" if "/" in each else "**/") + literal(each) for each in patterns))


def _unusual_outputs(images: Sequence[Image]) -> list[str]:
    """Return the folders that builds make where no general pattern covers them; a source may be called like them."""
    steps = [step for image in images for stage in image.stages for step in stage.steps]
    copies = [step for step in steps if isinstance(step, Copy)]
    made = {copy.target.rstrip("/") for copy in copies if copy.stage == "build" and copy.why.by == "build"}
    made = {path for path in made if not path.startswith("/")}
    return [literal(path) for path in sorted(made - {""}) if posixpath.basename(path) not in BUILT]
