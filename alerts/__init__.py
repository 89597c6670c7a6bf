"""Rules on streams, the incidents they make, and their cards in rooms."""
