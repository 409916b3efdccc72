from tests.desk import database, desk
from tests.lab.fixtures import asterisk, office

__all__ = ["asterisk", "database", "desk", "office"]
