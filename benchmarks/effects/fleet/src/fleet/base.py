import abc
import os
import threading


class Store(abc.ABC):
    @abc.abstractmethod
    def get(self, key): ...

    @abc.abstractmethod
    def put(self, key, value): ...

    def both(self, first, second):  # effects: unknown
        return self.get(first), self.get(second)


class Memory(Store):
    def __init__(self):  # effects: pure
        self._data = {}

    def get(self, key):  # effects: pure
        return self._data.get(key)

    def put(self, key, value):  # effects: pure; mutates self
        self._data[key] = value


class Disk(Store):
    def __init__(self, root):  # effects: files
        self.root = root
        os.makedirs(root, exist_ok=True)

    def path(self, key):  # effects: pure
        return os.path.join(self.root, key)

    def get(self, key):  # effects: files
        with open(self.path(key), "rb") as file:
            return file.read()

    def put(self, key, value):  # effects: files
        with open(self.path(key), "wb") as file:
            file.write(value)


class Guarded:
    def __init__(self, inner: Store):  # effects: concurrency
        self.inner = inner
        self.lock = threading.Lock()

    def get(self, key):  # effects: unknown, concurrency
        with self.lock:
            return self.inner.get(key)


class Tracked:
    def __init__(self, store: Memory):  # effects: pure
        self.store = store
        self.hits = 0

    def __enter__(self):  # effects: console
        print("begin")
        return self

    def __exit__(self, *error):  # effects: console
        print("end", self.hits)

    def __getitem__(self, key):  # effects: pure; mutates self
        self.hits += 1
        return self.store.get(key)

    def __iter__(self):  # effects: files
        yield from os.listdir(".")

    def __len__(self):  # effects: pure
        return 0

    def __contains__(self, key):  # effects: pure
        return self.store.get(key) is not None


def copy_all(source: Disk, target: Disk, keys):  # effects: files
    for key in keys:
        target.put(key, source.get(key))


def in_memory(pairs):  # effects: pure
    store = Memory()
    for key, value in pairs:
        store.put(key, value)
    return store


def looked_up(pairs, key):  # effects: pure
    return in_memory(pairs).get(key)


def both_in_memory(first, second):  # effects: pure
    store = Memory()
    store.put(first, 1)
    return store.both(first, second)


def session(store: Memory, key):  # effects: console
    with Tracked(store) as tracked:
        return tracked[key]


def names(tracked: Tracked):  # effects: files
    return [name for name in tracked]


def has(tracked: Tracked, key):  # effects: pure
    return key in tracked


def choose(kind):  # effects: files
    classes = {"memory": Memory, "disk": Disk}
    if kind == "disk":
        return Disk("/tmp/x")
    return Memory()
