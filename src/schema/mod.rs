//! The types that resources are built from and judged by, and the modules of builders made of them.

pub mod chart;
mod codegen;
pub mod crd;
pub mod declare;
mod documents;
mod infer;
pub mod kubernetes;
pub mod model;
pub mod module;
pub mod openapi;
mod packed;
mod schemas;
#[cfg(test)]
mod text;
pub mod types;
pub mod validate;

pub use documents::{STACK_BYTES, read_yaml};
pub use schemas::Schemas;
