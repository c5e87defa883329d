"""What staff pages share: how values are written, for whom people may act, what they did. Knows no other app."""
