"""Texts → disk: what is ours, what was edited by hand, and writes that happen wholly or not at all."""
