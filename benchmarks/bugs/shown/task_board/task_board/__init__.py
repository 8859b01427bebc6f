"""A task list for the command line."""
