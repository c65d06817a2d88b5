"""`RESUMABLE_…`: what an owner can set."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Read from `app.config`; each name stands there in capitals behind `RESUMABLE_`."""

    folder: str = "resumable"
    """Where uploads lie; relative to the instance folder."""
    url_prefix: str = "/uploads"
    max_size: int | None = None
    """Bytes of one upload; None: as much as the disk takes."""
    expiry: float = 7 * 86400.0
    """Seconds that an upload may lie untouched; 0: for ever."""
    checkpoint: int = 8 << 20
    """The offset is made durable after so many bytes and at the end of each request."""
    sha256: bool = True
    """Compute it while receiving."""
    reread: int = 256 << 20
    """Up to this size a hash whose state was lost is computed again in the request."""
    patience: float = 10.0
    """Seconds to wait for the lock of an upload that another connection holds."""
    idle: float = 30.0
    """Seconds of silence after which a body is given up."""
    min_rate: int = 0
    """Bytes a second over `rate_window` seconds below which a body is given up; 0: any."""
    rate_window: float = 30.0
    slots: int | None = None
    """How many bodies a process receives at a time; half of its threads is a good value."""
    keep_free: int = 512 << 20
    """Bytes of the disk that uploads never take, at most a quarter of it."""
    drain: int = 64 << 20
    """Bytes of a refused body that are read, so that the client sees the answer."""
    drain_seconds: float = 10.0
    interim: bool = True
    """Send `104 Upload Resumption Supported` where the server can."""

    @classmethod
    def of(cls, config: Mapping[str, Any], root: str) -> "Settings":
        """The settings of an app; `folder` made absolute."""
        names = {field.name: f"RESUMABLE_{field.name.upper()}" for field in fields(cls)}
        found = {name: config[key] for name, key in names.items() if key in config}
        found["folder"] = str(Path(root) / str(found.get("folder", cls.folder)))
        return cls(**found)
