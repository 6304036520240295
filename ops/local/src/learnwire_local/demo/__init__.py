"""The demo: a week of two portals through all four services, on this machine."""
