"""The images that platforms' files name, built once each as their platforms build them."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bayplan.model.deployment import DeployedService


@dataclass
class Images:
    """What has been built from a system's repository."""

    root: Path
    system: str
    built: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], str] = field(default_factory=dict)
    arguments: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """What was built into an image, by its name."""

    def of(self, service: DeployedService, offered: Mapping[str, str]) -> str:
        """Return the name of a service's image: what its file names, or what its Dockerfile builds.

        Of the values that a platform offers to a build, those that the Dockerfile takes reach it.
        """
        if service.image is not None:
            return service.image.value
        assert service.dockerfile is not None, f"{service.at}: neither an image nor a Dockerfile"
        context = service.context.value if service.context else "."
        target = service.target.value if service.target else ""
        taken = set(re.findall(r"(?m)^ARG (\w+)", (self.root / service.dockerfile.value).read_text(encoding="utf-8")))
        arguments = {name: value for name, value in offered.items() if name in taken}
        key = (service.dockerfile.value, context, target, tuple(sorted(arguments.items())))
        if key not in self.built:
            self.built[key] = self._build(*key)
            self.arguments[self.built[key]] = arguments
        return self.built[key]

    def _build(self, dockerfile: str, context: str, target: str, arguments: tuple[tuple[str, str], ...]) -> str:
        name = f"bayplan-platforms-{self.system}-{os.getpid()}:{len(self.built)}"
        words = ["docker", "build", "--quiet", "--tag", name, "--file", dockerfile]
        words += ["--target", target] if target else []
        words += [word for name, value in arguments for word in ("--build-arg", f"{name}={value}")]
        done = subprocess.run(
            [*words, context], cwd=self.root, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, f"{dockerfile}\n{done.stderr}"
        return name

    def remove(self) -> None:
        if self.built:
            subprocess.run(["docker", "rmi", "--force", *self.built.values()], capture_output=True, check=False)
