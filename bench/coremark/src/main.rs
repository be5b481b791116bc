//! CoreMark as a program of the bench, from the crate that has it in Rust: `size` iterations of the 2K performance run.
//! It is timed from outside, since here the clock stands still.

use coremark::types::{LIST_KNOWN_CRC, MATRIX_KNOWN_CRC, STATE_KNOWN_CRC};
use coremark::Config;

/// The checksum of all that was computed, or -1 if a part of it is not as it has to be.
#[no_mangle]
pub extern "C" fn run(size: i32) -> i32 {
    let results = coremark::run(&Config { iterations: size.unsigned_abs(), ..Config::default() });
    let Ok(known) = usize::try_from(results.known_id) else { return -1 };
    let is_well = results.crclist == LIST_KNOWN_CRC[known]
        && results.crcmatrix == MATRIX_KNOWN_CRC[known]
        && results.crcstate == STATE_KNOWN_CRC[known];
    if is_well { i32::from(results.crcfinal) } else { -1 }
}

/// Linked as a reactor, the program has no start.
fn main() {}
