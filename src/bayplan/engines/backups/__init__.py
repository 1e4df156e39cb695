"""Copies of the stores: taken, proved and brought back without ever lying on a disk in the clear."""
