"""One worker thread that does things in order, beside the one that receives."""

import queue
import threading
from collections.abc import Callable

Task = Callable[[], None]


class Lane:
    """`do(task)` hands over, `close()` waits. The first failure is raised at the next call of
    either.

    Later tasks still run, for buffers must come back; one that must not run after a failure asks
    `failed` first.
    """

    def __init__(self, name: str, depth: int) -> None:
        self._tasks: queue.Queue[Task | None] = queue.Queue(depth)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._started = False

    @property
    def failed(self) -> bool:
        """A task raised."""
        return self._failure is not None

    def do(self, task: Task) -> None:
        """Waits while `depth` tasks are waiting already."""
        self._raise()
        if not self._started:
            self._started = True
            self._thread.start()
        self._tasks.put(task)

    def close(self) -> None:
        """Returns when everything is done; the lane cannot be used again."""
        if self._started:
            self._tasks.put(None)
            self._thread.join()
            self._started = False
        self._raise()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except BaseException as failure:  # raised again where it is waited for
                self._failure = self._failure or failure
