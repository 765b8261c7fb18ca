pub const DEPTH: usize = 2;
