"""The tool on one page: read, plan, write, check, build, run, verify."""
