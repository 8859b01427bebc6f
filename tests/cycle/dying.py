"""A deed in a process of its own, which may die of it."""

import os
import traceback
from collections.abc import Callable


def lived(deed: Callable[[], object]) -> bool:
    """Do it in a forked child; whether that ended by itself. What goes wrong in it is raised here."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            deed()
        except BaseException:
            os.write(writing, traceback.format_exc().encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        problem = pipe.read().decode()
    status = os.waitpid(child, 0)[1]
    assert not problem, problem
    return not os.WIFSIGNALED(status)
