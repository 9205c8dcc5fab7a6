"""The folder in which engines keep what they download."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from transpile.verify.engines.errors import EngineError

CACHE_VARIABLE = "SIGMA_TRANSPILE_CACHE"


def cache_root() -> Path:
    """The cache folder of this user, made if absent.

    `SIGMA_TRANSPILE_CACHE` overrides it. Root's own cache folder is closed to the unprivileged user
    that runs servers for root, so root gets a folder under /var/tmp instead, writable by root only.

    Raises EngineError where the folder belongs to somebody else, who could replace its programs.
    """
    if override := os.environ.get(CACHE_VARIABLE):
        root = Path(override)
    elif os.geteuid() == 0:
        root = Path("/var/tmp/sigma-transpile")  # noqa: S108 (its owner is checked below)
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches" / "sigma-transpile"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sigma-transpile"
    root.mkdir(mode=0o755, parents=True, exist_ok=True)
    if root.is_symlink() or root.stat().st_uid != os.geteuid():
        message = f"the cache folder {root} belongs to another user: set {CACHE_VARIABLE}"
        raise EngineError(message)
    return root


def provide(name: str, build: Callable[[Path], None]) -> Path:
    """The cached folder `name`; when absent, `build` fills an empty folder that becomes it.

    The folder appears by one rename when it is complete, so processes that build it at the same
    time do not disturb one another: the first wins and the others use the winner's.
    """
    root = cache_root()
    target = root / name
    if target.is_dir():
        return target
    staging = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=root))
    try:
        build(staging)
        staging.chmod(0o755)
        try:
            staging.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target
