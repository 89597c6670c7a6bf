"""`bin/prove`: real servers, real clients, faults, and a checker that compares what everybody saw with the table."""
