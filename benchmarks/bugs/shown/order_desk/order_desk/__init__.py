"""Takes orders, keeps them in SQLite, and shows them as plain data."""
