"""The probe stage: problems → difficulties."""
