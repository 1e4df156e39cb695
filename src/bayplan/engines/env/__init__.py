"""Real env files on this machine: read, held against the contract of a stack, made and added to."""
