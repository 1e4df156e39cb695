"""deploy/<environment>.sh: what a release does on the machine that runs it."""

import posixpath
import shlex
from collections.abc import Iterable, Iterator

from bayplan.formats.rendering import Page
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Role, Service, Stack
from bayplan.source import Why
from bayplan.writers import hosted
from bayplan.writers.deploy_addresses import addresses, placeholders, scheme
from bayplan.writers.deploy_shell import (
    ANSWERS,
    COMPOSE,
    DEPLOYED,
    FORGET,
    HEAD,
    MAIN,
    PUBLISH,
    REFUSE,
    START,
    STAYS,
    TOOLS,
)
from bayplan.writers.deploy_values import registry

HTTP, HTTPS = 80, 443
KEPT = 3
"""How many releases stay on the machine."""
ASKED = Why("deploy", "targets.github in bayplan.yaml asks for it")
STABLE = Why("deploy", "a mount whose path changed would have compose replace what reads it, and Caddy with it")
BEFORE = Why("deploy", "what can fail does so while the release before it still answers")
ALONE = Why("deploy", "compose would replace what waits for a service together with it, and run its jobs once more")
FALLEN = Why("deploy", "compose takes a container without a check for well as soon as it has started")
SEEN = Why("deploy", "a healthy service is worth nothing to visitors who do not reach it")
TIDY = Why("deploy", "images of old releases fill the disk")
WHOLE = Why("deploy", "half of a deployment is worse than the one before it")


def path(stack: Stack) -> str:
    return f"deploy/{stack.environment}.sh"


def staying(stack: Stack) -> tuple[str, ...]:
    """Return what is mounted from the repository's folder but never in git: it lies on the machine already."""
    tls = stack.proxy.tls if stack.proxy is not None else None
    secret = [each for each in (tls.certificate, tls.key) if each] if tls is not None else []
    return tuple(each for each in _mounted(stack) if any(f"{own}/".startswith(f"{each}/") for own in secret))


def travelling(stack: Stack) -> tuple[str, ...]:
    """Return the files of the repository that a release holds."""
    mounted = [each for each in _mounted(stack) if each not in staying(stack)]
    return tuple(dict.fromkeys((stack.compose, *mounted, path(stack))))


def _mounted(stack: Stack) -> tuple[str, ...]:
    parts = (*stack.services, *((stack.proxy,) if stack.proxy is not None else ()))
    return tuple(dict.fromkeys(mount.source for part in parts for mount in part.mounts if not mount.is_volume))


def render(stack: Stack, workflow: str) -> Rendered:
    page = Page()
    for text, why in _sections(stack, workflow):
        page.blank()
        page.write(text.splitlines(), why)
    return page.rendered()


def _sections(stack: Stack, workflow: str) -> Iterator[tuple[str, Why]]:
    below = posixpath.dirname(stack.compose)
    values = {
        "stack": stack.name,
        "environment": stack.environment,
        "workflow": workflow,
        "jobs": f", runs {', '.join(_names(_jobs(stack)))}" if _jobs(stack) else "",
        "path": path(stack),
        "up": posixpath.relpath(".", posixpath.dirname(path(stack))),
        "compose": shlex.quote(stack.compose),
        "env_file": shlex.quote(stack.env_file),
        "below": f"/{shlex.quote(below)}" if below else "",
    }
    yield _filled(HEAD, values), ASKED
    yield _filled(COMPOSE, values), STABLE
    yield TOOLS, ASKED
    yield _filled(START, {"all": " ".join(_lasting(stack))}), ALONE
    if _files(stack):
        yield PUBLISH, Why("deploy", "compose waits for what stays, and these end")
    if _unchecked(stack):
        yield STAYS, FALLEN
    if (asked := _answers(stack)) is not None:
        yield asked, SEEN
    yield "\n".join(["again() {", *(f"  {line}" for line in _again(stack)), "}"]), ALONE
    yield FORGET, TIDY
    yield REFUSE, BEFORE
    yield "\n".join(["deploy() {", *(f"  {line}" for line in _before(stack)), *_deployed(stack)]), BEFORE
    yield MAIN, WHOLE


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _lasting(stack: Stack) -> tuple[str, ...]:
    proxy = (stack.proxy.name,) if stack.proxy is not None else ()
    return (*_names(stack.stores), *_names(hosted.running(stack)), *proxy)


def _names(parts: Iterable[object]) -> tuple[str, ...]:
    return tuple(shlex.quote(str(getattr(part, "name", ""))) for part in parts)


def _files(stack: Stack) -> tuple[str, ...]:
    return _names(each for each in stack.services if each.role.value is Role.FILES)


def _jobs(stack: Stack) -> tuple[Service, ...]:
    return tuple(each for each in stack.services if each.role.value is Role.JOB)


def _first(stack: Stack) -> tuple[Service, ...]:
    """Return the jobs that need no service of the new version, and can run while the old one answers."""
    running = {each.name for each in hosted.running(stack)}
    return tuple(job for job in _jobs(stack) if running.isdisjoint(need.name for need in job.needs))


def _unchecked(stack: Stack) -> tuple[str, ...]:
    return _names(each for each in hosted.running(stack) if each.health is None)


def _answers(stack: Stack) -> str | None:
    proxy = stack.proxy
    if proxy is None or not addresses(stack):
        return None
    signed = proxy.tls.kind.value in ("files", "internal")
    comment = "# No authority that this machine knows has to have signed the certificate.\n" if signed else ""
    return _filled(
        ANSWERS, {"comment": comment, "insecure": " --insecure" if signed else "", "proxy": shlex.quote(proxy.name)}
    )


def _again(stack: Stack) -> Iterator[str]:
    yield "# A tag can be moved: these are the images that this release was deployed with."
    yield "while read -r name && read -r id; do"
    yield '  docker tag "$id" "$name" || docker pull --quiet "$name"'
    yield 'done <"$release/images"'
    yield 'point current "$release"'
    if stack.stores:
        yield f"start {' '.join(_names(stack.stores))}"
    if hosted.running(stack):
        yield f"start --remove-orphans {' '.join(_names(hosted.running(stack)))}"
    yield from (f"publish {name}" for name in _files(stack))
    if stack.proxy is not None:
        name = shlex.quote(stack.proxy.name)
        config = shlex.quote(stack.proxy.caddyfile)
        yield f"start {name}"
        yield "# The file it was started with is the one it goes on seeing, so it is told the new one."
        yield f"compose exec -T {name} \\"
        yield f'  caddy reload --config - --adapter caddyfile <"$release"/{config}'
    if _unchecked(stack):
        yield f"stays {' '.join(_unchecked(stack))}"
    if stack.proxy is not None and (asked := addresses(stack)):
        inside = HTTP if scheme(stack.proxy) == "http" else HTTPS
        name = shlex.quote(stack.proxy.name)
        yield f"proxy=$(compose port {name} {inside})"
        yield from (f"{each.name}=$(compose exec -T {name} printenv {each.name})" for each in placeholders(stack))
        yield from (f"answers {each.word} {each.below}" for each in asked)
    yield 'point verified "$release"'
    yield 'echo "${release##*/} runs."'


def _before(stack: Stack) -> Iterator[str]:
    yield 'before=$(readlink "$folder/verified" || true)'
    for each in map(shlex.quote, staying(stack)):
        said = shlex.quote("is missing: it belongs on this machine, not in git.")
        yield f'[ -e "$folder"/{each} ] || refuse "$folder"/{each} {said}'
        yield f'mkdir -p "$release"/{shlex.quote(posixpath.dirname(shlex.split(each)[0]) or ".")}'
        yield f'ln -sfn "$folder"/{each} "$release"/{each}'
    host = registry(stack)
    where = f" {shlex.quote(host)}" if host else ""
    foreign = [store.image.value for store in stack.stores]
    foreign += [stack.proxy.base.value] if stack.proxy is not None and stack.proxy.pulled is None else []
    yield f'printf \'%s\' "$password" | docker login --username "$user" --password-stdin{where} ||'
    yield "  refuse 'The registry does not let this machine in.'"
    yield "pulled=true"
    yield f"compose pull --quiet {' '.join(_names(stack.built))} || pulled=false"
    yield f"docker logout{where}"
    yield "\"$pulled\" || refuse 'Its images could not be pulled.'"
    yield "compose config --images | sort -u |"
    if foreign:
        yield f"  grep -vxF{''.join(f' -e {shlex.quote(each)}' for each in dict.fromkeys(foreign))} |"
    yield "  while read -r name; do"
    yield '    printf \'%s\\n\' "$name" "$(docker image inspect --format \'{{.Id}}\' "$name")"'
    yield '  done >"$release/images"'


def _deployed(stack: Stack) -> list[str]:
    steps = [f"start {' '.join(_names(stack.stores))}"] if stack.stores else []
    steps += map(_run, _names(_first(stack)))
    after = map(_run, _names(job for job in _jobs(stack) if job not in _first(stack)))
    values = {
        "steps": " &&\n    ".join(steps),
        "after": "".join(f" &&\n    {each}" for each in after),
        "path": path(stack),
        "kept": str(KEPT),
    }
    text = DEPLOYED if steps else DEPLOYED.replace("@steps@ &&\n    ", "")
    return _filled(text, values).splitlines()


def _run(job: str) -> str:
    return f"compose run --rm --no-deps -T {job}"
