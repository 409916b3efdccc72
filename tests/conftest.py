from tests.desk import database, desk

__all__ = ["database", "desk"]
