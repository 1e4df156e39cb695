"""What prepares a new version where a platform's one command is not enough."""

from bayplan.formats import dockerfile
from bayplan.model.config import Config, EnvironmentConfig, RenderConfig, TargetsConfig
from bayplan.model.image import Command, Copy, Image, Stage, Workdir
from bayplan.model.parts import Limits
from bayplan.model.stack import Role, Service, Stack
from bayplan.passes import release_scripts
from bayplan.source import Fact, Why
from bayplan.writers import hosted

WHY = Why("test", "because")
RENDER = Config(targets=TargetsConfig(render=RenderConfig()))


def service(name: str, role: Role, *command: str, workdir: str = "", image_of: str | None = None) -> Service:
    steps = (Copy(("out",), "out", WHY, "build"), Workdir("/app/apps/api", WHY), Command(("node", "main.js"), WHY))
    image = Image("apps/api/Dockerfile", ".", (Stage("run", "alpine:3.22", steps, WHY),))
    limits = Limits(256, 1.0)
    return Service(
        name, "apps/api", Fact(role, WHY), image, Fact(command, WHY), limits, workdir=workdir, image_of=image_of
    )


def stack(*jobs: Service) -> Stack:
    return Stack("shop", "production", Fact("22", WHY), (*jobs, service("api", Role.WEB, "node", "main.js")), ())


def job(name: str, *command: str, workdir: str = "") -> Service:
    return service(name, Role.JOB, *command, workdir=workdir, image_of="api")


def fitted(*jobs: Service, config: Config = RENDER) -> Service:
    found = release_scripts.fitted(stack(*jobs), config)
    assert len({each.image for each in found.services}) == 1, "a job runs in the image of its service"
    api = found.service("api")
    assert api is not None
    return api


def test_a_release_in_another_folder_is_a_script_of_the_image() -> None:
    api = fitted(job("migrate", "node", "dist/migrate.js", workdir="/app/packages/db"))
    ((path, text),) = api.image.scripts
    assert path == "apps/api/release.sh"
    assert text.splitlines()[2:] == ["set -e", "cd /app/packages/db", "exec node dist/migrate.js"]
    assert "COPY apps/api/release.sh /release.sh" in dockerfile.render(api.image).text
    assert "apps/api/release.sh" in dict(api.image.sources)


def test_several_run_one_after_the_other_and_what_a_shell_would_read_is_quoted() -> None:
    jobs = (job("a", "node", "a b.js", workdir="/app/odd $folder"), job("b", "node", "b.js"))
    ((_, text),) = fitted(*jobs).image.scripts
    assert text.splitlines()[3:] == ["cd '/app/odd $folder'", "node 'a b.js'", "cd /app/apps/api", "exec node b.js"]


def test_one_command_in_the_folder_of_the_image_needs_no_script() -> None:
    migrate = job("migrate", "node", "dist/migrate.js", workdir="/app/apps/api")
    assert fitted(migrate).image == migrate.image
    assert hosted.release(stack(migrate), fitted(migrate)) == ("node", "dist/migrate.js")


def test_a_command_that_a_shell_would_take_apart_is_in_one_too() -> None:
    ((_, text),) = fitted(job("migrate", "knex", "migrate:latest", "--env", "my shop")).image.scripts
    assert text.endswith("exec knex migrate:latest --env 'my shop'\n")


def test_where_no_platform_runs_it_there_is_none() -> None:
    migrate = job("migrate", "node", "dist/migrate.js", workdir="/app/packages/db")
    assert fitted(migrate, config=Config()).image.scripts == ()


def test_all_environments_share_the_image() -> None:
    migrate = job("migrate", "node", "dist/migrate.js", workdir="/app/packages/db")
    elsewhere = Config(environments={"staging": EnvironmentConfig(targets=RENDER.targets)})
    assert fitted(migrate, config=elsewhere).image.scripts
