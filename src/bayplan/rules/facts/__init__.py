"""What rules conclude from a `Workspace` and a `Deployment` before they judge: one file, one question."""
