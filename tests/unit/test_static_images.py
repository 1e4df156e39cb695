"""Apps that are nothing but files: how they are built, and how a version is published."""

import shutil
from pathlib import Path

import pytest

from bayplan.catalog import script
from bayplan.errors import CommandFailedError
from bayplan.run import Local, Step
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


def test_what_browsers_are_told_is_no_name_of_a_container(repository: Repository) -> None:
    assert "http://api" not in repository.plan(PROXY).files["docker-compose.prod.yml"].text


def test_without_a_host_name_it_is_served_on_this_machine(repository: Repository) -> None:
    planned = repository.plan()
    assert [each.name for each in planned.stack.services] == ["api", "web"]
    assert planned.files["Caddyfile"].text.startswith("http://localhost {")


def test_a_command_makes_a_service_of_it(repository: Repository) -> None:
    planned = repository.plan("services:\n  web: {command: node serve.js, port: 4000}\n")
    assert [each.name for each in planned.stack.services] == ["api", "web"]


class Site:
    """A volume, and an image whose files are published to it."""

    def __init__(self, root: Path) -> None:
        self.files, self.volume, self.script = root / "of the image", root / "volume", root / "publish.sh"
        self.volume.mkdir()
        self.script.write_text(script("publish").replace("/site", f"'{self.files}'"))

    def publish(self, files: dict[str, str]) -> None:
        shutil.rmtree(self.files, ignore_errors=True)
        for name, text in files.items():
            path = self.files / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        Local().run(Step(("sh", str(self.script)), "publish", folder=self.volume))

    def served(self) -> dict[str, str]:
        current = self.volume / "current"
        return {path.relative_to(current).as_posix(): path.read_text() for path in current.rglob("*") if path.is_file()}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def version(number: int) -> dict[str, str]:
    return {"index.html": str(number), f"assets/of {number}.js": "", f"page-{number}.html": ""}


def test_a_version_is_served_whole(site: Site) -> None:
    site.publish(version(1))
    assert site.served() == version(1)


def test_pages_that_are_open_still_get_the_assets_of_the_version_before(site: Site) -> None:
    for number in (1, 2, 3):
        site.publish(version(number))
    assert site.served() == {**version(3), "assets/of 2.js": ""}


def test_the_same_version_again_changes_nothing(site: Site) -> None:
    site.publish(version(1))
    site.publish(version(2))
    before = (site.volume / "current").readlink(), site.served()
    site.publish(version(2))
    assert ((site.volume / "current").readlink(), site.served()) == before


def test_going_back_serves_what_was_served(site: Site) -> None:
    for number in (1, 2, 1):
        site.publish(version(number))
    assert site.served() == {**version(1), "assets/of 2.js": ""}
    assert len(list((site.volume / "served").iterdir())) == 2


def test_what_was_interrupted_is_never_served_and_begins_anew(site: Site) -> None:
    site.publish(version(1))
    (site.volume / "own").chmod(0o500)
    (site.volume / "served").rename(site.volume / "served.away")
    (site.volume / "served").write_text("in the way")
    with pytest.raises(CommandFailedError):
        site.publish(version(2))
    (site.volume / "own").chmod(0o700)
    (site.volume / "served").unlink()
    (site.volume / "served.away").rename(site.volume / "served")
    assert site.served() == version(1)
    site.publish(version(2))
    assert site.served()["index.html"] == "2"
