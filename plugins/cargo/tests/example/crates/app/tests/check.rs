#[test]
fn it() {
    testing::it();
}
