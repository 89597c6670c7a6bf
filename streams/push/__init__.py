"""Streams that are fed by HTTP."""
