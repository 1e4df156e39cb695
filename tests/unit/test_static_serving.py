"""Apps that are nothing but files on Fly.io, where no proxy of ours stands: an image that serves them by itself."""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bayplan import pipeline
from bayplan.formats import caddyfile, dockerignore
from bayplan.model.image import Copy, Expose, Image
from bayplan.model.stack import Role
from bayplan.pipeline import Planned
from bayplan.writers import fly_apps, hosted
from tests.unit.planning import Repository, server

CIPHERBOX = Path(__file__).parents[2] / "examples" / "cipherbox" / "repo"
FLY = "targets: {fly: {}}\n"
PROXY = """
proxy:
  sites:
    app.example.com: {to: web, headers: {X-Frame-Options: DENY}}
    api.example.com: {to: api}
"""
CORS = "console.log(process.env.CORS_ORIGIN ?? 'http://localhost:5173');\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path).app("api", server(3000, CORS))
    scripts = {"dev": "vite", "build": "vite build"}
    repository.manifest("apps/web", {"name": "web", "scripts": scripts, "devDependencies": {"vite": "5.4.0"}})
    repository.write("apps/web/index.html", '<script type="module" src="/src/main.ts"></script>')
    return repository.write("apps/web/src/main.ts", "console.log(import.meta.env.VITE_API_URL);\n")


@cache
def cipherbox() -> Planned:
    return pipeline.plan(CIPHERBOX)


def table(planned: Planned, path: str) -> dict[str, Any]:
    return tomllib.loads(planned.files[path].text)


def last_stage(text: str) -> list[str]:
    return text.partition("AS run\n")[2].splitlines()


def served_by(image: Image) -> str:
    """Return the text of the Caddyfile that an image is made with."""
    ((path, text),) = image.scripts
    assert path.endswith("Caddyfile.serve")
    return text


def lines_of(texts: Iterable[str]) -> list[str]:
    return [line.strip() for text in texts for line in text.splitlines() if line.strip()]


def test_it_serves_the_same_files_with_a_server_of_its_own(repository: Repository) -> None:
    repository.write("apps/web/vite.config.ts", "export default { build: { outDir: 'site' } };\n")
    planned = repository.plan(FLY)
    text = planned.files["apps/web/Dockerfile.serve"].text
    assert "FROM caddy:2-alpine AS run\n" in text
    assert last_stage(text) == [
        "COPY --from=build /app/apps/web/site /srv",
        "COPY apps/web/Caddyfile.serve /etc/caddy/Caddyfile",
        "ENV XDG_CONFIG_HOME=/tmp XDG_DATA_HOME=/tmp",
        "USER 1000:1000",
        "EXPOSE 8080",
    ]


def test_it_is_built_as_the_one_that_publishes_is() -> None:
    one, other = (cipherbox().files[f"apps/web/Dockerfile{kind}"].text for kind in ("", ".serve"))
    assert one.partition("# Only the files")[0] == other.partition("# The files, and")[0]


def test_what_it_says_is_what_the_proxy_does_with_the_same_files(repository: Repository) -> None:
    planned = repository.plan(FLY + PROXY)
    own = lines_of([planned.files["apps/web/Caddyfile.serve"].text])
    proxy = planned.files["Caddyfile"].text.partition("app.example.com {")[2].partition("\n}")[0]
    everywhere = [
        line for line in lines_of([proxy]) if not line.startswith(("root", "encode", "header {", "X-", "defer"))
    ]
    handles = everywhere[everywhere.index("handle /assets/* {") :]
    assert [line for line in own[own.index("handle /assets/* {") :] if not line.startswith("#")] == [*handles, "}"]
    assert {"encode zstd gzip", "root * /srv", "admin off", "auto_https off"} <= set(own)


def test_its_port_is_the_one_that_its_server_listens_on() -> None:
    service = next(each for each in fly_apps.running(cipherbox().stack) if each.name == "web")
    assert service.port is not None
    (site,) = caddyfile.parse(served_by(service.image), "Caddyfile.serve").sites
    assert [each.port for each in site.addresses] == [service.port.value]
    assert [step.port for step in service.image.stages[-1].steps if isinstance(step, Expose)] == [service.port.value]


def test_it_is_made_only_where_a_platform_needs_it(repository: Repository) -> None:
    others = repository.plan("targets: {render: {}, github: {}}\n")
    assert not [path for path in others.files if path.endswith(".serve")]
    assert all(each.serving is None for each in others.stack.services)


def test_the_stack_on_a_machine_does_not_know_it() -> None:
    stack = cipherbox().stack
    (web,) = (each for each in stack.services if each.name == "web")
    assert web.role.value is Role.FILES
    assert [each.name for each in hosted.running(stack)] == ["api", "tee-worker"]
    assert "apps/web/Dockerfile.serve" not in {own.image.dockerfile for own in stack.built}
    texts = [cipherbox().files[path].text for path in (stack.compose, ".github/workflows/docker-build.yml")]
    assert not [text for text in texts if "Dockerfile.serve" in text]


def test_a_dockerfile_at_another_path_has_the_other_beside_it(repository: Repository) -> None:
    planned = repository.plan(FLY + "services: {web: {dockerfile: docker/web.Dockerfile}}\n")
    assert {"docker/web.Dockerfile", "docker/web.Dockerfile.serve", "apps/web/Caddyfile.serve"} <= planned.files.keys()
    assert table(planned, "fly.web.toml")["build"]["dockerfile"] == "docker/web.Dockerfile.serve"


def test_its_file_asks_for_its_page_and_tells_the_build_where_the_api_is() -> None:
    web = table(cipherbox(), "fly.staging.web.toml")
    assert web["build"] == {
        "dockerfile": "apps/web/Dockerfile.serve",
        "args": {"VITE_API_URL": "https://api.staging.example.com"},
    }
    assert web["http_service"]["internal_port"] == 8080
    assert [each["path"] for each in web["http_service"]["checks"]] == ["/"]
    assert web["vm"] == [{"size": "shared-cpu-1x", "memory": "256mb"}]
    assert web["kill_signal"] == "SIGTERM"
    assert not {"env", "mounts", "processes"} & web.keys()


def test_without_host_names_each_is_told_the_address_that_the_other_has_there(repository: Repository) -> None:
    planned = repository.plan(FLY)
    assert table(planned, "fly.web.toml")["build"]["args"] == {"VITE_API_URL": "https://shop-api.fly.dev"}
    api = table(planned, "fly.api.toml")
    assert api["env"] == {"CORS_ORIGIN": "https://shop-web.fly.dev"}
    assert api["http_service"]["internal_port"] == 3000, "browsers call it"
    assert "fly certs" not in planned.files["docs/deployment.md"].text, "localhost leads to no app"


def test_host_names_and_headers_of_its_site_are_there_too(repository: Repository) -> None:
    planned = repository.plan(FLY + PROXY)
    web, api = table(planned, "fly.web.toml"), table(planned, "fly.api.toml")
    assert web["http_service"]["http_options"]["response"]["headers"] == {"X-Frame-Options": "DENY"}
    assert web["build"]["args"] == {"VITE_API_URL": "https://api.example.com"}
    assert api["env"] == {"CORS_ORIGIN": "https://app.example.com"}


def test_the_guide_deploys_it_asks_for_it_and_leads_its_host_name_there() -> None:
    guide = cipherbox().files["docs/deployment.md"].text
    for line in (
        "fly deploy --config fly.staging.web.toml",
        "curl -fsS https://cipherbox-staging-web.fly.dev/",
        'fly certs setup "app.staging.example.com" --app cipherbox-staging-web',
    ):
        assert line in guide.splitlines()
    assert not [note for note in cipherbox().stack.notes if note.about == "fly" and "left out" in note.text]


def test_its_build_sees_all_that_it_copies(repository: Repository) -> None:
    for planned in (cipherbox(), repository.plan(FLY)):
        image = next(each.image for each in fly_apps.running(planned.stack) if each.name == "web")
        ignored = [each.value for each in dockerignore.parse(planned.files[".dockerignore"].text, "").patterns]
        steps = [step for stage in image.stages for step in stage.steps if isinstance(step, Copy) and not step.stage]
        sources = {source for step in steps for source in step.sources}
        assert "apps/web/Caddyfile.serve" in sources
        assert not [source for source in sources if dockerignore.matches(ignored, source)]


def test_what_is_written_draws_no_finding(repository: Repository) -> None:
    for planned in (cipherbox(), repository.plan(FLY), repository.plan(FLY + PROXY)):
        _, deployment, findings = pipeline.check_with(planned, planned.overlay)
        assert not findings
        assert "apps/web/Dockerfile.serve" in {each.path for each in deployment.images}
