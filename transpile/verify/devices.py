"""The machines that rows of Defender's tables are of, and what DeviceInfo tells of them.

https://learn.microsoft.com/defender-xdr/advanced-hunting-deviceinfo-table
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from transpile.ir.search import Devices

PLATFORMS = ("Linux", "macOS", "Windows10", "Windows11", "WindowsServer2022")
"""operating systems as DeviceInfo names them, one machine for each"""

TABLES: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "DeviceInfo": tuple(
        {"DeviceId": f"machine-with-{platform}", "OSPlatform": platform} for platform in PLATFORMS
    )
}
"""the rows of tables that tell of machines"""


def keys(devices: Devices, *, meant: bool) -> Iterator[str]:
    """The names of the machines that are meant, or of those that are not."""
    values = [value.lower() for value in devices.values]
    for row in TABLES[devices.table]:
        if (str(row[devices.column]).lower() in values) is meant:
            yield str(row[devices.key])
