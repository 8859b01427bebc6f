"""Decorators for everyday use; all keep the name and the docstring of what they wrap."""

import functools
import inspect
import warnings


def counted(function):
    """Counts the calls in the attribute `calls`, those that raise as well."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)

    wrapper.calls = 0
    return wrapper


def remembered(limit=None):
    """Remembers results by arguments; above `limit` entries the one that was not used for longest is dropped."""

    def decorate(function):
        known = {}

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            key = (args, tuple(sorted(kwargs.items())))
            if key in known:
                known[key] = known.pop(key)
                return known[key]
            value = known[key] = function(*args, **kwargs)
            if limit is not None and len(known) > limit:
                del known[next(iter(known))]
            return value

        wrapper.known = known
        return wrapper

    return decorate


def retry(times, errors=(Exception,), between=None):
    """Calls again after one of `errors`, up to `times` calls in all.

    `between(attempt, error)` is told of each failure but the last.
    """

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for attempt in range(1, times + 1):
                try:
                    return function(*args, **kwargs)
                except errors as error:
                    if attempt == times:
                        raise
                    if between is not None:
                        between(attempt, error)

        return wrapper

    return decorate


def once(function):
    """Runs the function at the first call only; later calls get the first result, None included."""
    result = []

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        if not result:
            result.append(function(*args, **kwargs))
        return result[0]

    return wrapper


def deprecated(instead, since="1.0"):
    """Warns at each call, as coming from the caller's line."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            message = f"{function.__name__} is deprecated since {since}, use {instead}"
            warnings.warn(message, DeprecationWarning, stacklevel=2)
            return function(*args, **kwargs)

        return wrapper

    return decorate


def checked(function):
    """Raises TypeError for an argument that is not of its annotated class; others are not looked at."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            wanted = signature.parameters[name].annotation
            if wanted is not inspect.Parameter.empty and isinstance(wanted, type) and not isinstance(value, wanted):
                raise TypeError(f"{name} must be {wanted.__name__}, not {type(value).__name__}")
        return function(*args, **kwargs)

    return wrapper


def between(low, high):
    """The result is put within the bounds; None stays None."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            value = function(*args, **kwargs)
            if value is None:
                return None
            return max(low, min(high, value))

        return wrapper

    return decorate


class Signal:
    """Functions can be connected (as a decorator) and are called, in order of priority, when it is sent."""

    def __init__(self):
        self.receivers = []

    def connect(self, priority=0):
        """Higher priorities are called first; equal ones in the order in which they were connected."""

        def decorate(function):
            self.receivers.append((priority, function))
            self.receivers.sort(key=lambda pair: -pair[0])
            return function

        return decorate

    def disconnect(self, function):
        """True if the function was connected."""
        before = len(self.receivers)
        self.receivers = [pair for pair in self.receivers if pair[1] is not function]
        return len(self.receivers) < before

    def send(self, *args):
        """The answers of all receivers; a receiver may disconnect itself (or others) on the way."""
        return [function(*args) for _, function in list(self.receivers)]
