"""The data model: tables, cohorts, laboratory."""
