"""What the files of all apps on Fly.io have: name, region, how they stop, what looks at them, on what they run."""

import math

from bayplan.formats.yaml_writer import Entry, Value
from bayplan.model.parts import Limits, Mount
from bayplan.model.stack import Stack
from bayplan.source import Why
from bayplan.writers import fly_apps

HERE = Why("fly", "each service and each store is an app of its own on Fly.io")
NAMED = Why("fly", "its name on Fly.io, `.internal` and `.fly.dev` behind it are its host names")
REGION = Why("fly", "where its Machines run: all of the stack in one place")
STOPS = Why("fly", "Fly's own are SIGINT, for which few servers end in order, and 5 seconds")
SIZE = Why("limits", "the smallest Machine with that much memory")
CHECKED = Why("fly", "a deployment goes on when it answers, and requests come while it does")
ONE_VOLUME = Why("fly", "what it writes there outlives its Machine; a Machine mounts one volume")
SMALL = Why("fly", "the first deployment makes it; it never gets smaller again")
GROWS = Why("fly", "a full volume stops whatever writes to it, so it grows before, up to what you want to pay for")
DAYS = Why("fly", "a day's mistake is often seen after the 5 days that Fly keeps a snapshot where nothing is said")
MEGABYTES = 1024
SECONDS = 5
"""How long an answer may take where nothing is said."""
GROUP = "app"
"""The process group of an app that has one."""


def group(name: str) -> str:
    """Return a name for a process group or a check."""
    return fly_apps.UNUSUAL.sub("-", name.lower()).strip("-")


def top(stack: Stack, name: str) -> dict[str, Value]:
    """Return the keys that stand above all others."""
    region = stack.targets.fly.region if stack.targets.fly is not None else None
    usual = fly_apps.table()["regions"]["usual"]
    said = "" if region else "`fly platform regions` lists the others; targets.fly.region in bayplan.yaml chooses one."
    return {
        "app": Entry(fly_apps.app(stack, name), why=NAMED),
        "primary_region": Entry(region or usual, comment=said, why=REGION),
    }


def stops(grace_seconds: int, signal: str = "") -> dict[str, Value]:
    """Return how it is told to end, and how long it may take."""
    known = fly_apps.table()["stop"]
    return {
        "kill_signal": Entry(signal or known["usual"], why=STOPS),
        "kill_timeout": Entry(f"{min(grace_seconds, known['most_seconds'])}s", why=STOPS),
    }


def machine(limits: Limits) -> Entry:
    """Return the size of its Machines: at least what it may use elsewhere, in the steps that Fly has."""
    sizes = [(kind, cpus) for kind in fly_apps.table()["machines"]["kind"] for cpus in kind["cpus"]]
    most = "most_mb_per_cpu"
    enough = ((kind, cpus) for kind, cpus in sizes if cpus >= limits.cpus and cpus * kind[most] >= limits.memory_mb)
    kind, cpus = next(enough, sizes[-1])
    wanted = math.ceil(limits.memory_mb / kind["step_mb"]) * kind["step_mb"]
    memory = min(max(wanted, cpus * kind["least_mb_per_cpu"]), cpus * kind[most])
    whole, rest = divmod(memory, MEGABYTES)
    text = f"{memory}mb" if rest else f"{whole}gb"
    return Entry([{"size": f"{kind['name']}-{cpus}x", "memory": text}], why=SIZE)


def volume(mount: Mount, comment: str = "") -> Entry:
    """Return a volume; its name has letters, digits and `_`, and it is made by the first deployment."""
    known = fly_apps.table()["volumes"]
    name = fly_apps.UNUSUAL.sub("_", mount.source.lower()).strip("_")[: known["longest_name"]]
    found: dict[str, Value] = {
        "source": name,
        "destination": mount.target,
        "initial_size": Entry(known["size"], why=SMALL),
        "auto_extend_size_threshold": Entry(known["threshold"], why=GROWS),
        "auto_extend_size_increment": Entry(known["grown_by"], why=GROWS),
        "auto_extend_size_limit": Entry(known["most"], why=GROWS),
        "snapshot_retention": Entry(known["snapshot_days"], why=DAYS),
    }
    return Entry(found, comment=comment, why=mount.why)


def port_check(port: int) -> dict[str, Value]:
    """Return a check that a port takes connections, beside which no request is sent."""
    return {"type": "tcp", "port": port, **timing()}


def http_check(path: str, seconds: int = SECONDS) -> dict[str, Value]:
    """Return a check that a path is answered with success; it follows no redirect."""
    return {"method": "GET", "path": path, **timing(seconds)}


def timing(seconds: int = SECONDS) -> dict[str, Value]:
    known = fly_apps.table()["checks"]
    return {"grace_period": known["grace"], "interval": known["interval"], "timeout": f"{seconds}s"}
