"""The two programs, each in a virtual environment of its own with nothing that it doesn't need."""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

PEER = (
    "sigma-cli==3.1.0",
    "pysigma==1.5.1",
    "pysigma-backend-splunk==2.1.0",
    "pysigma-backend-elasticsearch==2.1.1",
    "pysigma-backend-kusto==1.0.1",
    "pysigma-pipeline-sysmon==2.0.0",
    "pysigma-pipeline-windows==2.0.1",
)


@dataclass(frozen=True)
class Programs:
    """The commands."""

    ours: str
    peer: str

    @property
    def our_python(self) -> str:
        return str(Path(self.ours).with_name("python"))

    @property
    def peer_python(self) -> str:
        return str(Path(self.peer).with_name("python"))


def programs(folder: Path, ours: Path) -> Programs:
    """Both of them; ours as it is now, the peer as it was installed before."""
    peer = folder / "peer" / "bin" / "sigma"
    if not peer.exists():
        _install(folder / "peer", *PEER)
    _install(folder / "ours", str(ours), "--force-reinstall", "--no-deps", first=(str(ours),))
    return Programs(str(folder / "ours" / "bin" / "sigma-transpile"), str(peer))


def _install(folder: Path, *what: str, first: tuple[str, ...] = ()) -> None:
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"making {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        if first:
            subprocess.run([python, "-m", "pip", "install", "-q", *first], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *what], check=True)
