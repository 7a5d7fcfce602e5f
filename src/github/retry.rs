//! When to ask again, and how long to wait before.
//!
//! After `https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api`, "Handle rate limit
//! errors appropriately".

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use http::HeaderMap;

use crate::retry::retry_after;

/// How often a request is sent at most.
pub(super) const MAX_ATTEMPTS: u32 = 4;
/// How long a client waits at most, all its pauses together.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How long GitHub asks to wait when it limits without saying until when.
const SILENT_LIMIT: Duration = Duration::from_secs(60);

/// What tells the time and lets it pass.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;
    /// Ends after this long.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The real clock. Needs a Tokio runtime with time.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// How much of the time for waiting is used up.
#[derive(Debug, Default)]
pub(super) struct Patience {
    waited_ms: AtomicU64,
}

impl Patience {
    /// Takes `wait` of the time that is left. `false` if it is longer than that: then it is not to be waited for.
    pub(super) fn take(&self, wait: Duration) -> bool {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let limit = MAX_WAIT.as_millis() as u64;
        self.waited_ms
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |waited| {
                waited.checked_add(wait).filter(|sum| *sum <= limit)
            })
            .is_ok()
    }
}

/// Until when a server that answered with `headers` wants no more requests, if it limits them.
///
/// `limited` says that it does, whatever the headers say.
pub(super) fn limited_until(headers: &HeaderMap, limited: bool, now: SystemTime) -> Option<SystemTime> {
    if let Some(until) = retry_after(headers, now) {
        return Some(until);
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if text("x-ratelimit-remaining") == Some("0") {
        let reset = text("x-ratelimit-reset").and_then(|reset| reset.parse().ok());
        // Its seconds are cut, so the limit may hold until the next one.
        return reset
            .and_then(|reset: u64| {
                SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset.checked_add(1)?))
            })
            .or_else(|| now.checked_add(SILENT_LIMIT));
    }
    limited.then(|| now + SILENT_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn until(headers: &[(&'static str, &str)], limited: bool) -> Option<SystemTime> {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).unwrap())
        });
        limited_until(&headers.collect(), limited, at(1000))
    }

    #[test]
    fn limits_end_when_the_server_says() {
        assert_eq!(until(&[], false), None);
        assert_eq!(until(&[], true), Some(at(1060)));
        assert_eq!(until(&[("retry-after", "7")], false), Some(at(1007)));
        assert_eq!(until(&[("retry-after", "Thu, 01 Jan 1970 00:20:00 GMT")], false), Some(at(1200)));
        assert_eq!(until(&[("retry-after", "soon")], false), None);
        let reset = ("x-ratelimit-reset", "1030");
        assert_eq!(until(&[("x-ratelimit-remaining", "0"), reset], false), Some(at(1031)));
        assert_eq!(until(&[("x-ratelimit-remaining", "1"), reset], false), None);
        assert_eq!(until(&[("x-ratelimit-remaining", "0")], false), Some(at(1060)));
        // What no clock can show is no reason to panic.
        assert_eq!(until(&[("retry-after", "18446744073709551615")], true), Some(at(1060)));
        assert_eq!(
            until(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "18446744073709551615")], false),
            Some(at(1060))
        );
    }

    #[test]
    fn patience_ends() {
        let patience = Patience::default();
        assert!(!patience.take(Duration::from_secs(61)));
        assert!(patience.take(Duration::from_secs(40)));
        assert!(!patience.take(Duration::from_secs(21)));
        assert!(patience.take(Duration::from_secs(20)));
        assert!(!patience.take(Duration::from_millis(1)));
        assert!(!patience.take(Duration::MAX));
    }
}
