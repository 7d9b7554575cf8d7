//! What every queue promises to a review. Never names an implementation.

use overnight::queue::{Gallery, Inspection, Jury};

use crate::queue_contract::Promise;
use crate::{queue_contract_gallery, queue_contract_inspection, queue_contract_jury, queue_contract_sent_back};

/// A workspace whose pictures can be reviewed.
pub trait Reviewed {
    /// What a review looks at.
    fn gallery(&self) -> Box<dyn Gallery>;
    /// A person's word on pictures.
    fn jury(&self) -> Box<dyn Jury>;
    /// What a look at pictures found.
    fn inspection(&self) -> Box<dyn Inspection>;
}

pub const PROMISES: [&[(&str, Promise)]; 4] = [
    queue_contract_gallery::PROMISES,
    queue_contract_jury::PROMISES,
    queue_contract_sent_back::PROMISES,
    queue_contract_inspection::PROMISES,
];
