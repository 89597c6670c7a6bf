"""The worker: runs the producers and brings their values into the store."""
