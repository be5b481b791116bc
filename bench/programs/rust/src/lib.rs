//! Programs to measure an interpreter with: each makes its own input, works on it with a library, and returns a checksum.

#[cfg(feature = "json")]
mod program {
    use serde_json::{json, Value};

    /// JSON of `size` records: written, parsed, changed, written again.
    pub fn run(size: i32) -> i32 {
        let records: Vec<Value> = (0..size)
            .map(|id| {
                json!({
                    "id": id, "name": format!("user {id}"), "tags": ["a", "b\n", "ü"], "score": id as f64 * 1.25,
                    "nested": { "even": id % 2 == 0, "nothing": null },
                })
            })
            .collect();
        let text = serde_json::to_string(&records).unwrap();
        let mut parsed: Vec<Value> = serde_json::from_str(&text).unwrap();
        for record in &mut parsed {
            record["score"] = json!(record["score"].as_f64().unwrap() + 1.0);
        }
        crate::hash(serde_json::to_string_pretty(&parsed).unwrap().as_bytes())
    }
}

#[cfg(feature = "markdown")]
mod program {
    use std::fmt::Write;

    /// Markdown of `size` sections as HTML.
    pub fn run(size: i32) -> i32 {
        let mut text = String::new();
        for number in 0..size {
            write!(
                text,
                "# Title {number}\n\nSome *emphasis*, **strong** text, `code` and a [link](https://example.com/{number}).\n\n\
                 - one\n- two\n  1. nested\n\n> a quote\n> goes on\n\n```js\nlet x = {number};\n```\n\n"
            )
            .unwrap();
        }
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&text));
        crate::hash(html.as_bytes())
    }
}

#[cfg(feature = "regex")]
mod program {
    /// Dates, assignments and words found and marked in `size` lines; the expression is compiled each time.
    pub fn run(size: i32) -> i32 {
        let text = crate::text(size);
        let expression = regex::Regex::new(r"(?<year>\d{4})-(\d\d)-(\d\d)|[a-z]+=\d|qu\w+").unwrap();
        let found = expression.find_iter(&text).count();
        crate::hash(expression.replace_all(&text, "<$0>").as_bytes()).wrapping_add(found as i32)
    }
}

#[cfg(feature = "deflate")]
mod program {
    /// `size` lines compressed and decompressed.
    pub fn run(size: i32) -> i32 {
        let text = crate::text(size);
        let small = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6);
        let back = miniz_oxide::inflate::decompress_to_vec(&small).unwrap();
        assert!(back == text.as_bytes());
        crate::hash(&small)
    }
}

#[cfg(feature = "sha512")]
mod program {
    use sha2::{Digest, Sha512};

    /// SHA-512 of `size` kilobytes.
    pub fn run(size: i32) -> i32 {
        let block: Vec<u8> = (0..1024).map(|at| at as u8).collect();
        let mut digest = Sha512::new();
        for _ in 0..size {
            digest.update(&block);
        }
        crate::hash(&digest.finalize())
    }
}

#[cfg(any(feature = "regex", feature = "deflate"))]
fn text(lines: i32) -> String {
    const WORDS: [&str; 8] = ["alpha", "the", "quick", "stream", "plugin", "42", "2026-11-23", "x=1"];
    let mut random = 12345u32;
    let mut text = String::new();
    for word in 0..lines * 12 {
        random = random.wrapping_mul(1664525).wrapping_add(1013904223);
        text.push_str(WORDS[(random >> 24) as usize % WORDS.len()]);
        text.push(if word % 12 == 11 { '\n' } else { ' ' });
    }
    text
}

fn hash(bytes: &[u8]) -> i32 {
    bytes.iter().fold(17, |hash: i32, &byte| hash.wrapping_mul(31).wrapping_add(byte as i32))
}

#[no_mangle]
pub extern "C" fn run(size: i32) -> i32 {
    program::run(size)
}
