"""A pipeline: its definition, its checks, its application to a table."""
