"""MongoDB: actions, rows of error reports, mails to send, and who was erased."""
