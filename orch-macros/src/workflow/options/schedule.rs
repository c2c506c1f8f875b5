//! `schedule = "0 6 * * 1-5"`, `schedule(cron = "@daily", time_zone = "Europe/Berlin", catch_up = last, jitter = "30s")`

use std::time::Duration;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;

use crate::diagnostics::Errors;
use crate::options::{Form, Given, Spanned, cron, duration, value};

/// When runs start by themselves.
pub(crate) struct Schedule {
    /// In numbers.
    cron: String,
    time_zone: Option<String>,
    catch_up: CatchUp,
    /// By how much a start is put off at most.
    jitter: Option<Duration>,
}

/// What becomes of times that passed while nobody was there.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum CatchUp {
    #[default]
    None,
    Last,
    All(u32),
}

impl Schedule {
    const FORM: &str = "schedule = \"0 6 * * 1-5\"` or `schedule(cron = \"0 6 * * 1-5\", time_zone = \"Europe/Berlin\", catch_up = last)";

    /// What can be said in it.
    const KEYS: [&str; 4] = ["cron", "time_zone", "catch_up", "jitter"];

    /// Where an option is written that is about a schedule.
    pub(super) fn has(name: &str) -> Option<String> {
        Self::KEYS.contains(&name).then(|| {
            format!(
                "`{name}` is about a schedule: write `schedule(cron = \"0 6 * * 1-5\", {name} = …)`"
            )
        })
    }

    /// Reads the option; what cannot be read is reported.
    pub(super) fn read(given: &Given, errors: &mut Errors) -> Option<Spanned<Self>> {
        if let Form::Bare = given.form {
            errors.push(given.wants(Self::FORM));
            return None;
        }
        let (schedule, clean) = errors.scope(|errors| {
            let list = given.list(&Self::KEYS, errors);
            let mut cron = list
                .lead
                .as_ref()
                .map(|lead| errors.accept(cron::read(lead)));
            let (mut time_zone, mut catch_up, mut jitter) = (None, None, None);
            for option in &list.given {
                match option.name().as_str() {
                    "cron" if cron.is_some() => errors.at(
                        &option.key,
                        "the cron line is given twice: remove one of them",
                    ),
                    "cron" => {
                        let read = option.value("cron = \"0 6 * * 1-5\"", cron::read);
                        cron = Some(errors.accept(read).map(|read| read.value));
                    }
                    "time_zone" => {
                        let read = option.value("time_zone = \"Europe/Berlin\"", zone);
                        time_zone = errors.accept(read).map(|read| read.value);
                    }
                    "jitter" => {
                        let read = option.value("jitter = \"30s\"", |tokens| {
                            duration::nonzero(
                                tokens,
                                "a jitter of zero puts nothing off: leave it out",
                            )
                        });
                        jitter = errors.accept(read);
                    }
                    _ => {
                        let read = option.value("catch_up = last", CatchUp::read);
                        catch_up = errors.accept(read).map(|read| read.value);
                    }
                }
            }
            if cron.is_none() {
                errors.push(given.wants(Self::FORM));
            }
            let cron = cron.flatten()?;
            if let Some(jitter) = &jitter {
                errors.accept(fits(jitter, &cron));
            }
            Some(Self {
                cron,
                time_zone,
                catch_up: catch_up.unwrap_or_default(),
                jitter: jitter.map(|jitter| jitter.value),
            })
        });
        let value = schedule.filter(|_| clean)?;
        Some(Spanned {
            key: given.key.clone(),
            value,
            tokens: quote::ToTokens::to_token_stream(&given.key),
        })
    }

    /// As a constant expression, where `__p::*` is in scope.
    pub(crate) fn tokens(&self) -> TokenStream {
        let cron = &self.cron;
        let time_zone = self.time_zone.as_deref().unwrap_or("UTC");
        let catch_up = match self.catch_up {
            CatchUp::None => quote!(None),
            CatchUp::Last => quote!(Last),
            CatchUp::All(most) => quote!(All(#most)),
        };
        let jitter = match self.jitter {
            Some(jitter) => {
                let jitter = duration::tokens(jitter);
                quote!(Some(#jitter))
            }
            None => quote!(None),
        };
        quote!(Schedule { cron: #cron, time_zone: #time_zone, catch_up: CatchUp::#catch_up, jitter: #jitter })
    }
}

impl CatchUp {
    /// `none`, `last` or `all(10)`
    fn read(tokens: &TokenStream) -> syn::Result<Self> {
        let parts: Vec<TokenTree> = tokens.clone().into_iter().collect();
        if let [TokenTree::Ident(word), TokenTree::Group(most)] = parts.as_slice()
            && word == "all"
            && most.delimiter() == Delimiter::Parenthesis
        {
            let most = value::positive(
                &most.stream(),
                "none of them are made up for: write `catch_up = none`",
            )?;
            return Ok(Self::All(most));
        }
        let words = [
            ("none", Some(Self::None)),
            ("last", Some(Self::Last)),
            ("all", None),
        ];
        value::word(tokens, "way to catch up", &words)?.ok_or_else(|| {
            syn::Error::new_spanned(
                tokens,
                "how many at most? write `catch_up = all(10)`, so that a long absence does not start them all",
            )
        })
    }
}

/// A start that is put off comes before the next one.
fn fits(jitter: &Spanned<Duration>, cron: &str) -> syn::Result<()> {
    let gap = cron::shortest_gap(cron);
    if jitter.value < gap {
        return Ok(());
    }
    Err(jitter.error(format!(
        "a start that is put off by this may come after the next one, as there are only {} between two of this schedule: write less",
        words(gap)
    )))
}

/// A gap of whole minutes, as a duration is written.
fn words(gap: Duration) -> String {
    match gap.as_secs() / 60 {
        minutes if minutes.is_multiple_of(24 * 60) => format!("{}d", minutes / (24 * 60)),
        minutes if minutes.is_multiple_of(60) => format!("{}h", minutes / 60),
        minutes => format!("{minutes}m"),
    }
}

/// The name of a time zone; which of them there are, only the time zone database knows.
fn zone(tokens: &TokenStream) -> syn::Result<String> {
    let name = value::string(tokens)?.value();
    let legal = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .is_some_and(|first| first.is_ascii_uppercase())
            && letters.all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c))
    };
    if (1..=3).contains(&name.split('/').count()) && name.split('/').all(legal) {
        return Ok(name);
    }
    let why = if name.starts_with(['+', '-']) {
        ", and an offset knows no summer time"
    } else {
        ""
    };
    Err(syn::Error::new_spanned(
        tokens,
        format!(
            "`{name}` is no name of a time zone{why}: write one of IANA's, such as `\"Europe/Berlin\"` or `\"UTC\"`"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn read(option: &str) -> (Option<String>, Vec<String>) {
        let mut errors = Errors::new();
        let list = crate::options::OptionList::parse(
            option.parse().unwrap(),
            "option",
            &["schedule"],
            false,
            &mut errors,
        );
        let schedule = Schedule::read(&list.given[0], &mut errors);
        let errors = errors.into_list().iter().map(ToString::to_string).collect();
        (
            schedule.map(|schedule| text::source(schedule.value.tokens())),
            errors,
        )
    }

    #[test]
    fn schedules_become_constants() {
        for (option, expected) in [
            (
                "schedule = \"0 6 * * mon-fri\"",
                "Schedule { cron: \"0 6 * * 1-5\", time_zone: \"UTC\", catch_up: CatchUp::None, jitter: None }",
            ),
            (
                "schedule(cron = \"@daily\", time_zone = \"America/Argentina/La_Rioja\", catch_up = all(10))",
                "Schedule { cron: \"0 0 * * *\", time_zone: \"America/Argentina/La_Rioja\", catch_up: CatchUp::All(10u32), jitter: None }",
            ),
            (
                "schedule(\"@hourly\", time_zone = \"Etc/GMT+5\", catch_up = last)",
                "Schedule { cron: \"0 * * * *\", time_zone: \"Etc/GMT+5\", catch_up: CatchUp::Last, jitter: None }",
            ),
            (
                "schedule(\"@hourly\", jitter = \"59m\")",
                "Schedule { cron: \"0 * * * *\", time_zone: \"UTC\", catch_up: CatchUp::None, jitter: Some(Duration::from_secs(3540)) }",
            ),
        ] {
            let (found, errors) = read(option);
            assert_eq!(errors, [""; 0], "{option}");
            assert_eq!(found.as_deref(), Some(expected), "{option}");
        }
    }

    #[test]
    fn mistakes_say_the_way_out() {
        let form = "`schedule` is written `schedule = \"0 6 * * 1-5\"` or `schedule(cron = \"0 6 * * 1-5\", time_zone = \"Europe/Berlin\", catch_up = last)`";
        for (option, expected) in [
            ("schedule", form),
            ("schedule(time_zone = \"UTC\")", form),
            (
                "schedule(\"@daily\", cron = \"@daily\")",
                "the cron line is given twice: remove one of them",
            ),
            (
                "schedule(\"@daily\", time_zone = \"europe/berlin\")",
                "`europe/berlin` is no name of a time zone: write one of IANA's, such as `\"Europe/Berlin\"` or `\"UTC\"`",
            ),
            (
                "schedule(\"@daily\", time_zone = \"+02:00\")",
                "`+02:00` is no name of a time zone, and an offset knows no summer time: write one of IANA's, such as `\"Europe/Berlin\"` or `\"UTC\"`",
            ),
            (
                "schedule(\"@daily\", catch_up = all)",
                "how many at most? write `catch_up = all(10)`, so that a long absence does not start them all",
            ),
            (
                "schedule(\"@daily\", catch_up = all(0))",
                "none of them are made up for: write `catch_up = none`",
            ),
            (
                "schedule(\"@hourly\", jitter = \"1h\")",
                "a start that is put off by this may come after the next one, as there are only 1h between two of this schedule: write less",
            ),
            (
                "schedule(\"@hourly\", jitter = 0)",
                "a jitter of zero puts nothing off: leave it out",
            ),
            (
                "schedule(\"@daily\", catch_up = first)",
                "unknown way to catch up `first`: write `none`, `last` or `all`",
            ),
        ] {
            assert_eq!(read(option), (None, vec![expected.to_owned()]), "{option}");
        }
    }
}
