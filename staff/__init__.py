"""What staff pages share: how values are written, for whom people may act, the audit trail. Imports no other app."""
