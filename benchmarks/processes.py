"""What a tree of processes uses, read from Linux's /proc."""

import http.client
import os
import re
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def with_descendants(pid: int) -> list[int]:
    """Return a process and everything it started."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        fields = fields_of(int(folder.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


def fields_of(pid: int) -> list[str]:
    """Return what the kernel says of a process after its name; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a tree has used, in seconds, ended children included."""
    fields = filter(None, (fields_of(each) for each in with_descendants(pid)))
    return sum(sum(map(int, one[11:15])) for one in fields) / TICKS_A_SECOND


def memory_mib(pid: int) -> float:
    """Return a tree's memory in MiB; what processes share counts once (PSS)."""
    texts = (Path(f"/proc/{each}/smaps_rollup").read_text() for each in with_descendants(pid))
    return sum(int(re.findall(r"\nPss: +(\d+)", text)[0]) for text in texts) / 1024


def answers(port: int, path: str) -> bool:
    """Return whether a server of this machine answers 200 at a path."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
