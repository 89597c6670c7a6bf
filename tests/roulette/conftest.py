from tests.chat.conftest import connect, hub, judging, team

__all__ = ["connect", "hub", "judging", "team"]
