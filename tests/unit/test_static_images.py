"""Apps that are nothing but files: how they are built, and how a version is published."""

import json
from pathlib import Path

import pytest

from bayplan import pipeline
from bayplan.catalog import script
from bayplan.run import Runner, Step
from tests.unit.planning import Repository, server

PROXY = "proxy:\n  sites:\n    app.example.com: {to: web}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path).app("api", server(3000))
    scripts = {"dev": "vite", "build": "vite build"}
    repository.manifest("apps/web", {"name": "web", "scripts": scripts, "devDependencies": {"vite": "5.4.0"}})
    repository.write("apps/web/index.html", '<script type="module" src="/src/main.ts"></script>')
    return repository.write("apps/web/src/main.ts", "console.log(import.meta.env.VITE_API_URL);\n")


def test_the_last_stage_holds_the_files_and_what_publishes_them(repository: Repository) -> None:
    repository.write("apps/web/vite.config.ts", "export default { build: { outDir: 'site' } };\n")
    planned = repository.plan(PROXY)
    last = planned.files["apps/web/Dockerfile"].text.partition("AS run\n")[2]
    assert last.splitlines() == [
        "COPY --from=build /app/apps/web/site /site",
        "COPY apps/web/publish.sh /publish.sh",
        "USER 1000:1000",
        "WORKDIR /srv/site",
        'CMD ["sh", "/publish.sh"]',
    ]
    assert planned.files["apps/web/publish.sh"].text == script("publish")


def test_what_browsers_are_told_is_an_argument_of_the_build(repository: Repository) -> None:
    text = repository.plan(PROXY).files["apps/web/Dockerfile"].text
    assert text.index("ARG VITE_API_URL") < text.index("pnpm -C apps/web run build")


def test_without_a_proxy_a_note_says_what_would_serve_it(repository: Repository) -> None:
    planned = repository.plan()
    assert [each.name for each in planned.stack.services] == ["api"]
    assert any("proxy.sites.<host>.to: web" in note.text for note in planned.stack.notes)


def test_a_command_makes_a_service_of_it(repository: Repository) -> None:
    planned = repository.plan("services:\n  web: {command: node serve.js, port: 4000}\n")
    assert [each.name for each in planned.stack.services] == ["api", "web"]


class Site:
    """A volume, and an image whose files are published to it."""

    def __init__(self, root: Path) -> None:
        self.files, self.volume = root / "image of the site", root / "volume"
        self.volume.mkdir()
        text = script("publish").replace("/site", f"'{self.files}'")
        self.script = root / "publish.sh"
        self.script.write_text(text.replace(f"cp -R '{self.files}'", f"cp -R '{self.files}'"))

    def publish(self, **files: str) -> None:
        for old in sorted(self.files.rglob("*"), reverse=True) if self.files.exists() else ():
            old.rmdir() if old.is_dir() else old.unlink()
        for name, text in files.items():
            path = self.files / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        Runner(self.volume).run(Step(("sh", str(self.script)), "publish"))

    def served(self) -> dict[str, str]:
        current = self.volume / "current"
        return {path.relative_to(current).as_posix(): path.read_text() for path in current.rglob("*") if path.is_file()}
