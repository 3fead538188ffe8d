"""Every decision of billing: funds, credit, invoices, what follows from money, and the ledger's postings."""
