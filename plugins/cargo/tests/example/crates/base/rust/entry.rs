mod inner;
pub fn base() -> usize {
    inner::ONE
}
