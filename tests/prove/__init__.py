"""`bin/prove`: real servers, real clients, faults, and a checker that compares what clients saw with the database."""
