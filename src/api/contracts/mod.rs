//! The apps' contracts: one folder each, with its own requests, answers, extractors and envelope.

pub mod urbania;
