pub fn core() -> usize {
    base::base() + small::small()
}
