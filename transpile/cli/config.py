"""`config`: the settings that hold, and where each comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from transpile.cli.arguments import refuse_usage, use_utf8

if TYPE_CHECKING:
    from transpile.config.configuration import ConfigurationFile
    from transpile.config.settings import Setting


CONTEXT = {"allow_interspersed_args": False}
"""what follows COMMAND is its own"""


class Format(str, Enum):
    """How settings are printed."""

    TEXT = "text"
    JSON = "json"


class Held(NamedTuple):
    """A setting that holds: its value (None where it has none) and where that comes from.

    `source` is `option`, `environment`, `file` or `default`; `origin` names the variable or file.
    """

    setting: str
    value: Any
    source: str
    origin: str = ""
    line: int | None = None
    column: int | None = None


def config(
    context: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND [ARGUMENT...]]",
            help="A command as it would be given: the settings that hold for it. Without one, all"
            " settings.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="How settings are printed.")
    ] = Format.TEXT,
) -> None:
    """Show each setting that holds, and from which line of which file.

    Options of this command go before COMMAND. `config convert -t splunk` shows what `convert
    -t splunk` would run with, and runs nothing.
    """
    held = list(_of_command(context, command) if command else _of_all(context))
    use_utf8()
    if form is Format.JSON:
        file = context.obj.path if context.obj else None
        shown = {"file": file, "settings": [one._asdict() for one in held]}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    from transpile.cli.style import printable  # noqa: PLC0415

    rows = [(one.setting, printable(_shown(one.value)), printable(_whence(one))) for one in held]
    names = max((len(name) for name, _, _ in rows), default=0)
    values = max((len(value) for _, value, _ in rows), default=0)
    for name, value, whence in rows:
        typer.echo(f"{name:{names}}  {value:{values}}  {whence}")


def _of_all(context: typer.Context) -> Iterator[Held]:
    """All settings, as the commands have them that are given nothing else."""
    from transpile.config.settings import SETTINGS  # noqa: PLC0415

    for setting in SETTINGS:
        command, parameter = next(iter(setting.parameters.items()))
        if not parameter:
            yield _in_file(context.obj, setting) or Held(setting.name, None, "default")
            continue
        option = _parameter(context, command, parameter)
        if value := option.value_from_envvar(context):
            yield Held(setting.name, value, "environment", str(option.envvar))
        elif (held := _in_file(context.obj, setting)) is not None:
            yield held
        else:
            yield Held(setting.name, _default(setting, option.default), "default")


def _of_command(context: typer.Context, words: list[str]) -> Iterator[Held]:
    """The settings of a command line, as it is read before the command runs."""
    from transpile.config.settings import SETTINGS  # noqa: PLC0415

    root = context.find_root()
    group: Any = root.command
    name, command, rest = group.resolve_command(root, words)
    settings = [setting for setting in SETTINGS if name in setting.parameters]
    if not settings:
        refuse_usage(f"{name} has no settings; `sigma-transpile config` shows those of all")
    parsed = command.make_context(name, rest, parent=root)
    options = {option.name: option for option in command.params}
    told = set()
    for setting in settings:
        if not setting.parameters[name]:
            yield _in_file(context.obj, setting) or Held(setting.name, None, "default")
            continue
        option = options[setting.parameters[name]]
        value = setting.parameter_value(parsed.params[option.name])
        source = getattr(parsed.get_parameter_source(option.name), "name", "DEFAULT")
        held = _in_file(context.obj, setting) if source == "DEFAULT_MAP" else None
        if held is not None:
            if _plain(value) not in (held.value, [held.value]):
                continue  # another setting is the default of this option
        elif source == "DEFAULT_MAP" or option.name in told:
            continue
        elif source == "DEFAULT":
            held = Held(setting.name, _default(setting, parsed.params[option.name]), "default")
        elif source == "ENVIRONMENT":
            held = Held(setting.name, _plain(value), "environment", str(option.envvar))
        else:
            held = Held(setting.name, _plain(value), "option")
        told.add(option.name)
        yield held


def _parameter(context: typer.Context, command: str, parameter: str) -> Any:
    """A parameter of a command."""
    inner: Any = context.find_root().command
    for name in command.split():
        inner = inner.get_command(context, name)
    return next(one for one in inner.params if one.name == parameter)


def _in_file(file: ConfigurationFile | None, setting: Setting) -> Held | None:
    """A setting as the file has it."""
    if file is None or (value := file.get(setting.name)) is None:
        return None
    place = file.place(setting)
    line, column = (place.line, place.column) if place else (None, None)
    return Held(setting.name, value, "file", file.path, line, column)


def _default(setting: Setting, value: Any) -> Any:
    """What holds where nobody says anything, with what the commands find out for themselves."""
    from transpile.run.cache import place  # noqa: PLC0415
    from transpile.targets.registry import DEFAULTS  # noqa: PLC0415

    if setting.name == "targets":
        return list(DEFAULTS)
    if setting.name == "cache.folder":
        return str(place().parent)
    if setting.negated:
        return not value
    return None if callable(value) else _plain(value) or None


def _plain(value: Any) -> Any:
    """A value of a parameter as text, boolean or list."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return list(value)
    return value if value is None or isinstance(value, bool) else str(value)


def _shown(value: Any) -> str:
    """A value as TOML writes it, or - for none."""
    from transpile.config.template import toml  # noqa: PLC0415

    return "-" if value is None else toml(value)


def _whence(held: Held) -> str:
    if held.line is not None:
        return f"{held.origin}:{held.line}"
    return held.origin or held.source
