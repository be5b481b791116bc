//! A filter: copies stdin to stdout with a number before each line, as `cat -n` does.
//!
//! It holds one buffer of input at a time, never a whole line, so its memory stays flat however long a line is.

use std::io::{BufRead, BufWriter, Result, Write, stdin, stdout};

fn main() -> Result<()> {
    let mut input = stdin().lock();
    let mut output = BufWriter::with_capacity(64 * 1024, stdout().lock());
    let mut number = 0u64;
    let mut at_line_start = true;

    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return output.flush();
        }
        if at_line_start {
            number += 1;
            write!(output, "{number:>6}\t")?;
        }
        let newline = chunk.iter().position(|&byte| byte == b'\n');
        let length = newline.map_or(chunk.len(), |index| index + 1);
        output.write_all(&chunk[..length])?;
        at_line_start = newline.is_some();
        input.consume(length);
    }
}
