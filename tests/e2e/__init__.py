"""The whole: real servers in processes of their own, and clients that others wrote.

For pytest with pytest-twisted, and for Linux, whose ``/proc`` says what a process and a connection hold.
"""
