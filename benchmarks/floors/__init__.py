"""Floors: plain ways to do the package's work, compiled when they are first used."""
