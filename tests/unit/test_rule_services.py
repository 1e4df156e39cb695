"""Services that need each other and the world outside, and the workflows that make their images."""

import pytest

from tests.unit.shop import API, FLOW, api, compose, found, image


def test_a_circle_of_three_is_one_finding() -> None:
    text = compose(**{name: f"{{image: 'x:1', depends_on: [{other}]}}" for name, other in ("ab", "bc", "ca")})
    (finding,) = found("wait-cycle", {"compose.yaml": text})
    assert len(finding.places) == 3


def test_an_override_file_may_name_services_of_the_file_beside_it() -> None:
    files = {
        "compose.yaml": compose(db="{image: 'postgres:17'}"),
        "compose.override.yaml": compose(api="{image: 'x:1', depends_on: [db]}"),
    }
    assert found("unknown-wait", files) == []


@pytest.mark.parametrize(
    ("networks", "others", "count"),
    [
        ("[inner]", {}, 1),
        ("[inner, outer]", {}, 0),
        ("[]", {}, 0),
        ("[inner]", {"proxy": "{image: 'x:1'}"}, 1),
    ],
)
def test_the_outside_needs_a_network_that_leads_there(networks: str, others: dict[str, str], count: int) -> None:
    mailer = f"{{build: {{context: ., dockerfile: apps/mailer/Dockerfile}}, networks: {networks}}}"
    text = compose(mailer=mailer, **others) + "networks: {inner: {internal: true}, outer: {}}\n"
    dockerfile = image(last='CMD ["node", "apps/mailer/dist/main.js"]')
    assert len(found("no-way-out", {"apps/mailer/Dockerfile": dockerfile, "compose.yaml": text})) == count


@pytest.mark.parametrize(
    ("version", "target", "count"),
    [
        ("17-alpine", "/var/lib/postgresql/data", 0),
        ("17", "/var/lib/postgresql", 0),
        ("18", "/var/lib/postgresql", 0),
        ("18.1-trixie", "/var/lib/postgresql/data", 1),
        ("17", "/backup", 1),
    ],
)
def test_the_data_of_postgres_stands_where_its_version_keeps_it(version: str, target: str, count: int) -> None:
    text = (
        compose(api=api(), db=f"{{image: 'postgres:{version}', volumes: ['data:{target}']}}") + "volumes: {data: {}}\n"
    )
    assert len(found("data-without-volume", {API: image("USER node"), "compose.yaml": text})) == count


def test_a_database_beside_no_app_of_ours_may_forget() -> None:
    assert found("data-without-volume", {"compose.yaml": compose(db="{image: 'postgres:17'}")}) == []


def _flow(step: str, env: str = "") -> str:
    return f"on: push\n{env}jobs:\n  x:\n    runs-on: ubuntu-24.04\n    steps:\n      - {step}\n"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (_flow("{uses: docker/build-push-action@v6, with: {tags: 'ghcr.io/${{ github.repository }}:1'}}"), 1),
        (_flow("{uses: docker/build-push-action@v6, with: {tags: 'ghcr.io/Shop/api:1'}}"), 1),
        (_flow("{uses: docker/build-push-action@v6, with: {tags: 'ghcr.io/shop/api:V1'}}"), 0),
        (_flow("{uses: docker/build-push-action@v6, with: {tags: '${{ steps.meta.outputs.tags }}'}}"), 0),
        (_flow("{uses: docker/metadata-action@v5, with: {images: 'ghcr.io/${{ github.repository }}'}}"), 0),
        (
            _flow("{uses: docker/build-push-action@v6, with: {cache-to: 'ref=ghcr.io/${{github.repository}}:c'}}"),
            1,
        ),
        (
            _flow(
                "{uses: docker/build-push-action@v6, with: {tags: '${{ env.NAME }}:1'}}",
                "env:\n  NAME: ghcr.io/${{ github.repository_owner }}/api\n",
            ),
            1,
        ),
        (_flow("{run: 'docker push ghcr.io/${{ github.repository }}:1'}"), 1),
        (_flow("{run: 'gh release view --repo ${{ github.repository }}'}"), 0),
    ],
)
def test_an_image_is_pushed_under_a_lower_case_name(text: str, count: int) -> None:
    assert len(found("upper-case-image-name", {FLOW: text})) == count


@pytest.mark.parametrize(
    ("origin", "count"),
    [
        ("https://github.com/shop/api.git", 0),
        ("git@github.com:shop/api.git", 0),
        ("https://someone:token@github.com/shop/api", 0),
        ("https://github.com/Shop/api.git", 1),
        ("https://github.com/shop/API", 1),
        ("https://git.example.com/shop/api.git", 1),
        ("https://github.com.example.com/shop/api", 1),
    ],
)
def test_git_says_how_the_account_is_spelled(origin: str, count: int) -> None:
    text = _flow("{uses: docker/build-push-action@v6, with: {tags: 'ghcr.io/${{ github.repository }}:1'}}")
    config = (
        f'[core]\n\tbare = false\n[remote "up"]\n\turl = git@github.com:UP/UP\n[remote "origin"]\n\turl = {origin}\n'
    )
    findings = found("upper-case-image-name", {FLOW: text, ".git/config": config})
    assert len(findings) == count
    assert not any("token" in finding.message for finding in findings)


def test_compose_takes_lower_case_names_only() -> None:
    assert len(found("upper-case-image-name", {"compose.yaml": compose(x="{image: 'ghcr.io/Shop/api:1'}")})) == 1
    assert (
        found("upper-case-image-name", {"compose.yaml": compose(x="{image: 'ghcr.io/${OWNER}/api:${TAG:-X}'}")}) == []
    )


def test_a_runner_of_the_right_kind_emulates_nothing() -> None:
    flow = _flow("{uses: docker/build-push-action@v6, with: {file: apps/api/Dockerfile, platforms: linux/amd64}}")
    flow = flow.replace("    steps:\n", "    steps:\n      - uses: docker/setup-qemu-action@v3\n")
    dockerfile = image("RUN pnpm install --frozen-lockfile")
    assert found("emulated-build", {API: dockerfile, FLOW: flow}) == []
    assert len(found("emulated-build", {API: dockerfile, FLOW: flow.replace("linux/amd64", "linux/arm64")})) == 1


def test_a_matrix_of_files_builds_every_file_that_it_can_mean() -> None:
    step = (
        "{uses: docker/build-push-action@v6, with: {file: 'apps/${{ matrix.app }}/Dockerfile', platforms: linux/arm64}}"
    )
    flow = _flow(step).replace("    steps:\n", "    steps:\n      - uses: docker/setup-qemu-action@v3\n")
    assert len(found("emulated-build", {API: image("RUN pnpm install --frozen-lockfile"), FLOW: flow})) == 1


@pytest.mark.parametrize("target", ["nowhere", "BUILD", "1", "${TARGET}"])
def test_a_stage_that_is_asked_for_exists(target: str) -> None:
    text = 'FROM node:22-alpine AS build\nFROM node:22-alpine\nCMD ["node", "x.js"]\n'
    service = f"{{build: {{context: ., dockerfile: apps/api/Dockerfile, target: '{target}'}}}}"
    assert len(found("missing-dockerfile", {API: text, "compose.yaml": compose(x=service)})) == (target == "nowhere")
