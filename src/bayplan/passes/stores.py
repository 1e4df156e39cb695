"""Which databases and queues the code needs, and how each is run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bayplan.catalog import stores as catalog
from bayplan.catalog.images import named
from bayplan.catalog.stores import Extended, StoreEntry
from bayplan.errors import UsageError
from bayplan.model.config import Config, StoreConfig
from bayplan.model.stack import Binding, Health, Limits, Role, Store
from bayplan.model.workspace import SKIPS_VALIDATION, EnvUse, Use, Workspace
from bayplan.passes import store_bindings, store_values
from bayplan.passes.apps import App
from bayplan.passes.settings import megabytes
from bayplan.source import Fact, Located, Why
