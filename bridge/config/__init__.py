"""textback.toml: read, checked as a whole, and turned into the values that each part asks for."""

from bridge.config.load import Config, load
from bridge.config.problems import ConfigError, ConfigProblem
from bridge.config.sections import PbxSection

__all__ = ["Config", "ConfigError", "ConfigProblem", "PbxSection", "load"]
