"""The peers. Each relays a client's messages to everybody in the room named by the path, with the least code.

Each listens on 127.0.0.1; the port is its only argument.
"""
