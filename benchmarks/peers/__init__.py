"""The peers: the least each needs to relay what a client says to all in the room of its path, on its usual library.

Each listens on 127.0.0.1 and the port that is its only argument.
"""
