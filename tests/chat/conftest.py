from tests.cast import cast, connect, hub

__all__ = ["cast", "connect", "hub"]
