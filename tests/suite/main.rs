//! Everything that is tested from the outside: one binary, one module an area.
