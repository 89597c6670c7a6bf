"""Boards in turn on screens without anybody signed in, and the screens themselves."""
