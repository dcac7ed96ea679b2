"""No network: whoever imports this module can reach no other machine.

The tests import it, and so does every Python that they start; see sitecustomize.py beside it.
"""

import ipaddress
import socket
import sys

ADDRESS_AT = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
NAME_AT = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0}
OWN_NAMES = {"localhost", socket.gethostname(), socket.getfqdn("localhost")}


def is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return host in OWN_NAMES


def refuse_network(event, args):
    """Raise OSError when Python is about to ask for or to talk to another machine."""
    if event in ADDRESS_AT:
        address = args[ADDRESS_AT[event]]
        host = address[0] if isinstance(address, tuple) else None  # a text: a socket in a file
    elif event in NAME_AT:
        host = args[NAME_AT[event]]
        host = host.decode() if isinstance(host, bytes) else host
    else:
        return
    if host and not is_loopback(host) and host != "0.0.0.0":
        raise OSError(f"the tests use no network, got a call to {host!r}")


sys.addaudithook(refuse_network)
