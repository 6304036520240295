"""What Salesforce should hold, as pure functions of the facts received: no clock, no database, no Salesforce."""
