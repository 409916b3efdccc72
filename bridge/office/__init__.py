"""Use cases of the office itself: contacts, and dated changes of hours and on-call duty."""
