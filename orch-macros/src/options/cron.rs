//! Lines of a crontab: `"0 6 * * 1-5"`, `"*/15 8-18 * * mon-fri"`, `"@daily"`.
//!
//! Five fields of numbers, ranges, lists and steps, as POSIX and Vixie's cron have them. A day of the month and a day
//! of the week, where both are said, are alternatives.

use std::time::Duration;

use proc_macro2::TokenStream;

use super::value;
use crate::diagnostics;

/// A field of a line.
struct Field {
    name: &'static str,
    first: u8,
    last: u8,
    /// Words for the numbers from `first` on, by their first three letters.
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        first: 0,
        last: 59,
        words: &[],
    },
    Field {
        name: "hour",
        first: 0,
        last: 23,
        words: &[],
    },
    Field {
        name: "day of the month",
        first: 1,
        last: 31,
        words: &[],
    },
    Field {
        name: "month",
        first: 1,
        last: 12,
        words: &[
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
    },
    // Sunday is 0 and 7.
    Field {
        name: "day of the week",
        first: 0,
        last: 7,
        words: &[
            "sunday",
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
        ],
    },
];

/// Lines that have a name.
const NAMED: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// The days of each month, in a leap year.
const DAYS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// So many days are looked through for those that are next to each other: the calendar is the same every 28 years.
const CYCLE: u32 = 28 * 366;

/// The shortest time from one of a line's times to the next one; of a line that [was read](read).
pub(crate) fn shortest_gap(line: &str) -> Duration {
    let mut sets = [Set::default(); 5];
    for ((field, word), set) in FIELDS.iter().zip(line.split(' ')).zip(&mut sets) {
        if let Ok((_, read)) = field.read(word) {
            *set = read;
        }
    }
    let [minutes, hours, ..] = sets;
    let hour = |hour: u64| {
        let minutes = (0..60).filter(move |minute| minutes.has(*minute));
        minutes.map(move |minute| hour * 60 + u64::from(minute))
    };
    let hours = (0..24).filter(|of_day| hours.has(*of_day));
    let times: Vec<u64> = hours.flat_map(|of_day| hour(u64::from(of_day))).collect();
    let within = times.windows(2).map(|pair| pair[1] - pair[0]);
    let days = days(line, sets);
    let apart = days.windows(2).map(|pair| u64::from(pair[1] - pair[0]));
    let across = match (times.first(), times.last(), apart.min()) {
        (Some(first), Some(last), Some(apart)) => Some(apart * 24 * 60 - (last - first)),
        _ => None,
    };
    let shortest = within.chain(across).min();
    Duration::from_secs(shortest.unwrap_or(24 * 60) * 60)
}

/// The days of a line in [`CYCLE`] days from the first of March 2000, a Wednesday.
fn days(line: &str, [_, _, days, months, weekdays]: [Set; 5]) -> Vec<u32> {
    let said: Vec<bool> = line.split(' ').map(|word| word != "*").collect();
    let either = said.get(2) == Some(&true) && said.get(4) == Some(&true);
    let (mut year, mut month, mut day) = (2000_u32, 3_u8, 1_u8);
    let mut found = Vec::new();
    for number in 0..CYCLE {
        let weekday = (3 + number % 7) as u8 % 7;
        let by_day = days.has(day);
        let by_weekday = weekdays.has(weekday) || weekday == 0 && weekdays.has(7);
        let fits = if either {
            by_day || by_weekday
        } else {
            by_day && by_weekday
        };
        if months.has(month) && fits {
            found.push(number);
        }
        let leap = year.is_multiple_of(4);
        let last = DAYS[usize::from(month) - 1] - u8::from(month == 2 && !leap);
        (day, month) = if day < last {
            (day + 1, month)
        } else {
            (1, month % 12 + 1)
        };
        year += u32::from((month, day) == (1, 1));
    }
    found
}

/// Reads a line, and gives it in numbers: without names of months, of days or of the line itself.
pub(crate) fn read(tokens: &TokenStream) -> syn::Result<String> {
    let line = value::string(tokens)?.value();
    plain(&line).map_err(|message| syn::Error::new_spanned(tokens, message))
}

/// A line in numbers, or what is wrong with it.
fn plain(line: &str) -> Result<String, String> {
    let line = line.trim();
    if line.starts_with('@') {
        return named(line);
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    if words.len() != FIELDS.len() {
        let seconds = if words.len() == 6 {
            ", and seconds are none of them"
        } else {
            ""
        };
        return Err(format!(
            "a cron line has five fields, minute, hour, day of the month, month and day of the week, and this has {}{seconds}: write it like `0 6 * * 1-5`",
            words.len()
        ));
    }
    let mut fields = Vec::new();
    let mut sets = Vec::new();
    for (field, word) in FIELDS.iter().zip(words) {
        let (text, set) = field.read(word)?;
        fields.push(text);
        sets.push(set);
    }
    let comes = |month: u8| (1..=DAYS[usize::from(month) - 1]).any(|day| sets[2].has(day));
    let any_day = (0..=6).all(|day| sets[4].has(day) || day == 0 && sets[4].has(7));
    if any_day && !(1..=12).any(|month| sets[3].has(month) && comes(month)) {
        return Err(
            "this never comes: no month of these has such a day, so write another day or month"
                .to_owned(),
        );
    }
    Ok(fields.join(" "))
}

fn named(line: &str) -> Result<String, String> {
    let known: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
    let found = NAMED
        .iter()
        .find(|(name, _)| line.eq_ignore_ascii_case(name));
    match found {
        Some((_, plain)) => Ok((*plain).to_owned()),
        None => Err(diagnostics::unknown("cron line", line, &known)),
    }
}

/// Numbers of a field.
#[derive(Clone, Copy, Default)]
struct Set(u64);

impl Set {
    fn has(self, number: u8) -> bool {
        self.0 & (1 << number) != 0
    }
}

impl Field {
    /// Reads a field: its text in numbers, and the numbers.
    fn read(&self, text: &str) -> Result<(String, Set), String> {
        let (mut items, mut set) = (Vec::new(), Set::default());
        for item in text.split(',') {
            let (text, range) = self.item(item)?;
            items.push(text);
            for number in range {
                set.0 |= 1 << number;
            }
        }
        Ok((items.join(","), set))
    }

    /// Reads one of a list: a number, a range or all, and how far from one to the next.
    fn item(&self, item: &str) -> Result<(String, Vec<u8>), String> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (self.first, self.most()),
            Some((first, last)) => (self.number(first)?, self.last_number(last)?),
            None => {
                let number = self.number(range)?;
                if step.is_some() {
                    return Err(format!(
                        "`{item}` steps from {number} to nowhere: write `{number}-{}/{}`",
                        self.most(),
                        step.unwrap_or_default()
                    ));
                }
                (number, number)
            }
        };
        if first > last {
            return Err(format!(
                "`{item}` goes backwards: write `{first}-{},{}-{last}`",
                self.most(),
                self.first
            ));
        }
        let width = match step {
            Some(step) => self.step(item, step, last - first)?,
            None => 1,
        };
        let mut text = match range {
            "*" => "*".to_owned(),
            _ if first == last => first.to_string(),
            _ => format!("{first}-{last}"),
        };
        if step.is_some() {
            text.push_str(&format!("/{width}"));
        }
        Ok((text, (first..=last).step_by(usize::from(width)).collect()))
    }

    fn step(&self, item: &str, step: &str, span: u8) -> Result<u8, String> {
        let wide = || {
            format!(
                "`{item}` steps over everything but its first {}: write a step of at most {span}",
                self.name
            )
        };
        match step.parse::<u32>() {
            Ok(0) => Err(format!(
                "`{item}` never gets on: write a step of at least 1"
            )),
            Ok(width) => u8::try_from(width)
                .ok()
                .filter(|width| *width <= span)
                .ok_or_else(wide),
            Err(_) => Err(format!(
                "`{step}` in `{item}` is no step: write a number after the `/`, as in `*/5`"
            )),
        }
    }

    /// The greatest number that stands for something of its own.
    fn most(&self) -> u8 {
        if self.last == 7 { 6 } else { self.last }
    }

    fn number(&self, text: &str) -> Result<u8, String> {
        let number = text.parse::<u8>().ok();
        let number = number.filter(|number| (self.first..=self.last).contains(number));
        let of_word = || {
            let word = text.to_lowercase();
            let place = self
                .words
                .iter()
                .position(|known| word.len() >= 3 && (word == known[..3] || word == **known))?;
            u8::try_from(place).ok().map(|place| place + self.first)
        };
        number.or_else(of_word).ok_or_else(|| self.wrong(text))
    }

    /// A number after a `-`, where Sunday comes after Saturday.
    fn last_number(&self, text: &str) -> Result<u8, String> {
        let number = self.number(text)?;
        let word = !text.starts_with(|c: char| c.is_ascii_digit());
        let sunday = word && self.last == 7 && number == 0;
        Ok(if sunday { 7 } else { number })
    }

    fn wrong(&self, text: &str) -> String {
        let Self {
            name, first, last, ..
        } = self;
        let words = match self.words {
            [] => String::new(),
            [one, .., other] => format!(", or `{}` to `{}`", &one[..3], &other[..3]),
            [one] => format!(", or `{one}`"),
        };
        if text.is_empty() {
            return format!("the {name} is missing here: write {first} to {last}{words}");
        }
        let special = if text.contains(['L', 'W', '#', '?']) {
            "; `L`, `W`, `#` and `?` are not among what can be said"
        } else {
            ""
        };
        format!("`{text}` is no {name}: write {first} to {last}{words}{special}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_numbers() {
        for (line, expected) in [
            ("0 6 * * 1-5", "0 6 * * 1-5"),
            (
                "  */15\t8-18 * jan,Mar-may mon-FRI ",
                "*/15 8-18 * 1,3-5 1-5",
            ),
            ("0 0 29 2 *", "0 0 29 2 *"),
            ("0 0 31 2,3 *", "0 0 31 2,3 *"),
            ("0 0 30 2 mon", "0 0 30 2 1"),
            ("5-59/10 0,12 1-7 * saturday-sun", "5-59/10 0,12 1-7 * 6-7"),
            ("0 0 * * 5-7", "0 0 * * 5-7"),
            ("@daily", "0 0 * * *"),
            ("@Hourly", "0 * * * *"),
            ("@weekly", "0 0 * * 0"),
            ("59 23 31 12 7", "59 23 31 12 7"),
            ("0 0 7-7 * *", "0 0 7 * *"),
        ] {
            assert_eq!(plain(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn the_shortest_gap_is_that_of_the_calendar() {
        let minutes = |line: &str| shortest_gap(&plain(line).unwrap()).as_secs() / 60;
        let day = 24 * 60;
        for (line, expected) in [
            ("* * * * *", 1),
            ("*/15 * * * *", 15),
            ("7,10 * * * *", 3),
            ("0 * * * *", 60),
            ("30 8-18 * * *", 60),
            ("0 6,18 * * *", 12 * 60),
            ("0 1,23 * * *", 2 * 60),
            ("0 6 * * *", day),
            ("0 1,23 * * mon", 22 * 60),
            ("@weekly", 7 * day),
            ("0 0 * * mon,wed", 2 * day),
            ("0 0 * * 6-7", day),
            ("@monthly", 28 * day),
            ("@yearly", 365 * day),
            ("0 0 29 2 *", (4 * 365 + 1) * day),
            ("0 0 1 * sun", day),
            ("0 0 31 * *", 31 * day),
        ] {
            assert_eq!(minutes(line), expected, "{line}");
        }
    }

    #[test]
    fn every_line_with_a_name_is_one_without() {
        for (name, line) in NAMED {
            assert_eq!(plain(name), plain(line), "{name}");
            assert_eq!(plain(line).as_deref(), Ok(line));
        }
    }

    #[test]
    fn mistakes_name_the_field() {
        for (line, expected) in [
            (
                "",
                "a cron line has five fields, minute, hour, day of the month, month and day of the week, and this has 0: write it like `0 6 * * 1-5`",
            ),
            (
                "0 0 6 * * 1",
                "a cron line has five fields, minute, hour, day of the month, month and day of the week, and this has 6, and seconds are none of them: write it like `0 6 * * 1-5`",
            ),
            ("60 * * * *", "`60` is no minute: write 0 to 59"),
            ("0 24 * * *", "`24` is no hour: write 0 to 23"),
            ("0 -1 * * *", "the hour is missing here: write 0 to 23"),
            ("0 0 0 * *", "`0` is no day of the month: write 1 to 31"),
            (
                "0 0 L * *",
                "`L` is no day of the month: write 1 to 31; `L`, `W`, `#` and `?` are not among what can be said",
            ),
            (
                "0 0 * foo *",
                "`foo` is no month: write 1 to 12, or `jan` to `dec`",
            ),
            (
                "0 0 * * 8",
                "`8` is no day of the week: write 0 to 7, or `sun` to `sat`",
            ),
            ("1,,2 * * * *", "the minute is missing here: write 0 to 59"),
            ("300 * * * *", "`300` is no minute: write 0 to 59"),
            (
                "*/0 * * * *",
                "`*/0` never gets on: write a step of at least 1",
            ),
            (
                "*/90 * * * *",
                "`*/90` steps over everything but its first minute: write a step of at most 59",
            ),
            (
                "*/x * * * *",
                "`x` in `*/x` is no step: write a number after the `/`, as in `*/5`",
            ),
            (
                "5/10 * * * *",
                "`5/10` steps from 5 to nowhere: write `5-59/10`",
            ),
            ("0 22-2 * * *", "`22-2` goes backwards: write `22-23,0-2`"),
            (
                "0 0 30 2 *",
                "this never comes: no month of these has such a day, so write another day or month",
            ),
            (
                "0 0 31 4,6,9,11 0-6",
                "this never comes: no month of these has such a day, so write another day or month",
            ),
            (
                "@reboot",
                "unknown cron line `@reboot`: write `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight` or `@hourly`",
            ),
            (
                "@dayly",
                "unknown cron line `@dayly`, did you mean `@daily`?",
            ),
        ] {
            assert_eq!(plain(line), Err(expected.to_owned()), "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(line in "[-*/,@ 0-9a-z]{0,24}") {
            if let Ok(plain_line) = plain(&line) {
                proptest::prop_assert_eq!(plain(&plain_line), Ok(plain_line.clone()), "{}", line);
            }
        }
    }
}
