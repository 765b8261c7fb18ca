pub fn run() {
    generator::generate();
}
