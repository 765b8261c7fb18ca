pub const ONE: usize = 1;
