"""Streams that get their values by HTTP pushes."""
