fn main() {
    println!("{} {}", include_str!("../data/banner.txt").trim(), inner::size());
}
