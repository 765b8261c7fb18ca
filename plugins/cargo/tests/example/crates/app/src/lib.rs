//! Not read: include_str!("in_a_comment.txt")
mod deep;
#[path = "../extra/odd.rs"]
mod odd;

pub const HELP: &str = include_str!("help.txt");
pub const LICENCE: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/licence.bin"));
pub const WORDS: &str = "include_str!(\"in_a_text.txt\")";
pub const NIGHTLY: Option<&str> = option_env!("APP_NIGHTLY");

pub fn all() -> usize {
    deep::depth() + odd::odd() + core_of_it::core() + HELP.len() + LICENCE.len() + WORDS.len()
}
