"""Measures Switchboard beside its peers: `bin/bench`, docs/performance.md."""
