//! States, standings, checks and orders as a person reads them. Never decides what an item is.

use crate::domain::Check;
use crate::queue::{ItemState, Order, Standing};

pub(super) const fn state_word(state: ItemState) -> &'static str {
    match state {
        ItemState::Queued => "waiting",
        ItemState::Running => "under way",
        ItemState::Done => "done",
        ItemState::Failed => "failed",
        ItemState::Cancelled => "taken out",
    }
}

pub(super) const fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => "To decide",
        Standing::Approved => "Approved",
        Standing::Rejected => "Rejected",
        Standing::Favourite => "Favourites",
        Standing::SentBack => "Sent back",
        Standing::Noted => "With a note",
    }
}

pub(super) const fn order_word(order: Order) -> &'static str {
    match order {
        Order::Manifest => "manifest order",
        Order::Id => "id",
        Order::Trouble => "trouble first",
        Order::Newest => "newest first",
        Order::Attempts => "most attempts",
        Order::Cost => "highest cost",
    }
}

/// What a badge says of a picture that does not pass.
pub(super) const fn checked(check: Check) -> &'static str {
    match check {
        Check::Shape => "other shape",
        Check::Tiny => "tiny",
        Check::Blank => "blank",
        Check::Duplicate => "like another",
        Check::Unchanged => "like its reference",
        Check::Uncaptioned => "no caption",
    }
}
