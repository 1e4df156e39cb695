"""References in texts of `.railway/railway.ts`, such as `${{api.RAILWAY_PRIVATE_DOMAIN}}`, that lead nowhere."""

import re
from collections.abc import Collection, Iterator, Mapping

from bayplan.model.deployment import DeployedService, Fault, Irregular
from bayplan.source import Located

REFERENCE = re.compile(r"\$\{\{\s*(?P<of>[^.{}]{1,100})\.(?P<name>\w{1,100})\s*\}\}")
PROVIDED = re.compile(r"RAILWAY_\w+|PORT")
SHARED = "shared"


def leading_nowhere(services: Collection[DeployedService], others: Collection[str]) -> Iterator[Irregular]:
    """Yield what refers to no service of a project, or to a variable that its service is not told.

    `others` are what a project has besides services: databases and buckets, whose variables Railway makes.
    """
    told = {each.name: each for each in services}
    for service in services:
        for value in service.environment.values():
            for match in REFERENCE.finditer(value.value):
                of, name = match["of"].strip(), match["name"]
                if of not in told and of not in others and of != SHARED:
                    yield _nobody(value, match[0], of, {**told, **dict.fromkeys(others)})
                elif of in told and not _is_told(told[of], name):
                    yield _nothing(value, match[0], of, name)


def _is_told(service: DeployedService, name: str) -> bool:
    return name in service.environment or not service.shows_all or PROVIDED.fullmatch(name) is not None


def _nobody(value: Located[str], reference: str, of: str, names: Mapping[str, object]) -> Irregular:
    from difflib import get_close_matches

    near = next(iter(get_close_matches(of, names, 1, 0.6)), None)
    meant = f"; did you mean `{near}`?" if near else ""
    known = f"name one of {', '.join(f'`{each}`' for each in names)}"
    return Irregular(
        Fault.WRONG,
        f"`{reference}` refers to `{of}`, which the project does not have{meant}",
        value.at,
        "Railway puts nothing in its place, and the address is none",
        f"write `{reference.replace(of, near, 1)}`" if near else known,
    )


def _nothing(value: Located[str], reference: str, of: str, name: str) -> Irregular:
    return Irregular(
        Fault.WRONG,
        f"`{reference}` refers to `{name}`, which `{of}` is not told",
        value.at,
        "Railway puts nothing in its place",
        f"add `{name}` to the variables of `{of}`",
    )
