//! What must be remembered.
