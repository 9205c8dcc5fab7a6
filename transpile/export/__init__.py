"""Queries as what runs them: saved searches, alert rules and detections of each SIEM."""
