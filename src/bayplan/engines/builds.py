"""Images, several at a time, each with its own log."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from bayplan.engines.docker import Own, build
from bayplan.engines.folder import log, write
from bayplan.engines.news import Listener, News, State
from bayplan.errors import CommandFailedError, UsageError
from bayplan.model.secret import Secret, hide
from bayplan.model.stack import Stack
from bayplan.model.values import text_of
from bayplan.run import Runner, Step

MOST_WORDS = 40
STEP = re.compile(r"#(\d+) \[(?:(?P<stage>[^\]\s]+) +)?(?P<at>\d+)/(?P<of>\d+)\] (?P<what>.+)")
REFUSED = re.compile(r"#(\d+) ERROR\b")
STOPPED = re.compile(r"#\d+ CANCELED\b")
ENDED = re.compile(r"#(\d+) (DONE|CACHED|ERROR)\b")


@dataclass(slots=True)
class BuildProgress:
    """Follows buildx's plain output: which step runs, for steps of parallel stages are interleaved."""

    running: dict[str, str] = field(default_factory=dict)
    text: str = "starting"

    def line(self, line: str) -> bool:
        """Take a line, and say whether the present step changed."""
        before = self.text
        if (ended := ENDED.match(line)) is not None:
            self.running.pop(ended[1], None)
        elif (step := STEP.match(line)) is not None:
            self.running[step[1]] = self._words(step)
        elif line.endswith("] exporting to image") or " exporting to image" in line:
            self.running = {"": "exporting the image"}
        if self.running:
            self.text = next(reversed(self.running.values()))
        return self.text != before

    @staticmethod
    def _words(step: re.Match[str]) -> str:
        stage = f"{step['stage']} " if step["stage"] else ""
        what = " ".join(re.sub(r"--mount=\S+ ", "", step["what"]).replace("\\", " ").split())
        return f"{stage}{step['at']}/{step['of']} {what[:70]}"


@dataclass(frozen=True, slots=True)
class Built:
    service: str
    seconds: float
    log: Path


def build_all(
    stack: Stack,
    images: Sequence[Own],
    root: Path,
    runner: Runner,
    *,
    values: Mapping[str, str],
    secrets: Iterable[Secret] = (),
    platform: str | None = None,
    listen: Listener,
) -> tuple[Built, ...]:
    """Build the images, as many at a time as there are processors; the first that fails ends the others."""
    _refuse_without_secrets(stack, images, values)
    hidden = tuple(secrets)
    for each in images:
        listen(News(each.name, State.WAITING))
    pool = ThreadPoolExecutor(max_workers=max(1, min(len(images), os.cpu_count() or 1)))
    try:
        jobs = [
            pool.submit(_build, build(stack, each, root, values, platform), each, values, root, runner, hidden, listen)
            for each in images
        ]
        return _gather(jobs)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        runner.interrupt()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _refuse_without_secrets(stack: Stack, images: Sequence[Own], values: Mapping[str, str]) -> None:
    missing = sorted({name for each in images for name in each.image.secrets if not values.get(name)})
    if missing:
        names = " and ".join(missing)
        raise UsageError(
            f"no image can be built without {names}, which installs need for a private registry",
            remedy=f"give {names} in {stack.env_file} or in the shell; {stack.env_example} says where it is read",
        )


def _gather(jobs: Sequence["Future[Built]"]) -> tuple[Built, ...]:
    for job in as_completed(jobs):
        job.result()
    return tuple(job.result() for job in jobs)


def _build(
    step: Step,
    own: Own,
    values: Mapping[str, str],
    root: Path,
    runner: Runner,
    secrets: tuple[Secret, ...],
    listen: Listener,
) -> Built:
    name, progress = own.name, BuildProgress()
    path = write(root, log(f"{name}-build"), "")
    began = monotonic()
    listen(News(name, State.RUNNING, progress.text))
    try:
        with path.open("w", encoding="utf-8") as file:

            def on_line(line: str) -> None:
                file.write(hide(line, secrets) + "\n")
                if progress.line(line):
                    listen(News(name, State.RUNNING, hide(progress.text, secrets)))

            runner.stream(step, on_line)
    except CommandFailedError as error:
        lines = path.read_text(encoding="utf-8").splitlines()
        stopped = any(map(STOPPED.match, lines)) and not any(map(REFUSED.match, lines))
        listen(News(name, State.FAILED, "stopped, for another failed" if stopped else hide(progress.text, secrets)))
        remedy = f"the whole log is in {path.relative_to(root)}"
        message = f"the image of {name} could not be built: it stopped at {hide(progress.text, secrets)}"
        output = _last_words(lines) or hide(error.output, secrets)
        raise CommandFailedError(message, remedy=remedy, output=output) from error
    listen(News(name, State.DONE, f"built here as {text_of(own.pulled, values)}" if own.pulled else "built"))
    return Built(name, monotonic() - began, path)


def _last_words(lines: Sequence[str]) -> str:
    """Return what the step that failed said itself, from its first error on; buildx repeats parts of it at the end."""
    refused = next((found[1] for line in reversed(lines) if (found := REFUSED.match(line))), None)
    said = re.compile(rf"#{refused} \d+\.\d+ (.*)")
    words = [found[1] for line in lines if (found := said.match(line))]
    if len(words) <= MOST_WORDS:
        return "\n".join(words)
    first = next((index for index, line in enumerate(words) if "error" in line.lower()), len(words))
    first = min(first, len(words) - MOST_WORDS)
    return "\n".join(words[first : first + MOST_WORDS])
