"""The writers of platforms and CI, which most repositories need none of."""

from collections.abc import Callable, Mapping, Sequence

from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.writers import deploy, deployment_guide, docker_build, fly, platform_env, railway, render

WRITERS: tuple[Callable[[Stack], Mapping[str, Rendered]], ...] = (
    deploy.write,  # .github/workflows/deploy-<environment>.yml, deploy/<environment>.sh
    fly.write,  # fly.<service>.toml
    railway.write,  # .railway/railway.ts, apps/<app>/railway.json
    render.write,  # render.yaml
    platform_env.write,  # .env.fly.example, .env.railway.example, .env.render.example
)

SHARED: tuple[Callable[[Sequence[Stack]], Mapping[str, Rendered]], ...] = (
    docker_build.write_all,  # .github/workflows/docker-build.yml
    deployment_guide.write_all,  # docs/deployment.md
)
