"""bayplan reads a monorepo, writes its deployment, and proves that it runs."""

__version__ = "0.1.0"
