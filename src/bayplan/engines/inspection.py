"""What Docker prints about containers, images and events, as the model's types."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bayplan.engines.docker import SERVICE_LABEL
from bayplan.model.running import Bound, BuiltImage, Container, Event, HistoryLine, Process


def read_containers(text: str) -> tuple[Container, ...]:
    """Read `docker container inspect`, in the order of the services' names."""
    found = (_container(each) for each in json.loads(text or "[]"))
    return tuple(sorted(found, key=lambda container: (container.service, container.name)))


def _container(data: Mapping[str, Any]) -> Container:
    state, host, config = data["State"], data["HostConfig"], data["Config"]
    labels = config.get("Labels") or {}
    health = state.get("Health") or {}
    checks = health.get("Log") or [{}]
    return Container(
        id=data["Id"],
        name=data["Name"].lstrip("/"),
        service=labels.get(SERVICE_LABEL, ""),
        image=data["Image"],
        image_name=data["Config"].get("Image") or "",
        state=state["Status"],
        # An ended container with a check is always called unhealthy.
        health=health.get("Status", "").replace("none", "") if state["Status"] == "running" else "",
        exit_code=state["ExitCode"],
        restarts=data.get("RestartCount", 0),
        pid=state["Pid"],
        started=state["StartedAt"],
        out_of_memory=state.get("OOMKilled", False),
        health_output=(checks[-1].get("Output") or "").strip(),
        bound=tuple(_bound(data["NetworkSettings"].get("Ports") or {})),
        exposed=tuple(sorted(int(port.split("/")[0]) for port in config.get("ExposedPorts") or {})),
        host_network=host.get("NetworkMode") == "host",
        read_only=bool(host.get("ReadonlyRootfs")),
        memory=host.get("Memory") or 0,
        nano_cpus=host.get("NanoCpus") or 0,
        pids_limit=host.get("PidsLimit") or 0,
        dropped=tuple(host.get("CapDrop") or ()),
        security=tuple(host.get("SecurityOpt") or ()),
        tmpfs=tuple(host.get("Tmpfs") or ()),
        config_hash=labels.get("com.docker.compose.config-hash", ""),
        folder=labels.get("com.docker.compose.project.working_dir", ""),
        networks={
            name: one.get("IPAddress") or "" for name, one in (data["NetworkSettings"].get("Networks") or {}).items()
        },
    )


def _bound(ports: Mapping[str, Any]) -> Iterator[Bound]:
    for port, places in sorted(ports.items()):
        number, _, protocol = port.partition("/")
        for place in places or ():
            yield Bound(int(number), place.get("HostIp") or "0.0.0.0", int(place["HostPort"]), protocol or "tcp")  # noqa: S104 - what Docker means by an empty address


def read_image(text: str, history: str = "") -> BuiltImage:
    """Read `docker image inspect` of one image, and `docker history` as lines of JSON."""
    data = json.loads(text)[0]
    config = data.get("Config") or {}
    lines = [json.loads(line) for line in history.splitlines() if line.strip()]
    return BuiltImage(
        id=data["Id"],
        size=data["Size"],
        layers=tuple((data.get("RootFS") or {}).get("Layers") or ()),
        environment=tuple(config.get("Env") or ()),
        labels=config.get("Labels") or {},
        history=tuple(HistoryLine(line.get("CreatedBy", ""), int(line.get("Size") or 0)) for line in lines),
        user=config.get("User") or "",
    )


def read_events(text: str) -> tuple[Event, ...]:
    """Read `docker events`: the few actions that say when something started, ended or changed its health."""
    return tuple(event for line in text.splitlines() if line.startswith("{") for event in _event(json.loads(line)))


def _event(data: Mapping[str, Any]) -> Iterator[Event]:
    attributes = data["Actor"]["Attributes"]
    action = data["Action"].removeprefix("health_status: ")
    if action in ("start", "die", "healthy", "unhealthy"):
        code = attributes.get("exitCode")
        yield Event(
            time=data["timeNano"] / 1e9,
            service=attributes.get(SERVICE_LABEL, ""),
            container=data["Actor"]["ID"],
            action=action,
            exit_code=None if code is None else int(code),
        )


def read_processes(text: str) -> tuple[Process, ...]:
    """Read `docker top -eo pid,ppid,uid,comm`."""
    rows = (line.split(None, 3) for line in text.splitlines()[1:])
    return tuple(Process(int(row[0]), int(row[1]), row[2], row[3]) for row in rows if len(row) == 4)  # noqa: PLR2004 - the four columns asked for
