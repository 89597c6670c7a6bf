"""How long samples are kept."""
