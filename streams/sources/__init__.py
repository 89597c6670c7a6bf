"""Streams made in the admin: SQL queries, values and feeds on the web."""
