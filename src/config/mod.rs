//! The project as its files describe it.
