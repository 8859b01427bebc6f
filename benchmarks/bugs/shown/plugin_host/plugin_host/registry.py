"""Which plugins there are, and in which order they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from plugin_host.versions import parse_version


class PluginError(Exception):
    pass


@dataclass
class Plugin:
    name: str
    run: Callable[[str], str]
    version: str = "1.0"
    priority: int = 0
    needs: tuple[str, ...] = ()
    tags: frozenset[str] = field(default_factory=frozenset)


class Registry:
    """Plugins by name. A higher version replaces a lower one."""

    def __init__(self) -> None:
        self._plugins: dict[str, Plugin] = {}
        self._disabled: set[str] = set()

    def __iter__(self) -> Iterator[Plugin]:
        return iter(self._plugins.values())

    def __contains__(self, name: str) -> bool:
        return name in self._plugins

    def add(self, plugin: Plugin) -> bool:
        """Register a plugin; False when the same or a higher version is there already."""
        known = self._plugins.get(plugin.name)
        if known is not None and parse_version(known.version) >= parse_version(plugin.version):
            return False
        self._plugins[plugin.name] = plugin
        return True

    def plugin(self, name: str, **options) -> Callable:
        """Decorator: register a function as a plugin and leave the function as it is."""

        def register(function: Callable[[str], str]) -> Callable[[str], str]:
            self.add(Plugin(name, function, **options))
            return function

        return register

    def disable(self, name: str) -> None:
        if name not in self._plugins:
            raise PluginError(f"there is no plugin {name}")
        self._disabled.add(name)

    def enable(self, name: str) -> None:
        self._disabled.discard(name)

    def is_active(self, plugin: Plugin) -> bool:
        """Active is what is not disabled and needs only plugins that are active themselves."""
        if plugin.name in self._disabled:
            return False
        return all(need in self._plugins and self.is_active(self._plugins[need]) for need in plugin.needs)

    def remove_tagged(self, tag: str) -> list[str]:
        """Remove all plugins with a tag; returns their names, sorted."""
        removed = []
        for name, plugin in list(self._plugins.items()):
            if tag in plugin.tags:
                del self._plugins[name]
                self._disabled.discard(name)
                removed.append(name)
        return sorted(removed)

    def ordered(self) -> list[Plugin]:
        """Active plugins, high priority first and by name among equals, each after those that it needs."""
        order: list[Plugin] = []
        for plugin in sorted(self, key=lambda plugin: (-plugin.priority, plugin.name)):
            if self.is_active(plugin):
                self._place(plugin, order)
        return order

    def _place(self, plugin: Plugin, order: list[Plugin]) -> None:
        if plugin in order:
            return
        for need in sorted(plugin.needs):
            self._place(self._plugins[need], order)
        order.append(plugin)
