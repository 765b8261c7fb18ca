pub fn odd() -> usize {
    include!("one.in")
}
