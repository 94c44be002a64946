"""The export stage: runs → files for other tools."""
