"""A certificate authority for tests, by OpenSSL's command: it also signs what has expired, or is not valid yet."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

CONFIG = """
[ca]
default_ca = own
[own]
new_certs_dir = {folder}
database = {folder}/index.txt
rand_serial = yes
default_md = sha256
policy = names
unique_subject = no
copy_extensions = copy
[names]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
"""
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60)


@dataclass(frozen=True)
class Authority:
    """Keeps what it needs in a folder, its own certificate as `ca.pem`."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def issue(self, certificate: Path, key: Path, *hosts: str, starts: int = -1, ends: int = 90) -> None:
        """Write a certificate for hosts, and its key; the days of its start and its end count from today."""
        names = ",".join(f"DNS:{host}" for host in hosts)
        request = self.folder / "request.pem"
        for path in (certificate, key):
            path.parent.mkdir(parents=True, exist_ok=True)
        subject = ("-subj", "/CN=test", "-addext", f"subjectAltName={names}")
        _openssl("req", "-new", *CURVE, *subject, "-keyout", str(key), "-out", str(request))
        self._sign(request, certificate, starts, ends)

    def another(self, folder: Path, *, starts: int = -1, ends: int = 90) -> "Authority":
        """Return an authority that this one vouches for."""
        second = _empty(folder)
        request = folder / "request.pem"
        _openssl("req", "-new", *CURVE, "-subj", "/CN=second", "-keyout", str(folder / "ca.key"), "-out", str(request))
        self._sign(request, second.certificate, starts, ends, "-extensions", "authority")
        return second

    def _sign(self, request: Path, certificate: Path, starts: int, ends: int, *more: str) -> None:
        now = datetime.now(UTC)
        begin, end = (f"{now + timedelta(days=days):%Y%m%d%H%M%SZ}" for days in (starts, ends))
        own = ("-cert", str(self.certificate), "-keyfile", str(self.folder / "ca.key"))
        config = ("-config", str(self.folder / "ca.conf"), "-batch", "-notext")
        given = ("-in", str(request), "-out", str(certificate), "-startdate", begin, "-enddate", end)
        _openssl("ca", *config, *own, *given, *more)


def authority(folder: Path) -> Authority:
    """Make one that nobody vouches for."""
    made = _empty(folder)
    subject = ("-subj", "/CN=authority for tests", "-days", "365")
    _openssl("req", "-x509", *CURVE, *subject, "-keyout", str(folder / "ca.key"), "-out", str(made.certificate))
    return made


def _empty(folder: Path) -> Authority:
    folder.mkdir(parents=True)
    (folder / "index.txt").touch()
    (folder / "ca.conf").write_text(CONFIG.format(folder=folder), encoding="utf-8")
    return Authority(folder)
