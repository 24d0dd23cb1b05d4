"""A model small enough to make on any machine in minutes, to try jobs out with."""
