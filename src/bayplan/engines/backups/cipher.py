"""Encryption by age or GnuPG: for a public key, so that the machine that makes backups cannot read them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bayplan.errors import BayplanError, CommandFailedError, UsageError
from bayplan.model.stack import Backups
from bayplan.run import Runner, Step

IDENTITY = "BAYPLAN_AGE_IDENTITY"
"""The variable that names age's key file where no option does."""


class Cipher(Protocol):
    @property
    def ending(self) -> str: ...

    def encrypt(self) -> Step: ...

    def decrypt(self) -> Step: ...


@dataclass(frozen=True, slots=True)
class Age:
    recipient: str
    identity: Path | None = None
    ending: str = "age"

    def encrypt(self) -> Step:
        return Step(("age", "--encrypt", "--recipient", self.recipient), "encrypt the backup")

    def decrypt(self) -> Step:
        if self.identity is None:
            raise UsageError(
                "the backup is encrypted with age, and no key was named",
                remedy=f"name the file that holds the secret key: `--identity FILE` or {IDENTITY}=FILE",
            )
        if not self.identity.is_file():
            raise UsageError(f"{self.identity} is not a file", remedy="name the file that holds age's secret key")
        return Step(("age", "--decrypt", "--identity", str(self.identity)), "decrypt the backup")


@dataclass(frozen=True, slots=True)
class Gpg:
    recipient: str
    ending: str = "gpg"

    def encrypt(self) -> Step:
        # The keyring's key of that name is all the trust there can be: none is fetched. The dump is compressed already.
        options = ("--batch", "--no-tty", "--no-auto-key-locate", "--trust-model=always", "--compress-algo=none")
        return Step(("gpg", *options, "--recipient", self.recipient, "--encrypt"), "encrypt the backup")

    def decrypt(self) -> Step:
        return Step(("gpg", "--batch", "--quiet", "--decrypt"), "decrypt the backup")


def cipher(backups: Backups, identity: Path | None = None) -> Cipher:
    return Age(backups.age, identity) if backups.age else Gpg(backups.gpg)


def try_out(chosen: Cipher, runner: Runner) -> None:
    """Encrypt nothing, so that a wrong key is known before anything is begun."""
    step = chosen.encrypt()
    try:
        runner.run(Step(step.argv, step.purpose, stdin=""))
    except CommandFailedError as error:
        raise BayplanError(
            f"nothing can be encrypted for the key that bayplan.yaml names: {_last(error.output)}",
            remedy="`backups.age` is a public key (age1...); `backups.gpg` a key of this user's keyring",
        ) from error


def _last(text: str) -> str:
    """Return the first line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else "it says nothing"
