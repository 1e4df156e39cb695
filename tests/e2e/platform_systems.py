"""The example systems as people use them, on whatever platform they run."""

import base64
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.platform_run import PlatformRun
from tests.e2e.platform_world import World, docker

SOMEBODY = {"name": "ada", "email": "ada@example.com", "password": "a long enough password"}
KNOWN = {
    "S3_ENDPOINT": "https://objects.example.com",
    "ADMIN_EMAIL": "ada@example.com",
    "AUTH_URL": "https://skills.example.com",
}
"""What an operator answers where a random text would not do."""


def use_forgestack(world: World) -> None:
    api, web = named(world, "api"), named(world, "web")
    assert world.json(api, "/api/users", {key: SOMEBODY[key] for key in ("email", "password")})
    job = world.json(api, "/api/jobs", {"topic": "proof", "workMs": 50})
    until(lambda: world.json(api, f"/api/jobs/{job['id']}")["state"] == "completed", "the job is processed")
    status, headers, page = world.ask(web, "/")
    assert status == 200
    assert "text/html" in headers["content-type"]
    assert b"<dt>completed</dt><dd>1</dd>" in page, "web does not reach the api"
    static = page.decode().split('src="/_next/static/')[1].split('"')[0]
    assert world.ask(web, f"/_next/static/{static}")[0] == 200
    address = world.run(api).public_url
    assert address, "nobody knows where browsers reach the api"
    assert world.tried(world.run(web), "grep", "-rlF", address, "/app/apps/web/.next/static").stdout
    asked_by = {"Origin": world.run(web).public_url}
    allowed = world.ask(api, "/api/health", headers=asked_by)[1].get("access-control-allow-origin")
    assert allowed == world.run(web).public_url


def use_cipherbox(world: World) -> None:
    api = named(world, "api")
    token = world.json(api, "/drives", method="POST", headers={"Content-Length": "0"})["token"]
    shown = {"Authorization": f"Bearer {token}"}
    content = base64.b64encode(b"what only its owner can read").decode()
    stored = world.json(api, "/files", {"name": "letter", "contentBase64": content}, headers=shown)
    assert world.json(api, f"/files/{stored['id']}", headers=shown)["contentBase64"] == content
    sealed = world.json(api, f"/files/{stored['id']}/seal", method="POST", headers={**shown, "Content-Length": "0"})
    assert sealed["seal"]
    for web in [run.name for run in world.runs if run.name.endswith("web")]:
        use_files(world, web, world.run(api).public_url)


def use_files(world: World, web: str, api: str) -> None:
    """See that a single-page app is served: its files, its page at every address, and the api's address in it."""
    status, _, page = world.ask(web, "/")
    assert (status, b"<script" in page) == (200, True)
    assert world.ask(web, "/files/x")[::2] == (status, page)
    script = page.decode().split('src="')[1].split('"')[0]
    status, headers, code = world.ask(web, script)
    assert (status, "javascript" in headers["content-type"]) == (200, True)
    assert any(address in code.decode() for address in (api, "https://api.staging.example.com"))


def use_everyskill(world: World) -> None:
    web = named(world, "web")
    shown = {"x-admin-token": world.run(web).environment["ADMIN_TOKEN"]}
    for name, summary in (("Proofread prose", "Corrects spelling and grammar."), ("Brew coffee", "Chooses beans.")):
        world.json(web, "/api/skills", {"name": name, "summary": summary, "author": "ada"}, headers=shown)
    found = world.json(web, "/api/skills/search?q=beans")
    assert found[0]["name"] == "Brew coffee"
    assert b"Proofread prose" in world.ask(web, "/")[2]


def use_whereabouts(world: World) -> None:
    backend = named(world, "backend")
    somebody = {key: SOMEBODY[key] for key in ("name", "password")}
    world.json(backend, "/api/users", somebody)
    shown = {"Authorization": f"Bearer {world.json(backend, '/api/login', somebody)['token']}"}
    world.json(backend, "/api/locations", {"latitude": 52.4, "longitude": 4.9}, headers=shown)
    assert len(world.json(backend, "/api/locations", headers=shown)) == 1


USES: dict[str, Callable[[World], None]] = {
    "forgestack": use_forgestack,
    "cipherbox": use_cipherbox,
    "everyskill": use_everyskill,
    "whereabouts": use_whereabouts,
}


def end_amid_a_job(world: World) -> float:
    """Tell the worker of forgestack to end while it works, and return how long it took to finish the job and end."""
    api, worker = named(world, "api"), world.run(named(world, "worker"))
    job = world.json(api, "/api/jobs", {"topic": "the last one", "workMs": 1500})
    until(lambda: world.json(api, f"/api/jobs/{job['id']}")["state"] == "active", "the job is begun")
    world.told_to_end(worker)
    seconds, code = world.ended(worker)
    assert code == 0, world.logs(worker)
    assert world.json(api, f"/api/jobs/{job['id']}")["state"] == "completed"
    return seconds


def named(world: World, name: str) -> str:
    """Return what a service of the stack is called on a platform, where names may begin with the stack's."""
    found = [each.name for each in world.runs if each.name == name or each.name.endswith(f"-{name}")]
    assert len(found) == 1, f"{name} is {found} of {[each.name for each in world.runs]}"
    return found[0]


def until(holds: Callable[[], Any], what: str, seconds: float = 20) -> None:
    ended = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ended, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def keeps_every_job(world: World, run: PlatformRun) -> None:
    """See that a store of queues refuses what it has no room for, rather than forget what it was told."""
    words = run.argv or ()
    password = words[words.index("--requirepass") + 1] if "--requirepass" in words else ""
    told = ("--env", f"REDISCLI_AUTH={password}") if password else ()
    said = docker("exec", *told, world.container(run), "redis-cli", "CONFIG", "GET", "maxmemory-policy")
    assert said.split() == ["maxmemory-policy", "noeviction"], run.name
