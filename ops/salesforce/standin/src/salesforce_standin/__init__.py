"""A Salesforce of our own: the real API over HTTP, for the demo, the tests and platform teams."""
