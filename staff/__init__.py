"""The people behind the staff pages: for whom they may act, and what they did. Knows no other app."""
