"""salesforce-syncer: keeps an org's LearnUpon objects equal to what the portals say."""
