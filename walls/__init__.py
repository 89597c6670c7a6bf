"""Walls show boards in turn on screens where nobody is signed in. Also the list of these screens."""
