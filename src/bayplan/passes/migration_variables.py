"""Which variables a job that migrates is given: those its own command can read, and no others."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bayplan.catalog.stores import holding_tables
from bayplan.model.code import EnvUse
from bayplan.model.parts import Variable
from bayplan.model.stack import Service
from bayplan.passes import variables
from bayplan.passes.apps import App
from bayplan.passes.migrations import Job
from bayplan.passes.variables import Surroundings
from bayplan.source import Why

LEADS = re.compile(r"URL|URI|HOST|DSN|DATABASE|CONNECTION")
Users = Mapping[str, Mapping[str, Why]]


def given(around: Surroundings, own: App, job: Job, carrier: Service) -> tuple[tuple[Variable, ...], Users]:
    """Return the variables of a job, and the stores that it speaks to.

    A command whose own reads lead nowhere finds its database in a way that cannot be told: it gets all of its package.
    """
    why = job.command.why
    users = {kind: {own.name: why} for kind, names in around.users.items() if carrier.name in names}
    around = replace(around, users={kind: {**around.users[kind], **names} for kind, names in users.items()})
    migration = job.package.migration if job.settings.command is None else None
    read = migration.env if migration is not None else ()
    found = variables.with_given(_found(around, own, job, carrier, read), own, around.config)
    if not _spoken_to(users, found) and not any(LEADS.search(each.name) for each in found):
        needed = job.workspace.closure(job.package, development=False)
        read = (*read, *(use for package in needed for use in package.code.env))
        found = variables.with_given(_found(around, own, job, carrier, read), own, around.config)
    spoken_to = _spoken_to(users, found)
    if spoken_to.keys().isdisjoint(holding_tables()):
        spoken_to = {kind: users[kind] for kind in users if kind in spoken_to or kind in holding_tables()}
    return found, spoken_to


def _found(around: Surroundings, own: App, job: Job, carrier: Service, read: Sequence[EnvUse]) -> tuple[Variable, ...]:
    """Return what the app is given of this, and what only the job reads; where an app listens is nothing to it."""
    names = {use.name for use in read}
    carried = tuple(each for each in carrier.variables if each.name in names)
    code = job.app.package.code
    known = {each.name for each in carried} | {each.value for each in (code.port_variable, code.host_variable) if each}
    return (*carried, *variables.read_by(around, own, [use for use in read if use.name not in known]))


def _spoken_to(users: Users, found: Sequence[Variable]) -> Users:
    """Keep the stores whose address is among the variables."""
    parts = [part for each in found for part in variables.given_parts(each.value)]
    reached = {part.reaches for part in parts}
    texts = [part.text for part in parts]
    return {
        kind: names
        for kind, names in users.items()
        if kind in reached or any(text == kind or f"@{kind}:" in text or f"//{kind}:" in text for text in texts)
    }
