"""Many rules: the same outcome however many processes convert and whatever is in the cache."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from transpile.load.files import RuleFile, find
from transpile.query import Outcome
from transpile.run import batch
from transpile.run.batch import Batch, convert_files
from transpile.run.cache import Cache
from transpile.run.conversion import Conversion, Converted
from transpile.run.convert import Converter
from transpile.run.recipe import Recipe
from transpile.targets import registry

BROKEN = sorted((Path(__file__).parents[1] / "load" / "broken").glob("*.yml"))
RECIPE = Recipe(registry.DEFAULTS, tells=True)


@pytest.fixture
def rules(tmp_path: Path, write_rules: Callable[..., list[Path]]) -> Path:
    folder = tmp_path / "rules"
    write_rules(folder)
    for path in BROKEN:
        shutil.copy(path, folder / path.name)
    shutil.copytree(folder / "000", folder / "the same ids")
    (folder / "unread.yml").symlink_to("nowhere")
    return folder


@pytest.fixture(autouse=True)
def few_are_worth_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "WORTH_PROCESSES", 2)


def converted(
    rules: Path, cache: Path | None = None, jobs: int = 1, recipe: Recipe = RECIPE
) -> list[Conversion]:
    used = None if cache is None else Cache(cache)
    with closing(Batch(find([str(rules)]), recipe, cache=used, jobs=jobs)) as run:
        run.check()
        return list(run.conversions())


def test_the_outcome_is_always_the_same(rules: Path, tmp_path: Path) -> None:
    expected = list(convert_files(find([str(rules)]), RECIPE.converter()))
    assert any(query.outcome is Outcome.FAILED for one in expected for query in one.queries)
    assert "duplicate-id" in {problem.code for one in expected for problem in one.problems}
    assert converted(rules) == expected
    assert converted(rules, jobs=3) == expected
    assert converted(rules, tmp_path / "cache") == expected
    assert converted(rules, tmp_path / "cache") == expected
    assert converted(rules, tmp_path / "cache", jobs=3) == expected
    assert converted(rules, tmp_path / "other", jobs=3) == expected
    assert converted(rules, tmp_path / "other") == expected


def test_a_change_of_a_file_or_of_its_name_is_seen(rules: Path, tmp_path: Path) -> None:
    converted(rules, tmp_path / "cache")
    first = rules / "000" / "contains-all.yml"
    first.write_text(first.read_text("utf-8").replace("title: ", "title: Another "), "utf-8")
    untitled = rules / "no_title.yml"
    untitled.rename(rules / "no_title_again.yml")
    expected = list(convert_files(find([str(rules)]), RECIPE.converter()))
    assert converted(rules, tmp_path / "cache") == expected


def test_targets_and_pipelines_have_entries_of_their_own(rules: Path, tmp_path: Path) -> None:
    cache, pipeline = tmp_path / "cache", tmp_path / "pipeline.yml"
    pipeline.write_text(
        "transformations: [{type: field_name_mapping, mapping: {CommandLine: first}}]", "utf-8"
    )
    recipe = Recipe(("splunk",), (str(pipeline),))
    for one in (RECIPE, Recipe(("splunk",)), recipe):
        expected = list(convert_files(find([str(rules)]), one.converter()))
        assert converted(rules, cache, recipe=one) == expected
        assert converted(rules, cache, jobs=2, recipe=one) == expected
    pipeline.write_text(pipeline.read_text("utf-8").replace("first", "second"), "utf-8")
    texts = [
        query.text or ""
        for one in converted(rules, cache, recipe=Recipe(("splunk",), (str(pipeline),)))
        for query in one.queries
    ]
    assert any("second" in text for text in texts)


def test_pipelines_that_may_ask_others_are_not_kept(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = tmp_path / "pipeline.yml"
    pipeline.write_text("transformations: []", "utf-8")
    monkeypatch.setenv("PYSIGMA_ALLOW_EXTERNAL_SOURCES", "1")
    converted(rules, tmp_path / "cache", recipe=Recipe(("splunk",), (str(pipeline),)))
    assert Cache(tmp_path / "cache").size().entries == 0


def test_a_known_rule_loads_nothing_that_converts(rules: Path, tmp_path: Path) -> None:
    converted(rules / "000", tmp_path / "cache")
    code = (
        "import sys; from pathlib import Path\n"
        "from transpile.load.files import find; from transpile.run.batch import Batch\n"
        "from transpile.run.cache import Cache; from transpile.run.recipe import Recipe\n"
        "from transpile.targets import registry\n"
        "recipe = Recipe(registry.DEFAULTS, tells=True)\n"
        "run = Batch(find([sys.argv[1]]), recipe, cache=Cache(Path(sys.argv[2])))\n"
        "assert sum(1 for _ in run.conversions()) > 100\n"
        "sys.exit(', '.join({'yaml', 'sigma.exceptions', 'backends'} & set(sys.modules)) or 0)"
    )
    command = [sys.executable, "-c", code, str(rules / "000"), str(tmp_path / "cache")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def deadly(rules: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Files that end the process that converts them."""
    names = {"contains-all.yml", "cidr-ipv4.yml"}
    names &= {path.name for path in (rules / "000").iterdir()}
    assert names
    convert_files = Converter.convert_files

    def deadly_convert_files(
        converter: Converter, files: Iterable[tuple[bytes, RuleFile]]
    ) -> list[list[Converted]]:
        files = list(files)
        if any(Path(file.path).name in names for _, file in files):
            os.kill(os.getpid(), signal.SIGKILL)
        return convert_files(converter, files)

    monkeypatch.setattr(Converter, "convert_files", deadly_convert_files)
    return names


@pytest.mark.skipif(sys.platform != "linux", reason="needs processes that fork")
@pytest.mark.parametrize("jobs", [2, 3])
def test_a_process_that_dies_costs_only_the_file_that_it_was_at(
    rules: Path, deadly: set[str], jobs: int
) -> None:
    found = converted(rules / "000", jobs=jobs)
    lost = {
        Path(one.file.path).name
        for one in found
        if "process-lost" in {p.code for p in one.problems}
    }
    assert lost == deadly
    assert all(
        "SIGKILL" in p.message for one in found for p in one.problems if p.code == "process-lost"
    )
    assert len(found) >= len(list((rules / "000").iterdir()))
    assert [one.file.path for one in found] == sorted(one.file.path for one in found)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_process_killed_at_any_moment_costs_one_file_at_most(rules: Path) -> None:
    expected = {one.file.path: one for one in converted(rules / "000")}
    chance = random.Random(11)
    others = set(children(os.getpid()))
    for _ in range(20):
        when = chance.randrange(len(expected) * 2 // 3)
        found = []
        with closing(Batch(find([str(rules / "000")]), RECIPE, jobs=3)) as run:
            for number, conversion in enumerate(run.conversions()):
                if number == when:
                    workers = sorted(set(children(os.getpid())) - others)
                    os.kill(chance.choice(workers), signal.SIGKILL)
                found.append(conversion)
        assert [one.file.path for one in found] == list(expected)
        lost = [one for one in found if one != expected[one.file.path]]
        assert len(lost) <= 1
        assert all(one.problems[0].code == "process-lost" for one in lost)


@pytest.fixture
def many(tmp_path: Path, write_rules: Callable[..., list[Path]]) -> Path:
    write_rules(tmp_path / "many", times=8)
    return tmp_path / "many"


def started(many: Path, out: Path, cache: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "transpile", "convert", str(many), "-o", str(out), "-j", "2"]
    with out.with_suffix(".err").open("wb") as errors:
        return subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            env=os.environ | {"SIGMA_TRANSPILE_CACHE": str(cache)},
        )


def children(process: int) -> Iterator[int]:
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            yield int(status.parent.name)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interruption_leaves_whole_files_and_a_usable_cache(
    many: Path, tmp_path: Path, ending: signal.Signals
) -> None:
    out, cache = tmp_path / "out", tmp_path / "cache"
    process = started(many, out, cache)
    while len(list(out.rglob("*.spl"))) < 100:
        time.sleep(0.02)
        assert process.poll() is None
    workers = list(children(process.pid))
    began = time.monotonic()
    if ending is signal.SIGINT:  # as a terminal does it, to all of them
        os.killpg(process.pid, ending)
    else:
        process.send_signal(ending)
    process.wait(timeout=10)
    took = time.monotonic() - began
    assert len(workers) == 2
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        time.sleep(0.02)
        assert time.monotonic() - began < 10
    if ending is not signal.SIGKILL:
        code, word = (130, "interrupted") if ending is signal.SIGINT else (143, "terminated")
        assert process.returncode == code
        assert took < 1
        assert word in out.with_suffix(".err").read_text("utf-8")
    written = {path: path.read_bytes() for path in out.rglob("*.*") if path.suffix != ".tmp"}
    assert started(many, out, cache).wait(timeout=120) == 1
    again = tmp_path / "again"
    assert started(many, again, tmp_path / "another cache").wait(timeout=120) == 1
    texts = {path.relative_to(again): path.read_bytes() for path in again.rglob("*.*")}
    assert {p.relative_to(out): p.read_bytes() for p in out.rglob("*.*")} == texts
    assert {path.relative_to(out): text for path, text in written.items()}.items() <= texts.items()


def test_cores_are_counted() -> None:
    assert batch.cores() >= 1


def test_what_a_rule_tells_of_itself_is_carried_where_it_is_asked_for(rules: Path) -> None:
    assert any(one.about for one in converted(rules, recipe=Recipe(("splunk",), tells=True)))
    assert not any(one.about for one in converted(rules, recipe=Recipe(("splunk",))))
