//! The conference: its seats, the attendees with a seat, and the waiting list.

use std::collections::{BTreeSet, VecDeque};

use es::prelude::*;
use uuid::Uuid;

/// The id of a conference.
pub type ConferenceId = Uuid;

/// The seats are on sale.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "conference.opened")]
pub struct Opened {
    /// The number of seats.
    pub seats: usize,
}

/// An attendee got a seat.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "conference.seat_booked")]
pub struct SeatBooked {
    /// The attendee.
    pub attendee: String,
}

/// An attendee joined the waiting list.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "conference.waiting_list_joined")]
pub struct WaitingListJoined {
    /// The attendee.
    pub attendee: String,
}

/// An attendee gave back a seat, or a place on the waiting list.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "conference.booking_cancelled")]
pub struct BookingCancelled {
    /// The attendee.
    pub attendee: String,
}

/// The sale ended: attendees can no longer book or cancel.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "conference.closed")]
pub struct Closed;

/// A conference.
#[derive(Aggregate, Default, Clone, Debug, PartialEq, Eq)]
#[aggregate(
    category = "conference",
    id = ConferenceId,
    events(Opened, SeatBooked, WaitingListJoined, BookingCancelled, Closed)
)]
pub enum Conference {
    /// No seat is on sale yet.
    #[default]
    Planned,
    /// Seats are on sale.
    Open(Seating),
    /// The sale is over; attendees keep their seats.
    Closed {
        /// The attendees with a seat.
        seated: BTreeSet<String>,
    },
}

/// The seats of an open conference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seating {
    /// The number of seats.
    pub seats: usize,
    /// The attendees with a seat.
    pub seated: BTreeSet<String>,
    /// The waiting list, in order.
    pub waiting: VecDeque<String>,
}

impl Seating {
    /// The number of free seats.
    pub fn free(&self) -> usize {
        self.seats.saturating_sub(self.seated.len())
    }

    fn waits(&self, attendee: &String) -> bool {
        self.waiting.contains(attendee)
    }
}

/// Puts the seats on sale.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// The number of seats.
    pub seats: usize,
}

/// Books a seat; refused if none is free.
#[derive(Clone, Debug)]
pub struct Book {
    /// The attendee.
    pub attendee: String,
}

/// Books a seat, or a place on the waiting list if none is free.
#[derive(Clone, Debug)]
pub struct BookOrWait {
    /// The attendee.
    pub attendee: String,
}

/// Gives a seat back; the first on the waiting list gets it.
#[derive(Clone, Debug)]
pub struct Cancel {
    /// The attendee.
    pub attendee: String,
}

/// Ends the sale.
#[derive(Clone, Copy, Debug)]
pub struct Close;

/// Why a conference refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConferenceRefusal {
    /// The seats are on sale already, or were.
    #[error("the conference was opened before")]
    AlreadyOpened,
    /// No seat is on sale.
    #[error("the conference is not open")]
    NotOpen,
    /// Every seat is taken.
    #[error("the conference is full")]
    Full,
    /// The attendee has a seat or is on the waiting list already.
    #[error("the attendee has a seat or waits for one already")]
    AlreadyBooked,
    /// The attendee has no seat and is not on the waiting list.
    #[error("the attendee has no seat and does not wait for one")]
    NotBooked,
}

#[es::apply]
impl Conference {
    fn opened(&mut self, event: Opened) {
        *self = Self::Open(Seating { seats: event.seats, ..Seating::default() });
    }

    fn seat_booked(&mut self, event: SeatBooked) {
        if let Self::Open(seating) = self {
            seating.waiting.retain(|waiting| *waiting != event.attendee);
            seating.seated.insert(event.attendee);
        }
    }

    fn waiting_list_joined(&mut self, event: WaitingListJoined) {
        if let Self::Open(seating) = self {
            seating.waiting.push_back(event.attendee);
        }
    }

    fn booking_cancelled(&mut self, event: BookingCancelled) {
        if let Self::Open(seating) = self {
            seating.seated.remove(&event.attendee);
            seating.waiting.retain(|waiting| *waiting != event.attendee);
        }
    }

    fn closed(&mut self, _: Closed) {
        if let Self::Open(seating) = self {
            *self = Self::Closed { seated: std::mem::take(&mut seating.seated) };
        }
    }
}

impl Conference {
    /// The seats, while they are on sale.
    ///
    /// # Errors
    /// [`ConferenceRefusal::NotOpen`].
    pub fn seating(&self) -> Result<&Seating, ConferenceRefusal> {
        if let Self::Open(seating) = self { Ok(seating) } else { Err(ConferenceRefusal::NotOpen) }
    }

    fn seating_without(&self, attendee: &String) -> Result<&Seating, ConferenceRefusal> {
        let seating = self.seating()?;
        if seating.seated.contains(attendee) || seating.waits(attendee) {
            return Err(ConferenceRefusal::AlreadyBooked);
        }
        Ok(seating)
    }
}

impl Handle<Open> for Conference {
    type Error = ConferenceRefusal;

    fn handle(&self, Open { seats }: Open) -> Result<impl IntoEvents<Self>, ConferenceRefusal> {
        if *self == Self::Planned { Ok(Opened { seats }) } else { Err(ConferenceRefusal::AlreadyOpened) }
    }
}

impl Handle<Book> for Conference {
    type Error = ConferenceRefusal;

    fn handle(&self, Book { attendee }: Book) -> Result<impl IntoEvents<Self>, ConferenceRefusal> {
        match self.seating_without(&attendee)?.free() {
            0 => Err(ConferenceRefusal::Full),
            _ => Ok(SeatBooked { attendee }),
        }
    }
}

impl Handle<BookOrWait> for Conference {
    type Error = ConferenceRefusal;

    fn handle(&self, BookOrWait { attendee }: BookOrWait) -> Result<impl IntoEvents<Self>, ConferenceRefusal> {
        Ok(match self.seating_without(&attendee)?.free() {
            0 => Events::new().and(WaitingListJoined { attendee }),
            _ => Events::new().and(SeatBooked { attendee }),
        })
    }
}

impl Handle<Cancel> for Conference {
    type Error = ConferenceRefusal;

    fn handle(&self, Cancel { attendee }: Cancel) -> Result<impl IntoEvents<Self>, ConferenceRefusal> {
        let seating = self.seating()?;
        let had_seat = seating.seated.contains(&attendee);
        if !had_seat && !seating.waits(&attendee) {
            return Err(ConferenceRefusal::NotBooked);
        }
        let next = seating.waiting.front().filter(|_| had_seat).cloned();
        Ok((BookingCancelled { attendee }, next.map(|attendee| SeatBooked { attendee })))
    }
}

impl Handle<Close> for Conference {
    type Error = ConferenceRefusal;

    fn handle(&self, Close: Close) -> Result<impl IntoEvents<Self>, ConferenceRefusal> {
        self.seating()?;
        Ok(Closed)
    }
}
