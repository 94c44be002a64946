"""Rows of any layout → which of their fields hold which part of a document, and the documents."""
