"""HTTP: the API's routes, the gate before them, and the routes of the stand-in's own."""
