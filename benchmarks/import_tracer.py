"""Runs in the interpreter of another project: imports every module of a package and says what really imported what.

    python import_tracer.py ROOT PACKAGE [PREPARATION]        JSON on stdout

ROOT: the folder that holds PACKAGE; PREPARATION: statements that run first (a framework's settings). An edge is an
import *statement* (an IMPORT_NAME instruction, so no `__import__()` and no `importlib.import_module()`) that ran in the
body of a module, or of a class in it, while that module was being loaded. It leads to the submodule where the name that
was bound is that submodule, else to the module it was taken from; packages that are only passed through get no edge.

Standard library only, nothing of ours: it is the witness against which our reading of the source is held.
"""

import builtins
import contextlib
import dis
import importlib
import importlib.util
import io
import json
import os
import sys
import types
import warnings
from pathlib import Path

IMPORT_NAME = dis.opmap["IMPORT_NAME"]
IN_FUNCTION = 0x1  # CO_OPTIMIZED: neither a module's nor a class's code


class Tracer:
    """What was seen. edges: (importer, imported, line); ran: (importer, line) of every statement that began."""

    def __init__(self, modules):
        self.modules = modules
        self.edges = set()
        self.ran = set()
        self.original = builtins.__import__

    def __call__(self, name, globals=None, locals=None, fromlist=(), level=0):
        frame = sys._getframe(1)
        if not runs_at_load(frame):
            return self.original(name, globals, locals, fromlist, level)
        importer, line = frame.f_globals["__name__"], frame.f_lineno
        self.ran.add((importer, line))
        base = name
        if level:
            base = importlib.util.resolve_name("." * level + name, frame.f_globals["__package__"])
        try:
            found = self.original(name, globals, locals, fromlist, level)
        except BaseException:
            self.failed(importer, base, fromlist or (), line)
            raise
        for imported in self.meant(base, found, fromlist or ()):
            self.see(importer, imported, line)
        return found

    def meant(self, base, found, names):
        """The modules that a statement took something from."""
        if not names:
            yield base
        for name in names:
            if name == "*":
                yield base
                listed = vars(found).get("__all__", ())
                yield from self.meant(base, found, [each for each in listed if each != "*"])
            else:
                inner = f"{base}.{name}"
                yield inner if inner in self.modules and is_bound_to(found, name, inner) else base

    def failed(self, importer, base, names, line):
        inner = [f"{base}.{name}" for name in names]
        for imported in [each for each in inner if each in self.modules] or [base]:
            self.see(importer, imported, line)

    def see(self, importer, imported, line):
        if importer in self.modules and imported in self.modules and importer != imported:
            self.edges.add((importer, imported, line))


def is_bound_to(module, name, inner):
    """Whether `from module import name` gives the submodule. The module is not asked, since it may be a lazy one."""
    if name in vars(module):
        value = vars(module)[name]
        return isinstance(value, types.ModuleType) and value.__name__ == inner
    return inner in sys.modules


def runs_at_load(frame):
    """Whether a frame executes an import statement of a module's own body while the module is being loaded."""
    code = frame.f_code
    if code.co_code[frame.f_lasti] != IMPORT_NAME:
        return False
    spec = frame.f_globals.get("__spec__")
    if spec is None or not getattr(spec, "_initializing", False):
        return False
    while frame.f_code.co_name != "<module>":
        if frame.f_code.co_flags & IN_FUNCTION:
            return False
        frame = frame.f_back
    return frame.f_globals.get("__spec__") is spec


def modules_below(root, package):
    """Dotted name -> file of the modules of a package, those in folders without `__init__.py` among them."""
    found = {}
    for file in sorted(Path(root, package).rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        if all(part.isidentifier() for part in parts):
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = str(file)
    return found


def main():
    root, package, preparation = (*sys.argv[1:], "")[:3]
    sys.path.insert(0, root)
    warnings.simplefilter("ignore")
    out, errors = os.dup(1), {}
    os.dup2(2, 1)  # what modules print is not our answer
    modules = modules_below(root, package)
    tracer = Tracer(modules)
    builtins.__import__ = tracer
    exec(preparation, {"__name__": "preparation"})
    for name in modules:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                importlib.import_module(name)
        except BaseException as error:
            errors[name] = f"{type(error).__name__}: {error}".partition("\n")[0][:150]
    builtins.__import__ = tracer.original
    answer = {"modules": modules, "errors": errors, "edges": sorted(tracer.edges), "ran": sorted(tracer.ran)}
    with os.fdopen(out, "w") as stream:
        json.dump(answer, stream)
    os._exit(0)  # threads that a module started must not keep us


if __name__ == "__main__":
    main()
