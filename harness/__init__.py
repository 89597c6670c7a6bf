"""Clients and servers for the tests, bin/prove and bin/bench. Nothing in here imports Switchboard or its settings."""
