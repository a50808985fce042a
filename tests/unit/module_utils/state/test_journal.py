from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    writer = Journal(path, "r1")
    writer.write("pull", "started", "pulling app:1")
    writer.write("start", "failed", "web is unhealthy", "web", ("line one\nline two", "Größe"))
    records, offset = journal.read(path, 0)
    assert [
        {key: record[key] for key in ("release", "step", "state", "text", "service", "detail")} for record in records
    ] == [
        {
            "release": "r1",
            "step": "pull",
            "state": "started",
            "text": "pulling app:1",
            "service": None,
            "detail": [],
        },
        {
            "release": "r1",
            "step": "start",
            "state": "failed",
            "text": "web is unhealthy",
            "service": "web",
            "detail": ["line one\nline two", "Größe"],
        },
    ]
    assert all(record["elapsed"] >= 0 and record["at"] > 1e9 for record in records)
    assert offset == path.stat().st_size == journal.size(path)


def test_a_follower_reads_only_new_records(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    writer = Journal(path, "r1")
    writer.write("one", "done")
    _, offset = journal.read(path, 0)
    assert journal.read(path, offset) == ([], offset)
    writer.write("two", "done")
    records, _ = journal.read(path, offset)
    assert [record["step"] for record in records] == ["two"]


def test_an_incomplete_record_is_read_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path, "r1").write("one", "done")
    length = journal.size(path)
    Journal(path, "r1").write("two", "done")
    content = path.read_bytes()
    path.write_bytes(content[: length + 20])
    records, offset = journal.read(path, 0)
    assert ([record["step"] for record in records], offset) == (["one"], length)
    path.write_bytes(content)
    assert [record["step"] for record in journal.read(path, offset)[0]] == ["two"]


def test_offsets_are_bytes(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path, "r1").write("one", "done", "one")
    text = path.read_text().replace('"text": "one"', '"text": "Größe 🚢"')
    path.write_text(text * 2, encoding="utf-8")
    records, offset = journal.read(path, 0)
    assert len(records) == 2
    assert offset == path.stat().st_size


def test_a_missing_journal_has_no_records(tmp_path: Path) -> None:
    assert journal.read(tmp_path / "missing", 7) == ([], 7)
    assert journal.size(tmp_path / "missing") == 0


def test_a_second_rollout_appends_to_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path, "r1").write("end", "done")
    Journal(path, "r2").write("end", "done")
    assert [record["release"] for record in journal.read(path, 0)[0]] == ["r1", "r2"]


def test_a_record_is_on_the_disk_before_the_step_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    path = tmp_path / "journal.jsonl"
    monkeypatch.setattr("os.fsync", lambda _descriptor: synced.append(path.read_bytes()))
    Journal(path, "r1").write("pull", "started")
    assert len(synced) == 1
    assert synced[0].endswith(b"\n")


def test_a_long_journal_is_rotated_and_a_short_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.jsonl"
    journal.rotate(path)
    Journal(path, "r1").write("end", "done")
    journal.rotate(path)
    assert journal.size(path) > 0
    monkeypatch.setattr(journal, "_MAX_SIZE", 10)
    journal.rotate(path)
    assert (journal.size(path), (tmp_path / "journal.jsonl.1").stat().st_size > 10) == (0, True)


def test_the_offset_after_the_last_record_of_a_step(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    writer = Journal(path, "r1")
    writer.write("ready", "waiting")
    before = journal.size(path)
    writer.write("ready", "waiting", "Größe")
    after = journal.size(path)
    writer.write("prepared", "waiting")
    assert journal.offset_after(path, 0, "ready") == journal.offset_after(path, before, "ready") == after
    assert journal.offset_after(path, after, "ready") == after


def test_a_part_has_a_record_before_and_after_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    writer = Journal(path, "r1")
    with writer.part("switch", "drain", "edge", start_text="draining open connections"):
        during, _ = journal.read(path, 0)
    after, _ = journal.read(path, 0)
    assert [(record["part"], record["state"], record["service"], record["text"]) for record in after] == [
        ("drain", "started", "edge", "draining open connections"),
        ("drain", "done", "edge", ""),
    ]
    assert during == after[:1]


def test_a_failed_part_has_no_second_record(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    writer = Journal(path, "r1")
    with pytest.raises(RuntimeError), writer.part("switch", "reload"):
        raise RuntimeError
    assert [record["state"] for record in journal.read(path, 0)[0]] == ["started"]


def test_the_time_summary_separates_external_time_from_the_rollouts_own() -> None:
    seconds_by_part = {"start": 6.04, "drain": 2.0, "stop": 5.25, "reload": 0.8, "create": 1.1, "job": 0.01}
    assert journal.time_summary(15.2, seconds_by_part) == (
        "1.1 s creating containers, 6.0 s waiting until healthy, 2.0 s draining, 5.2 s stopping, "
        "0.8 s for everything else"
    )


def test_a_full_disk_does_not_prevent_a_revert(tmp_path: Path) -> None:
    writer = Journal(tmp_path / "missing/journal.jsonl", "r1")
    with pytest.raises(OSError, match="No such file"):
        writer.write("prepare", "started")
    writer.tolerate_write_errors()
    writer.write("revert", "started")
