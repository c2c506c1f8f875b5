//! Policies in words, for people who read a plan.

use std::fmt;

use crate::duration::Human;
use crate::policy::{
    Backoff, BreakerPolicy, CachePolicy, Concurrency, Fallback, Jitter, Policies, RateLimit,
};

/// In words: `retries 3, backoff 200ms..30s ×2 equal jitter, timeout 10s, at most 50/s, cached 10m`.
///
/// What holds is what is shown: a retried step that names no backoff shows the default one.
/// [`Policies::NONE`] reads `no policies`.
impl fmt::Display for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let retries = self.retries.filter(|retries| *retries > 0);
        let backoff = retries.map(|_| self.backoff.unwrap_or_default());
        let parts = [
            retries.map(|retries| format!("retries {retries}")),
            backoff.map(|backoff| format!("backoff {backoff}")),
            self.timeout
                .map(|timeout| format!("timeout {}", Human(timeout))),
            self.deadline
                .map(|deadline| format!("deadline {}", Human(deadline))),
            self.rate_limit.map(|limit| format!("at most {limit}")),
            self.concurrency.map(|limit| format!("at most {limit}")),
            self.breaker.map(|breaker| format!("breaker {breaker}")),
            self.cache.map(|cache| format!("cached {cache}")),
            self.notify_human
                .filter(|notify| *notify)
                .map(|_| "notifies a human".to_owned()),
            self.fallback.map(|fallback| fallback.to_string()),
        ];
        let words: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(if words.is_empty() { "no policies" } else { "" })?;
        f.write_str(&words.join(", "))
    }
}

/// `200ms..30s ×2 equal jitter`
impl fmt::Display for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Human(self.initial))?;
        if self.max > self.initial {
            write!(f, "..{} ×{}", Human(self.max), self.factor)?;
        }
        f.write_str(match self.jitter {
            Jitter::None => " no jitter",
            Jitter::Full => " full jitter",
            Jitter::Equal => " equal jitter",
        })
    }
}

/// `50/s`, `100/min burst 10 shared as model-api`
impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.permits)?;
        match self.period.as_secs_f64() {
            1.0 => f.write_str("s"),
            60.0 => f.write_str("min"),
            3600.0 => f.write_str("h"),
            _ => write!(f, "{}", Human(self.period)),
        }?;
        if self.burst > 1 {
            write!(f, " burst {}", self.burst)?;
        }
        shared_as(f, self.name)
    }
}

/// `4 at once`
impl fmt::Display for Concurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at once", self.max)?;
        shared_as(f, self.name)
    }
}

/// `opens for 1m after 5 failures`
impl fmt::Display for BreakerPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.failure_threshold == 1 { "" } else { "s" };
        write!(
            f,
            "opens for {} after {} failure{plural}",
            Human(self.recovery_timeout),
            self.failure_threshold
        )?;
        if self.half_open_max_calls > 1 {
            write!(f, " and probes with {} calls", self.half_open_max_calls)?;
        }
        shared_as(f, self.name)
    }
}

/// `10m`, `for ever tagged rates`
impl fmt::Display for CachePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ttl {
            Some(ttl) => write!(f, "{}", Human(ttl))?,
            None => f.write_str("for ever")?,
        }
        if !self.tags.is_empty() {
            write!(f, " tagged {}", self.tags.join(" "))?;
        }
        Ok(())
    }
}

/// `else the last good value up to 1h old`
impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale { max_age } => {
                write!(f, "else the last good value up to {} old", Human(*max_age))
            }
        }
    }
}

fn shared_as(f: &mut fmt::Formatter<'_>, name: Option<&str>) -> fmt::Result {
    match name {
        Some(name) => write!(f, " shared as {name}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_policy_has_words() {
        let all = Policies {
            retries: Some(3),
            backoff: None,
            timeout: Some(Duration::from_secs(10)),
            deadline: Some(Duration::from_secs(90)),
            cache: Some(CachePolicy {
                ttl: Some(Duration::from_secs(600)),
                tags: &["rates", "fx"],
            }),
            rate_limit: Some(RateLimit {
                permits: 50,
                period: Duration::from_secs(1),
                burst: 1,
                name: None,
            }),
            concurrency: Some(Concurrency {
                max: 4,
                name: Some("model-api"),
            }),
            breaker: Some(BreakerPolicy {
                failure_threshold: 5,
                recovery_timeout: Duration::from_secs(60),
                half_open_max_calls: 2,
                name: None,
            }),
            notify_human: Some(true),
            fallback: Some(Fallback::Stale {
                max_age: Duration::from_secs(3_600),
            }),
        };
        assert_eq!(
            all.to_string(),
            "retries 3, backoff 200ms..30s ×2 equal jitter, timeout 10s, deadline 1m30s, at most 50/s, \
             at most 4 at once shared as model-api, \
             breaker opens for 1m after 5 failures and probes with 2 calls, cached 10m tagged rates fx, notifies a human, \
             else the last good value up to 1h old"
        );
        assert_eq!(Policies::NONE.to_string(), "no policies");
        assert_eq!(
            Policies {
                retries: Some(0),
                ..Policies::NONE
            }
            .to_string(),
            "no policies"
        );
    }

    #[test]
    fn backoffs_and_rates() {
        let steady = Backoff {
            initial: Duration::from_secs(1),
            max: Duration::from_secs(1),
            factor: 1.0,
            jitter: Jitter::None,
        };
        assert_eq!(steady.to_string(), "1s no jitter");
        assert_eq!(
            Backoff {
                factor: 1.5,
                jitter: Jitter::Full,
                ..Backoff::DEFAULT
            }
            .to_string(),
            "200ms..30s ×1.5 full jitter"
        );
        let rate = |seconds, burst, name| {
            RateLimit {
                permits: 100,
                period: Duration::from_secs(seconds),
                burst,
                name,
            }
            .to_string()
        };
        assert_eq!(rate(60, 10, Some("api")), "100/min burst 10 shared as api");
        assert_eq!(rate(3600, 1, None), "100/h");
        assert_eq!(rate(10, 1, None), "100/10s");
        assert_eq!(
            CachePolicy {
                ttl: None,
                tags: &[]
            }
            .to_string(),
            "for ever"
        );
    }

    #[test]
    fn durations_serialize_in_words() {
        let policies = Policies {
            timeout: Some(Duration::from_secs(10)),
            backoff: Some(Backoff::DEFAULT),
            ..Policies::NONE
        };
        assert_eq!(
            serde_json::to_value(policies).unwrap(),
            serde_json::json!({
                "timeout": "10s",
                "backoff": {"initial": "200ms", "max": "30s", "factor": 2.0, "jitter": "equal"},
            })
        );
    }
}
