//! What we know of this machine: sockets, processes, addresses.
