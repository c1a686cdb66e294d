"""What clients may have of a worker: how many connections, and how long each may keep it waiting."""

import resource
import socket
from typing import Any

from granian._granian import SocketHolder

from config import env

# Connections that each worker takes, as far as the system lets it have so many files.
MOST_CONNECTIONS = 8192
# The system takes no longer times.
MOST_MILLISECONDS = 2**31 - 1


def client_seconds() -> int:
    """Return how many seconds clients have for headers, a body, the next request, and to take an answer."""
    return env.number("CLIENT_SECONDS", 30, least=1)


def connections_at_once() -> int:
    """Return how many connections a worker can take, having asked for as many open files as may be had."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(MOST_CONNECTIONS, most // 2)


def impatient(sock: tuple[Any, Any], seconds: int) -> tuple[Any, Any]:
    """Return a listening socket like granian's, with a limit to how long clients may take no answer.

    Nothing else ends a connection whose client asks and does not read: granian waits for ever.

    Args:
        sock: granian's description of it, or where the system has no such limit the socket itself.
        seconds: the limit, for each of its connections.
    """
    described, _ = sock
    if described is None or not hasattr(socket, "TCP_USER_TIMEOUT"):
        return sock
    host, port, backlog = described.__getstate__()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    hold: Any = SocketHolder  # whose stub is that of another system
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        limit = min(1000 * seconds, MOST_MILLISECONDS)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit)
        listening.bind((host, port))
        return None, hold(listening.detach(), False, backlog)
