"""`@tool` and `BaseTool`: what a program writes to have its calls recorded. Calls behave as without."""

from __future__ import annotations

from time import perf_counter_ns as _now

from gitops_healer.recorder.entry import Entry
from gitops_healer.recorder.recording import RECORDING

TYPE_CHECKING = False  # importing typing takes longer than all of this
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar, overload

    F = TypeVar("F", bound=Callable[..., Any])
else:

    def overload(function):
        return function


_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200


class Characteristics:
    """What a tool declares about itself, so that others know how it may be tested.

    idempotent: calling it again changes nothing more; side_effects: words for what it changes, such as
    "writes_to_database"; safe_for_shadow_testing: it may run on real inputs beside the real one; requires_mocking: what
    has to be replaced in a test, such as "api"; examples: test cases, each {"input": {...} or [...], "expected_output":
    ..., "should_raise": "ValueError", "description": ...}.
    """

    __slots__ = ("examples", "idempotent", "requires_mocking", "safe_for_shadow_testing", "side_effects")

    def __init__(
        self,
        idempotent: bool | None = None,
        side_effects: str | Iterable[str] = (),
        safe_for_shadow_testing: bool | None = None,
        requires_mocking: str | Iterable[str] = (),
        examples: Iterable[Any] = (),
    ) -> None:
        set_ = object.__setattr__
        set_(self, "idempotent", idempotent)
        set_(self, "side_effects", _words(side_effects))
        set_(self, "safe_for_shadow_testing", safe_for_shadow_testing)
        set_(self, "requires_mocking", _words(requires_mocking))
        set_(self, "examples", tuple(examples))

    def __setattr__(self, name: Any, value: Any) -> None:
        raise AttributeError(f"characteristics of a tool do not change: {name}")

    def __repr__(self) -> str:
        return f"Characteristics({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


def _words(given: str | Iterable[str]) -> tuple[str, ...]:
    if not given or given == "none":
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(  # noqa: F811 - `overload` of typing is not there when it runs
    *,
    name: str | None = None,
    sample: float | None = None,
    idempotent: bool | None = None,
    side_effects: str | Iterable[str] = (),
    safe_for_shadow_testing: bool | None = None,
    requires_mocking: str | Iterable[str] = (),
    examples: Iterable[Any] = (),
) -> Callable[[F], F]: ...
def tool(  # noqa: F811
    function: Any = None,
    /,
    *,
    name: str | None = None,
    sample: float | None = None,
    idempotent: bool | None = None,
    side_effects: str | Iterable[str] = (),
    safe_for_shadow_testing: bool | None = None,
    requires_mocking: str | Iterable[str] = (),
    examples: Iterable[Any] = (),
) -> Any:
    """Record the calls of a function, method, coroutine function or (async) generator function.

    `@tool`, or `@tool(idempotent=True, ...)`; what may be declared, see `Characteristics`. name: `pkg.mod:qualname`, by
    default the function's own; sample: share of successful calls that are written down with inputs and result (0.0 to
    1.0; by default about five a second); every call is counted, and failures are written down. Raises TypeError for
    what cannot be called.
    """
    told = Characteristics(idempotent, side_effects, safe_for_shadow_testing, requires_mocking, examples)
    if function is None:
        return lambda inner: _wrapped(inner, name, sample, told)
    return _wrapped(function, name, sample, told)


def _wrapped(function: Any, name: Any, sample: float | None, told: Characteristics) -> Any:
    if isinstance(function, staticmethod | classmethod):
        return type(function)(_recorded(function.__func__, name, sample, told, isinstance(function, classmethod)))
    if not hasattr(function, "__code__"):
        raise TypeError(
            f"@tool is for functions and methods, not for {function!r}: decorate its methods, or use BaseTool"
        )
    return _recorded(function, name, sample, told, None)


def _recorded(
    function: Callable[..., Any], name: Any, sample: float | None, told: Characteristics, bound: bool | None
) -> Any:
    code = function.__code__
    entry = _entry(function, name, sample, bound)
    if code.co_flags & _COROUTINE:
        wrapper = _coroutine(function, entry)
    elif code.co_flags & _ASYNC_GENERATOR:
        wrapper = _async_generator(function, entry)
    elif code.co_flags & _GENERATOR:
        wrapper = _generator(function, entry)
    else:
        wrapper = _function(function, entry)
    _dress(wrapper, function)
    wrapper.__tool__ = told
    return wrapper


def _dress(wrapper: Any, function: Any) -> None:
    """As functools.update_wrapper, whose module takes ten times as long to import as this package."""
    for name in ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__", "__type_params__"):
        if hasattr(function, name):
            setattr(wrapper, name, getattr(function, name))
    wrapper.__dict__.update(function.__dict__)
    wrapper.__wrapped__ = function


def _entry(function: Callable[..., Any], name: Any, sample: float | None, bound: bool | None) -> Entry:
    code, qualname = function.__code__, function.__qualname__
    names = code.co_varnames[: code.co_argcount]
    owner = qualname.rpartition(".")[0]
    method = bound if bound is not None else bool(
        owner and not owner.endswith("<locals>") and names and names[0] in ("self", "cls", "mcs")
    )  # fmt: skip
    why = "it is defined inside of another function" if "<locals>" in qualname else ""
    skip, owned = int(method), method and bound is None
    named = name or f"{function.__module__}:{qualname}"
    return Entry(named, code.co_filename, names[skip:], skip, why, sample, owned)


def _function(function: Callable[..., Any], entry: Entry) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        if RECORDING.off:
            return function(*args, **kwargs)
        started, inputs = _now(), None
        if started >= entry.due:
            inputs, started = RECORDING.begins(entry, started, args, kwargs), _now()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            RECORDING.raised(entry, inputs, _now() - started, args, kwargs, error)
            raise
        if inputs is None:
            entry.done.append(_now() - started)
        else:
            RECORDING.succeeded(entry, inputs, _now() - started, result)
        return result

    return call


def _coroutine(function: Callable[..., Any], entry: Entry) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        if RECORDING.off:
            return await function(*args, **kwargs)
        started, inputs = _now(), None
        if started >= entry.due:
            inputs, started = RECORDING.begins(entry, started, args, kwargs), _now()
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            RECORDING.raised(entry, inputs, _now() - started, args, kwargs, error)
            raise
        if inputs is None:
            entry.done.append(_now() - started)
        else:
            RECORDING.succeeded(entry, inputs, _now() - started, result)
        return result

    return call


def _generator(function: Callable[..., Any], entry: Entry) -> Any:
    """A call lasts until the last item was taken, or the generator was closed."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if RECORDING.off:
            return (yield from function(*args, **kwargs))
        started, inputs = _now(), None
        if started >= entry.due:
            inputs, started = RECORDING.begins(entry, started, args, kwargs), _now()
        try:
            result = yield from function(*args, **kwargs)
        except GeneratorExit:
            entry.done.append(_now() - started)
            raise
        except BaseException as error:
            RECORDING.raised(entry, inputs, _now() - started, args, kwargs, error)
            raise
        if inputs is None:
            entry.done.append(_now() - started)
        else:
            RECORDING.succeeded(entry, inputs, _now() - started, result)
        return result

    return call


def _async_generator(function: Callable[..., Any], entry: Entry) -> Any:
    """As `_generator`; what is sent, thrown and closed goes on to the tool (PEP 525 has no `yield from`)."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        started, inputs = _now(), None
        if not RECORDING.off and started >= entry.due:
            inputs, started = RECORDING.begins(entry, started, args, kwargs), _now()
        inner = function(*args, **kwargs)
        try:
            item = await inner.__anext__()
            while True:
                try:
                    sent = yield item
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:
                    item = await inner.athrow(error)
                else:
                    item = await inner.asend(sent)
        except StopAsyncIteration:
            pass
        except GeneratorExit:
            entry.done.append(_now() - started)
            raise
        except BaseException as error:
            RECORDING.raised(entry, inputs, _now() - started, args, kwargs, error)
            raise
        if inputs is None:
            entry.done.append(_now() - started)
        else:
            RECORDING.succeeded(entry, inputs, _now() - started, None)

    return call


class BaseTool:
    """A tool that is a class: `execute` of every subclass is recorded.

    A subclass may say how it may be tested: `get_tool_characteristics` returns a dict of what `Characteristics` knows,
    `get_test_cases` a list of examples.
    """

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        own = cls.__dict__.get("execute")
        if own is not None and not hasattr(own, "__tool__"):
            cls.execute = _wrapped(  # type: ignore[method-assign]
                own, None, None, Characteristics()
            )

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work. Raises NotImplementedError where a subclass forgot to."""
        raise NotImplementedError(f"{type(self).__qualname__} has no execute")

    def get_tool_characteristics(self) -> dict[str, Any]:
        """What the tool declares about itself: nothing, unless a subclass says more."""
        return {}

    def get_test_cases(self) -> list[Any]:
        """Examples: {"input": ..., "expected_output": ..., "should_raise": ..., "description": ...} each."""
        return []
