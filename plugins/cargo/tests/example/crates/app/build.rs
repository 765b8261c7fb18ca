mod build_helper;

fn main() {
    println!("cargo:rerun-if-changed=schema/main.proto");
    println!("cargo:rerun-if-env-changed=APP_FLAVOUR");
    build_helper::run();
}
