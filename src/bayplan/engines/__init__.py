"""Recipe to image, compose file to running services. `docker.py` holds the commands, as values."""
