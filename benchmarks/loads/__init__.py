"""The load client: one process on one core that runs one scenario against a server and prints the result."""
