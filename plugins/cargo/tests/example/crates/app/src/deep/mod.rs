mod deeper;
pub fn depth() -> usize {
    deeper::DEPTH
}
