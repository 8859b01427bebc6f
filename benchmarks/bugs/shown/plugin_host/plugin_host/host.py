from __future__ import annotations

from plugin_host.registry import Registry


class Host:
    """Runs a text through all active plugins."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.failures: list[tuple[str, str]] = []

    def run(self, text: str) -> str:
        """The text after all plugins. A plugin that fails is noted and skipped."""
        for plugin in self.registry.ordered():
            try:
                text = plugin.run(text)
            except Exception as error:
                self.failures.append((plugin.name, str(error)))
        return text

    def explain(self, name: str) -> str:
        """One word on a plugin: unknown, active, disabled or blocked (by what it needs)."""
        if name not in self.registry:
            return "unknown"
        plugin = next(plugin for plugin in self.registry if plugin.name == name)
        if self.registry.is_active(plugin):
            return "active"
        if all(need in self.registry and self.explain(need) == "active" for need in plugin.needs):
            return "disabled"
        return "blocked"
