"""Find every TCP port that is open at the address of another host: run this on the host that looks."""

import contextlib
import errno
import select
import socket
import sys
from collections.abc import Iterable, Iterator

AT_ONCE = 500
PATIENCE_MS = 2000
"""What says nothing for so long drops what it is sent, and is closed."""


def open_ports(address: str) -> Iterator[int]:
    for first in range(1, 1 << 16, AT_ONCE):
        yield from among(address, range(first, min(first + AT_ONCE, 1 << 16)))


def among(address: str, ports: Iterable[int]) -> Iterator[int]:
    """Knock at all of them at the same time."""
    with contextlib.ExitStack() as stack:
        asked, answers = dict[int, tuple[int, socket.socket]](), select.poll()
        for port in ports:
            knock = stack.enter_context(socket.socket())
            knock.settimeout(0)
            code = knock.connect_ex((address, port))
            if code == errno.ECONNREFUSED:
                continue
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, f"{address}:{port} cannot be asked")
            asked[knock.fileno()] = port, knock
            answers.register(knock, select.POLLOUT)
        while asked and (answered := answers.poll(PATIENCE_MS)):
            for number, _ in answered:
                port, knock = asked.pop(number)
                answers.unregister(number)
                if knock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    yield port


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, open_ports(sys.argv[1]))))
