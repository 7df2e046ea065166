//! One suite for every store, and what each kind has of its own.

mod apps;
mod channels;
mod clubs;
mod cut;
mod down;
mod rooms;
mod sqlite_file;
mod users;

/// Names, ids and texts that mean something elsewhere.
const ODD: [&str; 12] = [
    "$ne",
    "{\"$gt\": \"\"}",
    "a.b.$c",
    "o'hara \"quoted\" \\",
    "'; DROP TABLE rooms; --",
    "%_*?",
    " spaces at the ends ",
    "ünïcödé 会議室 🎥",
    "e\u{301}",
    "null",
    "65f0c1a2b3d4e5f601234567",
    "tab\tand\nline",
];

/// As long as a name can be.
fn longest() -> String {
    "é".repeat(128)
}
