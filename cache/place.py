"""Whether a folder is a place where a database file is safe."""

from __future__ import annotations

from pathlib import Path

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs", "lustre", "gpfs"}


def network_file_system(folder: Path, mounts: Path = Path("/proc/mounts")) -> str | None:
    """The kind of network file system that ``folder`` lies on, or None (also where the machine cannot tell).

    SQLite's write-ahead log needs shared memory, which network file systems do not give.
    """
    try:
        rows = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return None
    target = folder.resolve()
    best, kind = -1, ""
    for row in rows:
        if len(row) < 3:
            continue
        point = Path(row[1].replace("\\040", " "))
        if (target == point or point in target.parents) and len(point.parts) > best:
            best, kind = len(point.parts), row[2]
    return kind if kind in _NETWORK else None
