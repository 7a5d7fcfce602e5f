//! How much runs at a time.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// What a running file may use besides its heap, in bytes: its thread's stack, the compiler, what it has told.
const BESIDES_HEAP: u64 = 32 << 20;

/// How many files run at a time when nobody says: one for each core, and one more so that no core waits for its next file;
/// fewer when that many full heaps do not fit into the memory that is free (within the limits of a container).
pub(super) fn jobs(heap_bytes: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    fit(cores + 1, available_memory(), heap_bytes as u64)
}

fn fit(wanted: usize, available: Option<u64>, heap: u64) -> usize {
    let by_memory = available.map_or(usize::MAX, |bytes| (bytes / (heap + BESIDES_HEAP)) as usize);
    wanted.min(by_memory).max(1)
}

/// Free memory in bytes; `None` where the system does not tell.
fn available_memory() -> Option<u64> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory);
    let machine = system.available_memory();
    let container = system.cgroup_limits().map(|limits| limits.free_memory);
    let bytes = container.map_or(machine, |container| container.min(machine));
    (bytes > 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_bounds_the_jobs() {
        let heap = 256 << 20;
        assert_eq!(fit(8, None, heap), 8);
        assert_eq!(fit(8, Some(64 << 30), heap), 8);
        assert_eq!(fit(8, Some(1 << 30), heap), 3);
        assert_eq!(fit(8, Some(1 << 20), heap), 1);
    }
}
