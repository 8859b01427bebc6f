"""Repair by search: failing tests in, the changes that make them pass and break nothing out, the likeliest first."""
