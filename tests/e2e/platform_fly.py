"""What Fly.io runs of its files: an app each, whose private network knows IPv6 addresses only."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.source import Located
from tests.e2e.platform_images import Images
from tests.e2e.platform_operator import Operator
from tests.e2e.platform_run import Check, PlatformRun

STORES = ("postgres", "pgvector", "redis", "valkey", "kubo")
DEPLOYED = re.compile(r"fly deploy (?:([\w./-]+) )?--config \S+( --update-only)?")
TOLD = re.compile(r"Told before, by `fly secrets \w+ --app (\S+)`: ([\w, ]+)")


def fly_runs(deployment: Deployment, images: Images, operator: Operator) -> tuple[PlatformRun, ...]:
    """Return a machine of each process group of each app."""
    services = [each for each in deployment.platform_services if each.platform == "fly"]
    return tuple(_run(each, images, operator) for each in services)


def _run(service: DeployedService, images: Images, operator: Operator) -> PlatformRun:
    said = {key: each.value for key, each in service.settings.items()}
    text = (images.root / service.at.file).read_text(encoding="utf-8")
    head = " ".join(line.lstrip("# ") for line in text.partition("\n\n")[0].splitlines())
    deployed, told = DEPLOYED.search(head), TOLD.search(head)
    assert deployed, f"{service.at.file} does not say how it is deployed"
    app = said["app"]
    names = told[2].split(", ") if told and told[1] == app else []
    assert set(names) == set(operator.of(app)), f"{service.at.file} and the template name other secrets"
    built = replace(service, context=Located(deployed[1] or ".", service.at))
    image = images.of(built, {name: each.value for name, each in service.build_arguments.items()})
    environment = {name: each.value for name, each in service.environment.items()}
    release = said.get("deploy.release_command")
    entrypoint = [value for key, value in said.items() if key.startswith("experimental.entrypoint")]
    return PlatformRun(
        name=service.name,
        kind="job" if deployed[2] else _kind(service, image),
        image=image,
        environment={
            "PRIMARY_REGION": said["primary_region"],
            "FLY_APP_NAME": app,
            **environment,
            **operator.of(app),
        },
        hosts=(f"{app}.internal",),
        entrypoint=tuple(entrypoint) or None,
        argv=tuple(shlex.split(service.command.value[0])) if service.command else None,
        init=True,
        releases=(tuple(shlex.split(release)),) if release else (),
        checks=tuple(_checks(said)),
        port=service.port.value if service.port else None,
        mounts=tuple(value for key, value in said.items() if re.fullmatch(r"mounts(\[\d+\])?\.destination", key)),
        memory_mb=_memory(said["vm[0].memory"]),
        signal=said.get("kill_signal", "SIGINT"),
        seconds=_seconds(said.get("kill_timeout", "5")),
        public_url=f"https://{app}.fly.dev",
    )


def _kind(service: DeployedService, image: str) -> str:
    if service.dockerfile is None and any(each in image for each in STORES):
        return "store"
    return "web" if any(key.startswith("http_service") for key in service.settings) else "worker"


def _checks(said: Mapping[str, str]) -> list[Check]:
    """Return the checks over HTTP; what Fly asks follows no redirect and must get 2xx."""
    found = []
    for key, path in said.items():
        match = re.fullmatch(r"((?:http_service|services\[\d+\])\.(?:http_)?checks\[\d+\]|checks\.[^.]+)\.path", key)
        if match:
            route = match[1]
            headers = {
                name.rpartition(".")[2]: value for name, value in said.items() if name.startswith(f"{route}.headers.")
            }
            found.append(Check(path, _seconds(said.get(f"{route}.grace_period", "5s")), headers))
    return found


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)(ms|s|m)?", text)
    assert match, f"{text} is no duration"
    return int(match[1]) * {"ms": 0.001, "s": 1, "m": 60, None: 1}[match[2]]


def _memory(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*(mb|gb)?", text.lower())
    assert match, f"{text} is no size"
    return int(match[1]) * (1024 if match[2] == "gb" else 1)
