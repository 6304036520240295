"""The page: server-rendered, works without JavaScript, shows each requester his own."""
