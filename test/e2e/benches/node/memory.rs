//! Reads how much memory and disk a node takes.

use anyhow::{Context, Result};
use std::{fs, path::Path};

/// Bytes of one mebibyte.
const MIB: u64 = 1 << 20;

/// Anonymous memory of a process in MiB: what is not the map of a file.
pub(crate) fn anonymous_mib(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib: u64 = line.context("RssAnon is missing")?.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1_024)
}

/// Disk that a folder takes, in MiB, holes not counted.
pub(crate) fn disk_mib(folder: &Path) -> Result<u64> {
    Ok(disk_bytes(folder)? / MIB)
}

fn disk_bytes(folder: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let data = entry.metadata()?;
        bytes += if data.is_dir() { disk_bytes(&entry.path())? } else { data.blocks() * 512 };
    }
    Ok(bytes)
}
