"""A configuration file as it is read: checked, and with the place of each setting."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from transpile.config.find import NAME, ConfigPlace
from transpile.config.settings import SETTINGS, Setting, Value, defaults_of_commands
from transpile.load.hints import instead_of
from transpile.load.problem import Problem, ProblemFound, Severity
from transpile.load.toml_file import TomlFile
from transpile.query import Place


class ConfigurationFile:
    """The settings of one file."""

    def __init__(self, place: ConfigPlace) -> None:
        """Read the file and check all that it says.

        Raises ProblemFound: `bad-config`, at the line of what is wrong.
        """
        self.path = place.path.replace(os.sep, "/")
        self._keys = place.keys
        self._file = TomlFile.read(place.path, "bad-config")
        self._check_table()
        self._check_model()
        self._given: Mapping[str, Value] = dict(self._settings())

    def defaults_of_commands(self) -> dict[str, Any]:
        """The settings as the defaults of the parameters of each command."""
        return defaults_of_commands(self._given)

    def get(self, name: str) -> Value | None:
        """The value of a setting, with paths from the working folder; None where it has none."""
        return self._given.get(name)

    def environment(self) -> Iterator[tuple[str, str]]:
        """The settings of the user's installation, one by one."""
        for setting in SETTINGS:
            value = self.get(setting.name)
            if value is None or any(setting.parameters.values()):
                continue
            if isinstance(value, dict):
                for key, one in sorted(value.items()):
                    yield f"{setting.name}.{key}", _joined(one)
            else:
                yield setting.name, _joined(value)

    def place(self, setting: Setting) -> Place | None:
        """Where the key of a setting stands."""
        return self._file.place((*self._keys, *setting.keys))

    def warning(self, code: str, message: str, keys: tuple[str, ...]) -> Problem:
        """A warning about what some keys lead to."""
        return self._file.problem(
            message, (*self._keys, *keys), severity=Severity.WARNING, code=code
        )

    def _check_table(self) -> None:
        value: Any = self._file.document
        for key in self._keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value is None:
            message = f"there is no table [{'.'.join(self._keys)}] in this file"
            hint = f"add it, or write a {NAME} with `sigma-transpile init`"
            raise ProblemFound(self._file.problem(message, hint=hint))

    def _check_model(self) -> None:
        from transpile.config.model import Configuration  # noqa: PLC0415 (loads msgspec)

        self._file.convert(Configuration, self._keys)

    def _settings(self) -> Iterator[tuple[str, Value]]:
        table = self._file.value(self._keys)
        for setting in SETTINGS:
            value = table
            for key in setting.keys:
                value = value.get(key, {})
            if value != {}:
                yield setting.name, self._checked(setting, value)

    def _checked(self, setting: Setting, value: Value) -> Value:
        if setting.mistake is not None and (mistake := setting.mistake(value)):
            self._fail(mistake.message, (*setting.keys, *mistake.keys), mistake.hint)
        if isinstance(value, list):
            return [
                self._checked_text(setting, one, (*setting.keys, number))
                for number, one in enumerate(value)
            ]
        if isinstance(value, str):
            return self._checked_text(setting, value, setting.keys)
        return value

    def _checked_text(self, setting: Setting, text: str, keys: tuple[str | int, ...]) -> str:
        if setting.known is not None and not setting.knows(text):
            lists = "`sigma-transpile targets` lists what there is"
            hint = instead_of(text, setting.known()) or lists
            self._fail(f"there is no {setting.called} {text!r}", keys, hint)
        if not setting.is_path:
            return text
        path = self._from_here(text)
        if setting.is_input and not os.path.exists(path):  # noqa: PTH110
            kind = "file or folder" if setting.name in ("rules", "explain.corpus") else "file"
            hint = "paths are relative to the folder that this file is in"
            self._fail(f"there is no {kind} {text!r}", keys, "" if os.path.isabs(text) else hint)  # noqa: PTH117
        return path

    def _from_here(self, path: str) -> str:
        """A path of the file as one from the working folder."""
        folder = os.path.dirname(self.path)  # noqa: PTH120
        return os.path.join(folder, path) if folder else path  # noqa: PTH118

    def _fail(self, message: str, keys: tuple[str | int, ...], hint: str) -> NoReturn:
        raise ProblemFound(self._file.problem(message, (*self._keys, *keys), hint=hint))


def _joined(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else ",".join(value)
