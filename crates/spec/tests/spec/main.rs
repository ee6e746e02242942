//! What specs want, and what is wrong with them.

mod cases;
mod guards;
mod patterns;
mod problems;
mod robust;
mod text;
mod wanted;
