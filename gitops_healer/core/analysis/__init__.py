"""What recorded calls say about a tool. Pure: counts and samples in, findings with figures out."""
