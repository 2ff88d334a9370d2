//! Groups what a person can type: one file a topic.

pub(crate) mod access;
pub(crate) mod chain;
pub(crate) mod chip;
pub(crate) mod complaint;
pub(crate) mod dataset;
pub(crate) mod db;
pub(crate) mod dev;
pub(crate) mod dispute;
pub(crate) mod environment;
pub(crate) mod job;
pub(crate) mod key;
pub(crate) mod operator;
pub(crate) mod order;
pub(crate) mod rating;
pub(crate) mod rental;
pub(crate) mod show;
pub(crate) mod vault;
pub(crate) mod vendor;
