"""The worker: who produces, when, and how it gets into the store."""
