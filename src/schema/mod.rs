//! The types that resources are built from and judged by, and the modules of builders made of them.

pub mod codegen;
pub mod kubernetes;
pub mod model;
mod packed;
#[cfg(test)]
mod text;
