"""jobs/ - several workers, each a process of its own, look at the same jobs at the same time."""

from __future__ import annotations

import multiprocessing
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import update

from frontdesk import create_app, jobs
from frontdesk.db import db, now, transaction
from frontdesk.jobs import run
from frontdesk.jobs.models import Job

WORKERS, JOBS = 4, 30


def work(folder: Path, together: Any, done: Path) -> None:
    """In a process of its own: do all that is due, in the order in which everybody does it."""

    def note(subject: str) -> None:
        with done.open("a") as file:
            file.write(f"{subject} {os.getpid()}\n")

    app = create_app({"TESTING": True, "INSTANCE_PATH": str(folder)})
    jobs.task("test")(note)
    with app.app_context():
        ids = run.due()
        db.session.rollback()
        together.wait()
        for id in ids:
            run.run(id, f"worker-{os.getpid()}")
        db.session.remove()
        db.engine.dispose()


def test_each_job_is_done_once(app: Flask, instance: Path, tmp_path: Path) -> None:
    with app.app_context():
        for number in range(JOBS):
            jobs.ask("test", str(number), due_at=now() + timedelta(days=1))
        with transaction() as session:
            session.execute(update(Job).values(due_at=now() - timedelta(days=1)))
        db.session.remove()
        db.engine.dispose()
    fork = multiprocessing.get_context("fork")
    together, done = fork.Barrier(WORKERS), tmp_path / "done"
    workers = [fork.Process(target=work, args=(instance, together, done)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * WORKERS
    lines = [line.split() for line in done.read_text().splitlines()]
    assert sorted(int(subject) for subject, _ in lines) == list(range(JOBS))
