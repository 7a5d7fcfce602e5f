//! The thread that runs a file, as far as the operating system is concerned.

use std::sync::OnceLock;

/// A thread that may have to be let go of.
#[derive(Debug, Default)]
pub(crate) struct Handle {
    #[cfg(target_os = "linux")]
    id: OnceLock<rustix::thread::Pid>,
    #[cfg(not(target_os = "linux"))]
    id: OnceLock<()>,
}

impl Handle {
    /// Remembers the calling thread.
    pub(crate) fn set(&self) {
        #[cfg(target_os = "linux")]
        let _ = self.id.set(rustix::thread::gettid());
        #[cfg(not(target_os = "linux"))]
        let _ = self.id.set(());
    }

    /// Gives the thread the lowest priority: it cannot be stopped, and others want the core.
    ///
    /// Only Linux has priorities of threads that a process may lower for another of its threads.
    pub(crate) fn lower_priority(&self) {
        #[cfg(target_os = "linux")]
        if let Some(id) = self.id.get() {
            // Without the permission to do so the thread keeps its priority, and all else goes on as well.
            let _ = rustix::process::setpriority_process(Some(*id), 19);
        }
    }
}
