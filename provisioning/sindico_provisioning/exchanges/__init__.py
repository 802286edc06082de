"""The exchange ledger: every request an integration made of us, and every one we made of an ERP.

Kept for the few days that *Histórico* shows: a row for each exchange, its body in compressed pieces
and one letter for what became of each row of it; never a row per record.
"""
