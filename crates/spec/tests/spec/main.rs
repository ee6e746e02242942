//! What specs want, and what is wrong with them.

mod cases;
// Said for clippy, which allows `unwrap` in helpers only where it sees `cfg(test)`.
#[cfg(test)]
mod equality;
mod guards;
mod joins;
#[cfg(test)]
mod packs;
#[cfg(test)]
mod packs_page;
mod patterns;
mod problems;
mod robust;
mod text;
mod topics;
mod wanted;
