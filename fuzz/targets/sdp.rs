//! Offers and answers of a client of the embedded SFU.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| urbania::sfu::hostile::sdp(input));
