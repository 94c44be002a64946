"""The report stage: runs → an HTML file."""
