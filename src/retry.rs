//! When to ask a server again.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// The first pause; each one after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The pause after this many attempts, from 1: doubled each time, and up to a half shorter, so that jobs that
/// failed together do not come back together.
pub(crate) fn backoff(attempts: u32) -> Duration {
    let whole = FIRST_PAUSE * 2_u32.pow(attempts.saturating_sub(1).min(5));
    // Without randomness the pause is merely the longest.
    let share = getrandom::u32().unwrap_or(0);
    whole.mul_f64(1.0 - 0.5 * f64::from(share) / f64::from(u32::MAX))
}

/// `Retry-After`: seconds or a date (RFC 9110, 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<SystemTime> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse::<u64>() {
        Ok(seconds) => now.checked_add(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow() {
        for attempts in 1..=3 {
            let whole = Duration::from_secs(2_u64.pow(attempts - 1));
            for _ in 0..100 {
                let pause = backoff(attempts);
                assert!(pause >= whole / 2 && pause <= whole, "{attempts}: {pause:?}");
            }
        }
    }
}
