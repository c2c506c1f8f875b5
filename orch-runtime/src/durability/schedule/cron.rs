//! The times of a schedule.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::store::Millis;

/// So many days are looked through: the 29 of February comes on a given day of the week every 40 years at the latest.
const DAYS: usize = 366 * 41;

/// A line of a crontab in a time zone, as the plan has it: numbers, `*`, ranges, lists and steps.
///
/// A time that a clock set forward leaves out comes as soon as the clock is there again; one that a clock set back
/// repeats comes once, unless the hours are `*`: then it comes as often as it is.
/// Where both kinds of days are said, one of them is enough, as in every cron since Vixie's.
#[derive(Debug, Clone)]
pub(super) struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    every_hour: bool,
    either_day: bool,
    zone: TimeZone,
}

impl Cron {
    pub(super) fn new(line: &str, zone: &str) -> Result<Self, String> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(format!("`{line}` is not a line of five fields"));
        };
        let zone = TimeZone::get(zone).map_err(|error| error.to_string())?;
        let mut week = field(weekdays, 0, 7)?;
        // Sunday is 0 and 7.
        week |= week >> 7 & 1;
        Ok(Self {
            minutes: field(minutes, 0, 59)?,
            hours: field(hours, 0, 23)?,
            days: field(days, 1, 31)?,
            months: field(months, 1, 12)?,
            weekdays: week,
            every_hour: hours == "*",
            either_day: days != "*" && weekdays != "*",
            zone,
        })
    }

    /// The first time after this one.
    pub(super) fn after(&self, at: Millis) -> Option<Millis> {
        let at = Timestamp::from_millisecond(at).ok()?;
        let found = if self.every_hour {
            self.by_the_minute(at)
        } else {
            self.by_the_clock(at)
        };
        found.map(Timestamp::as_millisecond)
    }

    fn by_the_clock(&self, at: Timestamp) -> Option<Timestamp> {
        let mut day = at.to_zoned(self.zone.clone()).date();
        for _ in 0..DAYS {
            if self.is_day(day.at(0, 0, 0, 0)) {
                for hour in bits(self.hours) {
                    for minute in bits(self.minutes) {
                        let time = self.zone.to_zoned(day.at(hour, minute, 0, 0)).ok()?;
                        if time.timestamp() > at {
                            return Some(time.timestamp());
                        }
                    }
                }
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn by_the_minute(&self, at: Timestamp) -> Option<Timestamp> {
        let minute = at.as_second().div_euclid(60) + 1;
        let mut time = Timestamp::from_second(minute * 60)
            .ok()?
            .to_zoned(self.zone.clone());
        // Days that do not fit are passed over as a whole; in one that does, there is a minute in each hour.
        for _ in 0..DAYS + 2 * 24 * 60 {
            if !self.is_day(time.datetime()) {
                time = tomorrow(&time)?;
            } else if self.minutes >> time.minute() & 1 == 1 {
                return Some(time.timestamp());
            } else {
                time = time.checked_add(1.minute()).ok()?;
            }
        }
        None
    }

    fn is_day(&self, time: DateTime) -> bool {
        let month = self.months >> time.month() & 1 == 1;
        let day = self.days >> time.day() & 1 == 1;
        let weekday = self.weekdays >> time.weekday().to_sunday_zero_offset() & 1 == 1;
        month
            && if self.either_day {
                day || weekday
            } else {
                day && weekday
            }
    }
}

fn tomorrow(time: &Zoned) -> Option<Zoned> {
    time.tomorrow().ok()?.start_of_day().ok()
}

fn bits(set: u64) -> impl Iterator<Item = i8> {
    (0..64).filter(move |bit| set >> bit & 1 == 1)
}

/// The numbers that a field means, as bits.
fn field(text: &str, first: u32, last: u32) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a field of numbers from {first} to {last}");
    let number = |text: &str| {
        let number: u32 = text.parse().map_err(|_| wrong())?;
        (first..=last)
            .contains(&number)
            .then_some(number)
            .ok_or_else(wrong)
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().map_err(|_| wrong())?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (first, last),
            Some((from, to)) => (number(from)?, number(to)?),
            None if step.is_some() => (number(range)?, last),
            None => (number(range)?, number(range)?),
        };
        for number in (from..=to).step_by(step.unwrap_or(1).max(1) as usize) {
            set |= 1 << number;
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(line: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let cron = Cron::new(line, zone).unwrap();
        let mut at = after.parse::<Timestamp>().unwrap().as_millisecond();
        let next = || {
            at = cron.after(at)?;
            let time = Timestamp::from_millisecond(at).ok()?;
            Some(
                time.to_zoned(cron.zone.clone())
                    .strftime("%F %R %:z")
                    .to_string(),
            )
        };
        std::iter::from_fn(next).take(count).collect()
    }

    #[test]
    fn lines_mean_what_they_mean_everywhere() {
        for (line, after, expected) in [
            (
                "0 6 * * *",
                "2026-11-21T06:00:00Z",
                "2026-11-22 06:00 +00:00",
            ),
            (
                "0 6 * * *",
                "2026-11-21T05:59:59Z",
                "2026-11-21 06:00 +00:00",
            ),
            (
                "*/15 * * * *",
                "2026-11-21T06:01:00Z",
                "2026-11-21 06:15 +00:00",
            ),
            (
                "30 8 * * 1-5",
                "2026-11-20T09:00:00Z",
                "2026-11-23 08:30 +00:00",
            ),
            (
                "0 0 * * 7",
                "2026-11-21T00:00:00Z",
                "2026-11-22 00:00 +00:00",
            ),
            (
                "0 0 31 * *",
                "2026-11-21T00:00:00Z",
                "2026-12-31 00:00 +00:00",
            ),
            (
                "0 0 29 2 *",
                "2026-11-21T00:00:00Z",
                "2028-02-29 00:00 +00:00",
            ),
            // Either kind of day is enough.
            (
                "0 0 1 * 1",
                "2026-11-21T00:00:00Z",
                "2026-11-23 00:00 +00:00",
            ),
            (
                "0 12 1,15 */6 *",
                "2026-11-21T00:00:00Z",
                "2027-01-01 12:00 +00:00",
            ),
            (
                "5/20 3 * * *",
                "2026-11-21T03:30:00Z",
                "2026-11-21 03:45 +00:00",
            ),
        ] {
            assert_eq!(times(line, "UTC", after, 1), [expected], "{line}");
        }
    }

    #[test]
    fn a_clock_that_is_set_forward_leaves_nothing_out() {
        // On 2026-03-29 in Berlin, 02:00 to 03:00 is not there.
        assert_eq!(
            times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            ["2026-03-29 03:30 +02:00", "2026-03-30 02:30 +02:00"]
        );
        assert_eq!(
            times("0 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", 2),
            ["2026-03-29 03:00 +02:00", "2026-03-29 04:00 +02:00"]
        );
    }

    #[test]
    fn a_clock_that_is_set_back_doubles_nothing() {
        // On 2026-10-25 in Berlin, 02:00 to 03:00 is there twice.
        assert_eq!(
            times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00"]
        );
        assert_eq!(
            times("30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 3),
            [
                "2026-10-25 02:30 +02:00",
                "2026-10-25 02:30 +01:00",
                "2026-10-25 03:30 +01:00"
            ],
            "what comes every hour comes every hour"
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(
            Cron::new("0 6 * *", "UTC")
                .unwrap_err()
                .contains("five fields")
        );
        assert!(Cron::new("0 24 * * *", "UTC").unwrap_err().contains("`24`"));
        assert!(Cron::new("0 6 * * *", "Europe/Nowhere").is_err());
    }
}
