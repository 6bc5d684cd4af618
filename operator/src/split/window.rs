//! The part of some days in which a cutover may begin by itself. Pure.
//! In: what the spec says, a moment. Out: whether it is open then, and when it opens next.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rerp_crds::split::{CutoverWindow, Day};

/// How far ahead an opening is looked for: a day on which clocks skip it is followed by one on which they don't.
const DAYS: i64 = 15;

/// A window that can be reckoned with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    days: Vec<Weekday>,
    from: Time,
    to: Time,
    zone: TimeZone,
}

impl Window {
    /// Understands it.
    ///
    /// # Errors
    /// What is wrong, beginning with the field of the spec.
    pub fn new(given: &CutoverWindow) -> Result<Self, String> {
        let time = |field: &str, text: &str| {
            let wrong =
                |error| format!("spec.cutover.window.{field}: {text} is no time of day: {error}; write it as 02:30");
            text.parse::<Time>().map_err(wrong)
        };
        let zone = given.time_zone.as_deref().unwrap_or("UTC");
        Ok(Self {
            days: given.days.iter().copied().map(weekday).collect(),
            from: time("from", &given.from)?,
            to: time("to", &given.to)?,
            zone: TimeZone::get(zone).map_err(|error| {
                format!("spec.cutover.window.timeZone: {error}; name one of the IANA database, as Europe/Berlin")
            })?,
        })
    }

    /// When it closes, if it is open now.
    #[must_use]
    pub fn closes(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.zone.clone()).date();
        // Yesterday's may last past midnight.
        let days = [Some(today), today.yesterday().ok()];
        let open = days.into_iter().flatten().filter_map(|day| self.on(day));
        open.filter(|(from, to)| *from <= now && now < *to).map(|(_, to)| to).max()
    }

    /// When it opens next; none where no clock shows that time.
    #[must_use]
    pub fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.zone.clone()).date();
        let days = (0..DAYS).filter_map(|ahead| today.checked_add(ahead.days()).ok());
        days.filter_map(|day| self.on(day)).map(|(from, _)| from).find(|from| *from > now)
    }

    /// When it opens next, in words, by the clocks of its zone.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> String {
        match self.opens(now) {
            Some(opens) => {
                format!("its window opens at {}", opens.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %Q"))
            }
            None => "its window opens on no day that comes".to_owned(),
        }
    }

    /// From when to when it is open on a day on which it opens. A time that clocks skip is as much later as they skip.
    fn on(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.days.is_empty() && !self.days.contains(&day.weekday()) {
            return None;
        }
        let last = if self.to > self.from { day } else { day.tomorrow().ok()? };
        let at = |day: Date, time: Time| day.to_datetime(time).to_zoned(self.zone.clone()).ok();
        let (from, to) = (at(day, self.from)?.timestamp(), at(last, self.to)?.timestamp());
        // Where clocks skip all of it there is none.
        (from < to).then_some((from, to))
    }
}

fn weekday(day: Day) -> Weekday {
    match day {
        Day::Mon => Weekday::Monday,
        Day::Tue => Weekday::Tuesday,
        Day::Wed => Weekday::Wednesday,
        Day::Thu => Weekday::Thursday,
        Day::Fri => Weekday::Friday,
        Day::Sat => Weekday::Saturday,
        Day::Sun => Weekday::Sunday,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &[Day], from: &str, to: &str, zone: Option<&str>) -> Result<Window, String> {
        let (from, to, time_zone) = (from.to_owned(), to.to_owned(), zone.map(str::to_owned));
        Window::new(&CutoverWindow { days: days.to_vec(), from, to, time_zone })
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_open_from_one_time_to_the_other_and_tells_when_it_opens_again() {
        let every = window(&[], "02:00", "04:30", None).unwrap();
        let open = |time: &str| every.closes(at(&format!("2026-11-29T{time}Z"))).is_some();
        assert_eq!(["01:59:59", "02:00:00", "04:29:59", "04:30:00"].map(open), [false, true, true, false]);
        assert_eq!(every.closes(at("2026-11-29T02:00:00Z")), Some(at("2026-11-29T04:30:00Z")));
        assert_eq!(every.opens(at("2026-11-29T01:00:00Z")), Some(at("2026-11-29T02:00:00Z")));
        assert_eq!(every.opens(at("2026-11-29T02:00:00Z")), Some(at("2026-11-30T02:00:00Z")));
    }

    #[test]
    fn past_midnight_it_belongs_to_the_day_on_which_it_opens() {
        let saturday = window(&[Day::Sat], "22:00", "02:00", None).unwrap();
        let open = |time: &str| saturday.closes(at(time)).is_some();
        assert!(open("2026-11-28T22:00:00Z") && open("2026-11-29T01:59:00Z"), "Saturday, and the night to Sunday");
        assert!(!open("2026-11-28T01:00:00Z") && !open("2026-11-29T22:00:00Z"));
        assert_eq!(saturday.opens(at("2026-11-29T00:00:00Z")), Some(at("2026-12-05T22:00:00Z")));
    }

    #[test]
    fn clocks_are_those_of_the_zone() {
        let berlin = window(&[], "02:30", "03:30", Some("Europe/Berlin")).unwrap();
        let open = |time: &str| berlin.closes(at(time)).is_some();
        assert!(open("2026-11-29T01:30:00Z") && open("2026-07-01T00:30:00Z"), "winter and summer");
        let skipped = at("2026-03-29T00:00:00Z");
        assert_eq!(berlin.opens(skipped), Some(at("2026-03-30T00:30:00Z")), "clocks skip all of it that day");
    }

    #[test]
    fn what_can_not_be_reckoned_with_is_told_by_its_field() {
        assert!(window(&[], "25:00", "03:00", None).unwrap_err().starts_with("spec.cutover.window.from: 25:00"));
        let unknown = window(&[], "02:00", "03:00", Some("Europe/Nowhere")).unwrap_err();
        assert!(
            unknown.starts_with("spec.cutover.window.timeZone: ") && unknown.contains("Europe/Nowhere"),
            "{unknown}"
        );
    }
}
