"""jobs/ - what was asked for is done once, is found again when lost, and isn't tried for ever."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from socket import gethostname

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from frontdesk import jobs
from frontdesk.accounts.models import Member
from frontdesk.db import db, now, transaction
from frontdesk.jobs import run
from frontdesk.jobs.models import Job


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The subjects of the kind "test", as they are done."""
    subjects: list[str] = []
    monkeypatch.setattr(run, "_kinds", {})
    monkeypatch.setattr(run, "KINDS", run._kinds)
    jobs.task("test")(subjects.append)
    return subjects


@pytest.fixture
def broken(done: list[str]) -> list[str]:
    """Tried, and never done."""
    tries: list[str] = []

    def fail(subject: str) -> None:
        tries.append(subject)
        raise ValueError("the disk is on fire")

    jobs.task("test")(fail)
    return tries


@pytest.fixture(autouse=True)
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def job() -> Job:
    db.session.rollback()
    return db.session.scalars(select(Job)).one()


def later(**values: object) -> None:
    """Let time pass for the job: all it waits for is over."""
    with transaction() as session:
        session.execute(update(Job).values(due_at=now() - timedelta(days=1), **values))


def look() -> None:
    db.session.rollback()  # what a test reads outside a request holds the lock
    jobs.runner().look()


def test_it_is_done_after_the_commit_and_not_before(done: list[str]) -> None:
    with transaction():
        jobs.ask("test", "a")
        assert (done, jobs.state("test", "a")) == ([], "waiting")
    assert (done, jobs.state("test", "a")) == (["a"], "done")


def test_without_the_commit_it_is_not_done(done: list[str]) -> None:
    with pytest.raises(RuntimeError), transaction():
        jobs.ask("test", "a")
        raise RuntimeError
    with transaction():
        pass
    assert (done, jobs.state("test", "a")) == ([], None)


def test_asking_twice_is_once(done: list[str]) -> None:
    with transaction():
        jobs.ask("test", "a")
        jobs.ask("test", "a")
        jobs.ask("test", "b")
    jobs.ask("test", "a")
    assert done == ["a", "b"]


def test_what_is_over_can_be_asked_for_again(done: list[str]) -> None:
    jobs.ask("test", "a")
    jobs.ask("test", "a", again=True)
    assert done == ["a", "a"]


def test_what_waits_is_not_asked_for_again(done: list[str]) -> None:
    jobs.ask("test", "a", due_at=now() + timedelta(days=1))
    jobs.ask("test", "a", again=True)
    assert (done, jobs.state("test", "a")) == ([], "waiting")


def test_what_is_for_later_is_done_later(done: list[str]) -> None:
    jobs.ask("test", "a", due_at=now() + timedelta(hours=1))
    look()
    assert done == []
    later()
    look()
    assert (done, jobs.state("test", "a")) == (["a"], "done")


def test_a_failure_is_tried_again_with_pauses_and_then_given_up(broken: list[str]) -> None:
    jobs.ask("test", "a")
    pauses = [job().due_at - now()]
    look()
    assert len(broken) == 1, "not before the pause is over"
    for _ in range(run.MOST_TRIES + 3):
        later()
        look()
        pauses.append(job().due_at - now())
    assert len(broken) == run.MOST_TRIES
    assert pauses[0] > timedelta(seconds=5) and pauses[1] > pauses[0] * 2
    assert (job().state, job().error) == ("failed", "ValueError: the disk is on fire (5 tries)")


def test_a_task_can_say_that_trying_again_is_of_no_use(done: list[str]) -> None:
    def give_up(subject: str) -> None:
        raise jobs.GiveUp("It is no picture.")

    jobs.task("test")(give_up)
    jobs.ask("test", "a")
    assert (job().state, job().error, job().tries) == ("failed", "It is no picture.", 1)


def test_what_a_failing_task_wrote_in_a_verb_stays_and_the_rest_does_not(done: list[str]) -> None:
    def write(subject: str) -> None:
        with transaction() as session:
            session.execute(update(Member).values(about="written"))
        with transaction() as session:
            session.execute(update(Member).values(about="lost"))
            raise ValueError

    jobs.task("test")(write)
    jobs.ask("test", "a")
    assert set(db.session.scalars(select(Member.about))) == {"written"}


def test_a_task_writes_in_verbs_only(done: list[str]) -> None:
    jobs.task("test")(lambda _: db.session.execute(update(Member).values(about="stray")) and None)
    jobs.ask("test", "a")
    assert "writes outside transaction()" in job().error


def test_a_kind_that_nobody_knows_fails(done: list[str]) -> None:
    jobs.ask("unheard-of", "a")
    assert (job().state, job().error) == ("failed", "Nothing here knows how to do this.")


# Lost ones


def running(app: Flask, runner: str, *, minutes: int = 0, tries: int = 1) -> None:
    """A job that somebody has begun, and the state of the files beside the queue."""
    (Path(app.instance_path) / "jobs").mkdir(exist_ok=True)
    jobs.ask("test", "a", due_at=now() + timedelta(days=1))
    began = now() - timedelta(minutes=minutes)
    later(state="running", tries=tries, started_at=began, runner=runner)


def test_the_job_of_a_process_that_has_gone_is_done_again(app: Flask, done: list[str]) -> None:
    running(app, f"{gethostname()}:gone")
    look()
    assert (done, job().state, job().tries) == (["a"], "done", 2)


def test_the_job_of_a_process_that_lives_is_left_alone(app: Flask, done: list[str]) -> None:
    running(app, f"{gethostname()}:alive")
    file = os.open(Path(app.instance_path, "jobs", "runner-alive"), os.O_CREAT | os.O_RDWR)
    fcntl.flock(file, fcntl.LOCK_EX)
    look()
    assert (done, job().state) == ([], "running")
    os.close(file)
    look()
    assert (done, job().state) == (["a"], "done")


@pytest.mark.parametrize(("minutes", "is_done"), [(9, []), (11, ["a"])])
def test_of_another_machine_only_time_tells(
    app: Flask, done: list[str], minutes: int, is_done: list[str]
) -> None:
    running(app, "another:machine", minutes=minutes)
    look()
    assert done == is_done


def test_one_that_ends_its_process_each_time_is_given_up(app: Flask, done: list[str]) -> None:
    running(app, f"{gethostname()}:gone", tries=run.MOST_TRIES)
    look()
    assert (done, job().state) == ([], "failed")
    assert job().error == "It never came to its end (5 tries)."


def test_what_was_taken_for_lost_cannot_end_another_try(app: Flask, done: list[str]) -> None:
    def slow(subject: str) -> None:
        later(state="waiting", tries=2)

    jobs.task("test")(slow)
    jobs.ask("test", "a")
    assert (job().state, job().tries) == ("waiting", 2)


# Each day


def test_what_is_due_each_day_is_done_once_a_day(done: list[str]) -> None:
    jobs.task("daily", daily=True)(done.append)
    look()
    look()
    assert done == [now().date().isoformat()]


def test_what_failed_while_the_clock_was_ahead_is_tried_soon_after(broken: list[str]) -> None:
    with time_machine.travel(now() + timedelta(days=400), tick=False):
        jobs.ask("test", "a")
    assert broken == ["a"]
    assert job().due_at > now() + timedelta(days=399)
    run.run(job().id, "here:again")
    assert broken == ["a", "a"]
    assert job().due_at < now() + timedelta(hours=2)
    assert not run.due(), "and then waits as ever"


def test_what_began_while_the_clock_was_ahead_is_lost_like_any_other(done: list[str]) -> None:
    jobs.ask("test", "a")
    started = now() + timedelta(days=400)
    later(state="running", started_at=started, runner="elsewhere:gone")
    assert len(run.find_lost(lambda runner: False)) == 1
    assert run.due() == [job().id]
