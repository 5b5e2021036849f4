"""Metrics, logging, health records."""
