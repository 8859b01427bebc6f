"""A small host for plugins that change text."""

from plugin_host.host import Host
from plugin_host.registry import Plugin, Registry

__all__ = ["Host", "Plugin", "Registry"]
