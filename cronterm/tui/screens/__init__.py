"""What is pushed above the dashboard: detail, log, form, dialogs, help."""
